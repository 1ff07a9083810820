//! Collections, their validators and their indexes. Every step may run twice and beside itself, so any number of
//! replicas may migrate at once; nothing is ever dropped.

use std::time::Duration;

use bson::{Document, doc};
use mongodb::IndexModel;
use mongodb::error::{Error, ErrorKind};
use mongodb::options::IndexOptions;

use super::people::{PeopleIndexes, ascending};
use super::{
    Store, StoreError, account_members, accounts, audit_chain, audit_events, invitations, leases, mail_links,
    mfa_resets, outbox, portfolio_members, portfolios, sessions, signing_keys, throttles, tickets, users,
};

/// The layout that this version writes.
pub const SCHEMA_VERSION: i32 = 4;

/// How long invitations stay after their time: long enough to see whom nobody heard from.
const KEEP_INVITATIONS: Duration = Duration::from_secs(90 * 24 * 3600);

/// How long closed mail stays in the outbox: long enough to look into a complaint.
const KEEP_CLOSED_MAIL: Duration = Duration::from_secs(30 * 24 * 3600);

struct Layout {
    name: &'static str,
    validator: Document,
    indexes: Vec<IndexModel>,
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

fn layouts() -> Vec<Layout> {
    let id = || doc! { "bsonType": "binData" };
    let text = || doc! { "bsonType": "string" };
    let date = || doc! { "bsonType": "date" };
    let whole = || doc! { "bsonType": ["int", "long"], "minimum": 0 };
    let yes_no = || doc! { "bsonType": "bool" };
    let policy = || {
        doc! {
            "bsonType": "object",
            "required": ["enforced", "reset_acceptance"],
            "properties": {
                "enforced": yes_no(), "enforced_since": date(), "grace_until": date(),
                "reset_acceptance": names(&["LINK", "LINK_AND_PASSWORD"]),
            },
        }
    };
    let account_roles =
        ["OWNER", "ADMIN", "MANAGER", "ANALYST", "CAMPAIGN_COORDINATOR", "CONTENT_CREATOR", "SUPPORT"];
    let portfolio_roles = ["OWNER", "ADMIN", "MANAGER", "ANALYST"];
    vec![
        Layout {
            name: users::COLLECTION,
            validator: validator(
                &["email", "email_key", "name", "name_key", "created_at"],
                doc! {
                    "_id": id(), "email": text(), "email_key": text(), "name": text(), "name_key": text(),
                    "created_at": date(), "last_log_in_at": date(), "email_unverified": yes_no(),
                    "locale": text(), "time_zone": text(), "credentials_changed_at": date(),
                    "mfa_reset_asked_at": date(), "version": whole(),
                    "password": { "bsonType": "object", "required": ["hash", "changed_at"],
                        "properties": { "hash": { "bsonType": "string", "pattern": "^\\$argon2id\\$" }, "changed_at": date() } },
                    "mfa": { "bsonType": "object", "required": ["enabled_at", "totp", "backup_codes"],
                        "properties": {
                            "enabled_at": date(),
                            "totp": { "bsonType": "object", "required": ["sealed", "last_step"],
                                "properties": { "sealed": { "bsonType": "string", "pattern": "^v1\\|" }, "last_step": { "bsonType": ["int", "long"] } } },
                            "backup_codes": { "bsonType": "array", "maxItems": 10 },
                        } },
                },
            ),
            indexes: vec![unique(doc! { "email_key": 1 })],
        },
        Layout {
            name: accounts::COLLECTION,
            validator: validator(
                &["name", "name_key", "created_at", "mfa_policy", "member_count"],
                doc! { "_id": id(), "name": text(), "name_key": text(), "created_at": date(), "portfolio_id": id(),
                "mfa_policy": policy(), "member_count": whole(), "owner_id": id() },
            ),
            indexes: vec![index(doc! { "portfolio_id": 1, "name_key": 1, "_id": 1 })],
        },
        Layout {
            name: portfolios::COLLECTION,
            validator: validator(
                &["name", "created_at", "mfa_policy", "member_count", "account_count"],
                doc! { "_id": id(), "name": text(), "created_at": date(), "mfa_policy": policy(),
                "member_count": whole(), "account_count": whole(), "owner_id": id() },
            ),
            indexes: vec![],
        },
        Layout {
            name: account_members::COLLECTION,
            validator: validator(
                &["account_id", "user_id", "role", "joined_at", "name_key", "email_key", "mfa_enabled"],
                doc! { "account_id": id(), "user_id": id(), "role": names(&account_roles), "joined_at": date(),
                "portfolio_id": id(), "name_key": text(), "email_key": text(), "alike": whole(), "mfa_enabled": yes_no() },
            ),
            indexes: [
                people(&account_members::OF_ACCOUNT),
                people(&account_members::OF_LINKED),
                vec![index(
                    doc! { "user_id": 1, "account_id": 1, "role": 1, "portfolio_id": 1, "joined_at": 1 },
                )],
            ]
            .concat(),
        },
        Layout {
            name: portfolio_members::COLLECTION,
            validator: validator(
                &["portfolio_id", "user_id", "role", "joined_at", "name_key", "email_key", "mfa_enabled"],
                doc! { "portfolio_id": id(), "user_id": id(), "role": names(&portfolio_roles), "joined_at": date(),
                "name_key": text(), "email_key": text(), "alike": whole(), "mfa_enabled": yes_no() },
            ),
            indexes: [
                people(&portfolio_members::OF_PORTFOLIO),
                vec![index(doc! { "user_id": 1, "portfolio_id": 1, "role": 1, "joined_at": 1 })],
            ]
            .concat(),
        },
        Layout {
            name: sessions::COLLECTION,
            validator: validator(
                &["session_id", "user_id", "created_at", "last_used_at", "idle_until", "expires_at"],
                doc! { "_id": id(), "session_id": id(), "user_id": id(), "created_at": date(), "last_used_at": date(),
                "idle_until": date(), "expires_at": date(), "mfa_at": date(), "ip": text(), "user_agent": text() },
            ),
            indexes: vec![
                unique(doc! { "session_id": 1 }),
                index(doc! { "user_id": 1, "session_id": -1 }),
                // Never read for a decision: that is made by the gateway's clock. This only tidies up.
                expires("expires_at", Duration::from_secs(24 * 3600)),
            ],
        },
        Layout {
            name: signing_keys::COLLECTION,
            validator: validator(
                &["sealed", "publish_until"],
                doc! { "_id": { "bsonType": "long" }, "sealed": { "bsonType": "string", "pattern": "^v1\\|" },
                "publish_until": date() },
            ),
            indexes: vec![expires("publish_until", Duration::from_secs(24 * 3600))],
        },
        Layout {
            name: tickets::COLLECTION,
            validator: validator(
                &["kind", "user_id", "attempts", "created_at", "expires_at"],
                doc! { "_id": id(), "kind": text(), "user_id": id(), "attempts": whole(), "created_at": date(),
                "expires_at": date(), "sealed": text() },
            ),
            indexes: vec![
                index(doc! { "user_id": 1, "kind": 1 }),
                expires("expires_at", Duration::from_secs(24 * 3600)),
            ],
        },
        Layout {
            name: mail_links::COLLECTION,
            validator: validator(
                &["kind", "user_id", "email", "state", "created_at", "expires_at", "token_hashes"],
                doc! { "_id": id(), "kind": names(&["VERIFY_EMAIL", "CHANGE_EMAIL", "RESET_PASSWORD"]), "user_id": id(),
                "email": text(), "old_email": text(), "state": names(&["PENDING", "USED", "CLOSED"]),
                "created_at": date(), "expires_at": date(), "held_until": date(), "closed_at": date(),
                "token_hashes": { "bsonType": "array", "items": id() } },
            ),
            indexes: vec![
                index(doc! { "token_hashes": 1 }),
                index(doc! { "user_id": 1, "state": 1, "kind": 1, "_id": -1 }),
                expires("expires_at", KEEP_CLOSED_MAIL),
            ],
        },
        Layout {
            name: mfa_resets::COLLECTION,
            validator: validator(
                &[
                    "user_id",
                    "requested_by",
                    "authority",
                    "state",
                    "requested_at",
                    "expires_at",
                    "delivery",
                    "scopes",
                    "token_hashes",
                ],
                doc! {
                    "_id": id(), "user_id": id(), "requested_by": id(), "reason": text(),
                    "authority": { "bsonType": "object", "required": ["kind", "role"] },
                    "state": names(&["PENDING", "ACCEPTED", "DECLINED", "CANCELLED", "SUPERSEDED"]),
                    "requested_at": date(), "expires_at": date(), "closed_at": date(),
                    "delivery": names(&["QUEUED", "SENT", "FAILED"]),
                    "scopes": { "bsonType": "array", "items": text() },
                    "token_hashes": { "bsonType": "array", "items": id() },
                },
            ),
            indexes: vec![
                // At most one waits for each person, whatever the gateway does.
                unique_where(doc! { "user_id": 1 }, doc! { "state": "PENDING" }),
                index(doc! { "user_id": 1, "requested_at": -1 }),
                index(doc! { "token_hashes": 1 }),
                index(doc! { "scopes": 1, "_id": -1 }),
                index(doc! { "scopes": 1, "state": 1, "_id": -1 }),
            ],
        },
        Layout {
            name: invitations::COLLECTION,
            validator: validator(
                &[
                    "scope",
                    "offer",
                    "email",
                    "email_key",
                    "invited_by",
                    "state",
                    "created_at",
                    "expires_at",
                    "delivery",
                    "token_hashes",
                ],
                doc! {
                    "_id": id(), "scope": text(), "offer": { "bsonType": "object", "required": ["kind", "role"] },
                    "email": text(), "email_key": text(), "invited_by": id(),
                    "state": names(&["PENDING", "ACCEPTED", "REVOKED", "EXPIRED"]),
                    "created_at": date(), "expires_at": date(), "delivery": names(&["QUEUED", "SENT", "FAILED"]),
                    "token_hashes": { "bsonType": "array", "items": id() },
                },
            ),
            indexes: vec![
                // At most one waits for each address in each place, whatever the gateway does.
                unique_where(doc! { "scope": 1, "email_key": 1 }, doc! { "state": "PENDING" }),
                index(doc! { "token_hashes": 1 }),
                index(doc! { "scope": 1, "state": 1, "_id": -1 }),
                expires("expires_at", KEEP_INVITATIONS),
            ],
        },
        Layout {
            name: outbox::COLLECTION,
            validator: validator(
                &["what", "state", "attempts", "created_at", "next_at"],
                doc! { "_id": id(), "to": id(), "what": { "bsonType": "object", "required": ["kind"] },
                "state": names(&["QUEUED", "SENT", "FAILED"]), "attempts": whole(), "created_at": date(),
                "next_at": date(), "done_at": date(), "last_error": text() },
            ),
            indexes: vec![index(doc! { "state": 1, "next_at": 1 }), expires("done_at", KEEP_CLOSED_MAIL)],
        },
        Layout {
            name: audit_events::COLLECTION,
            validator: validator(
                &["at", "scope", "action"],
                doc! { "_id": id(), "at": date(), "scope": text(), "action": text(), "actor": id(), "target": id(),
                "credential": text(), "session": id(), "ip": text(), "user_agent": text(),
                "details": { "bsonType": "array" }, "seq": { "bsonType": "long", "minimum": 1 }, "prev_hash": id(),
                "hash": id(), "key_id": text(), "mac": id() },
            ),
            indexes: vec![
                index(audit_events::keys::all()),
                index(audit_events::keys::by_action()),
                index(audit_events::keys::by_actor()),
                index(audit_events::keys::by_target()),
                index_where(audit_chain::unsealed_keys(), audit_chain::unsealed()),
                // No number is given twice, whatever the gateway does.
                unique_where(audit_chain::sealed_keys(), audit_chain::sealed()),
            ],
        },
        Layout {
            name: audit_chain::HEADS,
            validator: validator(
                &["seq", "hash", "key_id", "mac"],
                doc! { "_id": text(), "seq": { "bsonType": "long", "minimum": 1 }, "hash": id(), "key_id": text(), "mac": id() },
            ),
            indexes: vec![],
        },
        Layout {
            name: leases::COLLECTION,
            validator: validator(
                &["holder", "until"],
                doc! { "_id": text(), "holder": id(), "until": date() },
            ),
            indexes: vec![],
        },
        Layout {
            name: throttles::COLLECTION,
            validator: validator(
                &["count", "window_end"],
                doc! { "_id": { "bsonType": "object" }, "count": { "bsonType": ["int", "long"] }, "window_end": date() },
            ),
            indexes: vec![expires("window_end", Duration::from_secs(3600))],
        },
    ]
}

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
        let found = meta.find_one(doc! { "_id": "schema" }).await?;
        Ok(found.and_then(|doc| doc.get_i32("version").ok()))
    }
}
