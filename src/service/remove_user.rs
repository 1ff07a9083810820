//! `removeUser`: somebody is taken out of an account, or leaves it. The person's user stays. Whatever invitation waits
//! for the person there is taken back, so that it cannot undo the removal.

use super::audit::{Happening, scopes_of_account};
use super::{Caller, Error, Services};
use crate::domain::key::EmailKey;
use crate::domain::{Account, AccountId, AccountRole, Action, AuditAction, Notification, UserId};
use crate::store::Tx;
use crate::transact;

/// What removing gives.
#[derive(Debug)]
pub enum RemoveUser {
    /// The account that the person does not belong to any more.
    Removed(Box<Account>),
    /// The person is not in the account.
    NotAMember,
    /// The person is the Owner.
    IsOwner,
    /// The person holds more than the caller does.
    HoldsMore,
}

impl Services {
    /// Takes somebody out of an account who holds no more than the caller. Who may call: rule `AccountOwnerOrAdmin` with
    /// `users.manage`; for oneself rule `AccountMember`.
    pub async fn remove_user(
        &self,
        caller: &Caller,
        account_id: AccountId,
        user_id: UserId,
    ) -> Result<RemoveUser, Error> {
        caller.signed_in()?;
        let outcome = transact!(self.store(), |tx| self.remove(&mut tx, caller, account_id, user_id))?;
        match &outcome {
            RemoveUser::Removed(_) => self.wake_mail(),
            RemoveUser::IsOwner => {
                self.record_refused_place(caller, account_id, user_id, "IS_OWNER").await?;
            }
            RemoveUser::NotAMember => {
                let scopes = [crate::domain::Scope::Account(account_id)];
                self.record_refused_change(caller, "removeUser", "NOT_A_MEMBER", &scopes).await?;
            }
            RemoveUser::HoldsMore => {
                self.record_refused_place(caller, account_id, user_id, "HOLDS_MORE").await?;
            }
        }
        Ok(outcome)
    }

    async fn remove(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account_id: AccountId,
        user_id: UserId,
    ) -> Result<RemoveUser, Error> {
        let (store, now) = (self.store(), self.now());
        let oneself = caller.signed_in()?.user_id == user_id;
        let action = if oneself { Action::LeaveAccount } else { Action::ManageAccountUsers };
        let (mut account, mine) = self.acting_member(tx, caller, action, account_id).await?;
        let found = store.account_members.find_in(tx, account_id, user_id).await?;
        match found.map(|place| place.held()) {
            None => return Ok(RemoveUser::NotAMember),
            Some(held) if held.role == AccountRole::Owner => return Ok(RemoveUser::IsOwner),
            Some(held) if !oneself && !mine.covers(held) => return Ok(RemoveUser::HoldsMore),
            Some(_) => {}
        }
        store.account_members.claim_removal(tx, account_id, user_id).await?;
        store.accounts.touch(tx, account_id, -1).await?;
        account.member_count = account.member_count.saturating_sub(1);
        self.drop_contact(tx, caller, &mut account, user_id).await?;
        let scopes = scopes_of_account(&account);
        if let Some(user) = store.users.find_in(tx, user_id).await? {
            let key = EmailKey::parse(&user.email).map_err(|_| Error::Defect("a stored address is none"))?;
            store.invitations.revoke_of(tx, crate::domain::Scope::Account(account_id), &key).await?;
        }
        if !oneself {
            let notice = Notification::RemovedFromAccount { account_id };
            store.outbox.insert(tx, user_id, notice, now).await?;
        }
        let action = if oneself { AuditAction::UserLeft } else { AuditAction::UserRemoved };
        let happening = Happening::new(caller, now, action).about(user_id);
        store.audit_events.insert(tx, &happening.events(&scopes)).await?;
        Ok(RemoveUser::Removed(Box::new(account)))
    }
}
