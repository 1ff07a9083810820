//! A person's place in an account.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ContextSelectionSet, Result, SimpleObject, Value};

use crate::domain;
use crate::domain::{RoleId, UserId};
use crate::graphql::account::{Account, AccountRole};
use crate::graphql::context::request;
use crate::graphql::custom_role::{CustomRole, one_role};
use crate::graphql::ready::{AtOnce, object};
use crate::graphql::scalar::DateTime;

/// A user's place in an account. Who may see it: the user, members of the account, Portfolio Owner and Portfolio Admin
/// of its portfolio.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub struct AccountMembership {
    /// The account.
    account: Account,
    /// What the user is there; for a holder of a custom role, its base.
    role: AccountRole,
    /// Since when.
    joined_at: DateTime,
    #[graphql(skip)]
    custom_role_id: Option<RoleId>,
}

impl AtOnce for AccountMembership {
    fn at_once(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        object::<Self>(ctx, |field, below| match field {
            "account" => self.account.at_once(below),
            "role" => self.role.at_once(below),
            "joinedAt" => self.joined_at.at_once(below),
            "customRole" if self.custom_role_id.is_none() => Some(Value::Null),
            _ => None,
        })
    }
}

#[ComplexObject]
impl AccountMembership {
    /// The custom role; null for a holder of a static one.
    async fn custom_role(&self, ctx: &Context<'_>) -> Result<Option<CustomRole>> {
        one_role(ctx, self.custom_role_id).await
    }
}

impl AccountMembership {
    /// A place, with its account.
    pub fn new(place: &domain::AccountMembership, account: Arc<domain::Account>) -> Self {
        Self {
            account: Account::new(account),
            role: place.role.into(),
            joined_at: place.joined_at.into(),
            custom_role_id: place.custom_role_id,
        }
    }
}

/// A person's places that the viewer may see and `also` lets through, by account name, at most `limit`.
pub async fn visible_memberships(
    ctx: &Context<'_>,
    user: UserId,
    also: impl Fn(&domain::AccountMembership) -> bool,
    limit: usize,
) -> Result<Vec<AccountMembership>> {
    let request = request(ctx)?;
    let (caller, loaders) = (request.caller(), request.loaders());
    let places = loaders.account_places.one(user).await?;
    let visible: Vec<_> =
        places.iter().filter(|place| also(place) && caller.sees_membership(place)).collect();
    let accounts = loaders.accounts.many(visible.iter().map(|place| place.account_id).collect()).await?;
    let with_account = |place: &domain::AccountMembership| accounts.get(&place.account_id)?.clone();
    let named = visible.into_iter().filter_map(|place| Some((with_account(place)?, place)));
    Ok(by_account_name(named.collect(), limit))
}

/// The same without a condition, if it is ready.
pub(super) fn memberships_at_once(
    ctx: &ContextSelectionSet<'_>,
    user: UserId,
    limit: usize,
) -> Option<Vec<AccountMembership>> {
    let request = request(ctx).ok()?;
    let (caller, loaders) = (request.caller(), request.loaders());
    let places = loaders.account_places.at_hand(&user)?;
    let mut named = Vec::with_capacity(places.len());
    for place in places.iter().filter(|place| caller.sees_membership(place)) {
        if let Some(account) = loaders.accounts.at_hand(&place.account_id)? {
            named.push((account, place));
        }
    }
    Some(by_account_name(named, limit))
}

fn by_account_name(
    mut named: Vec<(Arc<domain::Account>, &domain::AccountMembership)>,
    limit: usize,
) -> Vec<AccountMembership> {
    named.sort_by(|(a, p), (b, q)| (&a.name_key, p.account_id).cmp(&(&b.name_key, q.account_id)));
    named.truncate(limit);
    named.into_iter().map(|(account, place)| AccountMembership::new(place, account)).collect()
}
