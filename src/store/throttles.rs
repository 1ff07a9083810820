//! Counters of attempts that survive restarts and hold across replicas.

use bson::doc;
use mongodb::options::ReturnDocument;
use mongodb::{Collection, Database};
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

use super::StoreError;
use super::deadline::{self, max_time};
use super::when::{self, date};
use crate::crypto::token::TokenHash;

/// The collection's name.
pub const COLLECTION: &str = "throttles";

#[derive(Deserialize)]
struct ThrottleDoc {
    count: i64,
    #[serde(with = "when")]
    window_end: OffsetDateTime,
}

/// Which counter: what it counts, and a digest of what it counts it for.
#[derive(Debug, Clone, Copy)]
pub struct ThrottleKey {
    /// What is counted, such as `log_in_email`.
    pub purpose: &'static str,
    /// A digest of the address, token or network that it is counted for.
    pub digest: TokenHash,
}

impl ThrottleKey {
    fn id(self) -> bson::Bson {
        doc! { "purpose": self.purpose, "key": self.digest }.into()
    }
}

/// The count after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Attempts in the window, this one included.
    pub count: i64,
    /// When the window ends.
    pub window_end: OffsetDateTime,
}

/// Counters of attempts.
#[derive(Clone)]
pub struct Throttles {
    docs: Collection<ThrottleDoc>,
}

impl Throttles {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// Counts one attempt and gives the count, in one step. A window that is over starts anew.
    pub async fn count(
        &self,
        key: ThrottleKey,
        window: Duration,
        now: OffsetDateTime,
    ) -> Result<Count, StoreError> {
        let over =
            doc! { "$lte": [{ "$ifNull": ["$window_end", date(OffsetDateTime::UNIX_EPOCH)] }, date(now)] };
        let update = vec![doc! { "$set": {
            "count": { "$cond": [over.clone(), 1_i64, { "$add": ["$count", 1_i64] }] },
            "window_end": { "$cond": [over, date(now + window), "$window_end"] },
        } }];
        let mut attempts = 0;
        loop {
            let counted = self
                .docs
                .find_one_and_update(doc! { "_id": key.id() }, update.clone())
                .upsert(true)
                .return_document(ReturnDocument::After)
                .max_time(max_time())
                .await
                .map_err(StoreError::from);
            match counted {
                Ok(Some(doc)) => return Ok(Count { count: doc.count, window_end: doc.window_end }),
                Ok(None) => return Err(StoreError::Corrupt("throttle")),
                // Two first attempts at once: one inserts, the other finds it on the second try.
                Err(StoreError::Duplicate(_)) if attempts < 3 => attempts += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes an attempt back that turned out well.
    pub async fn uncount(&self, key: ThrottleKey) -> Result<(), StoreError> {
        let filter = doc! { "_id": key.id(), "count": { "$gt": 0 } };
        let (mut session, _watch) = deadline::session(self.docs.client()).await?;
        self.docs.update_one(filter, doc! { "$inc": { "count": -1_i64 } }).session(&mut session).await?;
        Ok(())
    }

    /// Forgets a counter.
    pub async fn clear(&self, key: ThrottleKey) -> Result<(), StoreError> {
        let (mut session, _watch) = deadline::session(self.docs.client()).await?;
        self.docs.delete_one(doc! { "_id": key.id() }).session(&mut session).await?;
        Ok(())
    }
}
