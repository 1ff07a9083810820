//! `declineMfaReset`: "this wasn't me". Closes the reset, freezes resets of the person for a while, and tells the person, the
//! requester, and the security contacts and Owners of all places of the person.

use super::audit::Happening;
use super::owners::Told;
use super::{Caller, Error, Services};
use crate::crypto::{Token, TokenKind};
use crate::domain::{AuditAction, Credential, Disavowal, MfaResetState, Notification};
use crate::store::Tx;
use crate::store::mfa_resets::ResetKey;
use crate::transact;

/// What declining gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclineMfaReset {
    /// It is closed.
    Declined,
    /// It was too old to be accepted anyway.
    Expired,
    /// Unknown, forged, used, taken back or replaced.
    Invalid,
}

impl Services {
    /// Declines a reset. Who may call: whoever holds the mailed token.
    pub async fn decline_mfa_reset(&self, caller: &Caller, token: &str) -> Result<DeclineMfaReset, Error> {
        let Some(token) = Token::parse(TokenKind::MfaReset, token) else {
            self.record_refused_reset_link(caller, None, "DECLINE", "INVALID").await?;
            return Ok(DeclineMfaReset::Invalid);
        };
        let key = ResetKey::Token(token.hash());
        if transact!(self.store(), |tx| self.close_declined(&mut tx, caller, key))? {
            self.wake_mail();
            return Ok(DeclineMfaReset::Declined);
        }
        let found = self.store().mfa_resets.find(key).await?;
        let (outcome, reason) = match found.as_ref().map(|reset| reset.state_at(self.now())) {
            Some(MfaResetState::Expired) => (DeclineMfaReset::Expired, "EXPIRED"),
            _ => (DeclineMfaReset::Invalid, "INVALID"),
        };
        self.record_refused_reset_link(caller, found.as_ref(), "DECLINE", reason).await?;
        Ok(outcome)
    }

    /// Closes a reset that waits, for the person: whether this call did it.
    pub(super) async fn close_declined(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        key: ResetKey,
    ) -> Result<bool, Error> {
        let now = self.now();
        let store = self.store();
        let claimed = store.mfa_resets.claim(tx, key, MfaResetState::Declined, now).await?;
        let Some(reset) = claimed else { return Ok(false) };
        let memberships = self.memberships_in(tx, reset.user_id).await?;
        let mut told =
            self.people_concerned(tx, reset.authority, &memberships, Told::ContactAndOwner).await?;
        told.extend(reset.asked_by());
        told.sort_unstable();
        told.dedup();
        let elsewhere =
            self.people_elsewhere(tx, reset.user_id, &memberships, &told, Told::ContactAndOwner).await?;
        let reset_id = reset.id;
        for (people, notice) in [
            (told, Notification::MfaResetDeclined { reset_id }),
            (elsewhere, Notification::MfaResetDeclinedElsewhere { reset_id }),
            (vec![reset.user_id], Notification::MfaResetDisavowed { reset_id }),
        ] {
            for person in people {
                store.outbox.insert(tx, person, notice, now).await?;
            }
        }
        // In the same transaction, and part of the condition under which a reset is asked for: none slips through.
        let until = now + self.tools.settings.disavow_freeze;
        let disavowal = Disavowal { until, reset_id, requested_by: reset.requested_by };
        store.users.freeze_resets(tx, reset.user_id, disavowal).await?;
        let happening = Happening::new(caller, now, AuditAction::MfaResetDeclined)
            .by(reset.user_id, Credential::MailLink)
            .about(reset.user_id)
            .detail("mfaReset", reset.id)
            .detail("frozenUntil", until);
        store.audit_events.insert(tx, &happening.events(&reset.scopes)).await?;
        Ok(true)
    }
}
