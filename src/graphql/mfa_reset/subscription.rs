//! `mfaResetChanged`: resets as they change, for whoever may list them.
//!
//! The rule is checked when the subscription begins, and again for every event on what the database says then: a session
//! that ended or a role that was taken away ends the stream with an error.

use std::sync::Arc;

use async_graphql::{Context, ID, Result, Subscription};
use futures_util::{Stream, StreamExt, stream};

use super::MfaReset;
use crate::domain::{AccountId, Action, Denial, PortfolioId, Scope, SessionId};
use crate::graphql::context::{RequestContext, request};
use crate::graphql::error::{OrError, bad_input, denied, unavailable};
use crate::graphql::guard::admit;
use crate::graphql::ids::parse_id;
use crate::service::Caller;
use crate::service::mfa_reset_watch::ResetChange;

/// The subscription to resets.
#[derive(Default)]
pub struct MfaResetSubscription;

/// The account or portfolio that is watched.
fn watched(account_id: Option<&ID>, portfolio_id: Option<&ID>) -> Result<Scope> {
    match (account_id, portfolio_id) {
        (Some(id), None) => Ok(Scope::Account(parse_id::<AccountId>(id, "accountId")?)),
        (None, Some(id)) => Ok(Scope::Portfolio(parse_id::<PortfolioId>(id, "portfolioId")?)),
        _ => Err(bad_input("accountId", "either accountId or portfolioId")),
    }
}

async fn authorize(request: &RequestContext, caller: &Caller, scope: Scope) -> Result<()> {
    let allowed = match scope {
        Scope::Account(id) => {
            request.services.authorize_account(caller, Action::ViewAccountSecurity, id).await
        }
        Scope::Portfolio(id) => {
            request.services.authorize_portfolio(caller, Action::ViewPortfolioSecurity, id).await
        }
        Scope::User(_) | Scope::Deployment => Err(Denial::Forbidden.into()),
    };
    allowed.or_error(request)
}

/// The same question later, with the session and the roles as they are then; they hold for the fields of the event, too.
async fn authorize_again(request: &RequestContext, session: SessionId, scope: Scope) -> Result<()> {
    let actor = request.services.authenticate_again(session).await.or_error(request)?;
    let actor = actor.ok_or_else(|| denied(Denial::SignedOut))?;
    let caller = Caller { actor, meta: request.caller().meta.clone() };
    authorize(request, &caller, scope).await?;
    request.begin_event(caller.actor);
    Ok(())
}

/// What one change means for a subscriber: nothing, a reset, or the end.
async fn event(
    request: &RequestContext,
    session: SessionId,
    scope: Scope,
    change: ResetChange,
) -> Result<Option<MfaReset>> {
    // Rather end than go on as if nothing had been missed: a client that subscribes again reads again.
    let ResetChange::Changed(id) = change else { return Err(unavailable()) };
    let reset = request.services.find_mfa_reset(id).await.or_error(request)?;
    let Some(reset) = reset.filter(|reset| reset.scopes.contains(&scope)) else { return Ok(None) };
    authorize_again(request, session, scope).await?;
    Ok(Some(MfaReset::new(reset)))
}

#[Subscription]
impl MfaResetSubscription {
    /// Each change of a reset that the viewer may see in that account or portfolio; give one of the two. Who may call:
    /// Owner or Admin of the account, whoever holds MFA_RESET there, Portfolio Owner or Portfolio Admin; checked again for
    /// each event.
    async fn mfa_reset_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Watch this account.")] account_id: Option<ID>,
        #[graphql(desc = "Watch this portfolio.")] portfolio_id: Option<ID>,
    ) -> Result<impl Stream<Item = Result<MfaReset>> + use<>> {
        let request: Arc<RequestContext> = match ctx.data::<Arc<RequestContext>>() {
            Ok(request) => request.clone(),
            Err(_) => return Err(request(ctx).err().unwrap_or_else(|| denied(Denial::SignedOut))),
        };
        let caller = request.caller();
        admit(&request, Action::ViewAccountSecurity).await?;
        let session = caller.signed_in().or_error(&request)?.session.id;
        let scope = watched(account_id.as_ref(), portfolio_id.as_ref())?;
        authorize(&request, &caller, scope).await?;
        let changes = request.services.reset_watch().subscribe().await.or_error(&request)?;
        let events = changes.then(move |change| {
            let request = request.clone();
            async move { event(&request, session, scope, change).await.transpose() }
        });
        // An error is the last thing that a subscriber hears: nothing after it, and no waiting for another change.
        let until_error = events.filter_map(std::future::ready).flat_map(|item| {
            let last = item.is_err();
            stream::iter(std::iter::once(Some(item)).chain(last.then_some(None)))
        });
        Ok(until_error.take_while(|item| std::future::ready(item.is_some())).filter_map(std::future::ready))
    }
}
