//! The people of a portfolio: its own users, and the users of all accounts that it links.

use std::sync::Arc;

use async_graphql::{Context, Result};

use super::PortfolioRole;
use crate::connection;
use crate::domain;
use crate::domain::UserId;
use crate::graphql::connection::{List, PageArgs, Total, paged};
use crate::graphql::context::request;
use crate::graphql::loader::apart;
use crate::graphql::prefetch;
use crate::graphql::scalar::DateTime;
use crate::graphql::user::{AccountMembership, User, visible_memberships};
use crate::service::directory::{LinkedPeopleFilter, PortfolioPeopleFilter};

/// Memberships that an edge shows at most: as many as one bulk change can hold.
const MEMBERSHIPS_MAX: usize = 500;

connection! {
    /// Users of a portfolio itself, by name; a search lists those found by e-mail address only after those found by name.
    /// Who may see it: users of the portfolio (rule PortfolioMember).
    PortfolioUserConnection {
        /// How many users there are on all pages; with a search or filter counted up to 10,000. Counted only when selected.
        total_count,
    }
    /// A user of a portfolio itself. The edge carries what belongs to the membership.
    PortfolioUserEdge {
        /// The user.
        node: User,
        /// What the user is in the portfolio.
        role: PortfolioRole,
        /// Since when.
        joined_at: DateTime,
    }
}

connection! {
    /// Users of all accounts that a portfolio links, once each, by name; a search lists those found by e-mail address only
    /// after those found by name. Who may see it: Portfolio Owner and Portfolio Admin (rule PortfolioOwnerOrAdmin).
    PortfolioAccountUserConnection {
        /// How many users there are on all pages, counted over the first 10,000 memberships. Counted only when selected.
        total_count,
    }
    /// A user of one or more accounts that a portfolio links.
    PortfolioAccountUserEdge {
        /// The user.
        node: User,
        /// The user's memberships in accounts that the portfolio links; by account name, at most 500.
        memberships: Vec<AccountMembership>,
    }
}

/// A page of a portfolio's own people, for whoever was found to be allowed to see it.
pub(super) async fn portfolio_users(
    ctx: &Context<'_>,
    portfolio: &Arc<domain::Portfolio>,
    filter: PortfolioPeopleFilter,
    page: PageArgs,
) -> Result<PortfolioUserConnection> {
    let request = request(ctx)?;
    let wanted = page.check(List::PortfolioUsers)?;
    let (services, caller) = (request.services.clone(), request.caller());
    let (of, by) = (portfolio.clone(), filter.clone());
    let found =
        apart(request, async move { services.list_portfolio_users(&caller, &of, &by, &wanted).await })
            .await?;
    let page = paged(List::PortfolioUsers, found);
    let ids = page.items.iter().map(|(place, _)| place.user_id).collect();
    let users = prefetch::people(ctx, &ctx.look_ahead().field("edges").field("node"), ids).await?;
    let edges = page.items.into_iter().filter_map(|(place, cursor)| {
        let node = User::new(users.get(&place.user_id)?.clone()?);
        Some(PortfolioUserEdge { cursor, node, role: place.role.into(), joined_at: place.joined_at.into() })
    });
    let of = portfolio.clone();
    let total = Total::new(move |services, caller| {
        let (of, filter) = (of.clone(), filter.clone());
        async move { services.count_portfolio_users(&caller, &of, &filter).await }
    });
    Ok(PortfolioUserConnection::new(edges.collect(), page.info, total))
}

/// A page of the people of all linked accounts, for whoever was found to be allowed to see it.
pub(super) async fn portfolio_account_users(
    ctx: &Context<'_>,
    portfolio: &Arc<domain::Portfolio>,
    filter: LinkedPeopleFilter,
    page: PageArgs,
) -> Result<PortfolioAccountUserConnection> {
    let request = request(ctx)?;
    let wanted = page.check(List::PortfolioAccountUsers)?;
    let (services, caller) = (request.services.clone(), request.caller());
    let (of, by) = (portfolio.clone(), filter.clone());
    let found =
        apart(
            request,
            async move { services.list_portfolio_account_users(&caller, &of, &by, &wanted).await },
        )
        .await?;
    let page = paged(List::PortfolioAccountUsers, found);
    let ids: Vec<UserId> = page.items.iter().map(|(id, _)| *id).collect();
    let edge = ctx.look_ahead().field("edges");
    let users = prefetch::people(ctx, &edge.field("node"), ids.clone()).await?;
    let memberships = edge.field("memberships");
    if memberships.exists() {
        let places = request.loaders().account_places.many(ids).await?;
        let linked = places.values().flat_map(|places| places.iter());
        let linked = linked.filter(|place| place.portfolio_id == Some(portfolio.id));
        prefetch::memberships_of(ctx, &memberships, linked).await?;
    }
    let mut edges = Vec::with_capacity(page.items.len());
    for (id, cursor) in page.items {
        let Some(Some(user)) = users.get(&id) else { continue };
        let memberships = if memberships.exists() {
            let linked = |place: &domain::AccountMembership| place.portfolio_id == Some(portfolio.id);
            visible_memberships(ctx, id, linked, MEMBERSHIPS_MAX).await?
        } else {
            Vec::new()
        };
        edges.push(PortfolioAccountUserEdge { cursor, node: User::new(user.clone()), memberships });
    }
    let of = portfolio.clone();
    let total = Total::new(move |services, caller| {
        let (of, filter) = (of.clone(), filter.clone());
        async move { services.count_portfolio_account_users(&caller, &of, &filter).await }
    });
    Ok(PortfolioAccountUserConnection::new(edges, page.info, total))
}
