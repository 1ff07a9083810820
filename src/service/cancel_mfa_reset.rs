//! `cancelMfaReset`: an Owner or Admin takes a waiting request back.

use super::audit::Happening;
use super::{Caller, Error, Services};
use crate::domain::policy::{UserStanding, decide};
use crate::domain::{
    Action, AuditAction, Denial, MfaReset, MfaResetId, MfaResetState, Notification, Resource, UserId,
};
use crate::store::Tx;
use crate::store::mfa_resets::ResetKey;
use crate::transact;

/// What taking back gives.
#[derive(Debug)]
pub enum CancelMfaReset {
    /// It is closed.
    Cancelled(Box<MfaReset>),
    /// It did not wait any more.
    NotPending,
}

impl Services {
    /// Whose MFA a reset is about; nothing when there is no such reset. For guards.
    pub async fn user_of_mfa_reset(&self, id: MfaResetId) -> Result<Option<UserId>, Error> {
        Ok(self.store().mfa_resets.find(ResetKey::Id(id)).await?.map(|reset| reset.user_id))
    }

    /// Takes a request back. Who may call: rule `ManagesUser` for the person that it is about.
    pub async fn cancel_mfa_reset(&self, caller: &Caller, id: MfaResetId) -> Result<CancelMfaReset, Error> {
        caller.signed_in()?;
        let outcome = transact!(self.store(), |tx| self.take_back(&mut tx, caller, id))?;
        match &outcome {
            CancelMfaReset::Cancelled(_) => self.wake_mail(),
            CancelMfaReset::NotPending => {
                if let Some(user_id) = self.user_of_mfa_reset(id).await? {
                    self.record_refused_reset(caller, user_id, "NOT_PENDING").await?;
                }
            }
        }
        Ok(outcome)
    }

    async fn take_back(&self, tx: &mut Tx, caller: &Caller, id: MfaResetId) -> Result<CancelMfaReset, Error> {
        let now = self.now();
        let store = self.store();
        let actor_id = caller.signed_in()?.user_id;
        let reset = store.mfa_resets.find(ResetKey::Id(id)).await?.ok_or(Denial::Hidden)?;
        let actor = self.memberships_in(tx, actor_id).await?;
        let target = self.memberships_in(tx, reset.user_id).await?;
        let standing = UserStanding::of(actor_id, &actor, reset.user_id, &target);
        decide(true, Action::ResetUserMfa, &Resource::User(&standing)).ok()?;

        let claimed = store.mfa_resets.claim(tx, ResetKey::Id(id), MfaResetState::Cancelled, now).await?;
        let Some(reset) = claimed else { return Ok(CancelMfaReset::NotPending) };
        // Before its approval the person has not heard of it.
        if !reset.awaiting_approval {
            let notice = Notification::MfaResetCancelled { reset_id: reset.id };
            store.outbox.insert(tx, reset.user_id, notice, now).await?;
        }
        let happening = Happening::new(caller, now, AuditAction::MfaResetCancelled)
            .about(reset.user_id)
            .detail("mfaReset", reset.id);
        store.audit_events.insert(tx, &happening.events(&reset.scopes)).await?;
        Ok(CancelMfaReset::Cancelled(Box::new(reset)))
    }
}
