"""What latchkey is to reach, and whether it does."""

PAGE = 50
NODE = ("yoga", "apollo", "mercurius")


class Missing(Exception):
    """Not measured."""


def pick(found, *path):
    for step in path:
        if not isinstance(found, dict) or step not in found:
            raise Missing
        found = found[step]
    return found


def reading(kind, one, other):
    """A quotient of two servers in the Users tab."""
    return lambda small, large: pick(small, "reads", "users tab", one, kind) / pick(small, "reads", "users tab", other, kind)


def memory(small, large):
    return pick(small, "memory", "latchkey", "loaded_mb") / min(pick(small, "memory", name, "loaded_mb") for name in NODE)


def round_trips(small, large):
    found = pick(small, "commands")
    if any(one["more_batches"] for one in found.values()):
        return float("inf")
    return max(one["commands"] for one in found.values())


def grown(kind):
    """The worst of all equal pages."""

    def of(small, large):
        pages = [one for one in pick(large, "growth").values() if "large" in one]
        return max(one["large"][kind] / one["small"][kind] for one in pages)

    return of


def keys(name):
    def of(small, large):
        counted = {**small.get("commands", {}), **large.get("commands", {})}
        return pick(counted, f"account of 100,000: {name}", "most_keys")

    return of


def hang_up(small, large):
    return max(pick(small, "hangup"))


# What, how it is worked out, at least or at most, what must be and what is aimed for, how it is written.
TARGETS = [
    ("Users tab: CPU, latchkey to the floor", reading("cpu_ms", "latchkey", "floor"), "≤", 1.6, 1.25, "{:.2f} ×"),
    ("Users tab: instructions, latchkey to the floor",
     lambda small, large: pick(small, "instructions", "users tab", "latchkey") / pick(small, "instructions", "users tab", "floor"),
     "≤", 1.75, 1.3, "{:.2f} ×"),
    ("Users tab: CPU, yoga to latchkey", reading("cpu_ms", "yoga", "latchkey"), "≥", 7, 9, "{:.1f} ×"),
    ("Users tab: CPU, Apollo to latchkey", reading("cpu_ms", "apollo", "latchkey"), "≥", 9, 12, "{:.1f} ×"),
    ("Users tab: CPU, Mercurius to latchkey", reading("cpu_ms", "mercurius", "latchkey"), "≥", 4.5, 6, "{:.1f} ×"),
    ("Users tab: p99, latchkey to yoga", reading("p99", "latchkey", "yoga"), "≤", 0.5, 0.33, "{:.2f} ×"),
    ("Users tab: p99, latchkey to Apollo", reading("p99", "latchkey", "apollo"), "≤", 0.4, 0.25, "{:.2f} ×"),
    ("MongoDB commands of a read, the most of all reads, no getMore", round_trips, "≤", 9, 7, "{:.0f}"),
    ("Memory after load, latchkey to the smallest Node server", memory, "≤", 0.15, 0.1, "{:.2f} ×"),
    ("Start to first answer, latchkey to yoga",
     lambda small, large: pick(small, "start", "latchkey", "ready_ms") / pick(small, "start", "yoga", "ready_ms"), "≤", 1 / 30, 1 / 60, "{:.4f} ×"),
    ("10,000 → 1,000,000 people, equal pages: gateway CPU, the worst page", grown("cpu_ms"), "≤", 1.1, 1.05, "{:.2f} ×"),
    ("10,000 → 1,000,000 people, equal pages: mongod CPU, the worst page", grown("mongod_ms"), "≤", 1.3, 1.1, "{:.2f} ×"),
    ("resetUserMfa: CPU, latchkey to the bare transaction",
     lambda small, large: pick(small, "resets", "latchkey", "cpu_ms") / pick(small, "resets", "floor", "cpu_ms"), "≤", 1.3, 1.15, "{:.2f} ×"),
    ("resetUserMfa: throughput, latchkey to the bare transaction",
     lambda small, large: pick(small, "resets", "latchkey", "rps") / pick(small, "resets", "floor", "rps"), "≥", 0.9, 0.97, "{:.2f} ×"),
    ("128 clients hang up: the slowest next answer of 20, ms", hang_up, "≤", 500, 100, "{:.0f} ms"),
    *((f"Account of 100,000: {name}, keys examined by the dearest command (a page is {PAGE})", keys(name), "≤", 3 * PAGE, None, "{:.0f}")
      for name in ("first page", "last page", "search", "count")),
]


def verdicts(small, large):
    """Rows: what, measured, must, aim, verdict. Where there is no aim, what must be is all."""
    rows = []
    for what, work_out, sense, must, aim, form in TARGETS:
        limits = ["–" if limit is None else f"{sense} {form.format(limit)}" for limit in (must, aim)]
        try:
            value = work_out(small, large)
        except (Missing, ZeroDivisionError, TypeError, ValueError):
            rows.append((what, "–", *limits, "not measured"))
            continue
        meets = [limit is not None and (value <= limit if sense == "≤" else value >= limit) for limit in (must, aim)]
        verdict = "**not met**" if not meets[0] else "met, aim too" if meets[1] else "met"
        rows.append((what, form.format(value), *limits, verdict))
    return rows
