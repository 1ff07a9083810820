//! Collections, their validators and their indexes. Every step may run twice and beside itself, so any number of
//! replicas may migrate at once; nothing is ever dropped.

use bson::{Document, doc};
use mongodb::error::{Error, ErrorKind};

use super::deadline::max_time;
use super::layout::layouts;
use super::{Store, StoreError};

/// The layout that this version writes.
pub const SCHEMA_VERSION: i32 = 8;

fn code_of(error: &Error) -> Option<i32> {
    match error.kind.as_ref() {
        ErrorKind::Command(command) => Some(command.code),
        _ => None,
    }
}

const NAMESPACE_EXISTS: i32 = 48;
const META: &str = "meta";

impl Store {
    /// Creates what is missing and brings validators up to date.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        for layout in layouts() {
            match self.db.create_collection(layout.name).validator(layout.validator.clone()).await {
                Ok(()) => {}
                Err(error) if code_of(&error) == Some(NAMESPACE_EXISTS) => {
                    let command = doc! { "collMod": layout.name, "validator": layout.validator };
                    self.db.run_command(command).await?;
                }
                Err(error) => return Err(error.into()),
            }
            if !layout.indexes.is_empty() {
                self.db.collection::<Document>(layout.name).create_indexes(layout.indexes).await?;
            }
        }
        let set = doc! { "$max": { "version": SCHEMA_VERSION } };
        let meta = self.db.collection::<Document>(META);
        match meta
            .update_one(doc! { "_id": "schema" }, set.clone())
            .upsert(true)
            .await
            .map_err(StoreError::from)
        {
            // Two replicas at once: the other one's row is there now.
            Err(StoreError::Duplicate(_)) => {
                meta.update_one(doc! { "_id": "schema" }, set).await?;
            }
            other => drop(other?),
        }
        Ok(())
    }

    /// The layout that the database has; nothing when it was never migrated.
    pub async fn schema_version(&self) -> Result<Option<i32>, StoreError> {
        let meta = self.db.collection::<Document>(META);
        let found = meta.find_one(doc! { "_id": "schema" }).max_time(max_time()).await?;
        Ok(found.and_then(|doc| doc.get_i32("version").ok()))
    }
}
