"""A real SMTP server for tests, on a free port of loopback or the one named. Keeps each mail as N.eml with its envelope in N.json.

usage: server.py FOLDER [--auth USER:PASSWORD] [--starttls | --tls] [--cert FILE --key FILE] [--no-smtputf8]
       [--port PORT]

Writes "listening PORT" once it is ready, and ends when its standard input is closed, so it never outlives its test.
What stands behind the last "+" of a recipient's local part, or all of it, is a fault to commit:

  fail450      450 to RCPT, each time             once450      450 to RCPT the first time, then taken
  fail550      550 to RCPT, repeating the address fail451data  451 to the message
  fail552data  552 to the message                 reject421    421 to RCPT, then the connection is closed
  hang         the message is never answered      drop         the connection is closed instead of an answer
  lost250      the mail is taken, but the connection is closed before saying so; the next time it is said
  slow         half a second before the message is answered
"""

import argparse
import asyncio
import collections
import json
import logging
import os
import ssl
import sys
import warnings

warnings.simplefilter("ignore")
logging.getLogger("mail.log").setLevel(logging.CRITICAL)

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword  # noqa: E402


class Handler:
    def __init__(self, folder, tls):
        self.folder = folder
        self.tls = tls
        self.count = 0
        self.seen = collections.Counter()
        self.connections = 0

    @staticmethod
    def fault(address):
        return address.rsplit("@", 1)[0].split("+")[-1]

    async def handle_RCPT(self, server, session, envelope, address, options):
        fault = self.fault(address)
        self.seen[address] += 1
        if fault == "fail450" or (fault == "once450" and self.seen[address] == 1):
            return "450 4.2.1 try later"
        if fault == "fail550":
            return f"550 5.1.1 <{address}> no such user"
        if fault == "reject421":
            asyncio.get_running_loop().call_later(0.1, server.transport.close)
            return "421 4.3.2 closing"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        address = envelope.rcpt_tos[0]
        fault = self.fault(address)
        if fault == "fail451data":
            return "451 4.3.0 try later"
        if fault == "fail552data":
            return "552 5.2.2 mailbox full"
        if fault == "hang":
            await asyncio.sleep(3600)
        if fault == "drop":
            server.transport.close()
            return "451 dropped"
        if fault == "slow":
            await asyncio.sleep(0.5)
        self.keep(session, envelope)
        if fault == "lost250" and self.seen[address] == 1:
            server.transport.close()
            return "451 lost"
        return "250 2.0.0 taken"

    def keep(self, session, envelope):
        self.count += 1
        name = os.path.join(self.folder, f"{self.count:06d}")
        if not hasattr(session, "number"):
            self.connections += 1
            session.number = self.connections
        about = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": self.tls or session.ssl is not None,
            "authenticated": bool(session.authenticated),
            "connection": session.number,
        }
        with open(name + ".json", "w", encoding="utf-8") as file:
            json.dump(about, file)
        # Readers look for .eml files, which appear whole.
        with open(name + ".part", "wb") as file:
            file.write(envelope.original_content)
        os.rename(name + ".part", name + ".eml")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--auth")
    parser.add_argument("--starttls", action="store_true")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--no-smtputf8", action="store_true")
    parser.add_argument("--port", type=int, default=0)
    return parser.parse_args()


async def main():
    options = arguments()
    handler = Handler(options.folder, options.tls)
    context = None
    if options.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)

    def authenticator(server, session, envelope, mechanism, data):
        user, password = options.auth.split(":", 1)
        right = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == (user, password)
        # Not handled: aiosmtpd itself answers with 535.
        return AuthResult(success=right, handled=False)

    def connection():
        return SMTP(
            handler,
            hostname="mail.example.test",
            enable_SMTPUTF8=not options.no_smtputf8,
            tls_context=context if options.starttls else None,
            require_starttls=options.starttls,
            authenticator=authenticator if options.auth else None,
            auth_required=bool(options.auth),
            auth_require_tls=options.starttls,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", options.port, ssl=context if options.tls else None)
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    os._exit(0)


asyncio.run(main())
