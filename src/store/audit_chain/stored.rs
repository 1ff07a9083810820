//! An event as it is stored, with its seal: read so that nothing which somebody wrote into it can stop the reading.

use bson::{Bson, Document, RawDocument, RawDocumentBuf, doc};

use super::super::audit_events::EventDoc;
use super::super::keyset::Place;
use super::{SEAL_FIELDS, binary};
use crate::crypto::{ChainHash, Tag};
use crate::domain::{AuditEvent, AuditEventId};

/// What makes an event a link of its scope's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The event's number in its scope, from 1.
    pub seq: i64,
    /// The hash of the event before it.
    pub previous: ChainHash,
    /// The hash of this one: of its number, the previous hash and everything that is stored of it.
    pub hash: ChainHash,
    /// What shows that this gateway made the hash.
    pub tag: Tag,
}

impl Seal {
    pub(super) fn to_document(&self) -> Document {
        doc! {
            "seq": self.seq, "prev_hash": self.previous, "hash": self.hash,
            "key_id": self.tag.key_id.as_str(), "mac": binary(self.tag.as_bytes()),
        }
    }

    fn read(raw: &RawDocument) -> Option<Self> {
        let hash = |name: &str| <[u8; 32]>::try_from(raw.get_binary(name).ok()?.bytes).ok();
        Some(Self {
            seq: number(raw)?,
            previous: ChainHash(hash("prev_hash")?),
            hash: ChainHash(hash("hash")?),
            tag: Tag::from_stored(raw.get_str("key_id").ok()?.to_owned(), hash("mac")?),
        })
    }
}

fn number(raw: &RawDocument) -> Option<i64> {
    raw.get_i64("seq").ok().or_else(|| raw.get_i32("seq").ok().map(i64::from))
}

/// An event as it is stored.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// The `_id`, whatever it is.
    pub key: Bson,
    /// Where it stands in its log.
    pub place: Place,
    /// The scope's text; empty where there is none.
    pub scope: String,
    /// The number, whether or not the rest of the seal can be read.
    pub seq: Option<i64>,
    /// The seal, if there is one that can be read.
    pub seal: Option<Seal>,
    /// What a seal is about: every field but the seal's own, sorted by name, as BSON. Fields that this version does not
    /// know count as well, so that versions side by side agree.
    pub content: Vec<u8>,
    /// What it says; nothing where that cannot be read.
    pub event: Option<AuditEvent>,
}

impl StoredEvent {
    /// The id as people see it.
    pub fn name(&self) -> String {
        match &self.event {
            Some(event) => event.id.to_string(),
            None => match bson::deserialize_from_bson::<AuditEventId>(self.key.clone()) {
                Ok(id) => id.to_string(),
                Err(_) => self.key.to_string(),
            },
        }
    }
}

fn content(raw: &RawDocument) -> Vec<u8> {
    // By the raw elements: a document with one name twice, which a parsed one would make into one, stays what it is.
    let mut fields: Vec<_> =
        raw.iter_elements().flatten().filter(|field| !SEAL_FIELDS.contains(&field.key().as_str())).collect();
    fields.sort_by(|a, b| a.key().as_str().cmp(b.key().as_str()));
    let mut content = RawDocumentBuf::new();
    for field in fields {
        if let Ok(value) = field.value() {
            content.append(field.key(), value);
        }
    }
    content.into_bytes()
}

impl From<RawDocumentBuf> for StoredEvent {
    fn from(raw: RawDocumentBuf) -> Self {
        let field = |name: &str| {
            raw.get(name).ok().flatten().and_then(|value| Bson::try_from(value).ok()).unwrap_or(Bson::Null)
        };
        let key = field("_id");
        Self {
            place: Place(field("at"), key.clone()),
            scope: raw.get_str("scope").map(str::to_owned).unwrap_or_default(),
            seq: number(&raw),
            seal: Seal::read(&raw),
            content: content(&raw),
            event: bson::deserialize_from_slice::<EventDoc>(raw.as_bytes()).ok().map(AuditEvent::from),
            key,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn stored(doc: &Document) -> StoredEvent {
        StoredEvent::from(bson::serialize_to_raw_document_buf(doc).unwrap())
    }

    #[test]
    fn the_content_is_every_field_but_the_seal_whatever_their_order() {
        let one = stored(&doc! { "_id": 1, "scope": "deployment", "new": { "b": 1, "a": 2 } });
        let sealed =
            doc! { "new": { "b": 1, "a": 2 }, "seq": 1_i64, "mac": 2, "scope": "deployment", "_id": 1 };
        assert_eq!(stored(&sealed).content, one.content);
        let plain = doc! { "_id": 1, "new": { "b": 1, "a": 2 }, "scope": "deployment" };
        assert_eq!(one.content, bson::serialize_to_vec(&plain).unwrap());
        let other = stored(&doc! { "_id": 1, "scope": "deployment", "new": { "b": 1, "a": 3 } });
        assert_ne!(other.content, one.content);
    }

    #[test]
    fn a_field_that_stands_twice_is_seen_twice() {
        let mut twice = RawDocumentBuf::new();
        twice.append(bson::raw::cstr!("action"), "LOGGED_OUT");
        twice.append(bson::raw::cstr!("action"), "LOGGED_IN");
        let once = stored(&doc! { "action": "LOGGED_IN" });
        assert_ne!(StoredEvent::from(twice).content, once.content);
    }

    #[test]
    fn a_seal_reads_back_and_half_of_one_is_none() {
        let seal = Seal {
            seq: 7,
            previous: ChainHash([1; 32]),
            hash: ChainHash([2; 32]),
            tag: Tag::from_stored("k1".to_owned(), [3; 32]),
        };
        let mut doc = seal.to_document();
        assert_eq!(stored(&doc).seal, Some(seal));
        doc.remove("mac");
        let broken = stored(&doc);
        assert_eq!((broken.seal, broken.seq), (None, Some(7)));
    }
}
