//! The CustomRole object. Whoever sees a membership sees its role.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::{Permission, listed};
use crate::domain;
use crate::domain::{Action, RoleId};
use crate::graphql::account::{Account, AccountRole};
use crate::graphql::context::request;
use crate::graphql::loader::expected;
use crate::graphql::scalar::DateTime;

/// A role that an account has defined. Who may see it: members of the account, Portfolio Owner and Portfolio Admin of its
/// portfolio.
#[derive(Clone)]
pub struct CustomRole(Arc<domain::CustomRole>);

impl crate::graphql::ready::AtOnce for CustomRole {}

impl CustomRole {
    /// For whoever was found to be allowed to see it.
    pub fn new(inner: impl Into<Arc<domain::CustomRole>>) -> Self {
        Self(inner.into())
    }
}

/// A role that an account has defined. Who may see it: members of the account, Portfolio Owner and Portfolio Admin of its
/// portfolio.
#[Object]
impl CustomRole {
    /// The global id: role_…
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The account. The role means nothing elsewhere.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account> {
        let request = request(ctx)?;
        let found = request.loaders().accounts.one(self.0.account_id).await?;
        Ok(Account::new(expected(found, "the account of a custom role", request)?))
    }

    /// The name as typed, unique in the account.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The static role that its holders have for whoever knows no custom roles: `role` of memberships, `/auth/verify`,
    /// access tokens, mails. It says nothing about permissions, and never changes.
    async fn base(&self) -> AccountRole {
        self.0.base.into()
    }

    /// What its holders may do, and nothing else.
    async fn permissions(&self) -> Vec<Permission> {
        listed(self.0.held().permissions)
    }

    /// Goes up with each change.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// Since when the role exists.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
}

/// The custom role of a place in hand, if it has one; looked up together with its siblings.
pub async fn one_role(ctx: &Context<'_>, id: Option<RoleId>) -> Result<Option<CustomRole>> {
    match id {
        Some(id) => Ok(request(ctx)?.loaders().roles.one(id).await?.map(CustomRole::new)),
        None => Ok(None),
    }
}

/// The custom roles of a page of places, where the page shows them; nothing is read where nobody has one.
pub async fn held_roles<'a>(
    ctx: &Context<'_>,
    places: impl Iterator<Item = &'a domain::AccountMembership>,
) -> Result<HashMap<RoleId, CustomRole>> {
    if !ctx.look_ahead().field("edges").field("customRole").exists() {
        return Ok(HashMap::new());
    }
    let ids: Vec<RoleId> = places.filter_map(|place| place.custom_role_id).collect();
    let found = request(ctx)?.loaders().roles.many(ids).await?;
    Ok(found.into_iter().filter_map(|(id, role)| Some((id, CustomRole::new(role?)))).collect())
}

/// A custom role, if there is one that the viewer may see.
pub async fn visible_role(ctx: &Context<'_>, id: RoleId) -> Result<Option<CustomRole>> {
    let request = request(ctx)?;
    let Some(role) = request.loaders().roles.one(id).await? else { return Ok(None) };
    let account = request.loaders().accounts.one(role.account_id).await?;
    let sees = account
        .is_some_and(|account| request.caller().over_account(Action::ViewAccountRoles, &account).is_ok());
    Ok(sees.then(|| CustomRole::new(role)))
}
