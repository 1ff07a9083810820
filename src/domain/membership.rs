//! Who belongs where: the facts that most permission rules are made of.

use time::OffsetDateTime;

use super::policy::Held;
use super::{AccountId, AccountRole, Permissions, PortfolioId, PortfolioRole, RoleId, UserId};

/// One person's place in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountMembership {
    /// The account.
    pub account_id: AccountId,
    /// The person.
    pub user_id: UserId,
    /// What the person is there; for a holder of a custom role, its base.
    pub role: AccountRole,
    /// The custom role, for a holder of one.
    pub custom_role_id: Option<RoleId>,
    /// What the role lets the person do there.
    pub permissions: Permissions,
    /// The portfolio that links the account, if one does.
    pub portfolio_id: Option<PortfolioId>,
    /// Since when.
    pub joined_at: OffsetDateTime,
}

impl AccountMembership {
    /// A place with a static role.
    pub const fn new(
        account_id: AccountId,
        user_id: UserId,
        role: AccountRole,
        portfolio_id: Option<PortfolioId>,
        joined_at: OffsetDateTime,
    ) -> Self {
        let Held { role, custom, permissions } = Held::of(role);
        Self { account_id, user_id, role, custom_role_id: custom, permissions, portfolio_id, joined_at }
    }

    /// The same place with another role.
    pub const fn holding(self, held: Held) -> Self {
        let Held { role, custom, permissions } = held;
        Self { role, custom_role_id: custom, permissions, ..self }
    }

    /// What the person is and may there.
    pub const fn held(&self) -> Held {
        Held { role: self.role, custom: self.custom_role_id, permissions: self.permissions }
    }
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
    /// The place in an account, if the person is in it.
    pub fn account(&self, account: AccountId) -> Option<&AccountMembership> {
        self.accounts.iter().find(|m| m.account_id == account)
    }

    /// The role in an account, if the person is in it.
    pub fn account_role(&self, account: AccountId) -> Option<AccountRole> {
        self.account(account).map(|m| m.role)
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
