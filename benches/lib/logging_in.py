"""Log-ins: Argon2id by itself, the rest by itself, and what a storm of them does to who reads."""

import json
import os
import statistics
import subprocess
import time

import counting
import gateway
import loading
import servers
from bench import READS

READS_BESIDE, STORM_CLIENTS = 50, 16


def log_in_requests(bench):
    emails = [reader["email"] for reader in bench.readers()]
    rows = [loading.row(None, gateway.LOG_IN, {"email": email, "password": gateway.rows.READER_PASSWORD}) for email in emails]
    return loading.write(rows, "log-in", bench.data)


def library(bench):
    """The argon2 crate alone, on as many threads as there are cores."""
    before = os.times()
    ran = subprocess.run([bench.binaries["hashes"], str(bench.args.seconds), str(os.cpu_count())], capture_output=True, text=True, check=True,
                         timeout=bench.args.seconds + 60)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    found = json.loads(ran.stdout)
    return {"rps": round(found["done"] / found["seconds"], 1), "cpu_ms": round(spent * 1000 / found["done"], 3)}


def log_in(bench):
    requests, found = log_in_requests(bench), {"latchkey": [], "library": []}
    (ours,) = bench.need("latchkey")
    bench.tidy()
    loading.load(ours, bench.mongod, requests, 4, 1, expect='"MfaChallenge"')
    for _ in range(bench.args.rounds):
        found["library"].append(library(bench))
        found["latchkey"].append(loading.load(ours, bench.mongod, requests, bench.args.clients, bench.args.seconds, expect='"MfaChallenge"'))
    bench.tidy()
    alone = {key: round(statistics.median(one[key] for one in found["library"]), 3) for key in ("rps", "cpu_ms")}
    return {"library": alone, "latchkey": loading.middle(found["latchkey"])}


def storm(bench):
    """Reads at a steady rate, alone and beside people who log in as fast as they are let; and where one password is hashed at a
    time."""
    reading = loading.write(loading.reads(bench.readers(), READS["users tab"]), "beside", bench.data)
    logging, found = log_in_requests(bench), {}
    seconds = bench.args.rate_seconds
    for slots in (os.cpu_count(), 1):
        server = bench.start("latchkey", extra={"LATCHKEY_PASSWORD_PARALLELISM": str(slots)})
        try:
            loading.load(server, bench.mongod, reading, 4, 1)
            alone = loading.load(server, bench.mongod, reading, 64, seconds, rate=READS_BESIDE)
            ask = loading.command(server, logging, STORM_CLIENTS, seconds + 2, expect='"MfaChallenge"')
            beside = servers.spawn(ask, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            try:
                time.sleep(1)
                during = loading.load(server, bench.mongod, reading, 64, seconds, rate=READS_BESIDE)
                said, words = beside.communicate(timeout=60)
            finally:
                servers.end(beside)
            logged = json.loads(said.splitlines()[-1]) if said else {"failed": 1, "why": words[-300:]}
            if logged["failed"]:
                raise RuntimeError(f"log-ins: {logged['why']}")
            found[slots] = {"alone": alone, "beside": during, "log_ins": round(logged["done"] / logged["seconds"], 1)}
        finally:
            server.stop()
    bench.tidy()
    return found


def log_in_instructions(bench):
    """A log-in, and a password in the library alone: what is left is a log-in without Argon2."""
    emails = [reader["email"] for reader in bench.readers()]
    bench.stop()
    bench.tidy()

    def asked(number):
        return None, gateway.LOG_IN, {"email": emails[number % len(emails)], "password": gateway.rows.READER_PASSWORD}

    whole = counting.instructions("log-in", "latchkey", *bench.at(), asked, 10, warm_up=4, data=bench.data)
    bench.tidy()
    return {"latchkey": round(whole, 3), "library": round(counting.hash_instructions(bench.binaries["hashes"], bench.data), 3)}
