//! `createCustomRole`: an account defines a role out of the policy's permissions. Nobody puts into it what they do not
//! hold themselves, and one that is made of SUPPORT manages nobody.

use super::audit::{Happening, scopes_of_account};
use super::create_account::checked_name;
use super::{Caller, Error, Services};
use crate::domain::custom_role::ROLES_MAX;
use crate::domain::key::name_key;
use crate::domain::policy::{Held, barred};
use crate::domain::{
    Account, AccountId, AccountRole, Action, AuditAction, CustomRole, Denial, Permissions, RoleId, Scope,
    Unready,
};
use crate::store::Tx;
use crate::transact;

/// What is wrong with a role that is to be defined or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleFault {
    /// A role of the account, static or not, is called so.
    NameTaken,
    /// A role made of SUPPORT cannot hold one of these.
    NotForSupport,
    /// It holds more than the caller does.
    MoreThanHeld,
}

impl RoleFault {
    /// The reason in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NameTaken => "NAME_TAKEN",
            Self::NotForSupport => "NOT_FOR_SUPPORT",
            Self::MoreThanHeld => "MORE_THAN_HELD",
        }
    }
}

/// What defining a role gives.
#[derive(Debug)]
pub enum CreateCustomRole {
    /// The role.
    Created(Box<CustomRole>),
    /// There is exactly one Owner, and nothing to make of it.
    BaseIsOwner,
    /// The account has as many as it may have.
    TooManyRoles,
    /// It cannot be like this.
    Faulty(RoleFault),
    /// Not at this moment.
    NotNow(Unready),
}

impl CreateCustomRole {
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Created(_) => None,
            Self::BaseIsOwner => Some("BASE_IS_OWNER"),
            Self::TooManyRoles => Some("TOO_MANY_ROLES"),
            Self::Faulty(fault) => Some(fault.as_str()),
            Self::NotNow(unready) => Some(unready.as_str()),
        }
    }
}

/// What a role is to be, before it is one.
#[derive(Debug, Clone)]
pub struct RoleDraft<'a> {
    /// The name as typed.
    pub name: &'a str,
    /// What it is made of.
    pub base: AccountRole,
    /// What it holds.
    pub permissions: Permissions,
}

/// Whether somebody who holds `mine` may make this of a role; if not, why. Pure.
pub(super) fn fault(
    mine: Held,
    id: RoleId,
    base: AccountRole,
    permissions: Permissions,
) -> Option<RoleFault> {
    if !permissions.common(barred(base)).is_empty() {
        return Some(RoleFault::NotForSupport);
    }
    (!mine.covers(Held::custom(id, base, permissions))).then_some(RoleFault::MoreThanHeld)
}

/// Whether a static role is called so: two roles of one name would be taken for each other.
pub(super) fn is_static_name(name: &str) -> bool {
    let key = name_key(name);
    AccountRole::ALL.iter().any(|role| {
        let known = role.as_str();
        key == name_key(known) || key == name_key(&known.replace('_', " "))
    })
}

impl Services {
    /// Defines a role. Who may call: rule `AccountOwnerOrAdmin` with `roles.manage`.
    pub async fn create_custom_role(
        &self,
        caller: &Caller,
        account_id: AccountId,
        draft: &RoleDraft<'_>,
    ) -> Result<CreateCustomRole, Error> {
        caller.signed_in()?;
        let name = checked_name("name", draft.name)?;
        let draft = RoleDraft { name, ..draft.clone() };
        let outcome = transact!(self.store(), |tx| self.define(&mut tx, caller, account_id, &draft))?;
        if let Some(reason) = outcome.refusal() {
            self.record_refused_role(caller, account_id, None, reason).await?;
        }
        Ok(outcome)
    }

    async fn define(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account_id: AccountId,
        draft: &RoleDraft<'_>,
    ) -> Result<CreateCustomRole, Error> {
        let (store, now) = (self.store(), self.now());
        let (account, mine) = self.acting_member(tx, caller, Action::ManageAccountRoles, account_id).await?;
        if let Some(unready) = self.why_not_now(tx, caller).await? {
            return Ok(CreateCustomRole::NotNow(unready));
        }
        let id = RoleId::generate(now);
        if draft.base == AccountRole::Owner {
            return Ok(CreateCustomRole::BaseIsOwner);
        }
        if let Some(fault) = fault(mine, id, draft.base, draft.permissions) {
            return Ok(CreateCustomRole::Faulty(fault));
        }
        if self.name_is_taken(tx, account_id, draft.name, None).await? {
            return Ok(CreateCustomRole::Faulty(RoleFault::NameTaken));
        }
        if store.account_roles.count_in(tx, account_id, ROLES_MAX).await? >= ROLES_MAX {
            return Ok(CreateCustomRole::TooManyRoles);
        }
        let role = CustomRole {
            id,
            account_id,
            name: draft.name.to_owned(),
            base: draft.base,
            permissions: draft.permissions,
            version: 1,
            created_at: now,
        };
        store.account_roles.insert(tx, &role).await?;
        let happening = Happening::new(caller, now, AuditAction::CustomRoleCreated)
            .detail("role", id)
            .detail("base", role.base.as_str())
            .detail("permissions", role.permissions);
        store.audit_events.insert(tx, &happening.events(&scopes_of_account(&account))).await?;
        Ok(CreateCustomRole::Created(Box::new(role)))
    }

    /// Whether another role than this one is called so. The account was touched, so nobody takes the name meanwhile.
    pub(super) async fn name_is_taken(
        &self,
        tx: &mut Tx,
        account: AccountId,
        name: &str,
        but: Option<RoleId>,
    ) -> Result<bool, Error> {
        if is_static_name(name) {
            return Ok(true);
        }
        let found = self.store().account_roles.find_named_in(tx, account, name).await?;
        Ok(found.is_some_and(|role| Some(role.id) != but))
    }

    /// A custom role that the caller may change, with what the caller holds in its account, which is touched.
    pub(super) async fn role_to_change(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: RoleId,
    ) -> Result<(CustomRole, Account, Held), Error> {
        let role = self.store().account_roles.find_in(tx, id).await?.ok_or(Denial::Hidden)?;
        let action = Action::ManageAccountRoles;
        let (account, mine) = self.acting_member(tx, caller, action, role.account_id).await?;
        Ok((role, account, mine))
    }

    /// Writes down that somebody tried to make of a role what they may not.
    pub(super) async fn record_refused_role(
        &self,
        caller: &Caller,
        account: AccountId,
        role: Option<RoleId>,
        reason: &str,
    ) -> Result<(), Error> {
        let mut happening =
            Happening::new(caller, self.now(), AuditAction::CustomRoleRefused).detail("reason", reason);
        if let Some(role) = role {
            happening = happening.detail("role", role);
        }
        self.record_refusal(&happening, &[Scope::Account(account)]).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::domain::Permission::{self, *};

    const NOW: time::OffsetDateTime = time::macros::datetime!(2026-11-24 12:00 UTC);

    #[test]
    fn a_role_holds_what_its_maker_holds_and_what_its_base_may() {
        use AccountRole::*;
        let id = RoleId::generate(NOW);
        let maker = Held::custom(id, Manager, Permissions::of(&[UsersView, MfaReset, RolesManage]));
        let owner = Held::of(Owner);
        let table: [(Held, AccountRole, &[Permission], Option<RoleFault>); 9] = [
            (owner, Admin, Permission::ALL, None),
            (owner, Support, &[UsersView, AuditView], None),
            (owner, Support, &[UsersView, MfaReset], Some(RoleFault::NotForSupport)),
            (owner, Support, &[UsersManage], Some(RoleFault::NotForSupport)),
            (owner, Support, &[RolesManage], Some(RoleFault::NotForSupport)),
            (maker, Analyst, &[UsersView, MfaReset], None),
            (maker, Analyst, &[AuditView], Some(RoleFault::MoreThanHeld)),
            (maker, Admin, &[UsersView], Some(RoleFault::MoreThanHeld)),
            (maker, Support, &[MfaReset], Some(RoleFault::NotForSupport)),
        ];
        for (mine, base, list, expected) in table {
            assert_eq!(fault(mine, id, base, Permissions::of(list)), expected, "{base:?} {list:?}");
        }
    }

    #[test]
    fn no_custom_role_is_called_like_a_static_one() {
        for name in ["Admin", "OWNER", "campaign coordinator", "Content_Creator", "support"] {
            assert!(is_static_name(name), "{name}");
        }
        assert!(!is_static_name("Administrator"));
    }
}
