//! People, their passwords and their second factors.

mod changes;
mod factor;
mod freezes;

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::deadline::max_time;
use super::erasure::not_erased;
use super::when;
use super::{StoreError, Tx};
use crate::crypto::backup_code::BackupCodeHash;
use crate::crypto::keyring::Sealed;
use crate::crypto::password::PasswordHash;
use crate::domain::key::{EmailKey, name_key};
use crate::domain::{Disavowal, MfaState, Preferences, User, UserId};

use freezes::DisavowalDoc;

pub use changes::ProfileUpdate;

/// The collection's name.
pub const COLLECTION: &str = "users";

/// The place under which TOTP secrets are sealed; the owner is the user's id.
pub const TOTP_PLACE: &str = "users.mfa.totp";

#[derive(Serialize, Deserialize)]
struct TotpDoc {
    sealed: Sealed,
    last_step: i64,
}

#[derive(Serialize, Deserialize)]
struct BackupCodeDoc {
    hash: BackupCodeHash,
}

#[derive(Serialize, Deserialize)]
struct MfaDoc {
    #[serde(with = "when")]
    enabled_at: OffsetDateTime,
    totp: TotpDoc,
    backup_codes: Vec<BackupCodeDoc>,
}

#[derive(Serialize, Deserialize)]
struct PasswordDoc {
    hash: PasswordHash,
    #[serde(with = "when")]
    changed_at: OffsetDateTime,
}

#[derive(Serialize, Deserialize)]
struct UserDoc {
    #[serde(rename = "_id")]
    id: UserId,
    email: String,
    email_key: EmailKey,
    name: String,
    name_key: String,
    #[serde(with = "when")]
    created_at: OffsetDateTime,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    last_log_in_at: Option<OffsetDateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<PasswordDoc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mfa: Option<MfaDoc>,
    /// Only of people who signed up and have not shown yet to read mail sent to the address.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    email_unverified: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    credentials_changed_at: Option<OffsetDateTime>,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    mfa_reset_asked_at: Option<OffsetDateTime>,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    mfa_reset_at: Option<OffsetDateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disavowal: Option<DisavowalDoc>,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    asking_frozen_until: Option<OffsetDateTime>,
}

/// What pages and mails need of a person: no secret leaves the database for them.
#[derive(Deserialize)]
struct PublicDoc {
    #[serde(rename = "_id")]
    id: UserId,
    email: String,
    name: String,
    #[serde(with = "when")]
    created_at: OffsetDateTime,
    #[serde(default, with = "when::option")]
    last_log_in_at: Option<OffsetDateTime>,
    mfa: Option<PublicMfaDoc>,
    #[serde(default)]
    email_unverified: bool,
    locale: Option<String>,
    time_zone: Option<String>,
    #[serde(default, with = "when::option")]
    credentials_changed_at: Option<OffsetDateTime>,
    #[serde(default, with = "when::option")]
    mfa_reset_asked_at: Option<OffsetDateTime>,
    #[serde(default, with = "when::option")]
    mfa_reset_at: Option<OffsetDateTime>,
    disavowal: Option<DisavowalDoc>,
    #[serde(default, with = "when::option")]
    asking_frozen_until: Option<OffsetDateTime>,
}

#[derive(Deserialize)]
struct PublicMfaDoc {
    #[serde(with = "when")]
    enabled_at: OffsetDateTime,
    #[serde(default)]
    backup_codes: usize,
}

fn public_fields() -> Document {
    doc! {
        "email": 1, "name": 1, "created_at": 1, "last_log_in_at": 1, "email_unverified": 1, "locale": 1,
        "time_zone": 1, "credentials_changed_at": 1, "mfa_reset_asked_at": 1, "mfa_reset_at": 1, "disavowal": 1,
        "asking_frozen_until": 1,
        "mfa": { "$cond": [
            { "$eq": [{ "$type": "$mfa" }, "object"] },
            { "enabled_at": "$mfa.enabled_at", "backup_codes": { "$size": "$mfa.backup_codes" } },
            "$$REMOVE",
        ] },
    }
}

impl From<PublicDoc> for User {
    fn from(doc: PublicDoc) -> Self {
        Self {
            id: doc.id,
            email: doc.email,
            name: doc.name,
            created_at: doc.created_at,
            last_log_in_at: doc.last_log_in_at,
            mfa: doc.mfa.map(|mfa| MfaState { enabled_at: mfa.enabled_at, backup_codes: mfa.backup_codes }),
            email_verified: !doc.email_unverified,
            preferences: Preferences { locale: doc.locale, time_zone: doc.time_zone },
            credentials_changed_at: doc.credentials_changed_at,
            mfa_reset_asked_at: doc.mfa_reset_asked_at,
            mfa_reset_at: doc.mfa_reset_at,
            disavowal: doc.disavowal.map(Disavowal::from),
            asking_frozen_until: doc.asking_frozen_until,
        }
    }
}

/// The second factor's secrets, as they are stored.
#[derive(Debug, Clone)]
pub struct MfaSecrets {
    /// Since when; also tells one enrolment from the next.
    pub enabled_at: OffsetDateTime,
    /// The TOTP secret, sealed for this user.
    pub totp: Sealed,
    /// The last TOTP step that was accepted.
    pub last_step: i64,
    /// Backup codes not used yet.
    pub backup_codes: Vec<BackupCodeHash>,
}

/// A person with everything that a log-in checks.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The person.
    pub user: User,
    /// The password's hash; absent for people who never set one.
    pub password: Option<PasswordHash>,
    /// The second factor's secrets, if there is one.
    pub mfa: Option<MfaSecrets>,
}

/// A person to store.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The id.
    pub id: UserId,
    /// The address as typed.
    pub email: String,
    /// The address's key.
    pub email_key: EmailKey,
    /// The name as typed.
    pub name: String,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// The password's hash.
    pub password: Option<PasswordHash>,
    /// The second factor's secrets.
    pub mfa: Option<MfaSecrets>,
}

fn mfa_doc(mfa: MfaSecrets) -> MfaDoc {
    MfaDoc {
        enabled_at: mfa.enabled_at,
        totp: TotpDoc { sealed: mfa.totp, last_step: mfa.last_step },
        backup_codes: mfa.backup_codes.into_iter().map(|hash| BackupCodeDoc { hash }).collect(),
    }
}

impl NewUser {
    /// The document, for bulk writes.
    pub fn into_document(self) -> Result<Document, StoreError> {
        let created_at = self.created_at;
        let doc = UserDoc {
            id: self.id,
            name_key: name_key(&self.name),
            email: self.email,
            email_key: self.email_key,
            name: self.name,
            created_at,
            last_log_in_at: None,
            password: self.password.map(|hash| PasswordDoc { hash, changed_at: created_at }),
            mfa: self.mfa.map(mfa_doc),
            email_unverified: false,
            locale: None,
            time_zone: None,
            credentials_changed_at: None,
            mfa_reset_asked_at: None,
            mfa_reset_at: None,
            disavowal: None,
            asking_frozen_until: None,
        };
        bson::serialize_to_document(&doc).map_err(|_| StoreError::Corrupt("user"))
    }
}

fn credentials(doc: UserDoc) -> Credentials {
    let secrets = doc.mfa.map(|mfa| MfaSecrets {
        enabled_at: mfa.enabled_at,
        totp: mfa.totp.sealed,
        last_step: mfa.totp.last_step,
        backup_codes: mfa.backup_codes.into_iter().map(|code| code.hash).collect(),
    });
    Credentials {
        user: User {
            id: doc.id,
            email: doc.email,
            name: doc.name,
            created_at: doc.created_at,
            last_log_in_at: doc.last_log_in_at,
            mfa: secrets.as_ref().map(|secrets| MfaState {
                enabled_at: secrets.enabled_at,
                backup_codes: secrets.backup_codes.len(),
            }),
            email_verified: !doc.email_unverified,
            preferences: Preferences { locale: doc.locale, time_zone: doc.time_zone },
            credentials_changed_at: doc.credentials_changed_at,
            mfa_reset_asked_at: doc.mfa_reset_asked_at,
            mfa_reset_at: doc.mfa_reset_at,
            disavowal: doc.disavowal.map(Disavowal::from),
            asking_frozen_until: doc.asking_frozen_until,
        },
        password: doc.password.map(|password| password.hash),
        mfa: secrets,
    }
}

/// People.
#[derive(Clone)]
pub struct Users {
    docs: Collection<UserDoc>,
}

impl Users {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// The people with these ids, in no order; those that do not exist are absent.
    pub async fn find_many(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let cursor = self
            .docs
            .clone_with_type::<PublicDoc>()
            .find(doc! { "_id": { "$in": ids } })
            .projection(public_fields())
            .batch_size(u32::try_from(ids.len()).unwrap_or(u32::MAX).saturating_add(1))
            .max_time(max_time())
            .await?;
        Ok(cursor.map_ok(User::from).try_collect().await?)
    }

    /// The same as the transaction sees them.
    pub async fn find_many_in(&self, tx: &mut Tx, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let mut cursor = self
            .docs
            .clone_with_type::<PublicDoc>()
            .find(doc! { "_id": { "$in": ids } })
            .projection(public_fields())
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        Ok(cursor.stream(&mut tx.session).map_ok(User::from).try_collect().await?)
    }

    /// One person.
    pub async fn find(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.find_many(&[id]).await?.pop())
    }

    /// One person as the transaction sees it.
    pub async fn find_in(&self, tx: &mut Tx, id: UserId) -> Result<Option<User>, StoreError> {
        let found = self
            .docs
            .clone_with_type::<PublicDoc>()
            .find_one(doc! { "_id": id })
            .projection(public_fields())
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        Ok(found.map(User::from))
    }

    /// The person with an address.
    pub async fn find_by_email(&self, email: &EmailKey) -> Result<Option<User>, StoreError> {
        let found = self
            .docs
            .clone_with_type::<PublicDoc>()
            .find_one(doc! { "email_key": email.as_str() })
            .projection(public_fields())
            .max_time(max_time())
            .await?;
        Ok(found.map(User::from))
    }

    /// The person with an address, as the transaction sees it.
    pub async fn find_by_email_in(&self, tx: &mut Tx, email: &EmailKey) -> Result<Option<User>, StoreError> {
        let found = self
            .docs
            .clone_with_type::<PublicDoc>()
            .find_one(doc! { "email_key": email.as_str() })
            .projection(public_fields())
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        Ok(found.map(User::from))
    }

    /// A person with everything that a log-in checks, by address; nobody where the person was erased.
    pub async fn find_credentials_by_email(
        &self,
        email: &EmailKey,
    ) -> Result<Option<Credentials>, StoreError> {
        let filter = not_erased(doc! { "email_key": email.as_str() });
        Ok(self.docs.find_one(filter).max_time(max_time()).await?.map(credentials))
    }

    /// A person with everything that a log-in checks, by id; nobody where the person was erased.
    pub async fn find_credentials(&self, id: UserId) -> Result<Option<Credentials>, StoreError> {
        let filter = not_erased(doc! { "_id": id });
        Ok(self.docs.find_one(filter).max_time(max_time()).await?.map(credentials))
    }

    /// Stores a person. An address that is taken is [`StoreError::Duplicate`].
    pub async fn insert(&self, tx: &mut Tx, user: NewUser) -> Result<(), StoreError> {
        let document = user.into_document()?;
        self.docs.clone_with_type::<Document>().insert_one(document).session(&mut tx.session).await?;
        Ok(())
    }

    async fn claim(&self, tx: &mut Tx, filter: Document, update: Document) -> Result<bool, StoreError> {
        let result = self.docs.update_one(filter, update).session(&mut tx.session).await?;
        Ok(result.modified_count == 1)
    }
}
