//! Portfolios.

use bson::{Bson, Document, doc};
use futures_util::TryStreamExt;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::accounts::PolicyDoc;
use super::deadline::max_time;
use super::when;
use super::{StoreError, Tx};
use crate::domain::{MfaPolicy, Portfolio, PortfolioId, UserId};

/// The collection's name.
pub const COLLECTION: &str = "portfolios";

#[derive(Serialize, Deserialize)]
struct PortfolioDoc {
    #[serde(rename = "_id")]
    id: PortfolioId,
    name: String,
    #[serde(with = "when")]
    created_at: OffsetDateTime,
    mfa_policy: PolicyDoc,
    member_count: i64,
    account_count: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner_id: Option<UserId>,
}

#[derive(Deserialize)]
struct IdDoc {
    #[serde(rename = "_id")]
    id: PortfolioId,
}

impl From<PortfolioDoc> for Portfolio {
    fn from(doc: PortfolioDoc) -> Self {
        Self {
            id: doc.id,
            name: doc.name,
            created_at: doc.created_at,
            mfa_policy: doc.mfa_policy.into(),
            member_count: u64::try_from(doc.member_count).unwrap_or(0),
            account_count: u64::try_from(doc.account_count).unwrap_or(0),
            owner_id: doc.owner_id,
        }
    }
}

/// The document of a new portfolio, for inserts and bulk writes.
pub fn portfolio_document(portfolio: &Portfolio) -> Result<Document, StoreError> {
    let doc = PortfolioDoc {
        id: portfolio.id,
        name: portfolio.name.clone(),
        created_at: portfolio.created_at,
        mfa_policy: (&portfolio.mfa_policy).into(),
        member_count: i64::try_from(portfolio.member_count).unwrap_or(i64::MAX),
        account_count: i64::try_from(portfolio.account_count).unwrap_or(i64::MAX),
        owner_id: portfolio.owner_id,
    };
    bson::serialize_to_document(&doc).map_err(|_| StoreError::Corrupt("portfolio"))
}

/// Portfolios.
#[derive(Clone)]
pub struct Portfolios {
    docs: Collection<PortfolioDoc>,
}

impl Portfolios {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// The portfolios with these ids, in no order; those that do not exist are absent.
    pub async fn find_many(&self, ids: &[PortfolioId]) -> Result<Vec<Portfolio>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let cursor = self
            .docs
            .find(doc! { "_id": { "$in": ids } })
            .batch_size(u32::try_from(ids.len()).unwrap_or(u32::MAX).saturating_add(1))
            .max_time(max_time())
            .await?;
        Ok(cursor.map_ok(Portfolio::from).try_collect().await?)
    }

    /// One portfolio.
    pub async fn find(&self, id: PortfolioId) -> Result<Option<Portfolio>, StoreError> {
        Ok(self.find_many(&[id]).await?.pop())
    }

    /// One portfolio as the transaction sees it.
    pub async fn find_in(&self, tx: &mut Tx, id: PortfolioId) -> Result<Option<Portfolio>, StoreError> {
        let found =
            self.docs.find_one(doc! { "_id": id }).session(&mut tx.session).max_time(max_time()).await?;
        Ok(found.map(Portfolio::from))
    }

    /// The portfolios with these ids, as the transaction sees them.
    pub async fn find_many_in(&self, tx: &mut Tx, ids: &[PortfolioId]) -> Result<Vec<Portfolio>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut cursor = self
            .docs
            .find(doc! { "_id": { "$in": ids } })
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        Ok(cursor.stream(&mut tx.session).map_ok(Portfolio::from).try_collect().await?)
    }

    /// Stores a portfolio.
    pub async fn insert(&self, tx: &mut Tx, portfolio: &Portfolio) -> Result<(), StoreError> {
        let document = portfolio_document(portfolio)?;
        self.docs.clone_with_type::<Document>().insert_one(document).session(&mut tx.session).await?;
        Ok(())
    }

    /// Counts people and accounts that came (or, negative, left) and makes the transaction conflict with any other on
    /// the same portfolio; every change of a membership, invitation or link calls it. False when the portfolio is gone
    /// or closed.
    pub async fn touch(
        &self,
        tx: &mut Tx,
        id: PortfolioId,
        people: i64,
        accounts: i64,
    ) -> Result<bool, StoreError> {
        let filter = doc! { "_id": id, "closed_at": { "$exists": false } };
        let update = doc! { "$inc": { "member_count": people, "account_count": accounts, "version": 1_i64 } };
        let result = self.docs.update_one(filter, update).session(&mut tx.session).await?;
        Ok(result.modified_count == 1)
    }

    /// Hands ownership over: true when `from` was the Owner and this call did it.
    pub async fn claim_ownership(
        &self,
        tx: &mut Tx,
        id: PortfolioId,
        from: UserId,
        to: UserId,
    ) -> Result<bool, StoreError> {
        let filter = doc! { "_id": id, "owner_id": from, "closed_at": { "$exists": false } };
        let update = doc! { "$set": { "owner_id": to }, "$inc": { "version": 1_i64 } };
        let result = self.docs.update_one(filter, update).session(&mut tx.session).await?;
        Ok(result.modified_count == 1)
    }

    /// Closes a portfolio whose people are gone and whose accounts are out: true when `owner` was the Owner and this call
    /// did it. The document stays, for the names in old resets and logs.
    pub async fn claim_closing(
        &self,
        tx: &mut Tx,
        id: PortfolioId,
        owner: UserId,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let filter = doc! { "_id": id, "owner_id": owner, "closed_at": { "$exists": false } };
        let update = doc! {
            "$set": { "closed_at": when::date(now), "member_count": 0_i64, "account_count": 0_i64 },
            "$unset": { "owner_id": "" },
            "$inc": { "version": 1_i64 },
        };
        let result = self.docs.update_one(filter, update).session(&mut tx.session).await?;
        Ok(result.modified_count == 1)
    }

    /// The next portfolios behind one of them, by id; at most `limit`. Closed ones too.
    pub async fn next(&self, after: Option<PortfolioId>, limit: i64) -> Result<Vec<PortfolioId>, StoreError> {
        let after = after.map_or(Bson::MinKey, Bson::from);
        let cursor = self
            .docs
            .clone_with_type::<IdDoc>()
            .find(doc! { "_id": { "$gt": after } })
            .sort(doc! { "_id": 1 })
            .projection(doc! { "_id": 1 })
            .limit(limit)
            .batch_size(u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(1))
            .max_time(max_time())
            .await?;
        Ok(cursor.map_ok(|doc| doc.id).try_collect().await?)
    }

    /// Replaces a portfolio's MFA policy: true when the portfolio exists.
    pub async fn set_mfa_policy(
        &self,
        tx: &mut Tx,
        id: PortfolioId,
        policy: &MfaPolicy,
    ) -> Result<bool, StoreError> {
        let policy =
            bson::serialize_to_bson(&PolicyDoc::from(policy)).map_err(|_| StoreError::Corrupt("policy"))?;
        let update = doc! { "$set": { "mfa_policy": policy } };
        let result = self.docs.update_one(doc! { "_id": id }, update).session(&mut tx.session).await?;
        Ok(result.matched_count == 1)
    }
}
