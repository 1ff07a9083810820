//! What the import alone needs: unordered bulk inserts, look-ups by the batch, and counts taken anew.
//!
//! It inserts what is absent and changes nothing that exists, except counts and Owners, which it takes from the
//! memberships. Every look-up is an index range per key.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bson::{Bson, Document, doc};
use futures_util::TryStreamExt;
use mongodb::error::ErrorKind;
use serde::Deserialize;
use uuid::Uuid;

use super::error::DUPLICATE_KEY;
use super::{Store, StoreError, Tx, account_members, accounts, portfolio_members, portfolios, users};
use crate::domain::key::EmailKey;
use crate::domain::{PortfolioId, UserId};

/// The field in which imported documents carry the digest of the row that they came from.
pub const IMPORTED: &str = "imported";

/// A look-up reads a thousand documents, and its neighbours write as fast as they can.
const LOOK_UP_TIME: Duration = Duration::from_secs(60);

/// What has members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// An account.
    Account,
    /// A portfolio.
    Portfolio,
}

impl Group {
    /// The collection of the groups themselves.
    pub const fn collection(self) -> &'static str {
        match self {
            Self::Account => accounts::COLLECTION,
            Self::Portfolio => portfolios::COLLECTION,
        }
    }

    /// The collection of their members.
    pub const fn members(self) -> &'static str {
        match self {
            Self::Account => account_members::COLLECTION,
            Self::Portfolio => portfolio_members::COLLECTION,
        }
    }

    const fn field(self) -> &'static str {
        match self {
            Self::Account => "account_id",
            Self::Portfolio => "portfolio_id",
        }
    }

    const fn key_field(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Portfolio => "portfolio",
        }
    }
}

/// A document of a bulk insert that the database did not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Which one.
    pub index: usize,
    /// It exists already; otherwise the validator or a limit refused it.
    pub exists: bool,
}

/// A person who exists.
#[derive(Clone, Deserialize)]
pub struct KnownUser {
    /// The id.
    #[serde(rename = "_id")]
    pub id: UserId,
    /// The address's key.
    pub email_key: EmailKey,
    /// The name as typed.
    pub name: String,
    /// The digest of the imported row; absent for people who came otherwise.
    pub imported: Option<i64>,
    mfa: Option<Document>,
    password: Option<KnownPassword>,
}

#[derive(Clone, Deserialize)]
struct KnownPassword {
    hash: String,
}

impl KnownUser {
    /// Whether the person has MFA.
    pub fn has_mfa(&self) -> bool {
        self.mfa.is_some()
    }

    /// The password's hash, where it was asked for.
    pub fn password_hash(&self) -> Option<&str> {
        self.password.as_ref().map(|password| password.hash.as_str())
    }
}

/// An account or a portfolio that exists.
#[derive(Debug, Clone, Deserialize)]
pub struct KnownGroup {
    #[serde(rename = "_id")]
    id: bson::Uuid,
    /// The digest of the imported row; absent for those that came otherwise.
    pub imported: Option<i64>,
    /// The portfolio that links the account.
    pub portfolio_id: Option<PortfolioId>,
}

#[derive(Deserialize)]
struct KnownMember {
    #[serde(rename = "_id")]
    key: Document,
    imported: Option<i64>,
}

fn in_list<T: Into<Bson>>(values: impl IntoIterator<Item = T>) -> Document {
    doc! { "$in": values.into_iter().map(Into::into).collect::<Vec<Bson>>() }
}

fn uuids(ids: impl IntoIterator<Item = Uuid>) -> Document {
    in_list(ids.into_iter().map(bson::Uuid::from_uuid_1))
}

fn uuid_at(document: &Document, field: &str) -> Result<Uuid, StoreError> {
    match document.get(field) {
        Some(Bson::Binary(binary)) => {
            binary.to_uuid().map(bson::Uuid::to_uuid_1).map_err(|_| StoreError::Corrupt("id"))
        }
        _ => Err(StoreError::Corrupt("id")),
    }
}

impl Store {
    /// What ids of imported accounts and portfolios are derived from; drawn once for a database.
    pub async fn import_namespace(&self) -> Result<Uuid, StoreError> {
        let meta = self.db.collection::<Document>("meta");
        let fresh = doc! { "_id": "import", "namespace": bson::Uuid::from_uuid_1(Uuid::new_v4()) };
        match meta.insert_one(fresh).await.map_err(StoreError::from) {
            Ok(_) | Err(StoreError::Duplicate(_)) => {}
            Err(error) => return Err(error),
        }
        let found = meta.find_one(doc! { "_id": "import" }).await?;
        uuid_at(&found.ok_or(StoreError::Corrupt("import"))?, "namespace")
    }

    /// Inserts documents in no order and says which ones the database did not take.
    pub async fn insert_unordered(
        &self,
        collection: &str,
        documents: Vec<Document>,
    ) -> Result<Vec<Refused>, StoreError> {
        if documents.is_empty() {
            return Ok(Vec::new());
        }
        let collection = self.db.collection::<Document>(collection);
        let Err(error) = collection.insert_many(documents).ordered(false).await else {
            return Ok(Vec::new());
        };
        match error.kind.as_ref() {
            ErrorKind::InsertMany(many) if many.write_concern_error.is_none() => {
                let errors = many.write_errors.iter().flatten();
                Ok(errors
                    .map(|one| Refused { index: one.index, exists: one.code == DUPLICATE_KEY })
                    .collect())
            }
            _ => Err(error.into()),
        }
    }

    /// The people of these addresses; with their passwords' hashes only when asked.
    pub async fn known_users<'a>(
        &self,
        emails: impl IntoIterator<Item = &'a EmailKey>,
        with_passwords: bool,
    ) -> Result<HashMap<EmailKey, KnownUser>, StoreError> {
        let mut fields = doc! { "email_key": 1, "name": 1, IMPORTED: 1, "mfa.enabled_at": 1 };
        if with_passwords {
            fields.insert("password.hash", 1);
        }
        let cursor = self
            .db
            .collection::<KnownUser>(users::COLLECTION)
            .find(doc! { "email_key": in_list(emails.into_iter().map(EmailKey::as_str)) })
            .projection(fields)
            .batch_size(100_000)
            .max_time(LOOK_UP_TIME)
            .await?;
        Ok(cursor.map_ok(|user| (user.email_key.clone(), user)).try_collect().await?)
    }

    /// Those of these accounts or portfolios that exist.
    pub async fn known_groups(
        &self,
        group: Group,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, KnownGroup>, StoreError> {
        let cursor = self
            .db
            .collection::<KnownGroup>(group.collection())
            .find(doc! { "_id": uuids(ids) })
            .projection(doc! { IMPORTED: 1, "portfolio_id": 1 })
            .batch_size(100_000)
            .max_time(LOOK_UP_TIME)
            .await?;
        Ok(cursor.map_ok(|known| (known.id.to_uuid_1(), known)).try_collect().await?)
    }

    /// Those of these memberships (group, person) that exist, with the digests of the rows that they came from.
    pub async fn known_members(
        &self,
        group: Group,
        keys: impl IntoIterator<Item = (Uuid, UserId)>,
    ) -> Result<HashMap<(Uuid, UserId), Option<i64>>, StoreError> {
        let ids = keys
            .into_iter()
            .map(|(id, user)| doc! { group.key_field(): bson::Uuid::from_uuid_1(id), "user": user });
        let mut cursor = self
            .db
            .collection::<KnownMember>(group.members())
            .find(doc! { "_id": in_list(ids) })
            .projection(doc! { IMPORTED: 1 })
            .batch_size(100_000)
            .max_time(LOOK_UP_TIME)
            .await?;
        let mut known = HashMap::new();
        while let Some(member) = cursor.try_next().await? {
            let user = UserId::from_uuid(uuid_at(&member.key, "user")?);
            known.insert((uuid_at(&member.key, group.key_field())?, user), member.imported);
        }
        Ok(known)
    }

    /// Those of these accounts or portfolios that have an Owner.
    pub async fn owned(
        &self,
        group: Group,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashSet<Uuid>, StoreError> {
        let cursor = self
            .db
            .collection::<Document>(group.members())
            .find(doc! { group.field(): uuids(ids), "role": "OWNER" })
            .projection(doc! { "_id": 0, group.field(): 1 })
            .batch_size(100_000)
            .max_time(LOOK_UP_TIME)
            .await?;
        let found: Vec<Document> = cursor.try_collect().await?;
        found.iter().map(|document| uuid_at(document, group.field())).collect()
    }

    /// Takes the counts and the Owners of these accounts or portfolios from the memberships, and says how many
    /// have members and no Owner. A transaction, so that a change in between makes it start again rather than get lost.
    pub async fn recount(&self, group: Group, ids: &[Uuid]) -> Result<usize, StoreError> {
        crate::transact!(self, |tx| self.recount_in(&mut tx, group, ids))
    }

    async fn recount_in(&self, tx: &mut Tx, group: Group, ids: &[Uuid]) -> Result<usize, StoreError> {
        let owner = doc! { "$cond": [{ "$eq": ["$role", "OWNER"] }, "$user_id", null] };
        let by_group =
            doc! { "_id": format!("${}", group.field()), "count": { "$sum": 1 }, "owner": { "$max": owner } };
        let members = self.grouped(tx, group.members(), group.field(), ids, by_group).await?;
        let linked = match group {
            Group::Account => HashMap::new(),
            Group::Portfolio => {
                let by_portfolio = doc! { "_id": "$portfolio_id", "count": { "$sum": 1 } };
                self.grouped(tx, accounts::COLLECTION, "portfolio_id", ids, by_portfolio).await?
            }
        };
        let mut without_owner = 0;
        let mut updates = Vec::with_capacity(ids.len());
        for id in ids {
            let mut set = doc! { "member_count": count_of(members.get(id)) };
            if group == Group::Portfolio {
                set.insert("account_count", count_of(linked.get(id)));
            }
            match members.get(id).map(|row| row.get("owner")) {
                None => {}
                Some(Some(Bson::Null) | None) => without_owner += 1,
                Some(Some(owner)) => drop(set.insert("owner_id", owner.clone())),
            }
            updates.push(doc! { "q": { "_id": bson::Uuid::from_uuid_1(*id) }, "u": { "$set": set } });
        }
        let command = doc! { "update": group.collection(), "updates": updates };
        let reply = self.db.run_command(command).session(&mut tx.session).await?;
        if reply.contains_key("writeErrors") {
            return Err(StoreError::Corrupt("counts"));
        }
        Ok(without_owner)
    }

    async fn grouped(
        &self,
        tx: &mut Tx,
        collection: &str,
        field: &str,
        ids: &[Uuid],
        stage: Document,
    ) -> Result<HashMap<Uuid, Document>, StoreError> {
        let pipeline = [doc! { "$match": { field: uuids(ids.iter().copied()) } }, doc! { "$group": stage }];
        let mut cursor = self
            .db
            .collection::<Document>(collection)
            .aggregate(pipeline)
            .batch_size(100_000)
            .session(&mut tx.session)
            .await?;
        let rows: Vec<Document> = cursor.stream(&mut tx.session).try_collect().await?;
        rows.into_iter().map(|row| Ok((uuid_at(&row, "_id")?, row))).collect()
    }
}

/// As a long: the one type that the rest of the store writes.
fn count_of(row: Option<&Document>) -> i64 {
    match row.and_then(|row| row.get("count")) {
        Some(Bson::Int32(count)) => i64::from(*count),
        Some(Bson::Int64(count)) => *count,
        _ => 0,
    }
}
