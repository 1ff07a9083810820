//! The table of roles in an account: what each lets its holder do, and who may give or take it. Static roles and custom
//! ones are rows of the same table.

use crate::domain::{AccountRole, Permission, Permissions, RoleId};

/// What each static role lets its holder do. Ownership (handing over, closing) is no permission: it is bound to OWNER.
pub const fn permissions_of(role: AccountRole) -> Permissions {
    match role {
        AccountRole::Owner | AccountRole::Admin => Permissions::ALL,
        AccountRole::Manager
        | AccountRole::Analyst
        | AccountRole::CampaignCoordinator
        | AccountRole::ContentCreator
        | AccountRole::Support => Permissions::of(&[Permission::UsersView]),
    }
}

/// What a custom role with this base can never hold: vendor support manages nobody.
pub const fn barred(base: AccountRole) -> Permissions {
    match base {
        AccountRole::Support => {
            Permissions::of(&[Permission::UsersManage, Permission::MfaReset, Permission::RolesManage])
        }
        _ => Permissions::NONE,
    }
}

/// A row of the table: what somebody is in an account, and may do there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The static role; that of a custom role is its base.
    pub role: AccountRole,
    /// The custom role, if it is one.
    pub custom: Option<RoleId>,
    /// What it lets its holder do.
    pub permissions: Permissions,
}

impl Held {
    /// A static role.
    pub const fn of(role: AccountRole) -> Self {
        Self { role, custom: None, permissions: permissions_of(role) }
    }

    /// A custom role. Whatever is stored, what its base bars is left out.
    pub const fn custom(id: RoleId, base: AccountRole, stored: Permissions) -> Self {
        Self { role: base, custom: Some(id), permissions: stored.without(barred(base)) }
    }

    /// Whether its holder may give `other`, take it away, or act on somebody who holds it.
    ///
    /// Owner and Admin may, as ever, whatever it is. Everybody else must hold all that it gives; and as services behind
    /// the gateway go by the static role, nobody but an Admin gives one that is called ADMIN to them.
    pub fn covers(self, other: Self) -> bool {
        if self.custom.is_none() && self.role.is_owner_or_admin() {
            return true;
        }
        let rank = match other.role {
            AccountRole::Owner => false,
            AccountRole::Admin => self.role == AccountRole::Admin,
            _ => true,
        };
        rank && self.permissions.include(other.permissions)
    }

    /// Its name in the audit log: the static role, with the custom role's id behind it.
    pub fn name(self) -> String {
        match self.custom {
            Some(id) => format!("{} {id}", self.role.as_str()),
            None => self.role.as_str().to_owned(),
        }
    }
}

#[cfg(test)]
#[path = "held_tests.rs"]
mod tests;
