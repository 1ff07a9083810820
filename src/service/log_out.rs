//! `logOut`, `revokeSession`, `revokeOtherSessions`: ending sessions.

use super::audit::{Happening, scopes_of};
use super::{Caller, Error, Services};
use crate::domain::{Action, AuditAction, SessionId};
use crate::store::Tx;
use crate::transact;

impl Services {
    /// Ends the session in use. Who may call: the signed-in person.
    pub async fn log_out(&self, caller: &Caller) -> Result<SessionId, Error> {
        let session = caller.admitted(Action::EndOwnSessions)?.session.id;
        transact!(self.store(), |tx| self.end_one(&mut tx, caller, session, AuditAction::LoggedOut))?;
        Ok(session)
    }

    /// Ends one of the person's own sessions: false when it is not one of theirs or has ended. Who may call: the
    /// signed-in person.
    pub async fn revoke_session(&self, caller: &Caller, session: SessionId) -> Result<bool, Error> {
        caller.admitted(Action::EndOwnSessions)?;
        let revoked = transact!(self.store(), |tx| self.end_one(
            &mut tx,
            caller,
            session,
            AuditAction::SessionRevoked
        ))?;
        if !revoked {
            self.record_refused_own_change(caller, "revokeSession", "NO_SUCH_SESSION").await?;
        }
        Ok(revoked)
    }

    /// Ends every session of the person but the one in use; gives how many. Who may call: the signed-in person.
    pub async fn revoke_other_sessions(&self, caller: &Caller) -> Result<u64, Error> {
        caller.admitted(Action::EndOwnSessions)?;
        transact!(self.store(), |tx| self.end_others(&mut tx, caller))
    }

    async fn end_one(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        session: SessionId,
        action: AuditAction,
    ) -> Result<bool, Error> {
        let person = caller.admitted(Action::EndOwnSessions)?;
        if !self.store().sessions.delete(tx, person.user_id, session).await? {
            return Ok(false);
        }
        let scopes = scopes_of(person.user_id, &person.memberships);
        let happening = Happening::new(caller, self.now(), action).about(person.user_id).in_session(session);
        self.store().audit_events.insert(tx, &happening.events(&scopes)).await?;
        Ok(true)
    }

    async fn end_others(&self, tx: &mut Tx, caller: &Caller) -> Result<u64, Error> {
        let person = caller.admitted(Action::EndOwnSessions)?;
        let ended = self.store().sessions.delete_of_user(tx, person.user_id, Some(person.session.id)).await?;
        if ended > 0 {
            let scopes = scopes_of(person.user_id, &person.memberships);
            let happening = Happening::new(caller, self.now(), AuditAction::SessionRevoked)
                .about(person.user_id)
                .detail("sessions", ended);
            self.store().audit_events.insert(tx, &happening.events(&scopes)).await?;
        }
        Ok(ended)
    }
}
