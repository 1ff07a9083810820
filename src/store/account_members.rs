//! Who is in which account, with copies of what the Users tab sorts, searches and filters by.

mod changes;
mod coverage;
mod enforcement;
mod links;
mod roles;

use std::collections::HashSet;

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::account_roles::AccountRoles;
use super::mongo::MAX_TIME;
use super::people::{PersonPlace, count_people, page_of_people};
use super::when;
use super::{StoreError, Tx};
use crate::domain::key::{EmailKey, name_key};
use crate::domain::{
    AccountId, AccountMembership, AccountRole, Page, PageRequest, PortfolioId, RoleId, UserId,
};

/// The collection's name.
pub const COLLECTION: &str = "account_members";

/// Most rows that one query reads for a page of people.
const ROWS_MAX: u32 = 10_000;

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

#[derive(Deserialize)]
struct RowDoc {
    #[serde(flatten)]
    place: PlaceDoc,
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

/// The index of an account's list: it ends in what a page shows.
pub(super) fn by_account_and_name() -> Document {
    doc! {
        "account_id": 1, "name_key": 1, "user_id": 1, "role": 1, "joined_at": 1, "portfolio_id": 1, "email_key": 1,
        "mfa_enabled": 1, "custom_role_id": 1,
    }
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
        let doc = MemberDoc {
            key: MemberKey { account: m.account_id, user: m.user_id },
            account_id: m.account_id,
            user_id: m.user_id,
            role: m.role,
            custom_role_id: m.custom_role_id,
            joined_at: m.joined_at,
            portfolio_id: m.portfolio_id,
            name_key: name_key(self.name),
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
            .max_time(MAX_TIME)
            .await?;
        self.held(cursor.map_ok(AccountMembership::from).try_collect().await?).await
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
        let base = filter.apply(doc! { "account_id": account });
        page_of_people(&self.docs, &base, filter.search.as_deref(), request, row_fields(), listed).await
    }

    /// How many people of an account the filter lets through, counted up to `bound`.
    pub async fn count(
        &self,
        account: AccountId,
        filter: &MemberFilter,
        bound: u64,
    ) -> Result<u64, StoreError> {
        let base = filter.apply(doc! { "account_id": account });
        count_people(&self.docs, &base, filter.search.as_deref(), bound).await
    }

    /// A page of the people of all accounts that a portfolio links, each person once.
    ///
    /// Equal people are neighbours in the index, so a row that repeats the person before it is passed over, and each
    /// further query starts behind the last person seen. The first one suffices while people are in few accounts; each
    /// further one reads twice as many rows, so that their number stays small where they are in very many.
    pub async fn list_of_portfolio(
        &self,
        portfolio: PortfolioId,
        filter: &MemberFilter,
        request: &PageRequest<PersonPlace>,
    ) -> Result<Page<ListedMember>, StoreError> {
        let base = filter.apply(doc! { "portfolio_id": portfolio });
        let wanted = usize::try_from(request.limit).unwrap_or(usize::MAX).saturating_add(1);
        let mut rows: Vec<ListedMember> = Vec::new();
        let mut seen = HashSet::new();
        let rows_first = request.limit.saturating_mul(4).saturating_add(100);
        let mut next = PageRequest { limit: rows_first, ..request.clone() };
        loop {
            let search = filter.search.as_deref();
            let page = page_of_people(&self.docs, &base, search, &next, row_fields(), listed).await?;
            let more = if next.backward { page.has_previous } else { page.has_next };
            let mut found = page.items;
            if next.backward {
                found.reverse();
            }
            let last = found.last().map(|member| member.place.clone());
            rows.extend(found.into_iter().filter(|member| seen.insert(member.membership.user_id)));
            if rows.len() >= wanted || !more {
                break;
            }
            if next.backward {
                next.before = last
            } else {
                next.after = last
            }
            next.limit = next.limit.saturating_mul(2).min(ROWS_MAX);
        }
        rows.truncate(wanted);
        Ok(Page::from_rows(rows, request))
    }

    /// How many people the accounts of a portfolio have, each once. Reads at most `bound` memberships.
    pub async fn count_of_portfolio(
        &self,
        portfolio: PortfolioId,
        filter: &MemberFilter,
        bound: u64,
    ) -> Result<u64, StoreError> {
        let mut base = filter.apply(doc! { "portfolio_id": portfolio });
        if let Some(prefix) = &filter.search {
            let range = doc! { "$gte": prefix, "$lt": super::keyset::prefix_end(prefix) };
            let (mut by_name, mut by_email) = (base.clone(), base);
            by_name.insert("name_key", range.clone());
            by_email.insert("email_key", range);
            base = doc! { "$or": [by_name, by_email] };
        }
        let pipeline = [
            doc! { "$match": base },
            doc! { "$limit": i64::try_from(bound).unwrap_or(i64::MAX) },
            doc! { "$group": { "_id": "$user_id" } },
            doc! { "$count": "count" },
        ];
        let mut cursor = self.docs.aggregate(pipeline).max_time(MAX_TIME).await?;
        let counted = cursor.try_next().await?;
        let count = counted.and_then(|doc| doc.get_i32("count").ok()).unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
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
