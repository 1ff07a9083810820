//! The collections, their validators and their indexes. A database that has all of it is migrated.

mod access;
mod events;
mod places;
mod webhooks;

use std::time::Duration;

use bson::{Document, doc};
use mongodb::IndexModel;
use mongodb::options::IndexOptions;

use super::people::{PeopleIndexes, ascending};
use super::sealed::SealedIn;

/// A collection as it has to be.
pub(super) struct Layout {
    pub(super) name: &'static str,
    pub(super) validator: Document,
    pub(super) indexes: Vec<IndexModel>,
}

fn index(keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).build()
}

/// The indexes of the lists of people. Those that begin with the name hold what a page shows, so that it reads no document.
fn people(indexes: &PeopleIndexes) -> Vec<IndexModel> {
    let by_role = indexes.by_role.iter().flat_map(|by_role| [by_role.by_name, by_role.by_email]);
    let all = [indexes.by_name, indexes.by_mfa, indexes.by_email].into_iter().chain(by_role);
    all.map(|fields| index(ascending(fields))).collect()
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

/// Values of one key are one range of it; documents without the field are not in it.
fn sealed_in(place: SealedIn) -> IndexModel {
    let options = IndexOptions::builder().sparse(true).build();
    IndexModel::builder().keys(doc! { place.field(): 1 }).options(options).build()
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
    let parts = [places::layouts(), access::layouts(), events::layouts(), webhooks::layouts()];
    parts.into_iter().flatten().collect()
}
