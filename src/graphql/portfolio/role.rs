//! The roles in a portfolio.

use async_graphql::{ContextSelectionSet, Enum, Value};

use crate::domain;
use crate::graphql::ready::{AtOnce, name_of};

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

impl AtOnce for PortfolioRole {
    fn at_once(&self, _: &ContextSelectionSet<'_>) -> Option<Value> {
        name_of(*self)
    }
}
