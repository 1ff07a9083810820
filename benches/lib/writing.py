"""Resets, asked for and accepted, and the subscribers that are told of them."""

import hashlib
import json
import os
import secrets
import subprocess

import counting
import gateway
import loading
import servers
from bench import READS

RESETS_A_SECOND = 1


def resets(bench):
    people = loading.resets(bench.readers())
    requests = loading.write(people, "resets", bench.data)
    names = ["latchkey", "floor"]
    found = {name: [] for name in names}
    kind = {"once": True, "expect": '"MfaResetRequested"'}
    # At most each person once a round: more would be refused, or do less.
    for number in range(-1, bench.args.rounds):
        for name in names[:: 1 if number % 2 == 0 else -1]:
            (server,) = bench.need(name)
            bench.tidy()
            run = loading.load(server, bench.mongod, requests, bench.args.clients, bench.args.seconds if number >= 0 else 1, **kind)
            if number >= 0:
                found[name].append(run)
    bench.tidy()
    return {name: loading.middle(runs) for name, runs in found.items()}


def accepts(bench):
    """Resets that wait get a token, as the mail worker would give them one; then each is accepted. People are put back after it."""
    import pymongo

    db = bench.db()
    (ours,) = bench.need("latchkey")
    many = 100 * bench.args.rounds * max(1, bench.args.seconds // 2)
    asked = loading.resets(bench.readers())[:many]
    bench.tidy()
    loading.load(ours, bench.mongod, loading.write(asked, "asked", bench.data), bench.args.clients, 120, once=True, expect='"MfaResetRequested"')
    waiting = list(db.mfa_resets.find({"state": "PENDING"}))
    people = [reset["user_id"] for reset in waiting]
    kept = {"users": list(db.users.find({"_id": {"$in": people}}))}
    for name in ("account_members", "portfolio_members"):
        kept[name] = list(db[name].find({"user_id": {"$in": people}}))
    tokens = ["lkr_" + secrets.token_urlsafe(32) for _ in waiting]
    db.mfa_resets.bulk_write([
        pymongo.UpdateOne({"_id": reset["_id"]}, {"$set": {"delivery": "SENT"}, "$push": {"token_hashes": hashlib.sha256(token.encode()).digest()}})
        for reset, token in zip(waiting, tokens)])
    db.outbox.delete_many({})
    rows = [loading.row(None, gateway.ACCEPT, {"token": token}) for token in tokens]
    part = len(rows) // (bench.args.rounds + 1)
    found = []
    try:
        for number in range(bench.args.rounds + 1):
            requests = loading.write(rows[number * part:(number + 1) * part], "accepts", bench.data)
            run = loading.load(ours, bench.mongod, requests, bench.args.clients, 60, once=True, expect='"MfaResetAccepted"')
            if number:
                found.append(run)
    finally:
        for name, documents in kept.items():
            if documents:
                db[name].bulk_write([pymongo.ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in documents])
        bench.tidy()
    return {"latchkey": loading.middle(found)}


def write_commands(bench):
    """What MongoDB is asked for a reset and for a log-in."""
    (ours,), readers = bench.need("latchkey"), bench.readers()
    bench.tidy()
    first = readers[0]
    client, people = gateway.Client(ours.url, first["token"]), iter(first["people"])
    stranger = gateway.Client(ours.url)

    def reset():
        if client.ask(gateway.RESET, {"user": next(people)})["resetUserMfa"]["__typename"] != "MfaResetRequested":
            raise RuntimeError("a reset was refused")

    def log_in():
        answer = stranger.ask(gateway.LOG_IN, {"email": first["email"], "password": gateway.rows.READER_PASSWORD})
        if answer["logIn"]["__typename"] != "MfaChallenge":
            raise RuntimeError(f"a log-in was refused: {answer}")

    # As many as the mail worker sends at a time: it holds them, and takes no more.
    for _ in range(5):
        reset()
    found = {name: counting.commands(bench.mongod.uri, bench.database, ask) for name, ask in (("resetUserMfa", reset), ("logIn", log_in))}
    bench.tidy()
    return found


def subscriptions(bench):
    """Sockets with one subscription each, and resets flowing meanwhile."""
    server = bench.start("latchkey")
    watcher = None
    try:
        bench.tidy()
        # Warm, so that the memory that sockets take is theirs.
        warm = loading.write(loading.reads(bench.readers(), READS["users tab"]), "warm", bench.data)
        loading.load(server, bench.mongod, warm, 8, 2)
        path = loading.write(loading.resets(bench.readers()), "watched", bench.data)
        count, seconds = bench.args.subscriptions, max(5, bench.args.rate_seconds)
        asked = {"url": server.url, "count": count, "resets": path, "rate": RESETS_A_SECOND, "seconds": seconds,
                 "watchers": [{"token": reader["token"], "account": reader["account"]} for reader in bench.readers()]}
        memory = servers.memory(server.pid)
        watcher = servers.spawn(["node", os.path.join(servers.HERE, "peers", "watch.mjs"), json.dumps(asked)], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if watcher.stdout.readline().strip() != "ready":
            raise RuntimeError(f"subscribing: {watcher.stderr.read()[-500:]}")
        opened = servers.memory(server.pid)
        before, mongo_before = servers.cpu(server.pid), servers.cpu(bench.mongod.pid)
        said, words = watcher.communicate("go\n", timeout=seconds + 60)
        spent, mongo_spent = servers.cpu(server.pid) - before, servers.cpu(bench.mongod.pid) - mongo_before
        if not said:
            raise RuntimeError(f"watching: {words[-500:]}")
        found = json.loads(said.splitlines()[-1])
        if found["failed"] or found["told"] < found["expected"]:
            raise RuntimeError(f"{found['told']} of {found['expected']} tellings came, {found['failed']} failed: {found['why']}")
        found.update(memory_mb=round(opened, 1), kb_each=round((opened - memory) * 1024 / count, 1), after_mb=round(servers.memory(server.pid), 1),
                     cpu_ms_a_reset=round(spent * 1000 / found["resets"], 1), mongod_ms_a_reset=round(mongo_spent * 1000 / found["resets"], 1),
                     cpu_ms_a_telling=round(spent * 1000 / found["messages"], 3))
        return found
    finally:
        if watcher:
            servers.end(watcher)
        server.stop()
        bench.tidy()
