#!/usr/bin/env python3
"""Makes docs/performance/README.md and its plots of what benches/run.py measured."""

import glob
import json
import os
import re

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "latchkey", "font.size": 9})
import matplotlib.pyplot as plt  # noqa: E402

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "performance")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"


def ratio(a, b):
    return f"{a / b:.2f} ×" if b else "–"


def plot(name, title, unit, values):
    figure, axes = plt.subplots(figsize=(6, 0.45 * len(values) + 0.8))
    names = list(values)[::-1]
    bars = axes.barh(names, [values[name] for name in names], color=["#1c7ed6" if name == "latchkey" else "#adb5bd" for name in names])
    axes.bar_label(bars, fmt="%.3g", padding=3)
    axes.set_title(title, loc="left")
    axes.set_xlabel(unit)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)
    figure.tight_layout()
    figure.savefig(os.path.join(FOLDER, name), metadata={"Date": None})
    plt.close(figure)


def reads(results, users, out):
    for name, found in results.get("reads", {}).items():
        ours = found["latchkey"]
        rows = [(server, ratio(one["cpu_ms"], ours["cpu_ms"]), ratio(one["rps"], ours["rps"]), one["cpu_ms"], one["mongod_ms"], one["rps"],
                 one["p50"], one["p99"], one["p99_9"], one["memory_mb"], int(one["failed"])) for server, one in found.items()]
        out.append(f"### Read: {name}\n\n" + table(
            ["server", "CPU to ours", "throughput to ours", "CPU ms", "mongod CPU ms", "requests/s", "p50 ms", "p99 ms", "p99.9 ms",
             "memory MB", "failed"], rows))
        if len(found) > 1:
            file = f"{name.replace(' ', '-')}-{users}.svg"
            plot(file, f"{name}, {users:,} users", "CPU ms a request", {server: one["cpu_ms"] for server, one in found.items()})
            out.append(f"![CPU a request]({file})\n")


def section(results):
    users = results["users"]
    out = [f"## {users:,} users\n"]
    facts = results["machine"]
    out.append(f"{facts['cpu']}, {facts['cores']} cores, {facts['kernel']}; commit {facts['commit']}; {results['rounds']} rounds of "
               f"{results['seconds']} s with {results['clients']} clients.\n")
    if "import" in results:
        out.append(f"Import: {results['import']['seconds']} s, {results['import']['peak_mb']} MB at most.\n")
    reads(results, users, out)
    if "rates" in results:
        rows = [(rate, server, one["rps"], one["p50"], one["p99"], one["p99_9"], int(one["failed"]))
                for rate, found in results["rates"].items() for server, one in found.items()]
        out.append("### Users tab at fixed arrival rates\n\n" + table(["arrivals/s", "server", "answered/s", "p50 ms", "p99 ms", "p99.9 ms", "failed"], rows))
    if "resets" in results:
        floor = results["resets"]["floor"]
        rows = [(server, ratio(one["cpu_ms"], floor["cpu_ms"]), ratio(one["rps"], floor["rps"]), one["cpu_ms"], one["rps"], one["p50"], one["p99"], int(one["failed"]))
                for server, one in results["resets"].items()]
        out.append("### resetUserMfa against the bare transaction\n\n" + table(
            ["server", "CPU to floor", "throughput to floor", "CPU ms", "requests/s", "p50 ms", "p99 ms", "failed"], rows))
    if "instructions" in results:
        rows = [(kind, found["latchkey"], found["floor"], ratio(found["latchkey"], found["floor"])) for kind, found in results["instructions"].items()]
        out.append("### Instructions a request (callgrind, millions)\n\n" + table(["request", "latchkey", "floor", "ratio"], rows))
    if "commands" in results:
        rows = [(name, one["commands"], one["keys"], one["documents"], one["more_batches"]) for name, one in results["commands"].items()]
        out.append("### What MongoDB is asked\n\n" + table(["read", "commands", "keys examined", "documents examined", "getMore"], rows))
    if "start" in results:
        rows = [(server, one["ready_ms"], one["memory_mb"]) for server, one in results["start"].items()]
        out.append("### Start\n\n" + table(["server", "first answer after ms", "memory then MB"], rows))
        plot(f"start-{users}.svg", "process start to first answer", "ms", {server: one["ready_ms"] for server, one in results["start"].items()})
        out.append(f"![start](start-{users}.svg)\n")
    if "hangup_ms" in results:
        waited = results["hangup_ms"]
        out.append(f"### Hang-up\n\n128 clients drop in the middle of a request; the next one was answered after {max(waited)} ms at most, "
                   f"{sorted(waited)[len(waited) // 2]} ms at the median of {len(waited)} rounds.\n")
    return "\n".join(out)


def main():
    found = sorted(glob.glob(os.path.join(FOLDER, "results-*.json")), key=lambda path: int(re.search(r"-(\d+)\.json", path).group(1)))
    parts = ["# Measurements\n", "Made by `make bench`; see [PERFORMANCE.md](../PERFORMANCE.md) for what they mean. Ratios count, absolute figures are one "
             "machine's.\n"]
    for path in found:
        with open(path) as file:
            parts.append(section(json.load(file)))
    with open(os.path.join(FOLDER, "README.md"), "w") as out:
        out.write("\n".join(parts))


if __name__ == "__main__":
    main()
