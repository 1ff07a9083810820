//! The three steps of a recovery: asked for, confirmed, stopped. All of them signed out.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject, Union};

use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::scalar::DateTime;
use crate::rejection;
use crate::service::confirm_recovery::ConfirmRecovery;
use crate::service::file_reset::CannotAsk;
use crate::service::request_recovery::RequestRecovery;
use crate::service::stop_recovery::StopRecovery;

/// Who is locked out.
#[derive(InputObject)]
pub struct RequestRecoveryInput {
    /// The e-mail address, compared without case.
    email: String,
}

/// If this is the address of an Owner with recovery contacts, they are asked by mail, and the Owner is told. The answer is the
/// same in all cases.
#[derive(SimpleObject)]
pub struct RecoveryRequested {
    /// The address, as typed.
    email: String,
}

rejection! {
    /// Nobody was asked.
    RequestRecoveryRejected,
    /// Why nobody can be asked.
    RequestRecoveryRejectionReason {
        /// Too many for this address or from this network; see `retryAt`.
        TooManyAttempts => "Too many attempts. Your contacts may have been asked already; try again later.",
    }
}

/// What `requestRecovery` gives.
#[derive(Union)]
pub enum RequestRecoveryResult {
    /// Asked.
    Requested(RecoveryRequested),
    /// Refused.
    Rejected(RequestRecoveryRejected),
}

/// The link's token.
#[derive(InputObject)]
pub struct ConfirmRecoveryInput {
    /// The token of the link in the e-mail, 47 characters that begin with `lkn_`.
    #[graphql(secret)]
    token: String,
}

/// The confirmation counts.
#[derive(SimpleObject)]
pub struct RecoveryConfirmed {
    /// Whether it was enough: a reset was asked for, and waits for the Owner, or for whoever approves it where a policy asks
    /// for that. MFA stays on until the Owner accepts.
    complete: bool,
}

rejection! {
    /// The confirmation does not count.
    ConfirmRecoveryRejected,
    /// Why a recovery cannot be confirmed. INVALID covers unknown, forged and stopped alike, and what two others confirmed.
    ConfirmRecoveryRejectionReason {
        /// The link is too old: 24 hours.
        Expired => "This link has expired. The Owner has to ask again.",
        /// The link is not valid, or not any more.
        Invalid => "This link is not valid, or not any more. There is nothing left for you to confirm.",
        /// This contact has confirmed.
        AlreadyConfirmed => "You have confirmed already. There is nothing left for you to do.",
        /// This contact does not count: not a contact of the account any more; or, see `retryAt`, their address, password or MFA
        /// changed or was attacked a short while ago.
        NotCounted => "Your word does not count at the moment: you are not a recovery contact any more, or your own address, password or MFA changed a short while ago. Another contact has to confirm.",
        /// The Owner has no MFA to reset.
        MfaNotEnabled => "The Owner has no MFA, so there is nothing to reset: the password is enough to log in.",
        /// The Owner said "this wasn't me" to a reset a short while ago; see `retryAt`.
        Frozen => "The Owner answered \"This wasn't me\" to a reset a short while ago, so nobody can ask for another one yet. Try again later.",
        /// The Owner's e-mail address or password changed a short while ago; see `retryAt`.
        Held => "The Owner's e-mail address or password changed a short while ago, so their MFA cannot be reset yet. Try again later.",
        /// Five resets of the Owner were asked for within an hour; see `retryAt`.
        TooManyResets => "Too many resets of the Owner were asked for lately. Try again later.",
    }
}

/// What `confirmRecovery` gives.
#[derive(Union)]
pub enum ConfirmRecoveryResult {
    /// It counts.
    Confirmed(RecoveryConfirmed),
    /// Refused.
    Rejected(ConfirmRecoveryRejected),
}

/// The link's token.
#[derive(InputObject)]
pub struct StopRecoveryInput {
    /// The token of the link in the e-mail, 47 characters that begin with `lkx_`.
    #[graphql(secret)]
    token: String,
}

/// Nothing comes of the recovery, and for 24 hours (or what the deployment says) the contacts are not asked again.
#[derive(SimpleObject)]
pub struct RecoveryStopped {
    /// True.
    stopped: bool,
}

rejection! {
    /// Nothing was stopped.
    StopRecoveryRejected,
    /// Why a recovery cannot be stopped. INVALID covers unknown, forged and stopped alike, and where the reset that came of it
    /// was answered.
    StopRecoveryRejectionReason {
        /// The link is too old: 24 hours.
        Expired => "This link has expired, and so has the recovery.",
        /// The link is not valid, or not any more.
        Invalid => "This link is not valid, or not any more. If a reset was mailed to you, answer that.",
    }
}

/// What `stopRecovery` gives.
#[derive(Union)]
pub enum StopRecoveryResult {
    /// Stopped.
    Stopped(RecoveryStopped),
    /// Refused.
    Rejected(StopRecoveryRejected),
}

/// Mutations of recoveries.
#[derive(Default)]
pub struct RecoveryMutation;

#[Object]
impl RecoveryMutation {
    /// Has the recovery contacts asked of an Owner who is locked out, if this is the address of one; whether it is, is not
    /// told. MFA stays on. Who may call: anybody.
    async fn request_recovery(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who is locked out.")] input: RequestRecoveryInput,
    ) -> Result<RequestRecoveryResult> {
        let request = request(ctx)?;
        let outcome = request.services.request_recovery(&request.caller(), &input.email).await;
        Ok(match outcome.or_error(request)? {
            RequestRecovery::Requested => {
                RequestRecoveryResult::Requested(RecoveryRequested { email: input.email })
            }
            RequestRecovery::TooManyAttempts { retry_at } => {
                let reason = RequestRecoveryRejectionReason::TooManyAttempts;
                RequestRecoveryResult::Rejected(RequestRecoveryRejected::until(reason, retry_at))
            }
        })
    }

    /// Confirms, as a recovery contact, that it is the Owner who asks. With the second contact's confirmation a reset is asked
    /// for, which the Owner accepts or declines like any other; MFA stays on until then. Who may call: anybody with the token
    /// of the e-mail; the token is the proof.
    async fn confirm_recovery(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The link's token.")] input: ConfirmRecoveryInput,
    ) -> Result<ConfirmRecoveryResult> {
        let request = request(ctx)?;
        let outcome = request.services.confirm_recovery(&request.caller(), &input.token).await;
        use ConfirmRecoveryRejectionReason as Reason;
        let until = ConfirmRecoveryRejected::until;
        Ok(ConfirmRecoveryResult::Rejected(match outcome.or_error(request)? {
            ConfirmRecovery::Confirmed { complete } => {
                return Ok(ConfirmRecoveryResult::Confirmed(RecoveryConfirmed { complete }));
            }
            ConfirmRecovery::Expired => Reason::Expired.into(),
            ConfirmRecovery::Invalid => Reason::Invalid.into(),
            ConfirmRecovery::AlreadyConfirmed => Reason::AlreadyConfirmed.into(),
            ConfirmRecovery::NotCounted { retry_at } => ConfirmRecoveryRejected {
                retry_at: retry_at.map(DateTime::from),
                ..Reason::NotCounted.into()
            },
            ConfirmRecovery::CannotAsk(CannotAsk::MfaNotEnabled) => Reason::MfaNotEnabled.into(),
            ConfirmRecovery::CannotAsk(CannotAsk::Frozen { retry_at }) => until(Reason::Frozen, retry_at),
            ConfirmRecovery::CannotAsk(CannotAsk::Held { retry_at }) => until(Reason::Held, retry_at),
            ConfirmRecovery::CannotAsk(CannotAsk::TooManyResets { retry_at }) => {
                until(Reason::TooManyResets, retry_at)
            }
        }))
    }

    /// Says, as the Owner, "this wasn't me" to a recovery, and closes the reset that came of it if that waits. MFA stays on.
    /// Who may call: anybody with the token of the e-mail; the token is the proof.
    async fn stop_recovery(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The link's token.")] input: StopRecoveryInput,
    ) -> Result<StopRecoveryResult> {
        let request = request(ctx)?;
        let outcome = request.services.stop_recovery(&request.caller(), &input.token).await;
        let reason = match outcome.or_error(request)? {
            StopRecovery::Stopped => {
                return Ok(StopRecoveryResult::Stopped(RecoveryStopped { stopped: true }));
            }
            StopRecovery::Expired => StopRecoveryRejectionReason::Expired,
            StopRecovery::Invalid => StopRecoveryRejectionReason::Invalid,
        };
        Ok(StopRecoveryResult::Rejected(reason.into()))
    }
}
