//! Sealed keys that sign access tokens, one for each period of time. The period is the `_id`, so that two replicas that
//! make a key at once end with one.

use bson::doc;
use futures_util::TryStreamExt;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::StoreError;
use super::deadline::{self, max_time};
use super::when;
use crate::crypto::Sealed;

/// The collection's name.
pub const COLLECTION: &str = "signing_keys";

#[derive(Serialize, Deserialize)]
struct SigningKeyDoc {
    #[serde(rename = "_id")]
    period: i64,
    sealed: Sealed,
    /// When nothing that it signed can be valid any more; then it goes.
    #[serde(with = "when")]
    publish_until: OffsetDateTime,
}

/// Sealed keys that sign access tokens.
#[derive(Clone)]
pub struct SigningKeys {
    docs: Collection<SigningKeyDoc>,
}

impl SigningKeys {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// The keys of these periods, the earliest first.
    pub async fn of_periods(&self, from: i64, to: i64) -> Result<Vec<(i64, Sealed)>, StoreError> {
        let filter = doc! { "_id": { "$gte": from, "$lte": to } };
        let cursor = self.docs.find(filter).sort(doc! { "_id": 1 }).max_time(max_time()).await?;
        Ok(cursor.map_ok(|doc| (doc.period, doc.sealed)).try_collect().await?)
    }

    /// Stores the key of a period, unless there is one: true when this call did it.
    pub async fn claim_period(
        &self,
        period: i64,
        sealed: &Sealed,
        publish_until: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let doc = SigningKeyDoc { period, sealed: sealed.clone(), publish_until };
        let (mut session, _watch) = deadline::session(self.docs.client()).await?;
        match self.docs.insert_one(doc).session(&mut session).await.map_err(StoreError::from) {
            Ok(_) => Ok(true),
            Err(StoreError::Duplicate(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
