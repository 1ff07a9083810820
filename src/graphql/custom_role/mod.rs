//! The roles that an account defines for itself, and the table of the static ones.

mod list;
mod mutation;
mod object;
mod permission;
mod query;

pub use list::{CustomRoleConnection, custom_roles};
pub use mutation::{
    CreateCustomRoleRejected, CustomRoleMutation, DeleteCustomRoleRejected, UpdateCustomRoleRejected,
};
pub use object::{CustomRole, held_roles, one_role, visible_role};
pub use permission::{Permission, listed};
pub use query::RoleQuery;

use async_graphql::{ID, Result};

use super::account::AccountRole;
use super::error::bad_input;
use super::ids::parse_id;
use crate::domain::RoleChoice;

/// The role to give, of which an input names exactly one. `within` is the place in the input, such as `invite[0].`.
pub fn chosen(role: Option<AccountRole>, custom: Option<&ID>, within: &str) -> Result<RoleChoice> {
    match (role, custom) {
        (Some(role), None) => Ok(RoleChoice::Static(role.into())),
        (None, Some(id)) => Ok(RoleChoice::Custom(parse_id(id, &format!("{within}customRoleId"))?)),
        _ => Err(bad_input(&format!("{within}role"), "either role or customRoleId")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn exactly_one_role_is_named() {
        let id = ID::from("role_01h2xcejqtf2nbrexx3vqjhp41");
        assert!(matches!(chosen(Some(AccountRole::Analyst), None, ""), Ok(RoleChoice::Static(_))));
        assert!(matches!(chosen(None, Some(&id), ""), Ok(RoleChoice::Custom(_))));
        let message = |role, id, within| chosen(role, id, within).unwrap_err().message;
        assert_eq!(message(None, None, ""), "role: expected either role or customRoleId");
        let both = message(Some(AccountRole::Analyst), Some(&id), "invite[3].");
        assert_eq!(both, "invite[3].role: expected either role or customRoleId");
        let wrong = ID::from("user_01h2xcejqtf2nbrexx3vqjhp41");
        assert_eq!(message(None, Some(&wrong), ""), "customRoleId: expected an id of the form role_…");
    }
}
