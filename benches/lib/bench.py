"""The servers over one database, and what is read from them."""

import os
import time

import gateway
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
