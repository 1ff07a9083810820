//! Live log-ins, found by the SHA-256 of their token.

use std::net::IpAddr;

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::deadline::{self, max_time};
use super::keyset::{Order, Place, page_query};
use super::when::{self, date};
use super::{StoreError, Tx};
use crate::crypto::token::TokenHash;
use crate::domain::{Page, PageRequest, Session, SessionId, UserId};

/// The collection's name.
pub const COLLECTION: &str = "sessions";

const NEWEST: Order = Order { first: "session_id", second: "session_id", descending: true };

#[derive(Serialize, Deserialize)]
struct SessionDoc {
    #[serde(rename = "_id")]
    token: TokenHash,
    session_id: SessionId,
    user_id: UserId,
    #[serde(with = "when")]
    created_at: OffsetDateTime,
    #[serde(with = "when")]
    last_used_at: OffsetDateTime,
    /// When it ends if it is not used; moves with each use.
    #[serde(with = "when")]
    idle_until: OffsetDateTime,
    #[serde(with = "when")]
    expires_at: OffsetDateTime,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    mfa_at: Option<OffsetDateTime>,
    /// When the password was proved again; the log-in proved it first.
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    password_at: Option<OffsetDateTime>,
    #[serde(default, with = "super::ip_text", skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

impl From<SessionDoc> for Session {
    fn from(doc: SessionDoc) -> Self {
        Self {
            id: doc.session_id,
            user_id: doc.user_id,
            created_at: doc.created_at,
            last_used_at: doc.last_used_at,
            expires_at: doc.expires_at,
            mfa_at: doc.mfa_at,
            password_at: doc.password_at.unwrap_or(doc.created_at),
            ip: doc.ip,
            user_agent: doc.user_agent,
        }
    }
}

/// Live log-ins.
#[derive(Clone)]
pub struct Sessions {
    docs: Collection<SessionDoc>,
}

impl Sessions {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// Stores a new session.
    pub async fn insert(
        &self,
        tx: &mut Tx,
        token: TokenHash,
        session: &Session,
        idle_until: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let s = session.clone();
        let doc = SessionDoc {
            token,
            session_id: s.id,
            user_id: s.user_id,
            created_at: s.created_at,
            last_used_at: s.last_used_at,
            idle_until,
            expires_at: s.expires_at,
            mfa_at: s.mfa_at,
            password_at: Some(s.password_at),
            ip: s.ip,
            user_agent: s.user_agent,
        };
        self.docs.insert_one(doc).session(&mut tx.session).await?;
        Ok(())
    }

    /// The session with this token, if it is alive at `now`.
    pub async fn find_live(
        &self,
        token: &TokenHash,
        now: OffsetDateTime,
    ) -> Result<Option<Session>, StoreError> {
        let found = self.docs.find_one(doc! { "_id": token }).max_time(max_time()).await?;
        Ok(found.filter(|doc| now < doc.idle_until && now < doc.expires_at).map(Session::from))
    }

    /// The session with this id, if it is alive at `now`.
    pub async fn find_live_by_id(
        &self,
        id: SessionId,
        now: OffsetDateTime,
    ) -> Result<Option<Session>, StoreError> {
        let found = self.docs.find_one(doc! { "session_id": id }).max_time(max_time()).await?;
        Ok(found.filter(|doc| now < doc.idle_until && now < doc.expires_at).map(Session::from))
    }

    /// The same as the transaction sees it.
    pub async fn find_live_in(
        &self,
        tx: &mut Tx,
        id: SessionId,
        now: OffsetDateTime,
    ) -> Result<Option<Session>, StoreError> {
        let found = self
            .docs
            .find_one(doc! { "session_id": id })
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        Ok(found.filter(|doc| now < doc.idle_until && now < doc.expires_at).map(Session::from))
    }

    /// Notes a use, unless a later one was noted already.
    pub async fn touch(
        &self,
        id: SessionId,
        now: OffsetDateTime,
        idle_until: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let filter = doc! { "session_id": id, "last_used_at": { "$lt": date(now) } };
        let update = doc! { "$set": { "last_used_at": date(now), "idle_until": date(idle_until) } };
        let (mut session, _watch) = deadline::session(self.docs.client()).await?;
        self.docs.update_one(filter, update).session(&mut session).await?;
        Ok(())
    }

    /// Writes down that a second factor was answered in a session: false when it has ended.
    pub async fn set_mfa_at(
        &self,
        tx: &mut Tx,
        id: SessionId,
        at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.set(tx, id, doc! { "mfa_at": date(at) }).await
    }

    /// Writes down that the password was proved again in a session: false when it has ended.
    pub async fn set_password_at(
        &self,
        tx: &mut Tx,
        id: SessionId,
        at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.set(tx, id, doc! { "password_at": date(at) }).await
    }

    async fn set(&self, tx: &mut Tx, id: SessionId, fields: Document) -> Result<bool, StoreError> {
        let update = doc! { "$set": fields };
        let result = self.docs.update_one(doc! { "session_id": id }, update).session(&mut tx.session).await?;
        Ok(result.matched_count == 1)
    }

    /// Forgets in every session of a person that a second factor was answered.
    pub async fn unset_mfa_at(&self, tx: &mut Tx, user: UserId) -> Result<(), StoreError> {
        let update = doc! { "$unset": { "mfa_at": "" } };
        self.docs.update_many(doc! { "user_id": user }, update).session(&mut tx.session).await?;
        Ok(())
    }

    /// Ends one session of a person: true when this call did it.
    pub async fn delete(&self, tx: &mut Tx, user: UserId, id: SessionId) -> Result<bool, StoreError> {
        let filter = doc! { "session_id": id, "user_id": user };
        let result = self.docs.delete_one(filter).session(&mut tx.session).await?;
        Ok(result.deleted_count == 1)
    }

    /// Ends every session of a person, or all but one; gives how many.
    pub async fn delete_of_user(
        &self,
        tx: &mut Tx,
        user: UserId,
        except: Option<SessionId>,
    ) -> Result<u64, StoreError> {
        let mut filter = doc! { "user_id": user };
        if let Some(id) = except {
            filter.insert("session_id", doc! { "$ne": id });
        }
        let result = self.docs.delete_many(filter).session(&mut tx.session).await?;
        Ok(result.deleted_count)
    }

    /// A page of a person's live sessions, newest first.
    pub async fn list(
        &self,
        user: UserId,
        now: OffsetDateTime,
        request: &PageRequest<Place>,
    ) -> Result<Page<Session>, StoreError> {
        let mut base = doc! { "user_id": user };
        base.insert("idle_until", doc! { "$gt": date(now) });
        base.insert("expires_at", doc! { "$gt": date(now) });
        let (filter, options) = page_query(base, NEWEST, None, request);
        let cursor = self.docs.find(filter).with_options(options).max_time(max_time()).await?;
        let rows: Vec<Session> = cursor.map_ok(Session::from).try_collect().await?;
        Ok(Page::from_rows(rows, request))
    }

    /// How many live sessions a person has.
    pub async fn count(&self, user: UserId, now: OffsetDateTime) -> Result<u64, StoreError> {
        let filter =
            doc! { "user_id": user, "idle_until": { "$gt": date(now) }, "expires_at": { "$gt": date(now) } };
        Ok(self.docs.count_documents(filter).max_time(max_time()).await?)
    }
}
