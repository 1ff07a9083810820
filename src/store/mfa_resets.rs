//! Requests to reset MFA. At most one of a person waits, by a unique partial index: what awaits approval is stored as PENDING
//! with a mark, so that it counts for that index, and versions side by side read every state.

mod claims;

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::options::Hint;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::deadline::max_time;
use super::keyset::{Order, Place, any_of, page_query_of};
use super::when::{self, date};
use super::{StoreError, Tx};
use crate::crypto::token::TokenHash;
use crate::domain::mfa_reset::RESET_TTL_MAX;
use crate::domain::recovery::CONFIRMATIONS;
use crate::domain::{
    Authority, MailDelivery, MfaReset, MfaResetId, MfaResetState, Page, PageRequest, Scope, UserId,
};

/// The collection's name.
pub const COLLECTION: &str = "mfa_resets";

const NEWEST: Order = Order { first: "_id", second: "_id", descending: true };

#[derive(Serialize, Deserialize)]
struct ResetDoc {
    #[serde(rename = "_id")]
    id: MfaResetId,
    user_id: UserId,
    requested_by: UserId,
    authority: Authority,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recovered_by: Option<[UserId; CONFIRMATIONS]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    state: MfaResetState,
    #[serde(with = "when")]
    requested_at: OffsetDateTime,
    #[serde(with = "when")]
    expires_at: OffsetDateTime,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    closed_at: Option<OffsetDateTime>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    awaiting_approval: bool,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    effective_at: Option<OffsetDateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    approved_by: Option<UserId>,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    approved_at: Option<OffsetDateTime>,
    delivery: MailDelivery,
    scopes: Vec<Scope>,
    /// One for each attempt to send the mail; all stay valid until one is used.
    token_hashes: Vec<TokenHash>,
}

impl From<ResetDoc> for MfaReset {
    fn from(doc: ResetDoc) -> Self {
        Self {
            id: doc.id,
            user_id: doc.user_id,
            requested_by: doc.requested_by,
            authority: doc.authority,
            recovered_by: doc.recovered_by,
            reason: doc.reason,
            state: doc.state,
            requested_at: doc.requested_at,
            expires_at: doc.expires_at,
            closed_at: doc.closed_at,
            awaiting_approval: doc.awaiting_approval,
            approved: doc.approved_by.zip(doc.approved_at),
            effective_at: doc.effective_at,
            delivery: doc.delivery,
            scopes: doc.scopes,
        }
    }
}

/// How a waiting reset is named.
#[derive(Debug, Clone, Copy)]
pub enum ResetKey {
    /// By its id.
    Id(MfaResetId),
    /// By a token that was mailed.
    Token(TokenHash),
    /// By the person whose MFA it is: at most one waits.
    Of(UserId),
}

impl ResetKey {
    fn filter(self) -> Document {
        match self {
            Self::Id(id) => doc! { "_id": id },
            // One that awaits approval has no token; should it ever, that opens nothing.
            Self::Token(hash) => doc! { "token_hashes": hash, "awaiting_approval": { "$ne": true } },
            Self::Of(user) => doc! { "user_id": user },
        }
    }
}

/// Requests to reset MFA.
#[derive(Clone)]
pub struct MfaResets {
    docs: Collection<ResetDoc>,
}

impl MfaResets {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// Stores a waiting reset. Another one that waits for the same person is [`StoreError::Duplicate`].
    pub async fn insert(&self, tx: &mut Tx, reset: &MfaReset) -> Result<(), StoreError> {
        let r = reset.clone();
        let doc = ResetDoc {
            id: r.id,
            user_id: r.user_id,
            requested_by: r.requested_by,
            authority: r.authority,
            recovered_by: r.recovered_by,
            reason: r.reason,
            state: r.state,
            requested_at: r.requested_at,
            expires_at: r.expires_at,
            closed_at: r.closed_at,
            awaiting_approval: r.awaiting_approval,
            effective_at: r.effective_at,
            approved_by: r.approved.map(|(by, _)| by),
            approved_at: r.approved.map(|(_, at)| at),
            delivery: r.delivery,
            scopes: r.scopes,
            token_hashes: Vec::new(),
        };
        self.docs.insert_one(doc).session(&mut tx.session).await?;
        Ok(())
    }

    /// Writes down what became of the mail.
    pub async fn set_delivery(
        &self,
        tx: &mut Tx,
        id: MfaResetId,
        delivery: MailDelivery,
    ) -> Result<(), StoreError> {
        let delivery = bson::serialize_to_bson(&delivery).map_err(|_| StoreError::Corrupt("delivery"))?;
        let update = doc! { "$set": { "delivery": delivery } };
        self.docs.update_one(doc! { "_id": id }, update).session(&mut tx.session).await?;
        Ok(())
    }

    /// The resets with these ids, in no order.
    pub async fn find_many(&self, ids: &[MfaResetId]) -> Result<Vec<MfaReset>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let cursor = self.docs.find(doc! { "_id": { "$in": ids } }).max_time(max_time()).await?;
        Ok(cursor.map_ok(MfaReset::from).try_collect().await?)
    }

    /// One reset.
    pub async fn find(&self, key: ResetKey) -> Result<Option<MfaReset>, StoreError> {
        Ok(self.docs.find_one(key.filter()).max_time(max_time()).await?.map(MfaReset::from))
    }

    /// One reset as the transaction sees it.
    pub async fn find_in(&self, tx: &mut Tx, key: ResetKey) -> Result<Option<MfaReset>, StoreError> {
        let found = self.docs.find_one(key.filter()).session(&mut tx.session).max_time(max_time()).await?;
        Ok(found.map(MfaReset::from))
    }

    /// What waits for these people at `now`; at most one reset each.
    pub async fn pending_of(
        &self,
        users: &[UserId],
        now: OffsetDateTime,
    ) -> Result<Vec<MfaReset>, StoreError> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let filter = doc! {
            "user_id": { "$in": users }, "state": MfaResetState::Pending.as_str(),
            "$or": [{ "expires_at": { "$gt": date(now) } }, { "effective_at": { "$exists": true } }],
        };
        let cursor = self
            .docs
            .find(filter)
            .batch_size(u32::try_from(users.len()).unwrap_or(u32::MAX).saturating_add(1))
            .max_time(max_time())
            .await?;
        Ok(cursor.map_ok(MfaReset::from).try_collect().await?)
    }

    /// When a person's latest resets were asked for, newest first, since a moment; as the transaction sees it.
    pub async fn requested_since(
        &self,
        tx: &mut Tx,
        user: UserId,
        since: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<OffsetDateTime>, StoreError> {
        let mut cursor = self
            .docs
            .find(doc! { "user_id": user, "requested_at": { "$gt": date(since) } })
            .sort(doc! { "requested_at": -1 })
            .limit(limit)
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        let found: Vec<ResetDoc> = cursor.stream(&mut tx.session).try_collect().await?;
        Ok(found.into_iter().map(|doc| doc.requested_at).collect())
    }

    /// Whose MFA was asked to be reset since a moment, once for each request. An index holds all of it.
    pub async fn requested_of(
        &self,
        users: &[UserId],
        since: OffsetDateTime,
    ) -> Result<Vec<UserId>, StoreError> {
        #[derive(Deserialize)]
        struct Asked {
            user_id: UserId,
        }
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let cursor = self
            .docs
            .clone_with_type::<Asked>()
            .find(doc! { "user_id": { "$in": users }, "requested_at": { "$gt": date(since) } })
            .projection(doc! { "_id": 0, "user_id": 1 })
            .batch_size(10_000)
            .max_time(max_time())
            .await?;
        Ok(cursor.map_ok(|asked| asked.user_id).try_collect().await?)
    }

    /// The index that serves a question by states, and its points. EXPIRED follows from the clock: it is a PENDING past its
    /// time. Ids begin with the time, so what may still wait is at the newer end, however many expired.
    fn in_states(scope: Scope, states: &[MfaResetState], now: OffsetDateTime) -> (Hint, Vec<Document>) {
        let scope = scope.to_string();
        if states.is_empty() {
            return (Hint::Keys(doc! { "scopes": 1, "_id": -1 }), vec![doc! { "scopes": scope }]);
        }
        let pending = MfaResetState::Pending.as_str();
        let mut states = states.to_vec();
        states.sort_unstable();
        states.dedup();
        let point = |state: &MfaResetState| match state {
            // Approved as late as can be, and then waiting as long as can be.
            MfaResetState::Pending => doc! {
                "scopes": &scope, "state": pending, "expires_at": { "$gt": date(now) },
                "awaiting_approval": { "$ne": true }, "effective_at": { "$exists": false },
                "_id": { "$gte": MfaResetId::first_at(now - 2 * RESET_TTL_MAX) },
            },
            MfaResetState::CoolingOff => {
                doc! { "scopes": &scope, "state": pending, "effective_at": { "$exists": true } }
            }
            MfaResetState::AwaitingApproval => doc! {
                "scopes": &scope, "state": pending, "expires_at": { "$gt": date(now) },
                "awaiting_approval": true,
                "_id": { "$gte": MfaResetId::first_at(now - RESET_TTL_MAX) },
            },
            MfaResetState::Expired => {
                doc! {
                    "scopes": &scope, "state": pending, "expires_at": { "$lte": date(now) },
                    "effective_at": { "$exists": false },
                }
            }
            stored => doc! { "scopes": &scope, "state": stored.as_str() },
        };
        (Hint::Keys(doc! { "scopes": 1, "state": 1, "_id": -1 }), states.iter().map(point).collect())
    }

    /// A page of the resets that a scope may see, newest first.
    pub async fn list(
        &self,
        scope: Scope,
        states: &[MfaResetState],
        now: OffsetDateTime,
        request: &PageRequest<Place>,
    ) -> Result<Page<MfaReset>, StoreError> {
        let (index, points) = Self::in_states(scope, states, now);
        let (filter, options) = page_query_of(&points, NEWEST, None, request);
        let cursor = self.docs.find(filter).with_options(options).hint(index).max_time(max_time()).await?;
        let rows: Vec<MfaReset> = cursor.map_ok(MfaReset::from).try_collect().await?;
        Ok(Page::from_rows(rows, request))
    }

    /// How many wait in one of the three states of waiting, wherever, counted up to `bound`. Ids begin with the time, so
    /// that those are read which may still wait.
    pub async fn count_waiting(
        &self,
        state: MfaResetState,
        now: OffsetDateTime,
        bound: u64,
    ) -> Result<u64, StoreError> {
        let mut filter = doc! { "state": MfaResetState::Pending.as_str() };
        let cooling = state == MfaResetState::CoolingOff;
        filter.insert("effective_at", doc! { "$exists": cooling });
        if !cooling {
            let awaiting = if state == MfaResetState::AwaitingApproval { "$eq" } else { "$ne" };
            filter.insert("awaiting_approval", doc! { awaiting: true });
            filter.insert("expires_at", doc! { "$gt": date(now) });
            filter.insert("_id", doc! { "$gte": MfaResetId::first_at(now - 2 * RESET_TTL_MAX) });
        }
        let index = if cooling {
            doc! { "effective_at": 1 }
        } else {
            doc! { "_id": 1 }
        };
        let counting = self.docs.count_documents(filter).hint(Hint::Keys(index)).limit(bound);
        Ok(counting.max_time(max_time()).await?)
    }

    /// How many there are, counted up to `bound`.
    pub async fn count(
        &self,
        scope: Scope,
        states: &[MfaResetState],
        now: OffsetDateTime,
        bound: u64,
    ) -> Result<u64, StoreError> {
        let (index, points) = Self::in_states(scope, states, now);
        let filter = any_of(&points, &[Document::new()]);
        Ok(self.docs.count_documents(filter).hint(index).limit(bound).max_time(max_time()).await?)
    }

    /// Every insert and change of a reset from now on, as its id. Ends with an error when MongoDB cannot resume it.
    pub async fn watch(
        &self,
    ) -> Result<impl futures_util::Stream<Item = Result<MfaResetId, StoreError>> + Send + use<>, StoreError>
    {
        #[derive(Deserialize)]
        struct Key {
            #[serde(rename = "_id")]
            id: MfaResetId,
        }
        let pipeline = [
            doc! { "$match": { "operationType": { "$in": ["insert", "update", "replace"] } } },
            doc! { "$project": { "documentKey": 1, "operationType": 1, "ns": 1 } },
        ];
        let stream = self.docs.clone_with_type::<Document>().watch().pipeline(pipeline).await?;
        Ok(stream.map_err(StoreError::from).try_filter_map(|event| async move {
            let key = event.document_key.and_then(|key| bson::deserialize_from_document::<Key>(key).ok());
            Ok(key.map(|key| key.id))
        }))
    }
}
