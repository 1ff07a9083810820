//! The recovery contacts of accounts: one document for each account whose Owner named some. The account is touched in the
//! same transaction, so changes of it and of its people come one after the other.

use bson::doc;
use futures_util::TryStreamExt;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::deadline::max_time;
use super::when;
use super::{StoreError, Tx};
use crate::domain::recovery::NamedContacts;
use crate::domain::{AccountId, RecoveryContacts, UserId};

/// The collection's name.
pub const COLLECTION: &str = "recovery_contacts";

#[derive(Serialize, Deserialize)]
struct ContactsDoc {
    #[serde(rename = "_id")]
    account_id: AccountId,
    owner_id: UserId,
    contacts: Vec<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<NextDoc>,
}

#[derive(Serialize, Deserialize)]
struct NextDoc {
    contacts: Vec<UserId>,
    #[serde(with = "when")]
    effective_at: OffsetDateTime,
}

impl From<ContactsDoc> for RecoveryContacts {
    fn from(doc: ContactsDoc) -> Self {
        let next = doc.next;
        Self {
            account_id: doc.account_id,
            owner_id: doc.owner_id,
            contacts: doc.contacts,
            next: next.map(|next| NamedContacts { contacts: next.contacts, effective_at: next.effective_at }),
        }
    }
}

/// The recovery contacts of accounts.
#[derive(Clone)]
pub struct RecoveryContactsStore {
    docs: Collection<ContactsDoc>,
}

impl RecoveryContactsStore {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// Those of one account.
    pub async fn find(&self, account: AccountId) -> Result<Option<RecoveryContacts>, StoreError> {
        let found = self.docs.find_one(doc! { "_id": account }).max_time(max_time()).await?;
        Ok(found.map(RecoveryContacts::from))
    }

    /// Those of several accounts, as the transaction sees them, by the account's id; accounts without are absent.
    pub async fn find_many_in(
        &self,
        tx: &mut Tx,
        accounts: &[AccountId],
    ) -> Result<Vec<RecoveryContacts>, StoreError> {
        let mut cursor = self
            .docs
            .find(doc! { "_id": { "$in": accounts } })
            .sort(doc! { "_id": 1 })
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        Ok(cursor.stream(&mut tx.session).map_ok(RecoveryContacts::from).try_collect().await?)
    }

    /// Puts them in the place of whatever there was.
    pub async fn put(&self, tx: &mut Tx, contacts: RecoveryContacts) -> Result<(), StoreError> {
        let next = contacts.next;
        let doc = ContactsDoc {
            account_id: contacts.account_id,
            owner_id: contacts.owner_id,
            contacts: contacts.contacts,
            next: next.map(|next| NextDoc { contacts: next.contacts, effective_at: next.effective_at }),
        };
        let filter = doc! { "_id": doc.account_id };
        self.docs.replace_one(filter, doc).upsert(true).session(&mut tx.session).await?;
        Ok(())
    }

    /// Takes them away: the account has another Owner, or none.
    pub async fn delete(&self, tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
        self.docs.delete_one(doc! { "_id": account }).session(&mut tx.session).await?;
        Ok(())
    }
}
