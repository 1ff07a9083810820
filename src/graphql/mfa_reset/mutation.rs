//! The four mutations of a reset's life.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use super::MfaReset;
use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::guard::{ManagesUser, ManagesUserOfReset};
use crate::graphql::ids::parse_id;
use crate::graphql::scalar::DateTime;
use crate::rejection;
use crate::service::accept_mfa_reset::AcceptMfaReset;
use crate::service::cancel_mfa_reset::CancelMfaReset;
use crate::service::decline_mfa_reset::DeclineMfaReset;
use crate::service::reset_user_mfa::ResetUserMfa;

/// Whose MFA to reset, and why.
#[derive(InputObject)]
pub struct ResetUserMfaInput {
    /// The user who lost the second factor.
    user_id: ID,
    /// Why, for the user's e-mail and the audit log; at most 500 characters.
    reason: Option<String>,
}

/// The reset waits for the user, who is told by e-mail; or for a second person's approval, where a policy asks for that. MFA
/// stays on until the user accepts.
#[derive(SimpleObject)]
pub struct MfaResetRequested {
    /// The reset.
    mfa_reset: MfaReset,
}

rejection! {
    /// Nothing was sent.
    ResetUserMfaRejected,
    /// Why a reset cannot be asked for.
    ResetUserMfaRejectionReason {
        /// Nobody resets their own MFA: use a backup code, or ask another Owner or Admin.
        SelfReset => "You cannot reset your own MFA. Use a backup code, or ask another Owner or Admin.",
        /// The user has no MFA to reset.
        MfaNotEnabled => "This user has no MFA, so there is nothing to reset: they can log in with their password.",
        /// The viewer is not Owner or Admin over this user, nor holds MFA_RESET over them. As a result of the mutation this is the error FORBIDDEN.
        NotPermitted => "Only an Owner or Admin of an account or portfolio that this user belongs to can do this.",
        /// The viewer has no MFA, and an account or portfolio of the user, or the one by which the viewer manages them,
        /// enforces it.
        ActorMfaRequired => "MFA is enforced here: set up your own before you reset somebody else's.",
        /// The user's e-mail address or password changed within the last 24 hours (or what the deployment says); see
        /// `retryAt`.
        Held => "This user's e-mail address or password changed a short while ago, so their MFA cannot be reset yet. Try again later.",
        /// The user said "this wasn't me" to another reset within the last 24 hours (or what the deployment says), and no
        /// Owner has lifted that; see `retryAt` and `liftMfaResetFreeze`.
        Frozen => "This user answered \"This wasn't me\" to a reset a short while ago, so nobody can ask for another one yet. The Owner of an account or portfolio of theirs can lift this.",
        /// The viewer asked for too many resets in a short time, and no Owner has lifted that; see `retryAt` and
        /// `liftMfaResetFreeze`.
        ActorFrozen => "You asked for too many resets in a short time, so you cannot ask for more yet. The Owner of an account or portfolio of yours can lift this.",
        /// Too many resets were asked for in this account or portfolio, or from this network address; see `retryAt`. Only
        /// `resetUserMfa` says so.
        TooManyRequests => "Too many resets were asked for in this account or portfolio, or from your network, lately. Try again later.",
        /// Five resets of this user were asked for within an hour; see `retryAt`.
        TooManyResets => "Too many resets of this user were asked for lately. Try again later.",
    } not_now
}

/// What `resetUserMfa` gives.
#[derive(Union)]
pub enum ResetUserMfaResult {
    /// Asked.
    Requested(MfaResetRequested),
    /// Refused.
    Rejected(ResetUserMfaRejected),
}

/// The link's token, and the password where it is demanded.
#[derive(InputObject)]
pub struct AcceptMfaResetInput {
    /// The token of the link in the e-mail, 47 characters that begin with `lkr_`.
    token: String,
    /// Needed where the preview says LINK_AND_PASSWORD.
    #[graphql(secret)]
    password: Option<String>,
    /// Where a policy asks for time between accepting and effect (`coolingOffHours` of the preview), a backup code skips it; so
    /// does a session of the user with a second factor.
    #[graphql(secret)]
    backup_code: Option<String>,
}

/// MFA is off, and all sessions have ended: log in with the password. Or it goes off at `effectiveAt`, where a policy asks for
/// time in between.
#[derive(SimpleObject)]
pub struct MfaResetAccepted {
    /// Whose, with most of it hidden.
    masked_email: String,
    /// Whether the next log-in asks to set MFA up again.
    enrollment_required: bool,
    /// When MFA goes off; null when it is off now.
    effective_at: Option<DateTime>,
}

rejection! {
    /// MFA is unchanged.
    AcceptMfaResetRejected,
    /// Why a reset cannot be accepted. EXPIRED: ask the Owner or Admin to restart. INVALID covers unknown, forged, used, cancelled and superseded alike.
    AcceptMfaResetRejectionReason {
        /// The link is too old.
        Expired => "This link has expired. Ask your Owner or Admin to start the reset again.",
        /// The link is not valid, or not any more.
        Invalid => "This link is not valid. Use the link of the latest e-mail, or ask your Owner or Admin to start the reset again.",
        /// The password is demanded as well.
        PasswordRequired => "Enter your password as well.",
        /// The password is wrong.
        WrongPassword => "The password is wrong.",
        /// The backup code is wrong, or was used.
        WrongBackupCode => "The backup code is wrong, or was used already.",
        /// Too many wrong passwords or codes; see `retryAt`.
        TooManyAttempts => "Too many wrong passwords. Try again later.",
    }
}

/// What `acceptMfaReset` gives.
#[derive(Union)]
pub enum AcceptMfaResetResult {
    /// Accepted.
    Accepted(MfaResetAccepted),
    /// Refused.
    Rejected(AcceptMfaResetRejected),
}

/// The link's token.
#[derive(InputObject)]
pub struct DeclineMfaResetInput {
    /// The token of the link in the e-mail.
    token: String,
}

/// The reset is closed; MFA stays on, and nobody can ask for another one for 24 hours. The user, the requester, and the
/// Owners and security contacts of all places of the user are told.
#[derive(SimpleObject)]
pub struct MfaResetDeclined {
    /// Always DECLINED.
    state: super::object::MfaResetState,
}

rejection! {
    /// The reset is unchanged.
    DeclineMfaResetRejected,
    /// Why a reset cannot be declined.
    DeclineMfaResetRejectionReason {
        /// The link is too old: the reset can no longer be accepted by anybody.
        Expired => "This link has expired, so nobody can use it any more.",
        /// The link is not valid, or not any more.
        Invalid => "This link is not valid, or was used already.",
    }
}

/// What `declineMfaReset` gives.
#[derive(Union)]
pub enum DeclineMfaResetResult {
    /// Declined.
    Declined(MfaResetDeclined),
    /// Refused.
    Rejected(DeclineMfaResetRejected),
}

/// Which reset to take back.
#[derive(InputObject)]
pub struct CancelMfaResetInput {
    /// The reset.
    mfa_reset_id: ID,
}

/// The reset is closed; MFA stays on. The user is told.
#[derive(SimpleObject)]
pub struct MfaResetCancelled {
    /// The reset.
    mfa_reset: MfaReset,
}

rejection! {
    /// The reset is unchanged.
    CancelMfaResetRejected,
    /// Why a reset cannot be taken back.
    CancelMfaResetRejectionReason {
        /// It was accepted, declined, cancelled or superseded, or has expired.
        NotPending => "This reset is not waiting any more.",
    }
}

/// What `cancelMfaReset` gives.
#[derive(Union)]
pub enum CancelMfaResetResult {
    /// Taken back.
    Cancelled(MfaResetCancelled),
    /// Refused.
    Rejected(CancelMfaResetRejected),
}

/// Mutations of a reset's life.
#[derive(Default)]
pub struct MfaResetMutation;

#[Object]
impl MfaResetMutation {
    /// Sends the user the e-mail "MFA reset request"; nothing else changes until the user accepts. A waiting reset of
    /// the same user is superseded. Where a policy of the user's accounts and portfolios asks for it, a second person has to
    /// approve it first (`approveMfaReset`): then nothing is sent yet, and whoever may approve is told. Who may call: rule ManagesUser (Owner/Admin of an account the user belongs to, or
    /// Portfolio Owner/Admin of a portfolio the user belongs to or that links such an account, or whoever holds MFA_RESET by
    /// a custom role in an account where the user holds no more than they do). Asks for a fresh proof (`stepUp`). Within an hour a user can be reset five
    /// times, a viewer can ask for ten resets (twenty in a day), fifty can be asked for by the right of one account or
    /// portfolio and a hundred from one network address, unless the deployment says otherwise. A viewer who asks for more
    /// can ask for none for 24 hours, and the Owners and security contacts of the places where the viewer may ask are told.
    #[graphql(guard = "ManagesUser::new(&input.user_id)")]
    async fn reset_user_mfa(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: ResetUserMfaInput,
    ) -> Result<ResetUserMfaResult> {
        let request = request(ctx)?;
        let user_id = parse_id(&input.user_id, "userId")?;
        let caller = request.caller();
        let outcome = request.services.reset_user_mfa(&caller, user_id, input.reason.as_deref()).await;
        use ResetUserMfaRejectionReason as Reason;
        Ok(ResetUserMfaResult::Rejected(match outcome.or_error(request)? {
            ResetUserMfa::Requested(reset) => {
                let mfa_reset = MfaReset::new(*reset);
                return Ok(ResetUserMfaResult::Requested(MfaResetRequested { mfa_reset }));
            }
            ResetUserMfa::SelfReset => Reason::SelfReset.into(),
            ResetUserMfa::MfaNotEnabled => Reason::MfaNotEnabled.into(),
            ResetUserMfa::ActorMfaRequired => Reason::ActorMfaRequired.into(),
            ResetUserMfa::NotNow(unready) => unready.into(),
            ResetUserMfa::Held { retry_at } => ResetUserMfaRejected::until(Reason::Held, retry_at),
            ResetUserMfa::Frozen { retry_at } => ResetUserMfaRejected::until(Reason::Frozen, retry_at),
            ResetUserMfa::ActorFrozen { retry_at } => {
                ResetUserMfaRejected::until(Reason::ActorFrozen, retry_at)
            }
            ResetUserMfa::TooManyRequests { retry_at } => {
                ResetUserMfaRejected::until(Reason::TooManyRequests, retry_at)
            }
            ResetUserMfa::TooManyResets { retry_at } => {
                ResetUserMfaRejected::until(Reason::TooManyResets, retry_at)
            }
        }))
    }

    /// Turns MFA off: factors, backup codes and sessions go in one transaction. Never logs in. Where a policy of the user's
    /// accounts and portfolios asks for it (`resetCoolingOffHours`), that happens later, unless a backup code or the user's own
    /// session with a second factor comes with it; until then the user (`declineMfaReset`) and those who are told
    /// (`cancelMfaReset`) can stop it. Who may call: anybody
    /// with the token of the e-mail; the token is the proof.
    async fn accept_mfa_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: AcceptMfaResetInput,
    ) -> Result<AcceptMfaResetResult> {
        let request = request(ctx)?;
        let caller = request.caller();
        let (password, code) = (input.password.as_deref(), input.backup_code.as_deref());
        let outcome = request.services.accept_mfa_reset(&caller, &input.token, password, code).await;
        use AcceptMfaResetRejectionReason as Reason;
        Ok(AcceptMfaResetResult::Rejected(match outcome.or_error(request)? {
            AcceptMfaReset::Accepted { masked_email, enrollment_required, effective_at } => {
                let effective_at = effective_at.map(DateTime::from);
                let accepted = MfaResetAccepted { masked_email, enrollment_required, effective_at };
                return Ok(AcceptMfaResetResult::Accepted(accepted));
            }
            AcceptMfaReset::Expired => Reason::Expired.into(),
            AcceptMfaReset::Invalid => Reason::Invalid.into(),
            AcceptMfaReset::PasswordRequired => Reason::PasswordRequired.into(),
            AcceptMfaReset::WrongPassword => Reason::WrongPassword.into(),
            AcceptMfaReset::WrongBackupCode => Reason::WrongBackupCode.into(),
            AcceptMfaReset::TooManyAttempts { retry_at } => {
                AcceptMfaResetRejected::until(Reason::TooManyAttempts, retry_at)
            }
        }))
    }

    /// "This wasn't me": closes the reset, freezes resets of the user for 24 hours (or what the deployment says; see
    /// `liftMfaResetFreeze`), and tells the user, the requester, and the Owners and security contacts of all places of the
    /// user. Who may call: anybody with the token of the e-mail; the token is the proof.
    async fn decline_mfa_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: DeclineMfaResetInput,
    ) -> Result<DeclineMfaResetResult> {
        let request = request(ctx)?;
        let outcome = request.services.decline_mfa_reset(&request.caller(), &input.token).await;
        use DeclineMfaResetRejectionReason as Reason;
        Ok(match outcome.or_error(request)? {
            DeclineMfaReset::Declined => DeclineMfaResetResult::Declined(MfaResetDeclined {
                state: super::object::MfaResetState::Declined,
            }),
            DeclineMfaReset::Expired => DeclineMfaResetResult::Rejected(Reason::Expired.into()),
            DeclineMfaReset::Invalid => DeclineMfaResetResult::Rejected(Reason::Invalid.into()),
        })
    }

    /// Takes a waiting reset back and tells the user. Who may call: rule ManagesUser for the user whom it is about.
    #[graphql(guard = "ManagesUserOfReset::new(&input.mfa_reset_id)")]
    async fn cancel_mfa_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: CancelMfaResetInput,
    ) -> Result<CancelMfaResetResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.mfa_reset_id, "mfaResetId")?;
        let outcome = request.services.cancel_mfa_reset(&request.caller(), id).await;
        Ok(match outcome.or_error(request)? {
            CancelMfaReset::Cancelled(reset) => {
                CancelMfaResetResult::Cancelled(MfaResetCancelled { mfa_reset: MfaReset::new(*reset) })
            }
            CancelMfaReset::NotPending => {
                CancelMfaResetResult::Rejected(CancelMfaResetRejectionReason::NotPending.into())
            }
        })
    }
}
