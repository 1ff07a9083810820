"""check.py LATCHKEY ENVOY TRAEFIK: runs the very lines of docs/GATEWAY.md for Envoy and for Traefik, in real ones in front of a
real gateway.

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
        raise SystemExit(f"proxies: {what}")


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
    raise SystemExit(f"proxies: {what}: not in time")


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


def envoy_configuration(port, gateway, app, account):
    """The guide's filters, whole, with what stands around them in any Envoy."""
    text = GUIDE.read_text().split("### Envoy", 1)[1]
    lines = re.search(r"```yaml\n(.*?http_filters:.*?)```", text, re.S)[1]
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
        "stat_prefix": "in", **filters,
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": "/app/"}, "route": {"cluster": "app"}, "request_headers_to_remove": ["authorization", "cookie"]},
            {"match": {"prefix": "/"}, "route": {"cluster": "latchkey"}, "typed_per_filter_config": disabled},
        ]}]},
    }
    listener = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}, "filter_chains": [
        {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}
    return {"static_resources": {"listeners": [listener], "clusters": [cluster("latchkey", gateway), cluster("app", app)]}}


def traefik_configuration(port, gateway, app, account):
    """The guide's lines, whole, and beside them the middleware with requirements that a comment of theirs names."""
    text = GUIDE.read_text().split("### Traefik", 1)[1]
    lines = re.search(r"```yaml\n(http:.*?)```", text, re.S)[1]
    wanted = re.search(r"# address: (http://latchkey:4000\S+)", lines)[1]
    demand(TEMPLATE_ACCOUNT in wanted and "http://app:3000" in lines, "the guide's lines have changed their names")
    here = lambda text: text.replace(TEMPLATE_ACCOUNT, account).replace("latchkey:4000", f"127.0.0.1:{gateway}").replace(
        "app:3000", f"127.0.0.1:{app}")
    lines = yaml.safe_load(here(lines))["http"]
    part = {"forwardAuth": lines["middlewares"]["latchkey"]["forwardAuth"] | {"address": here(wanted)}}
    lines["middlewares"]["latchkey-part"] = part
    lines["routers"]["part"] = {"rule": "Host(`example.com`) && PathPrefix(`/part/`)", "service": "app",
                                "middlewares": ["latchkey-part", "without-session"]}
    static = yaml.safe_load(re.search(r"```yaml\n(entryPoints:.*?)```", text, re.S)[1])
    static["entryPoints"]["web"]["address"] = f"127.0.0.1:{port}"
    static |= {"providers": {"file": {"filename": "guide.yaml"}}, "log": {"level": "ERROR"},
               "global": {"checkNewVersion": False, "sendAnonymousUsage": False}}
    return static, {"http": lines}


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


def check(name, front, part, gateway_url, admin):
    """What must hold behind either; `part` is where requirements are asked for."""
    named = {"host": "example.com"}
    bearer = named | {"authorization": f"Bearer {admin}"}
    status, _, _ = send(f"{front}{part}page", named)
    demand(status == 401, f"{name}: a stranger gets {status}")
    forged = {"latchkey-user-id": "me", "latchkey-account-role": "OWNER", "latchkey-require-account": "account_x",
              "latchkey_user_id": "me"}
    status, _, body = send(f"{front}{part}page?x=1", bearer | forged)
    demand(status == 200, f"{name}: the Admin gets {status}: {body}")
    seen = json.loads(body)
    demand(seen["latchkey-user-id"].startswith("user_") and seen["latchkey-account-role"] == "ADMIN", f"{name}: the service sees {seen}")
    demand(seen["latchkey-mfa"] == "true" and "authorization" not in seen, f"{name}: the service sees {seen}")
    demand("latchkey_user_id" not in seen, f"{name}: another name of a header reaches the service: {seen}")
    status, _, _ = send(f"{front}{part}page", named | {"authorization": "Bearer lks_no"} | forged)
    demand(status == 401, f"{name}: a false session gets {status}")
    # A browser: the cookie counts, does not reach the service, and not in a change that another site asks for.
    cookie = named | {"cookie": f"theme=dark; latchkey={admin}"}
    status, _, body = send(f"{front}{part}page", cookie)
    demand(status == 200 and admin not in body.decode(), f"{name}: by cookie {status}: {body}")
    status, _, _ = send(f"{front}{part}x", cookie | {"sec-fetch-site": "cross-site"}, {"a": 1}, "POST")
    demand(status == 403, f"{name}: a change from another site gets {status}")
    status, _, _ = send(f"{front}{part}x", bearer | {"content-type": "text/plain"}, {"a": 1}, "POST")
    demand(status == 200, f"{name}: a POST gets {status}")
    status, _, body = send(f"{front}/livez", named)
    demand((status, body) == (200, b"ok\n"), f"{name}: the gateway itself is not reached")
    logged_out = {"query": "mutation { logOut { __typename } }"}
    send(f"{front}/graphql", bearer | {"content-type": "application/json"}, logged_out)
    status, _, _ = send(f"{front}{part}page", bearer)
    demand(status == 401, f"{name}: after logging out: {status}")
    print(f"proxies: the guide's lines for {name} keep strangers out, let an Admin through and pass on who it is")


def check_forwarding(name, front, part, without_account):
    """`without_account`: in a part without requirements nothing is asked for, whatever a client says."""
    own = {name: f"the {name}" for name in FORWARDED} | {"x-forwarded-for": "192.0.2.7", "host": "example.com"}
    status, _, _ = send(f"{front}{part}page", own | {"latchkey-require-account": "account_x", "x-something": "else"})
    demand(status == 200, f"{name}: with everybody let through: {status}")
    got = Recorder.asked_with
    # Traefik believes nobody's X-Forwarded-For but its own unless it is told whose.
    expected = FORWARDED - ({"x-forwarded-for"} if without_account else set())
    for header in expected:
        demand(got.get(header), f"{name}: the gateway is not asked with {header}: {got}")
    demand(got["cookie"] == "the cookie", f"{name}: the gateway is asked with {got}")
    demand(without_account or "192.0.2.7" in got["x-forwarded-for"], f"{name}: the gateway is asked with {got}")
    demand(got.get("latchkey-require-account") != "account_x", f"{name}: a client says what is required of it")
    demand("x-something" not in got, f"{name}: the gateway is asked with headers that it does not read")
    print(f"proxies: {name} asks the gateway with what it reads of the request, and with nothing else of it")


def check_plain(front, session):
    """Traefik's middleware without requirements: who it is, and no account."""
    named = {"host": "example.com", "latchkey-account-role": "OWNER", "latchkey-account-id": "account_x"}
    status, _, _ = send(f"{front}/app/page", named)
    demand(status == 401, f"Traefik: a stranger gets {status}")
    status, _, body = send(f"{front}/app/page", named | {"authorization": f"Bearer {session}"})
    seen = json.loads(body) if status == 200 else {}
    demand(seen.get("latchkey-user-id", "").startswith("user_"), f"Traefik: {status}, the service sees {seen}")
    forged = [name for name in ["latchkey-account-role", "latchkey-account-id", "authorization", "cookie"] if seen.get(name)]
    demand(not forged, f"Traefik: what a client sent reaches the service: {forged}")


def main(latchkey, envoy, traefik):
    with tempfile.TemporaryDirectory() as folder:
        gateway, front, second = free_port(), free_port(), free_port()
        gateway_url = f"http://127.0.0.1:{gateway}"
        app = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        threading.Thread(target=app.serve_forever, daemon=True).start()
        log = open(Path(folder, "log"), "w+")
        dev = subprocess.Popen([latchkey, "dev"], cwd=folder, stdout=log, stderr=log,
                               env=os.environ | {"LATCHKEY_LISTEN": f"127.0.0.1:{gateway}",
                                                 "LATCHKEY_TOOLS_DIR": str(GUIDE.parents[1] / ".tools")})
        running = [dev]

        def start(name, command, url):
            process = subprocess.Popen(command, cwd=folder)
            running.insert(0, process)
            until(f"{name} is ready", lambda: demand(process.poll() is None, f"{name} has ended") or
                  send(f"{url}/livez", {"host": "example.com"})[0] == 200)

        try:
            until("latchkey dev is ready", lambda: send(f"{gateway_url}/readyz")[0] == 200)
            until("its demo people are told", lambda: "adam@harbor.example" in Path(folder, "log").read_text())
            told = Path(folder, "log").read_text()
            # A code is good once: one log-in is by TOTP, the other by a backup code.
            secret, backup = re.search(r"adam@harbor\.example.*?TOTP (\w+), now \d+; backup code (\S+)", told, re.S).groups()
            sessions = [log_in(f"{gateway_url}/graphql", "adam@harbor.example", code) for code in [totp(secret), backup]]
            asked = json.loads(send(f"{gateway_url}/graphql", {"content-type": "application/json", "authorization":
                f"Bearer {sessions[0]}"}, {"query": "{ viewer { accounts { edges { role node { id } } } } }"})[2])
            account = next(edge["node"]["id"] for edge in asked["data"]["viewer"]["accounts"]["edges"] if edge["role"] == "ADMIN")

            Path(folder, "envoy.json").write_text(json.dumps(envoy_configuration(front, gateway, app.server_port, account)))
            start("Envoy", [envoy, "-c", "envoy.json", "--log-level", "warning", "--use-dynamic-base-id"], f"http://127.0.0.1:{front}")
            # JSON is YAML, which is what Traefik takes.
            static, dynamic = traefik_configuration(second, gateway, app.server_port, account)
            Path(folder, "traefik.yaml").write_text(json.dumps(static))
            Path(folder, "guide.yaml").write_text(json.dumps(dynamic))
            start("Traefik", [traefik, "--configfile=traefik.yaml"], f"http://127.0.0.1:{second}")
            check_plain(f"http://127.0.0.1:{second}", sessions[1])
            recorder = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
            threading.Thread(target=recorder.serve_forever, daemon=True).start()
            third, fourth = free_port(), free_port()
            recorded = envoy_configuration(third, recorder.server_port, app.server_port, account)
            Path(folder, "recorded.json").write_text(json.dumps(recorded))
            start("the second Envoy", [envoy, "-c", "recorded.json", "--log-level", "error", "--use-dynamic-base-id"],
                  f"http://127.0.0.1:{third}")
            check_forwarding("Envoy", f"http://127.0.0.1:{third}", "/app/", False)
            static, dynamic = traefik_configuration(fourth, recorder.server_port, app.server_port, account)
            static["providers"]["file"]["filename"] = "recorded-guide.yaml"
            Path(folder, "recorded.yaml").write_text(json.dumps(static))
            Path(folder, "recorded-guide.yaml").write_text(json.dumps(dynamic))
            start("the second Traefik", [traefik, "--configfile=recorded.yaml"], f"http://127.0.0.1:{fourth}")
            check_forwarding("Traefik", f"http://127.0.0.1:{fourth}", "/app/", True)
            check("Envoy", f"http://127.0.0.1:{front}", "/app/", gateway_url, sessions[0])
            check("Traefik", f"http://127.0.0.1:{second}", "/part/", gateway_url, sessions[1])
        finally:
            for process in running:
                process.send_signal(signal.SIGTERM)
                process.wait(30)


if __name__ == "__main__":
    main(*sys.argv[1:])
