//! What happened. Events are only ever added, and sealed once (see `audit_chain`).

use std::collections::BTreeSet;
use std::net::IpAddr;

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::options::Hint;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::deadline::{self, max_time};
use super::keyset::{Order, Place, page_query_of};
use super::when::{self, date};
use super::{StoreError, Tx, measured};
use crate::domain::{
    AuditAction, AuditEvent, AuditEventId, Credential, Page, PageRequest, Scope, SessionId, UserId,
};

/// The collection's name.
pub const COLLECTION: &str = "audit_events";

/// By time, since ids of one process never run backwards while its clock may: an id can be later than its event.
const NEWEST: Order = Order { first: "at", second: "_id", descending: true };
pub(super) const OLDEST: Order = Order { first: "at", second: "_id", descending: false };

/// The keys of the indexes that logs are read by. Each ends in the order of the log, so that a page is one range for each
/// action asked for; the actions and targets at the end narrow a person's events without reading documents.
pub(super) mod keys {
    use bson::{Document, doc};

    pub fn all() -> Document {
        doc! { "scope": 1, "at": -1, "_id": -1 }
    }

    pub fn by_action() -> Document {
        doc! { "scope": 1, "action": 1, "at": -1, "_id": -1 }
    }

    pub fn by_actor() -> Document {
        doc! { "scope": 1, "actor": 1, "at": -1, "_id": -1, "action": 1, "target": 1 }
    }

    pub fn by_target() -> Document {
        doc! { "scope": 1, "target": 1, "at": -1, "_id": -1, "action": 1 }
    }
}

#[derive(Serialize, Deserialize)]
struct DetailDoc {
    name: String,
    value: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct EventDoc {
    #[serde(rename = "_id")]
    id: AuditEventId,
    #[serde(with = "when")]
    at: OffsetDateTime,
    scope: Scope,
    action: AuditAction,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential: Option<Credential>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
    #[serde(default, with = "super::ip_text", skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    details: Vec<DetailDoc>,
}

impl From<EventDoc> for AuditEvent {
    fn from(doc: EventDoc) -> Self {
        Self {
            id: doc.id,
            at: doc.at,
            scope: doc.scope,
            action: doc.action,
            actor_id: doc.actor,
            target_id: doc.target,
            credential: doc.credential,
            session_id: doc.session,
            ip: doc.ip,
            user_agent: doc.user_agent,
            details: doc.details.into_iter().map(|detail| (detail.name, detail.value)).collect(),
        }
    }
}

impl From<&AuditEvent> for EventDoc {
    fn from(event: &AuditEvent) -> Self {
        let event = event.clone();
        Self {
            id: event.id,
            at: event.at,
            scope: event.scope,
            action: event.action,
            actor: event.actor_id,
            target: event.target_id,
            credential: event.credential,
            session: event.session_id,
            ip: event.ip,
            user_agent: event.user_agent,
            details: event.details.into_iter().map(|(name, value)| DetailDoc { name, value }).collect(),
        }
    }
}

/// What a log is narrowed by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only these actions; empty for all.
    pub actions: Vec<AuditAction>,
    /// Only what this person did.
    pub actor: Option<UserId>,
    /// Only what concerns this person.
    pub target: Option<UserId>,
    /// Not before.
    pub since: Option<OffsetDateTime>,
    /// Before.
    pub until: Option<OffsetDateTime>,
}

impl AuditFilter {
    pub(super) fn apply(&self, scope: &str) -> Document {
        let mut filter = doc! { "scope": scope };
        if !self.actions.is_empty() {
            let actions: Vec<_> = self.actions.iter().map(|action| action.as_str()).collect();
            filter.insert("action", doc! { "$in": actions });
        }
        if let Some(actor) = self.actor {
            filter.insert("actor", actor);
        }
        if let Some(target) = self.target {
            filter.insert("target", target);
        }
        let mut at = Document::new();
        if let Some(since) = self.since {
            at.insert("$gte", date(since));
        }
        if let Some(until) = self.until {
            at.insert("$lt", date(until));
        }
        if !at.is_empty() {
            filter.insert("at", at);
        }
        filter
    }

    /// The same as points of that index, one for each action where actions lead it, so that their ranges can be merged.
    pub(super) fn points(&self, scope: &str) -> Vec<Document> {
        let whole = self.apply(scope);
        let actions: BTreeSet<&str> = self.actions.iter().map(|action| action.as_str()).collect();
        if self.actor.is_some() || self.target.is_some() || actions.is_empty() {
            return vec![whole];
        }
        let of = |action: &str| {
            let mut point = whole.clone();
            point.insert("action", action);
            point
        };
        actions.into_iter().map(of).collect()
    }

    /// The index to read by. Said outright: the planner tries plans on data that changes, and remembers what it found.
    pub(super) fn index(&self) -> Hint {
        Hint::Keys(match self {
            Self { actor: Some(_), .. } => keys::by_actor(),
            Self { target: Some(_), .. } => keys::by_target(),
            Self { actions, .. } if !actions.is_empty() => keys::by_action(),
            _ => keys::all(),
        })
    }
}

/// What happened.
#[derive(Clone)]
pub struct AuditEvents {
    docs: Collection<EventDoc>,
}

impl AuditEvents {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// Adds events in the transaction that they describe.
    pub async fn insert(&self, tx: &mut Tx, events: &[AuditEvent]) -> Result<(), StoreError> {
        if !events.is_empty() {
            self.docs.insert_many(events.iter().map(EventDoc::from)).session(&mut tx.session).await?;
            tx.happened.extend(happenings(events));
        }
        Ok(())
    }

    /// Adds events by themselves: refusals, which change nothing else.
    pub async fn insert_alone(&self, events: &[AuditEvent]) -> Result<(), StoreError> {
        if !events.is_empty() {
            let (mut session, _watch) = deadline::session(self.docs.client()).await?;
            self.docs.insert_many(events.iter().map(EventDoc::from)).session(&mut session).await?;
            measured::happened(&happenings(events).collect::<Vec<_>>());
        }
        Ok(())
    }

    /// One entry of a scope's log; one of another scope is not there.
    pub async fn find(&self, scope: Scope, id: AuditEventId) -> Result<Option<AuditEvent>, StoreError> {
        let filter = doc! { "_id": id, "scope": scope.to_string() };
        Ok(self.docs.find_one(filter).max_time(max_time()).await?.map(AuditEvent::from))
    }

    /// A page of a scope's log, newest first.
    pub async fn list(
        &self,
        scope: Scope,
        filter: &AuditFilter,
        request: &PageRequest<Place>,
    ) -> Result<Page<AuditEvent>, StoreError> {
        let (query, mut options) = page_query_of(&filter.points(&scope.to_string()), NEWEST, None, request);
        options.hint = Some(filter.index());
        let cursor = self.docs.find(query).with_options(options).max_time(max_time()).await?;
        let rows: Vec<AuditEvent> = cursor.map_ok(AuditEvent::from).try_collect().await?;
        Ok(Page::from_rows(rows, request))
    }

    /// How many events there are, counted up to `bound`.
    pub async fn count(&self, scope: Scope, filter: &AuditFilter, bound: u64) -> Result<u64, StoreError> {
        let query = filter.apply(&scope.to_string());
        let counting = self.docs.count_documents(query).hint(filter.index()).limit(bound);
        Ok(counting.max_time(max_time()).await?)
    }
}

/// What happened, once each: events that differ in nothing but their scope are one happening.
fn happenings(events: &[AuditEvent]) -> impl Iterator<Item = AuditAction> {
    let same = |a: &AuditEvent, b: &AuditEvent| {
        (a.action, a.actor_id, a.target_id, &a.details) == (b.action, b.actor_id, b.target_id, &b.details)
    };
    events.chunk_by(same).filter_map(|of_one| of_one.first().map(|event| event.action))
}

/// Where an event stands in a log.
pub fn place(at: OffsetDateTime, id: AuditEventId) -> Place {
    Place(date(at), id.into())
}
