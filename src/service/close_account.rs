//! `closeAccount`: the Owner closes an account for good. Everybody's user stays, nobody belongs to the account any more,
//! invitations are taken back, and a portfolio that links it links it no more.
//!
//! People of a large account are taken out in batches, one transaction each, the Owner with the last one: wherever it
//! stops, the account is whole with fewer people, and the Owner can go on. What happened stays in the audit log.

use super::audit::{Happening, scopes_of_account};
use super::{Caller, Error, Services};
use crate::domain::key::name_key;
use crate::domain::{AccountId, AccountRole, Action, AuditAction, Denial, Notification, Scope, UserId};
use crate::store::Tx;
use crate::transact;

/// People taken out by one transaction; it holds locks on all of them.
const BATCH: i64 = 500;
/// Owner and Admins told by mail at most.
const TOLD_MAX: u32 = 50;

/// What closing gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseAccount {
    /// It is closed.
    Closed(AccountId),
    /// The name that was typed is not the account's.
    NameMismatch,
}

enum Step {
    Further,
    Done,
}

impl Services {
    /// Closes an account. `name` is typed by a person who knows which account it is. Who may call: rule `AccountOwner`.
    pub async fn close_account(
        &self,
        caller: &Caller,
        id: AccountId,
        name: &str,
    ) -> Result<CloseAccount, Error> {
        caller.signed_in()?;
        self.authorize_account(caller, Action::CloseAccount, id).await?;
        let account = self.store().accounts.find(id).await?.ok_or(Denial::Hidden)?;
        if account.name_key != name_key(name) {
            let scopes = [Scope::Account(id)];
            self.record_refused_change(caller, "closeAccount", "NAME_MISMATCH", &scopes).await?;
            return Ok(CloseAccount::NameMismatch);
        }
        // Looked up before they are gone.
        let admins = [AccountRole::Owner, AccountRole::Admin];
        let places = self.store().account_members.with_roles(id, &admins, TOLD_MAX).await?;
        let mut told: Vec<UserId> = places.into_iter().map(|place| place.user_id).collect();
        told.extend(account.chosen_contact.filter(|contact| !told.contains(contact)));
        while let Step::Further = transact!(self.store(), |tx| self.close_step(&mut tx, caller, id, &told))? {
        }
        self.wake_mail();
        Ok(CloseAccount::Closed(id))
    }

    async fn close_step(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: AccountId,
        told: &[UserId],
    ) -> Result<Step, Error> {
        let (store, now) = (self.store(), self.now());
        let owner = caller.signed_in()?.user_id;
        let mut account = self.managed_account(tx, caller, Action::CloseAccount, id, 0).await?;
        let scopes = scopes_of_account(&account);
        let mut leaving = store.account_members.some_in(tx, id, BATCH.saturating_add(1)).await?;
        let last = i64::try_from(leaving.len()).is_ok_and(|count| count <= BATCH);
        if !last {
            leaving.retain(|user| *user != owner);
        }
        let left = store.account_members.remove_many(tx, id, &leaving).await?;
        let happening = |action| Happening::new(caller, now, action);
        if !last {
            store.accounts.touch(tx, id, -i64::try_from(left).unwrap_or(0)).await?;
            if let Some(contact) = account.chosen_contact.filter(|contact| leaving.contains(contact)) {
                self.drop_contact(tx, caller, &mut account, contact).await?;
            }
            let events = happening(AuditAction::UserRemoved).detail("closing", left).events(&scopes);
            store.audit_events.insert(tx, &events).await?;
            return Ok(Step::Further);
        }
        if !store.accounts.claim_closing(tx, id, owner, now).await? {
            return Err(Denial::Forbidden.into());
        }
        if let Some(portfolio) = account.portfolio_id {
            store.portfolios.touch(tx, portfolio, 0, -1).await?;
        }
        store.invitations.revoke_all(tx, Scope::Account(id)).await?;
        store.account_roles.delete_all(tx, id).await?;
        store.recovery_contacts.delete(tx, id).await?;
        store.webhooks.delete_all(tx, id).await?;
        for reader in told {
            let notice = Notification::AccountClosed { account_id: id, by: owner };
            store.outbox.insert(tx, *reader, notice, now).await?;
        }
        let events = happening(AuditAction::AccountClosed).detail("people", left).events(&scopes);
        store.audit_events.insert(tx, &events).await?;
        Ok(Step::Done)
    }
}
