//! `disableMfa`: switching one's own MFA off, against a fresh second factor, where nobody enforces it. A reset that waits
//! is cancelled with it: nothing is left to reset.

use super::audit::{Happening, scopes_of};
use super::own_factor::{OwnFactor, Proof};
use super::{Caller, Error, Services};
use crate::domain::{AuditAction, MfaResetState, Notification};
use crate::store::Tx;
use crate::store::mfa_resets::ResetKey;
use crate::transact;

/// What switching off gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disable {
    /// MFA is off.
    Disabled,
    /// An account or portfolio of the person enforces MFA.
    Enforced,
    /// Refused.
    Refused(OwnFactor),
}

impl Services {
    /// Switches MFA off. Who may call: the signed-in person, with a TOTP or backup code.
    pub async fn disable_mfa(&self, caller: &Caller, code: &str) -> Result<Disable, Error> {
        let proof = match self.prove_own_factor(caller, code).await? {
            Ok(proof) => proof,
            Err(refusal) => return Ok(Disable::Refused(refusal)),
        };
        let outcome = transact!(self.store(), |tx| self.switch_off(&mut tx, caller, &proof))?;
        if outcome != Disable::Refused(OwnFactor::CodeAlreadyUsed) {
            self.forgive(proof.attempt).await?;
        }
        match &outcome {
            Disable::Disabled => self.wake_mail(),
            Disable::Enforced => self.record_refused_own_change(caller, "disableMfa", "MFA_ENFORCED").await?,
            Disable::Refused(refusal) => self.record_refused_factor(caller, *refusal).await?,
        }
        Ok(outcome)
    }

    async fn switch_off(&self, tx: &mut Tx, caller: &Caller, proof: &Proof) -> Result<Disable, Error> {
        let user_id = proof.user_id;
        let now = self.now();
        let memberships = self.memberships_in(tx, user_id).await?;
        // Enforced counts from the day it is switched on, grace or not: a grace period is for setting MFA up.
        if self.policies_in(tx, &memberships).await?.iter().any(|policy| policy.enforced) {
            return Ok(Disable::Enforced);
        }
        if !self.use_code(tx, user_id, &proof.secrets, proof.code).await? {
            return Ok(Disable::Refused(OwnFactor::CodeAlreadyUsed));
        }
        if !self.store().users.unset_mfa(tx, user_id).await? {
            return Ok(Disable::Refused(OwnFactor::NotEnabled));
        }
        self.store().account_members.set_mfa_enabled(tx, user_id, false).await?;
        self.store().portfolio_members.set_mfa_enabled(tx, user_id, false).await?;
        // A factor that is no more proves nothing: where MFA is enforced later, these sessions must enrol.
        self.store().sessions.unset_mfa_at(tx, user_id).await?;
        let happening =
            |action| Happening::new(caller, now, action).by(user_id, proof.code.credential()).about(user_id);
        let mut events = happening(AuditAction::MfaDisabled).events(&scopes_of(user_id, &memberships));
        // A link that is under way must not take away a factor that is set up after this one.
        let waiting = ResetKey::Of(user_id);
        if let Some(reset) = self.store().mfa_resets.claim(tx, waiting, MfaResetState::Cancelled, now).await?
        {
            let cancelled = happening(AuditAction::MfaResetCancelled).detail("mfaReset", reset.id);
            events.extend(cancelled.events(&reset.scopes));
        }
        self.store().audit_events.insert(tx, &events).await?;
        self.store().outbox.insert(tx, user_id, Notification::MfaDisabled { user_id }, now).await?;
        Ok(Disable::Disabled)
    }
}
