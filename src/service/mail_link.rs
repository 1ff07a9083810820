//! What the one-time links that travel by mail have in common: made, put into the outbox, found by their token.

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of};
use super::{Caller, Error, Services};
use crate::crypto::{Token, TokenHash, TokenKind};
use crate::domain::erasure::is_erased;
use crate::domain::key::{EmailError, EmailKey};
use crate::domain::user::held_until;
use crate::domain::{
    AuditAction, Credential, MailLink, MailLinkId, MailLinkKind, MailLinkState, Notification, Scope, User,
    UserId,
};
use crate::store::Tx;

/// What a shown token is worth, before anything is done with it.
pub(super) enum Shown {
    /// A link that waits.
    Waiting(TokenHash, Box<MailLink>),
    /// A link that came too late.
    Expired(Box<MailLink>),
    /// Unknown, forged, used or void.
    Invalid(Option<Box<MailLink>>),
}

/// Checks an address and makes its key; `field` is the input field.
pub(super) fn email_key(email: &str, field: &'static str) -> Result<EmailKey, Error> {
    usable_email(email).map_err(|error| {
        Error::bad_input(
            field,
            match error {
                EmailError::Form => "an address of the form name@example.com",
                EmailError::TooLong => "at most 254 bytes",
                EmailError::Domain => "a valid domain after the @",
            },
        )
    })
}

/// The key of an address that somebody types. Those of erased people are nobody's to take.
pub(super) fn usable_email(email: &str) -> Result<EmailKey, EmailError> {
    EmailKey::parse(email).and_then(|key| match is_erased(key.as_str()) {
        true => Err(EmailError::Domain),
        false => Ok(key),
    })
}

impl Services {
    /// A link that waits, not stored yet.
    pub(super) fn new_link(&self, kind: MailLinkKind, user_id: UserId, email: &str) -> MailLink {
        let now = self.now();
        MailLink {
            id: MailLinkId::generate(now),
            kind,
            user_id,
            email: email.to_owned(),
            old_email: None,
            state: MailLinkState::Pending,
            created_at: now,
            expires_at: now + kind.ttl(),
            held_until: None,
        }
    }

    /// A link to set a new password; one that leads nowhere while that is held.
    pub(super) fn new_password_link(&self, user: &User) -> MailLink {
        let link = self.new_link(MailLinkKind::ResetPassword, user.id, &user.email);
        match self.password_reset_held(user) {
            None => link,
            Some(until) => MailLink { state: MailLinkState::Closed, held_until: Some(until), ..link },
        }
    }

    /// Stores a link together with the mail that carries it.
    pub(super) async fn send_link(
        &self,
        tx: &mut Tx,
        link: &MailLink,
        what: Notification,
    ) -> Result<(), Error> {
        self.store().mail_links.insert(tx, link).await?;
        self.store().outbox.insert(tx, link.user_id, what, link.created_at).await?;
        Ok(())
    }

    /// Looks a token up. Changes nothing.
    pub(super) async fn shown_link(&self, kind: TokenKind, token: &str) -> Result<Shown, Error> {
        let Some(hash) = Token::parse(kind, token).map(|token| token.hash()) else {
            return Ok(Shown::Invalid(None));
        };
        Ok(match self.store().mail_links.find_by_token(hash).await?.map(Box::new) {
            None => Shown::Invalid(None),
            Some(link) if link.waits(self.now()) => Shown::Waiting(hash, link),
            Some(link) if link.state == MailLinkState::Pending => Shown::Expired(link),
            Some(link) => Shown::Invalid(Some(link)),
        })
    }

    /// Writes down that what a link is for was refused.
    pub(super) async fn record_refused_link(
        &self,
        caller: &Caller,
        action: AuditAction,
        user: Option<UserId>,
        reason: &str,
    ) -> Result<(), Error> {
        let happening =
            Happening::new(caller, self.now(), action).with(Credential::MailLink).detail("reason", reason);
        match user {
            None => self.record_refusal(&happening, &[Scope::Deployment]).await,
            Some(user) => {
                let scopes = scopes_of(user, &self.memberships_of(user).await?);
                self.record_refusal(&happening.about(user), &scopes).await
            }
        }
    }

    /// Until when a person's password cannot be set anew by mail, since a reset of the person's MFA was asked for.
    pub(super) fn password_reset_held(&self, user: &User) -> Option<OffsetDateTime> {
        held_until(user.mfa_reset_asked_at, self.tools.settings.password_reset_hold, self.now())
    }

    /// Until when nobody can ask to reset a person's MFA, since the person's address or password changed.
    pub fn mfa_reset_held(&self, user: &User) -> Option<OffsetDateTime> {
        held_until(user.credentials_changed_at, self.tools.settings.mfa_reset_hold, self.now())
    }
}
