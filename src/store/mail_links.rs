//! One-time links that travel by mail: for verifying an address, for replacing it, for setting a new password.

use bson::{Document, doc};
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::change::change_one;
use super::deadline::max_time;
use super::when::{self, date};
use super::{StoreError, Tx};
use crate::crypto::token::TokenHash;
use crate::domain::{MailLink, MailLinkId, MailLinkKind, MailLinkState, UserId};

/// The collection's name.
pub const COLLECTION: &str = "mail_links";

#[derive(Serialize, Deserialize)]
struct LinkDoc {
    #[serde(rename = "_id")]
    id: MailLinkId,
    kind: MailLinkKind,
    user_id: UserId,
    email: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    old_email: Option<String>,
    state: MailLinkState,
    #[serde(with = "when")]
    created_at: OffsetDateTime,
    #[serde(with = "when")]
    expires_at: OffsetDateTime,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    held_until: Option<OffsetDateTime>,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    closed_at: Option<OffsetDateTime>,
    /// One for each attempt to send the mail; all stay valid until one is used.
    token_hashes: Vec<TokenHash>,
}

impl From<LinkDoc> for MailLink {
    fn from(doc: LinkDoc) -> Self {
        Self {
            id: doc.id,
            kind: doc.kind,
            user_id: doc.user_id,
            email: doc.email,
            old_email: doc.old_email,
            state: doc.state,
            created_at: doc.created_at,
            expires_at: doc.expires_at,
            held_until: doc.held_until,
        }
    }
}

const PENDING: &str = MailLinkState::Pending.as_str();

fn waiting(mut filter: Document, now: OffsetDateTime) -> Document {
    filter.insert("state", PENDING);
    filter.insert("expires_at", doc! { "$gt": date(now) });
    filter
}

/// One-time links that travel by mail.
#[derive(Clone)]
pub struct MailLinks {
    docs: Collection<LinkDoc>,
}

impl MailLinks {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// Stores a link that has no token yet.
    pub async fn insert(&self, tx: &mut Tx, link: &MailLink) -> Result<(), StoreError> {
        let link = link.clone();
        let doc = LinkDoc {
            id: link.id,
            kind: link.kind,
            user_id: link.user_id,
            email: link.email,
            old_email: link.old_email,
            state: link.state,
            created_at: link.created_at,
            expires_at: link.expires_at,
            held_until: link.held_until,
            closed_at: None,
            token_hashes: Vec::new(),
        };
        self.docs.insert_one(doc).session(&mut tx.session).await?;
        Ok(())
    }

    /// One link.
    pub async fn find(&self, id: MailLinkId) -> Result<Option<MailLink>, StoreError> {
        Ok(self.docs.find_one(doc! { "_id": id }).max_time(max_time()).await?.map(MailLink::from))
    }

    /// The link with this token, in whatever state.
    pub async fn find_by_token(&self, token: TokenHash) -> Result<Option<MailLink>, StoreError> {
        let found = self.docs.find_one(doc! { "token_hashes": token }).max_time(max_time()).await?;
        Ok(found.map(MailLink::from))
    }

    /// The link of a kind that waits for a person at `now`; the latest, if there are several.
    pub async fn find_waiting(
        &self,
        user: UserId,
        kind: MailLinkKind,
        now: OffsetDateTime,
    ) -> Result<Option<MailLink>, StoreError> {
        let filter = waiting(doc! { "user_id": user, "kind": kind.as_str() }, now);
        let found = self.docs.find_one(filter).sort(doc! { "_id": -1 }).max_time(max_time()).await?;
        Ok(found.map(MailLink::from))
    }

    /// Whether a link of a kind waits for a person, as the transaction sees it.
    pub async fn any_waiting(
        &self,
        tx: &mut Tx,
        user: UserId,
        kind: MailLinkKind,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let filter = waiting(doc! { "user_id": user, "kind": kind.as_str() }, now);
        Ok(self.docs.find_one(filter).session(&mut tx.session).max_time(max_time()).await?.is_some())
    }

    /// Adds the hash of a token that is about to be mailed: false when the link waits no more.
    pub async fn add_token(
        &self,
        id: MailLinkId,
        hash: TokenHash,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let update = doc! { "$push": { "token_hashes": hash } };
        Ok(self.docs.update_one(waiting(doc! { "_id": id }, now), update).await?.modified_count == 1)
    }

    /// Uses a link up that waits and is in time: gives it, used, when this call did it. This conditional update is what
    /// makes a link work at most once.
    pub async fn claim(
        &self,
        tx: &mut Tx,
        token: TokenHash,
        now: OffsetDateTime,
    ) -> Result<Option<MailLink>, StoreError> {
        let update = doc! { "$set": { "state": MailLinkState::Used.as_str(), "closed_at": date(now) } };
        let waits = waiting(doc! { "token_hashes": token }, now);
        Ok(change_one(&self.docs, tx, waits, update).await?.map(MailLink::from))
    }

    /// Makes what waits for a person void: the links of one kind, or all.
    pub async fn close_of_user(
        &self,
        tx: &mut Tx,
        user: UserId,
        kind: Option<MailLinkKind>,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let mut filter = doc! { "user_id": user, "state": PENDING };
        if let Some(kind) = kind {
            filter.insert("kind", kind.as_str());
        }
        let update = doc! { "$set": { "state": MailLinkState::Closed.as_str(), "closed_at": date(now) } };
        self.docs.update_many(filter, update).session(&mut tx.session).await?;
        Ok(())
    }
}
