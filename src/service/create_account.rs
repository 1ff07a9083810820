//! `createAccount`: somebody who is logged in opens an account and is its Owner.

use time::OffsetDateTime;

use super::audit::Happening;
use super::throttle::{ACCOUNTS_BY_USER, Verdict};
use super::{Caller, Error, Services};
use crate::domain::key::{EmailKey, name_key, usable_name};
use crate::domain::policy::decide;
use crate::domain::{
    Account, AccountId, AccountMembership, AccountRole, Action, AuditAction, Denial, MfaPolicy, Resource,
    Scope,
};
use crate::store::Tx;
use crate::store::account_members::NewMember;
use crate::transact;

/// What creating an account gives.
#[derive(Debug)]
pub enum CreateAccount {
    /// The account; the caller is its Owner.
    Created(Box<Account>),
    /// Too many accounts by one person lately.
    TooManyAccounts {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
}

/// Checks the name of an account or portfolio.
pub(super) fn checked_name<'a>(field: &'static str, name: &'a str) -> Result<&'a str, Error> {
    usable_name(name).ok_or_else(|| Error::bad_input(field, "1 to 200 characters without control characters"))
}

impl Services {
    /// Creates an account. Who may call: rule `SignedIn`.
    pub async fn create_account(&self, caller: &Caller, name: &str) -> Result<CreateAccount, Error> {
        let person = caller.signed_in()?;
        decide(true, Action::CreateAccount, &Resource::Oneself).ok()?;
        let name = checked_name("name", name)?;
        if let Verdict::Wait(retry_at) =
            self.attempt(ACCOUNTS_BY_USER, person.user_id.uuid().as_bytes()).await?
        {
            self.record_refused_own_change(caller, "createAccount", "TOO_MANY_ACCOUNTS").await?;
            return Ok(CreateAccount::TooManyAccounts { retry_at });
        }
        let now = self.now();
        let account = Account {
            id: AccountId::generate(now),
            name: name.to_owned(),
            name_key: name_key(name),
            created_at: now,
            portfolio_id: None,
            mfa_policy: MfaPolicy::default(),
            member_count: 1,
            owner_id: Some(person.user_id),
            chosen_contact: None,
        };
        transact!(self.store(), |tx| self.create_in(&mut tx, caller, &account))?;
        Ok(CreateAccount::Created(Box::new(account)))
    }

    async fn create_in(&self, tx: &mut Tx, caller: &Caller, account: &Account) -> Result<(), Error> {
        let store = self.store();
        let user_id = caller.signed_in()?.user_id;
        let user = store.users.find_in(tx, user_id).await?.ok_or(Denial::SignedOut)?;
        // The copies below must not miss a change of the person's name, address or MFA.
        store.users.touch(tx, user_id).await?;
        store.accounts.insert(tx, account).await?;
        let member = NewMember {
            membership: AccountMembership::new(
                account.id,
                user_id,
                AccountRole::Owner,
                None,
                account.created_at,
            ),
            name: &user.name,
            email_key: EmailKey::parse(&user.email).map_err(|_| Error::Defect("a stored address is none"))?,
            mfa_enabled: user.mfa.is_some(),
        };
        store.account_members.insert(tx, member).await?;
        let happening =
            Happening::new(caller, account.created_at, AuditAction::AccountCreated).about(user_id);
        store.audit_events.insert(tx, &happening.events(&[Scope::Account(account.id)])).await?;
        Ok(())
    }
}
