//! The root field `user`.

use async_graphql::{Context, Guard, ID, Object, Result};

use super::{User, may};
use crate::domain::{Action, UserId};
use crate::graphql::context::request;
use crate::graphql::guard::SignedIn;
use crate::graphql::ids::parse_id;

/// Root fields of people.
#[derive(Default)]
pub struct UserQuery;

/// A person, if there is one that the viewer may see.
pub async fn visible_user(ctx: &Context<'_>, id: UserId) -> Result<Option<User>> {
    if may(ctx, Action::ViewUser, id).await?.is_err() {
        return Ok(None);
    }
    Ok(request(ctx)?.loaders().users.one(id).await?.map(User::new))
}

async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<User>> {
    SignedIn.check(ctx).await?;
    visible_user(ctx, parse_id(id, "id")?).await
}

#[Object]
impl UserQuery {
    /// A user. Visible to oneself, to members of a shared account or portfolio, and to whoever manages the user; else
    /// null. Who may call: anybody who is signed in.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id: user_…")] id: ID,
    ) -> Option<Result<User>> {
        by_id(ctx, &id).await.transpose()
    }
}
