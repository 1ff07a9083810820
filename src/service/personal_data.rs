//! What a person may ask of whoever runs the gateway: a copy of all that is stored about them (GDPR, articles 15 and 20), and
//! to be erased (article 17). There is no actor and no GraphQL field for it: whoever can run it can reach the database anyway,
//! and has to see first who asks. Both are written into the audit log.
//!
//! Erasing goes place by place, each in a transaction of its own, and then the person in one more. It may be stopped anywhere
//! and be run again: what is done is found done.

use std::sync::Arc;

use time::OffsetDateTime;

use super::Caller;
use super::audit::{Happening, scopes_of, scopes_of_account};
use crate::clock::Clock;
use crate::domain::erasure::is_erased;
use crate::domain::key::{EmailError, EmailKey};
use crate::domain::{
    AccountId, AccountRole, AuditAction, Memberships, Notification, PortfolioId, PortfolioRole, Scope, User,
    UserId,
};
use crate::store::{Store, StoreError, Transient, Tx};
use crate::transact;

/// Who is meant.
#[derive(Debug, Clone)]
pub enum Person {
    /// By id.
    Id(UserId),
    /// By address.
    Email(EmailKey),
}

impl std::str::FromStr for Person {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => EmailKey::parse(text).map(Self::Email),
        }
    }
}

/// Why nothing was done, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum PersonalDataError {
    /// Nobody of that id or address.
    #[error("nobody has this id or address")]
    NoSuchPerson,
    /// Accounts and portfolios have exactly one Owner.
    #[error(
        "this person is the Owner of {0}, and an Owner is not erased: hand the ownership over \
         (transferAccountOwnership, transferPortfolioOwnership) or close it (closeAccount, closePortfolio) first"
    )]
    IsOwner(String),
    /// A stored address that is none.
    #[error("the stored address is none")]
    Address(#[from] EmailError),
    /// Somebody puts the person into places as fast as they are taken out.
    #[error("the person joins places meanwhile; run this again")]
    Joins,
    /// The database failed.
    #[error("the database failed; what was done stays done, and running this again goes on")]
    Store(#[from] StoreError),
}

impl Transient for PersonalDataError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }
}

/// What erasing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    /// The person is erased now, and was taken out of so many places.
    Now {
        /// Whom.
        user: UserId,
        /// Accounts and portfolios.
        places: usize,
    },
    /// It was done before.
    Before {
        /// Whom.
        user: UserId,
        /// When.
        at: OffsetDateTime,
    },
}

/// Attempts to find a person in no place.
const ROUNDS: usize = 5;

/// The use cases.
pub struct PersonalData {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl PersonalData {
    async fn find(&self, person: &Person) -> Result<User, PersonalDataError> {
        let found = match person {
            Person::Id(id) => self.store.users.find(*id).await?,
            Person::Email(email) => self.store.users.find_by_email(email).await?,
        };
        found.ok_or(PersonalDataError::NoSuchPerson)
    }

    async fn places_in(&self, tx: &mut Tx, user: UserId) -> Result<Memberships, PersonalDataError> {
        let accounts = self.store.account_members.of_user_in(tx, user).await?;
        let portfolios = self.store.portfolio_members.of_user_in(tx, user).await?;
        Ok(Memberships { accounts, portfolios })
    }

    fn happening<'a>(&self, caller: &'a Caller, action: AuditAction, user: UserId) -> Happening<'a> {
        // Nobody who is known to the gateway: whoever runs the command.
        Happening::new(caller, self.clock.now(), action).about(user).detail("by", "operator")
    }

    /// Says that all of a person is handed out, in the logs of all their places.
    pub async fn record_export(&self, person: &Person) -> Result<User, PersonalDataError> {
        let user = self.find(person).await?;
        transact!(self.store, |tx| self.record_export_in(&mut tx, user.id))?;
        Ok(user)
    }

    async fn record_export_in(&self, tx: &mut Tx, user: UserId) -> Result<(), PersonalDataError> {
        let places = self.places_in(tx, user).await?;
        let caller = Caller::default();
        let events =
            self.happening(&caller, AuditAction::UserExported, user).events(&scopes_of(user, &places));
        Ok(self.store.audit_events.insert(tx, &events).await?)
    }

    /// Erases a person. For somebody who was erased before it takes away what a request under way wrote meanwhile.
    pub async fn erase(&self, person: &Person) -> Result<Erased, PersonalDataError> {
        let user = self.find(person).await?;
        let before = match is_erased(&user.email) {
            true => self.store.erased_at(user.id).await?,
            false => None,
        };
        let mut left = 0;
        for _ in 0..ROUNDS {
            let accounts = self.store.account_members.of_users(&[user.id]).await?;
            let portfolios = self.store.portfolio_members.of_users(&[user.id]).await?;
            let places = Memberships { accounts, portfolios };
            not_an_owner(&places)?;
            let scopes = scopes_of(user.id, &places);
            for place in &places.accounts {
                transact!(self.store, |tx| self.leave_account(&mut tx, user.id, place.account_id))?;
                left += 1;
            }
            for place in &places.portfolios {
                transact!(self.store, |tx| self.leave_portfolio(&mut tx, user.id, place.portfolio_id))?;
                left += 1;
            }
            if transact!(self.store, |tx| self.erase_in(&mut tx, user.id, &scopes))? {
                self.store.sweep_erased(user.id).await?;
                return Ok(match before {
                    Some(at) => Erased::Before { user: user.id, at },
                    None => Erased::Now { user: user.id, places: left },
                });
            }
        }
        Err(PersonalDataError::Joins)
    }

    async fn leave_account(&self, tx: &mut Tx, user: UserId, id: AccountId) -> Result<(), PersonalDataError> {
        let (store, now, caller) = (&self.store, self.clock.now(), Caller::default());
        let Some(place) = store.account_members.find_in(tx, id, user).await? else { return Ok(()) };
        if place.role == AccountRole::Owner {
            return Err(PersonalDataError::IsOwner(id.to_string()));
        }
        let account = store.accounts.find_in(tx, id).await?;
        store.account_members.claim_removal(tx, id, user).await?;
        store.accounts.touch(tx, id, -1).await?;
        store.revoke_invitations_by(tx, Scope::Account(id), user).await?;
        let Some(mut account) = account else { return Ok(()) };
        let scopes = scopes_of_account(&account);
        if account.chosen_contact == Some(user) {
            store.accounts.claim_security_contact(tx, id, Some(user), None).await?;
            account.chosen_contact = None;
            let to = account.security_contact();
            if let Some(owner) = to {
                let notice = Notification::SecurityContactFellBack { account_id: id, from: user, to };
                store.outbox.insert(tx, owner, notice, now).await?;
            }
            let mut fell_back =
                Happening::new(&caller, now, AuditAction::SecurityContactChanged).detail("from", user);
            if let Some(to) = to {
                fell_back = fell_back.about(to);
            }
            store.audit_events.insert(tx, &fell_back.events(&scopes)).await?;
        }
        let removed = self.happening(&caller, AuditAction::UserRemoved, user).detail("reason", "ERASED");
        Ok(store.audit_events.insert(tx, &removed.events(&scopes)).await?)
    }

    async fn leave_portfolio(
        &self,
        tx: &mut Tx,
        user: UserId,
        id: PortfolioId,
    ) -> Result<(), PersonalDataError> {
        let (store, caller) = (&self.store, Caller::default());
        let Some(place) = store.portfolio_members.find_in(tx, id, user).await? else { return Ok(()) };
        if place.role == PortfolioRole::Owner {
            return Err(PersonalDataError::IsOwner(id.to_string()));
        }
        store.portfolio_members.claim_removal(tx, id, user).await?;
        store.portfolios.touch(tx, id, -1, 0).await?;
        store.revoke_invitations_by(tx, Scope::Portfolio(id), user).await?;
        let removed =
            self.happening(&caller, AuditAction::PortfolioUserRemoved, user).detail("reason", "ERASED");
        Ok(store.audit_events.insert(tx, &removed.events(&[Scope::Portfolio(id)])).await?)
    }

    /// Erases a person who is in no place any more: false when they are in one again.
    async fn erase_in(&self, tx: &mut Tx, user: UserId, told: &[Scope]) -> Result<bool, PersonalDataError> {
        let places = self.places_in(tx, user).await?;
        if !places.accounts.is_empty() || !places.portfolios.is_empty() {
            return Ok(false);
        }
        let person = self.store.users.find_in(tx, user).await?.ok_or(PersonalDataError::NoSuchPerson)?;
        let email = EmailKey::parse(&person.email)?;
        if self.store.claim_erasure(tx, user, &email, self.clock.now()).await? {
            let caller = Caller::default();
            let events = self.happening(&caller, AuditAction::UserErased, user).events(told);
            self.store.audit_events.insert(tx, &events).await?;
        }
        Ok(true)
    }
}

fn not_an_owner(places: &Memberships) -> Result<(), PersonalDataError> {
    let accounts = places.accounts.iter().filter(|place| place.role == AccountRole::Owner);
    let portfolios = places.portfolios.iter().filter(|place| place.role == PortfolioRole::Owner);
    let owned: Vec<String> = accounts
        .map(|place| place.account_id.to_string())
        .chain(portfolios.map(|place| place.portfolio_id.to_string()))
        .collect();
    match owned.is_empty() {
        true => Ok(()),
        false => Err(PersonalDataError::IsOwner(owned.join(", "))),
    }
}
