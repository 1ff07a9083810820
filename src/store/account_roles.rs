//! The roles that accounts have defined. A membership names its custom role, and what the role holds is looked up here:
//! a change is one document, and counts for every holder at the next request, however many they are.

use std::collections::HashMap;

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::deadline::max_time;
use super::keyset::{Order, Place, page_query};
use super::{StoreError, Tx, when};
use crate::domain::key::name_key;
use crate::domain::policy::Held;
use crate::domain::{AccountId, AccountRole, CustomRole, Page, PageRequest, Permissions, RoleId};

/// The collection's name.
pub const COLLECTION: &str = "account_roles";

/// Names are unique in an account.
const BY_NAME: Order = Order { first: "name_key", second: "name_key", descending: false };

#[derive(Serialize, Deserialize)]
struct RoleDoc {
    #[serde(rename = "_id")]
    id: RoleId,
    account_id: AccountId,
    name: String,
    name_key: String,
    base: AccountRole,
    permissions: Vec<String>,
    version: i64,
    #[serde(with = "when")]
    created_at: OffsetDateTime,
}

impl From<RoleDoc> for CustomRole {
    fn from(doc: RoleDoc) -> Self {
        Self {
            id: doc.id,
            account_id: doc.account_id,
            name: doc.name,
            base: doc.base,
            permissions: Permissions::named(doc.permissions.iter().map(String::as_str)),
            version: doc.version,
            created_at: doc.created_at,
        }
    }
}

/// What the roles of some memberships hold.
pub(super) type HeldById = HashMap<RoleId, Held>;

/// Custom roles.
#[derive(Clone)]
pub struct AccountRoles {
    docs: Collection<RoleDoc>,
}

impl AccountRoles {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// The roles with these ids, in no order; those that do not exist are absent.
    pub async fn find_many(&self, ids: &[RoleId]) -> Result<Vec<CustomRole>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let cursor = self
            .docs
            .find(doc! { "_id": { "$in": ids } })
            .batch_size(u32::try_from(ids.len()).unwrap_or(u32::MAX).saturating_add(1))
            .max_time(max_time())
            .await?;
        Ok(cursor.map_ok(CustomRole::from).try_collect().await?)
    }

    /// One role.
    pub async fn find(&self, id: RoleId) -> Result<Option<CustomRole>, StoreError> {
        Ok(self.find_many(&[id]).await?.pop())
    }

    /// The roles with these ids, as the transaction sees them.
    pub async fn find_many_in(&self, tx: &mut Tx, ids: &[RoleId]) -> Result<Vec<CustomRole>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut cursor = self
            .docs
            .find(doc! { "_id": { "$in": ids } })
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        Ok(cursor.stream(&mut tx.session).map_ok(CustomRole::from).try_collect().await?)
    }

    /// One role as the transaction sees it.
    pub async fn find_in(&self, tx: &mut Tx, id: RoleId) -> Result<Option<CustomRole>, StoreError> {
        Ok(self.find_many_in(tx, &[id]).await?.pop())
    }

    /// The role of an account that has this name, as the transaction sees it.
    pub async fn find_named_in(
        &self,
        tx: &mut Tx,
        account: AccountId,
        name: &str,
    ) -> Result<Option<CustomRole>, StoreError> {
        let filter = doc! { "account_id": account, "name_key": name_key(name) };
        Ok(self
            .docs
            .find_one(filter)
            .session(&mut tx.session)
            .max_time(max_time())
            .await?
            .map(CustomRole::from))
    }

    /// How many roles an account has, as the transaction sees it; counted up to `bound`.
    pub async fn count_in(&self, tx: &mut Tx, account: AccountId, bound: u64) -> Result<u64, StoreError> {
        let filter = doc! { "account_id": account };
        Ok(self
            .docs
            .count_documents(filter)
            .limit(bound)
            .session(&mut tx.session)
            .max_time(max_time())
            .await?)
    }

    /// How many roles an account has, counted up to `bound`.
    pub async fn count(&self, account: AccountId, bound: u64) -> Result<u64, StoreError> {
        let filter = doc! { "account_id": account };
        Ok(self.docs.count_documents(filter).limit(bound).max_time(max_time()).await?)
    }

    /// A page of an account's roles, by name.
    pub async fn list(
        &self,
        account: AccountId,
        request: &PageRequest<String>,
    ) -> Result<Page<CustomRole>, StoreError> {
        let request = request.clone().map_places(|key| Place(key.clone().into(), key.into()));
        let (filter, options) = page_query(doc! { "account_id": account }, BY_NAME, None, &request);
        let cursor = self.docs.find(filter).with_options(options).max_time(max_time()).await?;
        let rows: Vec<CustomRole> = cursor.map_ok(CustomRole::from).try_collect().await?;
        Ok(Page::from_rows(rows, &request))
    }

    /// Stores a role. Another one of the account with the same name is [`StoreError::Duplicate`].
    pub async fn insert(&self, tx: &mut Tx, role: &CustomRole) -> Result<(), StoreError> {
        let r = role.clone();
        let doc = RoleDoc {
            id: r.id,
            account_id: r.account_id,
            name_key: name_key(&r.name),
            name: r.name,
            base: r.base,
            permissions: r.permissions.names().into_iter().map(str::to_owned).collect(),
            version: r.version,
            created_at: r.created_at,
        };
        self.docs.insert_one(doc).session(&mut tx.session).await?;
        Ok(())
    }

    /// Changes the name and the permissions of a role to those of `new`, but only of the version before it: true when
    /// this call did it.
    pub async fn claim_change(&self, tx: &mut Tx, new: &CustomRole) -> Result<bool, StoreError> {
        let filter = doc! { "_id": new.id, "version": new.version.saturating_sub(1) };
        let update = doc! { "$set": {
            "name": &new.name, "name_key": name_key(&new.name), "permissions": new.permissions.names(),
            "version": new.version,
        } };
        let result = self.docs.update_one(filter, update).session(&mut tx.session).await?;
        Ok(result.modified_count == 1)
    }

    /// Deletes a role: true when this call did it.
    pub async fn claim_deletion(&self, tx: &mut Tx, id: RoleId) -> Result<bool, StoreError> {
        let result = self.docs.delete_one(doc! { "_id": id }).session(&mut tx.session).await?;
        Ok(result.deleted_count == 1)
    }

    /// Deletes every role of an account that is being closed.
    pub async fn delete_all(&self, tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
        self.docs.delete_many(doc! { "account_id": account }).session(&mut tx.session).await?;
        Ok(())
    }

    /// What these roles hold; one command, and none where there is no id.
    pub(super) async fn held_by(&self, ids: &[RoleId]) -> Result<HeldById, StoreError> {
        Ok(by_id(self.find_many(ids).await?))
    }

    /// The same as the transaction sees it.
    pub(super) async fn held_by_in(&self, tx: &mut Tx, ids: &[RoleId]) -> Result<HeldById, StoreError> {
        Ok(by_id(self.find_many_in(tx, ids).await?))
    }
}

fn by_id(roles: Vec<CustomRole>) -> HeldById {
    roles.into_iter().map(|role| (role.id, role.held())).collect()
}

/// The validator's list of what a role may be made of.
pub(super) fn bases() -> Vec<&'static str> {
    AccountRole::ALL.iter().filter(|role| **role != AccountRole::Owner).map(|role| role.as_str()).collect()
}

/// Which documents an index of those that name a custom role holds.
pub(super) fn naming(field: &str) -> Document {
    doc! { field: { "$exists": true } }
}
