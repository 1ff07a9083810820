//! `acceptInvitation`: the invited person joins an account or portfolio.
//!
//! The mailed token proves that somebody reads the mail of the invited address. That is enough to become a new user. A
//! person who exists must be logged in as well: who joins an account can have their MFA reset by its Owner, and one
//! mailbox must not defeat both factors.

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of_account};
use super::sign_up::preferences;
use super::{Caller, Error, Services};
use crate::crypto::{Token, TokenHash, TokenKind};
use crate::domain::key::{mask_email, usable_name};
use crate::domain::password::{PasswordFault, check_password};
use crate::domain::{
    AccountMembership, AuditAction, Credential, Invitation, InvitationState, MfaPolicy, Notification, Offer,
    PortfolioMembership, Preferences, Scope, User, UserId,
};
use crate::store::invitations::InvitationKey;
use crate::store::users::NewUser;
use crate::store::{StoreError, Tx, account_members, portfolio_members};
use crate::transact;

/// What somebody who is not a user yet chooses.
#[derive(Clone, Copy, Default)]
pub struct Registration<'a> {
    /// The name.
    pub name: Option<&'a str>,
    /// The password.
    pub password: Option<&'a str>,
    /// The language of mail.
    pub locale: Option<&'a str>,
    /// The time zone of mail.
    pub time_zone: Option<&'a str>,
}

/// A user to be.
struct Newcomer {
    user: NewUser,
    preferences: Preferences,
}

/// Somebody joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// What the person became, and where.
    pub offer: Offer,
    /// The account's or portfolio's name.
    pub place_name: String,
    /// Whose address it is, well enough hidden.
    pub masked_email: String,
    /// Whether a user was made of the invitation; else one who existed joined.
    pub user_created: bool,
    /// Whether the next log-in asks to set MFA up; sessions have ended then.
    pub enrollment_required: bool,
}

/// What accepting gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcceptInvitation {
    /// The person is in.
    Joined(Box<Joined>),
    /// Too late: ask for another one.
    Expired,
    /// Unknown, forged, used or taken back: which one is not told.
    Invalid,
    /// The address is a user's, and nobody is logged in.
    LogInRequired,
    /// Somebody else is logged in.
    AnotherUser,
    /// A name and a password must be chosen.
    RegistrationRequired,
    /// The password is not good enough.
    Password(PasswordFault),
}

impl AcceptInvitation {
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Joined(_) => None,
            Self::Expired => Some("EXPIRED"),
            Self::Invalid => Some("INVALID"),
            Self::LogInRequired => Some("LOG_IN_REQUIRED"),
            Self::AnotherUser => Some("ANOTHER_USER"),
            Self::RegistrationRequired => Some("REGISTRATION_REQUIRED"),
            Self::Password(fault) => Some(fault.as_str()),
        }
    }
}

/// What is said of an invitation that waits no more.
fn closed(invitation: &Invitation, now: OffsetDateTime) -> Option<AcceptInvitation> {
    match invitation.state_at(now) {
        InvitationState::Pending => None,
        InvitationState::Expired => Some(AcceptInvitation::Expired),
        _ => Some(AcceptInvitation::Invalid),
    }
}

/// Who would join, from who is asking and whether the address is a user's. Pure.
fn joiner(caller: &Caller, known: Option<&User>) -> Result<Option<UserId>, AcceptInvitation> {
    match (known, caller.actor.user_id()) {
        (Some(user), Some(id)) if user.id == id => Ok(Some(id)),
        (_, Some(_)) => Err(AcceptInvitation::AnotherUser),
        (Some(_), None) => Err(AcceptInvitation::LogInRequired),
        (None, None) => Ok(None),
    }
}

impl Services {
    /// Accepts an invitation. Who may call: whoever holds the mailed token and, where the address is a user's, is logged
    /// in as that user.
    pub async fn accept_invitation(
        &self,
        caller: &Caller,
        token: &str,
        registration: Registration<'_>,
    ) -> Result<AcceptInvitation, Error> {
        let preferences = preferences(registration.locale, registration.time_zone)?;
        let hash = Token::parse(TokenKind::Invitation, token).map(|token| token.hash());
        let found = match hash {
            Some(hash) => self.store().invitations.find(InvitationKey::Token(hash)).await?,
            None => None,
        };
        let outcome = match (hash, &found) {
            (Some(hash), Some(invitation)) => {
                self.accept_invited(caller, hash, invitation, registration, preferences).await?
            }
            _ => AcceptInvitation::Invalid,
        };
        match outcome.refusal() {
            None => self.wake_mail(),
            Some(reason) => {
                let scope = found.as_ref().map_or(Scope::Deployment, |found| found.offer.scope());
                let mut happening = Happening::new(caller, self.now(), AuditAction::InvitationAcceptRefused)
                    .with(Credential::MailLink)
                    .detail("reason", reason);
                if let Some(found) = found {
                    happening = happening.detail("invitation", found.id);
                }
                self.record_refusal(&happening, &[scope]).await?;
            }
        }
        Ok(outcome)
    }

    async fn accept_invited(
        &self,
        caller: &Caller,
        hash: TokenHash,
        invitation: &Invitation,
        registration: Registration<'_>,
        preferences: Preferences,
    ) -> Result<AcceptInvitation, Error> {
        if let Some(closed) = closed(invitation, self.now()) {
            return Ok(closed);
        }
        let known = self.store().users.find_by_email(&invitation.email_key).await?;
        let new = match joiner(caller, known.as_ref()) {
            Err(refused) => return Ok(refused),
            Ok(Some(_)) => None,
            Ok(None) => match self.registered(invitation, registration).await? {
                Ok(user) => Some(Newcomer { user, preferences }),
                Err(refused) => return Ok(refused),
            },
        };
        match transact!(self.store(), |tx| self.join(&mut tx, caller, hash, new.as_ref())) {
            // The place or the role is gone: neither a user nor a used invitation is left behind.
            Err(Error::Undone) => Ok(AcceptInvitation::Invalid),
            outcome => outcome,
        }
    }

    /// The user whom an invitation makes; hashing the password is slow and happens before the transaction.
    async fn registered(
        &self,
        invitation: &Invitation,
        registration: Registration<'_>,
    ) -> Result<Result<NewUser, AcceptInvitation>, Error> {
        let (Some(name), Some(password)) = (registration.name, registration.password) else {
            return Ok(Err(AcceptInvitation::RegistrationRequired));
        };
        let name = usable_name(name)
            .ok_or_else(|| Error::bad_input("name", "1 to 200 characters without control characters"))?;
        let place = self.place_name(invitation.offer).await?;
        if let Err(fault) = check_password(password, &[&invitation.email, name, &place]) {
            return Ok(Err(AcceptInvitation::Password(fault)));
        }
        let now = self.now();
        Ok(Ok(NewUser {
            id: UserId::generate(now),
            email: invitation.email.clone(),
            email_key: invitation.email_key.clone(),
            name: name.to_owned(),
            created_at: now,
            password: Some(self.tools.passwords.hash(password).await?),
            mfa: None,
        }))
    }

    async fn join(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        hash: TokenHash,
        new: Option<&Newcomer>,
    ) -> Result<AcceptInvitation, Error> {
        let (store, now) = (self.store(), self.now());
        let found = store.invitations.find_in(tx, InvitationKey::Token(hash)).await?;
        let Some(invitation) = found else { return Ok(AcceptInvitation::Invalid) };
        if let Some(closed) = closed(&invitation, now) {
            return Ok(closed);
        }
        // Decided again on the snapshot: somebody may have signed up with the address a moment ago.
        let known = store.users.find_by_email_in(tx, &invitation.email_key).await?;
        match joiner(caller, known.as_ref()) {
            Err(refused) => return Ok(refused),
            Ok(None) if new.is_none() => return Ok(AcceptInvitation::RegistrationRequired),
            Ok(_) => {}
        }
        if store.invitations.claim_acceptance(tx, hash, now).await?.is_none() {
            return Ok(AcceptInvitation::Invalid);
        }
        let (user_id, name, has_mfa) = match (&known, new) {
            (Some(user), _) => {
                // The copies below must not miss a change of the person's name, address or MFA.
                store.users.touch(tx, user.id).await?;
                (user.id, user.name.as_str(), user.mfa.is_some())
            }
            (None, Some(new)) => {
                let user = new.user.clone();
                store.users.insert_with(tx, user, &new.preferences).await.map_err(lost_race)?;
                (new.user.id, new.user.name.as_str(), false)
            }
            (None, None) => return Err(Error::Defect("nobody joins")),
        };
        let joins = Joins { user_id, name, has_mfa, invitation: &invitation };
        let place = self.enter(tx, &joins).await?.ok_or(Error::Undone)?;

        let enrollment_required = !has_mfa && place.policy.demands_enrollment(now);
        if enrollment_required {
            // Joining a place that enforces MFA must not leave a session behind that began without it.
            store.sessions.delete_of_user(tx, user_id, None).await?;
        }
        let notice = Notification::InvitationAccepted { invitation_id: invitation.id };
        store.outbox.insert(tx, invitation.invited_by, notice, now).await?;
        let mut happening = Happening::new(caller, now, AuditAction::InvitationAccepted)
            .about(user_id)
            .detail("invitation", invitation.id)
            .detail("role", invitation.offer.role_name());
        if known.is_none() {
            happening = happening.by(user_id, Credential::MailLink).detail("user", "created");
        }
        if place.was_there {
            happening = happening.detail("role", "unchanged");
        }
        store.audit_events.insert(tx, &happening.events(&place.scopes)).await?;
        Ok(AcceptInvitation::Joined(Box::new(Joined {
            offer: invitation.offer,
            place_name: place.name,
            masked_email: mask_email(&invitation.email),
            user_created: known.is_none(),
            enrollment_required,
        })))
    }

    /// Puts a person into the place of an invitation; nothing when the place or its role is gone. Whoever is there already (by another
    /// way) keeps the role.
    async fn enter(&self, tx: &mut Tx, joins: &Joins<'_>) -> Result<Option<Entered>, Error> {
        let (store, joined_at) = (self.store(), self.now());
        let (user_id, name, mfa_enabled) = (joins.user_id, joins.name, joins.has_mfa);
        let email_key = joins.invitation.email_key.clone();
        match joins.invitation.offer {
            Offer::Account { account_id, role, custom_role_id } => {
                let Some(account) = store.accounts.find_in(tx, account_id).await? else { return Ok(None) };
                let was_there = store.account_members.find_in(tx, account_id, user_id).await?.is_some();
                if !store.accounts.touch(tx, account_id, i64::from(!was_there)).await? {
                    return Ok(None);
                }
                if !was_there {
                    let mut membership =
                        AccountMembership::new(account_id, user_id, role, account.portfolio_id, joined_at);
                    if let Some(id) = custom_role_id {
                        let found = store.account_roles.find_in(tx, id).await?;
                        let Some(role) = found.filter(|role| role.account_id == account_id) else {
                            return Ok(None);
                        };
                        membership = membership.holding(role.held());
                    }
                    let member = account_members::NewMember { membership, name, email_key, mfa_enabled };
                    store.account_members.insert(tx, member).await?;
                }
                let scopes = scopes_of_account(&account);
                Ok(Some(Entered { name: account.name, policy: account.mfa_policy, scopes, was_there }))
            }
            Offer::Portfolio { portfolio_id, role } => {
                let found = store.portfolios.find_in(tx, portfolio_id).await?;
                let Some(portfolio) = found else { return Ok(None) };
                let was_there = store.portfolio_members.find_in(tx, portfolio_id, user_id).await?.is_some();
                if !store.portfolios.touch(tx, portfolio_id, i64::from(!was_there), 0).await? {
                    return Ok(None);
                }
                if !was_there {
                    let membership = PortfolioMembership { portfolio_id, user_id, role, joined_at };
                    let member = portfolio_members::NewMember { membership, name, email_key, mfa_enabled };
                    store.portfolio_members.insert(tx, member).await?;
                }
                let scopes = vec![Scope::Portfolio(portfolio_id)];
                Ok(Some(Entered { name: portfolio.name, policy: portfolio.mfa_policy, scopes, was_there }))
            }
        }
    }
}

/// Who enters.
struct Joins<'a> {
    user_id: UserId,
    name: &'a str,
    has_mfa: bool,
    invitation: &'a Invitation,
}

/// The place that was entered.
struct Entered {
    name: String,
    policy: MfaPolicy,
    scopes: Vec<Scope>,
    was_there: bool,
}

/// An address that was taken between the look and the insert: look again.
fn lost_race(error: StoreError) -> Error {
    Error::Store(match error {
        StoreError::Duplicate(cause) => StoreError::Transient(cause),
        other => other,
    })
}
