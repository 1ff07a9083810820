"""Takes the defences of mutants.toml out, and sees whether the tests that they name fail.

usage: run.py [--only NAME,NAME] [--together N] [--list]

Changes the source in place and puts it back at the end, also on Ctrl-C; the files that it changes must be committed as they
are. Several mutants that name different tests are built and run together (--together, 12 by default), since building takes most
of the time; --together 1 is slow and tells most exactly. Every named test must pass without mutants first.
"""

import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
CARGO = os.environ.get("CARGO", "cargo").split()
# Longer than any test takes; whatever hangs has failed.
LIMIT = 300


def build():
    """The test binaries by target name, or the compiler's words."""
    command = [*CARGO, "test", "--locked", "--lib", "--test", "it", "--no-run", "--message-format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        rendered = [m["message"]["rendered"] for m in messages if m.get("reason") == "compiler-message"]
        errors = [text for text in rendered if text.startswith("error")]
        return None, "".join(errors) or done.stderr[-3000:]
    binaries = {}
    for line in done.stdout.splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        if message.get("executable") and message.get("profile", {}).get("test"):
            binaries[message["target"]["name"]] = message["executable"]
    return binaries, ""


def full_names(binaries):
    """Where each test is: its binary and its whole name."""
    found = {}
    for binary in binaries.values():
        listed = subprocess.run([binary, "--list"], cwd=ROOT, capture_output=True, text=True, check=True)
        for name in re.findall(r"^(\S+): test$", listed.stdout, re.M):
            found[name.rsplit("::", 1)[-1]] = (binary, name)
    return found


def passes(test, where):
    """Whether a test passes, and what it said where it did not."""
    binary, name = where[test]
    environment = {**os.environ, "RUST_BACKTRACE": "0"}
    process = subprocess.Popen(
        [binary, "--exact", name], cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return False, f"did not end within {LIMIT} s"
    if process.returncode == 0 and "1 passed" in output:
        return True, ""
    said = re.search(r"panicked at ([^\n]*)\n([^\n]*)", output)
    return False, " ".join(said.groups()) if said else output.strip().splitlines()[-1]


def changed(batch):
    """The source files with these mutants in them; nothing where one of them does not find its text exactly once."""
    texts = {}
    for mutant in batch:
        for edit in mutant["edit"]:
            path = ROOT / edit["file"]
            text = texts.get(path) or path.read_text()
            if text.count(edit["find"]) != 1:
                return None
            texts[path] = text.replace(edit["find"], edit["replace"])
    return texts


def batches(mutants, most):
    """Mutants that name different tests and change different places, so many at once."""
    left = list(mutants)
    while left:
        batch, tests = [], set()
        for mutant in list(left):
            if len(batch) < most and not tests & set(mutant["fails"]) and changed([*batch, mutant]) is not None:
                batch.append(mutant)
                tests |= set(mutant["fails"])
                left.remove(mutant)
        if not batch:
            sys.exit(f"{left[0]['name']} does not find its text exactly once")
        yield batch


def apply(batch):
    """Changes the source; gives what it was."""
    texts = changed(batch)
    before = {path: path.read_text() for path in texts}
    put_back(texts)
    return before


def put_back(texts):
    for path, text in texts.items():
        path.write_text(text)


def run(batch):
    """Which mutants of a batch are noticed."""
    before = apply(batch)
    try:
        binaries, errors = build()
        if binaries is None:
            sys.exit(f"{', '.join(m['name'] for m in batch)}: does not compile\n{errors}")
        where = full_names(binaries)
        for mutant in batch:
            for test in mutant["fails"]:
                passed, why = passes(test, where)
                yield mutant["name"], test, not passed, why
    finally:
        put_back(before)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--together", type=int, default=12)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--trust", action="store_true", help="do not run the tests without mutants first")
    options = parser.parse_args()
    mutants = tomllib.loads((ROOT / "tests/mutants/mutants.toml").read_text())["mutant"]
    if options.list:
        for mutant in mutants:
            print(f"{mutant['name']}: {mutant['defence']} {', '.join(mutant['fails'])}")
        return
    if options.only:
        wanted = options.only.split(",")
        unknown = set(wanted) - {mutant["name"] for mutant in mutants}
        if unknown:
            sys.exit(f"no such mutants: {', '.join(sorted(unknown))}")
        mutants = [mutant for mutant in mutants if mutant["name"] in wanted]
    files = sorted({edit["file"] for mutant in mutants for edit in mutant["edit"]})
    if subprocess.run(["git", "diff", "--quiet", "HEAD", "--", *files], cwd=ROOT).returncode != 0:
        sys.exit("commit or stash what changed in src/ first: mutants are put into it and taken out again")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if not options.trust:
        binaries, errors = build()
        if binaries is None:
            sys.exit(errors)
        where = full_names(binaries)
        for test in sorted({test for mutant in mutants for test in mutant["fails"]}):
            passed, why = passes(test, where)
            if not passed:
                sys.exit(f"{test} fails without any mutant: {why}")
    unnoticed = 0
    for batch in batches(mutants, options.together):
        for name, test, noticed, why in run(batch):
            unnoticed += not noticed
            print(f"{'noticed  ' if noticed else 'UNNOTICED'} {name}: {test}: {why}"[:300], flush=True)
    print(f"{len(mutants)} mutants, {unnoticed} unnoticed")
    sys.exit(unnoticed > 0)


main()
