//! The first log-in from an unknown browser: a mailed code, and what the log-in goes on with.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject, Union};
use time::OffsetDateTime;

use super::mutation::{LoggedIn, MfaChallenge, MfaEnrollmentRequired};
use crate::crypto::Token;
use crate::graphql::context::request;
use crate::graphql::error::{OrError, internal};
use crate::graphql::scalar::DateTime;
use crate::rejection;
use crate::service::log_in::LogIn;
use crate::service::new_device::DeviceAnswer;

/// The password was right, and the browser is unknown: a code was mailed. It is no second factor; one that is set up is
/// asked for next.
#[derive(SimpleObject)]
pub struct DeviceChallenge {
    /// For `answerDeviceChallenge`; begins with `lkc_`.
    challenge_token: String,
    /// Where the mail goes, masked: a…a@e…e.com.
    masked_email: String,
    /// Until when: ten minutes.
    expires_at: DateTime,
}

impl DeviceChallenge {
    pub(super) fn new(token: &Token, masked_email: String, expires_at: OffsetDateTime) -> Self {
        Self { challenge_token: token.expose().to_owned(), masked_email, expires_at: expires_at.into() }
    }
}

/// The mailed code.
#[derive(InputObject)]
pub struct AnswerDeviceChallengeInput {
    /// The token of the challenge.
    challenge_token: String,
    /// The eight digits of the mail, with or without blanks.
    #[graphql(secret)]
    code: String,
    /// As in LogInInput: a device that is known for somebody else keeps its name.
    #[graphql(secret)]
    device_token: Option<String>,
}

rejection! {
    /// The device stays unknown.
    AnswerDeviceChallengeRejected,
    /// Why a code is refused.
    AnswerDeviceChallengeRejectionReason {
        /// The code is wrong.
        WrongCode => "The code is wrong. Use the code of the newest e-mail.",
        /// The challenge is unknown, used, or too old.
        ChallengeExpired => "This took too long. Log in again.",
        /// Five wrong codes for one challenge.
        TooManyAttempts => "Too many wrong codes. Log in again.",
    }
}

/// What `answerDeviceChallenge` gives.
#[derive(Union)]
pub enum AnswerDeviceChallengeResult {
    /// Done.
    LoggedIn(LoggedIn),
    /// A second factor is asked for.
    Challenge(MfaChallenge),
    /// MFA must be set up first.
    EnrollmentRequired(MfaEnrollmentRequired),
    /// Refused.
    Rejected(AnswerDeviceChallengeRejected),
}

/// Mutations of unknown browsers.
#[derive(Default)]
pub struct DeviceMutation;

#[Object]
impl DeviceMutation {
    /// Takes the code that was mailed for a log-in from an unknown browser, makes the browser known for 180 days, and goes
    /// on with the log-in. Another code is mailed by logging in again, five times an hour at most. A new password and an
    /// accepted MFA reset make every browser of a user unknown. Who may call: anybody with the challenge token.
    async fn answer_device_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: AnswerDeviceChallengeInput,
    ) -> Result<AnswerDeviceChallengeResult> {
        let request = request(ctx)?;
        let caller = request.caller();
        let device = request.device(input.device_token.as_deref());
        let outcome = request
            .services
            .answer_device_challenge(&caller, &input.challenge_token, &input.code, device)
            .await;
        use AnswerDeviceChallengeRejectionReason as Reason;
        use AnswerDeviceChallengeResult as Answer;
        let (device, then) = match outcome.or_error(request)? {
            DeviceAnswer::Known { device, then } => (*device, *then),
            DeviceAnswer::WrongCode => return Ok(Answer::Rejected(Reason::WrongCode.into())),
            DeviceAnswer::ChallengeExpired => return Ok(Answer::Rejected(Reason::ChallengeExpired.into())),
            DeviceAnswer::TooManyAttempts => return Ok(Answer::Rejected(Reason::TooManyAttempts.into())),
        };
        let device = request.keep_device(device);
        Ok(match then {
            LogIn::LoggedIn(new) => Answer::LoggedIn(LoggedIn::begin(request, *new).await?.on_device(device)),
            LogIn::Challenge { token, methods, expires_at } => {
                Answer::Challenge(MfaChallenge::new(&token, methods, expires_at, device))
            }
            LogIn::EnrollmentRequired { token, expires_at } => {
                Answer::EnrollmentRequired(MfaEnrollmentRequired::new(&token, expires_at, device))
            }
            LogIn::DeviceChallenge { .. }
            | LogIn::EmailNotVerified
            | LogIn::InvalidCredentials
            | LogIn::TooManyAttempts { .. } => {
                return Err(internal("a log-in went back a step", &caller.meta.request_id));
            }
        })
    }
}
