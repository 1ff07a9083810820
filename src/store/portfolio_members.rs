//! Who is in which portfolio itself, with copies of what its list sorts, searches and filters by.

mod changes;

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::deadline::max_time;
use super::enforcement::Policies;
use super::people::{People, PeopleIndexes, PersonPlace, RoleIndexes, alike_of};
use super::portfolios;
use super::raw;
use super::when;
use super::{StoreError, Tx};
use crate::domain::key::{EmailKey, name_key};
use crate::domain::{MfaPolicy, Page, PageRequest, PortfolioId, PortfolioMembership, PortfolioRole, UserId};

/// The collection's name.
pub const COLLECTION: &str = "portfolio_members";

/// The indexes of the lists of a portfolio's own people.
pub(super) const OF_PORTFOLIO: PeopleIndexes = PeopleIndexes {
    by_name: &["portfolio_id", "name_key", "user_id", "role", "joined_at", "email_key", "mfa_enabled"],
    by_mfa: &["portfolio_id", "mfa_enabled", "name_key", "user_id"],
    by_email: &["portfolio_id", "mfa_enabled", "alike", "email_key"],
    by_role: Some(RoleIndexes {
        by_name: &["portfolio_id", "role", "mfa_enabled", "name_key", "user_id"],
        by_email: &["portfolio_id", "role", "mfa_enabled", "alike", "email_key"],
    }),
};

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
    /// How much the name and the address begin alike; absent where an earlier version wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alike: Option<i32>,
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
        let name_key = name_key(self.name);
        let doc = MemberDoc {
            alike: Some(alike_of(&name_key, &self.email_key)),
            key: MemberKey { portfolio: m.portfolio_id, user: m.user_id },
            portfolio_id: m.portfolio_id,
            user_id: m.user_id,
            role: m.role,
            joined_at: m.joined_at,
            name_key,
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

    fn people<'a>(
        &'a self,
        docs: &'a Collection<Document>,
        indexes: &'static PeopleIndexes,
        place: Document,
    ) -> People<'a> {
        People {
            docs,
            indexes,
            place,
            fields: row_fields(),
            roles: self.roles.iter().map(|role| role.as_str()).collect(),
            mfa_enabled: self.mfa_enabled,
            search: self.search.as_deref(),
        }
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

    /// Every portfolio place of a person, and the MFA policies of those that enforce.
    pub async fn of_user_with_enforcement(
        &self,
        user: UserId,
    ) -> Result<(Vec<PortfolioMembership>, Vec<MfaPolicy>), StoreError> {
        let of = Policies { collection: portfolios::COLLECTION, field: "portfolio_id" };
        let (places, policies) = of.with_places_of::<PlaceDoc>(&self.docs, place_fields(), user).await?;
        Ok((places.into_iter().map(PortfolioMembership::from).collect(), policies))
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
            .max_time(max_time())
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
            .max_time(max_time())
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
        let place = doc! { "portfolio_id": portfolio };
        filter
            .people(&self.docs, &OF_PORTFOLIO, place)
            .page(request, |row, by_email| Ok(listed(raw::document(row)?, by_email)))
            .await
    }

    /// How many people of a portfolio the filter lets through, counted up to `bound`.
    pub async fn count(
        &self,
        portfolio: PortfolioId,
        filter: &MemberFilter,
        bound: u64,
    ) -> Result<u64, StoreError> {
        let place = doc! { "portfolio_id": portfolio };
        filter.people(&self.docs, &OF_PORTFOLIO, place).count(bound).await
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
            .max_time(max_time())
            .await?;
        Ok(found.map(PortfolioMembership::from))
    }

    /// Keeps the copies of "has MFA" true, in the transaction that changes the original.
    pub async fn set_mfa_enabled(&self, tx: &mut Tx, user: UserId, enabled: bool) -> Result<(), StoreError> {
        let update = doc! { "$set": { "mfa_enabled": enabled } };
        self.docs.update_many(doc! { "user_id": user }, update).session(&mut tx.session).await?;
        Ok(())
    }

    /// Keeps the copies of the name true, in the transaction that changes the original. `email` is the person's address.
    pub async fn set_name(
        &self,
        tx: &mut Tx,
        user: UserId,
        name: &str,
        email: &EmailKey,
    ) -> Result<(), StoreError> {
        let name_key = name_key(name);
        let alike = alike_of(&name_key, email);
        let update = doc! { "$set": { "name_key": name_key, "alike": alike } };
        self.docs.update_many(doc! { "user_id": user }, update).session(&mut tx.session).await?;
        Ok(())
    }

    /// Keeps the copies of the address true, in the transaction that changes the original. `name` is the person's name.
    pub async fn set_email_key(
        &self,
        tx: &mut Tx,
        user: UserId,
        key: &EmailKey,
        name: &str,
    ) -> Result<(), StoreError> {
        let update = doc! { "$set": { "email_key": key.as_str(), "alike": alike_of(&name_key(name), key) } };
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
