//! Log-ins and what they hang on.

use std::time::Duration;

use bson::doc;

use super::{Layout, date, expires, id, index, names, sealed_in, text, unique, validator, whole};
use crate::store::sealed::SealedIn;
use crate::store::{device_challenges, devices, mail_links, sessions, signing_keys, throttles, tickets};

/// How long closed mail stays in the outbox: long enough to look into a complaint.
const KEEP_CLOSED_MAIL: Duration = Duration::from_secs(30 * 24 * 3600);

pub(super) fn layouts() -> Vec<Layout> {
    vec![
        Layout {
            name: sessions::COLLECTION,
            validator: validator(
                &["session_id", "user_id", "created_at", "last_used_at", "idle_until", "expires_at"],
                doc! { "_id": id(), "session_id": id(), "user_id": id(), "created_at": date(), "last_used_at": date(),
                "idle_until": date(), "expires_at": date(), "mfa_at": date(), "password_at": date(), "ip": text(),
                "user_agent": text() },
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
            indexes: vec![
                sealed_in(SealedIn::SigningKeys),
                expires("publish_until", Duration::from_secs(24 * 3600)),
            ],
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
                sealed_in(SealedIn::Tickets),
                expires("expires_at", Duration::from_secs(24 * 3600)),
            ],
        },
        Layout {
            name: device_challenges::COLLECTION,
            validator: validator(
                &["token", "user_id", "code_hashes", "attempts", "created_at", "expires_at"],
                doc! { "_id": id(), "token": id(), "user_id": id(), "attempts": whole(), "created_at": date(),
                "expires_at": date(), "used_at": date(), "ip": text(), "user_agent": text(),
                "code_hashes": { "bsonType": "array", "items": { "bsonType": "string", "pattern": "^v1\\|" } } },
            ),
            indexes: vec![
                unique(doc! { "token": 1 }),
                index(doc! { "user_id": 1 }),
                expires("expires_at", Duration::from_secs(24 * 3600)),
            ],
        },
        Layout {
            name: devices::COLLECTION,
            validator: validator(
                &["token", "user_id", "created_at", "last_used_at", "expires_at"],
                doc! { "_id": id(), "token": id(), "user_id": id(), "created_at": date(), "last_used_at": date(),
                "expires_at": date(), "user_agent": text() },
            ),
            // A browser is known for each of several people apart.
            indexes: vec![
                unique(doc! { "token": 1, "user_id": 1 }),
                index(doc! { "user_id": 1 }),
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
            name: throttles::COLLECTION,
            validator: validator(
                &["count", "window_end"],
                doc! { "_id": { "bsonType": "object" }, "count": { "bsonType": ["int", "long"] }, "window_end": date() },
            ),
            indexes: vec![expires("window_end", Duration::from_secs(3600))],
        },
    ]
}
