//! Guards that only commands on portfolios need.

use async_graphql::{Context, Guard, ID, Result};

use crate::domain::{AccountId, Action, PortfolioId, UserId};
use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::guard::admit;
use crate::graphql::ids::parse_id;

/// Rule `PortfolioOwner`, and for the account `AccountOwnerOrAdmin`: for adding an account to a portfolio.
pub struct LinksAccount {
    portfolio_id: ID,
    account_id: ID,
}

impl LinksAccount {
    /// The guard for one account and one portfolio.
    pub fn new(portfolio_id: &ID, account_id: &ID) -> Self {
        Self { portfolio_id: portfolio_id.clone(), account_id: account_id.clone() }
    }
}

impl Guard for LinksAccount {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let request = request(ctx)?;
        admit(request, Action::LinkAccount).await?;
        let portfolio: PortfolioId = parse_id(&self.portfolio_id, "portfolioId")?;
        let account: AccountId = parse_id(&self.account_id, "accountId")?;
        request.services.authorize_link(&request.caller(), portfolio, account).await.or_error(request)
    }
}

/// Rule `PortfolioOwner` for taking somebody out of a portfolio; `PortfolioMember` for leaving it.
pub struct RemovesPortfolioUser {
    portfolio_id: ID,
    user_id: ID,
}

impl RemovesPortfolioUser {
    /// The guard for one user of one portfolio.
    pub fn new(portfolio_id: &ID, user_id: &ID) -> Self {
        Self { portfolio_id: portfolio_id.clone(), user_id: user_id.clone() }
    }
}

impl Guard for RemovesPortfolioUser {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let request = request(ctx)?;
        admit(request, Action::ManagePortfolioUsers).await?;
        let portfolio: PortfolioId = parse_id(&self.portfolio_id, "portfolioId")?;
        let user: UserId = parse_id(&self.user_id, "userId")?;
        let caller = request.caller();
        request.services.authorize_portfolio_removal(&caller, portfolio, user).await.or_error(request)
    }
}
