//! Mail to send. A row is written in the transaction that causes it, and claimed by lease, so that a worker that dies
//! leaves it to another. Rows hold ids, never a token and never an address.

use bson::doc;
use mongodb::options::ReturnDocument;
use mongodb::{Collection, Database};
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt as _;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::deadline::max_time;
use super::when::{self, date};
use super::{StoreError, Tx};
use crate::domain::{MailDelivery, MailId, Notification, TraceParent, UserId};

/// The collection's name.
pub const COLLECTION: &str = "outbox";

#[derive(Serialize, Deserialize)]
struct MailDoc {
    #[serde(rename = "_id")]
    id: MailId,
    /// Absent where the mail goes to an address that may be nobody's yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<UserId>,
    what: Notification,
    state: MailDelivery,
    attempts: i32,
    #[serde(with = "when")]
    created_at: OffsetDateTime,
    /// Not before; while a worker holds the row, the end of its lease.
    #[serde(with = "when")]
    next_at: OffsetDateTime,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    done_at: Option<OffsetDateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    /// The span that put it in, where that is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
}

/// The span that this task works for, where it is recorded.
fn current_span() -> Option<String> {
    Context::map_current(|context| {
        let span = context.span();
        let of = span.span_context();
        let parent =
            || TraceParent { trace: of.trace_id().to_bytes(), span: of.span_id().to_bytes(), sampled: true };
        of.is_sampled().then(|| parent().to_string())
    })
}

impl MailDoc {
    fn new(to: Option<UserId>, what: Notification, now: OffsetDateTime) -> Self {
        Self {
            id: MailId::generate(now),
            to,
            what,
            state: MailDelivery::Queued,
            attempts: 0,
            created_at: now,
            next_at: now,
            done_at: None,
            last_error: None,
            trace: current_span(),
        }
    }
}

/// One mail of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The id; the Message-ID is made of it, so it is the same at each attempt.
    pub id: MailId,
    /// To whom; nobody where what it is about says to which address it goes.
    pub to: Option<UserId>,
    /// What it says.
    pub what: Notification,
    /// Whether it went out.
    pub state: MailDelivery,
    /// Attempts begun, this one included.
    pub attempts: i32,
    /// Since when it waits.
    pub created_at: OffsetDateTime,
    /// What went wrong at the last attempt.
    pub last_error: Option<String>,
    /// The span that put it in, where that is recorded.
    pub trace: Option<TraceParent>,
}

impl From<MailDoc> for Mail {
    fn from(doc: MailDoc) -> Self {
        Self {
            id: doc.id,
            to: doc.to,
            what: doc.what,
            state: doc.state,
            attempts: doc.attempts,
            created_at: doc.created_at,
            last_error: doc.last_error,
            trace: doc.trace.as_deref().and_then(TraceParent::parse),
        }
    }
}

const QUEUED: &str = "QUEUED";

/// Mail to send.
#[derive(Clone)]
pub struct Outbox {
    docs: Collection<MailDoc>,
}

impl Outbox {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// Puts a mail in, in the transaction that causes it. `to` is absent where what it is about says to which address
    /// it goes: an invitation.
    pub async fn insert(
        &self,
        tx: &mut Tx,
        to: impl Into<Option<UserId>>,
        what: Notification,
        now: OffsetDateTime,
    ) -> Result<MailId, StoreError> {
        let doc = MailDoc::new(to.into(), what, now);
        let id = doc.id;
        self.docs.insert_one(doc).session(&mut tx.session).await?;
        Ok(id)
    }

    /// Puts several mails in, at once.
    pub async fn insert_all(
        &self,
        tx: &mut Tx,
        mails: impl IntoIterator<Item = (UserId, Notification)>,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let docs = mails.into_iter().map(|(to, what)| MailDoc::new(Some(to), what, now));
        self.docs.insert_many(docs).session(&mut tx.session).await?;
        Ok(())
    }

    /// Takes the mail that has waited longest, for as long as `lease`: nobody else gets it until then.
    pub async fn claim_due(&self, now: OffsetDateTime, lease: Duration) -> Result<Option<Mail>, StoreError> {
        let claimed = self
            .docs
            .find_one_and_update(
                doc! { "state": QUEUED, "next_at": { "$lte": date(now) } },
                doc! { "$set": { "next_at": date(now + lease) }, "$inc": { "attempts": 1 } },
            )
            .sort(doc! { "next_at": 1 })
            .return_document(ReturnDocument::After)
            .max_time(max_time())
            .await?;
        Ok(claimed.map(Mail::from))
    }

    /// Gives a mail back for another attempt, if `attempt` is still the latest.
    pub async fn release(
        &self,
        id: MailId,
        attempt: i32,
        next_at: OffsetDateTime,
        error: &str,
    ) -> Result<(), StoreError> {
        let filter = doc! { "_id": id, "state": QUEUED, "attempts": attempt };
        let update = doc! { "$set": { "next_at": date(next_at), "last_error": error } };
        self.docs.update_one(filter, update).await?;
        Ok(())
    }

    /// Closes a mail as sent or given up: true when this call did it. Only the latest attempt may give up; whoever sent
    /// it may always say so.
    pub async fn close(
        &self,
        tx: &mut Tx,
        id: MailId,
        attempt: i32,
        state: MailDelivery,
        now: OffsetDateTime,
        error: Option<&str>,
    ) -> Result<bool, StoreError> {
        let filter = match state {
            MailDelivery::Sent => doc! { "_id": id, "state": { "$ne": "SENT" } },
            MailDelivery::Queued | MailDelivery::Failed => {
                doc! { "_id": id, "state": QUEUED, "attempts": attempt }
            }
        };
        let state = bson::serialize_to_bson(&state).map_err(|_| StoreError::Corrupt("delivery"))?;
        let mut set = doc! { "state": state, "done_at": date(now) };
        if let Some(error) = error {
            set.insert("last_error", error);
        }
        let result = self.docs.update_one(filter, doc! { "$set": set }).session(&mut tx.session).await?;
        Ok(result.modified_count == 1)
    }

    /// How many mails wait, counted up to `bound`.
    pub async fn count_queued(&self, bound: u64) -> Result<u64, StoreError> {
        Ok(self.docs.count_documents(doc! { "state": QUEUED }).limit(bound).max_time(max_time()).await?)
    }

    /// Since when the oldest mail waits.
    pub async fn oldest_queued(&self) -> Result<Option<OffsetDateTime>, StoreError> {
        let found = self
            .docs
            .find_one(doc! { "state": QUEUED })
            .sort(doc! { "next_at": 1 })
            .max_time(max_time())
            .await?;
        Ok(found.map(|doc| doc.created_at))
    }
}
