//! Setting MFA up.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject, Union};

use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::scalar::DateTime;
use crate::graphql::session::LoggedIn;
use crate::rejection;
use crate::service::enroll_totp::{BeginEnrollment, ConfirmEnrollment};

/// Who sets MFA up.
#[derive(InputObject)]
pub struct BeginTotpEnrollmentInput {
    /// Stands in for a session when log-in answered MfaEnrollmentRequired.
    enrollment_token: Option<String>,
}

/// A secret for an authenticator app. MFA is on once a code of it is confirmed.
#[derive(SimpleObject)]
pub struct TotpEnrollmentStarted {
    /// The secret in base 32, to type into the app.
    secret: String,
    /// The same as an otpauth:// URI.
    otpauth_uri: String,
    /// The same as a QR code: an SVG element.
    qr_code_svg: String,
    /// Until when a code of it can be confirmed: fifteen minutes.
    expires_at: DateTime,
}

rejection! {
    /// No secret was made.
    BeginTotpEnrollmentRejected,
    /// Why MFA cannot be set up now.
    BeginTotpEnrollmentRejectionReason {
        /// MFA is on already.
        MfaAlreadyEnabled => "MFA is on already.",
        /// The enrolment token is unknown, used, or too old.
        EnrollmentExpired => "This took too long. Log in again.",
    }
}

/// What `beginTotpEnrollment` gives.
#[derive(Union)]
pub enum BeginTotpEnrollmentResult {
    /// Begun.
    Started(TotpEnrollmentStarted),
    /// Refused.
    Rejected(BeginTotpEnrollmentRejected),
}

/// The first code of the new secret.
#[derive(InputObject)]
pub struct ConfirmTotpEnrollmentInput {
    /// The same token as for `beginTotpEnrollment`, where there was one.
    enrollment_token: Option<String>,
    /// The six digits that the app shows.
    #[graphql(secret)]
    code: String,
}

/// MFA is on.
#[derive(SimpleObject)]
pub struct TotpEnrolled {
    /// Ten codes for the day the app is gone; shown this once.
    backup_codes: Vec<String>,
    /// Set when enrolment completed a log-in.
    logged_in: Option<LoggedIn>,
}

rejection! {
    /// MFA is unchanged.
    ConfirmTotpEnrollmentRejected,
    /// Why a code does not turn MFA on.
    ConfirmTotpEnrollmentRejectionReason {
        /// The code is wrong.
        WrongCode => "The code is wrong. Check the clock of your device.",
        /// MFA is on already.
        MfaAlreadyEnabled => "MFA is on already.",
        /// Nothing waits for a code: begin again.
        EnrollmentExpired => "This took too long. Begin again.",
        /// Ten wrong codes: begin again.
        TooManyAttempts => "Too many wrong codes. Begin again.",
    }
}

/// What `confirmTotpEnrollment` gives.
#[derive(Union)]
pub enum ConfirmTotpEnrollmentResult {
    /// On.
    Enrolled(TotpEnrolled),
    /// Refused.
    Rejected(ConfirmTotpEnrollmentRejected),
}

/// Mutations that set MFA up.
#[derive(Default)]
pub struct EnrollMutation;

#[Object]
impl EnrollMutation {
    /// Makes a secret for an authenticator app; a newer one replaces it. Who may call: rule SignedIn, or anybody with an
    /// enrolment token.
    async fn begin_totp_enrollment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: BeginTotpEnrollmentInput,
    ) -> Result<BeginTotpEnrollmentResult> {
        let request = request(ctx)?;
        let token = input.enrollment_token.as_deref();
        let outcome = request.services.begin_totp_enrollment(&request.caller(), token).await;
        use BeginTotpEnrollmentRejectionReason as Reason;
        Ok(match outcome.or_error(request)? {
            BeginEnrollment::Started(started) => BeginTotpEnrollmentResult::Started(TotpEnrollmentStarted {
                secret: started.secret,
                otpauth_uri: started.otpauth_uri,
                qr_code_svg: started.qr_code_svg,
                expires_at: started.expires_at.into(),
            }),
            BeginEnrollment::AlreadyEnabled => {
                BeginTotpEnrollmentResult::Rejected(Reason::MfaAlreadyEnabled.into())
            }
            BeginEnrollment::EnrollmentExpired => {
                BeginTotpEnrollmentResult::Rejected(Reason::EnrollmentExpired.into())
            }
        })
    }

    /// Turns MFA on with the first code of the secret, and completes the log-in where there was an enrolment token. Who
    /// may call: rule SignedIn, or anybody with an enrolment token.
    async fn confirm_totp_enrollment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: ConfirmTotpEnrollmentInput,
    ) -> Result<ConfirmTotpEnrollmentResult> {
        let request = request(ctx)?;
        let token = input.enrollment_token.as_deref();
        let caller = request.caller();
        let outcome = request.services.confirm_totp_enrollment(&caller, token, &input.code).await;
        use ConfirmTotpEnrollmentRejectionReason as Reason;
        let reason = match outcome.or_error(request)? {
            ConfirmEnrollment::Enrolled { backup_codes, session } => {
                let logged_in = match session {
                    Some(new) => Some(LoggedIn::begin(request, *new).await?),
                    None => None,
                };
                let backup_codes = backup_codes.iter().map(|code| code.expose().to_owned()).collect();
                return Ok(ConfirmTotpEnrollmentResult::Enrolled(TotpEnrolled { backup_codes, logged_in }));
            }
            ConfirmEnrollment::WrongCode => Reason::WrongCode,
            ConfirmEnrollment::AlreadyEnabled => Reason::MfaAlreadyEnabled,
            ConfirmEnrollment::EnrollmentExpired => Reason::EnrollmentExpired,
            ConfirmEnrollment::TooManyAttempts => Reason::TooManyAttempts,
        };
        Ok(ConfirmTotpEnrollmentResult::Rejected(reason.into()))
    }
}
