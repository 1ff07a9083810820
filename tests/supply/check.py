"""check.py CARGO_DENY: what this repository is made of, and where it comes from.

Pinned files, licences, banned crates, sources, and known weaknesses where their databases can be asked. What cannot be
asked is reported as skipped, by name; SUPPLY=strict makes that a failure (for a release).
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import sbom

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / ".cargo/deny.toml"
# Weaknesses of this severity and worse fail.
NPM_LEVEL = "high"
SEVERITIES = ["info", "low", "moderate", "high", "critical"]
# Beside what `deny.toml` allows, by package of npm: read, and free to pass on.
WEB_EXCEPTIONS = {"argparse": "PSF-2.0", "wouter": "Unlicense"}
# What runs in a shell: files where something may be installed. Markdown only tells.
RECIPES = re.compile(r"(^|/)(Makefile|Dockerfile|Containerfile|package\.json|run|[^/]+\.sh|[^/]+\.ya?ml)$")


def tracked(pattern=""):
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in names.splitlines() if re.search(pattern, name) and (ROOT / name).is_file())


# -- pinned files: pure, so that tests/supply/test_check.py can show each rule its offence ---------------


def pip_mistakes(name, asked, pinned):
    """`asked` is a requirements.in, `pinned` the requirements.txt made of it."""
    entries = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*$", "", pinned)).splitlines()
    entries = [entry.strip() for entry in entries if entry.strip()]
    for entry in entries:
        if not re.match(r"[\w.\-\[\],]+==[^\s;]+(\s*;[^#]*?)?(\s+--hash=sha256:[0-9a-f]{64})+$", entry):
            yield f"{name}: not pinned to a version and its hashes: {entry.split(' --hash')[0]}"
    plain = lambda text: re.sub(r"\[.*?\]", "", text).lower().replace("_", "-")
    have = {plain(entry.split()[0]) for entry in entries}
    for line in filter(None, (line.split("#")[0].strip() for line in asked.splitlines())):
        if plain(line) not in have:
            yield f"{name}: {line} is asked for and not pinned: make pins"


def npm_mistakes(name, lock):
    for path, entry in lock["packages"].items():
        if not path or entry.get("link"):
            continue
        if not entry.get("integrity", "").startswith("sha512-"):
            yield f"{name}: {path} has no SHA-512 integrity"
        if not entry.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/"):
            yield f"{name}: {path} is not out of the npm registry"


def recipe_mistakes(name, text):
    """Whatever installs, installs what is locked, and runs no script of what it installs."""
    for number, line in enumerate(re.sub(r"\\\n\s*", " ", text).splitlines(), 1):
        line = re.sub(r"(^|\s)#.*|\becho\b.*", "", line)
        where = f"{name}: {line.strip()[:100]}"
        if re.search(r"-m pip install|\bpip3? install", line) and not ("--require-hashes" in line and "--only-binary :all:" in line):
            yield f"{where}: pip without --require-hashes and --only-binary :all:"
        npm = r"(\bnpm\b|\$\(NPM\)|\"\$npm\")(?:(?!&&|;)[^\"])*?\s"
        if re.search(npm + r"(install|i|add|exec)\b", line) or re.search(r"\bnpx\b(?! tsx)", line):
            yield f"{where}: npm ci is what keeps to the lock file"
        if re.search(npm + r"ci\b", line) and "--ignore-scripts" not in line:
            yield f"{where}: npm ci without --ignore-scripts"
        if re.search(r"(\bcargo|\$\(CARGO\)|\$cargo) (build|test|clippy|run|doc|bench|install)\b", line) and "--locked" not in line:
            yield f"{where}: cargo without --locked"


def npm_audit_verdict(reply):
    """What `npm audit --json` says: a list of weaknesses, or None where it could not ask."""
    try:
        counts = json.loads(reply)["metadata"]["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        return None
    bad = SEVERITIES[SEVERITIES.index(NPM_LEVEL):]
    return [f"{counts[severity]} of severity {severity}" for severity in bad if counts.get(severity)]


def advisories_verdict(code, text):
    """What `cargo deny check advisories` says: a list, or None where there is no database."""
    if code == 0 and "advisories ok" in text:
        return []
    if "advisories FAILED" not in text and "advisory-db" in text:
        return None
    return [text.strip()[-4000:]]


# -- the checks --------------------------------------------------------------------------------------------


class Report:
    def __init__(self):
        self.held, self.failed, self.skipped = 0, [], []

    def of(self, what, mistakes):
        mistakes = list(mistakes)
        if mistakes:
            self.failed.append(what)
            print(f"supply chain: FAILED: {what}")
            for mistake in mistakes:
                print(f"  {mistake}")
        else:
            self.held += 1
            print(f"supply chain: {what}: holds")

    def skip(self, what, why):
        self.skipped.append(what)
        print(f"supply chain: SKIPPED: {what} ({why})")


def cargo_deny(program, manifest, *checks, frozen=False, rules=RULES):
    """For packages beside the gateway's own, a licence that none of theirs has is no mistake."""
    rest = [] if manifest == "Cargo.toml" else ["-A", "license-not-encountered", "-A", "license-exception-not-encountered"]
    reply = subprocess.run(
        [program, "--frozen" if frozen else "--locked", "--manifest-path", str(ROOT / manifest), "--config", str(rules),
         "check", "--hide-inclusion-graph", *rest, *checks],
        cwd=ROOT, capture_output=True, text=True, timeout=300)
    return reply.returncode, reply.stdout + reply.stderr


def rust(report, program):
    asked = True
    for lock in tracked(r"(^|/)Cargo\.lock$"):
        manifest = lock.replace("Cargo.lock", "Cargo.toml")
        code, text = cargo_deny(program, manifest, "bans", "licenses", "sources")
        twice = len(re.findall(r"warning\[duplicate\]", text))
        report.of(f"bans, licences and sources of {manifest} (crates in more than one version: {twice})",
                  [re.sub(r"warning\[duplicate\](.|\n)*?(?=\n\n|\Z)", "", text).strip()] if code else [])
        verdict = None
        if asked:
            code, text = cargo_deny(program, manifest, "advisories")
            verdict = advisories_verdict(code, text)
            if verdict is None:
                # What was fetched before may be there still.
                verdict = advisories_verdict(*cargo_deny(program, manifest, "advisories", frozen=True))
            asked = verdict is not None
        if verdict is None:
            report.skip(f"RustSec's advisories of {manifest}", "its database can be fetched neither now nor was before")
        else:
            report.of(f"RustSec's advisories of {manifest}", verdict)


def npm(report):
    asked = True
    for lock in tracked(r"(^|/)package-lock\.json$"):
        report.of(f"{lock} is pinned", npm_mistakes(lock, json.loads((ROOT / lock).read_text())))
        verdict = None
        if asked:
            reply = subprocess.run(["npm", "audit", "--json", "--package-lock-only", "--fetch-retries=0", "--fetch-timeout=20000"],
                                   cwd=(ROOT / lock).parent, capture_output=True, text=True, timeout=120)
            verdict = npm_audit_verdict(reply.stdout)
            asked = verdict is not None
        if verdict is None:
            report.skip(f"npm audit of {lock}", "the registry answers no audit")
        else:
            report.of(f"npm audit of {lock}, {NPM_LEVEL} and worse", verdict)


def pip(report):
    asked = tracked(r"(^|/)requirements[^/]*\.in$")
    strays = set(tracked(r"(^|/)requirements[^/]*\.txt$")) - {name.replace(".in", ".txt") for name in asked}
    report.of("every requirements.txt is made of a requirements.in", [f"{name}: of what?" for name in strays])
    for name in asked:
        pinned = ROOT / name.replace(".in", ".txt")
        report.of(f"{name} is pinned with hashes", pip_mistakes(name, (ROOT / name).read_text(), pinned.read_text()))


def web_licences(report):
    rules = tomllib.loads(RULES.read_text())["licenses"]["allow"]
    components = [part for part in sbom.npm_part(ROOT)["components"] if part["name"] != "web"]
    report.of("licences of what npm brings into the web bundle", sbom.licence_mistakes(components, rules, WEB_EXCEPTIONS))


def main(program):
    report = Report()
    recipes = tracked(RECIPES.pattern)
    report.of("recipes install what is locked and nothing else",
              (mistake for name in recipes for mistake in recipe_mistakes(name, (ROOT / name).read_text())))
    pip(report)
    npm(report)
    web_licences(report)
    rust(report, program)
    print(f"supply chain: {report.held} hold, {len(report.failed)} do not, {len(report.skipped)} skipped")
    strict = os.environ.get("SUPPLY") == "strict"
    sys.exit(1 if report.failed or (strict and report.skipped) else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
