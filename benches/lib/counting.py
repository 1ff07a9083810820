"""What does not depend on the machine's mood: MongoDB's work and instructions a request; and the wait after a hang-up."""

import glob
import json
import os
import re
import socket
import subprocess
import time

import gateway
import seeding
import servers


def commands(mongod_uri, database, ask):
    """What MongoDB was asked while `ask` ran: commands, keys and documents examined. By MongoDB's own profiler. The least of
    three times, since a worker of the gateway may ask something of its own meanwhile."""
    ask()
    return min((profile(mongod_uri, database, ask) for _ in range(3)), key=lambda seen: seen["commands"])


def profile(mongod_uri, database, ask):
    import pymongo  # not for who counts instructions only

    with pymongo.MongoClient(mongod_uri, timeoutMS=60_000) as client:
        db = client[database]
        db.command("profile", 0)
        db["system.profile"].drop()
        db.command("profile", 2)
        try:
            ask()
        finally:
            db.command("profile", 0)
        seen = [row for row in db["system.profile"].find() if not row["ns"].endswith("system.profile")]
        db["system.profile"].drop()
    return {"commands": len(seen), "keys": sum(row.get("keysExamined", 0) for row in seen),
            "most_keys": max((row.get("keysExamined", 0) for row in seen), default=0),
            "documents": sum(row.get("docsExamined", 0) for row in seen),
            "more_batches": sum(row["op"] == "getmore" for row in seen)}


def totals(out):
    """Instructions that callgrind wrote down in all of its files of that name."""
    total = 0
    for found in glob.glob(out + "*"):
        with open(found) as profile:
            total += sum(int(number) for number in re.findall(r"^totals: (\d+)", profile.read(), re.M))
    if not total:
        raise RuntimeError("callgrind counted nothing")
    return total


def clear(out):
    for old in glob.glob(out + "*"):
        os.remove(old)


def instructions(kind, name, binaries, mongod, database, keys, asked, count, warm_up=40, data=None):
    """Millions of instructions a request, counted by callgrind over requests made one at a time."""
    out = os.path.join(data or seeding.DATA, f"callgrind.{kind.replace(' ', '-')}.{name}")
    clear(out)
    wrap = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}"]
    server = servers.Server(name, binaries, mongod, database, keys, wrap=wrap)
    try:
        clients = {}

        def go(at):
            token, query, variables = asked(at)
            client = clients.setdefault(token, gateway.Client(server.url, token))
            status, body = client.post(query, variables)
            if status != 200 or b'"errors"' in body or b"Rejected" in body:
                raise RuntimeError(f"{name}: {status} {body[:300]!r}")

        for at in range(warm_up):
            go(at)
        subprocess.run(["callgrind_control", "-i", "on", str(server.pid)], check=True, capture_output=True, timeout=60)
        for at in range(warm_up, warm_up + count):
            go(at)
        subprocess.run(["callgrind_control", "-i", "off", str(server.pid)], check=True, capture_output=True, timeout=60)
    finally:
        server.stop()
    return totals(out) / count / 1e6


def hash_instructions(hashes, data=None):
    """Millions of instructions that one password takes in the library alone."""
    counted = []
    for many in (1, 3):
        out = os.path.join(data or seeding.DATA, f"callgrind.hashes.{many}")
        clear(out)
        subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", hashes, "count", str(many)],
                       check=True, capture_output=True, timeout=300)
        counted.append(totals(out))
    return (counted[1] - counted[0]) / 2 / 1e6


def hang_up(server, reader, clients=128, rounds=20):
    """Clients that drop in the middle of a request, then one that waits: milliseconds until its answer, for each round."""
    query, variables = gateway.USERS_TAB, {"id": reader["account"], "n": 100}
    body = json.dumps({"query": query, "variables": variables})
    text = (f"POST /graphql HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nauthorization: Bearer {reader['token']}\r\n"
            f"content-length: {len(body)}\r\n\r\n{body}").encode()
    waited = []
    for _ in range(rounds):
        dropped = []
        for _ in range(clients):
            link = socket.create_connection(("127.0.0.1", server.port), timeout=30)
            link.sendall(text)
            dropped.append(link)
        for link in dropped:
            link.close()
        started = time.perf_counter()
        status, _ = gateway.Client(server.url, reader["token"]).post(query, variables)
        if status != 200:
            raise RuntimeError(f"after {clients} hang-ups: {status}")
        waited.append(round((time.perf_counter() - started) * 1000, 1))
    return waited
