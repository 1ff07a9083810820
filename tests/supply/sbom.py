"""sbom.py OUT: the software bill of materials as CycloneDX 1.6: what is in the binary and in the web bundle.

Crates come of `cargo metadata` and Cargo.lock, packages of `npm sbom`. Byte for byte the same for the same commit. Validated against
the schema before it is written.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
import uuid
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]


def run(*command, cwd=ROOT):
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


def licence(expression):
    # `MIT/Apache-2.0` is how crates wrote "or" before SPDX.
    return [{"expression": re.sub(r"\s*/\s*", " OR ", expression)}] if expression else []


def crate_ref(package):
    return f"pkg:cargo/{quote(package['name'])}@{quote(package['version'], safe='')}"


def reached(metadata, kinds, through_macros):
    """Ids of the crates that the gateway depends on by these kinds of dependencies."""
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    is_macro = lambda key: any("proc-macro" in target["kind"] for target in packages[key]["targets"])
    seen, waiting = set(), [metadata["resolve"]["root"]]
    while waiting:
        key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        for dependency in nodes[key]["deps"]:
            if any(kind["kind"] in kinds for kind in dependency["dep_kinds"]):
                if through_macros or not is_macro(dependency["pkg"]):
                    waiting.append(dependency["pkg"])
    return seen


def cargo_part(root, target):
    cargo = os.environ.get("CARGO", "cargo")
    metadata = json.loads(run(cargo, "metadata", "--locked", "--format-version", "1", "--filter-platform", target, cwd=root))
    # `metadata` counts features in that only tests switch on; `tree` does not.
    tree = run(cargo, "tree", "--locked", "--target", target, "-e", "normal,build", "--prefix", "none", "--no-dedupe", "--format", "{p}", cwd=root)
    built = {tuple(line.split()[:2]) for line in tree.splitlines() if line}
    checksums = {(entry["name"], entry["version"]): entry.get("checksum")
                 for entry in tomllib.loads((root / "Cargo.lock").read_text())["package"]}
    running = reached(metadata, {None}, through_macros=False)
    wanted = {key for key in reached(metadata, {None, "build"}, through_macros=True)}
    packages = {package["id"]: package for package in metadata["packages"]
                if package["id"] in wanted and (package["name"], f"v{package['version']}") in built}
    main = metadata["resolve"]["root"]
    components = []
    for key, package in packages.items():
        if key == main:
            continue
        component = {
            "type": "library", "bom-ref": crate_ref(package), "name": package["name"], "version": package["version"],
            # By CycloneDX: excluded is what building needs and running does not, such as macros.
            "scope": "required" if key in running else "excluded",
            "licenses": licence(package["license"]), "purl": crate_ref(package),
        }
        checksum = checksums.get((package["name"], package["version"]))
        if checksum:
            component["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        components.append(component)
    graph = []
    for node in metadata["resolve"]["nodes"]:
        if node["id"] in packages:
            needs = {crate_ref(packages[dependency["pkg"]]) for dependency in node["deps"]
                     if dependency["pkg"] in packages and any(kind["kind"] != "dev" for kind in dependency["dep_kinds"])}
            graph.append({"ref": crate_ref(packages[node["id"]]), "dependsOn": sorted(needs)})
    return {"root": packages[main], "components": components, "dependencies": graph}


def npm_part(root):
    """What the web part needs to run; what builds it stays out."""
    npm = os.environ.get("NPM", "npm")
    bom = json.loads(run(npm, "sbom", "--sbom-format", "cyclonedx", "--sbom-type", "application", "--omit", "dev",
                         "--package-lock-only", cwd=root / "web"))
    refs = {}
    whole = [bom["metadata"]["component"], *bom["components"]]
    for component in whole:
        refs[component["bom-ref"]] = component["purl"]
        for empty in ["properties", "externalReferences"]:
            if empty == "externalReferences" or not component.get(empty):
                component.pop(empty, None)
        component["bom-ref"] = component["purl"]
    known = {component["purl"]: component for component in whole}
    graph = {}
    for entry in bom["dependencies"]:
        graph.setdefault(refs[entry["ref"]], set()).update(refs[ref] for ref in entry.get("dependsOn", []) if ref in refs)
    return {"root": whole[0]["purl"], "components": list(known.values()),
            "dependencies": [{"ref": ref, "dependsOn": sorted(needs)} for ref, needs in graph.items()]}


def licence_mistakes(components, allowed, exceptions):
    """Of `A OR B` one must be allowed, of `A AND B` both. An exception that nothing needs is a mistake, too."""
    unused = dict(exceptions)

    def holds(expression):
        expression = expression.strip().removeprefix("(").removesuffix(")")
        if " OR " in expression:
            return any(holds(part) for part in expression.split(" OR "))
        return all(part.strip() in allowed for part in expression.split(" AND "))

    for component in components:
        named = [entry.get("expression") or entry["license"].get("id") or entry["license"].get("name", "?")
                 for entry in component.get("licenses", [])]
        if named and all(holds(name) for name in named):
            continue
        if named == [exceptions.get(component["name"])]:
            unused.pop(component["name"], None)
            continue
        yield f"{component['name']} {component['version']}: {', '.join(named) or 'names no licence'}"
    for name, expression in unused.items():
        yield f"{name}: an exception for {expression} that nothing needs"


def moment():
    """SOURCE_DATE_EPOCH or the commit's, so that the same commit gives the same file."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or run("git", "log", "-1", "--format=%ct").strip()
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def document(root, target):
    crates, web = cargo_part(root, target), npm_part(root)
    main = crate_ref(crates["root"])
    graph = crates["dependencies"] + web["dependencies"]
    for entry in graph:
        if entry["ref"] == main:
            entry["dependsOn"] = sorted([*entry["dependsOn"], web["root"]])
    bom = {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {
            "timestamp": moment(), "lifecycles": [{"phase": "build"}],
            "component": {"type": "application", "bom-ref": main, "name": crates["root"]["name"], "version": crates["root"]["version"],
                          "description": crates["root"]["description"], "licenses": licence(crates["root"]["license"]), "purl": main,
                          "properties": [{"name": "latchkey:target", "value": target}]},
        },
        "components": sorted(crates["components"] + web["components"], key=lambda part: part["bom-ref"]),
        "dependencies": sorted(graph, key=lambda entry: entry["ref"]),
    }
    bom["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(bom, sort_keys=True))}"
    return bom


def mistakes(text):
    """What CycloneDX's own schema, and a look at the graph, have against it."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if found is not None:
        yield str(found)[:2000]
        return
    bom = json.loads(text)
    refs = [bom["metadata"]["component"]["bom-ref"], *(part["bom-ref"] for part in bom["components"])]
    if len(refs) != len(set(refs)):
        yield "a component stands in it twice"
    for entry in bom["dependencies"]:
        for ref in [entry["ref"], *entry["dependsOn"]]:
            if ref not in refs:
                yield f"{ref} is depended on and not there"
    if not any(part["purl"].startswith("pkg:cargo/mongodb@") for part in bom["components"]):
        yield "the crates are missing"
    if not any(part["purl"].startswith("pkg:npm/react@") for part in bom["components"]):
        yield "the packages of npm are missing"


def main(out):
    target = os.environ.get("TARGET") or re.search(r"host: (\S+)", run(os.environ.get("RUSTC", "rustc"), "-vV"))[1]
    bom = document(ROOT, target)
    text = json.dumps(bom, indent=1, ensure_ascii=False) + "\n"
    wrong = list(mistakes(text))
    if wrong:
        raise SystemExit("sbom: " + "\nsbom: ".join(wrong))
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    Path(out).write_text(text)
    crates = sum(part["purl"].startswith("pkg:cargo/") for part in bom["components"])
    print(f"sbom: {out}: {crates} crates and {len(bom['components']) - crates} npm packages for {target}; a valid CycloneDX 1.6")


if __name__ == "__main__":
    main(*sys.argv[1:])
