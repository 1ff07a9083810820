"""Random queries and mutations against a running `latchkey dev`, as each of its demo people and signed out.

Every answer must be GraphQL over HTTP with the types that the schema promises, in five seconds, and never INTERNAL, UNAVAILABLE or
5xx; afterwards the gateway is ready and answers. `--seed` gives the same documents again, `--only FIELD` those of one root field.
"""

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import re
import secrets
import struct
import sys
import time
import urllib.parse

import graphql

from random_answers import wrong_answer
from random_documents import MARKS, Documents

PASSWORD = "lantern-orbit-seven-moss"
# Name and secret, as `latchkey dev` seeds them; who has no secret has no second factor.
PEOPLE = [
    ("oscar@lighthouse.example", None), ("mina@harbor.example", "A4CTTBZDLU3HBGKBQLUZVAZGXUOJME4Z"),
    ("olivia@harbor.example", "CDT6ZUGJP5FN7IB5AGG63S6VU2OVMTGA"), ("adam@harbor.example", "IJ3SVPHMMSCDVJHNIF2LTXJAKLRKCHA6"),
    ("sam@harbor.example", "6CK5FHAITTTRWUDOVTXRH5AFF7DXCMJH"), ("chloe@lighthouse.example", None),
    ("priya@northwind.example", "2TLJZV4VGNYZ3F534P5MBMBUPSJSUUGZ"), ("paolo@northwind.example", None), ("carlos@harbor.example", None),
]
# What ends sessions, takes people or places away or shuts people out comes last: nothing would be left to ask about.
LAST = [
    "deleteWebhook", "deleteCustomRole", "revokeInvitation", "cancelMfaReset", "changeUserRole", "changePortfolioUserRole", "updatePortfolioUserAccess", "transferAccountOwnership", "transferPortfolioOwnership",
    "removeUser", "removePortfolioUser", "removeAccountFromPortfolio", "acceptMfaReset", "resetPassword", "changePassword", "disableMfa",
    "setAccountMfaPolicy", "setPortfolioMfaPolicy", "revokeOtherSessions", "revokeSession", "logOut", "closeAccount", "closePortfolio",
]
LEARN = """{ viewer { user { id email } sessions(first: 5) { edges { cursor node { id } } }
  accounts { edges { cursor node { id users { edges { cursor node { id email } } } portfolio { id } webhooks { id }
    invitations { edges { cursor node { id } } } customRoles { edges { cursor node { id } } }
    mfaResets { edges { cursor node { id } } } auditLog(first: 3) { edges { cursor } } } } }
  portfolios { edges { cursor node { id accounts { edges { cursor node { id } } } users { edges { cursor node { id email } } } } } } } }"""
# What makes things comes before what is done to them.
FIRST = ("signUp", "logIn", "create", "invite", "addAccount", "begin", "resetUserMfa", "request")
ID = re.compile(r"\b([a-z]+(?:_[a-z]+)*_[0-7][0-9a-hjkmnp-tv-z]{25})\b")
TOKEN = re.compile(r"\blk[a-z]_[A-Za-z0-9_-]{43}")


def totp(secret, at):
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start:start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


class Known:
    """What the gateway has told so far, by kind, in the order of telling: to each person, and (as None) to anybody."""

    def __init__(self):
        self.pools = {(None, "password"): [PASSWORD, "another-orbit-nine-fern", "x" * 12], (None, "email"): [who for who, _ in PEOPLE]}
        self.seen = set()

    def add(self, who, pool, value):
        for whose in {who, None}:
            if (whose, pool, value) not in self.seen:
                self.seen.add((whose, pool, value))
                self.pools.setdefault((whose, pool), []).append(value)

    def read(self, text, who=None):
        for found in ID.findall(text):
            kind = found.rsplit("_", 1)[0]
            self.add(who, "id", found)
            self.add(who, "id " + {"mfareset": "mfaReset", "role": "customRole"}.get(kind, kind), found)
        for found in TOKEN.findall(text):
            self.add(who, "token", found)

    def walk(self, data, who):
        if isinstance(data, list):
            for item in data:
                self.walk(item, who)
        elif isinstance(data, dict):
            for name, value in data.items():
                if name in ("cursor", "startCursor", "endCursor") and isinstance(value, str):
                    self.add(who, "cursor", value)
                elif name == "backupCodes" and isinstance(value, list):
                    for code in value:
                        self.add(who, "code", code)
                elif name == "secret" and isinstance(value, str) and re.fullmatch(r"[A-Z2-7]{32}", value):
                    self.add(who, "secret", value)
                self.walk(value, who)

    def fill(self, text, who):
        def known(match):
            pool, number = match.group(1), int(match.group(2))
            secrets = self.pools.get((who, "secret"))
            if pool == "code" and secrets and number % 3:
                return totp(secrets[-1], time.time())
            # One's own are the likeliest, and the latest: a link that was mailed, what was made a moment ago.
            whose = who if number % 5 else None
            values = self.pools.get((whose, pool)) or self.pools.get((None, pool)) or self.pools.get((None, "id")) or [""]
            recent = values[-4:] if number % 2 else values
            return recent[number // 10 % len(recent)]

        return MARKS.sub(known, text)


def fill_all(known, value, who):
    if isinstance(value, str):
        return known.fill(value, who)
    if isinstance(value, list):
        return [fill_all(known, item, who) for item in value]
    if isinstance(value, dict):
        return {name: fill_all(known, item, who) for name, item in value.items()}
    return value


class Gateway:
    def __init__(self, url):
        self.at = urllib.parse.urlsplit(url)
        self.connection = None

    def ask(self, method, path, body=None, headers=None):
        """Status, type, bytes and seconds. A connection that was kept may have been closed meanwhile; a fresh one may not."""
        for fresh in (self.connection is None, True):
            if fresh:
                self.connection = http.client.HTTPConnection(self.at.hostname, self.at.port, timeout=30)
            began = time.monotonic()
            try:
                self.connection.request(method, path, body, headers or {})
                answer = self.connection.getresponse()
                content = answer.read()
                return answer.status, answer.headers.get("content-type", ""), content, time.monotonic() - began
            except (http.client.RemoteDisconnected, ConnectionError, TimeoutError):
                self.connection = None
                if fresh:
                    raise

    def graphql(self, body, token=None, accept="application/json"):
        headers = {"content-type": "application/json", "accept": accept}
        if token:
            headers["authorization"] = f"Bearer {token}"
        return self.ask("POST", "/graphql", json.dumps(body), headers)


class Run:
    def __init__(self, arguments, schema):
        self.arguments, self.schema = arguments, schema
        self.gateway, self.known, self.documents = Gateway(arguments.url), Known(), Documents(schema, arguments.seed)
        self.sessions, self.last_codes = {}, {}
        self.findings, self.counts, self.reached, self.sent = [], {}, {}, 0
        self.slowest = 0.0

    def log_in(self, who, secret):
        """A session of this person; None where somebody's mutation has shut them out."""
        log_in = """mutation($email: String!, $password: String!) { logIn(input: {email: $email, password: $password}) {
          ... on LoggedIn { sessionToken } ... on MfaChallenge { challengeToken } } }"""
        answer = self.plain({"query": log_in, "variables": {"email": who, "password": PASSWORD}})
        outcome = (answer.get("data") or {}).get("logIn") or {}
        step = int(time.time()) // 30
        if outcome.get("challengeToken") and secret and self.last_codes.get(who) != step:
            self.last_codes[who] = step
            code = """mutation($token: String!, $code: String!) { answerMfaChallenge(input: {challengeToken: $token, code: $code}) {
              ... on LoggedIn { sessionToken } } }"""
            variables = {"token": outcome["challengeToken"], "code": totp(secret, time.time())}
            outcome = (self.plain({"query": code, "variables": variables}).get("data") or {}).get("answerMfaChallenge") or {}
        return outcome.get("sessionToken")

    def plain(self, body, token=None):
        status, kind, content, seconds = self.gateway.graphql(body, token)
        wrong, answer = wrong_answer(self.schema, None, status, kind, content, seconds, "application/json")
        if wrong:
            self.findings.append((body["query"][:40], wrong, "somebody", body, content[:2000]))
        return answer if isinstance(answer, dict) else {}

    def everybody(self):
        for who, secret in PEOPLE:
            self.sessions[who] = self.log_in(who, secret)
        self.logged_in = time.monotonic()
        self.look_around()
        missing = [who for who, _ in PEOPLE[:-1] if not self.sessions[who]]
        if missing:
            raise SystemExit(f"cannot log in as {', '.join(missing)}: is this a fresh `latchkey dev`?")

    def look_around(self):
        for who, token in self.sessions.items():
            if token:
                self.learn(self.plain({"query": LEARN}, token), who)
        _, _, content, _ = self.gateway.ask("GET", "/dev/mailbox.json")
        self.known.read(content.decode("utf-8", "replace"))

    def learn(self, answer, who):
        data = answer.get("data")
        if data:
            self.known.walk(data, who)
            self.known.read(json.dumps(data), who)

    def field(self, kind, field, lap, count):
        # Owners of something more often: they reach furthest.
        people = [who for who, _ in PEOPLE] + [None, PEOPLE[0][0], PEOPLE[2][0], PEOPLE[6][0]]
        for number, (text, variables) in enumerate(self.documents.of(kind, field, lap, count)):
            who = people[(5 * number + lap) % len(people)]
            query = self.known.fill(text, who)
            body = {"query": query, "variables": fill_all(self.known, variables, who)} if variables else {"query": query}
            accept = ("application/json", "application/graphql-response+json")[number % 2]
            self.one(field, who, body, accept)

    def one(self, field, who, body, accept):
        try:
            document = graphql.parse(body["query"], no_location=True)
        except graphql.GraphQLError:
            document = None
        token = self.sessions.get(who)
        status, kind, content, seconds = self.gateway.graphql(body, token, accept)
        self.sent += 1
        self.slowest = max(self.slowest, seconds)
        wrong, answer = wrong_answer(self.schema, document, status, kind, content, seconds, accept)
        if wrong:
            self.findings.append((field, wrong, who or "nobody", body, content[:2000]))
        if not isinstance(answer, dict):
            return
        self.learn(answer, who)
        codes = {error["extensions"].get("code") for error in answer.get("errors") or [] if "extensions" in error}
        for code in codes or {"answered"}:
            self.counts[code] = self.counts.get(code, 0) + 1
        if answer.get("data") is not None:
            self.reached[field] = self.reached.get(field, 0) + 1
        if token and "UNAUTHENTICATED" in codes:
            self.sessions[who] = self.log_in(who, dict(PEOPLE)[who])

    def everything(self):
        began = time.monotonic()
        queries, mutations = list(self.schema.query_type.fields), list(self.schema.mutation_type.fields)
        unknown = set(LAST) - set(mutations)
        if unknown:
            raise SystemExit(f"LAST names fields that the schema has not: {sorted(unknown)}")
        made = [name for name in mutations if name.startswith(FIRST)]
        done = [name for name in mutations if name not in made + LAST]
        mutation = [[("mutation", name, 12) for name in names] for names in (made, done, LAST)]
        plan, last = mutation[0] + [("query", name, 24) for name in queries] + mutation[1], mutation[2]
        if self.arguments.only:
            plan, last = [[part for part in parts if part[1] == self.arguments.only] for parts in (plan, last)]
            if not plan + last:
                raise SystemExit(f"--only: there is no root field {self.arguments.only}")
        lap = 0
        # Each part has one lap however long it takes, so that a busy machine tries less of each and leaves nothing out.
        for parts, until in ((plan, 0.8), (last, 1.0)):
            first = True
            while parts and (first or time.monotonic() - began < until * self.arguments.seconds):
                if time.monotonic() - self.logged_in > 240:
                    # A proof of a second factor is fresh for five minutes.
                    self.logged_in = time.monotonic()
                    self.sessions = {who: self.log_in(who, secret) or self.sessions[who] for who, secret in PEOPLE}
                self.look_around()
                for at, (kind, field, count) in enumerate(parts):
                    if kind == "query" and parts[at - 1][0] != "query":
                        self.look_around()
                    if not first and time.monotonic() - began > until * self.arguments.seconds:
                        break
                    self.field(kind, field, lap, count)
                first, lap = False, lap + 1
        return lap

    def alive(self):
        for path in ("/healthz", "/readyz"):
            status, _, content, _ = self.gateway.ask("GET", path)
            if status != 200:
                self.findings.append((path, f"status {status} afterwards", "nobody", None, content[:2000]))
        if self.plain({"query": "{ __typename }"}).get("data") != {"__typename": "Query"}:
            self.findings.append(("__typename", "no answer afterwards", "nobody", None, b""))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--schema", default="schema.graphql")
    parser.add_argument("--seed", default="1", help="`random` draws one and prints it")
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--only", help="one root field")
    arguments = parser.parse_args()
    if arguments.seed == "random":
        arguments.seed = str(secrets.randbelow(10**9))
    print(f"seed {arguments.seed}, {arguments.seconds:g} s", flush=True)
    with open(arguments.schema, encoding="utf-8") as file:
        schema = graphql.build_schema(file.read())
    run = Run(arguments, schema)
    run.everybody()
    laps = run.everything()
    run.alive()
    print(f"{run.sent} requests in {laps} laps, the slowest {run.slowest:.2f} s; {json.dumps(run.counts, sort_keys=True)}")
    told = {}
    for field, wrong, who, body, content in run.findings:
        told.setdefault((field, wrong), []).append((who, body, content))
    for (field, wrong), times in told.items():
        who, body, content = times[0]
        print(f"\nFOUND {field}: {wrong} ({len(times)} times; first as {who})\n  {json.dumps(body)}\n  {content!r}")
    if told:
        raise SystemExit(f"{len(told)} findings; the same documents again: --seed {arguments.seed}")
    asked = {arguments.only} if arguments.only else set(schema.query_type.fields) | set(schema.mutation_type.fields)
    missed = sorted(asked - set(run.reached))
    if missed:
        print(f"never answered with data: {', '.join(missed)}")
    if len(missed) > len(asked) / 4:
        raise SystemExit("too much was never answered with data: nothing was found out about it")
    print("random queries: ok")


if __name__ == "__main__":
    sys.exit(main())
