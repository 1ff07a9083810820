//! What changes about a person: verified, address, password, name, preferences, and the second factor when it is renewed or
//! goes. Changes apart from the second factor count `version` up, so that two transactions about one person never both go
//! by what they read.

use bson::{Document, doc};
use time::OffsetDateTime;

use super::{NewUser, Users};
use crate::crypto::password::PasswordHash;
use crate::domain::key::{EmailKey, name_key};
use crate::domain::{Preferences, UserId};
use crate::store::erasure::not_erased;
use crate::store::when::date;
use crate::store::{StoreError, Tx};

/// What is to change about a person; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct ProfileUpdate {
    /// The name as typed.
    pub name: Option<String>,
    /// `Some(None)` takes the language away.
    pub locale: Option<Option<String>>,
    /// `Some(None)` takes the time zone away.
    pub time_zone: Option<Option<String>>,
}

fn encoded(hash: &PasswordHash) -> Result<bson::Bson, StoreError> {
    bson::serialize_to_bson(hash).map_err(|_| StoreError::Corrupt("password hash"))
}

impl Users {
    /// Stores a person who told language or time zone. An address that is taken is [`StoreError::Duplicate`].
    pub async fn insert_with(
        &self,
        tx: &mut Tx,
        user: NewUser,
        preferences: &Preferences,
    ) -> Result<(), StoreError> {
        self.insert_more(tx, user, preferences, doc! {}).await
    }

    /// Stores a person whose address is not verified yet. An address that is taken is [`StoreError::Duplicate`].
    pub async fn insert_unverified(
        &self,
        tx: &mut Tx,
        user: NewUser,
        preferences: &Preferences,
    ) -> Result<(), StoreError> {
        self.insert_more(tx, user, preferences, doc! { "email_unverified": true }).await
    }

    async fn insert_more(
        &self,
        tx: &mut Tx,
        user: NewUser,
        preferences: &Preferences,
        more: Document,
    ) -> Result<(), StoreError> {
        let mut document = user.into_document()?;
        let told =
            bson::serialize_to_document(preferences).map_err(|_| StoreError::Corrupt("preferences"))?;
        document.extend(told);
        document.extend(more);
        self.docs.clone_with_type::<Document>().insert_one(document).session(&mut tx.session).await?;
        Ok(())
    }

    pub(super) async fn change(
        &self,
        tx: &mut Tx,
        filter: Document,
        mut update: Document,
    ) -> Result<bool, StoreError> {
        update.insert("$inc", doc! { "version": 1 });
        self.claim(tx, filter, update).await
    }

    /// Makes the transaction conflict with any other that changes the person: for whoever writes copies of the person
    /// elsewhere. False when the person does not exist.
    pub async fn touch(&self, tx: &mut Tx, id: UserId) -> Result<bool, StoreError> {
        self.claim(tx, doc! { "_id": id }, doc! { "$inc": { "version": 1_i64 } }).await
    }

    /// Writes down a completed log-in: false for somebody who does not exist or was erased, who does not log in.
    pub async fn claim_log_in(
        &self,
        tx: &mut Tx,
        id: UserId,
        at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let update = doc! { "$set": { "last_log_in_at": date(at) } };
        // Counts `version` up, too: of two log-ins in one millisecond each changes the person.
        self.change(tx, not_erased(doc! { "_id": id }), update).await
    }

    /// Writes down that a reset of a person's MFA is asked for: true when there is MFA to reset, neither address nor
    /// password has changed since `unchanged_since`, and the person has not said "this wasn't me" of another one lately.
    pub async fn claim_mfa_reset_request(
        &self,
        tx: &mut Tx,
        id: UserId,
        unchanged_since: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let filter = doc! {
            "_id": id, "mfa": { "$exists": true },
            "credentials_changed_at": { "$not": { "$gt": date(unchanged_since) } },
            "disavowal.until": { "$not": { "$gt": date(now) } },
        };
        self.change(tx, filter, doc! { "$set": { "mfa_reset_asked_at": date(now) } }).await
    }

    /// The person has shown to read mail sent to the address: true when that was not known.
    pub async fn set_email_verified(&self, tx: &mut Tx, id: UserId) -> Result<bool, StoreError> {
        let filter = doc! { "_id": id, "email_unverified": true };
        self.change(tx, filter, doc! { "$unset": { "email_unverified": "" } }).await
    }

    /// Puts another address, verified, in the place of `old`: true when this call did it. An address that is taken is
    /// [`StoreError::Duplicate`].
    pub async fn replace_email(
        &self,
        tx: &mut Tx,
        id: UserId,
        old: &str,
        new: &str,
        key: &EmailKey,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let set = doc! { "email": new, "email_key": key.as_str(), "credentials_changed_at": date(now) };
        let update = doc! { "$set": set, "$unset": { "email_unverified": "" } };
        self.change(tx, doc! { "_id": id, "email": old }, update).await
    }

    /// Sets a new password by mail, which verifies the address as well: true when the person exists.
    pub async fn reset_password(
        &self,
        tx: &mut Tx,
        id: UserId,
        new: &PasswordHash,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let password = doc! { "hash": encoded(new)?, "changed_at": date(now) };
        let set = doc! { "password": password, "credentials_changed_at": date(now) };
        self.change(tx, doc! { "_id": id }, doc! { "$set": set, "$unset": { "email_unverified": "" } }).await
    }

    /// Puts a new password in the place of the one that was checked: true when this call did it.
    pub async fn change_password(
        &self,
        tx: &mut Tx,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let password = doc! { "hash": encoded(new)?, "changed_at": date(now) };
        let filter = doc! { "_id": id, "password.hash": encoded(old)? };
        let set = doc! { "password": password, "credentials_changed_at": date(now) };
        self.change(tx, filter, doc! { "$set": set }).await
    }

    /// Brings a password's hash up to date, but only the one that was checked: true when this call did it. The password
    /// stays the same, so nothing else changes.
    pub async fn replace_password_hash(
        &self,
        tx: &mut Tx,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let filter = doc! { "_id": id, "password.hash": encoded(old)? };
        self.claim(tx, filter, doc! { "$set": { "password.hash": encoded(new)? } }).await
    }

    /// Changes name, language and time zone: true when the person exists.
    pub async fn update_profile(
        &self,
        tx: &mut Tx,
        id: UserId,
        update: &ProfileUpdate,
    ) -> Result<bool, StoreError> {
        let (mut set, mut unset) = (doc! {}, doc! {});
        if let Some(name) = &update.name {
            set.insert("name", name);
            set.insert("name_key", name_key(name));
        }
        for (field, value) in [("locale", &update.locale), ("time_zone", &update.time_zone)] {
            match value {
                None => {}
                Some(Some(value)) => drop(set.insert(field, value)),
                Some(None) => drop(unset.insert(field, "")),
            }
        }
        let mut change = doc! {};
        for (operator, fields) in [("$set", set), ("$unset", unset)] {
            if !fields.is_empty() {
                change.insert(operator, fields);
            }
        }
        self.change(tx, doc! { "_id": id }, change).await
    }
}
