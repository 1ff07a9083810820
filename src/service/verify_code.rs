//! Checking a second factor: a TOTP code or a backup code. Checking is pure; using a code up is a conditional update
//! in the transaction of what it is for.

use super::{Error, Services};
use crate::crypto::{BackupCode, BackupCodeHash, TotpSecret};
use crate::domain::{Credential, MfaMethod, UserId};
use crate::store::Tx;
use crate::store::users::{MfaSecrets, TOTP_PLACE};

/// A code that is right, and not used up yet.
#[derive(Debug, Clone, Copy)]
pub(super) enum RightCode {
    /// A code of the authenticator app, with the time step it belongs to.
    Totp(i64),
    /// A backup code.
    Backup(BackupCodeHash),
}

impl RightCode {
    pub(super) fn credential(self) -> Credential {
        match self {
            Self::Totp(_) => Credential::Totp,
            Self::Backup(_) => Credential::BackupCode,
        }
    }

    pub(super) fn method(self) -> MfaMethod {
        match self {
            Self::Totp(_) => MfaMethod::Totp,
            Self::Backup(_) => MfaMethod::BackupCode,
        }
    }
}

/// What a code is.
#[derive(Debug, Clone, Copy)]
pub(super) enum CodeCheck {
    /// Right.
    Right(RightCode),
    /// Right once, and used before (RFC 6238, section 5.2: one-time only).
    AlreadyUsed,
    /// Wrong.
    Wrong,
}

fn is_totp_form(code: &str) -> bool {
    let digits = code.chars().filter(|c| !c.is_whitespace());
    digits.clone().count() == 6 && digits.clone().all(|c| c.is_ascii_digit())
}

impl Services {
    /// Checks a code against a person's second factor.
    pub(super) fn check_code(
        &self,
        user: UserId,
        secrets: &MfaSecrets,
        code: &str,
    ) -> Result<CodeCheck, Error> {
        if is_totp_form(code) {
            let opened = self.tools.keyring.open(TOTP_PLACE, user.uuid().as_bytes(), &secrets.totp)?;
            let secret =
                TotpSecret::from_bytes(&opened).map_err(|_| Error::Defect("a stored TOTP secret"))?;
            return Ok(match secret.matching_step(code, self.now()) {
                None => CodeCheck::Wrong,
                Some(step) if step <= secrets.last_step => CodeCheck::AlreadyUsed,
                Some(step) => CodeCheck::Right(RightCode::Totp(step)),
            });
        }
        // Hashes of 80 random bits: which one differs where tells nothing about the others.
        let hash = BackupCode::parse(code).map(|code| code.hash());
        Ok(match hash.filter(|hash| secrets.backup_codes.contains(hash)) {
            Some(hash) => CodeCheck::Right(RightCode::Backup(hash)),
            None => CodeCheck::Wrong,
        })
    }

    /// Uses a right code up: false when somebody was faster.
    pub(super) async fn use_code(
        &self,
        tx: &mut Tx,
        user: UserId,
        secrets: &MfaSecrets,
        code: RightCode,
    ) -> Result<bool, Error> {
        let users = &self.store().users;
        Ok(match code {
            RightCode::Totp(step) => users.claim_totp_step(tx, user, secrets.enabled_at, step).await?,
            RightCode::Backup(hash) => users.claim_backup_code(tx, user, &hash).await?,
        })
    }
}
