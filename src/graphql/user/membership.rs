//! A person's place in an account.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Result, SimpleObject};

use crate::domain;
use crate::domain::key::name_key;
use crate::domain::{RoleId, UserId};
use crate::graphql::account::{Account, AccountRole};
use crate::graphql::context::request;
use crate::graphql::custom_role::{CustomRole, one_role};
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
    let mut named: Vec<_> = visible
        .into_iter()
        .filter_map(|place| {
            let account = accounts.get(&place.account_id)?.clone()?;
            Some((name_key(&account.name), place, account))
        })
        .collect();
    named.sort_by(|(a, p, _), (b, q, _)| (a, p.account_id).cmp(&(b, q.account_id)));
    named.truncate(limit);
    Ok(named.into_iter().map(|(_, place, account)| AccountMembership::new(place, account)).collect())
}
