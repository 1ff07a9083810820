//! Proving one's own second factor again, before something about it changes.

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of};
use super::throttle::{Attempt, CODE_BY_USER, Verdict};
use super::verify_code::{CodeCheck, RightCode};
use super::{Caller, Error, Services};
use crate::domain::{AuditAction, UserId};
use crate::store::users::MfaSecrets;

/// Why a proof is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnFactor {
    /// The person has no MFA.
    NotEnabled,
    /// The code is wrong.
    WrongCode,
    /// The code was right, and was used before.
    CodeAlreadyUsed,
    /// Too many wrong codes.
    TooManyAttempts(OffsetDateTime),
}

/// A right code of the signed-in person, not used up yet.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) user_id: UserId,
    pub(super) secrets: MfaSecrets,
    pub(super) code: RightCode,
    pub(super) attempt: Attempt,
}

impl Services {
    /// Checks a code of the signed-in person.
    pub(super) async fn prove_own_factor(
        &self,
        caller: &Caller,
        code: &str,
    ) -> Result<Result<Proof, OwnFactor>, Error> {
        let user_id = caller.signed_in()?.user_id;
        let proven = self.compare_own_factor(user_id, code).await?;
        if let Err(refusal) = &proven {
            self.record_refused_factor(caller, *refusal).await?;
        }
        Ok(proven)
    }

    async fn compare_own_factor(
        &self,
        user_id: UserId,
        code: &str,
    ) -> Result<Result<Proof, OwnFactor>, Error> {
        let credentials = self.store().users.find_credentials(user_id).await?;
        let Some(secrets) = credentials.and_then(|credentials| credentials.mfa) else {
            return Ok(Err(OwnFactor::NotEnabled));
        };
        let attempt = match self.attempt(CODE_BY_USER, user_id.uuid().as_bytes()).await? {
            Verdict::Go(attempt) => attempt,
            Verdict::Wait(retry_at) => return Ok(Err(OwnFactor::TooManyAttempts(retry_at))),
        };
        Ok(match self.check_code(user_id, &secrets, code)? {
            CodeCheck::Right(code) => Ok(Proof { user_id, secrets, code, attempt }),
            CodeCheck::AlreadyUsed => Err(OwnFactor::CodeAlreadyUsed),
            CodeCheck::Wrong => Err(OwnFactor::WrongCode),
        })
    }

    /// Writes down that a code of the signed-in person was not taken.
    pub(super) async fn record_refused_factor(
        &self,
        caller: &Caller,
        refusal: OwnFactor,
    ) -> Result<(), Error> {
        let user_id = caller.signed_in()?.user_id;
        let reason = match refusal {
            OwnFactor::NotEnabled => "MFA_NOT_ENABLED",
            OwnFactor::WrongCode => "WRONG_CODE",
            OwnFactor::CodeAlreadyUsed => "CODE_ALREADY_USED",
            OwnFactor::TooManyAttempts(_) => "TOO_MANY_ATTEMPTS",
        };
        let happening = Happening::new(caller, self.now(), AuditAction::AccessDenied)
            .about(user_id)
            .detail("reason", reason);
        let scopes = scopes_of(user_id, &self.memberships_of(user_id).await?);
        self.record_refusal(&happening, &scopes).await
    }
}
