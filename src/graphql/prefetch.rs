//! Breadth-first prefetch: a list looks at what is selected below it and fills the loaders level by level, so that a page
//! costs one command for each kind of thing. Nothing depends on it: what was not foreseen here, the loaders batch.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql::{Context, Lookahead, Result};

use super::context::request;
use crate::domain::{AccountId, AccountMembership, PortfolioId, User, UserId};

/// Fields of a user that depend on what the viewer is to the user.
const OF_STANDING: [&str; 4] = ["mfa", "lastLogInAt", "mfaResetEligibility", "pendingMfaReset"];

/// Loads a page of people, and what the selection below them needs. `ahead` is the selection of a User.
pub async fn people(
    ctx: &Context<'_>,
    ahead: &Lookahead<'_>,
    ids: Vec<UserId>,
) -> Result<HashMap<UserId, Option<Arc<User>>>> {
    let loaders = request(ctx)?.loaders();
    let memberships = ahead.field("memberships");
    let needs_places = memberships.exists() || OF_STANDING.iter().any(|field| ahead.field(field).exists());
    let places = async {
        if needs_places { loaders.account_places.many(ids.clone()).await } else { Ok(HashMap::new()) }
    };
    let mut people = ids.clone();
    if ahead.field("mfaResetEligibility").exists() {
        // It hangs on the viewer's own MFA and freeze as well.
        people.extend(request(ctx)?.caller().actor.user_id());
    }
    let (users, places) = futures_util::try_join!(loaders.users.many(people), places)?;
    if memberships.exists() {
        let visible = places.values().flat_map(|places| places.iter());
        memberships_of(ctx, &memberships, visible).await?;
    }
    Ok(users)
}

/// Loads the accounts of memberships as far as the viewer sees them, and their portfolios if selected. `ahead` is the
/// selection of an AccountMembership.
pub async fn memberships_of<'a>(
    ctx: &Context<'_>,
    ahead: &Lookahead<'_>,
    places: impl Iterator<Item = &'a AccountMembership>,
) -> Result<()> {
    let request = request(ctx)?;
    let caller = request.caller();
    let visible: Vec<_> = places.filter(|place| caller.sees_membership(place)).collect();
    let accounts: HashSet<AccountId> = visible.iter().map(|place| place.account_id).collect();
    let loaded = request.loaders().accounts.many(accounts.into_iter().collect()).await?;
    if ahead.field("account").field("portfolio").exists() {
        let portfolios: HashSet<PortfolioId> =
            loaded.values().flatten().filter_map(|account| account.portfolio_id).collect();
        let seen = portfolios.into_iter().filter(|id| caller.sees_portfolio(*id));
        request.loaders().portfolios.many(seen.collect()).await?;
    }
    Ok(())
}
