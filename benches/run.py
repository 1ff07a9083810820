#!/usr/bin/env python3
"""Measures latchkey against the floor (the same work, written by hand) and against the servers that people would pick instead.

    benches/run.py                     10,000 people and an account of 100,000: everything, in some fifteen minutes
    benches/run.py --users 1000000     growth: equal pages of ten thousand and of a million (the import alone takes minutes)
    benches/run.py --only instructions only that; callgrind's counts are repeatable to about 1 %, whatever else runs

All servers run over one MongoDB on this machine, on latchkey's own collections. Before anything is timed, their answers are
compared byte for byte. Rounds are interleaved (A B C, C B A, …); ratios are what counts, absolute figures are this machine's.

Writes docs/performance/results-<users>.json after each part, and at the end the tables and plots (benches/report.py). A part that
fails or takes too long is named at the end, with status 1, and stops no other.
"""

import argparse
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "lib")]
import servers  # noqa: E402
import workloads  # noqa: E402
# benches/gate.py measures with some of these, too.
from bench import READS, Bench, same_answers  # noqa: E402, F401
from counting import commands, hang_up, instructions  # noqa: E402, F401
from seeding import DATA, log, seed  # noqa: E402

SMALL_USERS = 10_000


def machine(binaries):
    with open("/proc/cpuinfo") as info:
        model = re.search(r"model name\s*:\s*(.*)", info.read())

    def say(*command):
        ran = subprocess.run(command, capture_output=True, text=True, cwd=HERE, timeout=60)
        return ran.stdout.strip()

    return {"cpu": model.group(1) if model else platform.machine(), "cores": os.cpu_count(), "kernel": platform.release(),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            "load_before": round(os.getloadavg()[0], 2), "node": say("node", "--version"), "gateway": say(binaries["latchkey"], "--version"),
            "commit": say("git", "rev-parse", "--short", "HEAD"), "day": time.strftime("%Y-%m-%d")}


class Results:
    """Written after each part, so that nothing measured is lost."""

    def __init__(self, folder, args):
        os.makedirs(folder, exist_ok=True)
        self.path = os.path.join(folder, f"results-{args.users}.json")
        self.all = {}
        if args.only and os.path.exists(self.path):
            with open(self.path) as old:
                self.all = json.load(old)
        self.all.update(users=args.users, big=args.big, clients=args.clients, seconds=args.seconds, rounds=args.rounds,
                        rate_seconds=args.rate_seconds)
        self.failed = self.all.setdefault("failed", {})
        self.took = self.all.setdefault("took", {})

    def put(self, **parts):
        self.all.update(parts)
        with open(self.path + ".new", "w") as out:
            json.dump(self.all, out, indent=1)
            out.write("\n")
        os.replace(self.path + ".new", self.path)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=SMALL_USERS)
    parser.add_argument("--big", type=int, default=100_000, metavar="N", help="people of the account that is searched (100,000)")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=5, help="of each round")
    parser.add_argument("--rate-seconds", type=int, default=8, help="of each run at a fixed arrival rate")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--subscriptions", type=int, default=1000)
    parser.add_argument("--only", action="append", choices=list(workloads.WORKLOADS), help="may be said several times; the other results are kept")
    parser.add_argument("--data", metavar="FOLDER", default=os.environ.get("BENCH_DATA") or DATA,
                        help="where the database is kept from run to run; also BENCH_DATA (benches/.data)")
    parser.add_argument("--gateway", metavar="FILE", help="the gateway's binary; built when left out")
    parser.add_argument("--floor", metavar="FILE", help="the floor's binary; built when left out")
    parser.add_argument("--hashes", metavar="FILE", help="the binary of benches/hashes; built when left out")
    parser.add_argument("--out", metavar="FOLDER", default=os.path.join(os.path.dirname(HERE), "docs", "performance"))
    parser.add_argument("--minutes", type=int, help="what is not begun then is left out (25; 70 for more than 10,000 people)")
    return parser.parse_args()


def measure(bench, names, results, finish):
    for name in names:
        run, limit = workloads.WORKLOADS[name]
        if (left := finish - time.monotonic()) < 5:
            results.failed[name] = "left out: no time was left"
            continue
        log(name)
        started = time.monotonic()
        try:
            with servers.at_most(max(1, int(min(limit, left))), name):
                found = run(bench)
            results.failed.pop(name, None)
            results.put(**{name: found})
        except Exception as error:  # whatever it is: the next part is another matter
            traceback.print_exc()
            log(f"{name} FAILED: {error}")
            results.all.pop(name, None)
            if getattr(error, "found", None):
                results.all[name] = error.found
            results.failed[name] = f"{type(error).__name__}: {error}"
        results.took[name] = round(time.monotonic() - started, 1)
        results.put()


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    large = args.users > SMALL_USERS
    names = [name for name in (workloads.LARGE if large else workloads.SMALL) if not args.only or name in args.only]
    if not names:
        raise SystemExit("nothing to do: growth takes --users 1000000, and the rest takes 10000")
    data = os.path.abspath(args.data)
    os.makedirs(os.path.join(data, "logs"), exist_ok=True)
    results = Results(os.path.abspath(args.out), args)
    given = {"latchkey": args.gateway}
    if not large:
        given.update(floor=args.floor, hashes=args.hashes)
    binaries = servers.build(given)
    mongod = servers.Mongod(binaries["latchkey"], os.path.join(data, "mongod"), "3GB" if large else "1GB")
    benches = []
    try:
        for users in [SMALL_USERS, args.users] if large else [args.users]:
            benches.append(Bench(args, binaries, mongod, seed(binaries["latchkey"], mongod, users, args.big, data), data))
        bench = benches[-1]
        bench.small = benches[0]
        results.put(machine=machine(binaries), **{"import": bench.imported})
        with servers.at_most(300, "logging the readers in"):
            for one in benches:
                one.readers()
        if not large:
            log(f"settled after {bench.settle(120)} s")
        finish = time.monotonic() + 60 * (args.minutes or (70 if large else 25))
        measure(bench, names, results, finish)
    finally:
        for bench in benches:
            bench.stop()
        mongod.stop()
    folder = os.path.dirname(results.path)
    told = subprocess.run([sys.executable, os.path.join(HERE, "report.py"), folder], timeout=120)
    log(f"wrote {os.path.relpath(results.path)} and the README beside it")
    wrong = {name: why for name, why in results.failed.items() if name in names}
    if told.returncode:
        wrong["report"] = "see above"
    if wrong:
        sys.exit("benches/run.py: " + "; ".join(f"{name} failed ({why})" for name, why in wrong.items()))


if __name__ == "__main__":
    main()
