//! The Users tab of an account.

use std::sync::Arc;

use async_graphql::{Context, Result};

use super::AccountRole;
use crate::connection;
use crate::domain;
use crate::graphql::connection::{List, PageArgs, Total, paged};
use crate::graphql::context::request;
use crate::graphql::custom_role::{CustomRole, held_roles};
use crate::graphql::loader::apart;
use crate::graphql::prefetch;
use crate::graphql::scalar::DateTime;
use crate::graphql::user::User;
use crate::service::directory::PeopleFilter;

connection! {
    /// Users of an account, by name; a search lists those found by e-mail address only after those found by name. Who may
    /// see it: members of the account (rule AccountMember); holders of a custom role with USERS_VIEW.
    AccountUserConnection {
        /// How many users there are on all pages; with a search or filter counted up to 10,000. Counted only when selected.
        total_count,
    }
    /// A user of an account. The edge carries what belongs to the membership.
    AccountUserEdge {
        /// The user.
        node: User,
        /// What the user is in the account; for a holder of a custom role, its base.
        role: AccountRole,
        /// The custom role; null for a holder of a static one.
        custom_role: Option<CustomRole>,
        /// Since when.
        joined_at: DateTime,
    }
}

/// A page of an account's people, for whoever was found to be allowed to see it.
pub(super) async fn account_users(
    ctx: &Context<'_>,
    account: &Arc<domain::Account>,
    filter: PeopleFilter,
    page: PageArgs,
) -> Result<AccountUserConnection> {
    let request = request(ctx)?;
    let wanted = page.check(List::AccountUsers)?;
    let (services, caller) = (request.services.clone(), request.caller());
    let (of, by) = (account.clone(), filter.clone());
    let found =
        apart(request, async move { services.list_account_users(&caller, &of, &by, &wanted).await }).await?;
    let page = paged(List::AccountUsers, found);
    let ids = page.items.iter().map(|(place, _)| place.user_id).collect();
    let users = prefetch::people(ctx, &ctx.look_ahead().field("edges").field("node"), ids).await?;
    let roles = held_roles(ctx, page.items.iter().map(|(place, _)| place)).await?;
    let edges = page.items.into_iter().filter_map(|(place, cursor)| {
        let node = User::new(users.get(&place.user_id)?.clone()?);
        let custom_role = place.custom_role_id.and_then(|id| roles.get(&id).cloned());
        let (role, joined_at) = (place.role.into(), place.joined_at.into());
        Some(AccountUserEdge { cursor, node, role, custom_role, joined_at })
    });
    let of = account.clone();
    let total = Total::new(move |services, caller| {
        let (of, filter) = (of.clone(), filter.clone());
        async move { services.count_account_users(&caller, &of, &filter).await }
    });
    Ok(AccountUserConnection::new(edges.collect(), page.info, total))
}
