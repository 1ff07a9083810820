//! `stopRecovery`: the Owner says "this wasn't me" to a recovery, before or after the contacts confirmed. A reset that came of
//! it and waits is declined like any other. For a while nobody can ask the contacts again.

use super::audit::{Happening, scopes_of};
use super::{Caller, Error, Services};
use crate::crypto::{Token, TokenHash, TokenKind};
use crate::domain::{AuditAction, Credential, Notification, RecoveryState};
use crate::store::Tx;
use crate::store::mfa_resets::ResetKey;
use crate::transact;

/// What stopping gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopRecovery {
    /// It is stopped.
    Stopped,
    /// It was too old to be confirmed anyway.
    Expired,
    /// Unknown, forged, stopped already, or the reset that came of it was answered.
    Invalid,
}

impl Services {
    /// Stops a recovery. Who may call: whoever holds the mailed token.
    pub async fn stop_recovery(&self, caller: &Caller, token: &str) -> Result<StopRecovery, Error> {
        let Some(token) = Token::parse(TokenKind::RecoveryStop, token) else {
            self.record_refused_recovery(caller, None, "STOP", "INVALID").await?;
            return Ok(StopRecovery::Invalid);
        };
        let hash = token.hash();
        match transact!(self.store(), |tx| self.stop(&mut tx, caller, hash)) {
            Ok(()) => {
                self.wake_mail();
                return Ok(StopRecovery::Stopped);
            }
            Err(Error::Undone) => {}
            Err(error) => return Err(error),
        }
        let found = self.store().recoveries.find_told(hash).await?;
        let late = |state| matches!(state, RecoveryState::Expired);
        let expired = found.as_ref().is_some_and(|found| late(found.state_at(self.now())));
        let (outcome, reason) = match expired {
            true => (StopRecovery::Expired, "EXPIRED"),
            false => (StopRecovery::Invalid, "INVALID"),
        };
        self.record_refused_recovery(caller, found.as_ref(), "STOP", reason).await?;
        Ok(outcome)
    }

    async fn stop(&self, tx: &mut Tx, caller: &Caller, hash: TokenHash) -> Result<(), Error> {
        let (store, now) = (self.store(), self.now());
        let before = store.recoveries.claim_stop(tx, hash, now).await?.ok_or(Error::Undone)?;
        if let Some(reset_id) = before.reset_id
            && !self.close_declined(tx, caller, ResetKey::Id(reset_id)).await?
        {
            return Err(Error::Undone);
        }
        let owner = before.user_id;
        let notice = Notification::RecoveryStopped { recovery_id: before.id };
        let told = before.contacts.iter().map(|asked| asked.user_id).chain([owner]);
        store.outbox.insert_all(tx, told.map(|person| (person, notice)), now).await?;
        let happening = Happening::new(caller, now, AuditAction::RecoveryStopped)
            .by(owner, Credential::MailLink)
            .about(owner)
            .detail("recovery", before.id);
        let scopes = scopes_of(owner, &self.memberships_in(tx, owner).await?);
        store.audit_events.insert(tx, &happening.events(&scopes)).await?;
        Ok(())
    }
}
