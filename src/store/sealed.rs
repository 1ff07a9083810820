//! What is sealed under the keyring, wherever it is stored: found by the key that sealed it, and sealed anew by a
//! conditional update, so that whoever changes a value meanwhile wins.
//!
//! A sealed text begins with the id of its key, so each key's values are one range of an index. Values that were sealed
//! anew leave the range of the old key: a run that was interrupted goes on where it stopped, without a record of it.

use bson::{Bson, Document, doc};
use futures_util::TryStreamExt;
use mongodb::Collection;
use mongodb::options::Hint;

use super::deadline::max_time;
use super::{Store, StoreError, signing_keys, tickets, users, webhooks};
use crate::crypto::Sealed;
use crate::domain::{UserId, WebhookId};

/// Where sealed values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedIn {
    /// TOTP secrets of people.
    Users,
    /// TOTP secrets that wait for a first code.
    Tickets,
    /// Keys that sign access tokens.
    SigningKeys,
    /// Secrets of webhooks.
    Webhooks,
    /// Secrets of webhooks that were replaced.
    OldWebhookSecrets,
}

/// Whose a sealed value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedOwner {
    /// A person.
    User(UserId),
    /// A period of time.
    Period(i64),
    /// A webhook.
    Webhook(WebhookId),
}

/// A sealed value where it is stored.
#[derive(Debug, Clone)]
pub struct SealedValue {
    /// Where.
    pub stored_in: SealedIn,
    /// Whose.
    pub owner: SealedOwner,
    /// The value.
    pub sealed: Sealed,
    id: Bson,
}

impl SealedIn {
    /// Everywhere.
    pub const ALL: [Self; 5] =
        [Self::Users, Self::Tickets, Self::SigningKeys, Self::Webhooks, Self::OldWebhookSecrets];

    fn collection(self) -> &'static str {
        match self {
            Self::Users => users::COLLECTION,
            Self::Tickets => tickets::COLLECTION,
            Self::SigningKeys => signing_keys::COLLECTION,
            Self::Webhooks | Self::OldWebhookSecrets => webhooks::COLLECTION,
        }
    }

    /// The field, with an index of its own.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Users => "mfa.totp.sealed",
            Self::Tickets | Self::SigningKeys | Self::Webhooks => "sealed",
            Self::OldWebhookSecrets => "old_sealed",
        }
    }

    fn owner(self, found: &Document) -> Option<SealedOwner> {
        let user = |field: &str| bson::deserialize_from_bson(found.get(field)?.clone()).ok();
        match self {
            Self::Users => user("_id").map(SealedOwner::User),
            Self::Tickets => user("user_id").map(SealedOwner::User),
            Self::SigningKeys => found.get_i64("_id").ok().map(SealedOwner::Period),
            Self::Webhooks | Self::OldWebhookSecrets => {
                bson::deserialize_from_bson(found.get("_id")?.clone()).ok().map(SealedOwner::Webhook)
            }
        }
    }

    fn sealed(self, found: &Document) -> Option<Sealed> {
        let holder = match self {
            Self::Users => found.get_document("mfa").ok()?.get_document("totp").ok()?,
            _ => found,
        };
        let field = self.field().rsplit('.').next().unwrap_or_default();
        holder.get_str(field).ok().map(|text| Sealed::from(text.to_owned()))
    }
}

/// Everything that a key sealed begins with the first text and is below the second.
fn range_of(key_id: &str) -> (String, String) {
    // `}` follows `|`.
    (format!("v1|{key_id}|"), format!("v1|{key_id}}}"))
}

impl Store {
    fn sealed_in(&self, place: SealedIn) -> Collection<Document> {
        self.db.collection(place.collection())
    }

    /// Values that another key sealed, in the order of their texts, past `after`.
    pub async fn sealed_under_others(
        &self,
        place: SealedIn,
        key_id: &str,
        after: Option<&Sealed>,
        limit: i64,
    ) -> Result<Vec<SealedValue>, StoreError> {
        let field = place.field();
        let (low, high) = range_of(key_id);
        let after = after.map_or("", Sealed::as_str);
        let filter = doc! { "$or": [
            { field: { "$gt": after, "$lt": &low } },
            { field: { "$gt": after.max(high.as_str()) } },
        ] };
        let cursor = self
            .sealed_in(place)
            .find(filter)
            .projection(doc! { "_id": 1, "user_id": 1, field: 1 })
            .sort(doc! { field: 1 })
            .hint(Hint::Keys(doc! { field: 1 }))
            .limit(limit)
            .max_time(max_time())
            .await?;
        let found: Vec<Document> = cursor.try_collect().await?;
        found
            .into_iter()
            .map(|document| {
                let (owner, sealed) = (place.owner(&document), place.sealed(&document));
                let id = document.get("_id").cloned();
                match (owner, sealed, id) {
                    (Some(owner), Some(sealed), Some(id)) => {
                        Ok(SealedValue { stored_in: place, owner, sealed, id })
                    }
                    _ => Err(StoreError::Corrupt("sealed value")),
                }
            })
            .collect()
    }

    /// Puts a value that was sealed anew in the place of the old one: false when that is there no more.
    pub async fn claim_reseal(&self, value: &SealedValue, sealed: &Sealed) -> Result<bool, StoreError> {
        let field = value.stored_in.field();
        let filter = doc! { "_id": &value.id, field: value.sealed.as_str() };
        let update = doc! { "$set": { field: sealed.as_str() } };
        let done = self.sealed_in(value.stored_in).update_one(filter, update).await?;
        Ok(done.matched_count == 1)
    }

    /// How many values a key has sealed.
    pub async fn count_sealed_under(&self, place: SealedIn, key_id: &str) -> Result<u64, StoreError> {
        let (low, high) = range_of(key_id);
        let filter = doc! { place.field(): { "$gte": low, "$lt": high } };
        let hint = Hint::Keys(doc! { place.field(): 1 });
        Ok(self.sealed_in(place).count_documents(filter).hint(hint).max_time(max_time()).await?)
    }

    /// The id of a key that has sealed something and is none of these.
    pub async fn key_unknown_to(&self, key_ids: &[&str]) -> Result<Option<String>, StoreError> {
        let mut ranges: Vec<(String, String)> = key_ids.iter().map(|id| range_of(id)).collect();
        ranges.sort();
        for place in SealedIn::ALL {
            let field = place.field();
            let mut from = String::new();
            // Between the known ranges, and past the last: one step into the index each.
            for end in ranges.iter().map(Some).chain([None]) {
                let mut between = doc! { "$gte": &from };
                if let Some((low, high)) = end {
                    between.insert("$lt", low);
                    from.clone_from(high);
                }
                let found = self
                    .sealed_in(place)
                    .find_one(doc! { field: between })
                    .hint(Hint::Keys(doc! { field: 1 }))
                    .projection(doc! { "_id": 0, field: 1 })
                    .max_time(max_time())
                    .await?;
                if let Some(sealed) = found.as_ref().and_then(|document| place.sealed(document)) {
                    return Ok(Some(sealed.key_id().unwrap_or("(malformed)").to_owned()));
                }
            }
        }
        Ok(None)
    }
}
