"""The main job: an Owner resets a person's MFA; the person accepts, logs in and sets MFA up again."""

import asyncio
import base64
import hashlib
import hmac
import os
import re
import time
from typing import TypeVar

import httpx

from latchkey_client.accept_mfa_reset import AcceptMfaResetAcceptMfaResetMfaResetAccepted
from latchkey_client.answer_mfa_challenge import AnswerMfaChallengeAnswerMfaChallengeLoggedIn
from latchkey_client.begin_totp_enrollment import (
    BeginTotpEnrollmentBeginTotpEnrollmentTotpEnrollmentStarted,
)
from latchkey_client.client import Latchkey
from latchkey_client.confirm_totp_enrollment import (
    ConfirmTotpEnrollmentConfirmTotpEnrollmentTotpEnrolled,
)
from latchkey_client.input_types import (
    AcceptMfaResetInput,
    AnswerMfaChallengeInput,
    BeginTotpEnrollmentInput,
    ConfirmTotpEnrollmentInput,
    LogInInput,
    ResetUserMfaInput,
)
from latchkey_client.log_in import LogInLogInMfaChallenge, LogInLogInMfaEnrollmentRequired
from latchkey_client.reset_user_mfa import ResetUserMfaResetUserMfaMfaResetRequested

URL = os.environ.get("LATCHKEY_URL", "http://127.0.0.1:4000")
OWNER = "olivia@harbor.example"
# A demo code, good for one run.
BACKUP_CODE = os.environ.get("LATCHKEY_BACKUP_CODE", "3ADB-CEC0-ZDVE-C9EE")
PERSON = "mina@harbor.example"
PASSWORD = "lantern-orbit-seven-moss"

Hoped = TypeVar("Hoped")


def expect(result: object, hoped: type[Hoped]) -> Hoped:
    """Narrows a result to the type that is hoped for; anything else is said and ends the program."""
    if not isinstance(result, hoped):
        raise SystemExit(f"expected {hoped.__name__}, got {result!r}")
    return result


def totp(secret: str) -> str:
    """The code that an authenticator app would show now (RFC 6238)."""
    counter = (int(time.time()) // 30).to_bytes(8, "big")
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 1_000_000:06}"


async def newest(http: httpx.AsyncClient) -> int:
    mails = (await http.get(f"{URL}/dev/mailbox.json")).json()
    return max((mail["number"] for mail in mails), default=0)


async def reset_token(http: httpx.AsyncClient, after: int) -> str:
    """The token of the newest mail: it stands in the link's fragment, which no server ever sees."""
    for _ in range(100):
        for mail in (await http.get(f"{URL}/dev/mailbox.json")).json():
            if (
                mail["number"] > after
                and PERSON in mail["recipient"]
                and mail["subject"] == "MFA reset request"
                and (found := re.search(r"#token=([\w-]+)", mail["text"]))
            ):
                return found.group(1)
        await asyncio.sleep(0.1)
    raise SystemExit("the mail does not come")


async def main() -> None:
    async with httpx.AsyncClient() as http, Latchkey(f"{URL}/graphql") as anybody:
        logged_in = await anybody.log_in(LogInInput(email=OWNER, password=PASSWORD))
        challenge = expect(logged_in.log_in, LogInLogInMfaChallenge).challenge_token
        answered = await anybody.answer_mfa_challenge(
            AnswerMfaChallengeInput(challenge_token=challenge, code=BACKUP_CODE)
        )
        session = expect(
            answered.answer_mfa_challenge, AnswerMfaChallengeAnswerMfaChallengeLoggedIn
        ).session_token

        async with Latchkey(f"{URL}/graphql", headers={"Authorization": f"Bearer {session}"}) as owner:
            viewer = (await owner.people(search=PERSON)).viewer
            if viewer is None:
                raise SystemExit("the session does not work")
            print(f"logged in as {viewer.user.name}")
            people = [
                person.node
                for account in viewer.accounts.edges
                if account.node.users
                for person in account.node.users.edges
            ]
            person = next(person for person in people if person.email == PERSON)
            if not person.mfa_reset_eligibility.allowed:
                raise SystemExit(f"not now: {person.mfa_reset_eligibility.reason}")

            seen = await newest(http)
            asked = await owner.reset_user_mfa(
                ResetUserMfaInput(user_id=person.id, reason="Lost the phone")
            )
            reset = expect(asked.reset_user_mfa, ResetUserMfaResetUserMfaMfaResetRequested).mfa_reset
            print(f"reset requested until {reset.expires_at:%Y-%m-%d %H:%M} UTC")

        token = await reset_token(http, seen)
        preview = (await anybody.mfa_reset_by_token(token=token)).mfa_reset_by_token
        if preview is None:
            raise SystemExit("the token of the mail is not genuine")
        print(f"{preview.requested_by_name} asked, for {preview.scope_name}")
        accepted = await anybody.accept_mfa_reset(AcceptMfaResetInput(token=token))
        expect(accepted.accept_mfa_reset, AcceptMfaResetAcceptMfaResetMfaResetAccepted)

        again = await anybody.log_in(LogInInput(email=PERSON, password=PASSWORD))
        enrollment = expect(again.log_in, LogInLogInMfaEnrollmentRequired).enrollment_token
        begun = await anybody.begin_totp_enrollment(
            BeginTotpEnrollmentInput(enrollment_token=enrollment)
        )
        started = expect(
            begun.begin_totp_enrollment, BeginTotpEnrollmentBeginTotpEnrollmentTotpEnrollmentStarted
        )
        confirmed = await anybody.confirm_totp_enrollment(
            ConfirmTotpEnrollmentInput(enrollment_token=enrollment, code=totp(started.secret))
        )
        enrolled = expect(
            confirmed.confirm_totp_enrollment,
            ConfirmTotpEnrollmentConfirmTotpEnrollmentTotpEnrolled,
        )
        print(f"back in, with {len(enrolled.backup_codes)} backup codes")


asyncio.run(main())
