#!/usr/bin/env python3
"""Fails when a request costs more than it did: instructions against the floor (callgrind), MongoDB commands, and the wait
after clients that hung up. None of it is a time but the last, so that it holds on a busy machine.

    benches/gate.py            compares with benches/baseline.json
    benches/gate.py --write    writes it anew; a change of it says why in its commit
"""

import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "lib")]
import counting  # noqa: E402
import gateway  # noqa: E402
import servers  # noqa: E402
from bench import READS, same_answers  # noqa: E402
from seeding import DATA, seed  # noqa: E402

BASELINE = os.path.join(HERE, "baseline.json")
NAMES = ("latchkey", "floor")
USERS, REQUESTS = 1000, 40
# Counts of the same binary differ by less than 1 %.
TOLERANCE = 0.02
HANG_UP_MS = 500


def measure(binaries):
    os.makedirs(DATA, exist_ok=True)
    mongod = servers.Mongod(binaries["latchkey"], os.path.join(DATA, "mongod"))
    running = []
    try:
        database, targets, keys, _ = seed(binaries["latchkey"], mongod, USERS, 0)
        at = (binaries, mongod, database, keys)
        for name in NAMES:
            running.append(servers.Server(name, *at))
        readers = gateway.readers(running[0].url, targets, 5)
        same_answers(running, readers, READS["users tab"])
        first = readers[0]
        client = gateway.Client(running[0].url, first["token"])
        found = {"commands": {
            name: counting.commands(mongod.uri, database, lambda: client.ask(*question(first)))["commands"]
            for name, question in READS.items()}}
        waited = counting.hang_up(running[0], first)
        for server in running:
            server.stop()

        def tab(number):
            reader = readers[number % len(readers)]
            return reader["token"], *READS["users tab"](reader)

        # The least of three times: the gateway's workers do something of their own now and then.
        counted = {name: min(counting.instructions("gate", name, *at, tab, REQUESTS) for _ in range(3)) for name in NAMES}
        found["instructions"] = {"users tab": round(counted["latchkey"] / counted["floor"], 3)}
        return found, counted, waited
    finally:
        for server in running:
            server.stop()
        mongod.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--gateway", metavar="FILE", help="the gateway's binary; built when left out")
    parser.add_argument("--floor", metavar="FILE", help="the floor's binary; built when left out")
    args = parser.parse_args()
    found, counted, waited = measure(servers.build({"latchkey": args.gateway, "floor": args.floor}))
    print(f"instructions a request: {counted['latchkey']:.2f} M, floor {counted['floor']:.2f} M")
    print(f"after 128 hang-ups an answer took {sorted(waited)[len(waited) // 2]} ms, {max(waited)} ms at most")
    if args.write:
        with open(BASELINE, "w") as out:
            json.dump(found, out, indent=1)
            out.write("\n")
    with open(BASELINE) as file:
        baseline = json.load(file)
    wrong = []
    for kind, slack in (("commands", 0), ("instructions", TOLERANCE)):
        for name, allowed in baseline[kind].items():
            now = found[kind][name]
            print(f"{kind}, {name}: {now} (baseline {allowed})")
            if now > allowed * (1 + slack):
                wrong.append(f"{name}: {now} {kind} instead of {allowed}")
            elif now < allowed * (1 - slack):
                print(f"{name} costs less than the baseline says: benches/gate.py --write")
    if max(waited) >= HANG_UP_MS:
        wrong.append(f"the answer after 128 hang-ups took {max(waited)} ms; {HANG_UP_MS} are allowed")
    if wrong:
        sys.exit("benches/gate.py: " + "; ".join(wrong))


if __name__ == "__main__":
    main()
