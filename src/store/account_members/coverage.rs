//! How many people have MFA: counted over indexes, so no document is read.

use std::collections::HashMap;
use std::time::Duration;

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::options::Hint;
use serde::Deserialize;

use super::AccountMembers;
use crate::domain::{AccountId, CoverageCount, PortfolioId};
use crate::store::deadline::max_time_of;
use crate::store::{StoreError, portfolio_members};

#[derive(Deserialize)]
struct CountDoc<Id> {
    #[serde(rename = "_id")]
    id: Id,
    members: i64,
    with_mfa: i64,
}

impl<Id> CountDoc<Id> {
    fn counted(self) -> (Id, CoverageCount) {
        let whole = |number| u64::try_from(number).unwrap_or(0);
        (self.id, CoverageCount { members: whole(self.members), with_mfa: whole(self.with_mfa) })
    }
}

/// Ones are added up as longs: the one type that the rest of the store reads.
fn counts(id: &str) -> Document {
    let with_mfa = doc! { "$cond": ["$mfa_enabled", 1_i64, 0_i64] };
    doc! { "$group": { "_id": id, "members": { "$sum": 1_i64 }, "with_mfa": { "$sum": with_mfa } } }
}

impl AccountMembers {
    /// How many people each of these accounts has; accounts without any are absent.
    pub async fn coverage_of_accounts(
        &self,
        accounts: &[AccountId],
        longest: Duration,
    ) -> Result<HashMap<AccountId, CoverageCount>, StoreError> {
        match accounts {
            [] => return Ok(HashMap::new()),
            [account] => {
                let count = self.coverage_of_account(*account, longest).await?;
                return Ok(HashMap::from([(*account, count)]));
            }
            _ => {}
        }
        let of = doc! { "$match": { "account_id": { "$in": accounts } } };
        let index = doc! { "account_id": 1, "mfa_enabled": 1, "name_key": 1, "user_id": 1 };
        let cursor = self
            .docs
            .aggregate([of, counts("$account_id")])
            .hint(Hint::Keys(index))
            .batch_size(u32::try_from(accounts.len()).unwrap_or(u32::MAX).saturating_add(1))
            .max_time(max_time_of(longest))
            .with_type::<CountDoc<AccountId>>()
            .await?;
        Ok(cursor.map_ok(CountDoc::counted).try_collect().await?)
    }

    /// One account, which may be large: MongoDB counts keys of an index three times as fast as it adds them up.
    async fn coverage_of_account(
        &self,
        account: AccountId,
        longest: Duration,
    ) -> Result<CoverageCount, StoreError> {
        let count = |mfa: bool| async move {
            let filter = doc! { "account_id": account, "mfa_enabled": mfa };
            self.docs.count_documents(filter).max_time(max_time_of(longest)).await
        };
        let (with_mfa, without) = tokio::try_join!(count(true), count(false))?;
        Ok(CoverageCount { members: with_mfa.saturating_add(without), with_mfa })
    }

    /// How many people each of these portfolios has, in itself and in the accounts that it links, each person once;
    /// portfolios without any are absent.
    pub async fn coverage_of_portfolios(
        &self,
        portfolios: &[PortfolioId],
        longest: Duration,
    ) -> Result<HashMap<PortfolioId, CoverageCount>, StoreError> {
        if portfolios.is_empty() {
            return Ok(HashMap::new());
        }
        let of = doc! { "$match": { "portfolio_id": { "$in": portfolios } } };
        let fields = doc! { "$project": { "_id": 0, "portfolio_id": 1, "user_id": 1, "mfa_enabled": 1 } };
        let team = doc! { "$unionWith": {
            "coll": portfolio_members::COLLECTION, "pipeline": [of.clone(), fields.clone()],
        } };
        let once = doc! { "$group": {
            "_id": { "portfolio": "$portfolio_id", "user": "$user_id" }, "mfa_enabled": { "$max": "$mfa_enabled" },
        } };
        let index = doc! { "portfolio_id": 1, "mfa_enabled": 1, "name_key": 1, "user_id": 1 };
        let cursor = self
            .docs
            .aggregate([of, fields, team, once, counts("$_id.portfolio")])
            .hint(Hint::Keys(index))
            .batch_size(u32::try_from(portfolios.len()).unwrap_or(u32::MAX).saturating_add(1))
            .max_time(max_time_of(longest))
            .with_type::<CountDoc<PortfolioId>>()
            .await?;
        Ok(cursor.map_ok(CountDoc::counted).try_collect().await?)
    }
}
