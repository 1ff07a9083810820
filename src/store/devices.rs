//! Browsers that people have logged in from. The token names the browser; a document says that it is known for one person.

use bson::doc;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::deadline::max_time;
use super::when::{self, date};
use super::{StoreError, Tx};
use crate::crypto::token::TokenHash;
use crate::domain::{Device, DeviceId, UserId};

/// The collection's name.
pub const COLLECTION: &str = "devices";

#[derive(Serialize, Deserialize)]
struct DeviceDoc {
    #[serde(rename = "_id")]
    id: DeviceId,
    token: TokenHash,
    user_id: UserId,
    #[serde(with = "when")]
    created_at: OffsetDateTime,
    #[serde(with = "when")]
    last_used_at: OffsetDateTime,
    #[serde(with = "when")]
    expires_at: OffsetDateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

/// Browsers that people have logged in from.
#[derive(Clone)]
pub struct Devices {
    docs: Collection<DeviceDoc>,
}

impl Devices {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// Makes a browser known for a person, or known anew.
    pub async fn put(&self, tx: &mut Tx, token: TokenHash, device: &Device) -> Result<(), StoreError> {
        let mut set = doc! {
            "created_at": date(device.created_at), "last_used_at": date(device.last_used_at),
            "expires_at": date(device.expires_at),
        };
        if let Some(user_agent) = &device.user_agent {
            set.insert("user_agent", user_agent);
        }
        let filter = doc! { "token": token, "user_id": device.user_id };
        let update = doc! { "$set": set, "$setOnInsert": { "_id": device.id } };
        self.docs.update_one(filter, update).upsert(true).session(&mut tx.session).await?;
        Ok(())
    }

    /// Notes a log-in with a browser that is known for a person at `now`: false when it is not known.
    pub async fn use_known(
        &self,
        token: TokenHash,
        user: UserId,
        now: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let filter = doc! { "token": token, "user_id": user, "expires_at": { "$gt": date(now) } };
        let update = doc! { "$max": { "last_used_at": date(now), "expires_at": date(expires_at) } };
        Ok(self.docs.update_one(filter, update).await?.matched_count == 1)
    }

    /// Whether a browser is known for anybody.
    pub async fn is_known(&self, token: TokenHash) -> Result<bool, StoreError> {
        Ok(self.docs.find_one(doc! { "token": token }).max_time(max_time()).await?.is_some())
    }

    /// Forgets every browser of a person; gives how many.
    pub async fn delete_of_user(&self, tx: &mut Tx, user: UserId) -> Result<u64, StoreError> {
        let result = self.docs.delete_many(doc! { "user_id": user }).session(&mut tx.session).await?;
        Ok(result.deleted_count)
    }
}
