//! The conditional updates of a reset's life. Each says whether this call did it.

use bson::{Document, doc};
use futures_util::TryStreamExt;
use serde::Deserialize;
use time::OffsetDateTime;

use super::{MfaResets, ResetKey};
use crate::crypto::token::TokenHash;
use crate::domain::{MfaReset, MfaResetId, MfaResetState, UserId};
use crate::store::change::change_one;
use crate::store::deadline::max_time;
use crate::store::when::date;
use crate::store::{StoreError, Tx};

/// What waits still: in time, or accepted and not yet due. For a person it is whatever has no effect yet: who switches MFA off
/// must not have the next factor taken away by what is due.
fn open(key: ResetKey, now: OffsetDateTime) -> Document {
    let waits = doc! { "expires_at": { "$gt": date(now) }, "effective_at": { "$exists": false } };
    let cools = match key {
        ResetKey::Of(_) => doc! { "effective_at": { "$exists": true } },
        ResetKey::Id(_) | ResetKey::Token(_) => doc! { "effective_at": { "$gt": date(now) } },
    };
    let mut filter = key.filter();
    filter.insert("state", MfaResetState::Pending.as_str());
    filter.insert("$or", vec![waits, cools]);
    filter
}

impl MfaResets {
    /// Replaces whatever waits for a person: gives it when this call did it. One that waited past its time is closed
    /// as well, as superseded, so that the unique index has room.
    pub async fn supersede(
        &self,
        tx: &mut Tx,
        user: UserId,
        now: OffsetDateTime,
    ) -> Result<Option<MfaReset>, StoreError> {
        let filter = doc! { "user_id": user, "state": MfaResetState::Pending.as_str() };
        let update = doc! { "$set": { "state": MfaResetState::Superseded.as_str(), "closed_at": date(now) } };
        let closed = self
            .docs
            .find_one_and_update(filter, update)
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        Ok(closed.map(MfaReset::from))
    }

    /// The one reset that the condition holds for, changed; nothing when there is none.
    async fn changed(
        &self,
        tx: &mut Tx,
        condition: Document,
        update: Document,
    ) -> Result<Option<MfaReset>, StoreError> {
        Ok(change_one(&self.docs, tx, condition, update).await?.map(MfaReset::from))
    }

    /// Closes a reset that waits and is in time: gives it, closed, when this call did it. This conditional update is
    /// what makes a reset happen at most once.
    pub async fn claim(
        &self,
        tx: &mut Tx,
        key: ResetKey,
        to: MfaResetState,
        now: OffsetDateTime,
    ) -> Result<Option<MfaReset>, StoreError> {
        let filter = open(key, now);
        let update = doc! { "$set": { "state": to.as_str(), "closed_at": date(now) } };
        self.changed(tx, filter, update).await
    }

    /// Approves a reset that awaits it, in time, for somebody else than the requester: gives it when this call did it. Its time
    /// begins now.
    pub async fn claim_approval(
        &self,
        tx: &mut Tx,
        id: MfaResetId,
        by: UserId,
        now: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<Option<MfaReset>, StoreError> {
        let filter = doc! {
            "_id": id, "state": MfaResetState::Pending.as_str(), "awaiting_approval": true,
            "expires_at": { "$gt": date(now) }, "requested_by": { "$ne": by },
        };
        let update = doc! {
            "$set": { "approved_by": by, "approved_at": date(now), "expires_at": date(expires_at) },
            "$unset": { "awaiting_approval": "" },
        };
        self.changed(tx, filter, update).await
    }

    /// Adds the hash of a token that is about to be mailed: false when the reset waits no more.
    pub async fn add_token(
        &self,
        id: MfaResetId,
        hash: TokenHash,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let filter = doc! {
            "_id": id, "state": MfaResetState::Pending.as_str(), "awaiting_approval": { "$ne": true },
            "$or": [{ "expires_at": { "$gt": date(now) } }, { "effective_at": { "$gt": date(now) } }],
        };
        let update = doc! { "$push": { "token_hashes": hash } };
        Ok(self.docs.update_one(filter, update).await?.modified_count == 1)
    }

    /// Lets an accepted reset take effect later: gives it when this call did it.
    pub async fn claim_cooling_off(
        &self,
        tx: &mut Tx,
        hash: TokenHash,
        effective_at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Option<MfaReset>, StoreError> {
        let mut filter = ResetKey::Token(hash).filter();
        filter.insert("state", MfaResetState::Pending.as_str());
        filter.insert("expires_at", doc! { "$gt": date(now) });
        filter.insert("effective_at", doc! { "$exists": false });
        let update = doc! { "$set": { "effective_at": date(effective_at) } };
        self.changed(tx, filter, update).await
    }

    /// Closes a reset whose time of effect has come: gives it, closed, when this call did it.
    pub async fn claim_due(
        &self,
        tx: &mut Tx,
        key: ResetKey,
        now: OffsetDateTime,
    ) -> Result<Option<MfaReset>, StoreError> {
        let mut filter = key.filter();
        filter.insert("state", MfaResetState::Pending.as_str());
        filter.insert("effective_at", doc! { "$lte": date(now) });
        let update = doc! { "$set": { "state": MfaResetState::Accepted.as_str(), "closed_at": date(now) } };
        self.changed(tx, filter, update).await
    }

    /// The resets whose time of effect has come, the earliest first.
    pub async fn due(&self, now: OffsetDateTime, limit: i64) -> Result<Vec<MfaResetId>, StoreError> {
        #[derive(Deserialize)]
        struct Key {
            #[serde(rename = "_id")]
            id: MfaResetId,
        }
        let filter = doc! { "state": MfaResetState::Pending.as_str(), "effective_at": { "$lte": date(now) } };
        let cursor = self
            .docs
            .clone_with_type::<Key>()
            .find(filter)
            .sort(doc! { "effective_at": 1 })
            .projection(doc! { "_id": 1 })
            .limit(limit)
            .max_time(max_time())
            .await?;
        Ok(cursor.map_ok(|key| key.id).try_collect().await?)
    }
}
