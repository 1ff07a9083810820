//! Accounts.

mod links;

use bson::{Bson, Document, RawDocument, doc};
use futures_util::TryStreamExt;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::deadline::max_time;
use super::keyset::{Order, Place, page_query};
use super::raw;
use super::when;
use super::{StoreError, Tx};
use crate::domain::{
    Account, AccountId, MfaPolicy, Page, PageRequest, PortfolioId, ResetAcceptance, ResetApproval, UserId,
};

/// The collection's name.
pub const COLLECTION: &str = "accounts";

const BY_NAME: Order = Order { first: "name_key", second: "_id", descending: false };

#[derive(Serialize, Deserialize, Default)]
pub(super) struct PolicyDoc {
    enforced: bool,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    enforced_since: Option<OffsetDateTime>,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    grace_until: Option<OffsetDateTime>,
    reset_acceptance: ResetAcceptance,
    #[serde(default)]
    reset_approval: ResetApproval,
    #[serde(default)]
    reset_cooling_off_hours: u8,
}

impl From<PolicyDoc> for MfaPolicy {
    fn from(doc: PolicyDoc) -> Self {
        Self {
            enforced: doc.enforced,
            enforced_since: doc.enforced_since,
            grace_until: doc.grace_until,
            reset_acceptance: doc.reset_acceptance,
            reset_approval: doc.reset_approval,
            reset_cooling_off_hours: doc.reset_cooling_off_hours,
        }
    }
}

impl From<&MfaPolicy> for PolicyDoc {
    fn from(policy: &MfaPolicy) -> Self {
        Self {
            enforced: policy.enforced,
            enforced_since: policy.enforced_since,
            grace_until: policy.grace_until,
            reset_acceptance: policy.reset_acceptance,
            reset_approval: policy.reset_approval,
            reset_cooling_off_hours: policy.reset_cooling_off_hours,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct AccountDoc {
    #[serde(rename = "_id")]
    id: AccountId,
    name: String,
    name_key: String,
    #[serde(with = "when")]
    created_at: OffsetDateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    portfolio_id: Option<PortfolioId>,
    mfa_policy: PolicyDoc,
    member_count: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner_id: Option<UserId>,
    /// Only where it is not the Owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    security_contact: Option<UserId>,
}

#[derive(Deserialize)]
struct SizeDoc {
    #[serde(rename = "_id")]
    id: AccountId,
    member_count: i64,
}

impl AccountDoc {
    fn read(row: &RawDocument) -> Result<Self, StoreError> {
        const WHAT: StoreError = StoreError::Corrupt("account");
        let (mut id, mut name, mut name_key, mut created_at) = (None, None, None, None);
        let (mut portfolio_id, mut mfa_policy, mut member_count) = (None, None, None);
        let (mut owner_id, mut security_contact) = (None, None);
        for field in row {
            let (field, value) = field.map_err(|_| WHAT)?;
            match field.as_str() {
                "_id" => id = raw::uuid(value).map(AccountId::from_uuid),
                "name" => name = raw::text(value),
                "name_key" => name_key = raw::text(value),
                "created_at" => created_at = raw::time(value),
                "portfolio_id" => portfolio_id = raw::uuid(value).map(PortfolioId::from_uuid),
                "mfa_policy" => mfa_policy = value.as_document(),
                "member_count" => member_count = raw::number(value),
                "owner_id" => owner_id = raw::uuid(value).map(UserId::from_uuid),
                "security_contact" => security_contact = raw::uuid(value).map(UserId::from_uuid),
                _ => {}
            }
        }
        Ok(Self {
            id: id.ok_or(WHAT)?,
            name: name.ok_or(WHAT)?,
            name_key: name_key.ok_or(WHAT)?,
            created_at: created_at.ok_or(WHAT)?,
            portfolio_id,
            mfa_policy: raw::document(mfa_policy.ok_or(WHAT)?)?,
            member_count: member_count.ok_or(WHAT)?,
            owner_id,
            security_contact,
        })
    }
}

impl From<AccountDoc> for Account {
    fn from(doc: AccountDoc) -> Self {
        Self {
            id: doc.id,
            name: doc.name,
            name_key: doc.name_key,
            created_at: doc.created_at,
            portfolio_id: doc.portfolio_id,
            mfa_policy: doc.mfa_policy.into(),
            member_count: u64::try_from(doc.member_count).unwrap_or(0),
            owner_id: doc.owner_id,
            chosen_contact: doc.security_contact,
        }
    }
}

/// The document of a new account, for inserts and bulk writes.
pub fn account_document(account: &Account) -> Result<Document, StoreError> {
    let doc = AccountDoc {
        id: account.id,
        name: account.name.clone(),
        name_key: account.name_key.clone(),
        created_at: account.created_at,
        portfolio_id: account.portfolio_id,
        mfa_policy: (&account.mfa_policy).into(),
        member_count: i64::try_from(account.member_count).unwrap_or(i64::MAX),
        owner_id: account.owner_id,
        security_contact: account.chosen_contact,
    };
    bson::serialize_to_document(&doc).map_err(|_| StoreError::Corrupt("account"))
}

/// Accounts.
#[derive(Clone)]
pub struct Accounts {
    docs: Collection<AccountDoc>,
}

impl Accounts {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// The accounts with these ids, in no order; those that do not exist are absent.
    pub async fn find_many(&self, ids: &[AccountId]) -> Result<Vec<Account>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let cursor = self
            .docs
            .find(doc! { "_id": { "$in": ids } })
            .batch_size(u32::try_from(ids.len()).unwrap_or(u32::MAX).saturating_add(1))
            .max_time(max_time())
            .await?;
        raw::rows(cursor, |row| AccountDoc::read(row).map(Account::from)).await
    }

    /// One account.
    pub async fn find(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        Ok(self.find_many(&[id]).await?.pop())
    }

    /// One account as the transaction sees it.
    pub async fn find_in(&self, tx: &mut Tx, id: AccountId) -> Result<Option<Account>, StoreError> {
        let found =
            self.docs.find_one(doc! { "_id": id }).session(&mut tx.session).max_time(max_time()).await?;
        Ok(found.map(Account::from))
    }

    /// A page of the accounts that a portfolio links, by name.
    pub async fn list_of_portfolio(
        &self,
        portfolio: PortfolioId,
        request: &PageRequest<Place>,
    ) -> Result<Page<Account>, StoreError> {
        let (filter, options) = page_query(doc! { "portfolio_id": portfolio }, BY_NAME, None, request);
        let cursor = self.docs.find(filter).with_options(options).max_time(max_time()).await?;
        let rows: Vec<Account> = cursor.map_ok(Account::from).try_collect().await?;
        Ok(Page::from_rows(rows, request))
    }

    /// Where an account stands in the list by name.
    pub fn place(account: &Account) -> Place {
        Place(account.name_key.clone().into(), account.id.into())
    }

    /// The accounts with these ids, as the transaction sees them.
    pub async fn find_many_in(&self, tx: &mut Tx, ids: &[AccountId]) -> Result<Vec<Account>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut cursor = self
            .docs
            .find(doc! { "_id": { "$in": ids } })
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        Ok(cursor.stream(&mut tx.session).map_ok(Account::from).try_collect().await?)
    }

    /// Stores an account.
    pub async fn insert(&self, tx: &mut Tx, account: &Account) -> Result<(), StoreError> {
        let document = account_document(account)?;
        self.docs.clone_with_type::<Document>().insert_one(document).session(&mut tx.session).await?;
        Ok(())
    }

    /// Replaces an account's MFA policy: true when the account exists.
    pub async fn set_mfa_policy(
        &self,
        tx: &mut Tx,
        id: AccountId,
        policy: &MfaPolicy,
    ) -> Result<bool, StoreError> {
        let policy =
            bson::serialize_to_bson(&PolicyDoc::from(policy)).map_err(|_| StoreError::Corrupt("policy"))?;
        let update = doc! { "$set": { "mfa_policy": policy } };
        let result = self.docs.update_one(doc! { "_id": id }, update).session(&mut tx.session).await?;
        Ok(result.matched_count == 1)
    }

    /// Replaces the security contact that was looked at: true when this call did it. Nobody stands for the Owner.
    pub async fn claim_security_contact(
        &self,
        tx: &mut Tx,
        id: AccountId,
        from: Option<UserId>,
        to: Option<UserId>,
    ) -> Result<bool, StoreError> {
        // Null matches where the field is absent.
        let filter = doc! { "_id": id, "security_contact": from, "closed_at": { "$exists": false } };
        let mut update = match to {
            Some(to) => doc! { "$set": { "security_contact": to } },
            None => doc! { "$unset": { "security_contact": "" } },
        };
        update.insert("$inc", doc! { "version": 1_i64 });
        self.claim(tx, filter, update).await
    }

    /// Counts people who came (or, negative, left) and makes the transaction conflict with any other on the same
    /// account; every change of a membership or invitation calls it. False when the account is gone or closed.
    pub async fn touch(&self, tx: &mut Tx, id: AccountId, came: i64) -> Result<bool, StoreError> {
        let update = doc! { "$inc": { "member_count": came, "version": 1_i64 } };
        self.claim(tx, doc! { "_id": id, "closed_at": { "$exists": false } }, update).await
    }

    /// Hands ownership over: true when `from` was the Owner and this call did it.
    pub async fn claim_ownership(
        &self,
        tx: &mut Tx,
        id: AccountId,
        from: UserId,
        to: UserId,
    ) -> Result<bool, StoreError> {
        let filter = doc! { "_id": id, "owner_id": from, "closed_at": { "$exists": false } };
        self.claim(tx, filter, doc! { "$set": { "owner_id": to }, "$inc": { "version": 1_i64 } }).await
    }

    /// Closes an account whose members are gone: true when `owner` was the Owner and this call did it. The document
    /// stays, for the names in old resets and logs; nobody belongs to it, so nobody sees it elsewhere.
    pub async fn claim_closing(
        &self,
        tx: &mut Tx,
        id: AccountId,
        owner: UserId,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let filter = doc! { "_id": id, "owner_id": owner, "closed_at": { "$exists": false } };
        let update = doc! {
            "$set": { "closed_at": when::date(now), "member_count": 0_i64 },
            "$unset": { "owner_id": "", "portfolio_id": "", "security_contact": "" },
            "$inc": { "version": 1_i64 },
        };
        self.claim(tx, filter, update).await
    }

    async fn claim(&self, tx: &mut Tx, filter: Document, update: Document) -> Result<bool, StoreError> {
        let result = self.docs.update_one(filter, update).session(&mut tx.session).await?;
        Ok(result.modified_count == 1)
    }

    /// The next accounts behind one of them, by id, with how many members each has; at most `limit`. Closed ones too,
    /// with none.
    pub async fn next(
        &self,
        after: Option<AccountId>,
        limit: i64,
    ) -> Result<Vec<(AccountId, u64)>, StoreError> {
        let after = after.map_or(Bson::MinKey, Bson::from);
        let cursor = self
            .docs
            .clone_with_type::<SizeDoc>()
            .find(doc! { "_id": { "$gt": after } })
            .sort(doc! { "_id": 1 })
            .projection(doc! { "member_count": 1 })
            .limit(limit)
            .batch_size(u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(1))
            .max_time(max_time())
            .await?;
        let size = |doc: SizeDoc| (doc.id, u64::try_from(doc.member_count).unwrap_or(0));
        Ok(cursor.map_ok(size).try_collect().await?)
    }

    /// Whether there is any account at all.
    pub async fn any(&self) -> Result<bool, StoreError> {
        let hint = mongodb::options::Hint::Keys(doc! { "_id": 1 });
        Ok(self.docs.find_one(doc! {}).hint(hint).max_time(max_time()).await?.is_some())
    }
}
