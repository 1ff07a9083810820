//! Invitations to accounts and to portfolios. At most one of an address waits in each place, by a unique partial index.

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::change::change_one;
use super::deadline::max_time;
use super::keyset::{Order, Place, page_query};
use super::when::{self, date};
use super::{StoreError, Tx};
use crate::crypto::token::TokenHash;
use crate::domain::invitation::{Invitation, InvitationState, Offer};
use crate::domain::key::EmailKey;
use crate::domain::{InvitationId, MailDelivery, Page, PageRequest, RoleId, Scope, UserId};

/// The collection's name.
pub const COLLECTION: &str = "invitations";

const NEWEST: Order = Order { first: "_id", second: "_id", descending: true };
/// Tokens kept of one invitation: more mails than can be asked for before the oldest is out of date.
const TOKENS_KEPT: i32 = 20;

#[derive(Serialize, Deserialize)]
struct InvitationDoc {
    #[serde(rename = "_id")]
    id: InvitationId,
    scope: Scope,
    offer: Offer,
    email: String,
    email_key: EmailKey,
    invited_by: UserId,
    state: InvitationState,
    #[serde(with = "when")]
    created_at: OffsetDateTime,
    #[serde(with = "when")]
    expires_at: OffsetDateTime,
    delivery: MailDelivery,
    /// One for each mail; all stay valid until one is used.
    token_hashes: Vec<TokenHash>,
}

impl From<InvitationDoc> for Invitation {
    fn from(doc: InvitationDoc) -> Self {
        Self {
            id: doc.id,
            offer: doc.offer,
            email: doc.email,
            email_key: doc.email_key,
            invited_by: doc.invited_by,
            state: doc.state,
            created_at: doc.created_at,
            expires_at: doc.expires_at,
            delivery: doc.delivery,
        }
    }
}

/// How an invitation is named.
#[derive(Debug, Clone, Copy)]
pub enum InvitationKey {
    /// By its id.
    Id(InvitationId),
    /// By a token that was mailed.
    Token(TokenHash),
}

impl InvitationKey {
    fn filter(self) -> Document {
        match self {
            Self::Id(id) => doc! { "_id": id },
            Self::Token(hash) => doc! { "token_hashes": hash },
        }
    }
}

const PENDING: &str = InvitationState::Pending.as_str();

/// Invitations.
#[derive(Clone)]
pub struct Invitations {
    docs: Collection<InvitationDoc>,
}

impl Invitations {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// Stores an invitation that waits. Another one that waits for the same address and place is
    /// [`StoreError::Duplicate`].
    pub async fn insert(&self, tx: &mut Tx, invitation: &Invitation) -> Result<(), StoreError> {
        let i = invitation.clone();
        let doc = InvitationDoc {
            id: i.id,
            scope: i.offer.scope(),
            offer: i.offer,
            email: i.email,
            email_key: i.email_key,
            invited_by: i.invited_by,
            state: i.state,
            created_at: i.created_at,
            expires_at: i.expires_at,
            delivery: i.delivery,
            token_hashes: Vec::new(),
        };
        self.docs.insert_one(doc).session(&mut tx.session).await?;
        Ok(())
    }

    /// The invitation that waits for an address in a place, in time or not, as the transaction sees it.
    pub async fn find_pending_in(
        &self,
        tx: &mut Tx,
        scope: Scope,
        email: &EmailKey,
    ) -> Result<Option<Invitation>, StoreError> {
        let filter = doc! { "scope": scope.to_string(), "email_key": email.as_str(), "state": PENDING };
        let found = self.docs.find_one(filter).session(&mut tx.session).max_time(max_time()).await?;
        Ok(found.map(Invitation::from))
    }

    /// One invitation.
    pub async fn find(&self, key: InvitationKey) -> Result<Option<Invitation>, StoreError> {
        Ok(self.docs.find_one(key.filter()).max_time(max_time()).await?.map(Invitation::from))
    }

    /// One invitation as the transaction sees it.
    pub async fn find_in(&self, tx: &mut Tx, key: InvitationKey) -> Result<Option<Invitation>, StoreError> {
        let found = self.docs.find_one(key.filter()).session(&mut tx.session).max_time(max_time()).await?;
        Ok(found.map(Invitation::from))
    }

    /// Accepts an invitation that waits and is in time: gives it, closed, when this call did it. This conditional
    /// update is what makes an invitation good for one person once.
    pub async fn claim_acceptance(
        &self,
        tx: &mut Tx,
        hash: TokenHash,
        now: OffsetDateTime,
    ) -> Result<Option<Invitation>, StoreError> {
        let filter = doc! { "token_hashes": hash, "state": PENDING, "expires_at": { "$gt": date(now) } };
        self.close(tx, filter, InvitationState::Accepted).await
    }

    /// Closes an invitation that waits, in time or not: gives it, closed, when this call did it.
    pub async fn claim_closing(
        &self,
        tx: &mut Tx,
        id: InvitationId,
        to: InvitationState,
    ) -> Result<Option<Invitation>, StoreError> {
        self.close(tx, doc! { "_id": id, "state": PENDING }, to).await
    }

    async fn close(
        &self,
        tx: &mut Tx,
        filter: Document,
        to: InvitationState,
    ) -> Result<Option<Invitation>, StoreError> {
        let update = doc! { "$set": { "state": to.as_str() } };
        Ok(change_one(&self.docs, tx, filter, update).await?.map(Invitation::from))
    }

    /// Takes back whatever waits for an address in a place: true when something did.
    pub async fn revoke_of(&self, tx: &mut Tx, scope: Scope, email: &EmailKey) -> Result<bool, StoreError> {
        let filter = doc! { "scope": scope.to_string(), "email_key": email.as_str(), "state": PENDING };
        self.revoke(tx, filter).await.map(|count| count > 0)
    }

    /// Takes back whatever waits for an address in these places: how many there were.
    pub async fn revoke_in_all(
        &self,
        tx: &mut Tx,
        scopes: &[Scope],
        email: &EmailKey,
    ) -> Result<u64, StoreError> {
        let scopes: Vec<String> = scopes.iter().map(Scope::to_string).collect();
        let filter = doc! { "scope": { "$in": scopes }, "email_key": email.as_str(), "state": PENDING };
        self.revoke(tx, filter).await
    }

    /// Takes back whatever waits in a place: how many there were.
    pub async fn revoke_all(&self, tx: &mut Tx, scope: Scope) -> Result<u64, StoreError> {
        self.revoke(tx, doc! { "scope": scope.to_string(), "state": PENDING }).await
    }

    async fn revoke(&self, tx: &mut Tx, filter: Document) -> Result<u64, StoreError> {
        let update = doc! { "$set": { "state": InvitationState::Revoked.as_str() } };
        Ok(self.docs.update_many(filter, update).session(&mut tx.session).await?.modified_count)
    }

    /// Lets an invitation that waits, in time or not, last until then, with another mail under way: gives it when this
    /// call did it.
    pub async fn renew(
        &self,
        tx: &mut Tx,
        id: InvitationId,
        expires_at: OffsetDateTime,
    ) -> Result<Option<Invitation>, StoreError> {
        let update = doc! { "$set": { "expires_at": date(expires_at), "delivery": "QUEUED" } };
        let waits = doc! { "_id": id, "state": PENDING };
        Ok(change_one(&self.docs, tx, waits, update).await?.map(Invitation::from))
    }

    /// Adds the hash of a token that is about to be mailed: false when the invitation waits no more.
    pub async fn add_token(
        &self,
        id: InvitationId,
        hash: TokenHash,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let filter = doc! { "_id": id, "state": PENDING, "expires_at": { "$gt": date(now) } };
        let update = doc! { "$push": { "token_hashes": { "$each": [hash], "$slice": -TOKENS_KEPT } } };
        Ok(self.docs.update_one(filter, update).await?.modified_count == 1)
    }

    /// Writes down what became of the mail.
    pub async fn set_delivery(
        &self,
        tx: &mut Tx,
        id: InvitationId,
        delivery: MailDelivery,
    ) -> Result<(), StoreError> {
        let delivery = bson::serialize_to_bson(&delivery).map_err(|_| StoreError::Corrupt("delivery"))?;
        let update = doc! { "$set": { "delivery": delivery } };
        self.docs.update_one(doc! { "_id": id }, update).session(&mut tx.session).await?;
        Ok(())
    }

    /// A page of the invitations of a place that nobody accepted or took back, newest first.
    pub async fn list(
        &self,
        scope: Scope,
        request: &PageRequest<Place>,
    ) -> Result<Page<Invitation>, StoreError> {
        let base = doc! { "scope": scope.to_string(), "state": PENDING };
        let (filter, options) = page_query(base, NEWEST, None, request);
        let cursor = self.docs.find(filter).with_options(options).max_time(max_time()).await?;
        let rows: Vec<Invitation> = cursor.map_ok(Invitation::from).try_collect().await?;
        Ok(Page::from_rows(rows, request))
    }

    /// How many invitations that can still be accepted offer a custom role, as the transaction sees it; counted up to
    /// `bound`.
    pub async fn count_offering(
        &self,
        tx: &mut Tx,
        role: RoleId,
        now: OffsetDateTime,
        bound: u64,
    ) -> Result<u64, StoreError> {
        let filter =
            doc! { "offer.custom_role_id": role, "state": PENDING, "expires_at": { "$gt": date(now) } };
        Ok(self
            .docs
            .count_documents(filter)
            .limit(bound)
            .session(&mut tx.session)
            .max_time(max_time())
            .await?)
    }

    /// How many there are, counted up to `bound`.
    pub async fn count(&self, scope: Scope, bound: u64) -> Result<u64, StoreError> {
        let filter = doc! { "scope": scope.to_string(), "state": PENDING };
        Ok(self.docs.count_documents(filter).limit(bound).max_time(max_time()).await?)
    }
}
