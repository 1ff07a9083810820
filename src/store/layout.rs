//! The collections, their validators and their indexes. A database that has all of it is migrated.

mod access;
mod events;
mod places;

use std::time::Duration;

use bson::{Document, doc};
use mongodb::IndexModel;
use mongodb::options::IndexOptions;

/// A collection as it has to be.
pub(super) struct Layout {
    pub(super) name: &'static str,
    pub(super) validator: Document,
    pub(super) indexes: Vec<IndexModel>,
}

fn index(keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).build()
}

fn unique(keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).options(IndexOptions::builder().unique(true).build()).build()
}

fn unique_where(keys: Document, filter: Document) -> IndexModel {
    let options = IndexOptions::builder().unique(true).partial_filter_expression(filter).build();
    IndexModel::builder().keys(keys).options(options).build()
}

fn index_where(keys: Document, filter: Document) -> IndexModel {
    let options = IndexOptions::builder().partial_filter_expression(filter).build();
    IndexModel::builder().keys(keys).options(options).build()
}

fn expires(field: &str, after: Duration) -> IndexModel {
    let options = IndexOptions::builder().expire_after(after).build();
    IndexModel::builder().keys(doc! { field: 1 }).options(options).build()
}

/// A validator: required fields and the types of known ones. Fields that a later version adds are let through, so that
/// an old and a new version can run side by side during a rollout.
fn validator(required: &[&str], properties: Document) -> Document {
    doc! { "$jsonSchema": { "bsonType": "object", "required": required, "properties": properties } }
}

fn names(values: &[&str]) -> Document {
    doc! { "enum": values }
}

fn id() -> Document {
    doc! { "bsonType": "binData" }
}

fn text() -> Document {
    doc! { "bsonType": "string" }
}

fn date() -> Document {
    doc! { "bsonType": "date" }
}

fn whole() -> Document {
    doc! { "bsonType": ["int", "long"], "minimum": 0 }
}

fn yes_no() -> Document {
    doc! { "bsonType": "bool" }
}

const ACCOUNT_ROLES: [&str; 7] =
    ["OWNER", "ADMIN", "MANAGER", "ANALYST", "CAMPAIGN_COORDINATOR", "CONTENT_CREATOR", "SUPPORT"];
const PORTFOLIO_ROLES: [&str; 4] = ["OWNER", "ADMIN", "MANAGER", "ANALYST"];

/// Every collection.
pub(super) fn layouts() -> Vec<Layout> {
    [places::layouts(), access::layouts(), events::layouts()].into_iter().flatten().collect()
}
