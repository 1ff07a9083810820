//! The roles in an account.

use async_graphql::{ContextSelectionSet, Enum, Value};

use crate::domain;
use crate::graphql::ready::{AtOnce, name_of};

/// What a user is in an account.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::AccountRole")]
pub enum AccountRole {
    /// Exactly one in each account; manages users, settings and ownership.
    Owner,
    /// Manages users and settings.
    Admin,
    /// Runs the account's work; manages nobody's MFA.
    Manager,
    /// Reads figures; manages nobody.
    Analyst,
    /// Coordinates campaigns; manages nobody.
    CampaignCoordinator,
    /// Makes content; manages nobody.
    ContentCreator,
    /// Vendor support: looks, and manages nobody.
    Support,
}

impl AtOnce for AccountRole {
    fn at_once(&self, _: &ContextSelectionSet<'_>) -> Option<Value> {
        name_of(*self)
    }
}
