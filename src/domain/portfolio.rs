//! A group of accounts, with users of its own.

use time::OffsetDateTime;

use super::{MfaPolicy, PortfolioId, UserId};

/// A group of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portfolio {
    /// The id.
    pub id: PortfolioId,
    /// The name as typed.
    pub name: String,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// The MFA policy for the portfolio's own users.
    pub mfa_policy: MfaPolicy,
    /// How many users the portfolio itself has.
    pub member_count: u64,
    /// How many accounts it links.
    pub account_count: u64,
    /// The Portfolio Owner; absent only while an import has not named one.
    pub owner_id: Option<UserId>,
}
