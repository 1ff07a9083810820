//! What the viewer may do about a person: the policy's answer, on places that the loaders bring in batches.

use async_graphql::{Context, ContextSelectionSet, Result};

use crate::domain::{Action, Denial, UserId};
use crate::graphql::context::request;
use crate::service::directory::Answer;

/// Whether the viewer may do something about a person. The outer result fails when it cannot be found out.
pub async fn may(ctx: &Context<'_>, action: Action, id: UserId) -> Result<std::result::Result<(), Denial>> {
    let request = request(ctx)?;
    let (caller, loaders) = (request.caller(), request.loaders());
    if let Err(denial) = caller.admitted_about(action, id) {
        return Ok(Err(denial));
    }
    let accounts = loaders.account_places.one(id).await?;
    let mut answer = caller.over_user(action, id, &accounts, None);
    if answer == Answer::AskPortfolios {
        let portfolios = loaders.portfolio_places.one(id).await?;
        answer = caller.over_user(action, id, &accounts, Some(&portfolios));
    }
    Ok(match answer {
        Answer::Yes => Ok(()),
        Answer::No(denial) => Err(denial),
        // With both kinds of places known there is nothing left to ask for.
        Answer::AskPortfolios => Err(Denial::Forbidden),
    })
}

/// The same, where the person's places are at hand.
pub fn may_at_once(
    ctx: &ContextSelectionSet<'_>,
    action: Action,
    id: UserId,
) -> Option<std::result::Result<(), Denial>> {
    let request = request(ctx).ok()?;
    let (caller, loaders) = (request.caller(), request.loaders());
    if let Err(denial) = caller.admitted_about(action, id) {
        return Some(Err(denial));
    }
    let accounts = loaders.account_places.at_hand(&id)?;
    match caller.over_user(action, id, &accounts, None) {
        Answer::Yes => Some(Ok(())),
        Answer::No(denial) => Some(Err(denial)),
        Answer::AskPortfolios => None,
    }
}
