"""Reads: that the answers are the same, what they cost, and what they cost in a larger directory."""

import re

import counting
import gateway
import loading
import servers
from bench import ANSWER, BIG, READS, each, same_answers
from seeding import log

# The first is easy for all, the last is too much for Node on one core.
RATES = (20, 50, 150)


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


def reads(bench):
    def one(name):
        running = bench.need(*ANSWER.get(name, ["latchkey"]))
        requests = loading.write(loading.reads(bench.readers(), READS[name]), "reads", bench.data)
        return loading.rounds(running, bench.mongod, requests, bench.args)

    return each(READS, one)


def rates(bench):
    requests = loading.write(loading.reads(bench.readers(), READS["users tab"]), "rates", bench.data)
    running = bench.need(*servers.NAMES)
    for server in running:
        loading.load(server, bench.mongod, requests, 4, 1)

    def one(rate):
        running = bench.need(*servers.NAMES)
        return {server.name: loading.load(server, bench.mongod, requests, 64, bench.args.rate_seconds, rate=rate) for server in running}

    return {str(rate): found for rate, found in each(RATES, one).items()}


def hangup(bench):
    return counting.hang_up(bench.need("latchkey")[0], bench.readers()[0])


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
