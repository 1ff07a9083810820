//! The root field `account`.

use async_graphql::{Context, Guard, ID, Object, Result};

use super::Account;
use crate::domain::AccountId;
use crate::graphql::context::request;
use crate::graphql::guard::SignedIn;
use crate::graphql::ids::parse_id;

/// Root fields of accounts.
#[derive(Default)]
pub struct AccountQuery;

/// An account, if there is one that the viewer may see.
pub async fn visible_account(ctx: &Context<'_>, id: AccountId) -> Result<Option<Account>> {
    let request = request(ctx)?;
    let found = request.loaders().accounts.one(id).await?;
    let caller = request.caller();
    Ok(found.filter(|account| caller.sees_account(account)).map(Account::new))
}

async fn by_id(ctx: &Context<'_>, id: &ID) -> Result<Option<Account>> {
    SignedIn.check(ctx).await?;
    visible_account(ctx, parse_id(id, "id")?).await
}

#[Object]
impl AccountQuery {
    /// An account. Visible to its members and to members of its portfolio; else null. Who may call: anybody who is signed
    /// in.
    async fn account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account's id: account_…")] id: ID,
    ) -> Option<Result<Account>> {
        by_id(ctx, &id).await.transpose()
    }
}
