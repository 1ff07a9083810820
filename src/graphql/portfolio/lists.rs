//! The accounts that a portfolio links.

use std::sync::Arc;

use async_graphql::{Context, Result};

use crate::connection;
use crate::domain;
use crate::graphql::account::Account;
use crate::graphql::connection::{List, PageArgs, Total, paged};
use crate::graphql::context::request;
use crate::graphql::loader::apart;

connection! {
    /// Accounts that a portfolio links, by name. Users of the portfolio see all of them, members of a linked account only
    /// their own.
    AccountConnection {
        /// How many accounts there are on all pages, as far as the viewer sees them. Counted only when selected.
        total_count,
    }
    /// An account that a portfolio links.
    AccountEdge {
        /// The account.
        node: Account,
    }
}

/// A page of the accounts that a portfolio links, as far as the viewer sees them.
pub(super) async fn portfolio_accounts(
    ctx: &Context<'_>,
    portfolio: &Arc<domain::Portfolio>,
    page: PageArgs,
) -> Result<AccountConnection> {
    let request = request(ctx)?;
    let wanted = page.check(List::PortfolioAccounts)?;
    let (services, caller, of) = (request.services.clone(), request.caller(), portfolio.clone());
    let found =
        apart(request, async move { services.list_portfolio_accounts(&caller, &of, &wanted).await }).await?;
    let page = paged(List::PortfolioAccounts, found);
    let edges =
        page.items.into_iter().map(|(account, cursor)| AccountEdge { cursor, node: Account::new(account) });
    let of = portfolio.clone();
    let total = Total::new(move |services, caller| {
        let of = of.clone();
        async move { services.count_portfolio_accounts(&caller, &of) }
    });
    Ok(AccountConnection::new(edges.collect(), page.info, total))
}
