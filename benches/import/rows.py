#!/usr/bin/env python3
"""Prints JSON Lines for `latchkey import`: users with prepared hashes, each in one account, accounts in portfolios.

    benches/import/rows.py 1000000 > rows.jsonl
    /usr/bin/time -v latchkey import rows.jsonl      # "Maximum resident set size" is the memory

The second argument is the number of accounts (default: one for 100 users). The same arguments print the same rows.
The hashes are of the right shape and fit no password.
"""

import base64
import random
import sys

users = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
accounts = int(sys.argv[2]) if len(sys.argv) > 2 else max(1, users // 100)
portfolios = max(1, accounts // 20)
draw = random.Random(7)
roles = ["ADMIN", "MANAGER", "ANALYST", "CAMPAIGN_COORDINATOR", "CONTENT_CREATOR", "SUPPORT"]
first = "Ana Ben Cid Dot Eva Fin Gus Hal Ida Jon Kim Lea Max Nia Oli Pia Quinn Rob Sue Tom Uma Vic Wim Xia Yan Zoe".split()
out = sys.stdout


def b64(count):
    return base64.b64encode(draw.randbytes(count)).decode().rstrip("=")


for p in range(portfolios):
    out.write(f'{{"kind":"portfolio","key":"p{p}","name":"Portfolio {p}"}}\n')
for a in range(accounts):
    enforced = "true" if a % 3 == 0 else "false"
    out.write(f'{{"kind":"account","key":"a{a}","name":"Account {a}","portfolio":"p{a % portfolios}","mfaEnforced":{enforced}}}\n')
for u in range(users):
    phc = f"$argon2id$v=19$m=19456,t=2,p=1${b64(16)}${b64(32)}"
    totp = f',"totpSecret":"{base64.b32encode(draw.randbytes(20)).decode()}"' if u % 2 else ""
    out.write(f'{{"kind":"user","email":"user{u}@example.com","name":"{draw.choice(first)} {u}","passwordHash":"{phc}"{totp}}}\n')
for u in range(users):
    role = "OWNER" if u < accounts else draw.choice(roles)
    out.write(f'{{"kind":"accountUser","account":"a{u % accounts}","email":"user{u}@example.com","role":"{role}"}}\n')
