//! Work that one replica at a time does: whoever holds the lease does it, until the lease ends or is given back.
//!
//! A holder that is slow may find its lease taken while it still works. Each lease therefore carries a number that only
//! grows (a fencing number): writes that must not come from an earlier holder name it in their condition.

use bson::doc;
use mongodb::options::ReturnDocument;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::deadline::max_time;
use super::when::{self, date};
use super::{StoreError, Tx};

/// The collection's name.
pub const COLLECTION: &str = "leases";

#[derive(Serialize, Deserialize)]
struct LeaseDoc {
    #[serde(rename = "_id")]
    name: String,
    holder: String,
    #[serde(with = "when")]
    until: OffsetDateTime,
    fence: i64,
}

/// A lease that this process was given. It may have ended since: [`Leases::renew`] tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    name: &'static str,
    holder: String,
    /// Grows with each holder.
    pub fence: i64,
}

/// Work that one replica at a time does.
#[derive(Clone)]
pub struct Leases {
    docs: Collection<LeaseDoc>,
}

impl Leases {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// Takes the lease where nobody else holds it, for so long.
    pub async fn acquire(
        &self,
        name: &'static str,
        holder: &str,
        now: OffsetDateTime,
        length: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        let free = doc! { "_id": name, "$or": [{ "holder": holder }, { "until": { "$lte": date(now) } }] };
        let take =
            doc! { "$set": { "holder": holder, "until": date(now + length) }, "$inc": { "fence": 1_i64 } };
        let taken = self
            .docs
            .find_one_and_update(free, take)
            .upsert(true)
            .return_document(ReturnDocument::After)
            .max_time(max_time())
            .await
            .map_err(StoreError::from);
        match taken {
            Ok(Some(doc)) => Ok(Some(Lease { name, holder: doc.holder, fence: doc.fence })),
            // It is there, and not free.
            Ok(None) | Err(StoreError::Duplicate(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Holds a lease for longer: false when somebody else has it.
    pub async fn renew(
        &self,
        lease: &Lease,
        now: OffsetDateTime,
        length: Duration,
    ) -> Result<bool, StoreError> {
        let update = doc! { "$set": { "until": date(now + length) } };
        Ok(self.docs.update_one(held(lease), update).await?.matched_count == 1)
    }

    /// Renews a lease in the transaction of the work that it is for: false when somebody else has taken it, and then
    /// nothing may be written. Two such transactions cannot both commit, since both write the lease.
    pub async fn hold(
        &self,
        tx: &mut Tx,
        name: &str,
        holder: &str,
        now: OffsetDateTime,
        length: Duration,
    ) -> Result<bool, StoreError> {
        let filter = doc! { "_id": name, "holder": holder };
        let update = doc! { "$set": { "until": date(now + length) }, "$inc": { "works": 1_i64 } };
        Ok(self.docs.update_one(filter, update).session(&mut tx.session).await?.matched_count == 1)
    }

    /// Gives back whatever a holder has under this name.
    pub async fn leave(&self, name: &str, holder: &str) -> Result<(), StoreError> {
        let update = doc! { "$set": { "until": date(OffsetDateTime::UNIX_EPOCH) } };
        self.docs.update_one(doc! { "_id": name, "holder": holder }, update).await?;
        Ok(())
    }

    /// Gives a lease back, so that nobody has to wait for its end.
    pub async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let update = doc! { "$set": { "until": date(OffsetDateTime::UNIX_EPOCH) } };
        self.docs.update_one(held(lease), update).await?;
        Ok(())
    }
}

fn held(lease: &Lease) -> bson::Document {
    doc! { "_id": lease.name, "holder": &lease.holder, "fence": lease.fence }
}
