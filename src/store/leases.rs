//! Work that one replica does at a time. A lease is taken by one conditional update on time and ends by itself, so that a
//! holder that died leaves it to another; what must not be done by two at once renews it in its own transaction.

use bson::{Document, doc};
use mongodb::{Collection, Database};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::when::date;
use super::{StoreError, Tx};

/// The collection's name.
pub const COLLECTION: &str = "leases";

/// Who holds which lease.
#[derive(Clone)]
pub struct Leases {
    docs: Collection<Document>,
}

fn holder_of(holder: Uuid) -> bson::Uuid {
    bson::Uuid::from_uuid_1(holder)
}

impl Leases {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// Takes a lease that is free, over or one's own for so long: true when this call did it.
    pub async fn claim(
        &self,
        name: &str,
        holder: Uuid,
        now: OffsetDateTime,
        length: Duration,
    ) -> Result<bool, StoreError> {
        let holder = holder_of(holder);
        let free = doc! { "_id": name, "$or": [{ "holder": holder }, { "until": { "$lte": date(now) } }] };
        let lease = doc! { "holder": holder, "until": date(now + length) };
        if self.docs.update_one(free, doc! { "$set": lease.clone() }).await?.matched_count == 1 {
            return Ok(true);
        }
        if self.docs.find_one(doc! { "_id": name }).await?.is_some() {
            return Ok(false);
        }
        let mut first = doc! { "_id": name };
        first.extend(lease);
        match self.docs.insert_one(first).await.map_err(StoreError::from) {
            Ok(_) => Ok(true),
            Err(StoreError::Duplicate(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Renews a lease in the transaction of the work that it is for: false when somebody else has taken it, and then
    /// nothing may be written. Two such transactions cannot both commit, since both write the lease.
    pub async fn hold(
        &self,
        tx: &mut Tx,
        name: &str,
        holder: Uuid,
        now: OffsetDateTime,
        length: Duration,
    ) -> Result<bool, StoreError> {
        let filter = doc! { "_id": name, "holder": holder_of(holder) };
        let update = doc! { "$set": { "until": date(now + length) }, "$inc": { "works": 1_i64 } };
        Ok(self.docs.update_one(filter, update).session(&mut tx.session).await?.matched_count == 1)
    }

    /// Gives a lease back before its time.
    pub async fn release(&self, name: &str, holder: Uuid, now: OffsetDateTime) -> Result<(), StoreError> {
        let filter = doc! { "_id": name, "holder": holder_of(holder) };
        self.docs.update_one(filter, doc! { "$set": { "until": date(now) } }).await?;
        Ok(())
    }
}
