"""Databases of people, imported once and kept."""

import json
import os
import subprocess
import sys
import time

import servers

HERE = servers.HERE
DATA = os.path.join(HERE, ".data")
# On two cores some 3,000 people a second.
IMPORT_LIMIT = 3600


def log(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def keyring(latchkey, data=DATA):
    keys = os.path.join(data, "keys")
    if not os.path.exists(keys):
        subprocess.run([latchkey, "keys", "init", keys], check=True, stdout=subprocess.DEVNULL, timeout=60)
    return keys


def drop(mongod, database):
    """What an import left behind that did not end."""
    import pymongo

    with pymongo.MongoClient(mongod.uri, timeoutMS=60_000) as client:
        client.drop_database(database)


def seed(latchkey, mongod, users, big, data=DATA):
    """A database of so many people: its name, the readers, the keyring, and what the import took."""
    database, targets = f"bench_{users}_{big}", os.path.join(data, f"targets_{users}_{big}.tsv")
    keys = keyring(latchkey, data)
    env = dict(os.environ, LATCHKEY_MONGODB_URI=mongod.uri, LATCHKEY_MONGODB_DATABASE=database, LATCHKEY_KEYS_FILE=keys)
    done = targets + ".done"
    if os.path.exists(done):
        # Indexes of a newer gateway, if it has any.
        subprocess.run([latchkey, "migrate"], env=env, check=True, stdout=subprocess.DEVNULL, timeout=900)
    else:
        log(f"importing {users:,} people and an account of {big:,}")
        drop(mongod, database)
        rows = os.path.join(data, f"rows_{users}_{big}.jsonl")
        with open(rows, "w") as out:
            subprocess.run([sys.executable, os.path.join(HERE, "rows.py"), str(users), "--big", str(big), "--targets", targets],
                           stdout=out, check=True, timeout=IMPORT_LIMIT)
        started, mongod_before = time.perf_counter(), servers.cpu(mongod.pid)
        measured = servers.spawn([latchkey, "import", rows], env=env, stdout=sys.stderr)
        try:
            while not (ended := os.wait4(measured.pid, os.WNOHANG))[0]:
                if time.perf_counter() - started > IMPORT_LIMIT:
                    raise servers.TookTooLong(f"the import took more than {IMPORT_LIMIT} s")
                time.sleep(0.05)
        except BaseException:
            measured.kill()
            raise
        _, status, usage = ended
        # It is gone already; what Popen would wait for.
        measured.returncode = os.waitstatus_to_exitcode(status)
        if status:
            raise RuntimeError("the import failed")
        took = {"seconds": round(time.perf_counter() - started, 1), "peak_mb": round(usage.ru_maxrss / 1024, 1),
                "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1), "mongod_cpu_seconds": round(servers.cpu(mongod.pid) - mongod_before, 1)}
        os.remove(rows)
        with open(done, "w") as out:
            json.dump(took, out)
    with open(done) as found:
        return database, targets, keys, json.load(found)
