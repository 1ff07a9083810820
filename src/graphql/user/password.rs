//! Passwords: a new one against a mailed link, or against the current one.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject, Union};

use crate::domain::PasswordFault;
use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::guard::SignedIn;
use crate::rejection;
use crate::service::change_password::{ChangePassword, OwnPassword};
use crate::service::reset_password::{RequestPasswordReset, ResetPassword};

/// Whose password.
#[derive(InputObject)]
pub struct RequestPasswordResetInput {
    /// The e-mail address, compared without case.
    email: String,
}

/// If somebody has this address, a mail is on its way. The answer is the same in both cases.
#[derive(SimpleObject)]
pub struct PasswordResetRequested {
    /// Where the mail goes, as typed.
    email: String,
}

rejection! {
    /// No mail was sent.
    RequestPasswordResetRejected,
    /// Why a link cannot be asked for.
    RequestPasswordResetRejectionReason {
        /// Too many for this address or from this network; see `retryAt`. The links that were sent still work.
        TooManyAttempts => "Too many attempts. Use the link of the latest e-mail, or try again later.",
    }
}

/// What `requestPasswordReset` gives.
#[derive(Union)]
pub enum RequestPasswordResetResult {
    /// Asked.
    Requested(PasswordResetRequested),
    /// Refused.
    Rejected(RequestPasswordResetRejected),
}

/// The link's token and the new password.
#[derive(InputObject)]
pub struct ResetPasswordInput {
    /// The token of the link in the e-mail, 47 characters that begin with `lkp_`.
    #[graphql(secret)]
    token: String,
    /// The new password: at least 12 characters, at most 1024 bytes, not easy to guess.
    #[graphql(secret)]
    new_password: String,
}

/// The new password counts. All sessions have ended, and MFA is as it was: log in with both.
#[derive(SimpleObject)]
pub struct PasswordReset {
    /// Whose, with most of it hidden.
    masked_email: String,
}

rejection! {
    /// The password is unchanged, and so is the link.
    ResetPasswordRejected,
    /// Why a password cannot be reset. INVALID covers unknown, forged, used and void alike.
    ResetPasswordRejectionReason {
        /// The link is too old: an hour.
        Expired => "This link has expired. Ask for a new one.",
        /// The link is not valid, or not any more.
        Invalid => "This link is not valid, or not any more. Ask for a new one.",
        /// A reset of the user's MFA was asked for within the last 24 hours (or what the deployment says); see `retryAt`.
        Held => "A reset of your MFA was asked for a short while ago, so your password cannot be reset yet. Try again later.",
        /// Fewer than 12 characters.
        PasswordTooShort => "The password is too short. Use at least 12 characters.",
        /// More than 1024 bytes.
        PasswordTooLong => "The password is too long. Use at most 1024 bytes.",
        /// Too easy to guess for somebody who knows the user.
        PasswordTooGuessable => "The password is too easy to guess. Use a longer or a less usual one, without your name or address.",
    }
}

impl From<PasswordFault> for ResetPasswordRejectionReason {
    fn from(fault: PasswordFault) -> Self {
        match fault {
            PasswordFault::TooShort => Self::PasswordTooShort,
            PasswordFault::TooLong => Self::PasswordTooLong,
            PasswordFault::Guessable => Self::PasswordTooGuessable,
        }
    }
}

/// What `resetPassword` gives.
#[derive(Union)]
pub enum ResetPasswordResult {
    /// Done.
    Reset(PasswordReset),
    /// Refused.
    Rejected(ResetPasswordRejected),
}

/// The current password and the new one.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The current password.
    #[graphql(secret)]
    current_password: String,
    /// The new password: at least 12 characters, at most 1024 bytes, not easy to guess.
    #[graphql(secret)]
    new_password: String,
}

/// The new password counts. Every session but the one in use has ended.
#[derive(SimpleObject)]
pub struct PasswordChanged {
    /// How many sessions have ended.
    sessions_ended: i32,
}

rejection! {
    /// The password is unchanged.
    ChangePasswordRejected,
    /// Why a password cannot be changed.
    ChangePasswordRejectionReason {
        /// The current password is wrong.
        WrongPassword => "The current password is wrong.",
        /// Fewer than 12 characters.
        PasswordTooShort => "The password is too short. Use at least 12 characters.",
        /// More than 1024 bytes.
        PasswordTooLong => "The password is too long. Use at most 1024 bytes.",
        /// Too easy to guess for somebody who knows the user.
        PasswordTooGuessable => "The password is too easy to guess. Use a longer or a less usual one, without your name or address.",
        /// Too many wrong passwords; see `retryAt`.
        TooManyAttempts => "Too many wrong passwords. Try again later.",
    }
}

impl From<PasswordFault> for ChangePasswordRejectionReason {
    fn from(fault: PasswordFault) -> Self {
        match fault {
            PasswordFault::TooShort => Self::PasswordTooShort,
            PasswordFault::TooLong => Self::PasswordTooLong,
            PasswordFault::Guessable => Self::PasswordTooGuessable,
        }
    }
}

/// What `changePassword` gives.
#[derive(Union)]
pub enum ChangePasswordResult {
    /// Changed.
    Changed(PasswordChanged),
    /// Refused.
    Rejected(ChangePasswordRejected),
}

/// Mutations of passwords.
#[derive(Default)]
pub struct PasswordMutation;

#[Object]
impl PasswordMutation {
    /// Has a link to set a new password sent to an address, if somebody has it; whether somebody does is not told. Who
    /// may call: anybody.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose password.")] input: RequestPasswordResetInput,
    ) -> Result<RequestPasswordResetResult> {
        let request = request(ctx)?;
        let outcome = request.services.request_password_reset(&request.caller(), &input.email).await;
        Ok(match outcome.or_error(request)? {
            RequestPasswordReset::Requested => {
                RequestPasswordResetResult::Requested(PasswordResetRequested { email: input.email })
            }
            RequestPasswordReset::TooManyAttempts { retry_at } => {
                let reason = RequestPasswordResetRejectionReason::TooManyAttempts;
                RequestPasswordResetResult::Rejected(RequestPasswordResetRejected::until(reason, retry_at))
            }
        })
    }

    /// Sets a new password, ends all sessions, and verifies the address. Never touches MFA and never logs in. Held for 24
    /// hours (or what the deployment says) after a reset of the user's MFA was asked for. Who may call: anybody with the
    /// token of the e-mail; the token is the proof.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The link's token and the new password.")] input: ResetPasswordInput,
    ) -> Result<ResetPasswordResult> {
        let request = request(ctx)?;
        let caller = request.caller();
        let outcome = request.services.reset_password(&caller, &input.token, &input.new_password).await;
        use ResetPasswordRejectionReason as Reason;
        Ok(ResetPasswordResult::Rejected(match outcome.or_error(request)? {
            ResetPassword::Done { masked_email } => {
                return Ok(ResetPasswordResult::Reset(PasswordReset { masked_email }));
            }
            ResetPassword::Expired => Reason::Expired.into(),
            ResetPassword::Invalid => Reason::Invalid.into(),
            ResetPassword::Held { retry_at } => ResetPasswordRejected::until(Reason::Held, retry_at),
            ResetPassword::Password(fault) => Reason::from(fault).into(),
        }))
    }

    /// Changes the viewer's password, and ends every other session. Who may call: rule SignedIn, with the current
    /// password.
    #[graphql(guard = "SignedIn")]
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The current and the new password.")] input: ChangePasswordInput,
    ) -> Result<ChangePasswordResult> {
        let request = request(ctx)?;
        let caller = request.caller();
        let outcome =
            request.services.change_password(&caller, &input.current_password, &input.new_password).await;
        use ChangePasswordRejectionReason as Reason;
        Ok(ChangePasswordResult::Rejected(match outcome.or_error(request)? {
            ChangePassword::Changed { sessions_ended } => {
                let sessions_ended = i32::try_from(sessions_ended).unwrap_or(i32::MAX);
                return Ok(ChangePasswordResult::Changed(PasswordChanged { sessions_ended }));
            }
            ChangePassword::Password(fault) => Reason::from(fault).into(),
            ChangePassword::Refused(OwnPassword::Wrong) => Reason::WrongPassword.into(),
            ChangePassword::Refused(OwnPassword::TooManyAttempts(retry_at)) => {
                ChangePasswordRejected::until(Reason::TooManyAttempts, retry_at)
            }
        }))
    }
}
