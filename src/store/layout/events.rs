//! What was asked for, what is to be sent, and what happened.

use std::time::Duration;

use bson::doc;

use super::{
    Layout, date, expires, id, index, index_where, names, text, unique_where, validator, whole, yes_no,
};
use crate::store::{
    account_roles, audit_chain, audit_events, invitations, leases, mfa_resets, outbox, recoveries,
};

/// How long invitations and recoveries stay after their time: long enough to see whom nobody heard from.
const KEEP_INVITATIONS: Duration = Duration::from_secs(90 * 24 * 3600);

/// How long closed mail stays in the outbox: long enough to look into a complaint.
const KEEP_CLOSED_MAIL: Duration = Duration::from_secs(30 * 24 * 3600);

pub(super) fn layouts() -> Vec<Layout> {
    vec![
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
                    "recovered_by": { "bsonType": "array", "items": id() }, "awaiting_approval": yes_no(), "effective_at": date(), "approved_by": id(), "approved_at": date(),
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
                // The few that were accepted and are not in effect yet.
                index_where(
                    doc! { "effective_at": 1 },
                    doc! { "state": "PENDING", "effective_at": { "$exists": true } },
                ),
            ],
        },
        Layout {
            name: recoveries::COLLECTION,
            validator: validator(
                &["user_id", "account_id", "state", "requested_at", "expires_at", "contacts", "stop_hashes"],
                doc! {
                    "_id": id(), "user_id": id(), "account_id": id(),
                    "state": names(&["PENDING", "CONFIRMED", "STOPPED", "EXPIRED"]),
                    "requested_at": date(), "expires_at": date(), "closed_at": date(), "reset_id": id(),
                    "contacts": { "bsonType": "array", "items": {
                        "bsonType": "object", "required": ["user_id", "token_hashes"],
                        "properties": { "user_id": id(), "confirmed_at": date(),
                            "token_hashes": { "bsonType": "array", "items": id() } },
                    } },
                    "stop_hashes": { "bsonType": "array", "items": id() },
                },
            ),
            indexes: vec![
                // At most one waits for each person, whatever the gateway does.
                unique_where(doc! { "user_id": 1 }, doc! { "state": "PENDING" }),
                index(doc! { "user_id": 1, "_id": -1 }),
                index(doc! { "contacts.token_hashes": 1 }),
                index(doc! { "stop_hashes": 1 }),
                expires("expires_at", KEEP_INVITATIONS),
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
                index_where(
                    doc! { "offer.custom_role_id": 1, "state": 1, "expires_at": 1 },
                    account_roles::naming("offer.custom_role_id"),
                ),
                expires("expires_at", KEEP_INVITATIONS),
            ],
        },
        Layout {
            name: outbox::COLLECTION,
            validator: validator(
                &["what", "state", "attempts", "created_at", "next_at"],
                doc! { "_id": id(), "to": id(), "what": { "bsonType": "object", "required": ["kind"] },
                "state": names(&["QUEUED", "SENT", "FAILED"]), "attempts": whole(), "created_at": date(),
                "next_at": date(), "done_at": date(), "last_error": text(), "trace": text() },
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
                &["holder", "until", "fence"],
                doc! { "_id": text(), "holder": text(), "until": date(), "fence": whole() },
            ),
            indexes: vec![],
        },
    ]
}
