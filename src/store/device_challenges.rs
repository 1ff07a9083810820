//! Log-ins from an unknown browser that wait for the code that was mailed, found by the SHA-256 of their token.

use std::net::IpAddr;

use bson::doc;
use mongodb::options::ReturnDocument;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::deadline::max_time;
use super::when::{self, date};
use super::{StoreError, Tx};
use crate::crypto::mail_code::MailCodeHash;
use crate::crypto::token::TokenHash;
use crate::domain::{DeviceChallenge, DeviceChallengeId, UserId};

/// The collection's name.
pub const COLLECTION: &str = "device_challenges";

/// Codes of one challenge that count at the same time: a mail that is sent again carries another one.
const CODES_MAX: i32 = 5;

#[derive(Serialize, Deserialize)]
struct ChallengeDoc {
    #[serde(rename = "_id")]
    id: DeviceChallengeId,
    token: TokenHash,
    user_id: UserId,
    /// One for each attempt to send the mail.
    code_hashes: Vec<MailCodeHash>,
    attempts: i32,
    #[serde(with = "when")]
    created_at: OffsetDateTime,
    #[serde(with = "when")]
    expires_at: OffsetDateTime,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    used_at: Option<OffsetDateTime>,
    #[serde(default, with = "super::ip_text", skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

impl From<ChallengeDoc> for DeviceChallenge {
    fn from(doc: ChallengeDoc) -> Self {
        Self {
            id: doc.id,
            user_id: doc.user_id,
            created_at: doc.created_at,
            expires_at: doc.expires_at,
            used_at: doc.used_at,
            ip: doc.ip,
            user_agent: doc.user_agent,
        }
    }
}

/// Log-ins that wait for a mailed code.
#[derive(Clone)]
pub struct DeviceChallenges {
    docs: Collection<ChallengeDoc>,
}

impl DeviceChallenges {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// Stores a challenge that has no code yet.
    pub async fn insert(
        &self,
        tx: &mut Tx,
        token: TokenHash,
        challenge: &DeviceChallenge,
    ) -> Result<(), StoreError> {
        let c = challenge.clone();
        let doc = ChallengeDoc {
            id: c.id,
            token,
            user_id: c.user_id,
            code_hashes: Vec::new(),
            attempts: 0,
            created_at: c.created_at,
            expires_at: c.expires_at,
            used_at: c.used_at,
            ip: c.ip,
            user_agent: c.user_agent,
        };
        self.docs.insert_one(doc).session(&mut tx.session).await?;
        Ok(())
    }

    /// One challenge.
    pub async fn find(&self, id: DeviceChallengeId) -> Result<Option<DeviceChallenge>, StoreError> {
        Ok(self.docs.find_one(doc! { "_id": id }).max_time(max_time()).await?.map(DeviceChallenge::from))
    }

    /// The challenge with this token, in whatever state.
    pub async fn find_by_token(&self, token: TokenHash) -> Result<Option<DeviceChallenge>, StoreError> {
        let found = self.docs.find_one(doc! { "token": token }).max_time(max_time()).await?;
        Ok(found.map(DeviceChallenge::from))
    }

    /// Adds the hash of a code that is about to be mailed: false when the challenge waits no more.
    pub async fn add_code(
        &self,
        id: DeviceChallengeId,
        hash: MailCodeHash,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let filter = doc! { "_id": id, "used_at": { "$exists": false }, "expires_at": { "$gt": date(now) } };
        let update = doc! { "$push": { "code_hashes": { "$each": [hash], "$slice": -CODES_MAX } } };
        Ok(self.docs.update_one(filter, update).await?.modified_count == 1)
    }

    /// Counts a code *before* it is checked, so that codes at the same time cannot share one count. Gives the challenge
    /// and what its codes are kept as; nothing when it is gone, used, expired or `limit` codes were tried.
    pub async fn claim_attempt(
        &self,
        token: TokenHash,
        limit: i32,
        now: OffsetDateTime,
    ) -> Result<Option<(DeviceChallenge, Vec<MailCodeHash>)>, StoreError> {
        let filter = doc! {
            "token": token, "used_at": { "$exists": false }, "expires_at": { "$gt": date(now) },
            "attempts": { "$lt": limit },
        };
        let claimed = self
            .docs
            .find_one_and_update(filter, doc! { "$inc": { "attempts": 1 } })
            .return_document(ReturnDocument::After)
            .max_time(max_time())
            .await?;
        Ok(claimed.map(|mut doc| {
            let hashes = std::mem::take(&mut doc.code_hashes);
            (doc.into(), hashes)
        }))
    }

    /// Uses a challenge up that waits: true when this call did it.
    pub async fn claim(
        &self,
        tx: &mut Tx,
        id: DeviceChallengeId,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let filter = doc! { "_id": id, "used_at": { "$exists": false }, "expires_at": { "$gt": date(now) } };
        let update = doc! { "$set": { "used_at": date(now) } };
        Ok(self.docs.update_one(filter, update).session(&mut tx.session).await?.modified_count == 1)
    }

    /// Takes every challenge of a person away.
    pub async fn delete_of_user(&self, tx: &mut Tx, user: UserId) -> Result<(), StoreError> {
        self.docs.delete_many(doc! { "user_id": user }).session(&mut tx.session).await?;
        Ok(())
    }
}
