//! `changeUserRole`: another role for somebody in an account. Nobody changes the Owner's role, and nobody is made Owner
//! by it: ownership is only ever handed over.

use super::audit::{Happening, scopes_of_account};
use super::{Caller, Error, Services};
use crate::domain::{
    Account, AccountId, AccountMembership, AccountRole, Action, AuditAction, Notification, Scope, UserId,
};
use crate::store::Tx;
use crate::transact;

/// What changing a role gives.
#[derive(Debug)]
pub enum ChangeUserRole {
    /// The account, and the person's place in it now.
    Changed(Box<(Account, AccountMembership)>),
    /// The person is not in the account.
    NotAMember,
    /// The person is the Owner.
    IsOwner,
    /// Ownership is handed over, never given as a role.
    RoleNotGrantable,
}

/// Whether a role may be replaced by another one; if not, why. Pure.
fn refusal(old: AccountRole, new: AccountRole) -> Option<ChangeUserRole> {
    match (old, new) {
        (AccountRole::Owner, _) => Some(ChangeUserRole::IsOwner),
        (_, AccountRole::Owner) => Some(ChangeUserRole::RoleNotGrantable),
        _ => None,
    }
}

impl Services {
    /// Changes somebody's role. Who may call: rule `AccountOwnerOrAdmin`.
    pub async fn change_user_role(
        &self,
        caller: &Caller,
        account_id: AccountId,
        user_id: UserId,
        role: AccountRole,
    ) -> Result<ChangeUserRole, Error> {
        caller.signed_in()?;
        let outcome =
            transact!(self.store(), |tx| self.change_role(&mut tx, caller, account_id, user_id, role))?;
        let refused = match &outcome {
            ChangeUserRole::Changed(_) => {
                self.wake_mail();
                None
            }
            ChangeUserRole::NotAMember => None,
            ChangeUserRole::IsOwner => Some("IS_OWNER"),
            ChangeUserRole::RoleNotGrantable => Some("ROLE_NOT_GRANTABLE"),
        };
        if let Some(reason) = refused {
            self.record_refused_change(caller, account_id, user_id, reason).await?;
        }
        Ok(outcome)
    }

    async fn change_role(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account_id: AccountId,
        user_id: UserId,
        role: AccountRole,
    ) -> Result<ChangeUserRole, Error> {
        let (store, now) = (self.store(), self.now());
        let mut account = self.managed_account(tx, caller, Action::ManageAccountUsers, account_id, 0).await?;
        let found = store.account_members.find_in(tx, account_id, user_id).await?;
        let Some(mut place) = found else { return Ok(ChangeUserRole::NotAMember) };
        if let Some(refused) = refusal(place.role, role) {
            return Ok(refused);
        }
        let old = std::mem::replace(&mut place.role, role);
        if old != role {
            if !store.account_members.claim_role(tx, account_id, user_id, old, role).await? {
                return Err(Error::Defect("a role changed within a transaction"));
            }
            // It was Admin, and is less now.
            self.drop_contact(tx, caller, &mut account, user_id).await?;
            if caller.actor.user_id() != Some(user_id) {
                let notice = Notification::AccountRoleChanged { account_id, role };
                store.outbox.insert(tx, user_id, notice, now).await?;
            }
            let happening = Happening::new(caller, now, AuditAction::UserRoleChanged)
                .about(user_id)
                .detail("from", old.as_str())
                .detail("to", role.as_str());
            store.audit_events.insert(tx, &happening.events(&scopes_of_account(&account))).await?;
        }
        Ok(ChangeUserRole::Changed(Box::new((account, place))))
    }

    /// Writes down that somebody tried to change a place that is not changed like this.
    pub(super) async fn record_refused_change(
        &self,
        caller: &Caller,
        account: AccountId,
        user: UserId,
        reason: &str,
    ) -> Result<(), Error> {
        let happening = Happening::new(caller, self.now(), AuditAction::UserChangeRefused)
            .about(user)
            .detail("reason", reason);
        self.record_refusal(&happening, &[Scope::Account(account)]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_roles_below_the_owner_are_given_and_taken() {
        for old in AccountRole::ALL {
            for new in AccountRole::ALL {
                let refused = refusal(old, new);
                let right = match (old, new) {
                    (AccountRole::Owner, _) => matches!(refused, Some(ChangeUserRole::IsOwner)),
                    (_, AccountRole::Owner) => matches!(refused, Some(ChangeUserRole::RoleNotGrantable)),
                    _ => refused.is_none(),
                };
                assert!(right, "{old:?} to {new:?}");
            }
        }
    }
}
