//! `updateProfile`: name, language and time zone change at once; another address takes the current password, is
//! verified first, and the one in use is told before and after.

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of};
use super::change_password::OwnPassword;
use super::mail_link::email_key;
use super::sign_up::{named, preferences};
use super::throttle::{EMAIL_CHANGE_BY_USER, Verdict};
use super::{Caller, Error, Services};
use crate::domain::{AuditAction, MailLink, MailLinkKind, Notification, User, UserId};
use crate::store::Tx;
use crate::store::users::ProfileUpdate;
use crate::transact;

/// What is to change; what is absent stays.
#[derive(Default)]
pub struct ProfileChange<'a> {
    /// The name.
    pub name: Option<&'a str>,
    /// Another address.
    pub email: Option<&'a str>,
    /// Needed for another address.
    pub current_password: Option<&'a str>,
    /// `Some(None)` takes the language away.
    pub locale: Option<Option<&'a str>>,
    /// `Some(None)` takes the time zone away.
    pub time_zone: Option<Option<&'a str>>,
}

/// What changing one's profile gives.
#[derive(Debug)]
pub enum UpdateProfile {
    /// Done, as far as it needs no verification.
    Updated {
        /// The person.
        user: Box<User>,
        /// The address that waits to be verified.
        pending_email: Option<String>,
    },
    /// Another address takes the current password.
    PasswordRequired,
    /// The current password was not taken.
    Refused(OwnPassword),
    /// Another address was asked for too often.
    TooManyAttempts {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
}

impl Services {
    /// Changes the caller's own profile. Who may call: the signed-in person; with the current password where the
    /// address is to change.
    pub async fn update_profile(
        &self,
        caller: &Caller,
        change: &ProfileChange<'_>,
    ) -> Result<UpdateProfile, Error> {
        let user_id = caller.signed_in()?.user_id;
        let wanted = preferences(change.locale.flatten(), change.time_zone.flatten())?;
        let update = ProfileUpdate {
            name: change.name.map(|name| named(name, "name")).transpose()?,
            locale: change.locale.map(|_| wanted.locale),
            time_zone: change.time_zone.map(|_| wanted.time_zone),
        };
        let found = self.store().users.find(user_id).await?.ok_or(Error::Defect("the caller vanished"))?;
        let email = change.email.map(str::trim).filter(|email| *email != found.email);
        if let Some(email) = email {
            email_key(email, "email")?;
            let Some(password) = change.current_password else {
                self.record_refused_own_change(caller, "updateProfile", "PASSWORD_REQUIRED").await?;
                return Ok(UpdateProfile::PasswordRequired);
            };
            if let Err(refusal) = self.prove_own_password(caller, password).await? {
                return Ok(UpdateProfile::Refused(refusal));
            }
            if let Verdict::Wait(retry_at) =
                self.attempt(EMAIL_CHANGE_BY_USER, user_id.uuid().as_bytes()).await?
            {
                self.record_refused_own_change(caller, "updateProfile", "TOO_MANY_ATTEMPTS").await?;
                return Ok(UpdateProfile::TooManyAttempts { retry_at });
            }
        }
        let user = transact!(self.store(), |tx| self.put_profile(&mut tx, caller, user_id, &update, email))?;
        self.wake_mail();
        let pending_email = self.pending_email(user_id).await?;
        Ok(UpdateProfile::Updated { user: Box::new(user), pending_email })
    }

    async fn put_profile(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        user_id: UserId,
        update: &ProfileUpdate,
        email: Option<&str>,
    ) -> Result<User, Error> {
        let now = self.now();
        let store = self.store();
        let old = store.users.find_in(tx, user_id).await?.ok_or(Error::Defect("the caller vanished"))?;
        let scopes = scopes_of(user_id, &self.memberships_in(tx, user_id).await?);
        let mut new = old.clone();
        let mut fields = Vec::new();
        let mut set = |field: &'static str, differs: bool| differs.then(|| fields.push(field)).is_some();
        if let Some(name) = update.name.as_ref().filter(|name| set("name", **name != old.name)) {
            new.name.clone_from(name);
            let email = email_key(&old.email, "email")?;
            store.account_members.set_name(tx, user_id, name, &email).await?;
            store.portfolio_members.set_name(tx, user_id, name, &email).await?;
        }
        if let Some(locale) = update.locale.as_ref().filter(|l| set("locale", **l != old.preferences.locale))
        {
            new.preferences.locale.clone_from(locale);
        }
        if let Some(zone) =
            update.time_zone.as_ref().filter(|z| set("timeZone", **z != old.preferences.time_zone))
        {
            new.preferences.time_zone.clone_from(zone);
        }
        let mut events = Vec::new();
        if !fields.is_empty() {
            store.users.update_profile(tx, user_id, update).await?;
            let happening = Happening::new(caller, now, AuditAction::ProfileChanged)
                .about(user_id)
                .detail("fields", fields.join(", "));
            events.extend(happening.events(&scopes));
        }
        if let Some(email) = email.filter(|email| *email != old.email) {
            self.ask_for_email(tx, &old, email).await?;
            let happening = Happening::new(caller, now, AuditAction::EmailChangeRequested).about(user_id);
            events.extend(happening.events(&scopes));
        }
        store.audit_events.insert(tx, &events).await?;
        Ok(new)
    }

    /// Whether the new address is somebody else's is not told here: only whoever reads mail there learns it.
    async fn ask_for_email(&self, tx: &mut Tx, user: &User, email: &str) -> Result<(), Error> {
        let store = self.store();
        // The latest one counts, even of two that are asked for at the same time.
        store.users.touch(tx, user.id).await?;
        store.mail_links.close_of_user(tx, user.id, Some(MailLinkKind::ChangeEmail), self.now()).await?;
        let link = self.new_link(MailLinkKind::ChangeEmail, user.id, email);
        let link = MailLink { old_email: Some(user.email.clone()), ..link };
        self.send_link(tx, &link, Notification::EmailVerification { link_id: link.id }).await?;
        let told = Notification::EmailChangeRequested { link_id: link.id };
        store.outbox.insert(tx, user.id, told, link.created_at).await?;
        Ok(())
    }

    /// The address that waits to be verified before it takes the place of a person's own. For the person only.
    pub async fn pending_email(&self, user_id: UserId) -> Result<Option<String>, Error> {
        let link =
            self.store().mail_links.find_waiting(user_id, MailLinkKind::ChangeEmail, self.now()).await?;
        Ok(link.map(|link| link.email))
    }
}
