//! `signUp`: an account and its Owner, whose address is not verified yet. One transaction: user, account, membership,
//! the link to verify the address, audit.
//!
//! An address that is taken gets the same answer after the same work; whoever reads mail there is told, with a link to
//! set a new password. That link, not a second verification, is what an address gets that signed up and was never
//! verified: so nobody verifies a password that a stranger chose.

use time::OffsetDateTime;

use super::audit::Happening;
use super::mail_link::email_key;
use super::throttle::{MAIL_TO_EMAIL, SIGN_UP_BY_IP, Verdict};
use super::{Caller, Error, Services};
use crate::crypto::PasswordHash;
use crate::domain::key::{EmailKey, NAME_MAX, name_key, usable_name};
use crate::domain::preferences::{is_language_tag, is_time_zone};
use crate::domain::{
    Account, AccountId, AccountMembership, AccountRole, AuditAction, Credential, MailLinkKind, MfaPolicy,
    Notification, PasswordFault, Preferences, Scope, UserId, check_password,
};
use crate::store::account_members::NewMember;
use crate::store::users::NewUser;
use crate::store::{StoreError, Tx};
use crate::transact;

/// Who signs up.
pub struct SignUpCommand<'a> {
    /// The address.
    pub email: &'a str,
    /// The password.
    pub password: &'a str,
    /// The person's name.
    pub name: &'a str,
    /// The account's name.
    pub account_name: &'a str,
    /// The language of mail.
    pub locale: Option<&'a str>,
    /// The time zone of mail.
    pub time_zone: Option<&'a str>,
}

/// What signing up gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// A mail went to the address; what it says depends on whether the address is known, and nothing else does.
    MailSent,
    /// This deployment takes no sign-ups.
    Closed,
    /// The password is not good enough.
    Password(PasswordFault),
    /// Too many for this address or from this network.
    TooManyAttempts {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
}

impl SignUp {
    fn refusal(self) -> Option<&'static str> {
        match self {
            Self::MailSent => None,
            Self::Closed => Some("SIGN_UP_CLOSED"),
            Self::Password(fault) => Some(fault.as_str()),
            Self::TooManyAttempts { .. } => Some("TOO_MANY_ATTEMPTS"),
        }
    }
}

/// The command, checked.
struct Applicant {
    email: String,
    email_key: EmailKey,
    name: String,
    account_name: String,
    preferences: Preferences,
    password: PasswordHash,
}

pub(super) fn named(name: &str, field: &'static str) -> Result<String, Error> {
    let expected =
        || Error::bad_input(field, format!("1 to {NAME_MAX} characters without control characters"));
    usable_name(name).map(str::to_owned).ok_or_else(expected)
}

pub(super) fn preferences(locale: Option<&str>, time_zone: Option<&str>) -> Result<Preferences, Error> {
    if locale.is_some_and(|tag| !is_language_tag(tag)) {
        return Err(Error::bad_input("locale", "a language tag such as de or pt-BR"));
    }
    if time_zone.is_some_and(|name| !is_time_zone(name)) {
        return Err(Error::bad_input("timeZone", "a time zone of the IANA database such as Europe/Berlin"));
    }
    Ok(Preferences { locale: locale.map(str::to_owned), time_zone: time_zone.map(str::to_owned) })
}

impl Services {
    /// Signs somebody up. Who may call: anybody.
    pub async fn sign_up(&self, caller: &Caller, command: &SignUpCommand<'_>) -> Result<SignUp, Error> {
        let email_key = email_key(command.email, "email")?;
        let name = named(command.name, "name")?;
        let account_name = named(command.account_name, "accountName")?;
        let preferences = preferences(command.locale, command.time_zone)?;
        let known = [command.email, &name, &account_name, &self.tools.settings.service_name];
        let refused = if !self.tools.settings.sign_up {
            Some(SignUp::Closed)
        } else if let Err(fault) = check_password(command.password, &known) {
            Some(SignUp::Password(fault))
        } else {
            let retry_at = self.mail_throttled(caller, &email_key, SIGN_UP_BY_IP).await?;
            retry_at.map(|retry_at| SignUp::TooManyAttempts { retry_at })
        };
        if let Some((refused, reason)) = refused.and_then(|refused| refused.refusal().map(|r| (refused, r))) {
            let happening =
                Happening::new(caller, self.now(), AuditAction::SignUpRefused).detail("reason", reason);
            self.record_refusal(&happening, &[Scope::Deployment]).await?;
            return Ok(refused);
        }

        let password = self.tools.passwords.hash(command.password).await?;
        let email = command.email.trim().to_owned();
        let applicant = Applicant { email, email_key, name, account_name, preferences, password };
        match transact!(self.store(), |tx| self.admit(&mut tx, caller, &applicant)) {
            Err(Error::Store(StoreError::Duplicate(_))) => {
                self.tell_known(caller, &applicant.email_key).await?
            }
            done => done?,
        }
        self.wake_mail();
        Ok(SignUp::MailSent)
    }

    async fn admit(&self, tx: &mut Tx, caller: &Caller, applicant: &Applicant) -> Result<(), Error> {
        let (now, store) = (self.now(), self.store());
        let (user_id, account_id) = (UserId::generate(now), AccountId::generate(now));
        let user = NewUser {
            id: user_id,
            email: applicant.email.clone(),
            email_key: applicant.email_key.clone(),
            name: applicant.name.clone(),
            created_at: now,
            password: Some(applicant.password.clone()),
            mfa: None,
        };
        store.users.insert_unverified(tx, user, &applicant.preferences).await?;
        let account = Account {
            id: account_id,
            name: applicant.account_name.clone(),
            name_key: name_key(&applicant.account_name),
            created_at: now,
            portfolio_id: None,
            mfa_policy: MfaPolicy::default(),
            member_count: 1,
            owner_id: Some(user_id),
            chosen_contact: None,
        };
        store.accounts.insert(tx, &account).await?;
        let membership = AccountMembership::new(account_id, user_id, AccountRole::Owner, None, now);
        let email_key = applicant.email_key.clone();
        let member = NewMember { membership, name: &applicant.name, email_key, mfa_enabled: false };
        store.account_members.insert(tx, member).await?;
        let link = self.new_link(MailLinkKind::VerifyEmail, user_id, &applicant.email);
        self.send_link(tx, &link, Notification::EmailVerification { link_id: link.id }).await?;
        let mut events = Vec::new();
        for action in [AuditAction::SignedUp, AuditAction::AccountCreated] {
            let happening = Happening::new(caller, now, action).by(user_id, Credential::Password);
            events.extend(happening.about(user_id).events(&[Scope::Account(account_id)]));
        }
        store.audit_events.insert(tx, &events).await?;
        Ok(())
    }

    /// The address is a user's: whoever reads mail there is told.
    async fn tell_known(&self, caller: &Caller, key: &EmailKey) -> Result<(), Error> {
        let found = self.store().users.find_credentials_by_email(key).await?;
        // Gone or renamed meanwhile: the answer is the same, and trying again will do.
        let Some(user) = found.map(|credentials| credentials.user) else { return Ok(()) };
        let scopes = super::audit::scopes_of(user.id, &self.memberships_of(user.id).await?);
        let happening = Happening::new(caller, self.now(), AuditAction::SignUpRefused)
            .about(user.id)
            .detail("reason", "KNOWN_ADDRESS");
        transact!(self.store(), |tx| async {
            let user = self.store().users.find_in(&mut tx, user.id).await?;
            let user = user.ok_or(Error::Defect("user vanished"))?;
            let link = self.new_password_link(&user);
            self.send_link(&mut tx, &link, Notification::SignedUpAgain { link_id: link.id }).await?;
            self.store().audit_events.insert(&mut tx, &happening.events(&scopes)).await?;
            Ok::<(), Error>(())
        })
    }

    /// Counts a mail that somebody signed out asks to be sent to an address: not before when, if there were too many.
    pub(super) async fn mail_throttled(
        &self,
        caller: &Caller,
        key: &EmailKey,
        by_ip: super::throttle::Limit,
    ) -> Result<Option<OffsetDateTime>, Error> {
        if let Some(ip) = caller.meta.ip
            && let Verdict::Wait(retry_at) =
                self.attempt(by_ip, ip.to_canonical().to_string().as_bytes()).await?
        {
            return Ok(Some(retry_at));
        }
        match self.attempt(MAIL_TO_EMAIL, key.as_str().as_bytes()).await? {
            Verdict::Go(_) => Ok(None),
            Verdict::Wait(retry_at) => Ok(Some(retry_at)),
        }
    }
}
