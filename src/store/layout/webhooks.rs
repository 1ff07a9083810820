//! Webhooks, and what is on its way to them.

use std::time::Duration;

use bson::{Document, doc};
use mongodb::IndexModel;
use mongodb::options::IndexOptions;

use super::{Layout, date, expires, id, index, names, sealed_in, text, validator, whole};
use crate::store::sealed::SealedIn;
use crate::store::{webhook_deliveries, webhooks};

/// How long closed deliveries are shown and can be sent again.
const KEEP_CLOSED: Duration = Duration::from_secs(30 * 24 * 3600);

fn sealed() -> Document {
    doc! { "bsonType": "string", "pattern": "^v1\\|" }
}

/// No event goes to one webhook twice, whatever the gateway does; tests have none.
fn one_for_each_event() -> IndexModel {
    let some = doc! { "event_id": { "$exists": true } };
    let options = IndexOptions::builder().unique(true).partial_filter_expression(some).build();
    IndexModel::builder().keys(doc! { "webhook_id": 1, "event_id": 1 }).options(options).build()
}

pub(super) fn layouts() -> Vec<Layout> {
    vec![
        Layout {
            name: webhooks::COLLECTION,
            validator: validator(
                &["account_id", "url", "state", "sealed", "created_by", "created_at", "version"],
                doc! { "_id": id(), "account_id": id(), "url": text(),
                "actions": { "bsonType": "array", "items": text() },
                "state": names(&["ENABLED", "PAUSED", "FAILED", "GONE"]), "sealed": sealed(), "old_sealed": sealed(),
                "old_until": date(), "created_by": id(), "created_at": date(), "failing_since": date(),
                "version": whole() },
            ),
            indexes: vec![
                index(doc! { "account_id": 1, "_id": 1 }),
                sealed_in(SealedIn::Webhooks),
                sealed_in(SealedIn::OldWebhookSecrets),
            ],
        },
        Layout {
            name: webhook_deliveries::COLLECTION,
            validator: validator(
                &["webhook_id", "created_at", "state", "attempts", "next_at"],
                doc! { "_id": id(), "webhook_id": id(), "event_id": id(), "action": text(), "created_at": date(),
                "state": names(&["QUEUED", "DELIVERED", "FAILED"]), "attempts": whole(), "next_at": date(),
                "last_attempt_at": date(), "last_status": whole(), "last_fault": text(), "done_at": date() },
            ),
            indexes: vec![
                one_for_each_event(),
                index(webhook_deliveries::queue_keys()),
                index(webhook_deliveries::list_keys()),
                index(webhook_deliveries::state_keys()),
                expires("done_at", KEEP_CLOSED),
            ],
        },
    ]
}
