"""Starts and stops what is measured, and reads what it costs."""

import contextlib
import ctypes
import glob
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(HERE)
HZ = os.sysconf("SC_CLK_TCK")
NAMES = ["latchkey", "floor", "yoga", "apollo", "mercurius"]
PACKAGES = {"latchkey": ROOT, "floor": os.path.join(HERE, "floor"), "hashes": os.path.join(HERE, "hashes")}
PR_SET_PDEATHSIG = 1


class TookTooLong(Exception):
    """Not an OSError, which callers take for a server that is not there yet."""


@contextlib.contextmanager
def at_most(seconds, what):
    """Ends what is inside by an exception when it takes longer. Not to be nested."""

    def ring(*_):
        raise TookTooLong(f"{what} took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def die_with_parent():
    """In a child: ends it when whoever measures is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def spawn(command, **kind):
    """A process of our own: Ctrl-C reaches us alone, and we end the rest in order."""
    return subprocess.Popen(command, start_new_session=True, preexec_fn=die_with_parent, **kind)


def end(process, how=signal.SIGINT, seconds=20):
    """Ends a process that we started; by force when it takes too long."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu(pid):
    """Seconds of processor time that a process has used."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / HZ


def memory(pid, what="VmRSS"):
    """Resident memory in MB; the most there was with VmHWM."""
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(what + r":\s+(\d+)", status.read()).group(1)) / 1024


def children(pid):
    found = []
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        with open(path) as file:
            found += [int(child) for child in file.read().split()]
    return found


def build(given):
    """The release binary, and the others' that are asked for, built unless they are given."""
    found = {name: os.path.abspath(path) for name, path in given.items() if path}
    for name, path in found.items():
        if not os.access(path, os.X_OK):
            raise SystemExit(f"{name}: {path} is no program")
    target = os.path.join(ROOT, "target")
    for name in given:
        if name in found:
            continue
        done = subprocess.run(["cargo", "build", "--release", "--locked", "--target-dir", target, "--message-format=json-render-diagnostics"],
                              cwd=PACKAGES[name], check=True, stdout=subprocess.PIPE, text=True)
        for line in done.stdout.splitlines():
            message = json.loads(line)
            if message.get("executable") and message["target"]["name"] == name:
                found[name] = message["executable"]
    return found


class Mongod:
    """The embedded mongod, with data that is kept from run to run."""

    def __init__(self, latchkey, data, cache=None):
        os.makedirs(data, exist_ok=True)
        env = dict(os.environ)
        env.setdefault("LATCHKEY_TOOLS_DIR", os.path.join(ROOT, ".tools"))
        self.process = spawn([latchkey, "mongod", "--data", data], env=env, stdout=subprocess.PIPE, text=True, cwd=data)
        try:
            with at_most(300, "the start of mongod"):
                self.uri = self.process.stdout.readline().strip()
            if not self.uri:
                raise RuntimeError(f"mongod does not start; its log is in {data}")
            self.pid = self._find(self.process.pid)
            if cache:
                self._cache(cache)
        except BaseException:
            end(self.process)
            raise

    def _cache(self, size):
        """More than the quarter of a gigabyte that `latchkey dev` is content with: data in memory, as a real server has it."""
        import pymongo

        with pymongo.MongoClient(self.uri, timeoutMS=60_000) as client:
            client.admin.command("setParameter", 1, wiredTigerEngineRuntimeConfig=f"cache_size={size}")

    def _find(self, pid):
        for child in children(pid):
            with open(f"/proc/{child}/comm") as comm:
                if comm.read().startswith("mongod"):
                    return child
            if (found := self._find(child)) is not None:
                return found
        return None

    def stop(self):
        end(self.process, seconds=60)


class Tarpit:
    """A mail server that takes connections and says nothing. So the mail worker holds the few mails that it sends at a time,
    and what is measured is a request, not mail."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"smtp://127.0.0.1:{self.socket.getsockname()[1]}"


TARPIT = Tarpit()


class Server:
    """One server under measurement."""

    def __init__(self, name, binaries, mongod, database, keys, wrap=(), port=None, extra=None, log=None):
        self.name, self.port = name, port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log or os.devnull
        env = dict(os.environ, MONGO=mongod.uri, DB=database, PORT=str(self.port), POOL="64", NODE_ENV="production")
        cwd = HERE
        if name == "latchkey":
            env.update(
                LATCHKEY_MONGODB_URI=mongod.uri, LATCHKEY_MONGODB_DATABASE=database, LATCHKEY_KEYS_FILE=keys,
                LATCHKEY_LISTEN=f"127.0.0.1:{self.port}", LATCHKEY_PUBLIC_URL=self.url, LATCHKEY_LOG="warn",
                # Twenty people ask for all resets, from one address.
                LATCHKEY_RESET_BURST="100000",
                # A run takes longer than five minutes, and asks for resets all along.
                LATCHKEY_STEP_UP_AGE="1h",
                LATCHKEY_SMTP_URL=TARPIT.url, LATCHKEY_MAIL_FROM="Bench <bench@example.com>", LATCHKEY_SHUTDOWN_GRACE="1s")
            command = [binaries["latchkey"], "serve"]
        elif name == "floor":
            command = [binaries["floor"]]
        else:
            command, cwd = ["node", f"{name}.mjs"], os.path.join(HERE, "peers")
        env.update(extra or {})
        with open(self.log, "ab") as out:
            self.started = time.perf_counter()
            self.process = spawn([*wrap, *command], env=env, cwd=cwd, stdout=out, stderr=out)
        try:
            self.ready_ms = self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self):
        body, headers = '{"query":"{ __typename }"}', {"content-type": "application/json"}
        while time.perf_counter() - self.started < 120:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}: {self.last_words()}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                connection.request("POST", "/graphql", body, headers)
                # The floor knows nothing of this question; that it answers is enough.
                connection.getresponse().read()
                return (time.perf_counter() - self.started) * 1000
            except OSError:
                time.sleep(0.002)
        raise RuntimeError(f"{self.name} does not answer: {self.last_words()}")

    def last_words(self):
        if self.log == os.devnull:
            return "(no log)"
        with open(self.log, errors="replace") as file:
            return file.read()[-500:]

    @property
    def pid(self):
        return self.process.pid

    def runs(self):
        return self.process.poll() is None

    def stop(self, how=signal.SIGINT):
        end(self.process, how)
