"""Starts and stops what is measured, and reads what it costs."""

import http.client
import json
import os
import re
import signal
import subprocess
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(HERE)
HZ = os.sysconf("SC_CLK_TCK")
NAMES = ["latchkey", "floor", "yoga", "apollo", "mercurius"]
PORTS = {name: 41100 + at for at, name in enumerate(NAMES)}


def cpu(pid):
    """Seconds of processor time that a process has used."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / HZ


def memory(pid):
    """Resident memory in MB."""
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024


def build(given):
    """The release binary and the floor's, built unless they are given."""
    found = {name: os.path.abspath(path) for name, path in given.items() if path}
    target = os.path.join(ROOT, "target")
    for name, package in (("latchkey", ROOT), ("floor", os.path.join(HERE, "floor"))):
        if name in found:
            continue
        done = subprocess.run(["cargo", "build", "--release", "--locked", "--target-dir", target, "--message-format=json-render-diagnostics"],
                              cwd=package, check=True, stdout=subprocess.PIPE, text=True)
        for line in done.stdout.splitlines():
            message = json.loads(line)
            if message.get("executable"):
                found[message["target"]["name"]] = message["executable"]
    return found


class Mongod:
    """The embedded mongod, with data that is kept from run to run."""

    def __init__(self, latchkey, data):
        os.makedirs(data, exist_ok=True)
        self.process = subprocess.Popen([latchkey, "mongod", "--data", data], stdout=subprocess.PIPE, text=True, cwd=data)
        self.uri = self.process.stdout.readline().strip()
        self.pid = int(subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()[0])

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


class Server:
    """One server under measurement."""

    def __init__(self, name, binaries, mongod, database, keys, wrap=(), port=None, extra=None):
        self.name, self.port = name, port or PORTS[name]
        self.url = f"http://127.0.0.1:{self.port}"
        env = dict(os.environ, MONGO=mongod.uri, DB=database, PORT=str(self.port), POOL="64", NODE_ENV="production")
        cwd = HERE
        if name == "latchkey":
            env.update(
                LATCHKEY_MONGODB_URI=mongod.uri, LATCHKEY_MONGODB_DATABASE=database, LATCHKEY_KEYS_FILE=keys,
                LATCHKEY_LISTEN=f"127.0.0.1:{self.port}", LATCHKEY_PUBLIC_URL=self.url, LATCHKEY_LOG="warn",
                # One Owner asks for all resets.
                LATCHKEY_RESET_BURST="100000",
                # A run takes longer than five minutes, and asks for resets all along.
                LATCHKEY_STEP_UP_AGE="1h",
                # Nobody listens there: mail stays in the outbox.
                LATCHKEY_SMTP_URL="smtp://127.0.0.1:9", LATCHKEY_MAIL_FROM="Bench <bench@example.com>")
            command = [binaries["latchkey"], "serve"]
        elif name == "floor":
            command = [binaries["floor"]]
        else:
            command, cwd = ["node", f"{name}.mjs"], os.path.join(HERE, "peers")
        env.update(extra or {})
        self.started = time.perf_counter()
        self.process = subprocess.Popen([*wrap, *command], env=env, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.ready_ms = self._wait()

    def _wait(self):
        body, headers = '{"query":"{ __typename }"}', {"content-type": "application/json"}
        while time.perf_counter() - self.started < 180:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                connection.request("POST", "/graphql", body, headers)
                # The floor knows nothing of this question; that it answers is enough.
                connection.getresponse().read()
                return (time.perf_counter() - self.started) * 1000
            except OSError:
                time.sleep(0.002)
        raise RuntimeError(f"{self.name} does not answer")

    @property
    def pid(self):
        return self.process.pid

    def stop(self, how=signal.SIGINT):
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
