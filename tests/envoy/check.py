"""check.py LATCHKEY ENVOY: runs the very lines of docs/GATEWAY.md for Envoy, in a real Envoy in front of a real gateway.

`latchkey dev` brings MongoDB and demo people. The lines are changed only where they name addresses and the account.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

GUIDE = Path(__file__).resolve().parents[2] / "docs/GATEWAY.md"
# What the gateway reads of a client's own request when it is asked.
FORWARDED = {"authorization", "cookie", "sec-fetch-site", "user-agent", "x-forwarded-for", "x-request-id"}
TEMPLATE_ACCOUNT = "account_01jd0000000000000000000000"


def demand(truth, what):
    if not truth:
        raise SystemExit(f"envoy: {what}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def send(url, headers=(), body=None, method=None):
    request = urllib.request.Request(url, data=body and json.dumps(body).encode(), headers=dict(headers), method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, dict(reply.headers), reply.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def until(what, look):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            if look():
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"envoy: {what}: not in time")


class Echo(BaseHTTPRequestHandler):
    """The service behind: says with which headers it was asked."""

    def do_GET(self):
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


class Recorder(Echo):
    """In the place of the gateway: lets everybody through, and keeps what it was asked with."""

    asked_with = {}

    def do_GET(self):
        Recorder.asked_with = {name.lower(): value for name, value in self.headers.items()}
        super().do_GET()

    do_POST = do_GET


def configuration(port, gateway, app, account):
    """The guide's filters, whole, with what stands around them in any Envoy."""
    text = GUIDE.read_text().split("### Envoy", 1)[1]
    lines = re.search(r"```yaml\n(http_filters:.*?)```", text, re.S)[1]
    demand(TEMPLATE_ACCOUNT in lines and "http://latchkey:4000" in lines, "the guide's lines have changed their names")
    names = re.findall(r"exact: ([\w-]+)", lines.split("allowed_headers:", 1)[-1])
    # By name as well as by what arrives: Envoy 1.40 forwards `authorization` unasked, and the guide does not rely on that.
    demand(sorted(names) == sorted(FORWARDED), f"allowed_headers lists {sorted(names)}, and the gateway reads {sorted(FORWARDED)}")
    filters = yaml.safe_load(lines.replace(TEMPLATE_ACCOUNT, account).replace("latchkey:4000", f"127.0.0.1:{gateway}"))
    cluster = lambda name, to: {"name": name, "type": "STATIC", "connect_timeout": "2s", "load_assignment": {
        "cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {
            "socket_address": {"address": "127.0.0.1", "port_value": to}}}}]}]}}
    disabled = {"envoy.filters.http.ext_authz": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute", "disabled": True}}
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in", "http_filters": filters["http_filters"],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": "/app/"}, "route": {"cluster": "app"}, "request_headers_to_remove": ["authorization", "cookie"]},
            {"match": {"prefix": "/"}, "route": {"cluster": "latchkey"}, "typed_per_filter_config": disabled},
        ]}]},
    }
    listener = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}, "filter_chains": [
        {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}
    return {"static_resources": {"listeners": [listener], "clusters": [cluster("latchkey", gateway), cluster("app", app)]}}


def log_in(graphql, email, code=None):
    ask = lambda query, variables: json.loads(send(graphql, {"content-type": "application/json"}, {
        "query": query, "variables": variables})[2])["data"]
    reply = ask("""mutation($e: String!) { logIn(input: { email: $e, password: "lantern-orbit-seven-moss" }) {
        ... on LoggedIn { sessionToken } ... on MfaChallenge { challengeToken } } }""", {"e": email})["logIn"]
    if "challengeToken" in reply:
        reply = ask("""mutation($t: String!, $c: String!) { answerMfaChallenge(input: { challengeToken: $t, code: $c }) {
            ... on LoggedIn { sessionToken } } }""", {"t": reply["challengeToken"], "c": code})["answerMfaChallenge"]
    return reply["sessionToken"]


def totp(secret):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def check(envoy_url, gateway_url, code):
    admin = log_in(f"{gateway_url}/graphql", "adam@harbor.example", code)
    bearer = {"authorization": f"Bearer {admin}"}
    status, headers, _ = send(f"{envoy_url}/app/page")
    demand(status == 401, f"a stranger gets {status}")
    forged = {"latchkey-user-id": "me", "latchkey-account-role": "OWNER", "latchkey-require-account": "account_x"}
    status, _, body = send(f"{envoy_url}/app/page?x=1", bearer | forged)
    demand(status == 200, f"the Admin gets {status}: {body}")
    seen = json.loads(body)
    demand(seen["latchkey-user-id"].startswith("user_") and seen["latchkey-account-role"] == "ADMIN", f"the service sees {seen}")
    demand(seen["latchkey-mfa"] == "true" and "authorization" not in seen, f"the service sees {seen}")
    status, headers, _ = send(f"{envoy_url}/app/page", {"authorization": "Bearer lks_no"} | forged)
    demand(status == 401, f"a false session gets {status}")
    status, _, _ = send(f"{envoy_url}/app/x", bearer | {"content-type": "text/plain"}, {"a": 1}, "POST")
    demand(status == 200, f"a POST gets {status}")
    status, _, body = send(f"{envoy_url}/livez")
    demand((status, body) == (200, b"ok\n"), "the gateway itself is not reached through Envoy")
    send(f"{envoy_url}/graphql", bearer | {"content-type": "application/json"}, {"query": "mutation { logOut { __typename } }"})
    status, _, _ = send(f"{envoy_url}/app/page", bearer)
    demand(status == 401, f"after logging out: {status}")
    print("envoy: the guide's lines keep strangers out, let an Admin through and pass on who it is")


def check_forwarding(envoy_url):
    own = {name: f"the {name}" for name in FORWARDED} | {"x-forwarded-for": "192.0.2.7"}
    status, _, _ = send(f"{envoy_url}/app/page", own | {"latchkey-require-account": "account_x", "x-something": "else"})
    demand(status == 200, f"with everybody let through: {status}")
    got = Recorder.asked_with
    for name in FORWARDED:
        demand(got.get(name), f"the gateway is not asked with {name}: {got}")
    demand(got["cookie"] == "the cookie" and "192.0.2.7" in got["x-forwarded-for"], f"the gateway is asked with {got}")
    demand(got["latchkey-require-account"] != "account_x", "a client says what is required of it")
    demand("x-something" not in got, "the gateway is asked with headers that it does not read")
    print("envoy: the gateway is asked with what it reads of the request, and with nothing else of it")


def main(latchkey, envoy):
    with tempfile.TemporaryDirectory() as folder:
        gateway, front = free_port(), free_port()
        app = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        threading.Thread(target=app.serve_forever, daemon=True).start()
        log = open(Path(folder, "log"), "w+")
        dev = subprocess.Popen([latchkey, "dev"], cwd=folder, stdout=log, stderr=log,
                               env=os.environ | {"LATCHKEY_LISTEN": f"127.0.0.1:{gateway}",
                                                 "LATCHKEY_TOOLS_DIR": str(GUIDE.parents[1] / ".tools")})
        proxy = second = None
        try:
            until("latchkey dev is ready", lambda: send(f"http://127.0.0.1:{gateway}/readyz")[0] == 200)
            until("its demo people are told", lambda: "adam@harbor.example" in Path(folder, "log").read_text())
            told = Path(folder, "log").read_text()
            # A code is good once: one log-in is by TOTP, the other by a backup code.
            secret, backup = re.search(r"adam@harbor\.example.*?TOTP (\w+), now \d+; backup code (\S+)", told, re.S).groups()
            session = json.loads(send(f"http://127.0.0.1:{gateway}/graphql", {"content-type": "application/json", "authorization":
                f"Bearer {log_in(f'http://127.0.0.1:{gateway}/graphql', 'adam@harbor.example', totp(secret))}"},
                {"query": "{ viewer { accounts { edges { role node { id } } } } }"})[2])
            account = next(edge["node"]["id"] for edge in session["data"]["viewer"]["accounts"]["edges"] if edge["role"] == "ADMIN")
            Path(folder, "envoy.json").write_text(json.dumps(configuration(front, gateway, app.server_port, account)))
            proxy = subprocess.Popen([envoy, "-c", "envoy.json", "--log-level", "warning", "--use-dynamic-base-id"], cwd=folder)
            until("Envoy is ready", lambda: demand(proxy.poll() is None, "Envoy has ended") or
                  send(f"http://127.0.0.1:{front}/livez")[0] == 200)
            check(f"http://127.0.0.1:{front}", f"http://127.0.0.1:{gateway}", backup)
            recorder = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
            threading.Thread(target=recorder.serve_forever, daemon=True).start()
            again = free_port()
            Path(folder, "recorded.json").write_text(json.dumps(configuration(again, recorder.server_port, app.server_port, account)))
            second = subprocess.Popen([envoy, "-c", "recorded.json", "--log-level", "error", "--use-dynamic-base-id"], cwd=folder)
            until("the second Envoy is ready", lambda: demand(second.poll() is None, "Envoy has ended") or
                  send(f"http://127.0.0.1:{again}/livez")[0] == 200)
            check_forwarding(f"http://127.0.0.1:{again}")
        finally:
            for process in [second, proxy, dev]:
                if process:
                    process.send_signal(signal.SIGTERM)
                    process.wait(30)


if __name__ == "__main__":
    main(*sys.argv[1:])
