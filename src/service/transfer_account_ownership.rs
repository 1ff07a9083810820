//! `transferAccountOwnership`: the Owner makes another member the Owner, and is an Admin from then on. An account has
//! exactly one Owner at every moment: the account, both places and the audit event change together, on the condition
//! that the caller is the Owner still.

use super::audit::{Happening, scopes_of_account};
use super::{Caller, Error, Services};
use crate::domain::policy::Held;
use crate::domain::{
    Account, AccountId, AccountRole, Action, AuditAction, Denial, Notification, Scope, Unready, UserId,
};
use crate::store::Tx;
use crate::transact;

/// What handing over gives.
#[derive(Debug)]
pub enum TransferOwnership {
    /// The account with its new Owner.
    Transferred(Box<Account>),
    /// The person is not in the account.
    NotAMember,
    /// The person is the Owner already.
    AlreadyOwner,
    /// Not at this moment.
    NotNow(Unready),
}

impl Services {
    /// Hands an account over. Who may call: rule `AccountOwner`.
    pub async fn transfer_account_ownership(
        &self,
        caller: &Caller,
        account_id: AccountId,
        to: UserId,
    ) -> Result<TransferOwnership, Error> {
        caller.signed_in()?;
        let outcome = transact!(self.store(), |tx| self.hand_over(&mut tx, caller, account_id, to))?;
        let refused = match &outcome {
            TransferOwnership::Transferred(_) => {
                self.wake_mail();
                None
            }
            TransferOwnership::NotAMember => Some("NOT_A_MEMBER"),
            TransferOwnership::AlreadyOwner => Some("ALREADY_OWNER"),
            TransferOwnership::NotNow(unready) => Some(unready.as_str()),
        };
        if let Some(reason) = refused {
            let scopes = [Scope::Account(account_id)];
            self.record_refused_change(caller, "transferAccountOwnership", reason, &scopes).await?;
        }
        Ok(outcome)
    }

    async fn hand_over(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account_id: AccountId,
        to: UserId,
    ) -> Result<TransferOwnership, Error> {
        let (store, now) = (self.store(), self.now());
        let from = caller.signed_in()?.user_id;
        let action = Action::TransferAccountOwnership;
        let mut account = self.managed_account(tx, caller, action, account_id, 0).await?;
        if let Some(unready) = self.why_not_now(tx, caller).await? {
            return Ok(TransferOwnership::NotNow(unready));
        }
        if from == to {
            return Ok(TransferOwnership::AlreadyOwner);
        }
        let found = store.account_members.find_in(tx, account_id, to).await?;
        let Some(place) = found else { return Ok(TransferOwnership::NotAMember) };
        if !store.accounts.claim_ownership(tx, account_id, from, to).await? {
            return Err(Denial::Forbidden.into());
        }
        let members = &store.account_members;
        let (owner, admin) = (Held::of(AccountRole::Owner), Held::of(AccountRole::Admin));
        let both = members.claim_role(tx, account_id, from, owner, admin).await?
            && members.claim_role(tx, account_id, to, place.held(), owner).await?;
        if !both {
            return Err(Error::Defect("a role changed within a transaction"));
        }
        if account.chosen_contact == Some(to) {
            // The Owner is the contact without being chosen.
            self.replace_contact(tx, &mut account, None).await?;
        }
        // They were the former Owner's.
        store.recovery_contacts.delete(tx, account_id).await?;
        for reader in [from, to] {
            let notice = Notification::AccountOwnershipTransferred { account_id, from, to };
            store.outbox.insert(tx, reader, notice, now).await?;
        }
        let happening = Happening::new(caller, now, AuditAction::AccountOwnershipTransferred)
            .about(to)
            .detail("roleBefore", place.held().name())
            .detail("formerOwnerIsNow", admin.name());
        store.audit_events.insert(tx, &happening.events(&scopes_of_account(&account))).await?;
        account.owner_id = Some(to);
        Ok(TransferOwnership::Transferred(Box::new(account)))
    }
}
