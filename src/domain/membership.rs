//! Who belongs where: the facts that most permission rules are made of.

use time::OffsetDateTime;

use super::{AccountId, AccountRole, PortfolioId, PortfolioRole, UserId};

/// One person's place in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountMembership {
    /// The account.
    pub account_id: AccountId,
    /// The person.
    pub user_id: UserId,
    /// What the person is there.
    pub role: AccountRole,
    /// The portfolio that links the account, if one does.
    pub portfolio_id: Option<PortfolioId>,
    /// Since when.
    pub joined_at: OffsetDateTime,
}

/// One person's place in one portfolio itself (not in its accounts).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortfolioMembership {
    /// The portfolio.
    pub portfolio_id: PortfolioId,
    /// The person.
    pub user_id: UserId,
    /// What the person is there.
    pub role: PortfolioRole,
    /// Since when.
    pub joined_at: OffsetDateTime,
}

/// Every place of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memberships {
    /// In accounts.
    pub accounts: Vec<AccountMembership>,
    /// In portfolios.
    pub portfolios: Vec<PortfolioMembership>,
}

impl Memberships {
    /// The role in an account, if the person is in it.
    pub fn account_role(&self, account: AccountId) -> Option<AccountRole> {
        self.accounts.iter().find(|m| m.account_id == account).map(|m| m.role)
    }

    /// The role in a portfolio, if the person is in it.
    pub fn portfolio_role(&self, portfolio: PortfolioId) -> Option<PortfolioRole> {
        self.portfolios.iter().find(|m| m.portfolio_id == portfolio).map(|m| m.role)
    }

    /// Whether the person is in an account that the portfolio links.
    pub fn in_account_of(&self, portfolio: PortfolioId) -> bool {
        self.accounts.iter().any(|m| m.portfolio_id == Some(portfolio))
    }
}
