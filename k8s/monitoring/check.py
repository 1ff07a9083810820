"""check.py PROMTOOL SCRAPE: checks the alerts and the dashboard with promtool and against what a gateway serves.

SCRAPE is a file with the answer of a real gateway's /metrics (make image-check leaves one). Every metric that an alert or a panel
names must be in it; one that is there only once something has happened must be called rare in docs/METRICS.md, which a test of
its own compares with a scrape.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
NAME = re.compile(r"\b((?:latchkey|process)_[a-z0-9_]+)\b")
SUFFIX = re.compile(r"_(bucket|sum|count)$")


def promtool(tool, *arguments, text=None):
    ran = subprocess.run([tool, *arguments], cwd=HERE, input=text, capture_output=True, text=True, timeout=120)
    if ran.returncode:
        raise SystemExit(f"monitoring-check: promtool {' '.join(arguments)}:\n{ran.stdout}{ran.stderr}")


def expressions():
    for group in yaml.safe_load((HERE / "alerts.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            yield f"alert {rule['alert']}", rule["expr"]
    dashboard = json.loads((HERE / "dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield f"panel {panel['title']}", target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield f"variable {variable['name']}", variable["query"]
    adapter = yaml.safe_load((HERE.parent / "components/autoscale-latency/adapter-rule.yaml").read_text())
    for rule in adapter["rules"]["custom"]:
        yield "the autoscaler", rule["seriesQuery"]


def main(tool, scrape):
    promtool(tool, "check", "rules", "alerts.yaml")
    promtool(tool, "test", "rules", "alerts_test.yaml")
    text = Path(scrape).read_text()
    promtool(tool, "check", "metrics", text=text)
    served = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    rows = re.findall(r"^\| `(\w+)` \|.*$", (HERE.parent.parent / "docs/METRICS.md").read_text(), re.M)
    rare = {row for row in rows if re.search(rf"^\| `{row}` \|.*\*rare\*", (HERE.parent.parent / "docs/METRICS.md").read_text(), re.M)}
    tests = yaml.safe_load((HERE / "alerts_test.yaml").read_text())["tests"]
    tested = {test["name"] for test in tests}
    bad = 0
    as_rules = []
    for where, expression in expressions():
        names = {name if name in served | rare else SUFFIX.sub("", name) for name in NAME.findall(expression)}
        for name in sorted(names - served - rare):
            print(f"monitoring-check: {where} names {name}, which no gateway serves")
            bad += 1
        if not names:
            print(f"monitoring-check: {where} names no metric")
            bad += 1
        if where.startswith("alert ") and where.removeprefix("alert ") not in tested:
            print(f"monitoring-check: {where} has no test")
            bad += 1
        if where.startswith("panel "):
            filled = expression.replace("$__rate_interval", "5m").replace("$namespace", ".*")
            as_rules.append({"record": f"panel:{len(as_rules)}", "expr": filled})
    # Whether each panel's expression can be read at all: as recording rules, promtool parses them.
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump({"groups": [{"name": "panels", "rules": as_rules}]}, file)
        file.flush()
        promtool(tool, "check", "rules", file.name)
    print(f"monitoring-check: {len(tested)} alerts, {len(as_rules)} expressions of panels, {len(served)} metrics served")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
