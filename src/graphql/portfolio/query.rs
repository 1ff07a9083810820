//! The root field `portfolio`.

use async_graphql::{Context, ContextSelectionSet, Guard, ID, Object, Result, Value};

use super::Portfolio;
use crate::domain::PortfolioId;
use crate::graphql::context::request;
use crate::graphql::guard::SignedIn;
use crate::graphql::ids::parse_id;
use crate::graphql::ready::AtOnce;

/// Root fields of portfolios.
#[derive(Default)]
pub struct PortfolioQuery;

/// A portfolio, if there is one that the viewer may see.
pub async fn visible_portfolio(ctx: &Context<'_>, id: PortfolioId) -> Result<Option<Portfolio>> {
    let request = request(ctx)?;
    let found = request.loaders().portfolios.one(id).await?;
    let caller = request.caller();
    Ok(found.filter(|portfolio| caller.sees_portfolio(portfolio.id)).map(Portfolio::new))
}

/// The same, if it is ready.
pub fn portfolio_at_once(ctx: &ContextSelectionSet<'_>, id: PortfolioId) -> Option<Value> {
    let request = request(ctx).ok()?;
    if !request.caller().sees_portfolio(id) {
        return Some(Value::Null);
    }
    request.loaders().portfolios.at_hand(&id)?.map(Portfolio::new).at_once(ctx)
}

async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<Portfolio>> {
    SignedIn.check(ctx).await?;
    visible_portfolio(ctx, parse_id(id, "id")?).await
}

#[Object]
impl PortfolioQuery {
    /// A portfolio. Visible to its users and to members of an account that it links; else null. Who may call: anybody who
    /// is signed in.
    async fn portfolio(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The portfolio's id: portfolio_…")] id: ID,
    ) -> Option<Result<Portfolio>> {
        by_id(ctx, &id).await.transpose()
    }
}
