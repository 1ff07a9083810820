//! Recoveries: Owners who are locked out ask their recovery contacts. At most one of a person waits, by a unique partial
//! index.

use bson::{Document, doc};
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::change::change_one;
use super::deadline::max_time;
use super::when::{self, date};
use super::{StoreError, Tx};
use crate::crypto::token::TokenHash;
use crate::domain::recovery::AskedContact;
use crate::domain::{AccountId, MfaResetId, Recovery, RecoveryId, RecoveryState, UserId};

/// The collection's name.
pub const COLLECTION: &str = "recoveries";

#[derive(Serialize, Deserialize)]
struct RecoveryDoc {
    #[serde(rename = "_id")]
    id: RecoveryId,
    user_id: UserId,
    account_id: AccountId,
    state: RecoveryState,
    #[serde(with = "when")]
    requested_at: OffsetDateTime,
    #[serde(with = "when")]
    expires_at: OffsetDateTime,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    closed_at: Option<OffsetDateTime>,
    contacts: Vec<AskedDoc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reset_id: Option<MfaResetId>,
    /// Of the Owner's link, one for each attempt to send it.
    stop_hashes: Vec<TokenHash>,
}

#[derive(Serialize, Deserialize)]
struct AskedDoc {
    user_id: UserId,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    confirmed_at: Option<OffsetDateTime>,
    /// Of the contact's link, one for each attempt to send it.
    token_hashes: Vec<TokenHash>,
}

impl From<RecoveryDoc> for Recovery {
    fn from(doc: RecoveryDoc) -> Self {
        let asked =
            |asked: &AskedDoc| AskedContact { user_id: asked.user_id, confirmed_at: asked.confirmed_at };
        Self {
            id: doc.id,
            user_id: doc.user_id,
            account_id: doc.account_id,
            state: doc.state,
            requested_at: doc.requested_at,
            expires_at: doc.expires_at,
            closed_at: doc.closed_at,
            contacts: doc.contacts.iter().map(asked).collect(),
            reset_id: doc.reset_id,
        }
    }
}

const PENDING: &str = RecoveryState::Pending.as_str();
const CONFIRMED: &str = RecoveryState::Confirmed.as_str();
const STOPPED: &str = RecoveryState::Stopped.as_str();

/// The entry of a contact who has not confirmed.
fn asked(contact: UserId) -> Document {
    doc! { "$elemMatch": { "user_id": contact, "confirmed_at": { "$exists": false } } }
}

/// Recoveries.
#[derive(Clone)]
pub struct Recoveries {
    docs: Collection<RecoveryDoc>,
}

impl Recoveries {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// Stores one without tokens. Another one that waits for the same person is [`StoreError::Duplicate`].
    pub async fn insert(&self, tx: &mut Tx, recovery: &Recovery) -> Result<(), StoreError> {
        let asked = |asked: &AskedContact| AskedDoc {
            user_id: asked.user_id,
            confirmed_at: asked.confirmed_at,
            token_hashes: Vec::new(),
        };
        let doc = RecoveryDoc {
            id: recovery.id,
            user_id: recovery.user_id,
            account_id: recovery.account_id,
            state: recovery.state,
            requested_at: recovery.requested_at,
            expires_at: recovery.expires_at,
            closed_at: recovery.closed_at,
            contacts: recovery.contacts.iter().map(asked).collect(),
            reset_id: recovery.reset_id,
            stop_hashes: Vec::new(),
        };
        self.docs.insert_one(doc).session(&mut tx.session).await?;
        Ok(())
    }

    /// One recovery.
    pub async fn find(&self, id: RecoveryId) -> Result<Option<Recovery>, StoreError> {
        Ok(self.docs.find_one(doc! { "_id": id }).max_time(max_time()).await?.map(Recovery::from))
    }

    /// The one whose contact was mailed this token, with the contact.
    pub async fn find_asked(&self, token: TokenHash) -> Result<Option<(Recovery, UserId)>, StoreError> {
        let filter = doc! { "contacts.token_hashes": token };
        Ok(self.docs.find_one(filter).max_time(max_time()).await?.and_then(|doc| asked_by(doc, token)))
    }

    /// The same as the transaction sees it.
    pub async fn find_asked_in(
        &self,
        tx: &mut Tx,
        token: TokenHash,
    ) -> Result<Option<(Recovery, UserId)>, StoreError> {
        let filter = doc! { "contacts.token_hashes": token };
        let found = self.docs.find_one(filter).session(&mut tx.session).max_time(max_time()).await?;
        Ok(found.and_then(|doc| asked_by(doc, token)))
    }

    /// The one whose Owner was mailed this token.
    pub async fn find_told(&self, token: TokenHash) -> Result<Option<Recovery>, StoreError> {
        let found = self.docs.find_one(doc! { "stop_hashes": token }).max_time(max_time()).await?;
        Ok(found.map(Recovery::from))
    }

    /// The latest one of a person, as the transaction sees it.
    pub async fn latest_in(&self, tx: &mut Tx, user: UserId) -> Result<Option<Recovery>, StoreError> {
        let found = self
            .docs
            .find_one(doc! { "user_id": user })
            .sort(doc! { "_id": -1 })
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        Ok(found.map(Recovery::from))
    }

    /// Closes what waited past its time, so that the unique index has room.
    pub async fn close_expired(
        &self,
        tx: &mut Tx,
        user: UserId,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let filter = doc! { "user_id": user, "state": PENDING, "expires_at": { "$lte": date(now) } };
        let update = doc! { "$set": { "state": RecoveryState::Expired.as_str() } };
        self.docs.update_one(filter, update).session(&mut tx.session).await?;
        Ok(())
    }

    /// Adds the hash of a token that is about to be mailed to a contact: false when nothing waits for the contact any more.
    pub async fn add_token(
        &self,
        id: RecoveryId,
        contact: UserId,
        hash: TokenHash,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let filter = doc! {
            "_id": id, "state": PENDING, "expires_at": { "$gt": date(now) }, "contacts": asked(contact),
        };
        let update = doc! { "$push": { "contacts.$.token_hashes": hash } };
        Ok(self.docs.update_one(filter, update).await?.modified_count == 1)
    }

    /// Adds the hash of a token that is about to be mailed to the Owner: false when there is nothing to stop any more.
    pub async fn add_stop_token(
        &self,
        id: RecoveryId,
        hash: TokenHash,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let filter = doc! {
            "_id": id, "state": { "$in": [PENDING, CONFIRMED] }, "expires_at": { "$gt": date(now) },
        };
        let update = doc! { "$push": { "stop_hashes": hash } };
        Ok(self.docs.update_one(filter, update).await?.modified_count == 1)
    }

    /// A contact who has not yet, confirms what waits and is in time: gives it when this call did it. This conditional update
    /// is what makes each contact count once.
    pub async fn claim_confirmation(
        &self,
        tx: &mut Tx,
        id: RecoveryId,
        contact: UserId,
        now: OffsetDateTime,
    ) -> Result<Option<Recovery>, StoreError> {
        let filter = doc! {
            "_id": id, "state": PENDING, "expires_at": { "$gt": date(now) }, "contacts": asked(contact),
        };
        let update = doc! { "$set": { "contacts.$.confirmed_at": date(now) } };
        Ok(change_one(&self.docs, tx, filter, update).await?.map(Recovery::from))
    }

    /// Enough contacts confirmed what waits: gives it when this call did it, which makes the reset one.
    pub async fn claim_confirmed(
        &self,
        tx: &mut Tx,
        id: RecoveryId,
        reset: MfaResetId,
        now: OffsetDateTime,
    ) -> Result<Option<Recovery>, StoreError> {
        let filter = doc! { "_id": id, "state": PENDING };
        let set = doc! { "state": CONFIRMED, "closed_at": date(now), "reset_id": reset };
        Ok(change_one(&self.docs, tx, filter, doc! { "$set": set }).await?.map(Recovery::from))
    }

    /// The Owner stops what waits, or was confirmed, and is in time: gives it as it was when this call did it.
    pub async fn claim_stop(
        &self,
        tx: &mut Tx,
        token: TokenHash,
        now: OffsetDateTime,
    ) -> Result<Option<Recovery>, StoreError> {
        let filter = doc! {
            "stop_hashes": token, "state": { "$in": [PENDING, CONFIRMED] }, "expires_at": { "$gt": date(now) },
        };
        let update = doc! { "$set": { "state": STOPPED, "closed_at": date(now) } };
        let before = self
            .docs
            .find_one_and_update(filter, update)
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        Ok(before.map(Recovery::from))
    }
}

fn asked_by(doc: RecoveryDoc, token: TokenHash) -> Option<(Recovery, UserId)> {
    let holds = |asked: &&AskedDoc| asked.token_hashes.contains(&token);
    let contact = doc.contacts.iter().filter(holds).map(|asked| asked.user_id).next()?;
    Some((doc.into(), contact))
}
