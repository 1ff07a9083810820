//! A role that an account defines for itself out of the permissions that the policy works with.

use time::OffsetDateTime;

use super::policy::Held;
use super::{AccountId, AccountRole, Permissions, RoleId};

/// Custom roles that one account has at most.
pub const ROLES_MAX: u64 = 50;

/// A role to give: a static one or one of the account's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleChoice {
    /// A static one.
    Static(AccountRole),
    /// One of the account's own.
    Custom(RoleId),
}

/// A role that an account has defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomRole {
    /// The id.
    pub id: RoleId,
    /// The account; the role means nothing elsewhere.
    pub account_id: AccountId,
    /// The name as typed.
    pub name: String,
    /// The static role that its holders have for whoever knows no custom roles; never OWNER. It never changes: each
    /// membership carries it.
    pub base: AccountRole,
    /// What it lets its holders do, as stored; see [`CustomRole::held`].
    pub permissions: Permissions,
    /// Goes up with each change.
    pub version: i64,
    /// Since when.
    pub created_at: OffsetDateTime,
}

impl CustomRole {
    /// What its holders are and may.
    pub const fn held(&self) -> Held {
        Held::custom(self.id, self.base, self.permissions)
    }
}
