//! The main job: an Owner resets a person's MFA; the person accepts, logs in and sets MFA up again.

// Inputs end in `..Default::default()` even where they are complete: a later schema may add optional fields.
#![allow(clippy::needless_update)]

mod gateway;
mod operations;

use std::{thread::sleep, time::Duration};

use anyhow::{Context as _, bail};
use gateway::Gateway;
use operations::*;
use totp_rs::{Builder, Secret};

const OWNER: &str = "olivia@harbor.example";
/// A demo code, good for one run.
const BACKUP_CODE: &str = "C6R2-QYE8-MY97-5MT2";
const PERSON: &str = "mina@harbor.example";
const PASSWORD: &str = "lantern-orbit-seven-moss";

fn main() -> anyhow::Result<()> {
    let url = std::env::var("LATCHKEY_URL").unwrap_or_else(|_| "http://127.0.0.1:4000".to_owned());
    let anybody = Gateway::new(url);

    let challenge = match log_in_as(&anybody, OWNER)? {
        log_in::LogInLogIn::MfaChallenge(challenge) => challenge.challenge_token,
        other => bail!("expected a challenge, got {other:?}"),
    };
    let code = std::env::var("LATCHKEY_BACKUP_CODE").unwrap_or_else(|_| BACKUP_CODE.to_owned());
    let input = answer_mfa_challenge::AnswerMfaChallengeInput {
        challenge_token: challenge,
        code,
        ..Default::default()
    };
    let answered = anybody.run::<AnswerMfaChallenge>(answer_mfa_challenge::Variables { input })?;
    let owner = match answered.answer_mfa_challenge {
        answer_mfa_challenge::AnswerMfaChallengeAnswerMfaChallenge::LoggedIn(done) => {
            anybody.signed_in(done.session_token.context("no session")?)
        }
        other => bail!("expected a session, got {other:?}"),
    };
    let viewer =
        owner.run::<People>(people::Variables { search: PERSON.to_owned() })?.viewer.context("signed out")?;
    println!("logged in as {}", viewer.user.name);
    let person = viewer
        .accounts
        .edges
        .into_iter()
        .filter_map(|account| account.node.users)
        .flat_map(|users| users.edges)
        .map(|edge| edge.node)
        .find(|node| node.email == PERSON)
        .context("nobody of that address")?;
    if !person.mfa_reset_eligibility.allowed {
        bail!("not now: {:?}", person.mfa_reset_eligibility.reason);
    }

    let seen = anybody.mailbox()?.iter().map(|mail| mail.number).max().unwrap_or(0);
    let input = reset_user_mfa::ResetUserMfaInput {
        user_id: person.id,
        reason: Some("Lost the phone".to_owned()),
        ..Default::default()
    };
    match owner.run::<ResetUserMfa>(reset_user_mfa::Variables { input })?.reset_user_mfa {
        reset_user_mfa::ResetUserMfaResetUserMfa::MfaResetRequested(asked) => {
            println!("reset requested until {}", asked.mfa_reset.expires_at);
        }
        other => bail!("expected a reset, got {other:?}"),
    }

    let token = reset_token(&anybody, seen)?;
    let preview = anybody
        .run::<MfaResetByToken>(mfa_reset_by_token::Variables { token: token.clone() })?
        .mfa_reset_by_token
        .context("the token of the mail is not genuine")?;
    println!("{} asked, for {}", preview.requested_by_name, preview.scope_name);
    let input = accept_mfa_reset::AcceptMfaResetInput { token, ..Default::default() };
    let accepted = anybody.run::<AcceptMfaReset>(accept_mfa_reset::Variables { input })?.accept_mfa_reset;
    if !matches!(accepted, accept_mfa_reset::AcceptMfaResetAcceptMfaReset::MfaResetAccepted(_)) {
        bail!("expected it to be accepted, got {accepted:?}");
    }

    let enrollment_token = match log_in_as(&anybody, PERSON)? {
        log_in::LogInLogIn::MfaEnrollmentRequired(required) => Some(required.enrollment_token),
        other => bail!("expected to be asked to set MFA up, got {other:?}"),
    };
    let codes = set_mfa_up(&anybody, enrollment_token)?;
    println!("back in, with {} backup codes", codes.len());
    Ok(())
}

fn log_in_as(gateway: &Gateway, email: &str) -> anyhow::Result<log_in::LogInLogIn> {
    let input =
        log_in::LogInInput { email: email.to_owned(), password: PASSWORD.to_owned(), ..Default::default() };
    Ok(gateway.run::<LogIn>(log_in::Variables { input })?.log_in)
}

/// The token of the newest mail: it stands in the link's fragment, which no server ever sees.
fn reset_token(gateway: &Gateway, after: u64) -> anyhow::Result<String> {
    for _ in 0..100 {
        let mails = gateway.mailbox()?;
        let mail = mails.iter().find(|mail| {
            mail.number > after && mail.recipient.contains(PERSON) && mail.subject == "MFA reset request"
        });
        if let Some((_, rest)) = mail.and_then(|mail| mail.text.split_once("#token=")) {
            return Ok(rest.split_whitespace().next().unwrap_or_default().to_owned());
        }
        sleep(Duration::from_millis(100));
    }
    bail!("the mail does not come")
}

fn set_mfa_up(gateway: &Gateway, enrollment_token: Option<String>) -> anyhow::Result<Vec<String>> {
    use begin_totp_enrollment::BeginTotpEnrollmentBeginTotpEnrollment as Begun;
    use confirm_totp_enrollment::ConfirmTotpEnrollmentConfirmTotpEnrollment as Confirmed;

    let input = begin_totp_enrollment::BeginTotpEnrollmentInput {
        enrollment_token: enrollment_token.clone(),
        ..Default::default()
    };
    let begun =
        gateway.run::<BeginTotpEnrollment>(begin_totp_enrollment::Variables { input })?.begin_totp_enrollment;
    let Begun::TotpEnrollmentStarted(started) = begun else { bail!("expected a secret, got {begun:?}") };

    let secret = Secret::try_from_base32(started.secret)?;
    let code = Builder::new().with_secret(secret).build()?.generate_current().to_string();
    let input =
        confirm_totp_enrollment::ConfirmTotpEnrollmentInput { enrollment_token, code, ..Default::default() };
    let confirmed = gateway.run::<ConfirmTotpEnrollment>(confirm_totp_enrollment::Variables { input })?;
    match confirmed.confirm_totp_enrollment {
        Confirmed::TotpEnrolled(enrolled) => Ok(enrolled.backup_codes),
        other => bail!("expected MFA to be on, got {other:?}"),
    }
}
