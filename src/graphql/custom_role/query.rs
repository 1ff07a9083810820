//! `staticRoles`: the rows of the table of roles that every account has.

use async_graphql::{Object, Result, SimpleObject};

use super::{Permission, listed};
use crate::domain;
use crate::domain::policy::permissions_of;
use crate::graphql::account::AccountRole;
use crate::graphql::guard::SignedIn;

/// A static role, and what it lets its holders do.
#[derive(SimpleObject)]
pub struct StaticRole {
    /// The role.
    role: AccountRole,
    /// What its holders may do in the account. OWNER may hand it over and close it besides.
    permissions: Vec<Permission>,
}

/// Root fields of roles.
#[derive(Default)]
pub struct RoleQuery;

#[Object]
impl RoleQuery {
    /// The seven static roles, highest first: they are the same in every account. Who may call: anybody who is signed in.
    #[graphql(guard = "SignedIn")]
    async fn static_roles(&self) -> Result<Vec<StaticRole>> {
        let row =
            |role| StaticRole { role: AccountRole::from(role), permissions: listed(permissions_of(role)) };
        Ok(domain::AccountRole::ALL.into_iter().map(row).collect())
    }
}
