"""Load against servers that run, in interleaved rounds."""

import json
import os
import statistics
import subprocess
import time

import gateway
import seeding
import servers

LOAD = os.path.join(servers.HERE, "peers", "load.mjs")


def write(rows, name, data=None):
    """A file of requests that a load takes in turn."""
    path = os.path.join(data or seeding.DATA, name + ".requests.json")
    with open(path, "w") as out:
        json.dump(rows, out)
    return path


def row(token, query, variables):
    return {"token": token, "body": json.dumps({"query": query, "variables": variables})}


def reads(readers, question):
    return [row(reader["token"], *question(reader)) for reader in readers]


def resets(readers):
    """One for each person, the readers in turn: at most five an hour are let through for one person."""
    longest = max(len(reader["people"]) for reader in readers)
    return [dict(row(reader["token"], gateway.RESET, {"user": reader["people"][at]}), account=reader["account"], user=reader["people"][at])
            for at in range(longest) for reader in readers if at < len(reader["people"])]


def command(server, requests, connections, seconds, rate=None, once=False, expect=None):
    asked = {"url": server.url, "requests": requests, "connections": connections, "seconds": seconds, "once": once}
    asked.update({key: value for key, value in (("rate", rate), ("expect", expect)) if value})
    return ["node", LOAD, json.dumps(asked)]


def load(server, mongod, requests, connections, seconds, **kind):
    """One run of load. Failed answers are an error; late ones (an open loop that a server does not keep up with) are a result."""
    before, mongo_before = servers.cpu(server.pid), servers.cpu(mongod.pid)
    ran = subprocess.run(command(server, requests, connections, seconds, **kind), capture_output=True, text=True, timeout=seconds + 60)
    spent, mongo_spent = servers.cpu(server.pid) - before, servers.cpu(mongod.pid) - mongo_before
    found = result(server, ran, spent, mongo_spent)
    if found["late"]:
        calm_down(server)
    return found


def calm_down(server, limit=20):
    """Waits until a server that had more to do than it could has no more of it: it would slow the next one down."""
    started = time.monotonic()
    while time.monotonic() - started < limit:
        before = servers.cpu(server.pid)
        time.sleep(0.5)
        if servers.cpu(server.pid) - before < 0.05:
            return


def result(server, ran, spent, mongo_spent):
    if ran.returncode or not ran.stdout:
        raise RuntimeError(f"load on {server.name}: {ran.stderr[-500:]}")
    found = json.loads(ran.stdout.splitlines()[-1])
    if found["failed"] or (found["late"] and not found["done"]):
        raise RuntimeError(f"{server.name}: {found['failed']} of {found['failed'] + found['done']} failed, {found['late']} late: {found['why']}")
    done = max(1, found["done"] + found["late"])
    return {"rps": round(found["done"] / found["seconds"], 1), "p50": found["p50"], "p99": found["p99"], "p99_9": found["p99_9"],
            "cpu_ms": round(spent * 1000 / done, 3), "mongod_ms": round(mongo_spent * 1000 / done, 3),
            "memory_mb": round(servers.memory(server.pid), 1), "done": found["done"], "late": found["late"],
            "load_cpu": round(found["load_cpu"] / found["seconds"], 2)}


def middle(found):
    """Medians of several runs; the most memory; and how far apart the runs were in what counts most."""
    whole = {key: round(statistics.median(one[key] for one in found), 3) for key in found[0]}
    whole["memory_mb"] = max(one["memory_mb"] for one in found)
    whole["done"] = sum(one["done"] for one in found)
    whole["cpu_ms_runs"] = sorted(one["cpu_ms"] for one in found)
    return whole


def rounds(running, mongod, requests, args, warm_up=1, **kind):
    """Rounds A B C, C B A, … over several servers."""
    found = {server.name: [] for server in running}
    for server in running:
        load(server, mongod, requests, 4, warm_up)
    for number in range(args.rounds):
        for server in running[:: 1 if number % 2 == 0 else -1]:
            found[server.name].append(load(server, mongod, requests, args.clients, args.seconds, **kind))
    return {name: middle(runs) for name, runs in found.items()}
