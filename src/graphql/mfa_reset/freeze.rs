//! Freezes of resets: seeing them, and lifting them.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use crate::domain::{self, Action};
use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::guard::LiftsFreeze;
use crate::graphql::ids::parse_id;
use crate::graphql::scalar::DateTime;
use crate::graphql::user::{User, may};
use crate::rejection;
use crate::service::lift_mfa_reset_freeze::{Freeze, LiftMfaResetFreeze};

/// What is frozen.
#[derive(async_graphql::Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Freeze")]
pub enum MfaResetFreezeKind {
    /// Nobody can ask to reset the user's MFA: the user said "this wasn't me".
    OfUser,
    /// The user can ask to reset nobody's MFA: there were too many.
    ByUser,
}

/// A freeze of resets. Who may see it: the user, whoever manages the user (rule ManagesUser), and whoever holds MFA_RESET in
/// an account of theirs.
#[derive(SimpleObject)]
pub struct MfaResetFreeze {
    /// What is frozen.
    kind: MfaResetFreezeKind,
    /// Until when.
    until: DateTime,
    /// Whether the viewer may call `liftMfaResetFreeze` on it now.
    viewer_may_lift: bool,
}

/// The freezes of a person that stand now.
pub async fn freezes(ctx: &Context<'_>, user: &Arc<domain::User>) -> Result<Vec<MfaResetFreeze>> {
    let request = request(ctx)?;
    let now = request.services.clock_now();
    let (of_user, by_user) = (user.resets_frozen(now), user.asking_frozen(now));
    if of_user.is_none() && by_user.is_none() {
        return Ok(Vec::new());
    }
    let lifts = may(ctx, Action::LiftMfaResetFreeze, user.id).await?.is_ok();
    let viewer = request.caller().actor.user_id();
    let of_user = of_user.map(|why| MfaResetFreeze {
        kind: MfaResetFreezeKind::OfUser,
        until: why.until.into(),
        viewer_may_lift: lifts && viewer != Some(why.requested_by),
    });
    let by_user = by_user.map(|until| MfaResetFreeze {
        kind: MfaResetFreezeKind::ByUser,
        until: until.into(),
        viewer_may_lift: lifts,
    });
    Ok(of_user.into_iter().chain(by_user).collect())
}

/// Which freeze to lift.
#[derive(InputObject)]
pub struct LiftMfaResetFreezeInput {
    /// The user whom it concerns.
    user_id: ID,
    /// What is frozen.
    #[graphql(default_with = "MfaResetFreezeKind::OfUser")]
    kind: MfaResetFreezeKind,
}

/// The freeze is lifted. The user, and the Owners and security contacts of all places of the user, are told.
#[derive(SimpleObject)]
pub struct MfaResetFreezeLifted {
    /// The user.
    user: User,
}

rejection! {
    /// Nothing was lifted.
    LiftMfaResetFreezeRejected,
    /// Why a freeze cannot be lifted.
    LiftMfaResetFreezeRejectionReason {
        /// There is no such freeze, or not any more.
        NotFrozen => "There is nothing to lift any more.",
        /// The viewer asked for the reset to which the user said "this wasn't me".
        OwnReset => "You asked for the reset to which this user answered \"This wasn't me\", so another Owner has to lift this.",
    }
}

/// What `liftMfaResetFreeze` gives.
#[derive(Union)]
pub enum LiftMfaResetFreezeResult {
    /// Lifted.
    Lifted(MfaResetFreezeLifted),
    /// Refused.
    Rejected(LiftMfaResetFreezeRejected),
}

/// Mutations of freezes.
#[derive(Default)]
pub struct MfaResetFreezeMutation;

#[Object]
impl MfaResetFreezeMutation {
    /// Ends a freeze of resets before its time, and tells the user and the Owners and security contacts of all places of the
    /// user. Who may call: the Owner of an account the user belongs to, or the Portfolio Owner of a portfolio the user
    /// belongs to or that links such an account; never the user, nor whoever asked for the reset that was declined.
    #[graphql(guard = "LiftsFreeze::new(&input.user_id)")]
    async fn lift_mfa_reset_freeze(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: LiftMfaResetFreezeInput,
    ) -> Result<LiftMfaResetFreezeResult> {
        let request = request(ctx)?;
        let user_id = parse_id(&input.user_id, "userId")?;
        let outcome =
            request.services.lift_mfa_reset_freeze(&request.caller(), user_id, input.kind.into()).await;
        use LiftMfaResetFreezeRejectionReason as Reason;
        let reason = match outcome.or_error(request)? {
            LiftMfaResetFreeze::Lifted(user) => {
                let lifted = MfaResetFreezeLifted { user: User::new(*user) };
                return Ok(LiftMfaResetFreezeResult::Lifted(lifted));
            }
            LiftMfaResetFreeze::NotFrozen => Reason::NotFrozen,
            LiftMfaResetFreeze::OwnReset => Reason::OwnReset,
        };
        Ok(LiftMfaResetFreezeResult::Rejected(reason.into()))
    }
}
