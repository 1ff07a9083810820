//! The copies of "which portfolio links the account": written in batches, by key, so that no transaction grows with the
//! account. Whoever calls these also touches the account (`Accounts::touch_linked`), so that nobody who joins meanwhile
//! is missed.

use bson::{Bson, Document, doc};
use futures_util::TryStreamExt;
use serde::Deserialize;

use super::{AccountMembers, OF_ACCOUNT};
use crate::domain::{AccountId, PortfolioId, UserId};
use crate::store::deadline::max_time;
use crate::store::people::ascending;
use crate::store::{StoreError, Tx};

#[derive(Deserialize)]
struct UserOnly {
    user_id: UserId,
}

impl AccountMembers {
    /// The next people of an account behind one of them, by id; at most `limit`.
    pub async fn next_in(
        &self,
        tx: &mut Tx,
        account: AccountId,
        after: Option<UserId>,
        limit: i64,
    ) -> Result<Vec<UserId>, StoreError> {
        let after = after.map_or(Bson::MinKey, Bson::from);
        let range = doc! {
            "$gt": { "account": account, "user": after },
            "$lt": { "account": account, "user": Bson::MaxKey },
        };
        let mut cursor = self
            .docs
            .clone_with_type::<UserOnly>()
            .find(doc! { "_id": range })
            .sort(doc! { "_id": 1 })
            .projection(doc! { "_id": 0, "user_id": 1 })
            .limit(limit)
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        let found: Vec<UserOnly> = cursor.stream(&mut tx.session).try_collect().await?;
        Ok(found.into_iter().map(|row| row.user_id).collect())
    }

    /// Writes the copies of these people.
    pub async fn set_portfolio(
        &self,
        tx: &mut Tx,
        account: AccountId,
        users: &[UserId],
        portfolio: Option<PortfolioId>,
    ) -> Result<(), StoreError> {
        if users.is_empty() {
            return Ok(());
        }
        let filter = doc! { "user_id": { "$in": users }, "account_id": account };
        self.docs.update_many(filter, copies(portfolio)).session(&mut tx.session).await?;
        Ok(())
    }

    /// Clears every copy of this portfolio that an account still has; few, where the batches went before.
    pub async fn clear_portfolio(
        &self,
        tx: &mut Tx,
        account: AccountId,
        portfolio: PortfolioId,
    ) -> Result<(), StoreError> {
        let filter = doc! { "account_id": account, "portfolio_id": portfolio };
        // This index holds both fields, so only the documents that change are read.
        let hint = mongodb::options::Hint::Keys(ascending(OF_ACCOUNT.by_name));
        self.docs.update_many(filter, copies(None)).hint(hint).session(&mut tx.session).await?;
        Ok(())
    }
}

fn copies(portfolio: Option<PortfolioId>) -> Document {
    match portfolio {
        Some(portfolio) => doc! { "$set": { "portfolio_id": portfolio } },
        None => doc! { "$unset": { "portfolio_id": "" } },
    }
}
