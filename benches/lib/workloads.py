"""What is measured. Each function takes the bench and gives a part of the results; one that fails stops no other."""

import hashlib
import json
import os
import re
import secrets
import shutil
import statistics
import subprocess
import tempfile
import time

import counting
import gateway
import loading
import seeding
import servers
from seeding import log

READS = {
    "users tab": lambda r: (gateway.USERS_TAB, {"id": r["account"], "n": 50}),
    "viewer": lambda r: (gateway.VIEWER, {}),
    "portfolio users": lambda r: (gateway.PORTFOLIO_USERS, {"id": r["portfolio"], "n": 50}),
    "search": lambda r: (gateway.SEARCH, {"id": r["big"] or r["account"], "text": "ma"}),
}
# In the account of 100,000.
PAGE = 50
BIG = {
    "first page": lambda r: (gateway.FIRST_PAGE, {"id": r["big"], "n": PAGE}),
    "last page": lambda r: (gateway.LAST_PAGE, {"id": r["big"], "n": PAGE}),
    "search": lambda r: (gateway.FIND, {"id": r["big"], "n": PAGE, "text": "ma"}),
    "count": lambda r: (gateway.COUNT, {"id": r["big"]}),
}
ANSWER = {"users tab": servers.NAMES, "viewer": ["latchkey", "yoga", "apollo", "mercurius"]}
RATES = (20, 50, 150)
READS_BESIDE, STORM_CLIENTS = 50, 16
SUBSCRIPTIONS, RESETS_A_SECOND = 1000, 1


class Bench:
    """The servers over one database, started when they are needed and again when they have ended."""

    def __init__(self, args, binaries, mongod, seeded, data):
        self.args, self.binaries, self.mongod, self.data = args, binaries, mongod, data
        self.database, self.targets, self.keys, self.imported = seeded
        self.running, self.known, self.client = {}, None, None

    def start(self, name, **kind):
        log_file = os.path.join(self.data, "logs", f"{self.database}.{name}.log")
        return servers.Server(name, self.binaries, self.mongod, self.database, self.keys, log=log_file, **kind)

    def at(self):
        return self.binaries, self.mongod, self.database, self.keys

    def need(self, *names):
        for name in names:
            if name not in self.running or not self.running[name].runs():
                self.running[name] = self.start(name)
        return [self.running[name] for name in names]

    def readers(self):
        if self.known is None:
            self.known = gateway.readers(self.need("latchkey")[0].url, self.targets, 20)
        return self.known

    def db(self):
        import pymongo

        self.client = self.client or pymongo.MongoClient(self.mongod.uri, timeoutMS=120_000)
        return self.client[self.database]

    def tidy(self):
        """Forgets what was asked for: of one person, five resets an hour are let through."""
        for collection in ("mfa_resets", "outbox", "throttles", "tickets"):
            self.db()[collection].delete_many({})

    def settle(self, limit=900):
        """Waits until what a gateway does in the background once a day is done: it must not count for what is measured."""
        (ours,) = self.need("latchkey")
        started, calm = time.perf_counter(), 0
        while calm < 2 and time.perf_counter() - started < limit:
            before = servers.cpu(ours.pid) + servers.cpu(self.mongod.pid)
            time.sleep(1)
            calm = calm + 1 if servers.cpu(ours.pid) + servers.cpu(self.mongod.pid) - before < 0.1 else 0
        return round(time.perf_counter() - started, 1)

    def stop(self):
        for server in self.running.values():
            server.stop()
        self.running = {}
        if self.client:
            self.client.close()
            self.client = None


class Partly(Exception):
    """Some of it failed; the rest was measured."""

    def __init__(self, found, wrong):
        super().__init__("; ".join(f"{name}: {error}" for name, error in wrong.items()))
        self.found = found


def each(names, measure):
    """What `measure` gives for each name. One that fails stops no other; the end of the time stops all."""
    found, wrong = {}, {}
    for name in names:
        log(f"  {name}")
        try:
            found[name] = measure(name)
        except servers.TookTooLong as error:
            wrong[name] = error
            break
        except Exception as error:  # whatever it is: the next one is another matter
            wrong[name] = error
    if wrong:
        raise Partly(found, wrong)
    return found


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


def answers(bench):
    for name, question in READS.items():
        same_answers(bench.need(*ANSWER.get(name, ["latchkey"])), bench.readers(), question)
    return {name: ANSWER.get(name, ["latchkey"]) for name in READS}


def commands(bench):
    first = bench.readers()[0]
    client = gateway.Client(bench.need("latchkey")[0].url, first["token"])
    asked = dict(READS)
    asked["users tab, page of 100"] = lambda r: (gateway.USERS_TAB, {"id": r["account"], "n": 100})
    if first["big"]:
        asked.update({f"account of {bench.args.big:,}: {name}": question for name, question in BIG.items()})
    return {name: counting.commands(bench.mongod.uri, bench.database, lambda: client.ask(*question(first)))
            for name, question in asked.items()}


def folder_mb(path):
    return sum(os.lstat(os.path.join(at, file)).st_size for at, _, files in os.walk(path) for file in files) / 1e6


def sizes(bench):
    """Of the program, of all that is in the image, and of what a Node server needs."""
    found = {"program_mb": round(os.path.getsize(bench.binaries["latchkey"]) / 1e6, 1)}
    node = os.path.realpath(shutil.which("node"))
    modules = folder_mb(os.path.join(servers.HERE, "peers", "node_modules"))
    found["node_mb"], found["node_modules_mb"] = round(os.path.getsize(node) / 1e6, 1), round(modules, 1)
    web = os.path.join(servers.ROOT, "web", "dist")
    if os.path.exists(os.path.join(web, "index.html")):
        with tempfile.TemporaryDirectory() as folder:
            root = os.path.join(folder, "root")
            script = os.path.join(servers.ROOT, "k8s", "image", "rootfs.sh")
            subprocess.run([script, root, bench.binaries["latchkey"], web, os.path.join(servers.ROOT, "LICENSE")], check=True,
                           capture_output=True, timeout=120)
            found["image_mb"] = round(folder_mb(root), 1)
            found["stripped_mb"] = round(os.path.getsize(os.path.join(root, "usr/local/bin/latchkey")) / 1e6, 1)
            packed = os.path.join(folder, "layer.tar.gz")
            subprocess.run(["tar", "-czf", packed, "-C", root, "."], check=True, timeout=120)
            found["image_packed_mb"] = round(os.path.getsize(packed) / 1e6, 1)
    return found


def start(bench, times=5):
    """Process start to first answer, and memory then; interleaved."""
    found = {name: [] for name in servers.NAMES}
    for number in range(times):
        for name in servers.NAMES[:: 1 if number % 2 == 0 else -1]:
            server = bench.start(name)
            time.sleep(0.5)
            found[name].append((server.ready_ms, servers.memory(server.pid)))
            server.stop()
    return {name: {"ready_ms": round(statistics.median(ready for ready, _ in seen), 1),
                   "memory_mb": round(statistics.median(size for _, size in seen), 1)} for name, seen in found.items()}


def reads(bench):
    def one(name):
        running = bench.need(*ANSWER.get(name, ["latchkey"]))
        requests = loading.write(loading.reads(bench.readers(), READS[name]), "reads", bench.data)
        return loading.rounds(running, bench.mongod, requests, bench.args)

    return each(READS, one)


def memory(bench):
    """Of fresh processes, after the Users tab was read by all clients; the tokens come from log-ins elsewhere, since a password
    takes 19 MiB while it is hashed. Then, of ours, after log-ins as well."""
    requests = loading.write(loading.reads(bench.readers(), READS["users tab"]), "memory", bench.data)
    logging = loading.write(json_rows(log_in_requests(bench)) * 2, "log-ins", bench.data)

    def one(name):
        server = bench.start(name)
        try:
            loading.load(server, bench.mongod, requests, bench.args.clients, 3 * bench.args.seconds)
            time.sleep(1)
            found = {"loaded_mb": round(servers.memory(server.pid), 1), "most_mb": round(servers.memory(server.pid, "VmHWM"), 1)}
            if name == "latchkey":
                loading.load(server, bench.mongod, logging, 8, 30, once=True, expect='"MfaChallenge"')
                time.sleep(1)
                found["log_ins_mb"] = round(servers.memory(server.pid), 1)
            return found
        finally:
            server.stop()

    try:
        return each(servers.NAMES, one)
    finally:
        bench.tidy()


def json_rows(path):
    with open(path) as file:
        return json.load(file)


def rates(bench):
    requests = loading.write(loading.reads(bench.readers(), READS["users tab"]), "rates", bench.data)
    running = bench.need(*servers.NAMES)
    for server in running:
        loading.load(server, bench.mongod, requests, 4, 1)

    def one(rate):
        running = bench.need(*servers.NAMES)
        return {server.name: loading.load(server, bench.mongod, requests, 64, bench.args.rate_seconds, rate=rate) for server in running}

    return {str(rate): found for rate, found in each(RATES, one).items()}


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


def hangup(bench):
    return counting.hang_up(bench.need("latchkey")[0], bench.readers()[0])


def instructions(bench):
    readers = bench.readers()
    people = [(row["token"], row["user"]) for row in loading.resets(readers)]
    bench.stop()

    def tab(number):
        reader = readers[number % len(readers)]
        return reader["token"], *READS["users tab"](reader)

    def reset(number):
        token, person = people[number % len(people)]
        return token, gateway.RESET, {"user": person}

    found = {}
    for kind, asked in (("users tab", tab), ("reset", reset)):
        log(f"  {kind}")
        bench.tidy()
        found[kind] = {name: round(counting.instructions(kind, name, *bench.at(), asked, 40, data=bench.data), 3) for name in ("latchkey", "floor")}
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


def growth(bench):
    """Equal pages of a small and of a large directory, in interleaved rounds; `bench.small` is the small one."""
    small = bench.small
    for one in (small, bench):
        log(f"  {one.database} has settled after {one.settle()} s")
    both = {"small": small.need("latchkey")[0], "large": bench.need("latchkey")[0]}
    asked = {**READS, **({f"account of {bench.args.big:,}: {name}": question for name, question in BIG.items()} if bench.args.big else {})}

    def one(name):
        question = asked[name]
        sides = {"small": small.readers(), "large": bench.readers()}
        pages = {side: shape(both[side], readers[0], question) for side, readers in sides.items()}
        if pages["small"] != pages["large"]:
            raise RuntimeError("the pages differ, so their costs cannot be compared")
        runs = {"small": [], "large": []}
        for number in range(-1, bench.args.rounds):
            for side in list(runs)[:: 1 if number % 2 == 0 else -1]:
                requests = loading.write(loading.reads(sides[side], question), f"growth-{side}", bench.data)
                run = loading.load(both[side], bench.mongod, requests, bench.args.clients, bench.args.seconds if number >= 0 else 1)
                if number >= 0:
                    runs[side].append(run)
        return {side: loading.middle(seen) for side, seen in runs.items()}

    return each(asked, one)


def shape(server, reader, question):
    """An answer without what differs from import to import: ids, and the cursors that are made of them."""
    status, body = gateway.Client(server.url, reader["token"]).post(*question(reader))
    if status != 200:
        raise RuntimeError(f"{server.name}: {status}")
    text = re.sub(rb'"[a-z]+_[0-9a-z]{26}"', b'""', body)
    return re.sub(rb'"(start|end)Cursor":"[^"]*"', b"", text)


# What is measured, in this order, and how many seconds each may take at most.
WORKLOADS = {
    "answers": (answers, 120), "commands": (commands, 120), "sizes": (sizes, 240), "start": (start, 240), "reads": (reads, 600), "memory": (memory, 240),
    "rates": (rates, 400), "resets": (resets, 300), "accepts": (accepts, 300), "log_in": (log_in, 200), "storm": (storm, 200),
    "subscriptions": (subscriptions, 200), "hangup": (hangup, 240), "instructions": (instructions, 500),
    "log_in_instructions": (log_in_instructions, 240), "growth": (growth, 2400),
}
SMALL = [name for name in WORKLOADS if name != "growth"]
LARGE = ["commands", "growth"]
