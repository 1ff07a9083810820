"""Talks to a gateway as a client would: logs the readers in, looks their accounts up."""

import base64
import hashlib
import hmac
import http.client
import json
import time
from urllib.parse import urlparse

import rows

USERS_TAB = (
    "query UsersTab($id: ID!, $n: Int!) { account(id: $id) { name users(first: $n) { totalCount edges { role node { "
    "id email name mfa { enabled } memberships { role account { id name portfolio { id name } } } } } "
    "pageInfo { hasNextPage endCursor } } } }"
)
PORTFOLIO_USERS = (
    "query PortfolioUsers($id: ID!, $n: Int!) { portfolio(id: $id) { name accountUsers(first: $n) { totalCount edges { "
    "node { id email name mfa { enabled } } memberships { role account { id name } } } "
    "pageInfo { hasNextPage endCursor } } } }"
)
SEARCH = (
    "query Search($id: ID!, $text: String!) { account(id: $id) { users(first: 25, search: $text) { edges { role node { "
    "id email name mfa { enabled } } } pageInfo { hasNextPage endCursor } } } }"
)
FIRST_PAGE = (
    "query First($id: ID!, $n: Int!) { account(id: $id) { users(first: $n) { edges { role node { id email name } } "
    "pageInfo { hasNextPage endCursor } } } }"
)
LAST_PAGE = (
    "query Last($id: ID!, $n: Int!) { account(id: $id) { users(last: $n) { edges { role node { id email name } } "
    "pageInfo { hasPreviousPage startCursor } } } }"
)
FIND = (
    "query Find($id: ID!, $n: Int!, $text: String!) { account(id: $id) { users(first: $n, search: $text) { edges { role node { "
    "id email name } } pageInfo { hasNextPage endCursor } } } }"
)
COUNT = "query Count($id: ID!) { account(id: $id) { users(first: 1) { totalCount edges { node { id } } } } }"
FOUND = "query Found($id: ID!, $text: String!) { account(id: $id) { users(first: 1, search: $text) { totalCount edges { node { id } } } } }"
VIEWER = "query Viewer { viewer { user { id name email } accounts(first: 25) { edges { role node { id name } } } } }"
RESET = (
    "mutation Reset($user: ID!) { resetUserMfa(input: { userId: $user, reason: \"lost phone\" }) { __typename "
    "... on MfaResetRequested { mfaReset { id state expiresAt } } ... on ResetUserMfaRejected { reason } } }"
)
LOG_IN = (
    "mutation($email: String!, $password: String!) { logIn(input: { email: $email, password: $password }) { __typename "
    "... on MfaChallenge { challengeToken } ... on LogInRejected { reason } } }"
)
ACCEPT = "mutation Accept($token: String!) { acceptMfaReset(input: { token: $token }) { __typename ... on AcceptMfaResetRejected { reason } } }"
_ANSWER = (
    "mutation($token: String!, $code: String!) { answerMfaChallenge(input: { challengeToken: $token, code: $code }) { "
    "__typename ... on LoggedIn { sessionToken } } }"
)


def totp(secret, now=None):
    """The six digits of now (RFC 6238, SHA-1, 30 seconds)."""
    step = int((time.time() if now is None else now) // 30)
    digest = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at:at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


class Client:
    """One connection, kept open."""

    def __init__(self, url, token=None):
        self.at = urlparse(url)
        self.token = token
        self.connection = http.client.HTTPConnection(self.at.hostname, self.at.port, timeout=120)

    def post(self, query, variables=None):
        """The raw answer's status and body."""
        headers = {"content-type": "application/json", "accept": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        body = json.dumps({"query": query, "variables": variables or {}})
        self.connection.request("POST", "/graphql", body, headers)
        reply = self.connection.getresponse()
        return reply.status, reply.read()

    def ask(self, query, variables=None):
        """The data of an answer without errors."""
        status, body = self.post(query, variables)
        reply = json.loads(body)
        if status != 200 or reply.get("errors"):
            raise RuntimeError(f"{status}: {body[:500]!r}")
        return reply["data"]


def log_in(url, email):
    """A session token of a reader."""
    client = Client(url)
    for _ in range(2):
        given = client.ask(LOG_IN, {"email": email, "password": rows.READER_PASSWORD})["logIn"]
        if given["__typename"] != "MfaChallenge":
            raise RuntimeError(f"{email}: {given}")
        answer = {"token": given["challengeToken"], "code": totp(rows.READER_TOTP)}
        given = client.ask(_ANSWER, answer)["answerMfaChallenge"]
        if given["__typename"] == "LoggedIn":
            return given["sessionToken"]
        # A code counts once, and another run may have used it a moment ago: the next one comes within 30 seconds.
        time.sleep(30.5 - time.time() % 30)
    raise RuntimeError(f"{email}: {given}")


def readers(url, targets, count):
    """What each reader asks for: token, account, portfolio and the people whose reset may be asked for."""
    found = []
    with open(targets) as lines:
        wanted = [line.rstrip("\n").split("\t") for line in lines][:count]
    for email, account, *members in wanted:
        token = log_in(url, email)
        client = Client(url, token)
        viewer = client.ask(
            "{ viewer { accounts(first: 100) { edges { node { id name portfolio { id } } } } } }")["viewer"]
        node = next(edge["node"] for edge in viewer["accounts"]["edges"] if edge["node"]["name"] == account)
        big = next((edge["node"]["id"] for edge in viewer["accounts"]["edges"] if edge["node"]["name"] == "Big account"), None)
        people, after, wanted = [], None, set(members)
        while True:
            page = client.ask(
                "query($id: ID!, $after: String) { account(id: $id) { users(first: 100, after: $after) { edges { node { id "
                "email } } pageInfo { hasNextPage endCursor } } } }", {"id": node["id"], "after": after})["account"]["users"]
            people += [edge["node"]["id"] for edge in page["edges"] if edge["node"]["email"] in wanted]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        found.append({"email": email, "token": token, "account": node["id"], "portfolio": node["portfolio"]["id"],
                      "big": big, "people": people})
    return found
