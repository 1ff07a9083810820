//! Creates a deployment's first account and its Owner, when there is nobody yet who could invite anybody.
//! Whoever can run it can reach the database anyway; there is no actor and no GraphQL field for it.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use crate::clock::Clock;
use crate::crypto::{PasswordError, Passwords};
use crate::domain::key::{EmailError, EmailKey, NAME_MAX, name_key, usable_name};
use crate::domain::{
    Account, AccountId, AccountMembership, AccountRole, AuditAction, AuditEvent, AuditEventId, MfaPolicy,
    PasswordFault, Scope, UserId, check_password,
};
use crate::store::account_members::NewMember;
use crate::store::users::NewUser;
use crate::store::{Store, StoreError, Transient};
use crate::transact;

/// What to create.
#[derive(Debug)]
pub struct BootstrapCommand {
    /// The account's name.
    pub account: String,
    /// The Owner's address.
    pub email: String,
    /// The Owner's name.
    pub name: String,
    /// The Owner's password.
    pub password: SecretString,
    /// Whether to go on when there are accounts already.
    pub even_if_accounts_exist: bool,
}

/// What was created.
#[derive(Debug, Clone, Copy)]
pub struct Bootstrapped {
    /// The account.
    pub account_id: AccountId,
    /// Its Owner.
    pub owner_id: UserId,
}

/// Why nothing was created.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// Somebody could invite people already.
    #[error("there are accounts already; nothing was created (--another creates one more)")]
    AccountsExist,
    /// The person exists.
    #[error("somebody with this e-mail address exists already; nothing was created")]
    EmailTaken,
    /// An unusable name.
    #[error("the {0}'s name must be 1 to {NAME_MAX} characters without control characters")]
    Name(&'static str),
    /// An unusable address.
    #[error("the Owner's e-mail address is not usable: {0}")]
    Email(#[from] EmailError),
    /// Too short, too long or too easy to guess.
    #[error("the Owner's password must be {0}")]
    WeakPassword(#[from] PasswordFault),
    /// It could not be hashed.
    #[error("the Owner's password cannot be hashed")]
    Hash(#[from] PasswordError),
    /// The database failed.
    #[error("nothing was created")]
    Store(#[from] StoreError),
}

impl Transient for BootstrapError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }
}

/// The use case.
pub struct Bootstrap {
    /// The database.
    pub store: Store,
    /// The password hasher.
    pub passwords: Passwords,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Bootstrap {
    /// Creates account, Owner, membership and audit event, or nothing.
    pub async fn run(&self, command: BootstrapCommand) -> Result<Bootstrapped, BootstrapError> {
        let email_key = EmailKey::parse(&command.email)?;
        let account_name = named(&command.account, "account")?;
        let owner_name = named(&command.name, "Owner")?;
        let password = command.password.expose_secret();
        check_password(password, &[command.email.as_str(), owner_name, account_name])?;
        if !command.even_if_accounts_exist && self.store.accounts.any().await? {
            return Err(BootstrapError::AccountsExist);
        }
        let hash = self.passwords.hash(password).await?;

        let now = self.clock.now();
        let created = Bootstrapped { account_id: AccountId::generate(now), owner_id: UserId::generate(now) };
        let user = NewUser {
            id: created.owner_id,
            email: command.email.trim().to_owned(),
            email_key: email_key.clone(),
            name: owner_name.to_owned(),
            created_at: now,
            password: Some(hash),
            mfa: None,
        };
        let account = Account {
            id: created.account_id,
            name: account_name.to_owned(),
            name_key: name_key(account_name),
            created_at: now,
            portfolio_id: None,
            mfa_policy: MfaPolicy::default(),
            member_count: 1,
            owner_id: Some(created.owner_id),
            chosen_contact: None,
        };
        let member = NewMember {
            membership: AccountMembership::new(
                created.account_id,
                created.owner_id,
                AccountRole::Owner,
                None,
                now,
            ),
            name: owner_name,
            email_key,
            mfa_enabled: false,
        };
        let event = AuditEvent {
            id: AuditEventId::generate(now),
            at: now,
            scope: Scope::Account(created.account_id),
            action: AuditAction::AccountCreated,
            actor_id: None,
            target_id: Some(created.owner_id),
            credential: None,
            session_id: None,
            ip: None,
            user_agent: None,
            details: vec![("by".to_owned(), "latchkey bootstrap".to_owned())],
        };
        let outcome: Result<(), BootstrapError> = transact!(self.store, |tx| async {
            self.store.users.insert(&mut tx, user.clone()).await?;
            self.store.accounts.insert(&mut tx, &account).await?;
            self.store.account_members.insert(&mut tx, member.clone()).await?;
            self.store.audit_events.insert(&mut tx, std::slice::from_ref(&event)).await?;
            Ok::<(), BootstrapError>(())
        });
        match outcome {
            Ok(()) => Ok(created),
            Err(BootstrapError::Store(StoreError::Duplicate(_))) => Err(BootstrapError::EmailTaken),
            Err(error) => Err(error),
        }
    }
}

fn named<'a>(name: &'a str, whose: &'static str) -> Result<&'a str, BootstrapError> {
    usable_name(name).ok_or(BootstrapError::Name(whose))
}
