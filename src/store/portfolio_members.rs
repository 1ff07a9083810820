//! Who is in which portfolio itself, with copies of what its list sorts, searches and filters by.

mod changes;
mod enforcement;

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::mongo::MAX_TIME;
use super::people::{PersonPlace, count_people, page_of_people};
use super::when;
use super::{StoreError, Tx};
use crate::domain::key::{EmailKey, name_key};
use crate::domain::{Page, PageRequest, PortfolioId, PortfolioMembership, PortfolioRole, UserId};

/// The collection's name.
pub const COLLECTION: &str = "portfolio_members";

#[derive(Serialize, Deserialize)]
struct MemberKey {
    portfolio: PortfolioId,
    user: UserId,
}

#[derive(Serialize, Deserialize)]
struct MemberDoc {
    /// One place in a portfolio for each person, by the database.
    #[serde(rename = "_id")]
    key: MemberKey,
    portfolio_id: PortfolioId,
    user_id: UserId,
    role: PortfolioRole,
    #[serde(with = "when")]
    joined_at: OffsetDateTime,
    name_key: String,
    email_key: EmailKey,
    mfa_enabled: bool,
}

/// What a page or a permission needs; all of it stands in the index, so no document is read for it.
#[derive(Deserialize)]
struct PlaceDoc {
    portfolio_id: PortfolioId,
    user_id: UserId,
    role: PortfolioRole,
    #[serde(with = "when")]
    joined_at: OffsetDateTime,
}

#[derive(Deserialize)]
struct RowDoc {
    #[serde(flatten)]
    place: PlaceDoc,
    name_key: String,
    email_key: EmailKey,
}

fn place_fields() -> Document {
    doc! { "_id": 0, "portfolio_id": 1, "user_id": 1, "role": 1, "joined_at": 1 }
}

/// What a row of the list shows. It stands in the index by name, so that those pages read no document.
fn row_fields() -> Document {
    let mut fields = place_fields();
    fields.extend(doc! { "name_key": 1, "email_key": 1 });
    fields
}

impl From<PlaceDoc> for PortfolioMembership {
    fn from(doc: PlaceDoc) -> Self {
        Self {
            portfolio_id: doc.portfolio_id,
            user_id: doc.user_id,
            role: doc.role,
            joined_at: doc.joined_at,
        }
    }
}

/// A member as listed, with its place in the list.
#[derive(Debug, Clone)]
pub struct ListedMember {
    /// The membership.
    pub membership: PortfolioMembership,
    /// Where it stands in the list.
    pub place: PersonPlace,
}

/// A membership to store, with the copies that the lists need.
#[derive(Debug, Clone)]
pub struct NewMember<'a> {
    /// The membership.
    pub membership: PortfolioMembership,
    /// The person's name as typed.
    pub name: &'a str,
    /// The person's address key.
    pub email_key: EmailKey,
    /// Whether the person has MFA.
    pub mfa_enabled: bool,
}

impl NewMember<'_> {
    /// The document, for inserts and bulk writes.
    pub fn into_document(self) -> Result<Document, StoreError> {
        let m = self.membership;
        let doc = MemberDoc {
            key: MemberKey { portfolio: m.portfolio_id, user: m.user_id },
            portfolio_id: m.portfolio_id,
            user_id: m.user_id,
            role: m.role,
            joined_at: m.joined_at,
            name_key: name_key(self.name),
            email_key: self.email_key,
            mfa_enabled: self.mfa_enabled,
        };
        bson::serialize_to_document(&doc).map_err(|_| StoreError::Corrupt("member"))
    }
}

/// What the list is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct MemberFilter {
    /// A prefix of the name or of the address, already a key.
    pub search: Option<String>,
    /// Only these roles; empty for all.
    pub roles: Vec<PortfolioRole>,
    /// Only with or without MFA.
    pub mfa_enabled: Option<bool>,
}

impl MemberFilter {
    /// Whether it lets everybody through.
    pub fn is_open(&self) -> bool {
        self.search.is_none() && self.roles.is_empty() && self.mfa_enabled.is_none()
    }

    fn apply(&self, mut base: Document) -> Document {
        match self.roles.as_slice() {
            [] => {}
            [role] => drop(base.insert("role", role.as_str())),
            roles => {
                let roles: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
                base.insert("role", doc! { "$in": roles });
            }
        }
        if let Some(enabled) = self.mfa_enabled {
            base.insert("mfa_enabled", enabled);
        }
        base
    }
}

/// Who is in which portfolio.
#[derive(Clone)]
pub struct PortfolioMembers {
    docs: Collection<Document>,
}

impl PortfolioMembers {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// Every portfolio place of these people, in no order. An index holds all of it.
    pub async fn of_users(&self, users: &[UserId]) -> Result<Vec<PortfolioMembership>, StoreError> {
        let filter = match users {
            [] => return Ok(Vec::new()),
            [user] => doc! { "user_id": user },
            users => doc! { "user_id": { "$in": users } },
        };
        let cursor = self
            .docs
            .clone_with_type::<PlaceDoc>()
            .find(filter)
            .projection(place_fields())
            .batch_size(100_000)
            .max_time(MAX_TIME)
            .await?;
        Ok(cursor.map_ok(PortfolioMembership::from).try_collect().await?)
    }

    /// Every portfolio place of one person, as the transaction sees it.
    pub async fn of_user_in(
        &self,
        tx: &mut Tx,
        user: UserId,
    ) -> Result<Vec<PortfolioMembership>, StoreError> {
        let mut cursor = self
            .docs
            .clone_with_type::<PlaceDoc>()
            .find(doc! { "user_id": user })
            .projection(place_fields())
            .batch_size(100_000)
            .session(&mut tx.session)
            .await?;
        let places: Vec<PlaceDoc> = cursor.stream(&mut tx.session).try_collect().await?;
        Ok(places.into_iter().map(PortfolioMembership::from).collect())
    }

    /// A page of a portfolio's people.
    pub async fn list(
        &self,
        portfolio: PortfolioId,
        filter: &MemberFilter,
        request: &PageRequest<PersonPlace>,
    ) -> Result<Page<ListedMember>, StoreError> {
        let base = filter.apply(doc! { "portfolio_id": portfolio });
        page_of_people(&self.docs, &base, filter.search.as_deref(), request, row_fields(), listed).await
    }

    /// How many people of a portfolio the filter lets through, counted up to `bound`.
    pub async fn count(
        &self,
        portfolio: PortfolioId,
        filter: &MemberFilter,
        bound: u64,
    ) -> Result<u64, StoreError> {
        let base = filter.apply(doc! { "portfolio_id": portfolio });
        count_people(&self.docs, &base, filter.search.as_deref(), bound).await
    }

    /// The people of a portfolio who hold one of these roles; at most `limit`.
    pub async fn with_roles(
        &self,
        portfolio: PortfolioId,
        roles: &[PortfolioRole],
        limit: u32,
    ) -> Result<Vec<PortfolioMembership>, StoreError> {
        let filter = MemberFilter { roles: roles.to_vec(), ..MemberFilter::default() };
        let page = self.list(portfolio, &filter, &PageRequest::first(limit)).await?;
        Ok(page.items.into_iter().map(|member| member.membership).collect())
    }

    /// Stores a membership. A person who is in the portfolio already is [`StoreError::Duplicate`].
    pub async fn insert(&self, tx: &mut Tx, member: NewMember<'_>) -> Result<(), StoreError> {
        let document = member.into_document()?;
        self.docs.insert_one(document).session(&mut tx.session).await?;
        Ok(())
    }

    /// One person's place in one portfolio, as the transaction sees it.
    pub async fn find_in(
        &self,
        tx: &mut Tx,
        portfolio: PortfolioId,
        user: UserId,
    ) -> Result<Option<PortfolioMembership>, StoreError> {
        let found = self
            .docs
            .clone_with_type::<PlaceDoc>()
            .find_one(doc! { "_id": { "portfolio": portfolio, "user": user } })
            .projection(place_fields())
            .session(&mut tx.session)
            .await?;
        Ok(found.map(PortfolioMembership::from))
    }

    /// Keeps the copies of "has MFA" true, in the transaction that changes the original.
    pub async fn set_mfa_enabled(&self, tx: &mut Tx, user: UserId, enabled: bool) -> Result<(), StoreError> {
        let update = doc! { "$set": { "mfa_enabled": enabled } };
        self.docs.update_many(doc! { "user_id": user }, update).session(&mut tx.session).await?;
        Ok(())
    }

    /// Keeps the copies of the name true, in the transaction that changes the original.
    pub async fn set_name(&self, tx: &mut Tx, user: UserId, name: &str) -> Result<(), StoreError> {
        let update = doc! { "$set": { "name_key": name_key(name) } };
        self.docs.update_many(doc! { "user_id": user }, update).session(&mut tx.session).await?;
        Ok(())
    }

    /// Keeps the copies of the address true, in the transaction that changes the original.
    pub async fn set_email_key(&self, tx: &mut Tx, user: UserId, key: &EmailKey) -> Result<(), StoreError> {
        let update = doc! { "$set": { "email_key": key.as_str() } };
        self.docs.update_many(doc! { "user_id": user }, update).session(&mut tx.session).await?;
        Ok(())
    }
}

fn listed(doc: RowDoc, by_email: bool) -> ListedMember {
    let user_id = doc.place.user_id;
    let place = if by_email {
        PersonPlace::Email(doc.email_key.as_str().to_owned(), user_id)
    } else {
        PersonPlace::Name(doc.name_key, user_id)
    };
    ListedMember { membership: doc.place.into(), place }
}
