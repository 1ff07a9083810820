//! `setAccountSecurityContact`: which Admin gets the mail about an account's security instead of the Owner.
//!
//! The account names nobody but Admins of itself. Whoever is taken out, leaves or gets a lesser role is dropped in that same
//! transaction (`drop_contact`), and the Owner is the contact again; both kinds of transaction touch the account, so none
//! goes by a role that another one is taking away.

use super::audit::{Happening, scopes_of_account};
use super::{Caller, Error, Services};
use crate::domain::{
    Account, AccountId, AccountRole, Action, AuditAction, Notification, Scope, Unready, UserId,
};
use crate::store::Tx;
use crate::transact;

/// What choosing gives.
#[derive(Debug)]
pub enum SetSecurityContact {
    /// The account with its contact.
    Set(Box<Account>),
    /// The person is not in the account.
    NotAMember,
    /// The person is neither Owner nor Admin.
    NotOwnerOrAdmin,
    /// Not at this moment.
    NotNow(Unready),
}

/// What is stored for somebody with this role: an Admin by id, the Owner as nobody, so that it follows the ownership.
/// Pure.
fn chosen(user: UserId, role: Option<AccountRole>) -> Result<Option<UserId>, SetSecurityContact> {
    match role {
        None => Err(SetSecurityContact::NotAMember),
        Some(AccountRole::Owner) => Ok(None),
        Some(AccountRole::Admin) => Ok(Some(user)),
        Some(_) => Err(SetSecurityContact::NotOwnerOrAdmin),
    }
}

impl Services {
    /// Chooses who gets the mail about an account's security; nobody stands for the Owner. Who may call: rule
    /// `AccountOwnerOrAdmin`.
    pub async fn set_account_security_contact(
        &self,
        caller: &Caller,
        account_id: AccountId,
        user: Option<UserId>,
    ) -> Result<SetSecurityContact, Error> {
        caller.signed_in()?;
        let outcome = transact!(self.store(), |tx| self.choose_contact(&mut tx, caller, account_id, user))?;
        let refused = match &outcome {
            SetSecurityContact::Set(_) => {
                self.wake_mail();
                return Ok(outcome);
            }
            SetSecurityContact::NotAMember => "NOT_A_MEMBER",
            SetSecurityContact::NotOwnerOrAdmin => "NOT_OWNER_OR_ADMIN",
            SetSecurityContact::NotNow(unready) => unready.as_str(),
        };
        let mut happening =
            Happening::new(caller, self.now(), AuditAction::SecurityContactRefused).detail("reason", refused);
        if let Some(user) = user {
            happening = happening.about(user);
        }
        self.record_refusal(&happening, &[Scope::Account(account_id)]).await?;
        Ok(outcome)
    }

    async fn choose_contact(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account_id: AccountId,
        user: Option<UserId>,
    ) -> Result<SetSecurityContact, Error> {
        let store = self.store();
        let action = Action::SetAccountSecurityContact;
        let mut account = self.managed_account(tx, caller, action, account_id, 0).await?;
        if let Some(unready) = self.why_not_now(tx, caller).await? {
            return Ok(SetSecurityContact::NotNow(unready));
        }
        let wanted = match user {
            None => None,
            Some(user) => {
                let place = store.account_members.find_in(tx, account_id, user).await?;
                match chosen(user, place.map(|place| place.role)) {
                    Ok(wanted) => wanted,
                    Err(refused) => return Ok(refused),
                }
            }
        };
        if wanted != account.chosen_contact {
            let from = account.security_contact();
            self.replace_contact(tx, &mut account, wanted).await?;
            let (to, by) = (account.security_contact(), caller.signed_in()?.user_id);
            let notice = Notification::SecurityContactChosen { account_id, from, to, by };
            self.tell_contacts(tx, caller, &account, from, to, notice).await?;
        }
        Ok(SetSecurityContact::Set(Box::new(account)))
    }

    /// Makes the Owner the contact again where `user`, who leaves the account or its Admins in this transaction, was it. The
    /// account must have been touched.
    pub(super) async fn drop_contact(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account: &mut Account,
        user: UserId,
    ) -> Result<(), Error> {
        if account.chosen_contact != Some(user) {
            return Ok(());
        }
        self.replace_contact(tx, account, None).await?;
        let to = account.security_contact();
        let notice = Notification::SecurityContactFellBack { account_id: account.id, from: user, to };
        self.tell_contacts(tx, caller, account, Some(user), to, notice).await
    }

    /// Only replaces it: for whoever has another mail to send about the same.
    pub(super) async fn replace_contact(
        &self,
        tx: &mut Tx,
        account: &mut Account,
        to: Option<UserId>,
    ) -> Result<(), Error> {
        if !self.store().accounts.claim_security_contact(tx, account.id, account.chosen_contact, to).await? {
            return Err(Error::Defect("a security contact changed within a transaction"));
        }
        account.chosen_contact = to;
        Ok(())
    }

    async fn tell_contacts(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account: &Account,
        from: Option<UserId>,
        to: Option<UserId>,
        notice: Notification,
    ) -> Result<(), Error> {
        let (store, now) = (self.store(), self.now());
        for reader in from.into_iter().chain(to) {
            store.outbox.insert(tx, reader, notice, now).await?;
        }
        let mut happening = Happening::new(caller, now, AuditAction::SecurityContactChanged);
        if let Some(to) = to {
            happening = happening.about(to);
        }
        if let Some(from) = from {
            happening = happening.detail("from", from);
        }
        store.audit_events.insert(tx, &happening.events(&scopes_of_account(account))).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_and_admins_can_be_chosen_and_the_owner_is_nobody() {
        let user = UserId::generate(time::macros::datetime!(2026-11-24 12:00 UTC));
        assert!(matches!(chosen(user, None), Err(SetSecurityContact::NotAMember)));
        for role in AccountRole::ALL {
            let stored = chosen(user, Some(role));
            let right = match role {
                AccountRole::Owner => matches!(stored, Ok(None)),
                AccountRole::Admin => matches!(stored, Ok(Some(id)) if id == user),
                _ => matches!(stored, Err(SetSecurityContact::NotOwnerOrAdmin)),
            };
            assert!(right, "{role:?}");
        }
    }
}
