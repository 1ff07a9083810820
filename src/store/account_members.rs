//! Who is in which account, with copies of what the Users tab sorts, searches and filters by.

mod changes;
mod coverage;
mod linked;
mod links;
mod roles;

use bson::{Document, RawDocument, doc};
use futures_util::TryStreamExt;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::account_roles::AccountRoles;
use super::accounts;
use super::deadline::max_time;
use super::enforcement::Policies;
use super::people::{People, PeopleIndexes, PersonPlace, RoleIndexes, alike_of};
use super::raw;
use super::when;
use super::{StoreError, Tx};
use crate::domain::key::{EmailKey, name_key};
use crate::domain::{
    AccountId, AccountMembership, AccountRole, MfaPolicy, Page, PageRequest, PortfolioId, RoleId, UserId,
};

pub use linked::LinkedFilter;
pub(super) use linked::OF_LINKED;

/// The collection's name.
pub const COLLECTION: &str = "account_members";

/// The indexes of the lists of an account's people.
pub(super) const OF_ACCOUNT: PeopleIndexes = PeopleIndexes {
    by_name: &[
        "account_id",
        "name_key",
        "user_id",
        "role",
        "joined_at",
        "portfolio_id",
        "email_key",
        "mfa_enabled",
        "custom_role_id",
    ],
    by_mfa: &["account_id", "mfa_enabled", "name_key", "user_id"],
    by_email: &["account_id", "mfa_enabled", "alike", "email_key"],
    by_role: Some(RoleIndexes {
        by_name: &["account_id", "role", "mfa_enabled", "name_key", "user_id"],
        by_email: &["account_id", "role", "mfa_enabled", "alike", "email_key"],
    }),
};

#[derive(Serialize, Deserialize)]
struct MemberKey {
    account: AccountId,
    user: UserId,
}

#[derive(Serialize, Deserialize)]
struct MemberDoc {
    /// One place in an account for each person, by the database.
    #[serde(rename = "_id")]
    key: MemberKey,
    account_id: AccountId,
    user_id: UserId,
    role: AccountRole,
    /// The custom role of which `role` is the base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    custom_role_id: Option<RoleId>,
    #[serde(with = "when")]
    joined_at: OffsetDateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    portfolio_id: Option<PortfolioId>,
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
    account_id: AccountId,
    user_id: UserId,
    role: AccountRole,
    #[serde(default)]
    custom_role_id: Option<RoleId>,
    #[serde(default)]
    portfolio_id: Option<PortfolioId>,
    #[serde(with = "when")]
    joined_at: OffsetDateTime,
}

impl PlaceDoc {
    fn read(row: &RawDocument) -> Result<Self, StoreError> {
        const WHAT: StoreError = StoreError::Corrupt("member");
        let (mut account_id, mut user_id, mut role, mut joined_at) = (None, None, None, None);
        let (mut custom_role_id, mut portfolio_id) = (None, None);
        for field in row {
            let (field, value) = field.map_err(|_| WHAT)?;
            match field.as_str() {
                "account_id" => account_id = raw::uuid(value).map(AccountId::from_uuid),
                "user_id" => user_id = raw::uuid(value).map(UserId::from_uuid),
                "role" => role = value.as_str().and_then(AccountRole::named),
                "custom_role_id" => custom_role_id = raw::uuid(value).map(RoleId::from_uuid),
                "portfolio_id" => portfolio_id = raw::uuid(value).map(PortfolioId::from_uuid),
                "joined_at" => joined_at = raw::time(value),
                _ => {}
            }
        }
        Ok(Self {
            account_id: account_id.ok_or(WHAT)?,
            user_id: user_id.ok_or(WHAT)?,
            role: role.ok_or(WHAT)?,
            custom_role_id,
            portfolio_id,
            joined_at: joined_at.ok_or(WHAT)?,
        })
    }
}

#[derive(Deserialize)]
struct RowKeys {
    name_key: String,
    email_key: EmailKey,
}

fn by_key(account: AccountId, user: UserId) -> Document {
    doc! { "_id": { "account": account, "user": user } }
}

fn place_fields() -> Document {
    doc! {
        "_id": 0, "account_id": 1, "user_id": 1, "role": 1, "custom_role_id": 1, "portfolio_id": 1, "joined_at": 1,
    }
}

/// What a row of a list shows. It stands in the indexes by name, so that those pages read no document.
fn row_fields() -> Document {
    let mut fields = place_fields();
    fields.extend(doc! { "name_key": 1, "email_key": 1 });
    fields
}

/// A member as listed, with its place in the list.
#[derive(Debug, Clone)]
pub struct ListedMember {
    /// The membership. Lists decide nothing: what a custom role holds is not looked up for them.
    pub membership: AccountMembership,
    /// Where it stands in the list.
    pub place: PersonPlace,
}

/// A membership to store, with the copies that the lists need.
#[derive(Debug, Clone)]
pub struct NewMember<'a> {
    /// The membership.
    pub membership: AccountMembership,
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
            key: MemberKey { account: m.account_id, user: m.user_id },
            account_id: m.account_id,
            user_id: m.user_id,
            role: m.role,
            custom_role_id: m.custom_role_id,
            joined_at: m.joined_at,
            portfolio_id: m.portfolio_id,
            name_key,
            email_key: self.email_key,
            mfa_enabled: self.mfa_enabled,
        };
        bson::serialize_to_document(&doc).map_err(|_| StoreError::Corrupt("member"))
    }
}

/// What the Users tab is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct MemberFilter {
    /// A prefix of the name or of the address, already a key.
    pub search: Option<String>,
    /// Only these roles; empty for all.
    pub roles: Vec<AccountRole>,
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

/// Who is in which account.
#[derive(Clone)]
pub struct AccountMembers {
    docs: Collection<Document>,
    roles: AccountRoles,
}

impl AccountMembers {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION), roles: AccountRoles::new(db) }
    }

    /// Every account place of a person, and the MFA policies of those that enforce.
    pub async fn of_user_with_enforcement(
        &self,
        user: UserId,
    ) -> Result<(Vec<AccountMembership>, Vec<MfaPolicy>), StoreError> {
        let of = Policies { collection: accounts::COLLECTION, field: "account_id" };
        let (places, policies) = of.with_places_of::<PlaceDoc>(&self.docs, place_fields(), user).await?;
        let places = places.into_iter().map(AccountMembership::from).collect();
        Ok((self.held(places).await?, policies))
    }

    /// Every account place of these people, in no order. An index holds all of it.
    pub async fn of_users(&self, users: &[UserId]) -> Result<Vec<AccountMembership>, StoreError> {
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
        self.held(raw::rows(cursor, |row| PlaceDoc::read(row).map(AccountMembership::from)).await?).await
    }

    /// Every account place of one person, as the transaction sees it.
    pub async fn of_user_in(&self, tx: &mut Tx, user: UserId) -> Result<Vec<AccountMembership>, StoreError> {
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
        self.held_in(tx, places.into_iter().map(AccountMembership::from).collect()).await
    }

    /// A page of an account's people.
    pub async fn list(
        &self,
        account: AccountId,
        filter: &MemberFilter,
        request: &PageRequest<PersonPlace>,
    ) -> Result<Page<ListedMember>, StoreError> {
        let place = doc! { "account_id": account };
        filter.people(&self.docs, &OF_ACCOUNT, place).page(request, listed).await
    }

    /// How many people of an account the filter lets through, counted up to `bound`.
    pub async fn count(
        &self,
        account: AccountId,
        filter: &MemberFilter,
        bound: u64,
    ) -> Result<u64, StoreError> {
        let place = doc! { "account_id": account };
        filter.people(&self.docs, &OF_ACCOUNT, place).count(bound).await
    }

    /// The people of an account who hold one of these roles; at most `limit`.
    pub async fn with_roles(
        &self,
        account: AccountId,
        roles: &[AccountRole],
        limit: u32,
    ) -> Result<Vec<AccountMembership>, StoreError> {
        let filter = MemberFilter { roles: roles.to_vec(), ..MemberFilter::default() };
        let page = self.list(account, &filter, &PageRequest::first(limit)).await?;
        self.held(page.items.into_iter().map(|member| member.membership).collect()).await
    }

    /// Stores a membership. A person who is in the account already is [`StoreError::Duplicate`].
    pub async fn insert(&self, tx: &mut Tx, member: NewMember<'_>) -> Result<(), StoreError> {
        let document = member.into_document()?;
        self.docs.insert_one(document).session(&mut tx.session).await?;
        Ok(())
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

fn listed(row: &RawDocument, by_email: bool) -> Result<ListedMember, StoreError> {
    let membership = AccountMembership::from(PlaceDoc::read(row)?);
    let keys: RowKeys = raw::document(row)?;
    let place = if by_email {
        PersonPlace::Email(keys.email_key.as_str().to_owned(), membership.user_id)
    } else {
        PersonPlace::Name(keys.name_key, membership.user_id)
    };
    Ok(ListedMember { membership, place })
}
