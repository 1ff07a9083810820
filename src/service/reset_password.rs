//! `requestPasswordReset` and `resetPassword`: a new password against a link that travels by mail.
//!
//! It never touches the second factor and never logs in. It is held for a while after a reset of the person's MFA was
//! asked for: one mailbox must not defeat both factors. Asking gives the same answer whether the address is known or
//! not.

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of};
use super::mail_link::{Shown, email_key};
use super::throttle::PASSWORD_RESET_BY_IP;
use super::{Caller, Error, Services};
use crate::crypto::{PasswordHash, TokenHash, TokenKind};
use crate::domain::key::mask_email;
use crate::domain::{
    AuditAction, Credential, MailLink, MailLinkKind, MailLinkState, Memberships, Notification, PasswordFault,
    Scope, User, UserId, check_password,
};
use crate::store::Tx;
use crate::transact;

/// What asking for a new password gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestPasswordReset {
    /// A mail goes out if the address is known.
    Requested,
    /// Too many for this address or from this network.
    TooManyAttempts {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
}

/// What setting a new password gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResetPassword {
    /// The new password counts; every session has ended.
    Done {
        /// Whose, well enough hidden for a page that anybody with the link sees.
        masked_email: String,
    },
    /// Too late.
    Expired,
    /// Unknown, forged, used or void: which one is not told.
    Invalid,
    /// Held, since a reset of the person's MFA was asked for.
    Held {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
    /// The password is not good enough. The link stays as it is.
    Password(PasswordFault),
}

impl ResetPassword {
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Done { .. } => None,
            Self::Expired => Some("EXPIRED"),
            Self::Invalid => Some("INVALID"),
            Self::Held { .. } => Some("HELD"),
            Self::Password(fault) => Some(fault.as_str()),
        }
    }
}

impl Services {
    /// Asks for a link to set a new password. Who may call: anybody.
    pub async fn request_password_reset(
        &self,
        caller: &Caller,
        email: &str,
    ) -> Result<RequestPasswordReset, Error> {
        let key = email_key(email, "email")?;
        if let Some(retry_at) = self.mail_throttled(caller, &key, PASSWORD_RESET_BY_IP).await? {
            self.record_refused_link(caller, AuditAction::PasswordResetRefused, None, "TOO_MANY_ATTEMPTS")
                .await?;
            return Ok(RequestPasswordReset::TooManyAttempts { retry_at });
        }
        let found = self.store().users.find_credentials_by_email(&key).await?.map(|known| known.user);
        // The same reads and nearly the same writes in both cases: the answer's time must not tell.
        let somebody = found.as_ref().map_or_else(|| UserId::generate(self.now()), |user| user.id);
        let memberships = self.memberships_of(somebody).await?;
        let known = found.is_some();
        transact!(self.store(), |tx| self.send_password_link(
            &mut tx,
            caller,
            somebody,
            known,
            &memberships
        ))?;
        self.wake_mail();
        Ok(RequestPasswordReset::Requested)
    }

    async fn send_password_link(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        user_id: UserId,
        known: bool,
        memberships: &Memberships,
    ) -> Result<(), Error> {
        let store = self.store();
        let happening = Happening::new(caller, self.now(), AuditAction::PasswordResetRequested);
        let events = match store.users.find_in(tx, user_id).await?.filter(|_| known) {
            Some(user) => {
                let link = self.new_password_link(&user);
                self.send_link(tx, &link, Notification::PasswordReset { link_id: link.id }).await?;
                let scopes = scopes_of(user_id, memberships);
                let happening = happening.about(user_id);
                match link.held_until {
                    None => happening.events(&scopes),
                    Some(until) => happening.detail("heldUntil", until).events(&scopes),
                }
            }
            None => {
                let nowhere = self.new_link(MailLinkKind::ResetPassword, user_id, "");
                let nowhere = MailLink { state: MailLinkState::Closed, ..nowhere };
                store.mail_links.insert(tx, &nowhere).await?;
                happening.detail("address", "unknown").events(&[Scope::Deployment])
            }
        };
        store.audit_events.insert(tx, &events).await?;
        Ok(())
    }

    /// Sets a new password. Who may call: whoever holds the mailed token.
    pub async fn reset_password(
        &self,
        caller: &Caller,
        token: &str,
        password: &str,
    ) -> Result<ResetPassword, Error> {
        let (outcome, user) = match self.shown_link(TokenKind::PasswordReset, token).await? {
            Shown::Waiting(hash, link) => {
                (self.reset_with(caller, hash, &link, password).await?, Some(link.user_id))
            }
            Shown::Expired(link) => (ResetPassword::Expired, Some(link.user_id)),
            Shown::Invalid(link) => (ResetPassword::Invalid, link.map(|link| link.user_id)),
        };
        match outcome.refusal() {
            None => self.wake_mail(),
            Some(reason) => {
                self.record_refused_link(caller, AuditAction::PasswordResetRefused, user, reason).await?;
            }
        }
        Ok(outcome)
    }

    async fn reset_with(
        &self,
        caller: &Caller,
        hash: TokenHash,
        link: &MailLink,
        password: &str,
    ) -> Result<ResetPassword, Error> {
        let Some(user) = self.store().users.find(link.user_id).await? else {
            return Ok(ResetPassword::Invalid);
        };
        if let Some(retry_at) = self.password_reset_held(&user) {
            return Ok(ResetPassword::Held { retry_at });
        }
        if let Err(fault) = self.check_password_of(&user, password) {
            return Ok(ResetPassword::Password(fault));
        }
        let new = self.tools.passwords.hash(password).await?;
        transact!(self.store(), |tx| self.put_password(&mut tx, caller, hash, user.id, &new))
    }

    async fn put_password(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        hash: TokenHash,
        user_id: UserId,
        new: &PasswordHash,
    ) -> Result<ResetPassword, Error> {
        let now = self.now();
        let store = self.store();
        let user = store.users.find_in(tx, user_id).await?.ok_or(Error::Defect("user vanished"))?;
        // Asked again on the snapshot; whoever asks for an MFA reset at the same time changes the user, too, so that one
        // of the two starts over.
        if let Some(retry_at) = self.password_reset_held(&user) {
            return Ok(ResetPassword::Held { retry_at });
        }
        if store.mail_links.claim(tx, hash, now).await?.is_none() {
            return Ok(ResetPassword::Invalid);
        }
        store.users.reset_password(tx, user_id, new, now).await?;
        let ended = self.after_new_password(tx, user_id, None).await?;
        let scopes = scopes_of(user_id, &self.memberships_in(tx, user_id).await?);
        let happening = Happening::new(caller, now, AuditAction::PasswordReset)
            .by(user_id, Credential::MailLink)
            .about(user_id)
            .detail("sessionsEnded", ended);
        store.audit_events.insert(tx, &happening.events(&scopes)).await?;
        Ok(ResetPassword::Done { masked_email: mask_email(&user.email) })
    }

    /// What follows a new password: sessions but one, half-finished log-ins, known browsers and mailed links are void, and
    /// the person is told. The second factor stays as it is.
    pub(super) async fn after_new_password(
        &self,
        tx: &mut Tx,
        user_id: UserId,
        keep: Option<crate::domain::SessionId>,
    ) -> Result<u64, Error> {
        let now = self.now();
        let store = self.store();
        let ended = store.sessions.delete_of_user(tx, user_id, keep).await?;
        store.tickets.delete_of_user(tx, user_id).await?;
        self.forget_devices(tx, user_id).await?;
        store.mail_links.close_of_user(tx, user_id, None, now).await?;
        store.outbox.insert(tx, user_id, Notification::PasswordChanged { user_id }, now).await?;
        Ok(ended)
    }

    /// Checks a new password of somebody who exists.
    pub(super) fn check_password_of(&self, user: &User, password: &str) -> Result<(), PasswordFault> {
        check_password(password, &[&user.email, &user.name, &self.tools.settings.service_name])
    }
}
