#!/usr/bin/env python3
"""Measures latchkey against the floor (the same work, written by hand) and against the servers that people would pick instead.

    benches/run.py                     10,000 users: reads, resets, start, memory, hang-up
    benches/run.py --users 1000000     the same with a million (the import alone takes minutes)
    benches/run.py --only callgrind    instructions a request only; repeatable to about 1 %

All servers run over one MongoDB on this machine, on latchkey's own collections. Before anything is timed, their answers are
compared byte for byte. Rounds are interleaved (A B C, C B A, …); ratios are what counts, absolute figures are this machine's.
Writes docs/performance/results-<users>.json; `benches/report.py` makes the table and the plots of it.
"""

import argparse
import glob
import json
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "lib")]
import gateway  # noqa: E402
import servers  # noqa: E402

DATA = os.path.join(HERE, ".data")
READS = {
    "users tab": lambda r: (gateway.USERS_TAB, {"id": r["account"], "n": 50}),
    "viewer": lambda r: (gateway.VIEWER, {}),
    "portfolio users": lambda r: (gateway.PORTFOLIO_USERS, {"id": r["portfolio"], "n": 50}),
    "search": lambda r: (gateway.SEARCH, {"id": r["big"] or r["account"], "text": "ma"}),
}
PEERS_ANSWER = {"users tab": servers.NAMES, "viewer": ["latchkey", "yoga", "apollo", "mercurius"]}


def log(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def seed(latchkey, mongod, users, big):
    """A database of so many people, imported once."""
    database, targets = f"bench_{users}_{big}", os.path.join(DATA, f"targets_{users}_{big}.tsv")
    keys = os.path.join(DATA, "keys")
    env = dict(os.environ, LATCHKEY_MONGODB_URI=mongod.uri, LATCHKEY_MONGODB_DATABASE=database, LATCHKEY_KEYS_FILE=keys)
    if not os.path.exists(keys):
        subprocess.run([latchkey, "keys", "init", keys], check=True, stdout=subprocess.DEVNULL)
    done = targets + ".done"
    if not os.path.exists(done):
        log(f"importing {users} users")
        rows = os.path.join(DATA, "rows.jsonl")
        with open(rows, "w") as out:
            subprocess.run([sys.executable, os.path.join(HERE, "rows.py"), str(users), "--big", str(big), "--targets", targets],
                           stdout=out, check=True)
        started = time.perf_counter()
        measured = subprocess.Popen([latchkey, "import", rows], env=env, stdout=sys.stderr)
        _, status, usage = os.wait4(measured.pid, 0)
        if status:
            raise RuntimeError("the import failed")
        took = {"seconds": round(time.perf_counter() - started, 1), "peak_mb": round(usage.ru_maxrss / 1024, 1)}
        with open(done, "w") as out:
            json.dump(took, out)
        os.remove(rows)
    with open(done) as found:
        return database, targets, keys, json.load(found)


def requests_of(readers, question, path):
    """A file of requests that a load rotates over."""
    rows = []
    for reader in readers:
        query, variables = question(reader)
        rows.append({"token": reader["token"], "body": json.dumps({"query": query, "variables": variables})})
    with open(path, "w") as out:
        json.dump(rows, out)
    return path


def reset_requests(readers, path, start, count):
    """Each person once: at most five resets an hour are let through for one."""
    people = [(reader["token"], person) for reader in readers for person in reader["people"]]
    rows = [{"token": token, "body": json.dumps({"query": gateway.RESET, "variables": {"user": person}})}
            for token, person in (people[(start + at) % len(people)] for at in range(count))]
    with open(path, "w") as out:
        json.dump(rows, out)
    return path


def load(server, mongod, requests, connections, seconds, rate=None):
    """One run of load."""
    asked = {"url": server.url, "requests": requests, "connections": connections, "seconds": seconds}
    if rate:
        asked["rate"] = rate
    before, mongo_before = servers.cpu(server.pid), servers.cpu(mongod.pid)
    ran = subprocess.run(["node", os.path.join(HERE, "peers", "load.mjs"), json.dumps(asked)], capture_output=True, text=True, check=True)
    result = json.loads(ran.stdout.splitlines()[-1])
    spent, mongo_spent = servers.cpu(server.pid) - before, servers.cpu(mongod.pid) - mongo_before
    done = max(1, result["done"])
    return {"rps": round(result["done"] / result["seconds"], 1), "p50": result["p50"], "p99": result["p99"], "p99_9": result["p99_9"],
            "cpu_ms": round(spent * 1000 / done, 3), "mongod_ms": round(mongo_spent * 1000 / done, 3),
            "memory_mb": round(servers.memory(server.pid), 1), "failed": result["failed"]}


def rounds(running, mongod, requests, args, rate=None):
    """Interleaved rounds over several servers; medians."""
    results = {server.name: [] for server in running}
    for server in running:
        load(server, mongod, requests, 4, 2)
    for number in range(args.rounds):
        for server in running[:: 1 if number % 2 == 0 else -1]:
            results[server.name].append(load(server, mongod, requests, args.clients, args.seconds, rate))
    return {name: {key: statistics.median(one[key] for one in found) for key in found[0]} for name, found in results.items()}


def same_answers(running, readers, question):
    """Fails unless every server answers every reader with the same bytes."""
    for reader in readers:
        query, variables = question(reader)
        answers = {}
        for server in running:
            status, body = gateway.Client(server.url, reader["token"]).post(query, variables)
            if status != 200 or b'"errors"' in body:
                raise RuntimeError(f"{server.name}: {status} {body[:300]!r}")
            answers[server.name] = body.rstrip(b"\n")
        first = running[0].name
        for name, body in answers.items():
            if body != answers[first]:
                raise RuntimeError(f"{name} and {first} answer {reader['email']} differently")


def commands(mongod_uri, database, ask):
    """What MongoDB was asked while `ask` ran: commands, keys and documents examined. By MongoDB's own profiler."""
    import pymongo  # only here: everything else needs the standard library alone

    db = pymongo.MongoClient(mongod_uri)[database]
    ask()
    db.command("profile", 0)
    db["system.profile"].drop()
    db.command("profile", 2)
    ask()
    db.command("profile", 0)
    seen = [row for row in db["system.profile"].find() if not row["ns"].endswith("system.profile")]
    return {"commands": len(seen), "keys": sum(row.get("keysExamined", 0) for row in seen),
            "documents": sum(row.get("docsExamined", 0) for row in seen),
            "more_batches": sum(row["op"] == "getmore" for row in seen)}


def instructions(kind, name, binaries, mongod, database, keys, asked, count):
    """Instructions a request, counted by callgrind over requests made one at a time."""
    out = os.path.join(DATA, f"callgrind.{kind.replace(' ', '-')}.{name}")
    for old in glob.glob(out + "*"):
        os.remove(old)
    wrap = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}"]
    server = servers.Server(name, binaries, mongod, database, keys, wrap=wrap, port=41190)
    try:
        clients = {}

        def go(at):
            token, query, variables = asked(at)
            client = clients.setdefault(token, gateway.Client(server.url, token))
            status, body = client.post(query, variables)
            if status != 200 or b'"errors"' in body or b"Rejected" in body:
                raise RuntimeError(f"{name}: {status} {body[:300]!r}")

        for at in range(40):
            go(at)
        subprocess.run(["callgrind_control", "-i", "on", str(server.pid)], check=True, capture_output=True)
        for at in range(40, 40 + count):
            go(at)
        subprocess.run(["callgrind_control", "-i", "off", str(server.pid)], check=True, capture_output=True)
    finally:
        server.stop()
    total = 0
    for found in glob.glob(out + "*"):
        with open(found) as profile:
            total += sum(int(number) for number in re.findall(r"^totals: (\d+)", profile.read(), re.M))
    if not total:
        raise RuntimeError("callgrind counted nothing")
    return total / count / 1e6


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
            link = socket.create_connection(("127.0.0.1", server.port))
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


def start_times(binaries, mongod, database, keys, times=5):
    """Process start to first answer, and memory then; interleaved."""
    found = {name: [] for name in servers.NAMES}
    for _ in range(times):
        for name in servers.NAMES:
            server = servers.Server(name, binaries, mongod, database, keys, port=41191)
            found[name].append((server.ready_ms, servers.memory(server.pid)))
            server.stop()
    return {name: {"ready_ms": round(statistics.median(ready for ready, _ in seen), 1),
                   "memory_mb": round(statistics.median(size for _, size in seen), 1)} for name, seen in found.items()}


def machine():
    with open("/proc/cpuinfo") as info:
        model = re.search(r"model name\s*:\s*(.*)", info.read())
    return {"cpu": model.group(1) if model else platform.machine(), "cores": os.cpu_count(), "kernel": platform.release(),
            "python": platform.python_version(), "node": subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip(),
            "commit": subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=HERE).stdout.strip()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--big", type=int, default=100_000, help="people of the account that is searched")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--only", action="append", choices=["reads", "rates", "resets", "callgrind", "start", "hangup", "commands"])
    parser.add_argument("--gateway", metavar="FILE", help="the gateway's binary; built when left out")
    parser.add_argument("--floor", metavar="FILE", help="the floor's binary; built when left out")
    args = parser.parse_args()
    wanted = args.only or ["commands", "start", "reads", "rates", "resets", "hangup", "callgrind"]
    os.makedirs(DATA, exist_ok=True)
    binaries = servers.build({"latchkey": args.gateway, "floor": args.floor})
    mongod = servers.Mongod(binaries["latchkey"], os.path.join(DATA, "mongod"))
    running = {}
    results = {"machine": machine(), "users": args.users, "big": args.big, "clients": args.clients, "seconds": args.seconds, "rounds": args.rounds}
    try:
        database, targets, keys, results["import"] = seed(binaries["latchkey"], mongod, args.users, args.big)
        at = (binaries, mongod, database, keys)
        # One after the other: when one does not start, the others are stopped.
        for name in servers.NAMES:
            running[name] = servers.Server(name, *at)
        ours = running["latchkey"]
        readers = gateway.readers(ours.url, targets, 20)
        first = readers[0]
        for name, question in READS.items():
            same_answers([running[peer] for peer in PEERS_ANSWER.get(name, ["latchkey"])], readers, question)
        log("all answers are the same")
        if "commands" in wanted:
            client = gateway.Client(ours.url, first["token"])
            results["commands"] = {name: commands(mongod.uri, database, lambda: client.ask(*question(first)))
                                   for name, question in READS.items()}
        if "start" in wanted:
            results["start"] = start_times(*at)
        if "reads" in wanted:
            results["reads"] = {}
            for name, question in READS.items():
                log(f"reading: {name}")
                path = requests_of(readers, question, os.path.join(DATA, "requests.json"))
                results["reads"][name] = rounds([running[peer] for peer in PEERS_ANSWER.get(name, ["latchkey"])], mongod, path, args)
        if "rates" in wanted:
            path = requests_of(readers, READS["users tab"], os.path.join(DATA, "requests.json"))
            results["rates"] = {}
            for rate in (25, 50, 100, 200):
                log(f"{rate} arrivals a second")
                results["rates"][rate] = rounds(list(running.values()), mongod, path, argparse.Namespace(rounds=1, clients=32, seconds=args.seconds), rate)
        if "resets" in wanted:
            log("asking for resets")
            found = {"latchkey": [], "floor": []}
            for number in range(args.rounds):
                path = reset_requests(readers, os.path.join(DATA, "resets.json"), number * 200, 200)
                for name in list(found)[:: 1 if number % 2 == 0 else -1]:
                    found[name].append(load(running[name], mongod, path, args.clients, max(2, args.seconds // 3)))
            results["resets"] = {name: {key: statistics.median(one[key] for one in seen) for key in seen[0]} for name, seen in found.items()}
        if "hangup" in wanted:
            log("hanging up")
            results["hangup_ms"] = hang_up(ours, first)
        for server in running.values():
            server.stop()
        running = {}
        if "callgrind" in wanted:
            log("counting instructions")
            people = [(reader["token"], person) for reader in readers for person in reversed(reader["people"])]

            def tab(number):
                reader = readers[number % len(readers)]
                return reader["token"], *READS["users tab"](reader)

            def reset(number):
                token, person = people[number % len(people)]
                return token, gateway.RESET, {"user": person}

            results["instructions"] = {
                kind: {name: round(instructions(kind, name, *at, asked, 40), 3) for name in ("latchkey", "floor")}
                for kind, asked in (("users tab", tab), ("reset", reset))}
    finally:
        for server in running.values():
            server.stop()
        mongod.stop()
    folder = os.path.join(os.path.dirname(HERE), "docs", "performance")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"results-{args.users}.json")
    kept = {}
    if args.only and os.path.exists(path):
        with open(path) as old:
            kept = json.load(old)
    with open(path, "w") as out:
        json.dump({**kept, **results}, out, indent=1)
    log(f"wrote {os.path.relpath(path)}")


if __name__ == "__main__":
    main()
