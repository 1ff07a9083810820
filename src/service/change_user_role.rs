//! `changeUserRole`: another role for somebody in an account. Nobody changes the Owner's role, and nobody is made Owner
//! by it: ownership is only ever handed over.

use super::audit::{Happening, scopes_of_account};
use super::give_role::RoleRefusal;
use super::{Caller, Error, Services};
use crate::domain::policy::Held;
use crate::domain::{
    Account, AccountId, AccountMembership, AccountRole, Action, AuditAction, Notification, RoleChoice, Scope,
    UserId,
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
    /// The person holds more than the caller does.
    HoldsMore,
    /// The role is none of the account, or gives more than the caller holds.
    Role(RoleRefusal),
}

impl ChangeUserRole {
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Changed(_) | Self::NotAMember => None,
            Self::IsOwner => Some("IS_OWNER"),
            Self::RoleNotGrantable => Some("ROLE_NOT_GRANTABLE"),
            Self::HoldsMore => Some("HOLDS_MORE"),
            Self::Role(refusal) => Some(refusal.as_str()),
        }
    }
}

/// Whether somebody who holds `mine` may take a role away, to give that one; if not, why. Pure. Whether they may give it
/// is asked where it is looked up.
fn refusal(mine: Held, old: Held, new: RoleChoice) -> Option<ChangeUserRole> {
    match (old.role, new) {
        (AccountRole::Owner, _) => Some(ChangeUserRole::IsOwner),
        (_, RoleChoice::Static(AccountRole::Owner)) => Some(ChangeUserRole::RoleNotGrantable),
        _ => (!mine.covers(old)).then_some(ChangeUserRole::HoldsMore),
    }
}

impl Services {
    /// Changes somebody's role. Who may call: rule `AccountOwnerOrAdmin` with `users.manage`; neither the old nor the new
    /// role holds more than the caller does.
    pub async fn change_user_role(
        &self,
        caller: &Caller,
        account_id: AccountId,
        user_id: UserId,
        role: RoleChoice,
    ) -> Result<ChangeUserRole, Error> {
        caller.signed_in()?;
        let outcome =
            transact!(self.store(), |tx| self.change_role(&mut tx, caller, account_id, user_id, role))?;
        match &outcome {
            ChangeUserRole::Changed(_) => self.wake_mail(),
            ChangeUserRole::NotAMember => {
                let scopes = [Scope::Account(account_id)];
                self.record_refused_change(caller, "changeUserRole", "NOT_A_MEMBER", &scopes).await?;
            }
            refused => {
                if let Some(reason) = refused.refusal() {
                    self.record_refused_place(caller, account_id, user_id, reason).await?;
                }
            }
        }
        Ok(outcome)
    }

    async fn change_role(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account_id: AccountId,
        user_id: UserId,
        role: RoleChoice,
    ) -> Result<ChangeUserRole, Error> {
        let store = self.store();
        let (mut account, mine) =
            self.acting_member(tx, caller, Action::ManageAccountUsers, account_id).await?;
        let found = store.account_members.find_in(tx, account_id, user_id).await?;
        let Some(place) = found else { return Ok(ChangeUserRole::NotAMember) };
        if let Some(refused) = refusal(mine, place.held(), role) {
            return Ok(refused);
        }
        let role = match self.role_to_give(tx, account_id, role, mine).await? {
            Ok(role) => role,
            Err(refusal) => return Ok(ChangeUserRole::Role(refusal)),
        };
        let changed = self.give_other_role(tx, caller, &mut account, &place, role).await?;
        Ok(ChangeUserRole::Changed(Box::new((account, changed))))
    }

    /// Gives somebody another role, tells them, and writes it down; nothing of it where the role is the same. The caller
    /// was found to be allowed to, and the account was touched.
    pub(super) async fn give_other_role(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account: &mut Account,
        place: &AccountMembership,
        role: Held,
    ) -> Result<AccountMembership, Error> {
        let (old, store, now) = (place.held(), self.store(), self.now());
        if old == role {
            return Ok(place.clone());
        }
        let changed = self.replace_role(tx, place, role).await?;
        if !role.role.is_owner_or_admin() {
            self.drop_contact(tx, caller, account, place.user_id).await?;
        }
        if caller.actor.user_id() != Some(place.user_id) {
            let notice = Notification::AccountRoleChanged {
                account_id: account.id,
                role: role.role,
                custom_role_id: role.custom,
            };
            store.outbox.insert(tx, place.user_id, notice, now).await?;
        }
        let happening = Happening::new(caller, now, AuditAction::UserRoleChanged)
            .about(place.user_id)
            .detail("from", old.name())
            .detail("to", role.name());
        store.audit_events.insert(tx, &happening.events(&scopes_of_account(account))).await?;
        Ok(changed)
    }

    /// Writes down that somebody tried to change a place that is not changed like this.
    pub(super) async fn record_refused_place(
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
    use crate::domain::{Permission, Permissions, RoleId};

    #[test]
    fn only_roles_below_the_owner_are_given_and_taken() {
        for old in AccountRole::ALL {
            for new in AccountRole::ALL {
                let refused = refusal(Held::of(AccountRole::Admin), Held::of(old), RoleChoice::Static(new));
                let right = match (old, new) {
                    (AccountRole::Owner, _) => matches!(refused, Some(ChangeUserRole::IsOwner)),
                    (_, AccountRole::Owner) => matches!(refused, Some(ChangeUserRole::RoleNotGrantable)),
                    _ => refused.is_none(),
                };
                assert!(right, "{old:?} to {new:?}");
            }
        }
    }

    #[test]
    fn whoever_holds_more_keeps_their_role() {
        let id = RoleId::generate(time::macros::datetime!(2026-11-24 12:00 UTC));
        let people = Permissions::of(&[Permission::UsersView, Permission::UsersManage]);
        let mine = Held::custom(id, AccountRole::Analyst, people);
        let new = RoleChoice::Static(AccountRole::Analyst);
        assert!(refusal(mine, Held::of(AccountRole::Manager), new).is_none());
        let admin = refusal(mine, Held::of(AccountRole::Admin), new);
        assert!(matches!(admin, Some(ChangeUserRole::HoldsMore)));
        let auditor = Held::custom(id, AccountRole::Analyst, Permissions::of(&[Permission::AuditView]));
        assert!(matches!(refusal(mine, auditor, new), Some(ChangeUserRole::HoldsMore)));
    }
}
