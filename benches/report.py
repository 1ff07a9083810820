#!/usr/bin/env python3
"""Makes docs/performance/README.md and its plots of what benches/run.py measured.

    benches/report.py [FOLDER]     docs/performance when left out
"""

import glob
import json
import os
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "latchkey", "svg.fonttype": "none", "font.size": 9, "font.family": "sans-serif",
                            "axes.spines.top": False, "axes.spines.right": False})
import matplotlib.pyplot as plt  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import targets  # noqa: E402

OURS, OTHERS = "#1c7ed6", "#adb5bd"
COLOURS = {"latchkey": OURS, "floor": "#495057", "yoga": "#e64980", "apollo": "#7048e8", "mercurius": "#f08c00"}


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"


def ratio(a, b, digits=2):
    return f"{a / b:.{digits}f} ×" if b else "–"


class Report:
    def __init__(self, folder):
        self.folder, self.out = folder, []

    def say(self, *parts):
        self.out += parts

    def save(self, figure, file, alt):
        figure.tight_layout()
        figure.savefig(os.path.join(self.folder, file), metadata={"Date": None})
        plt.close(figure)
        self.say(f"![{alt}]({file})\n")

    def bars(self, file, title, unit, values):
        figure, axes = plt.subplots(figsize=(6.4, 0.36 * len(values) + 0.9))
        names = list(values)[::-1]
        drawn = axes.barh(names, [values[name] for name in names], color=[OURS if name.startswith("latchkey") else OTHERS for name in names])
        axes.bar_label(drawn, labels=[f"{values[name]:,.0f}" if values[name] >= 100 else f"{values[name]:.3g}" for name in names], padding=3)
        axes.set_title(title, loc="left")
        axes.set_xlabel(unit)
        axes.margins(x=0.12)
        self.save(figure, file, title)

    def head(self, small, large):
        self.say("# Measurements\n",
                 "Made by `make bench` ([benches/](../../benches)); [PERFORMANCE.md](../PERFORMANCE.md) says where the costs lie and what was "
                 "decided. **Ratios count**: they come from interleaved rounds over one MongoDB on the same cores. Absolute figures are one machine's.\n")
        for found, command in ((small, "make bench"), (large, f"make bench BENCH='--users {large.get('users')}'")):
            if not found.get("machine"):
                continue
            facts = found["machine"]
            self.say(f"- `{command}`, {facts['day']}, commit {facts['commit']}: {facts['cpu']}, {facts['cores']} cores, {facts['memory_gb']} GB, "
                     f"Linux {facts['kernel']}, {facts['gateway']}, Node {facts['node']}; load {facts['load_before']} before it began; "
                     f"{found['rounds']} rounds of {found['seconds']} s with {found['clients']} clients; "
                     f"{sum(found.get('took', {}).values()) / 60:.0f} minutes.")
            for name, why in found.get("failed", {}).items():
                self.say(f"  - **{name} failed**: {why}")
        self.say("\n## Targets\n", table(["measure", "measured", "must", "aim", "verdict"], targets.verdicts(small, large)))

    def reads(self, found):
        for name, servers in found.get("reads", {}).items():
            ours = servers["latchkey"]
            rows = [(server, ratio(one["cpu_ms"], ours["cpu_ms"]), ratio(one["p99"], ours["p99"]), ratio(one["rps"], ours["rps"]), one["cpu_ms"],
                     f"{one['cpu_ms_runs'][0]} to {one['cpu_ms_runs'][-1]}", one["mongod_ms"], one["rps"], one["p50"], one["p99"], one["p99_9"])
                    for server, one in servers.items()]
            self.say(f"### Read: {name}\n", table(["server", "CPU to ours", "p99 to ours", "throughput to ours", "CPU ms", "in the rounds",
                                                   "mongod CPU ms", "requests/s", "p50 ms", "p99 ms", "p99.9 ms"], rows))
            if len(servers) > 1:
                self.bars(f"{name.replace(' ', '-')}.svg", f"{name}: CPU a request", "ms", {server: one["cpu_ms"] for server, one in servers.items()})

    def rates(self, found):
        if "rates" not in found:
            return
        rows = [(rate, server, one["rps"], one["p50"], one["p99"], one["p99_9"], one["cpu_ms"], one["late"] or "")
                for rate, servers in found["rates"].items() for server, one in servers.items()]
        self.say("### Users tab at fixed arrival rates\n",
                 "Requests are due at random moments (Poisson, the same for every server); a latency counts from when its request was due. Late: not "
                 "answered ten seconds after the end.\n",
                 table(["arrivals/s", "server", "answered/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU ms", "late"], rows))
        figure, axes = plt.subplots(figsize=(6.4, 3.2))
        rates = list(found["rates"])
        for server in found["rates"][rates[0]]:
            axes.plot([int(rate) for rate in rates], [found["rates"][rate][server]["p99"] for rate in rates], marker="o", label=server, color=COLOURS[server])
        axes.set_yscale("log")
        axes.set_xlabel("arrivals a second")
        axes.set_ylabel("p99, ms")
        axes.set_title("Users tab: p99 at fixed arrival rates", loc="left")
        axes.set_xticks([int(rate) for rate in rates])
        axes.legend(frameon=False)
        self.save(figure, "rates.svg", "p99 at fixed arrival rates")

    def writes(self, found):
        rows = []
        if "resets" in found:
            floor = found["resets"]["floor"]
            rows += [("resetUserMfa" if server == "latchkey" else "its bare transaction", ratio(one["cpu_ms"], floor["cpu_ms"]),
                      ratio(one["rps"], floor["rps"]), one["cpu_ms"], one["mongod_ms"], one["rps"], one["p50"], one["p99"], one["p99_9"], one["done"])
                     for server, one in found["resets"].items()]
        if "accepts" in found:
            one = found["accepts"]["latchkey"]
            rows.append(("acceptMfaReset", "–", "–", one["cpu_ms"], one["mongod_ms"], one["rps"], one["p50"], one["p99"], one["p99_9"], one["done"]))
        if rows:
            self.say("### Resets\n", table(["mutation", "CPU to the bare transaction", "throughput to it", "CPU ms", "mongod CPU ms", "requests/s",
                                            "p50 ms", "p99 ms", "p99.9 ms", "answered"], rows),
                     "Mail waits meanwhile: the mail server takes connections and says nothing. What the bare transaction holds stands in "
                     "[PERFORMANCE.md](../PERFORMANCE.md).\n")

    def log_ins(self, found):
        if "log_in" in found:
            alone, ours = found["log_in"]["library"], found["log_in"]["latchkey"]
            rows = [("argon2 alone, verifying", "", "", alone["rps"], alone["cpu_ms"], "", ""),
                    ("logIn", ratio(ours["rps"], alone["rps"]), ratio(ours["cpu_ms"], alone["cpu_ms"]), ours["rps"], ours["cpu_ms"], ours["p50"], ours["p99"])]
            self.say("### Log-in\n", table(["what", "throughput to the library", "CPU to the library", "a second", "CPU ms", "p50 ms", "p99 ms"], rows),
                     "The library's own floor is `benches/hashes`: the argon2 crate at the same cost, on as many threads as there are cores.\n")
        if "log_in_instructions" in found:
            counted = found["log_in_instructions"]
            self.say(f"By callgrind a log-in takes {counted['latchkey']:.1f} million instructions, a password in the library alone {counted['library']:.1f} "
                     f"million: a log-in without Argon2 takes {counted['latchkey'] - counted['library']:.1f} million.\n")
        if "storm" in found:
            rows = [(slots, ratio(one["beside"]["p50"], one["alone"]["p50"]), ratio(one["beside"]["p99"], one["alone"]["p99"]), one["alone"]["p50"],
                     one["alone"]["p99"], one["beside"]["p50"], one["beside"]["p99"], one["log_ins"]) for slots, one in found["storm"].items()]
            self.say("### Reads beside a storm of log-ins\n", "50 reads of the Users tab a second, alone and beside 16 clients that log in as fast as "
                     "they are let. `LATCHKEY_PASSWORD_PARALLELISM` is how many passwords are hashed at a time.\n",
                     table(["hashed at a time", "p50 beside to alone", "p99 beside to alone", "p50 alone ms", "p99 alone ms", "p50 beside ms",
                            "p99 beside ms", "log-ins/s"], rows))

    def subscriptions(self, found):
        if "subscriptions" in found:
            one = found["subscriptions"]
            self.say("### Live subscriptions\n", f"{one['subscriptions']:,} sockets with one `mfaResetChanged` each, on 20 accounts, and {one['resets']} "
                     f"resets in {one['seconds']:.0f} s: {one['told']:,} of {one['expected']:,} tellings of the account's own subscribers came.\n",
                     table(["memory a subscription", "memory with all open", "after it", "told after, p50", "p99", "at most", "CPU a reset",
                            "mongod CPU a reset"],
                           [(f"{one['kb_each']} kB", f"{one['memory_mb']} MB", f"{one['after_mb']} MB", f"{one['p50']} ms", f"{one['p99']} ms",
                             f"{one['worst']} ms", f"{one['cpu_ms_a_reset']} ms", f"{one['mongod_ms_a_reset']} ms")]))

    def counts(self, found):
        if "instructions" in found:
            names = {"users tab": "Users tab, to the floor", "reset": "resetUserMfa, to the bare transaction"}
            rows = [(names.get(kind, kind), ratio(one["latchkey"], one["floor"]), one["latchkey"], one["floor"])
                    for kind, one in found["instructions"].items()]
            self.say("### Instructions a request\n", "By callgrind, in millions.\n", table(["request", "ratio", "latchkey", "other"], rows))
        asked = {**found.get("commands", {}), **found.get("write_commands", {})}
        if asked:
            rows = [(name, one["commands"], one["more_batches"], one["most_keys"], one["keys"], one["documents"]) for name, one in asked.items()]
            self.say("### What MongoDB is asked\n", "By its profiler, for one request.\n",
                     table(["request", "commands", "getMore", "keys examined by the dearest", "keys examined by all", "documents examined"], rows))

    def process(self, found):
        if "start" in found or "memory" in found:
            ready, sizes = found.get("start", {}), found.get("memory", {})
            ours, ours_size = ready.get("latchkey"), sizes.get("latchkey")
            rows = []
            for name in ready or sizes:
                one, size = ready.get(name), sizes.get(name)
                rows.append((name, ratio(one["ready_ms"], ours["ready_ms"], 1) if one else "–", ratio(size["loaded_mb"], ours_size["loaded_mb"], 1) if size and ours_size else "–",
                             one["ready_ms"] if one else "–", one["memory_mb"] if one else "–", size["loaded_mb"] if size else "–", size["most_mb"] if size else "–"))
            self.say("### Start and memory\n", table(["server", "start to ours", "memory after load to ours", "first answer after ms", "memory at rest MB",
                                                      "after load MB", "at most MB"], rows))
            if ours_size and "log_ins_mb" in ours_size:
                self.say(f"After load: the Users tab by {found['clients']} clients. After 40 log-ins on top of it latchkey has {ours_size['log_ins_mb']} MB "
                         "(Argon2id takes 19 MiB a password).\n")
            if ready:
                self.bars("start.svg", "Process start to first answer", "ms", {name: one["ready_ms"] for name, one in ready.items()})
            if sizes:
                self.bars("memory.svg", "Memory after load", "MB", {name: one["loaded_mb"] for name, one in sizes.items()})
        if "sizes" in found:
            one = found["sizes"]
            rows = [("the program", one["program_mb"])]
            if "image_mb" in one:
                rows += [("the program without symbols, as in the image", one["stripped_mb"]),
                         ("the whole image (program, libc, CA roots, web part)", one["image_mb"]), ("the same, packed", one["image_packed_mb"])]
            rows += [("for comparison: node itself", one["node_mb"]), ("and the peers' node_modules", one["node_modules_mb"])]
            self.say("### Size\n", table(["what", "MB"], rows))

    def hang_up(self, found):
        if "hangup" in found:
            waited = found["hangup"]
            self.say("### Hang-up\n", f"128 clients drop in the middle of a request; the next one was answered after {max(waited)} ms at most, "
                     f"{sorted(waited)[len(waited) // 2]} ms at the median of {len(waited)} rounds.\n")

    def growth(self, found):
        pages = {name: one for name, one in found.get("growth", {}).items() if "large" in one}
        if not pages:
            return
        rows = [(name, ratio(one["large"]["cpu_ms"], one["small"]["cpu_ms"]), ratio(one["large"]["mongod_ms"], one["small"]["mongod_ms"]),
                 ratio(one["large"]["p99"], one["small"]["p99"]), one["small"]["cpu_ms"], one["large"]["cpu_ms"], one["small"]["mongod_ms"],
                 one["large"]["mongod_ms"]) for name, one in pages.items()]
        self.say(f"## Growth: 10,000 → {found['users']:,} people\n",
                 "Equal pages (compared, but for ids) of two directories in one mongod, in interleaved rounds.\n",
                 table(["read", "gateway CPU", "mongod CPU", "p99", "gateway ms, small", "large", "mongod ms, small", "large"], rows))
        figure, axes = plt.subplots(figsize=(6.4, 0.5 * len(pages) + 1))
        names = list(pages)[::-1]
        for shift, kind, label, colour in ((0.2, "cpu_ms", "gateway CPU", OURS), (-0.2, "mongod_ms", "mongod CPU", OTHERS)):
            drawn = axes.barh([at + shift for at in range(len(names))], [pages[name]["large"][kind] / pages[name]["small"][kind] for name in names],
                              0.38, label=label, color=colour)
            axes.bar_label(drawn, fmt="%.2f", padding=3)
        axes.set_yticks(range(len(names)), names)
        axes.axvline(1, color="#495057", linewidth=0.8)
        axes.margins(x=0.12)
        axes.set_title(f"Cost of equal pages: {found['users']:,} people to 10,000", loc="left")
        axes.legend(frameon=False, loc="lower right")
        self.save(figure, "growth.svg", "cost of equal pages")
        self.counts(found)

    def imports(self, *all_found):
        rows = [(f"{found['users']:,} and an account of {found['big']:,}", took["seconds"], round((found["users"] + found["big"]) / took["seconds"]),
                 took["peak_mb"], took.get("cpu_seconds", "–"), took.get("mongod_cpu_seconds", "–"))
                for found in all_found if (took := found.get("import"))]
        if rows:
            self.say("## Import\n", table(["people", "seconds", "people/s", "memory at most MB", "CPU s", "mongod CPU s"], rows))


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(HERE), "docs", "performance")
    small, large = {}, {}
    for path in sorted(glob.glob(os.path.join(folder, "results-*.json")), key=os.path.getmtime):
        with open(path) as file:
            found = json.load(file)
        # The latest of each kind.
        if found["users"] > 10_000:
            large = found
        else:
            small = found
    if not small and not large:
        raise SystemExit(f"{folder} has no results: run benches/run.py first")
    report = Report(folder)
    report.head(small, large)
    if small:
        report.say(f"## {small['users']:,} people\n")
        for part in (report.reads, report.rates, report.writes, report.log_ins, report.subscriptions, report.counts, report.process, report.hang_up):
            part(small)
    report.growth(large)
    report.imports(*(one for one in (small, large) if one))
    with open(os.path.join(folder, "README.md"), "w") as out:
        out.write("\n".join(report.out))


if __name__ == "__main__":
    main()
