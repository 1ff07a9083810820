//! `liftMfaResetFreeze`: an Owner ends a freeze before its time, having spoken with whom it concerns.

use super::audit::{Happening, scopes_of};
use super::owners::Told;
use super::{Caller, Error, Services};
use crate::domain::policy::{UserStanding, decide};
use crate::domain::{Action, AuditAction, Denial, Notification, Resource, User, UserId};
use crate::store::Tx;
use crate::store::mfa_resets::ResetKey;
use crate::transact;

/// Which freeze.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freeze {
    /// Nobody may ask to reset the person's MFA.
    OfUser,
    /// The person may ask to reset nobody's.
    ByUser,
}

/// What lifting gives.
#[derive(Debug)]
pub enum LiftMfaResetFreeze {
    /// It is lifted.
    Lifted(Box<User>),
    /// There is none.
    NotFrozen,
    /// The caller asked for the reset of which the person said "this wasn't me".
    OwnReset,
}

impl Services {
    /// Lifts a freeze. Who may call: rule `OwnsPlaceOfUser`.
    pub async fn lift_mfa_reset_freeze(
        &self,
        caller: &Caller,
        user_id: UserId,
        freeze: Freeze,
    ) -> Result<LiftMfaResetFreeze, Error> {
        caller.signed_in()?;
        let outcome = transact!(self.store(), |tx| self.lift(&mut tx, caller, user_id, freeze))?;
        let reason = match &outcome {
            LiftMfaResetFreeze::Lifted(_) => {
                if freeze == Freeze::ByUser {
                    self.forget_asking(user_id).await?;
                }
                self.wake_mail();
                return Ok(outcome);
            }
            LiftMfaResetFreeze::NotFrozen => "NOT_FROZEN",
            LiftMfaResetFreeze::OwnReset => "OWN_RESET",
        };
        self.record_refused_reset(caller, user_id, reason).await?;
        Ok(outcome)
    }

    async fn lift(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        user_id: UserId,
        freeze: Freeze,
    ) -> Result<LiftMfaResetFreeze, Error> {
        let (store, now) = (self.store(), self.now());
        let by = caller.signed_in()?.user_id;
        let actor = self.memberships_in(tx, by).await?;
        let target = self.memberships_in(tx, user_id).await?;
        let standing = UserStanding::of(by, &actor, user_id, &target);
        decide(true, Action::LiftMfaResetFreeze, &Resource::User(&standing)).ok()?;
        let user = store.users.find_in(tx, user_id).await?.ok_or(Denial::Hidden)?;
        if freeze == Freeze::OfUser
            && let Some(why) = user.resets_frozen(now)
        {
            let reset = store.mfa_resets.find_in(tx, ResetKey::Id(why.reset_id)).await?;
            let asked_by = reset.map_or_else(|| vec![why.requested_by], |reset| reset.asked_by());
            if asked_by.contains(&by) {
                return Ok(LiftMfaResetFreeze::OwnReset);
            }
        }
        let lifted = match freeze {
            Freeze::OfUser => store.users.claim_unfreeze_resets(tx, user_id, now).await?,
            Freeze::ByUser => store.users.claim_unfreeze_asking(tx, user_id, now).await?,
        };
        if !lifted {
            return Ok(LiftMfaResetFreeze::NotFrozen);
        }
        let mut told = self.people_of_places(tx, &target, Told::ContactAndOwner).await?;
        told.push(user_id);
        told.sort_unstable();
        told.dedup();
        let notice = Notification::MfaResetFreezeLifted { user_id, by, asking: freeze == Freeze::ByUser };
        for person in told {
            store.outbox.insert(tx, person, notice, now).await?;
        }
        let happening = Happening::new(caller, now, AuditAction::MfaResetFreezeLifted).about(user_id).detail(
            "freeze",
            match freeze {
                Freeze::OfUser => "OF_USER",
                Freeze::ByUser => "BY_USER",
            },
        );
        store.audit_events.insert(tx, &happening.events(&scopes_of(user_id, &target))).await?;
        let user = store.users.find_in(tx, user_id).await?.ok_or(Error::Defect("user vanished"))?;
        Ok(LiftMfaResetFreeze::Lifted(Box::new(user)))
    }
}
