//! `stepUp`: somebody signed in proves again who they are, and whether what they want now takes that. It shares limits,
//! replay protection and backup codes with the log-in.

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of};
use super::change_password::OwnPassword;
use super::own_factor::{OwnFactor, Proof};
use super::{Caller, Error, Services};
use crate::domain::step_up::{Unready, proven_until, unready};
use crate::domain::{AuditAction, Credential, Denial, MfaMethod, Notification, Session, User};
use crate::store::Tx;
use crate::transact;

/// What proving again gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepUp {
    /// It counts until then.
    SteppedUp(OffsetDateTime),
    /// The person has MFA: a code is asked for.
    CodeRequired,
    /// The person has no MFA: the password is asked for.
    PasswordRequired,
    /// The code was not taken.
    Code(OwnFactor),
    /// The password was not taken.
    Password(OwnPassword),
}

impl Services {
    /// Proves again who the caller is: with a code where there is MFA, else with the password. Who may call: the
    /// signed-in person.
    pub async fn step_up(
        &self,
        caller: &Caller,
        code: Option<&str>,
        password: Option<&str>,
    ) -> Result<StepUp, Error> {
        let user_id = caller.signed_in()?.user_id;
        let user = self.store().users.find(user_id).await?.ok_or(Error::Denied(Denial::SignedOut))?;
        let missing = match (user.mfa.is_some(), code, password) {
            (true, Some(code), _) => return self.step_up_by_code(caller, code).await,
            (false, _, Some(password)) => return self.step_up_by_password(caller, password).await,
            (true, None, _) => (StepUp::CodeRequired, "CODE_REQUIRED"),
            (false, _, None) => (StepUp::PasswordRequired, "PASSWORD_REQUIRED"),
        };
        self.record_refused_own_change(caller, "stepUp", missing.1).await?;
        Ok(missing.0)
    }

    async fn step_up_by_code(&self, caller: &Caller, code: &str) -> Result<StepUp, Error> {
        let proof = match self.prove_own_factor(caller, code).await? {
            Ok(proof) => proof,
            Err(refusal) => return Ok(StepUp::Code(refusal)),
        };
        let outcome = transact!(self.store(), |tx| self.note_code(&mut tx, caller, &proof))?;
        match outcome {
            StepUp::Code(refusal) => self.record_refused_factor(caller, refusal).await?,
            _ => self.forgive(proof.attempt).await?,
        }
        self.wake_mail();
        Ok(outcome)
    }

    async fn note_code(&self, tx: &mut Tx, caller: &Caller, proof: &Proof) -> Result<StepUp, Error> {
        let (store, now) = (self.store(), self.now());
        let (user_id, session) = (proof.user_id, caller.signed_in()?.session.id);
        if !self.use_code(tx, user_id, &proof.secrets, proof.code).await? {
            return Ok(StepUp::Code(OwnFactor::CodeAlreadyUsed));
        }
        // A session that was ended meanwhile is not brought back.
        if !store.sessions.set_mfa_at(tx, session, now).await? {
            return Err(Denial::SignedOut.into());
        }
        self.note_step_up(tx, caller, proof.code.credential()).await?;
        if proof.code.method() == MfaMethod::BackupCode {
            let happening = Happening::new(caller, now, AuditAction::BackupCodeUsed)
                .by(user_id, Credential::BackupCode)
                .about(user_id);
            let scopes = scopes_of(user_id, &self.memberships_in(tx, user_id).await?);
            store.audit_events.insert(tx, &happening.events(&scopes)).await?;
            store.outbox.insert(tx, user_id, Notification::BackupCodeUsed { user_id }, now).await?;
        }
        Ok(StepUp::SteppedUp(now + self.tools.settings.step_up_age))
    }

    async fn step_up_by_password(&self, caller: &Caller, password: &str) -> Result<StepUp, Error> {
        if let Err(refusal) = self.prove_own_password(caller, password).await? {
            return Ok(StepUp::Password(refusal));
        }
        transact!(self.store(), |tx| self.note_password(&mut tx, caller))
    }

    async fn note_password(&self, tx: &mut Tx, caller: &Caller) -> Result<StepUp, Error> {
        let now = self.now();
        if !self.store().sessions.set_password_at(tx, caller.signed_in()?.session.id, now).await? {
            return Err(Denial::SignedOut.into());
        }
        self.note_step_up(tx, caller, Credential::Password).await?;
        Ok(StepUp::SteppedUp(now + self.tools.settings.step_up_age))
    }

    async fn note_step_up(&self, tx: &mut Tx, caller: &Caller, with: Credential) -> Result<(), Error> {
        let user_id = caller.signed_in()?.user_id;
        let happening =
            Happening::new(caller, self.now(), AuditAction::SteppedUp).by(user_id, with).about(user_id);
        let scopes = scopes_of(user_id, &self.memberships_in(tx, user_id).await?);
        Ok(self.store().audit_events.insert(tx, &happening.events(&scopes)).await?)
    }

    /// The caller and the session in use, as the transaction sees them: one that was ended meanwhile is none.
    pub(super) async fn present_in(&self, tx: &mut Tx, caller: &Caller) -> Result<(User, Session), Error> {
        let person = caller.signed_in()?;
        let user = self.store().users.find_in(tx, person.user_id).await?;
        let session = self.store().sessions.find_live_in(tx, person.session.id, self.now()).await?;
        Ok(user.zip(session).ok_or(Denial::SignedOut)?)
    }

    /// Why the caller cannot do now what asks for a fresh proof.
    pub(super) async fn why_not_now(&self, tx: &mut Tx, caller: &Caller) -> Result<Option<Unready>, Error> {
        let (actor, session) = self.present_in(tx, caller).await?;
        Ok(self.unready(&actor, &session))
    }

    /// The same of somebody who was read already.
    pub(super) fn unready(&self, actor: &User, session: &Session) -> Option<Unready> {
        let settings = &self.tools.settings;
        unready(actor, session, (settings.step_up_age, settings.post_reset_hold), self.now())
    }

    /// Until when the last proof in a session of this person counts; nothing when it counts no more.
    pub fn step_up_valid_until(&self, user: &User, session: &Session) -> Option<OffsetDateTime> {
        let until = proven_until(user.mfa.is_some(), session, self.tools.settings.step_up_age);
        until.filter(|until| self.now() < *until)
    }
}
