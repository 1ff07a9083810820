"""What a process is: its size, how fast it starts, what memory it takes, how many instructions a request is."""

import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time

import counting
import gateway
import loading
import servers
from bench import READS, each
from logging_in import log_in_requests
from seeding import log


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
    # More resets than pages, since workers of the gateway have their share in them.
    for kind, asked, many in (("users tab", tab, 40), ("reset", reset, 120)):
        log(f"  {kind}")
        bench.tidy()
        found[kind] = {name: round(counting.instructions(kind, name, *bench.at(), asked, many, data=bench.data), 3) for name in ("latchkey", "floor")}
    bench.tidy()
    return found


