//! Logging in and out.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};
use time::OffsetDateTime;

use super::Viewer;
use super::device::DeviceChallenge;
use crate::crypto::Token;
use crate::domain;
use crate::domain::{Action, Actor, SignedIn as Person};
use crate::graphql::context::{RequestContext, SessionCarrier, SessionCookie, request};
use crate::graphql::error::{OrError, internal};
use crate::graphql::guard::InSession;
use crate::graphql::ids::parse_id;
use crate::graphql::scalar::DateTime;
use crate::rejection;
use crate::service::answer_mfa_challenge::ChallengeAnswer;
use crate::service::log_in::{LogIn, NewSession};

/// How a second factor is answered.
#[derive(async_graphql::Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::MfaMethod")]
pub enum MfaMethod {
    /// A six-digit code of an authenticator app.
    Totp,
    /// One of the ten codes shown at enrolment; each works once.
    BackupCode,
}

/// Who logs in.
#[derive(InputObject)]
pub struct LogInInput {
    /// The e-mail address, compared without case.
    email: String,
    /// The password.
    #[graphql(secret)]
    password: String,
    /// What names the client's device, as an earlier log-in gave it; begins with `lkd_`. A browser has a cookie for it.
    #[graphql(secret)]
    device_token: Option<String>,
}

/// A session has begun. `sessionToken` goes into `Authorization: Bearer`. A browser sends the header
/// `Latchkey-Session: cookie` with the log-in: then the session travels in an HttpOnly cookie and sessionToken is null,
/// so that no script ever holds it.
#[derive(SimpleObject)]
pub struct LoggedIn {
    /// Shown this once; null when the session travels in a cookie.
    session_token: Option<String>,
    /// What names the device from now on, for the next log-in; shown this once, where a mailed code made it known. Null when
    /// it travels in a cookie.
    device_token: Option<String>,
    /// The person who logged in.
    viewer: Viewer,
}

impl LoggedIn {
    /// Hands a new session to the client in the way it asked for, and makes its person the caller of what follows.
    pub async fn begin(request: &RequestContext, new: NewSession) -> Result<Self> {
        let NewSession { token, session } = new;
        let user_id = session.user_id;
        let actor = request.services.authenticate_again(session.id).await.or_error(request)?;
        let Some(actor @ (Actor::SignedIn(_) | Actor::Restricted(..))) = actor else {
            return Err(internal("a new session is gone", &request.caller().meta.request_id));
        };
        request.become_caller(actor);
        let session_token = match request.carrier {
            SessionCarrier::Bearer => Some(token.expose().to_owned()),
            SessionCarrier::Cookie => {
                request.change_cookie(SessionCookie::Set(token, session.expires_at));
                None
            }
        };
        Ok(Self { session_token, device_token: None, viewer: Viewer::new(user_id, session) })
    }

    /// The same, in a device that a mailed code has just made known.
    pub(super) fn on_device(self, device_token: Option<String>) -> Self {
        Self { device_token, ..self }
    }
}

/// The password was right; a second factor is asked for.
#[derive(SimpleObject)]
pub struct MfaChallenge {
    /// For `answerMfaChallenge`; begins with `lkc_`.
    challenge_token: String,
    /// How it can be answered.
    methods: Vec<MfaMethod>,
    /// Until when: five minutes.
    expires_at: DateTime,
    /// As in LoggedIn.
    device_token: Option<String>,
}

impl MfaChallenge {
    pub(super) fn new(
        token: &Token,
        methods: Vec<domain::MfaMethod>,
        expires_at: OffsetDateTime,
        device_token: Option<String>,
    ) -> Self {
        let methods = methods.into_iter().map(Into::into).collect();
        Self {
            challenge_token: token.expose().to_owned(),
            methods,
            expires_at: expires_at.into(),
            device_token,
        }
    }
}

/// The password was right; an account or portfolio enforces MFA, so it must be set up first.
#[derive(SimpleObject)]
pub struct MfaEnrollmentRequired {
    /// For `beginTotpEnrollment` and `confirmTotpEnrollment`; begins with `lke_`.
    enrollment_token: String,
    /// Until when: thirty minutes.
    expires_at: DateTime,
    /// As in LoggedIn.
    device_token: Option<String>,
}

impl MfaEnrollmentRequired {
    pub(super) fn new(token: &Token, expires_at: OffsetDateTime, device_token: Option<String>) -> Self {
        Self { enrollment_token: token.expose().to_owned(), expires_at: expires_at.into(), device_token }
    }
}

rejection! {
    /// No session has begun.
    LogInRejected,
    /// Why a log-in is refused.
    LogInRejectionReason {
        /// Unknown address or wrong password; which one is not told.
        InvalidCredentials => "The e-mail address or the password is wrong.",
        /// The address was never verified.
        EmailNotVerified => "Verify your e-mail address first: use the link in the e-mail we sent you.",
        /// Too many wrong passwords for this address or from this network; see `retryAt`.
        TooManyAttempts => "Too many attempts. Try again later.",
    }
}

/// What `logIn` gives.
#[derive(Union)]
pub enum LogInResult {
    /// Done.
    LoggedIn(LoggedIn),
    /// The browser is unknown: a mailed code is asked for. Only where the deployment wants it.
    DeviceChallenge(DeviceChallenge),
    /// A second factor is asked for.
    Challenge(MfaChallenge),
    /// MFA must be set up first.
    EnrollmentRequired(MfaEnrollmentRequired),
    /// Refused.
    Rejected(LogInRejected),
}

/// The answer to a challenge.
#[derive(InputObject)]
pub struct AnswerMfaChallengeInput {
    /// The token of the challenge.
    challenge_token: String,
    /// A TOTP code or a backup code.
    #[graphql(secret)]
    code: String,
}

rejection! {
    /// No session has begun.
    AnswerMfaChallengeRejected,
    /// Why an answer is refused.
    AnswerMfaChallengeRejectionReason {
        /// The code is wrong.
        WrongCode => "The code is wrong. Check the clock of your device, or use a backup code.",
        /// The code was right, and was used before: each works once.
        CodeAlreadyUsed => "This code was used already. Wait for the next one.",
        /// The challenge is unknown, used, or too old.
        ChallengeExpired => "This took too long. Log in again.",
        /// Five wrong codes for one challenge, or ten within 15 minutes; log in again, or wait until `retryAt`.
        TooManyAttempts => "Too many wrong codes. Log in again later.",
    }
}

/// What `answerMfaChallenge` gives.
#[derive(Union)]
pub enum AnswerMfaChallengeResult {
    /// Done.
    LoggedIn(LoggedIn),
    /// Refused.
    Rejected(AnswerMfaChallengeRejected),
}

/// The session has ended.
#[derive(SimpleObject)]
pub struct LoggedOut {
    /// Which session; not its token.
    session_id: ID,
}

/// What `logOut` gives; a caller without a session gets the error UNAUTHENTICATED.
#[derive(Union)]
pub enum LogOutResult {
    /// Done.
    LoggedOut(LoggedOut),
}

/// Which session to end.
#[derive(InputObject)]
pub struct RevokeSessionInput {
    /// One of the viewer's own sessions.
    session_id: ID,
}

/// The session has ended.
#[derive(SimpleObject)]
pub struct SessionRevoked {
    /// Which session; not its token.
    session_id: ID,
}

rejection! {
    /// No session has ended.
    RevokeSessionRejected,
    /// Why a session cannot be ended.
    RevokeSessionRejectionReason {
        /// It is not one of the viewer's live sessions.
        NoSuchSession => "This session has ended already.",
    }
}

/// What `revokeSession` gives.
#[derive(Union)]
pub enum RevokeSessionResult {
    /// Done.
    Revoked(SessionRevoked),
    /// Refused.
    Rejected(RevokeSessionRejected),
}

/// Every session of the viewer but the one in use has ended.
#[derive(SimpleObject)]
pub struct OtherSessionsRevoked {
    /// How many.
    count: i32,
}

/// What `revokeOtherSessions` gives; a caller without a session gets the error UNAUTHENTICATED.
#[derive(Union)]
pub enum RevokeOtherSessionsResult {
    /// Done.
    Revoked(OtherSessionsRevoked),
}

/// Mutations of log-ins and sessions.
#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Checks a password. Gives a session, or asks for a mailed code (from an unknown browser, where the deployment wants
    /// it), for the second factor, or for MFA to be set up first. Who may call: anybody.
    async fn log_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: LogInInput,
    ) -> Result<LogInResult> {
        let request = request(ctx)?;
        let device = request.device(input.device_token.as_deref());
        let outcome = request.services.log_in(&request.caller(), &input.email, &input.password, device).await;
        use LogInRejectionReason as Reason;
        Ok(match outcome.or_error(request)? {
            LogIn::LoggedIn(new) => LogInResult::LoggedIn(LoggedIn::begin(request, *new).await?),
            LogIn::DeviceChallenge { token, masked_email, expires_at } => {
                LogInResult::DeviceChallenge(DeviceChallenge::new(&token, masked_email, expires_at))
            }
            LogIn::Challenge { token, methods, expires_at } => {
                LogInResult::Challenge(MfaChallenge::new(&token, methods, expires_at, None))
            }
            LogIn::EnrollmentRequired { token, expires_at } => {
                LogInResult::EnrollmentRequired(MfaEnrollmentRequired::new(&token, expires_at, None))
            }
            LogIn::EmailNotVerified => LogInResult::Rejected(Reason::EmailNotVerified.into()),
            LogIn::InvalidCredentials => LogInResult::Rejected(Reason::InvalidCredentials.into()),
            LogIn::TooManyAttempts { retry_at } => {
                LogInResult::Rejected(LogInRejected::until(Reason::TooManyAttempts, retry_at))
            }
        })
    }

    /// Answers a challenge with a TOTP code or a backup code, and completes the log-in. Who may call: anybody with the
    /// challenge token.
    async fn answer_mfa_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: AnswerMfaChallengeInput,
    ) -> Result<AnswerMfaChallengeResult> {
        let request = request(ctx)?;
        let caller = request.caller();
        let outcome =
            request.services.answer_mfa_challenge(&caller, &input.challenge_token, &input.code).await;
        use AnswerMfaChallengeRejectionReason as Reason;
        Ok(AnswerMfaChallengeResult::Rejected(match outcome.or_error(request)? {
            ChallengeAnswer::LoggedIn(new) => {
                return Ok(AnswerMfaChallengeResult::LoggedIn(LoggedIn::begin(request, *new).await?));
            }
            ChallengeAnswer::WrongCode => Reason::WrongCode.into(),
            ChallengeAnswer::CodeAlreadyUsed => Reason::CodeAlreadyUsed.into(),
            ChallengeAnswer::ChallengeExpired => Reason::ChallengeExpired.into(),
            ChallengeAnswer::TooManyAttempts { retry_at: None } => Reason::TooManyAttempts.into(),
            ChallengeAnswer::TooManyAttempts { retry_at: Some(retry_at) } => {
                AnswerMfaChallengeRejected::until(Reason::TooManyAttempts, retry_at)
            }
        }))
    }

    /// Ends the session in use. Who may call: rule SignedIn, also without MFA where it is enforced.
    #[graphql(guard = "InSession(Action::EndOwnSessions)")]
    async fn log_out(&self, ctx: &Context<'_>) -> Result<LogOutResult> {
        let request = request(ctx)?;
        let id = request.services.log_out(&request.caller()).await.or_error(request)?;
        request.change_cookie(SessionCookie::Clear);
        Ok(LogOutResult::LoggedOut(LoggedOut { session_id: id.to_string().into() }))
    }

    /// Ends one of the viewer's own sessions. Who may call: rule SignedIn, also without MFA where it is enforced.
    #[graphql(guard = "InSession(Action::EndOwnSessions)")]
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: RevokeSessionInput,
    ) -> Result<RevokeSessionResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.session_id, "sessionId")?;
        let caller = request.caller();
        if !request.services.revoke_session(&caller, id).await.or_error(request)? {
            return Ok(RevokeSessionResult::Rejected(RevokeSessionRejectionReason::NoSuchSession.into()));
        }
        if caller.actor.present().is_some_and(|person: &std::sync::Arc<Person>| person.session.id == id) {
            request.change_cookie(SessionCookie::Clear);
        }
        Ok(RevokeSessionResult::Revoked(SessionRevoked { session_id: input.session_id }))
    }

    /// Ends every session of the viewer but the one in use. Who may call: rule SignedIn, also without MFA where it is
    /// enforced.
    #[graphql(guard = "InSession(Action::EndOwnSessions)")]
    async fn revoke_other_sessions(&self, ctx: &Context<'_>) -> Result<RevokeOtherSessionsResult> {
        let request = request(ctx)?;
        let count = request.services.revoke_other_sessions(&request.caller()).await.or_error(request)?;
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        Ok(RevokeOtherSessionsResult::Revoked(OtherSessionsRevoked { count }))
    }
}
