//! The invitations of an account or portfolio that nobody accepted or took back.

use async_graphql::{Context, Result};

use super::Invitation;
use crate::connection;
use crate::graphql::connection::{List, PageArgs, Total, paged};
use crate::graphql::context::request;
use crate::graphql::loader::apart;
use crate::graphql::watched::Watched;

connection! {
    /// Invitations that nobody accepted or took back, newest first. Who may see it: Owner and Admin of the account,
    /// holders of USERS_MANAGE there, Portfolio Owner and Portfolio Admin.
    InvitationConnection {
        /// How many invitations there are on all pages, counted up to 10,000. Counted only when selected.
        total_count,
    }
    /// An invitation to an account or portfolio.
    InvitationEdge {
        /// The invitation.
        node: Invitation,
    }
}

/// A page of invitations, for whoever was found to be allowed to see it.
pub async fn invitations(ctx: &Context<'_>, of: Watched, page: PageArgs) -> Result<InvitationConnection> {
    let request = request(ctx)?;
    let wanted = page.check(List::Invitations)?;
    let (services, caller) = (request.services.clone(), request.caller());
    let place = of.clone();
    let found =
        apart(request, async move { services.list_invitations(&caller, place.of(), &wanted).await }).await?;
    let page = paged(
        List::Invitations,
        found.map(|invitation| {
            let place = invitation.id;
            (invitation, place)
        }),
    );
    let edges = page
        .items
        .into_iter()
        .map(|(invitation, cursor)| InvitationEdge { cursor, node: Invitation::new(invitation) });
    let total = Total::new(move |services, caller| {
        let of = of.clone();
        async move { services.count_invitations(&caller, of.of()).await }
    });
    Ok(InvitationConnection::new(edges.collect(), page.info, total))
}
