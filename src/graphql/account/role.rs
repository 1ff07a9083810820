//! The roles in an account.

use async_graphql::Enum;

use crate::domain;

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
