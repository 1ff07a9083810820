//! The custom roles of an account.

use std::sync::Arc;

use async_graphql::{Context, Result};

use super::CustomRole;
use crate::connection;
use crate::domain;
use crate::graphql::connection::{List, PageArgs, Total, paged};
use crate::graphql::context::request;
use crate::graphql::loader::apart;

connection! {
    /// Custom roles of an account, by name. Who may see it: members of the account, Portfolio Owner and Portfolio Admin of
    /// its portfolio.
    CustomRoleConnection {
        /// How many there are on all pages. Counted only when selected.
        total_count,
    }
    /// A custom role of an account.
    CustomRoleEdge {
        /// The role.
        node: CustomRole,
    }
}

/// A page of an account's custom roles, for whoever was found to be allowed to see it.
pub async fn custom_roles(
    ctx: &Context<'_>,
    account: &Arc<domain::Account>,
    page: PageArgs,
) -> Result<CustomRoleConnection> {
    let request = request(ctx)?;
    let wanted = page.check(List::CustomRoles)?;
    let (services, caller, of) = (request.services.clone(), request.caller(), account.clone());
    let found =
        apart(request, async move { services.list_custom_roles(&caller, &of, &wanted).await }).await?;
    let page = paged(List::CustomRoles, found);
    let edges =
        page.items.into_iter().map(|(role, cursor)| CustomRoleEdge { cursor, node: CustomRole::new(role) });
    let of = account.clone();
    let total = Total::new(move |services, caller| {
        let of = of.clone();
        async move { services.count_custom_roles(&caller, &of).await }
    });
    Ok(CustomRoleConnection::new(edges.collect(), page.info, total))
}
