//! What changes about a person's second factor: each a conditional update that says whether this call did it.

use bson::doc;
use time::OffsetDateTime;

use super::{BackupCodeDoc, MfaSecrets, Users, mfa_doc};
use crate::crypto::backup_code::BackupCodeHash;
use crate::domain::UserId;
use crate::store::when::date;
use crate::store::{StoreError, Tx};

impl Users {
    /// Accepts a TOTP step once: true when this call accepted it, false when the same or a later step was accepted
    /// before, or the second factor is not the one that was checked.
    pub async fn claim_totp_step(
        &self,
        tx: &mut Tx,
        id: UserId,
        enabled_at: OffsetDateTime,
        step: i64,
    ) -> Result<bool, StoreError> {
        let filter =
            doc! { "_id": id, "mfa.enabled_at": date(enabled_at), "mfa.totp.last_step": { "$lt": step } };
        self.claim(tx, filter, doc! { "$set": { "mfa.totp.last_step": step } }).await
    }

    /// Uses a backup code up: true when this call did it.
    pub async fn claim_backup_code(
        &self,
        tx: &mut Tx,
        id: UserId,
        hash: &BackupCodeHash,
    ) -> Result<bool, StoreError> {
        let hash = bson::serialize_to_bson(hash).map_err(|_| StoreError::Corrupt("backup code"))?;
        let filter = doc! { "_id": id, "mfa.backup_codes.hash": hash.clone() };
        self.claim(tx, filter, doc! { "$pull": { "mfa.backup_codes": { "hash": hash } } }).await
    }

    /// Sets the second factor where there is none: true when this call did it.
    pub async fn claim_enrollment(
        &self,
        tx: &mut Tx,
        id: UserId,
        mfa: MfaSecrets,
    ) -> Result<bool, StoreError> {
        let mfa = bson::serialize_to_bson(&mfa_doc(mfa)).map_err(|_| StoreError::Corrupt("mfa"))?;
        let filter = doc! { "_id": id, "mfa": { "$exists": false } };
        self.claim(tx, filter, doc! { "$set": { "mfa": mfa } }).await
    }

    /// Replaces the backup codes of whoever has a second factor: true when this call did it.
    pub async fn replace_backup_codes(
        &self,
        tx: &mut Tx,
        id: UserId,
        enabled_at: OffsetDateTime,
        codes: Vec<BackupCodeHash>,
    ) -> Result<bool, StoreError> {
        let codes: Vec<_> = codes.into_iter().map(|hash| BackupCodeDoc { hash }).collect();
        let codes = bson::serialize_to_bson(&codes).map_err(|_| StoreError::Corrupt("backup codes"))?;
        let filter = doc! { "_id": id, "mfa.enabled_at": date(enabled_at) };
        self.claim(tx, filter, doc! { "$set": { "mfa.backup_codes": codes } }).await
    }

    /// Takes the second factor away, secrets and backup codes with it: true when there was one.
    pub async fn unset_mfa(&self, tx: &mut Tx, id: UserId) -> Result<bool, StoreError> {
        let filter = doc! { "_id": id, "mfa": { "$exists": true } };
        self.claim(tx, filter, doc! { "$unset": { "mfa": "" } }).await
    }

    /// Takes the second factor away by a reset: true when there was one. When that was holds the person from resetting
    /// others for a while.
    pub async fn reset_mfa(&self, tx: &mut Tx, id: UserId, now: OffsetDateTime) -> Result<bool, StoreError> {
        let filter = doc! { "_id": id, "mfa": { "$exists": true } };
        self.claim(tx, filter, doc! { "$unset": { "mfa": "" }, "$set": { "mfa_reset_at": date(now) } }).await
    }
}
