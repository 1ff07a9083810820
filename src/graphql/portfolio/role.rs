//! The roles in a portfolio.

use async_graphql::Enum;

use crate::domain;

/// What a user is in a portfolio itself; apart from the roles in its accounts.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::PortfolioRole")]
pub enum PortfolioRole {
    /// Portfolio Owner, exactly one in each portfolio; manages users of the portfolio and of its accounts.
    Owner,
    /// Portfolio Admin; manages users of the portfolio and of its accounts.
    Admin,
    /// Runs the portfolio's work; manages nobody's MFA.
    Manager,
    /// Reads figures; manages nobody.
    Analyst,
}
