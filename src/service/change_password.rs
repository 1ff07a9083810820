//! `changePassword`, and proving one's own password again before an address or a password changes.

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of};
use super::throttle::{PASSWORD_BY_USER, Verdict};
use super::{Caller, Error, Services};
use crate::crypto::PasswordHash;
use crate::domain::{AuditAction, Credential, PasswordFault, SessionId, User, UserId};
use crate::store::Tx;
use crate::transact;

/// Why a current password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnPassword {
    /// It is wrong.
    Wrong,
    /// Too many wrong ones.
    TooManyAttempts(OffsetDateTime),
}

/// What changing one's password gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangePassword {
    /// The new password counts; every other session has ended.
    Changed {
        /// How many sessions have ended.
        sessions_ended: u64,
    },
    /// The current password was not taken.
    Refused(OwnPassword),
    /// The new password is not good enough.
    Password(PasswordFault),
}

impl Services {
    /// Changes the caller's password. Who may call: the signed-in person, with the current password.
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: &str,
        new: &str,
    ) -> Result<ChangePassword, Error> {
        let session = caller.signed_in()?.session.id;
        let (user, old) = match self.prove_own_password(caller, current).await? {
            Ok(proven) => proven,
            Err(refusal) => return Ok(ChangePassword::Refused(refusal)),
        };
        if let Err(fault) = self.check_password_of(&user, new) {
            self.record_refused_own_change(caller, "changePassword", fault.as_str()).await?;
            return Ok(ChangePassword::Password(fault));
        }
        let hash = self.tools.passwords.hash(new).await?;
        let ended = transact!(self.store(), |tx| self.swap_password(
            &mut tx,
            caller,
            user.id,
            (&old, &hash),
            session
        ))?;
        let Some(sessions_ended) = ended else {
            self.record_refused_own_change(caller, "changePassword", "WRONG_PASSWORD").await?;
            return Ok(ChangePassword::Refused(OwnPassword::Wrong));
        };
        self.wake_mail();
        Ok(ChangePassword::Changed { sessions_ended })
    }

    async fn swap_password(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        user_id: UserId,
        (old, new): (&PasswordHash, &PasswordHash),
        session: SessionId,
    ) -> Result<Option<u64>, Error> {
        let now = self.now();
        // Only the password that was checked: somebody else may have changed it meanwhile.
        if !self.store().users.change_password(tx, user_id, old, new, now).await? {
            return Ok(None);
        }
        let ended = self.after_new_password(tx, user_id, Some(session)).await?;
        let scopes = scopes_of(user_id, &self.memberships_in(tx, user_id).await?);
        let happening = Happening::new(caller, now, AuditAction::PasswordChanged)
            .by(user_id, Credential::Password)
            .about(user_id)
            .detail("sessionsEnded", ended);
        self.store().audit_events.insert(tx, &happening.events(&scopes)).await?;
        Ok(Some(ended))
    }

    /// Checks the signed-in person's password: gives the person, and the hash that it was checked against.
    pub(super) async fn prove_own_password(
        &self,
        caller: &Caller,
        password: &str,
    ) -> Result<Result<(User, PasswordHash), OwnPassword>, Error> {
        let user_id = caller.signed_in()?.user_id;
        let refusal = match self.attempt(PASSWORD_BY_USER, user_id.uuid().as_bytes()).await? {
            Verdict::Wait(retry_at) => OwnPassword::TooManyAttempts(retry_at),
            Verdict::Go(attempt) => {
                let found = self.store().users.find_credentials(user_id).await?;
                let found = found.ok_or(Error::Defect("the caller vanished"))?;
                let right = self.tools.passwords.verify(password, found.password.as_ref()).await;
                match found.password.filter(|_| right) {
                    Some(hash) => {
                        self.forgive(attempt).await?;
                        return Ok(Ok((found.user, hash)));
                    }
                    None => OwnPassword::Wrong,
                }
            }
        };
        let reason = match refusal {
            OwnPassword::Wrong => "WRONG_PASSWORD",
            OwnPassword::TooManyAttempts(_) => "TOO_MANY_ATTEMPTS",
        };
        let happening = Happening::new(caller, self.now(), AuditAction::PasswordRefused)
            .about(user_id)
            .detail("reason", reason);
        let scopes = scopes_of(user_id, &self.memberships_of(user_id).await?);
        self.record_refusal(&happening, &scopes).await?;
        Ok(Err(refusal))
    }
}
