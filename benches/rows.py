#!/usr/bin/env python3
"""Prints JSON Lines for `latchkey import`: a directory to measure with. The same arguments print the same rows.

    benches/rows.py 1000000 > rows.jsonl
    /usr/bin/time -v latchkey import rows.jsonl      # "Maximum resident set size" is the memory

People come in clusters of 10,000 with 1,000 accounts in 10 portfolios, so that a page of a directory of a million shows
as much as a page of one of ten thousand. People are in one to six accounts of their cluster; half of all places are in its
100 large accounts, about 180 people each. `--big N` adds one account of N people, with its own
Owner, of which every reader is an Admin.

Twenty readers log in: reader0@example.com is Admin of the first large account and Admin of every portfolio of the first
cluster, reader1 of the second, and so on. Their password is `READER_PASSWORD`, their TOTP secret `READER_TOTP`. All other
hashes are of the right shape and fit no password. `--targets FILE` writes one line a reader: its address, its
account's name, and the addresses of the people with MFA there whose reset it may ask for.
"""

import argparse
import base64
import random
import sys

READER_PASSWORD = "a reader of many pages"
READER_TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
READERS = 20
CLUSTER, ACCOUNTS, LARGE, PORTFOLIOS = 10_000, 1_000, 100, 10
ROLES = ["ADMIN", "MANAGER", "ANALYST", "CAMPAIGN_COORDINATOR", "CONTENT_CREATOR", "SUPPORT"]
FIRST = "Ana Ben Cid Dot Eva Fin Gus Hal Ida Jon Kim Lea Max Nia Oli Pia Quinn Rob Sue Tom Uma Vic Wim Xia Yan Zoe".split()


def b64(draw, count):
    return base64.b64encode(draw.randbytes(count)).decode().rstrip("=")


def person(out, draw, email, name, mfa):
    phc = f"$argon2id$v=19$m=19456,t=2,p=1${b64(draw, 16)}${b64(draw, 32)}"
    totp = f',"totpSecret":"{base64.b32encode(draw.randbytes(20)).decode()}"' if mfa else ""
    out.write(f'{{"kind":"user","email":"{email}","name":"{name}","passwordHash":"{phc}"{totp}}}\n')


def place(out, account, email, role):
    out.write(f'{{"kind":"accountUser","account":"{account}","email":"{email}","role":"{role}"}}\n')


def accounts_of(users):
    """How many accounts a cluster has, and how many of them are large; a part of a cluster has a part of them."""
    accounts = max(10, ACCOUNTS * users // CLUSTER)
    return accounts, max(1, accounts // 10)


def cluster(out, c, users, targets):
    draw = random.Random(f"latchkey {c}")
    first = c * CLUSTER
    accounts, large = accounts_of(users)
    for p in range(PORTFOLIOS):
        out.write(f'{{"kind":"portfolio","key":"p{c}-{p}","name":"Portfolio {c}-{p}"}}\n')
    for a in range(accounts):
        enforced = "true" if a % 3 == 0 else "false"
        out.write(
            f'{{"kind":"account","key":"a{c}-{a}","name":"Account {c}-{a}","portfolio":"p{c}-{a % PORTFOLIOS}",'
            f'"mfaEnforced":{enforced}}}\n')
    owned = [False] * accounts
    with_mfa = {a: [] for a in range(READERS)}
    for u in range(first, first + users):
        email = f"user{u}@example.com"
        mfa = draw.random() < 0.6
        person(out, draw, email, f"{draw.choice(FIRST)} {u}", mfa)
        mine = set()
        for _ in range(draw.randint(1, 6)):
            mine.add(draw.randrange(large) if draw.random() < 0.5 else large + draw.randrange(accounts - large))
        for a in sorted(mine):
            role = draw.choice(ROLES) if owned[a] else "OWNER"
            owned[a] = True
            place(out, f"a{c}-{a}", email, role)
            if c == 0 and mfa and role != "OWNER" and a in with_mfa:
                with_mfa[a].append(email)
    if c:
        return
    for r in range(min(READERS, large)):
        email = f"reader{r}@example.com"
        out.write(
            f'{{"kind":"user","email":"{email}","name":"Reader {r}","password":"{READER_PASSWORD}",'
            f'"totpSecret":"{READER_TOTP}"}}\n')
        place(out, f"a0-{r}", email, "ADMIN")
        for p in range(PORTFOLIOS):
            out.write(f'{{"kind":"portfolioUser","portfolio":"p0-{p}","email":"{email}","role":"ADMIN"}}\n')
        if targets:
            targets.write("\t".join([email, f"Account 0-{r}", *with_mfa[r]]) + "\n")


def big(out, count, readers):
    draw = random.Random("latchkey big")
    out.write('{"kind":"account","key":"big","name":"Big account"}\n')
    for u in range(count):
        email = f"big{u}@example.com"
        person(out, draw, email, f"{draw.choice(FIRST)} {u}", draw.random() < 0.6)
        place(out, "big", email, "OWNER" if u == 0 else draw.choice(ROLES))
    for r in range(readers):
        place(out, "big", f"reader{r}@example.com", "ADMIN")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("users", type=int, nargs="?", default=CLUSTER)
    parser.add_argument("--big", type=int, default=0, metavar="N")
    parser.add_argument("--targets", metavar="FILE")
    args = parser.parse_args()
    targets = open(args.targets, "w") if args.targets else None
    for c in range((args.users + CLUSTER - 1) // CLUSTER):
        cluster(sys.stdout, c, min(CLUSTER, args.users - c * CLUSTER), targets)
    if args.big:
        big(sys.stdout, args.big, min(READERS, accounts_of(min(CLUSTER, args.users))[1]))


if __name__ == "__main__":
    main()
