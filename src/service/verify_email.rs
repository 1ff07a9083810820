//! `verifyEmail`: somebody reads mail at an address. For whoever signed up, the address counts from now on; for whoever
//! changes it, it takes the place of the old one, which is told.

use super::audit::{Happening, scopes_of};
use super::mail_link::{Shown, email_key};
use super::{Caller, Error, Services};
use crate::crypto::{TokenHash, TokenKind};
use crate::domain::key::mask_email;
use crate::domain::{AuditAction, Credential, MailLink, MailLinkKind, Notification};
use crate::store::{StoreError, Tx};
use crate::transact;

/// What verifying gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifyEmail {
    /// The address counts.
    Verified {
        /// Which, well enough hidden for a page that anybody with the link sees.
        masked_email: String,
    },
    /// Too late.
    Expired,
    /// Unknown, forged, used or void: which one is not told.
    Invalid,
    /// Somebody else has the address meanwhile.
    EmailTaken,
}

impl VerifyEmail {
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Verified { .. } => None,
            Self::Expired => Some("EXPIRED"),
            Self::Invalid => Some("INVALID"),
            Self::EmailTaken => Some("EMAIL_TAKEN"),
        }
    }
}

impl Services {
    /// Verifies an address. Who may call: whoever holds the mailed token. Never logs anybody in.
    pub async fn verify_email(&self, caller: &Caller, token: &str) -> Result<VerifyEmail, Error> {
        let (outcome, user) = match self.shown_link(TokenKind::EmailVerification, token).await? {
            Shown::Waiting(hash, link) => {
                let done = transact!(self.store(), |tx| self.use_verification(&mut tx, caller, hash));
                let outcome = match done {
                    // The only unique index that the transaction can run into is that of addresses.
                    Err(Error::Store(StoreError::Duplicate(_))) => VerifyEmail::EmailTaken,
                    done => done?,
                };
                (outcome, Some(link.user_id))
            }
            Shown::Expired(link) => (VerifyEmail::Expired, Some(link.user_id)),
            Shown::Invalid(link) => (VerifyEmail::Invalid, link.map(|link| link.user_id)),
        };
        match outcome.refusal() {
            None => self.wake_mail(),
            Some(reason) => {
                self.record_refused_link(caller, AuditAction::EmailVerificationRefused, user, reason).await?;
            }
        }
        Ok(outcome)
    }

    async fn use_verification(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        hash: TokenHash,
    ) -> Result<VerifyEmail, Error> {
        let now = self.now();
        let store = self.store();
        let Some(link) = store.mail_links.claim(tx, hash, now).await? else {
            return Ok(VerifyEmail::Invalid);
        };
        let user_id = link.user_id;
        let action = match link.kind {
            MailLinkKind::ChangeEmail => {
                if !self.put_email(tx, &link).await? {
                    return Ok(VerifyEmail::Invalid);
                }
                AuditAction::EmailChanged
            }
            MailLinkKind::VerifyEmail | MailLinkKind::ResetPassword => {
                store.users.set_email_verified(tx, user_id).await?;
                AuditAction::EmailVerified
            }
        };
        let scopes = scopes_of(user_id, &self.memberships_in(tx, user_id).await?);
        let happening = Happening::new(caller, now, action).by(user_id, Credential::MailLink).about(user_id);
        store.audit_events.insert(tx, &happening.events(&scopes)).await?;
        Ok(VerifyEmail::Verified { masked_email: mask_email(&link.email) })
    }

    /// Puts the new address in the place of the old one, and makes void whatever else was mailed to either.
    async fn put_email(&self, tx: &mut Tx, link: &MailLink) -> Result<bool, Error> {
        let now = self.now();
        let store = self.store();
        let key = email_key(&link.email, "email")?;
        let old = link.old_email.as_deref().unwrap_or_default();
        if !store.users.replace_email(tx, link.user_id, old, &link.email, &key, now).await? {
            return Ok(false);
        }
        let user = store.users.find_in(tx, link.user_id).await?.ok_or(Error::Defect("a person vanished"))?;
        store.account_members.set_email_key(tx, user.id, &key, &user.name).await?;
        store.portfolio_members.set_email_key(tx, user.id, &key, &user.name).await?;
        store.mail_links.close_of_user(tx, link.user_id, None, now).await?;
        store.outbox.insert(tx, link.user_id, Notification::EmailChanged { link_id: link.id }, now).await?;
        Ok(true)
    }
}
