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
        let credentials = self.store().users.find_credentials(user_id).await?;
        let Some(secrets) = credentials.and_then(|credentials| credentials.mfa) else {
            return Ok(Err(OwnFactor::NotEnabled));
        };
        let attempt = match self.attempt(CODE_BY_USER, user_id.uuid().as_bytes()).await? {
            Verdict::Go(attempt) => attempt,
            Verdict::Wait(retry_at) => return Ok(Err(OwnFactor::TooManyAttempts(retry_at))),
        };
        let refusal = match self.check_code(user_id, &secrets, code)? {
            CodeCheck::Right(code) => return Ok(Ok(Proof { user_id, secrets, code, attempt })),
            CodeCheck::AlreadyUsed => OwnFactor::CodeAlreadyUsed,
            CodeCheck::Wrong => OwnFactor::WrongCode,
        };
        let happening = Happening::new(caller, self.now(), AuditAction::AccessDenied)
            .about(user_id)
            .detail("reason", format!("{refusal:?}"));
        let scopes = scopes_of(user_id, &self.memberships_of(user_id).await?);
        self.record_refusal(&happening, &scopes).await?;
        Ok(Err(refusal))
    }
}
