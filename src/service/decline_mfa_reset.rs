//! `declineMfaReset`: "this wasn't me". Closes the reset and tells the requester, the security contacts and the Owners.

use super::audit::Happening;
use super::owners::Told;
use super::{Caller, Error, Services};
use crate::crypto::{Token, TokenHash, TokenKind};
use crate::domain::{AuditAction, Credential, MfaResetState, Notification};
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
        let hash = token.hash();
        if transact!(self.store(), |tx| self.close_declined(&mut tx, caller, hash))? {
            self.wake_mail();
            return Ok(DeclineMfaReset::Declined);
        }
        let found = self.store().mfa_resets.find(ResetKey::Token(hash)).await?;
        let (outcome, reason) = match found.as_ref().map(|reset| reset.state_at(self.now())) {
            Some(MfaResetState::Expired) => (DeclineMfaReset::Expired, "EXPIRED"),
            _ => (DeclineMfaReset::Invalid, "INVALID"),
        };
        self.record_refused_reset_link(caller, found.as_ref(), "DECLINE", reason).await?;
        Ok(outcome)
    }

    async fn close_declined(&self, tx: &mut Tx, caller: &Caller, hash: TokenHash) -> Result<bool, Error> {
        let now = self.now();
        let store = self.store();
        let claimed = store.mfa_resets.claim(tx, ResetKey::Token(hash), MfaResetState::Declined, now).await?;
        let Some(reset) = claimed else { return Ok(false) };
        let memberships = self.memberships_in(tx, reset.user_id).await?;
        let mut told =
            self.people_concerned(tx, reset.authority, &memberships, Told::ContactAndOwner).await?;
        told.push(reset.requested_by);
        told.sort_unstable();
        told.dedup();
        for person in told {
            let notice = Notification::MfaResetDeclined { reset_id: reset.id };
            store.outbox.insert(tx, person, notice, now).await?;
        }
        let happening = Happening::new(caller, now, AuditAction::MfaResetDeclined)
            .by(reset.user_id, Credential::MailLink)
            .about(reset.user_id)
            .detail("mfaReset", reset.id);
        store.audit_events.insert(tx, &happening.events(&reset.scopes)).await?;
        Ok(true)
    }
}
