//! The resets of an account or portfolio.

use async_graphql::{Context, Result};

use super::{MfaReset, MfaResetState};
use crate::connection;
use crate::domain;
use crate::graphql::connection::{List, PageArgs, Total, paged};
use crate::graphql::context::request;
use crate::graphql::loader::apart;
use crate::graphql::watched::Watched;

connection! {
    /// Resets, newest first. Who may see it: Owner and Admin of the account, holders of MFA_RESET there, Portfolio Owner
    /// and Portfolio Admin.
    MfaResetConnection {
        /// How many resets there are on all pages, counted up to 10,000. Counted only when selected.
        total_count,
    }
    /// A reset of a user of an account or portfolio.
    MfaResetEdge {
        /// The reset.
        node: MfaReset,
    }
}

/// A page of resets, for whoever was found to be allowed to see it.
pub async fn mfa_resets(
    ctx: &Context<'_>,
    of: Watched,
    states: Option<Vec<MfaResetState>>,
    page: PageArgs,
) -> Result<MfaResetConnection> {
    let request = request(ctx)?;
    let wanted = page.check(List::MfaResets)?;
    let states: Vec<domain::MfaResetState> =
        states.unwrap_or_default().into_iter().map(domain::MfaResetState::from).collect();
    let (services, caller) = (request.services.clone(), request.caller());
    let (place, only) = (of.clone(), states.clone());
    let found =
        apart(request, async move { services.list_mfa_resets(&caller, place.of(), &only, &wanted).await })
            .await?;
    let page = paged(
        List::MfaResets,
        found.map(|reset| {
            let place = reset.id;
            (reset, place)
        }),
    );
    let edges =
        page.items.into_iter().map(|(reset, cursor)| MfaResetEdge { cursor, node: MfaReset::new(reset) });
    let total = Total::new(move |services, caller| {
        let (of, states) = (of.clone(), states.clone());
        async move { services.count_mfa_resets(&caller, of.of(), &states).await }
    });
    Ok(MfaResetConnection::new(edges.collect(), page.info, total))
}
