"""test_check.py CARGO_DENY: every rule of check.py is shown what it is there for. After check.py, which fetches the crates."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

import check
import sbom

HASH = "--hash=sha256:" + "0" * 64
DENY = sys.argv.pop()


class Pins(unittest.TestCase):
    def mistakes(self, asked, pinned):
        return list(check.pip_mistakes("here", asked, pinned))

    def test_a_version_with_hashes_is_pinned(self):
        self.assertEqual(self.mistakes("A_b[extra]==1.0 # why\n", f"# by uv\na-b[extra]==1.0 ; python_version < '3.13' \\\n    {HASH} \\\n    {HASH}\n"), [])

    def test_a_package_without_hash_or_version_is_not(self):
        for pinned in ["a==1.0\n", f"a>=1.0 {HASH}\n", f"a {HASH}\n", f"a @ git+https://example.org/a {HASH}\n", "-r other.txt\n", "--extra-index-url https://example.org\n"]:
            self.assertTrue(self.mistakes("", pinned), pinned)

    def test_what_is_asked_for_must_be_what_is_pinned(self):
        self.assertTrue(self.mistakes("a==1.1\n", f"a==1.0 {HASH}\n"))

    def test_a_lock_file_holds_the_registry_s_hash_of_each_package(self):
        found = lambda entry: list(check.npm_mistakes("here", {"packages": {"": {}, "node_modules/a": entry}}))
        self.assertEqual(found({"integrity": "sha512-x"}), [])
        self.assertTrue(found({"resolved": "git+ssh://git@example.org/a.git#1"}))
        self.assertTrue(found({"integrity": "sha1-x"}))
        self.assertTrue(found({"integrity": "sha512-x", "resolved": "https://example.org/a.tgz"}))


class Recipes(unittest.TestCase):
    def test_whatever_is_not_locked_is_found(self):
        for line in [
            "\tpip install x", "\t$(PYTHON) -m pip install --require-hashes -r x", "npm install left-pad", "cd web && npm ci", "\"$npm\" ci",
            "$(NPM) ci --no-audit", "npm --prefix e2e ci && true", "npx cowsay", "cargo build --release", "\t$(CARGO) run -- dev", "$cargo build",
        ]:
            self.assertEqual(len(list(check.recipe_mistakes("here", line))), 1, line)

    def test_what_is_locked_passes(self):
        for line in [
            "$(PYTHON) -m pip install --quiet --require-hashes \\\n  --only-binary :all: -r x", "$(NPM) ci --ignore-scripts --no-audit",
            "npm run build", "cargo build --locked --release", "cargo fmt --check", "# pip install x", "echo 'pip install x'",
        ]:
            self.assertEqual(list(check.recipe_mistakes("here", line)), [], line)

    def test_the_recipes_of_this_repository_are_among_them(self):
        self.assertLessEqual({"Makefile", "Dockerfile", ".ci/run", "web/package.json", "examples/clients/check.sh"}, set(check.tracked(check.RECIPES.pattern)))


class Audits(unittest.TestCase):
    def test_high_and_critical_weaknesses_fail_and_lower_ones_do_not(self):
        reply = lambda **counts: json.dumps({"metadata": {"vulnerabilities": counts}})
        self.assertEqual(check.npm_audit_verdict(reply(low=3, moderate=2, high=0, critical=0)), [])
        self.assertEqual(len(check.npm_audit_verdict(reply(high=1, critical=2))), 2)

    def test_no_answer_is_no_verdict(self):
        for reply in ["", "{}", '{"message": "405 Method Not Allowed", "error": {}}', '{"metadata": null}']:
            self.assertIsNone(check.npm_audit_verdict(reply))

    def test_advisories_fail_pass_or_could_not_be_asked(self):
        self.assertEqual(check.advisories_verdict(0, "advisories ok\n"), [])
        self.assertTrue(check.advisories_verdict(1, "error[vulnerability]: a hole\n ID: RUSTSEC-2023-0071 advisory-db\nadvisories FAILED\n"))
        self.assertIsNone(check.advisories_verdict(1, "failed to fetch advisory database https://example.org/advisory-db"))
        self.assertTrue(check.advisories_verdict(1, "failed to parse config"))
        self.assertTrue(check.advisories_verdict(0, ""))


class Licences(unittest.TestCase):
    def found(self, *named, exceptions={}):
        part = {"name": "a", "version": "1", "licenses": [{"expression": name} for name in named]}
        return list(sbom.licence_mistakes([part], {"MIT", "ISC"}, exceptions))

    def test_one_of_alternatives_and_all_of_a_sum_must_be_allowed(self):
        for named in ["MIT", "(MIT OR GPL-3.0-only)", "MIT AND ISC"]:
            self.assertEqual(self.found(named), [], named)
        for named in ["GPL-3.0-only", "MIT AND GPL-3.0-only"]:
            self.assertTrue(self.found(named), named)
        self.assertTrue(self.found())

    def test_an_exception_is_for_one_package_and_its_licence_and_is_needed(self):
        self.assertEqual(self.found("PSF-2.0", exceptions={"a": "PSF-2.0"}), [])
        self.assertTrue(self.found("PSF-2.0", exceptions={"b": "PSF-2.0"}))
        self.assertTrue(self.found("MIT", exceptions={"a": "PSF-2.0"}))


class Rules(unittest.TestCase):
    """The real cargo-deny over the real crates, with one rule more."""

    def deny(self, old, new, which):
        text = check.RULES.read_text()
        self.assertIn(old, text)
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as rules:
            rules.write(text.replace(old, new, 1))
            rules.flush()
            return check.cargo_deny(DENY, "Cargo.toml", which, frozen=True, rules=Path(rules.name))

    def test_a_banned_crate_fails(self):
        code, text = self.deny('crate = "rsa"', 'crate = "serde"', "bans")
        self.assertIn("error[banned]: crate 'serde", text)
        self.assertNotEqual(code, 0)

    def test_a_crate_in_two_versions_fails_where_there_may_be_one(self):
        code, text = self.deny('crate = "bson"', 'crate = "sha1"', "bans")
        self.assertIn("error[duplicate]", text)
        self.assertNotEqual(code, 0)

    def test_a_licence_that_is_not_allowed_fails(self):
        code, text = self.deny('    "ISC",\n', "", "licenses")
        self.assertIn("error[rejected]", text)
        self.assertNotEqual(code, 0)

    def test_another_source_than_crates_io_fails(self):
        code, text = self.deny('unknown-registry = "deny"', 'unknown-registry = "deny"\nallow-registry = []', "sources")
        self.assertIn("error[source-not-allowed]", text)
        self.assertNotEqual(code, 0)


class Bill(unittest.TestCase):
    def test_what_the_schema_or_the_graph_does_not_allow_is_found(self):
        part = lambda purl: {"type": "library", "name": purl, "bom-ref": purl, "purl": purl}
        good = {
            "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
            "metadata": {"component": {"type": "application", "name": "latchkey", "bom-ref": "latchkey"}},
            "components": [part("pkg:cargo/mongodb@1"), part("pkg:npm/react@1")],
            "dependencies": [{"ref": "latchkey", "dependsOn": ["pkg:cargo/mongodb@1", "pkg:npm/react@1"]}],
        }
        self.assertEqual(list(sbom.mistakes(json.dumps(good))), [])
        for spoil in [
            lambda bom: bom.update(bomFormat="SPDX"),
            lambda bom: bom["components"][0].update(type="crate"),
            lambda bom: bom["components"][0].update(licenses=[{"license": {"id": "MIT-ish"}}]),
            lambda bom: bom["components"][0].update(hashes=[{"alg": "SHA-256", "content": "x"}]),
            lambda bom: bom["components"].append(part("pkg:npm/react@1")),
            lambda bom: bom["components"].pop(),
            lambda bom: bom["dependencies"][0]["dependsOn"].append("pkg:cargo/gone@1"),
        ]:
            bom = json.loads(json.dumps(good))
            spoil(bom)
            self.assertTrue(list(sbom.mistakes(json.dumps(bom))))


if __name__ == "__main__":
    unittest.main()
