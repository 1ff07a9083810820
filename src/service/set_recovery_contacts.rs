//! `setRecoveryContacts` and `cancelRecoveryContactsChange`: whom the Owner of an account names in advance, for the day on
//! which the Owner is locked out and nobody else can ask.
//!
//! Contacts are people of the account: so they are known, an address tells nothing about who is a user, and whoever is taken
//! out counts no more. A change counts later, and is told to the Owner and to everybody who is or is to be a contact: a thief
//! of the Owner's session must not name contacts and use them before the Owner has read the mail.

use super::audit::{Happening, scopes_of_account};
use super::{Caller, Error, Services};
use crate::domain::recovery::{CONTACTS_MAX, CONTACTS_MIN};
use crate::domain::{
    Account, AccountId, AccountRole, Action, AuditAction, Notification, RecoveryContacts, Scope, Unready,
    UserId,
};
use crate::store::Tx;
use crate::transact;

/// What naming gives.
#[derive(Debug)]
pub enum SetRecoveryContacts {
    /// The account; its contacts are as wanted, or will be.
    Set(Box<Account>),
    /// One of them is not in the account.
    NotAMember,
    /// One of them is the Owner in person.
    Oneself,
    /// One of them is vendor support.
    Support,
    /// Not at this moment.
    NotNow(Unready),
}

impl SetRecoveryContacts {
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Set(_) => None,
            Self::NotAMember => Some("NOT_A_MEMBER"),
            Self::Oneself => Some("ONESELF"),
            Self::Support => Some("SUPPORT"),
            Self::NotNow(unready) => Some(unready.as_str()),
        }
    }
}

/// What taking a change back gives.
#[derive(Debug)]
pub enum KeepRecoveryContacts {
    /// The account; its contacts stay as they are.
    Kept(Box<Account>),
    /// Nothing waits.
    NothingWaits,
}

/// Two or three different people, or nobody.
fn checked(users: &[UserId]) -> Result<(), Error> {
    let twice =
        users.iter().enumerate().any(|(at, user)| users.iter().skip(at + 1).any(|other| other == user));
    if twice {
        return Err(Error::bad_input("userIds", "each user once".to_owned()));
    }
    if !users.is_empty() && !(CONTACTS_MIN..=CONTACTS_MAX).contains(&users.len()) {
        return Err(Error::bad_input("userIds", "two or three users, or none".to_owned()));
    }
    Ok(())
}

impl Services {
    /// The recovery contacts of an account in hand. Who may call: rule `AccountOwner`.
    pub async fn recovery_contacts_of(
        &self,
        caller: &Caller,
        account: &Account,
    ) -> Result<Option<RecoveryContacts>, Error> {
        caller.over_account(Action::ManageRecoveryContacts, account)?;
        let found = self.store().recovery_contacts.find(account.id).await?;
        Ok(found.filter(|found| account.owner_id == Some(found.owner_id)))
    }

    /// Names the recovery contacts; nobody takes them away. Who may call: rule `AccountOwner`.
    pub async fn set_recovery_contacts(
        &self,
        caller: &Caller,
        account_id: AccountId,
        users: &[UserId],
    ) -> Result<SetRecoveryContacts, Error> {
        caller.signed_in()?;
        checked(users)?;
        let outcome = transact!(self.store(), |tx| self.name_contacts(&mut tx, caller, account_id, users))?;
        match outcome.refusal() {
            None => self.wake_mail(),
            Some(reason) => self.record_refused_contacts(caller, account_id, reason).await?,
        }
        Ok(outcome)
    }

    async fn name_contacts(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account_id: AccountId,
        users: &[UserId],
    ) -> Result<SetRecoveryContacts, Error> {
        let (store, now) = (self.store(), self.now());
        let owner = caller.signed_in()?.user_id;
        // Touched, so that nobody is taken out, and no ownership handed over, at the same time.
        let account = self.managed_account(tx, caller, Action::ManageRecoveryContacts, account_id, 0).await?;
        if let Some(unready) = self.why_not_now(tx, caller).await? {
            return Ok(SetRecoveryContacts::NotNow(unready));
        }
        for user in users {
            if *user == owner {
                return Ok(SetRecoveryContacts::Oneself);
            }
            match store.account_members.find_in(tx, account_id, *user).await?.map(|place| place.role) {
                None => return Ok(SetRecoveryContacts::NotAMember),
                Some(AccountRole::Support) => return Ok(SetRecoveryContacts::Support),
                Some(_) => {}
            }
        }
        let found = store.recovery_contacts.find_many_in(tx, &[account_id]).await?.pop();
        if let Some(named) = RecoveryContacts::naming(found.as_ref(), (account_id, owner), users, now) {
            self.put_contacts(tx, caller, &account, found.as_ref(), named).await?;
        }
        Ok(SetRecoveryContacts::Set(Box::new(account)))
    }

    /// Takes a change back that does not count yet. Who may call: rule `AccountOwner`. It asks for no fresh proof and no hold
    /// stops it: the Owner who reads that a thief named contacts must be able to act at once.
    pub async fn keep_recovery_contacts(
        &self,
        caller: &Caller,
        account_id: AccountId,
    ) -> Result<KeepRecoveryContacts, Error> {
        caller.signed_in()?;
        let outcome = transact!(self.store(), |tx| self.keep_contacts(&mut tx, caller, account_id))?;
        match &outcome {
            KeepRecoveryContacts::Kept(_) => self.wake_mail(),
            KeepRecoveryContacts::NothingWaits => {
                self.record_refused_contacts(caller, account_id, "NOTHING_WAITS").await?;
            }
        }
        Ok(outcome)
    }

    async fn keep_contacts(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account_id: AccountId,
    ) -> Result<KeepRecoveryContacts, Error> {
        let (store, now) = (self.store(), self.now());
        let owner = caller.signed_in()?.user_id;
        let account = self.managed_account(tx, caller, Action::ManageRecoveryContacts, account_id, 0).await?;
        let found = store.recovery_contacts.find_many_in(tx, &[account_id]).await?.pop();
        let found = found.filter(|found| found.owner_id == owner && found.waiting_at(now).is_some());
        let Some(found) = found else { return Ok(KeepRecoveryContacts::NothingWaits) };
        let kept = RecoveryContacts { next: None, ..found.clone() };
        self.put_contacts(tx, caller, &account, Some(&found), kept).await?;
        Ok(KeepRecoveryContacts::Kept(Box::new(account)))
    }

    async fn put_contacts(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account: &Account,
        before: Option<&RecoveryContacts>,
        after: RecoveryContacts,
    ) -> Result<(), Error> {
        let (store, now, account_id) = (self.store(), self.now(), account.id);
        let before = before.filter(|before| before.owner_id == after.owner_id);
        let was_to_be = before.and_then(|before| before.waiting_at(now)).map(|next| next.contacts.clone());
        let mut told = vec![after.owner_id];
        told.extend_from_slice(&after.contacts);
        told.extend(was_to_be.into_iter().flatten());
        let (notice, happening) = match &after.next {
            None => {
                let happening = Happening::new(caller, now, AuditAction::RecoveryContactsKept);
                (Notification::RecoveryContactsKept { account_id }, happening)
            }
            Some(next) => {
                told.extend_from_slice(&next.contacts);
                let contacts = std::array::from_fn(|at| next.contacts.get(at).copied());
                let ids: Vec<String> = next.contacts.iter().map(UserId::to_string).collect();
                let happening = Happening::new(caller, now, AuditAction::RecoveryContactsNamed)
                    .detail("contacts", ids.join(" "))
                    .detail("effectiveAt", next.effective_at);
                (Notification::RecoveryContactsNamed { account_id, contacts }, happening)
            }
        };
        told.sort_unstable();
        told.dedup();
        store.outbox.insert_all(tx, told.into_iter().map(|person| (person, notice)), now).await?;
        let happening = happening.about(after.owner_id);
        store.audit_events.insert(tx, &happening.events(&scopes_of_account(account))).await?;
        Ok(store.recovery_contacts.put(tx, after).await?)
    }

    async fn record_refused_contacts(
        &self,
        caller: &Caller,
        account_id: AccountId,
        reason: &str,
    ) -> Result<(), Error> {
        let happening =
            Happening::new(caller, self.now(), AuditAction::RecoveryContactsRefused).detail("reason", reason);
        self.record_refusal(&happening, &[Scope::Account(account_id)]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_or_three_different_people_or_nobody() {
        let now = time::macros::datetime!(2026-11-24 12:00 UTC);
        let [a, b, c, d] = std::array::from_fn(|_| UserId::generate(now));
        for (users, right) in [
            (vec![], true),
            (vec![a], false),
            (vec![a, b], true),
            (vec![a, a], false),
            (vec![a, b, c], true),
            (vec![a, b, a], false),
            (vec![a, b, c, d], false),
        ] {
            assert_eq!(checked(&users).is_ok(), right, "{users:?}");
        }
    }
}
