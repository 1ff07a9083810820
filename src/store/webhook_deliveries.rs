//! Audit events on their way to webhooks. Rows hold ids, never what an event says and never an address: that is read as it
//! is sent. A row is claimed by lease, so that a worker that dies leaves it to another.

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::options::{Hint, ReturnDocument};
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::deadline::{self, max_time};
use super::keyset::{Order, Place, page_query_of};
use super::when::{self, date};
use super::{StoreError, Tx};
use crate::domain::{
    AuditAction, AuditEventId, DeliveryFault, DeliveryState, Page, PageRequest, WebhookDelivery,
    WebhookDeliveryId, WebhookId,
};

/// The collection's name.
pub const COLLECTION: &str = "webhook_deliveries";

const QUEUED: &str = DeliveryState::Queued.as_str();
const NEWEST: Order = Order { first: "_id", second: "_id", descending: true };

/// The keys of the index that is worked off: the webhook in front, so that one with much to send hides no other.
pub(super) fn queue_keys() -> Document {
    doc! { "state": 1, "webhook_id": 1, "next_at": 1 }
}

pub(super) fn list_keys() -> Document {
    doc! { "webhook_id": 1, "_id": -1 }
}

pub(super) fn state_keys() -> Document {
    doc! { "webhook_id": 1, "state": 1, "_id": -1 }
}

#[derive(Serialize, Deserialize)]
struct DeliveryDoc {
    #[serde(rename = "_id")]
    id: WebhookDeliveryId,
    webhook_id: WebhookId,
    /// Absent for a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event_id: Option<AuditEventId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    action: Option<AuditAction>,
    #[serde(with = "when")]
    created_at: OffsetDateTime,
    state: DeliveryState,
    attempts: i32,
    /// Not before; while a worker holds the row, the end of its lease.
    #[serde(with = "when")]
    next_at: OffsetDateTime,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    last_attempt_at: Option<OffsetDateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_status: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_fault: Option<DeliveryFault>,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    done_at: Option<OffsetDateTime>,
}

impl From<DeliveryDoc> for WebhookDelivery {
    fn from(doc: DeliveryDoc) -> Self {
        Self {
            id: doc.id,
            webhook_id: doc.webhook_id,
            event: doc.event_id.zip(doc.action),
            created_at: doc.created_at,
            state: doc.state,
            attempts: doc.attempts,
            next_at: doc.next_at,
            last_attempt_at: doc.last_attempt_at,
            last_status: doc.last_status.and_then(|status| u16::try_from(status).ok()),
            last_fault: doc.last_fault,
        }
    }
}

impl From<&WebhookDelivery> for DeliveryDoc {
    fn from(delivery: &WebhookDelivery) -> Self {
        Self {
            id: delivery.id,
            webhook_id: delivery.webhook_id,
            event_id: delivery.event.map(|(id, _)| id),
            action: delivery.event.map(|(_, action)| action),
            created_at: delivery.created_at,
            state: delivery.state,
            attempts: delivery.attempts,
            next_at: delivery.next_at,
            last_attempt_at: delivery.last_attempt_at,
            last_status: delivery.last_status.map(i32::from),
            last_fault: delivery.last_fault,
            done_at: None,
        }
    }
}

/// What an attempt gave, as it is written down.
#[derive(Debug, Clone, Copy)]
pub struct Attempted {
    /// What becomes of the delivery.
    pub state: DeliveryState,
    /// When it is tried again, if it is.
    pub next_at: OffsetDateTime,
    /// When the attempt ended.
    pub at: OffsetDateTime,
    /// What the receiver answered.
    pub status: Option<u16>,
    /// Why it failed.
    pub fault: Option<DeliveryFault>,
}

#[derive(Deserialize)]
struct Waiting {
    #[serde(rename = "_id")]
    webhook_id: WebhookId,
}

/// Audit events on their way to webhooks.
#[derive(Clone)]
pub struct WebhookDeliveries {
    docs: Collection<DeliveryDoc>,
}

impl WebhookDeliveries {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// Adds deliveries. The same event for the same webhook twice is [`StoreError::Duplicate`].
    pub async fn insert(&self, tx: &mut Tx, deliveries: &[WebhookDelivery]) -> Result<(), StoreError> {
        if !deliveries.is_empty() {
            let docs = deliveries.iter().map(DeliveryDoc::from);
            self.docs.insert_many(docs).session(&mut tx.session).await?;
        }
        Ok(())
    }

    /// One delivery.
    pub async fn find(&self, id: WebhookDeliveryId) -> Result<Option<WebhookDelivery>, StoreError> {
        Ok(self.docs.find_one(doc! { "_id": id }).max_time(max_time()).await?.map(WebhookDelivery::from))
    }

    /// Webhooks that have something due, those that wait longest first; at most `limit`.
    pub async fn due(&self, now: OffsetDateTime, limit: i64) -> Result<Vec<WebhookId>, StoreError> {
        let pipeline = due_pipeline(now, limit);
        let found = self.docs.aggregate(pipeline).hint(Hint::Keys(queue_keys())).max_time(max_time());
        let found: Vec<Waiting> = found.with_type().await?.try_collect().await?;
        Ok(found.into_iter().map(|waiting| waiting.webhook_id).collect())
    }

    /// Claims the delivery to a webhook that waits longest, for so long, and counts the attempt.
    pub async fn claim_due(
        &self,
        webhook: WebhookId,
        now: OffsetDateTime,
        lease: Duration,
    ) -> Result<Option<WebhookDelivery>, StoreError> {
        let filter = doc! { "state": QUEUED, "webhook_id": webhook, "next_at": { "$lte": date(now) } };
        let update = doc! { "$set": { "next_at": date(now + lease) }, "$inc": { "attempts": 1 } };
        let claimed = self
            .docs
            .find_one_and_update(filter, update)
            .sort(doc! { "next_at": 1 })
            .hint(Hint::Keys(queue_keys()))
            .return_document(ReturnDocument::After)
            .max_time(max_time())
            .await?;
        Ok(claimed.map(WebhookDelivery::from))
    }

    /// Writes down what an attempt gave, if it is still the latest: true when this call did it. Whoever delivered it may
    /// always say so.
    pub async fn note(&self, delivery: &WebhookDelivery, attempted: &Attempted) -> Result<bool, StoreError> {
        let mut filter = doc! { "_id": delivery.id, "state": QUEUED };
        if attempted.state != DeliveryState::Delivered {
            filter.insert("attempts", delivery.attempts);
        }
        let mut set = doc! {
            "state": attempted.state.as_str(), "next_at": date(attempted.next_at),
            "last_attempt_at": date(attempted.at),
        };
        let mut unset = Document::new();
        let mut put = |name: &str, value: Option<bson::Bson>| match value {
            Some(value) => set.insert(name, value),
            None => unset.insert(name, ""),
        };
        put("last_status", attempted.status.map(|status| i32::from(status).into()));
        put("last_fault", attempted.fault.map(|fault| fault.as_str().into()));
        put("done_at", (attempted.state != DeliveryState::Queued).then(|| date(attempted.at)));
        let mut update = doc! { "$set": set };
        if !unset.is_empty() {
            update.insert("$unset", unset);
        }
        let (mut session, _watch) = deadline::session(self.docs.client()).await?;
        let result = self.docs.update_one(filter, update).session(&mut session).await?;
        Ok(result.modified_count == 1)
    }

    /// Gives a delivery back as if it had not been claimed: it was not sent.
    pub async fn give_back(&self, delivery: &WebhookDelivery, now: OffsetDateTime) -> Result<(), StoreError> {
        let filter = doc! { "_id": delivery.id, "state": QUEUED, "attempts": delivery.attempts };
        let update = doc! { "$set": { "next_at": date(now) }, "$inc": { "attempts": -1 } };
        self.docs.update_one(filter, update).await?;
        Ok(())
    }

    /// Which of these events have a delivery to a webhook already, as the transaction sees it.
    pub async fn of_events_in(
        &self,
        tx: &mut Tx,
        webhook: WebhookId,
        events: &[AuditEventId],
    ) -> Result<Vec<AuditEventId>, StoreError> {
        let filter = doc! { "webhook_id": webhook, "event_id": { "$in": events } };
        let mut found = self.docs.find(filter).session(&mut tx.session).max_time(max_time()).await?;
        let found: Vec<DeliveryDoc> = found.stream(&mut tx.session).try_collect().await?;
        Ok(found.into_iter().filter_map(|doc| doc.event_id).collect())
    }

    /// Has deliveries of a webhook made again from the start, whatever became of them: those of these events or, where
    /// there are none, with these ids. Those that wait anyway stay as they are. Gives how many.
    pub async fn requeue(
        &self,
        tx: &mut Tx,
        webhook: WebhookId,
        which: Which<'_>,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError> {
        let mut filter = match which {
            Which::Events(events) => doc! { "event_id": { "$in": events } },
            Which::Ids(ids) => doc! { "_id": { "$in": ids } },
        };
        filter.insert("webhook_id", webhook);
        filter.insert("state", doc! { "$ne": QUEUED });
        let update = doc! {
            "$set": { "state": QUEUED, "attempts": 0, "next_at": date(now) },
            "$unset": { "done_at": "" },
        };
        Ok(self.docs.update_many(filter, update).session(&mut tx.session).await?.modified_count)
    }

    /// A page of a webhook's deliveries, newest first.
    pub async fn list(
        &self,
        webhook: WebhookId,
        states: &[DeliveryState],
        request: &PageRequest<WebhookDeliveryId>,
    ) -> Result<Page<WebhookDelivery>, StoreError> {
        let request = request.clone().map_places(|id| Place(id.into(), id.into()));
        let (query, mut options) = page_query_of(&points(webhook, states), NEWEST, None, &request);
        options.hint = Some(index(states));
        let cursor = self.docs.find(query).with_options(options).max_time(max_time()).await?;
        let rows: Vec<WebhookDelivery> = cursor.map_ok(WebhookDelivery::from).try_collect().await?;
        Ok(Page::from_rows(rows, &request))
    }

    /// How many deliveries a webhook has, counted up to `bound`.
    pub async fn count(
        &self,
        webhook: WebhookId,
        states: &[DeliveryState],
        bound: u64,
    ) -> Result<u64, StoreError> {
        let mut filter = doc! { "webhook_id": webhook };
        if !states.is_empty() {
            let states: Vec<_> = states.iter().map(|state| state.as_str()).collect();
            filter.insert("state", doc! { "$in": states });
        }
        let counting = self.docs.count_documents(filter).hint(index(states)).limit(bound);
        Ok(counting.max_time(max_time()).await?)
    }

    /// How many deliveries wait, counted up to `bound`.
    pub async fn count_queued(&self, bound: u64) -> Result<u64, StoreError> {
        let counting = self.docs.count_documents(doc! { "state": QUEUED }).hint(Hint::Keys(queue_keys()));
        Ok(counting.limit(bound).max_time(max_time()).await?)
    }
}

/// Deliveries to be made again.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// Of these events.
    Events(&'a [AuditEventId]),
    /// With these ids.
    Ids(&'a [WebhookDeliveryId]),
}

fn points(webhook: WebhookId, states: &[DeliveryState]) -> Vec<Document> {
    if states.is_empty() {
        return vec![doc! { "webhook_id": webhook }];
    }
    let mut names: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|state| doc! { "webhook_id": webhook, "state": state }).collect()
}

fn index(states: &[DeliveryState]) -> Hint {
    Hint::Keys(if states.is_empty() { list_keys() } else { state_keys() })
}

/// The first delivery of each webhook that has any, off the index: one step for each webhook, however much it has to send.
pub fn due_pipeline(now: OffsetDateTime, limit: i64) -> Vec<Document> {
    vec![
        doc! { "$match": { "state": QUEUED } },
        doc! { "$sort": { "state": 1, "webhook_id": 1, "next_at": 1 } },
        doc! { "$group": { "_id": "$webhook_id", "next_at": { "$first": "$next_at" } } },
        doc! { "$match": { "next_at": { "$lte": date(now) } } },
        doc! { "$sort": { "next_at": 1 } },
        doc! { "$limit": limit },
    ]
}
