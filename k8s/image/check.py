"""check.py IMAGE MONGOD SCRAPE: starts an image that buildah built as its own user on a read-only root, against a real mongod.

The mounted image becomes the root of a process in mount and process namespaces of its own, which is what a container is made
of; no engine is needed, root is. Checks: the user, no shell or other program, a root that cannot be written, migrate, serve,
/readyz, the web part, and an end by SIGTERM. What it measures is left in the file SCRAPE.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pymongo

BUILDAH = ["buildah", "--storage-driver", "vfs"]
LIBRARY = re.compile(r"(ld-linux-[\w-]+|lib[\w+-]+)\.so(\.\d+)*$")


def ran(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(what, look, patience=60):
    end = time.monotonic() + patience
    while True:
        try:
            found = look()
        except OSError:
            found = None
        if found:
            return found
        if time.monotonic() > end:
            raise SystemExit(f"image: {what}: not within {patience} seconds")
        time.sleep(0.1)


def demand(truth, what):
    if not truth:
        raise SystemExit(f"image: {what}")


def get(url):
    with urllib.request.urlopen(url, timeout=5) as reply:
        return reply.status, reply.read()


class Mongod:
    def __init__(self, binary, folder):
        self.port = free_port()
        self.process = subprocess.Popen([binary, "--dbpath", folder, "--port", str(self.port), "--bind_ip", "127.0.0.1", "--replSet",
                                         "rs0", "--wiredTigerCacheSizeGB", "0.25"], stdout=subprocess.DEVNULL)
        client = pymongo.MongoClient("127.0.0.1", self.port, directConnection=True)
        member = {"_id": 0, "host": f"127.0.0.1:{self.port}"}
        client.admin.command("replSetInitiate", {"_id": "rs0", "members": [member]})
        until("mongod becomes primary", lambda: client.admin.command("hello")["isWritablePrimary"])
        self.uri = f"mongodb://127.0.0.1:{self.port}/?replicaSet=rs0"

    def end(self):
        self.process.terminate()
        self.process.wait(60)


def inside(root, secrets, config, arguments, variables):
    """The image's own command line, as its own user, with nothing but its root (read only) and the secrets."""
    environment = dict(entry.split("=", 1) for entry in config["Env"]) | variables
    user = config["User"].split(":")
    set_up = 'mount --bind "$1" "$1" && mount --bind "$2" "$1/etc/latchkey" && mount --bind /proc "$1/proc" && mount -o remount,ro,bind "$1" && shift 2 && ' \
        'exec chroot --userspec="$1:$2" --groups= "$3" "${@:4}"'
    command = ["unshare", "--mount", "bash", "-c", set_up, "bash", str(root), str(secrets), *user, str(root), *config["Entrypoint"],
               *arguments]
    return subprocess.Popen(command, env=environment | {"PATH": os.environ["PATH"]}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def programs(root):
    return {str(path.relative_to(root)) for path in root.rglob("*")
            if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o111 and not LIBRARY.search(path.name)}


def check(root, config, mongod, folder, scrape):
    demand(config["User"] == "65532:65532", f"its user is {config.get('User')!r}")
    demand(programs(root) == {"usr/local/bin/latchkey"}, f"it holds other programs: {programs(root)}")
    demand(not any((root / name).exists() for name in ["bin/sh", "usr/bin/sh", "bin/bash", "bin/busybox"]), "it holds a shell")
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    binary = (root / "usr/local/bin/latchkey").stat().st_size

    secrets = Path(folder, "secrets")
    secrets.mkdir()
    # Where an engine mounts a Secret and /proc: it makes the folders itself, on its own copy, as is done here.
    for place in ["etc/latchkey", "proc"]:
        (root / place).mkdir()
    keys = ran(str(root / "usr/local/bin/latchkey"), "keys", "init", str(secrets / "keys.toml"))
    demand((secrets / "keys.toml").exists(), f"no keys were made: {keys}")
    (secrets / "mongodb-uri").write_text(mongod.uri)
    (secrets / "smtp-url").write_text("smtp://127.0.0.1:1")
    for path in [secrets, *secrets.iterdir()]:
        os.chown(path, 65532, 65532)
    port, metrics = free_port(), free_port()
    variables = {
        "LATCHKEY_METRICS_LISTEN": f"127.0.0.1:{metrics}",
        "LATCHKEY_MONGODB_URI_FILE": "/etc/latchkey/mongodb-uri",
        "LATCHKEY_SMTP_URL_FILE": "/etc/latchkey/smtp-url",
        "LATCHKEY_KEYS_FILE": "/etc/latchkey/keys.toml",
        "LATCHKEY_LISTEN": f"127.0.0.1:{port}",
        "LATCHKEY_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LATCHKEY_MAIL_FROM": "Example ID <no-reply@example.com>",
    }
    migrate = inside(root, secrets, config, ["migrate"], variables)
    output, _ = migrate.communicate(timeout=120)
    demand(migrate.returncode == 0, f"migrate failed: {output.decode()}")

    start = time.monotonic()
    serve = inside(root, secrets, config, config["Cmd"], variables)
    try:
        until("/readyz", lambda: serve.poll() is None and get(f"http://127.0.0.1:{port}/readyz")[0] == 200, 30)
        took = time.monotonic() - start
        status = Path(f"/proc/{serve.pid}/status").read_text()
        demand(re.search(r"^Uid:\s+65532\s+65532\s+65532\s+65532$", status, re.M), "it does not run as its own user")
        demand(re.search(r"^CapEff:\s+0+$", status, re.M), "it holds capabilities")
        mounts = Path(f"/proc/{serve.pid}/mountinfo").read_text().splitlines()
        own = [line.split() for line in mounts if line.split()[4] == "/"]
        demand(own and own[-1][5].split(",")[0] == "ro", "its root can be written")
        demand(b"<html" in get(f"http://127.0.0.1:{port}/")[1], "the web part is not served")
        Path(scrape).write_bytes(get(f"http://127.0.0.1:{metrics}/metrics")[1])
        serve.send_signal(signal.SIGTERM)
        demand(serve.wait(30) == 0, f"it ended with {serve.returncode}")
    finally:
        if serve.poll() is None:
            serve.kill()
            print(serve.communicate()[0].decode())
    print(f"image: {size / 1e6:.1f} MB unpacked, of it the gateway {binary / 1e6:.1f} MB; /readyz {took:.2f} s after the start")


def main(image, mongod_binary, scrape):
    config = json.loads(ran(*BUILDAH, "inspect", "--type", "image", image))["OCIv1"]["config"]
    container = ran(*BUILDAH, "from", "--pull-never", image)
    folder = tempfile.mkdtemp()
    mongod = None
    try:
        root = Path(ran(*BUILDAH, "mount", container))
        (Path(folder) / "db").mkdir()
        mongod = Mongod(mongod_binary, str(Path(folder) / "db"))
        check(root, config, mongod, folder, scrape)
    finally:
        if mongod:
            mongod.end()
        subprocess.run([*BUILDAH, "rm", container], stdout=subprocess.DEVNULL)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
