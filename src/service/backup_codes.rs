//! `regenerateBackupCodes`: ten new codes in place of the old ones, against a fresh second factor.

use super::audit::{Happening, scopes_of};
use super::own_factor::{OwnFactor, Proof};
use super::{Caller, Error, Services};
use crate::crypto::{BackupCode, BackupCodes};
use crate::domain::{AuditAction, Notification};
use crate::store::Tx;
use crate::transact;

/// What regenerating gives.
#[derive(Debug)]
pub enum Regenerate {
    /// Ten codes, shown this once.
    Regenerated(Vec<BackupCode>),
    /// Refused.
    Refused(OwnFactor),
}

impl Services {
    /// Replaces the backup codes. Who may call: the signed-in person, with a TOTP or backup code.
    pub async fn regenerate_backup_codes(&self, caller: &Caller, code: &str) -> Result<Regenerate, Error> {
        let proof = match self.prove_own_factor(caller, code).await? {
            Ok(proof) => proof,
            Err(refusal) => return Ok(Regenerate::Refused(refusal)),
        };
        let codes = BackupCodes::generate();
        let done = transact!(self.store(), |tx| self.replace_codes(&mut tx, caller, &proof, &codes))?;
        if let Some(refusal) = done {
            self.record_refused_factor(caller, refusal).await?;
            return Ok(Regenerate::Refused(refusal));
        }
        self.forgive(proof.attempt).await?;
        self.wake_mail();
        Ok(Regenerate::Regenerated(codes))
    }

    async fn replace_codes(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        proof: &Proof,
        codes: &[BackupCode],
    ) -> Result<Option<OwnFactor>, Error> {
        let user_id = proof.user_id;
        let now = self.now();
        if !self.use_code(tx, user_id, &proof.secrets, proof.code).await? {
            return Ok(Some(OwnFactor::CodeAlreadyUsed));
        }
        let hashes = codes.iter().map(BackupCode::hash).collect();
        let enabled_at = proof.secrets.enabled_at;
        if !self.store().users.replace_backup_codes(tx, user_id, enabled_at, hashes).await? {
            return Ok(Some(OwnFactor::NotEnabled));
        }
        let scopes = scopes_of(user_id, &self.memberships_in(tx, user_id).await?);
        let happening = Happening::new(caller, now, AuditAction::BackupCodesRegenerated)
            .by(user_id, proof.code.credential())
            .about(user_id);
        self.store().audit_events.insert(tx, &happening.events(&scopes)).await?;
        self.store()
            .outbox
            .insert(tx, user_id, Notification::BackupCodesRegenerated { user_id }, now)
            .await?;
        Ok(None)
    }
}
