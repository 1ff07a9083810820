//! Short-lived one-time tokens other than resets, found by their SHA-256: log-in challenges, enrolment tokens, and
//! TOTP secrets that wait for their first code.

use bson::doc;
use mongodb::options::ReturnDocument;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::deadline::{self, max_time};
use super::when::{self, date};
use super::{StoreError, Tx};
use crate::crypto::keyring::Sealed;
use crate::crypto::token::TokenHash;
use crate::domain::UserId;

/// The collection's name.
pub const COLLECTION: &str = "tickets";

/// What a ticket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TicketKind {
    /// The password was right; a second factor is asked for.
    Challenge,
    /// The password was right; MFA must be set up first.
    Enrollment,
    /// A TOTP secret that waits for its first code.
    PendingTotp,
}

impl TicketKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Challenge => "CHALLENGE",
            Self::Enrollment => "ENROLLMENT",
            Self::PendingTotp => "PENDING_TOTP",
        }
    }
}

/// A ticket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ticket {
    /// The SHA-256 of the token, or a digest that stands for what the ticket hangs on.
    #[serde(rename = "_id")]
    pub key: TokenHash,
    /// What it is for.
    pub kind: TicketKind,
    /// Whose it is.
    pub user_id: UserId,
    /// Answers tried.
    pub attempts: i32,
    /// Since when.
    #[serde(with = "when")]
    pub created_at: OffsetDateTime,
    /// Until when.
    #[serde(with = "when")]
    pub expires_at: OffsetDateTime,
    /// The waiting TOTP secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// Short-lived one-time tokens.
#[derive(Clone)]
pub struct Tickets {
    docs: Collection<Ticket>,
}

impl Tickets {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// Stores a ticket in a transaction.
    pub async fn insert(&self, tx: &mut Tx, ticket: &Ticket) -> Result<(), StoreError> {
        self.docs.insert_one(ticket).session(&mut tx.session).await?;
        Ok(())
    }

    /// Stores a ticket, in place of the one with the same key.
    pub async fn put(&self, ticket: &Ticket) -> Result<(), StoreError> {
        let (mut session, _watch) = deadline::session(self.docs.client()).await?;
        self.docs.replace_one(doc! { "_id": ticket.key }, ticket).upsert(true).session(&mut session).await?;
        Ok(())
    }

    /// The ticket with this key, if it is alive at `now`.
    pub async fn find_live(
        &self,
        key: &TokenHash,
        kind: TicketKind,
        now: OffsetDateTime,
    ) -> Result<Option<Ticket>, StoreError> {
        let filter = doc! { "_id": key, "kind": kind.as_str(), "expires_at": { "$gt": date(now) } };
        Ok(self.docs.find_one(filter).max_time(max_time()).await?)
    }

    /// Counts an answer *before* it is checked, so that answers at the same time cannot share one count. Gives the
    /// ticket with the count that includes this answer; nothing when it is gone, expired or `limit` answers were tried.
    pub async fn claim_attempt(
        &self,
        key: &TokenHash,
        kind: TicketKind,
        limit: i32,
        now: OffsetDateTime,
    ) -> Result<Option<Ticket>, StoreError> {
        let filter = doc! {
            "_id": key, "kind": kind.as_str(), "expires_at": { "$gt": date(now) }, "attempts": { "$lt": limit },
        };
        let claimed = self
            .docs
            .find_one_and_update(filter, doc! { "$inc": { "attempts": 1 } })
            .return_document(ReturnDocument::After)
            .max_time(max_time())
            .await?;
        Ok(claimed)
    }

    /// Uses a ticket up: true when this call did it.
    pub async fn claim(&self, tx: &mut Tx, key: &TokenHash, kind: TicketKind) -> Result<bool, StoreError> {
        let filter = doc! { "_id": key, "kind": kind.as_str() };
        let result = self.docs.delete_one(filter).session(&mut tx.session).await?;
        Ok(result.deleted_count == 1)
    }

    /// Takes every ticket of a person away.
    pub async fn delete_of_user(&self, tx: &mut Tx, user: UserId) -> Result<(), StoreError> {
        self.docs.delete_many(doc! { "user_id": user }).session(&mut tx.session).await?;
        Ok(())
    }
}
