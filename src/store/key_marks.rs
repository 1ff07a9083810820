//! What the database remembers of the keyring: a mark sealed by each key, by which a wrong key is told at start, and in
//! which order keys became the one that seals, so that replicas that were not restarted yet seal nothing back.

use bson::{Document, doc};
use futures_util::TryStreamExt;

use super::deadline::max_time;
use super::{Store, StoreError};
use crate::crypto::Sealed;

const META: &str = "meta";
const ORDER: &str = "keyring";
const LOG: &str = "keys_of_log";

fn mark_of(key_id: &str) -> String {
    format!("key {key_id}")
}

impl Store {
    /// The marks, by the ids of their keys.
    pub async fn key_marks(&self) -> Result<Vec<(String, Sealed)>, StoreError> {
        // `!` follows the space.
        let range = doc! { "_id": { "$gt": "key ", "$lt": "key!" } };
        let cursor = self.db.collection::<Document>(META).find(range).max_time(max_time()).await?;
        let found: Vec<Document> = cursor.try_collect().await?;
        found
            .iter()
            .map(|mark| {
                let id = mark.get_str("_id").ok().and_then(|id| id.strip_prefix("key "));
                let sealed = mark.get_str("sealed").ok();
                match (id, sealed) {
                    (Some(id), Some(sealed)) => Ok((id.to_owned(), Sealed::from(sealed.to_owned()))),
                    _ => Err(StoreError::Corrupt("mark of a key")),
                }
            })
            .collect()
    }

    /// Leaves a key's mark, unless it has one: true when this call did it.
    pub async fn claim_key_mark(&self, key_id: &str, sealed: &Sealed) -> Result<bool, StoreError> {
        let mark = doc! { "_id": mark_of(key_id), "sealed": sealed.as_str() };
        match self.db.collection::<Document>(META).insert_one(mark).await.map_err(StoreError::from) {
            Ok(_) => Ok(true),
            Err(StoreError::Duplicate(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Forgets a key that was retired.
    pub async fn forget_key(&self, key_id: &str) -> Result<(), StoreError> {
        let meta = self.db.collection::<Document>(META);
        meta.delete_one(doc! { "_id": mark_of(key_id) }).await?;
        meta.update_one(doc! { "_id": ORDER }, doc! { "$pull": { "order": key_id } }).await?;
        Ok(())
    }

    /// Writes down that a key authenticates the audit log, before it does.
    pub async fn note_log_key(&self, key_id: &str) -> Result<(), StoreError> {
        let note = doc! { "$addToSet": { "ids": key_id } };
        let meta = self.db.collection::<Document>(META);
        let done = meta.update_one(doc! { "_id": LOG }, note.clone()).upsert(true).await;
        match done.map_err(StoreError::from) {
            // Two replicas at once: the other one's row is there now.
            Err(StoreError::Duplicate(_)) => {
                meta.update_one(doc! { "_id": LOG }, note).await?;
                Ok(())
            }
            other => other.map(drop),
        }
    }

    /// The keys that authenticate parts of the audit log.
    pub async fn log_keys(&self) -> Result<Vec<String>, StoreError> {
        let meta = self.db.collection::<Document>(META);
        let found = meta.find_one(doc! { "_id": LOG }).max_time(max_time()).await?;
        let ids = found.as_ref().and_then(|log| log.get_array("ids").ok());
        Ok(ids.into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned)).collect())
    }

    /// Writes down that a key seals from now on, unless it did before.
    pub async fn note_current_key(&self, key_id: &str) -> Result<(), StoreError> {
        let new = doc! { "_id": ORDER, "order": { "$ne": key_id } };
        let note = doc! { "$push": { "order": key_id } };
        let done = self.db.collection::<Document>(META).update_one(new, note).upsert(true).await;
        match done.map_err(StoreError::from) {
            // It is there with this key in it.
            Ok(_) | Err(StoreError::Duplicate(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The key that was the last to become the one that seals.
    pub async fn newest_current_key(&self) -> Result<Option<String>, StoreError> {
        let found =
            self.db.collection::<Document>(META).find_one(doc! { "_id": ORDER }).max_time(max_time()).await?;
        let order = found.as_ref().and_then(|order| order.get_array("order").ok());
        Ok(order.and_then(|order| order.last()?.as_str().map(str::to_owned)))
    }
}
