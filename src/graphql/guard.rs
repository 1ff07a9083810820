//! The field guards: each names a rule of `domain::policy` and asks the services whether the caller fulfils it.
//!
//! As attributes they stand on mutations, subscriptions and non-null fields. A nullable field that may be denied calls
//! the same guard first thing and returns `Option<Result<T>>`: a denied attribute guard would null its parent, too.

use async_graphql::{Context, Guard, ID, Result};

use super::context::request;
use super::error::OrError;
use super::ids::parse_id;
use crate::domain::{AccountId, Action, MfaResetId, PortfolioId, UserId};

/// Rule `SignedIn`: any live session.
pub struct SignedIn;

impl Guard for SignedIn {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let request = request(ctx)?;
        request.caller().signed_in().map(|_| ()).or_error(request)
    }
}

/// Rule `ManagesUser`, for asking to reset the MFA of the user with this id.
pub struct ManagesUser {
    user_id: ID,
}

impl ManagesUser {
    /// The guard for one user.
    pub fn new(user_id: &ID) -> Self {
        Self { user_id: user_id.clone() }
    }
}

impl Guard for ManagesUser {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let request = request(ctx)?;
        request.caller().signed_in().or_error(request)?;
        let user_id: UserId = parse_id(&self.user_id, "userId")?;
        request.services.authorize_reset(&request.caller(), user_id).await.or_error(request)
    }
}

/// Rule `ManagesUser`, for the user whom a reset is about.
pub struct ManagesUserOfReset {
    reset_id: ID,
}

impl ManagesUserOfReset {
    /// The guard for one reset.
    pub fn new(reset_id: &ID) -> Self {
        Self { reset_id: reset_id.clone() }
    }
}

impl Guard for ManagesUserOfReset {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let request = request(ctx)?;
        request.caller().signed_in().or_error(request)?;
        let id: MfaResetId = parse_id(&self.reset_id, "mfaResetId")?;
        request.services.authorize_reset_by_id(&request.caller(), id).await.or_error(request)
    }
}

/// The rule of an action on the account with this id.
pub struct OnAccount {
    action: Action,
    account_id: ID,
}

impl OnAccount {
    /// The guard for one account.
    pub fn new(action: Action, account_id: &ID) -> Self {
        Self { action, account_id: account_id.clone() }
    }
}

impl Guard for OnAccount {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let request = request(ctx)?;
        request.caller().signed_in().or_error(request)?;
        let id: AccountId = parse_id(&self.account_id, "accountId")?;
        request.services.authorize_account(&request.caller(), self.action, id).await.or_error(request)
    }
}

/// The rule of an action on the portfolio with this id.
pub struct OnPortfolio {
    action: Action,
    portfolio_id: ID,
}

impl OnPortfolio {
    /// The guard for one portfolio.
    pub fn new(action: Action, portfolio_id: &ID) -> Self {
        Self { action, portfolio_id: portfolio_id.clone() }
    }
}

impl Guard for OnPortfolio {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let request = request(ctx)?;
        request.caller().signed_in().or_error(request)?;
        let id: PortfolioId = parse_id(&self.portfolio_id, "portfolioId")?;
        request.services.authorize_portfolio(&request.caller(), self.action, id).await.or_error(request)
    }
}
