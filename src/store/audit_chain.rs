//! The hash chain of each scope: events that are not sealed yet, seals, and where each chain ends. What a seal is worth is
//! not decided here. Events are read as they are stored, whatever became of them.

mod stored;

use bson::{Bson, Document, RawDocumentBuf, doc};
use futures_util::{Stream, TryStreamExt};
use mongodb::options::Hint;
use mongodb::{Collection, Database};
use time::OffsetDateTime;

use super::audit_events::{self, AuditFilter, OLDEST, keys};
use super::deadline::max_time;
use super::keyset::{Place, page_query_of};
use super::when::date;
use super::{StoreError, Tx};
use crate::crypto::{ChainHash, Tag};
use crate::domain::{PageRequest, Scope};

pub use self::stored::{Seal, StoredEvent};

fn binary(bytes: &[u8]) -> bson::Binary {
    bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: bytes.to_vec() }
}

/// Where each scope's chain ends.
pub const HEADS: &str = "audit_heads";

/// The fields of a seal. Everything else of a document is what the seal is about.
const SEAL_FIELDS: [&str; 5] = ["seq", "prev_hash", "hash", "key_id", "mac"];

/// Of an event that is not sealed yet. The filter of a partial index, too, which holds nothing but those.
pub(super) fn unsealed() -> Document {
    doc! { "seq": Bson::Null }
}

/// The keys of that index.
pub(super) fn unsealed_keys() -> Document {
    doc! { "at": 1, "_id": 1 }
}

/// Of an event that is sealed: the filter of the other partial index, which also keeps a number from being given twice.
pub(super) fn sealed() -> Document {
    doc! { "seq": { "$exists": true } }
}

/// The keys of that one.
pub(super) fn sealed_keys() -> Document {
    doc! { "scope": 1, "seq": 1 }
}

/// Where a chain ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of the last event.
    pub seq: i64,
    /// Its hash.
    pub hash: ChainHash,
    /// What shows that this gateway wrote the head.
    pub tag: Tag,
}

/// What is stored as a scope's head; nothing where it cannot be read as one.
#[derive(Debug, Clone)]
pub struct StoredHead {
    /// The scope.
    pub scope: String,
    /// The head.
    pub head: Option<Head>,
}

/// A step of a chain: the head that was read, and the one to stand in its place.
#[derive(Debug, Clone)]
pub struct Step {
    /// The scope.
    pub scope: String,
    /// Where the chain ended; nothing at its start.
    pub from: Option<Head>,
    /// Where it ends now.
    pub to: Head,
}

fn read_head(raw: &RawDocumentBuf) -> Option<StoredHead> {
    let head = || {
        let bytes = |name: &str| <[u8; 32]>::try_from(raw.get_binary(name).ok()?.bytes).ok();
        let tag = Tag::from_stored(raw.get_str("key_id").ok()?.to_owned(), bytes("mac")?);
        Some(Head { seq: raw.get_i64("seq").ok()?, hash: ChainHash(bytes("hash")?), tag })
    };
    Some(StoredHead { scope: raw.get_str("_id").ok()?.to_owned(), head: head() })
}

/// The hash chains of the audit log.
#[derive(Clone)]
pub struct AuditChain {
    db: Database,
    events: Collection<RawDocumentBuf>,
    heads: Collection<RawDocumentBuf>,
}

impl AuditChain {
    pub(super) fn new(db: &Database) -> Self {
        Self { db: db.clone(), events: db.collection(audit_events::COLLECTION), heads: db.collection(HEADS) }
    }

    /// Events of up to a moment that are not sealed yet, the oldest first, but for those of some scopes.
    pub async fn unsealed_until(
        &self,
        until: OffsetDateTime,
        but: &[String],
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let mut filter = unsealed();
        filter.insert("at", doc! { "$lte": date(until) });
        // What has no scope has no chain either; it must not stand in the way of the others.
        filter.insert("scope", doc! { "$type": "string", "$nin": but });
        let found = self.events.find(filter).sort(doc! { "at": 1, "_id": 1 });
        let found = found.hint(Hint::Keys(unsealed_keys())).limit(i64::from(limit)).batch_size(limit + 1);
        Ok(found.max_time(max_time()).await?.map_ok(StoredEvent::from).try_collect().await?)
    }

    /// How many events are not sealed yet, counted up to `bound`, and since when the oldest is there; of one scope or all.
    pub async fn count_unsealed(
        &self,
        scope: Option<&str>,
        bound: u64,
    ) -> Result<(u64, Option<OffsetDateTime>), StoreError> {
        let mut filter = unsealed();
        if let Some(scope) = scope {
            filter.insert("scope", scope);
        }
        let hint = Hint::Keys(unsealed_keys());
        let counting = self.events.count_documents(filter.clone()).hint(hint.clone()).limit(bound);
        let count = counting.max_time(max_time()).await?;
        let oldest = self.events.find_one(filter).sort(doc! { "at": 1, "_id": 1 }).hint(hint);
        let oldest = oldest.max_time(max_time()).await?;
        let at = oldest.and_then(|raw| raw.get_datetime("at").ok());
        Ok((count, at.map(bson::DateTime::to_time_0_3)))
    }

    /// The heads of these scopes, as the transaction sees them.
    pub async fn heads_in(&self, tx: &mut Tx, scopes: &[String]) -> Result<Vec<StoredHead>, StoreError> {
        let filter = doc! { "_id": { "$in": scopes } };
        let mut found = self.heads.find(filter).session(&mut tx.session).max_time(max_time()).await?;
        let heads: Vec<RawDocumentBuf> = found.stream(&mut tx.session).try_collect().await?;
        Ok(heads.iter().filter_map(read_head).collect())
    }

    /// The head of a scope.
    pub async fn head(&self, scope: &str) -> Result<Option<StoredHead>, StoreError> {
        let found = self.heads.find_one(doc! { "_id": scope }).max_time(max_time()).await?;
        Ok(found.as_ref().and_then(read_head))
    }

    /// Writes seals of events that have none. All or an error.
    pub async fn seal(&self, tx: &mut Tx, sealed: &[(StoredEvent, Seal)]) -> Result<(), StoreError> {
        let updates: Vec<Document> = sealed
            .iter()
            .map(|(event, seal)| {
                let mut filter = unsealed();
                filter.insert("_id", event.key.clone());
                doc! { "q": filter, "u": { "$set": seal.to_document() } }
            })
            .collect();
        self.update(tx, audit_events::COLLECTION, updates).await
    }

    /// Moves heads on from where they were read. All or an error.
    pub async fn advance(&self, tx: &mut Tx, steps: &[Step]) -> Result<(), StoreError> {
        let (mut moved, mut begun) = (Vec::new(), Vec::new());
        for Step { scope, from, to } in steps {
            let head = doc! {
                "_id": scope.as_str(), "seq": to.seq, "hash": to.hash, "key_id": to.tag.key_id.as_str(),
                "mac": binary(to.tag.as_bytes()),
            };
            match from {
                None => begun.push(head),
                Some(from) => moved.push(doc! {
                    "q": { "_id": scope.as_str(), "seq": from.seq, "hash": from.hash }, "u": head,
                }),
            }
        }
        if !begun.is_empty() {
            self.heads.clone_with_type::<Document>().insert_many(begun).session(&mut tx.session).await?;
        }
        self.update(tx, HEADS, moved).await
    }

    /// Many updates in one round trip, each of which must find its document.
    async fn update(&self, tx: &mut Tx, collection: &str, updates: Vec<Document>) -> Result<(), StoreError> {
        if updates.is_empty() {
            return Ok(());
        }
        let expected = i64::try_from(updates.len()).unwrap_or(i64::MAX);
        let command = doc! { "update": collection, "updates": updates, "ordered": true };
        let reply = self.db.run_command(command).session(&mut tx.session).await?;
        let changed = reply.get_i32("nModified").map(i64::from).or_else(|_| reply.get_i64("nModified"));
        match changed {
            Ok(changed) if changed == expected => Ok(()),
            // Refused by the unique index, or not there any more as it was read.
            _ => Err(StoreError::Corrupt("an audit chain that goes on differently from what was read")),
        }
    }

    /// The first scope, in the order of their texts, that comes after one and has events or a head.
    pub async fn next_scope(&self, after: Option<&str>) -> Result<Option<String>, StoreError> {
        let beyond = |field: &str| match after {
            Some(after) => doc! { field: { "$gt": after } },
            None => doc! { field: { "$gte": "" } },
        };
        let event = self.events.find_one(beyond("scope")).sort(doc! { "scope": 1 });
        let event = event.projection(doc! { "_id": 0, "scope": 1 }).hint(Hint::Keys(keys::all()));
        let event = event.max_time(max_time()).await?;
        let head = self.heads.find_one(beyond("_id")).sort(doc! { "_id": 1 }).max_time(max_time()).await?;
        let event = event.and_then(|raw| raw.get_str("scope").map(str::to_owned).ok());
        let head = head.and_then(|raw| raw.get_str("_id").map(str::to_owned).ok());
        Ok(match (event, head) {
            (Some(event), Some(head)) => Some(event.min(head)),
            (event, head) => event.or(head),
        })
    }

    /// A scope's sealed events by their numbers.
    pub async fn sealed(
        &self,
        scope: &str,
    ) -> Result<impl Stream<Item = Result<StoredEvent, StoreError>> + Send + Unpin + use<>, StoreError> {
        let filter = doc! { "scope": scope, "seq": { "$gte": i64::MIN } };
        let found = self.events.find(filter).sort(doc! { "seq": 1 }).batch_size(1000);
        Ok(found.await?.map_ok(StoredEvent::from).map_err(StoreError::from))
    }

    /// Some events of a scope after a place, the oldest first. A page at a time rather than one cursor: whoever reads the
    /// export may be slow, and MongoDB ends cursors that rest.
    pub async fn page(
        &self,
        scope: Scope,
        filter: &AuditFilter,
        after: Option<Place>,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let request = PageRequest { after, ..PageRequest::first(limit) };
        let (query, mut options) = page_query_of(&filter.points(&scope.to_string()), OLDEST, None, &request);
        options.hint = Some(filter.index());
        options.limit = Some(i64::from(limit));
        let found = self.events.find(query).with_options(options).max_time(max_time()).await?;
        Ok(found.map_ok(StoredEvent::from).try_collect().await?)
    }
}
