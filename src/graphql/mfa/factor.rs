//! Changing one's own second factor, against a fresh code of it.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject, Union};

use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::guard::SignedIn;
use crate::rejection;
use crate::service::backup_codes::Regenerate;
use crate::service::disable_mfa::Disable;
use crate::service::own_factor::OwnFactor;

/// A fresh proof of the second factor.
#[derive(InputObject)]
pub struct RegenerateBackupCodesInput {
    /// A TOTP code or a backup code.
    #[graphql(secret)]
    code: String,
}

/// The old backup codes work no more.
#[derive(SimpleObject)]
pub struct BackupCodesRegenerated {
    /// Ten codes; shown this once.
    backup_codes: Vec<String>,
}

rejection! {
    /// The backup codes are unchanged.
    RegenerateBackupCodesRejected,
    /// Why there are no new backup codes.
    RegenerateBackupCodesRejectionReason {
        /// The viewer has no MFA.
        MfaNotEnabled => "MFA is off. Set it up first.",
        /// The code is wrong.
        WrongCode => "The code is wrong.",
        /// The code was used before: each works once.
        CodeAlreadyUsed => "This code was used already. Wait for the next one.",
        /// Too many wrong codes; see `retryAt`.
        TooManyAttempts => "Too many wrong codes. Try again later.",
    }
}

/// What `regenerateBackupCodes` gives.
#[derive(Union)]
pub enum RegenerateBackupCodesResult {
    /// Done.
    Regenerated(BackupCodesRegenerated),
    /// Refused.
    Rejected(RegenerateBackupCodesRejected),
}

/// A fresh proof of the second factor.
#[derive(InputObject)]
pub struct DisableMfaInput {
    /// A TOTP code or a backup code.
    #[graphql(secret)]
    code: String,
}

/// MFA is off.
#[derive(SimpleObject)]
pub struct MfaDisabled {
    /// Always false.
    enabled: bool,
}

rejection! {
    /// MFA is unchanged.
    DisableMfaRejected,
    /// Why MFA stays on.
    DisableMfaRejectionReason {
        /// The viewer has no MFA.
        MfaNotEnabled => "MFA is off already.",
        /// An account or portfolio of the viewer enforces MFA.
        MfaEnforced => "An account or portfolio that you belong to enforces MFA.",
        /// The code is wrong.
        WrongCode => "The code is wrong.",
        /// The code was used before: each works once.
        CodeAlreadyUsed => "This code was used already. Wait for the next one.",
        /// Too many wrong codes; see `retryAt`.
        TooManyAttempts => "Too many wrong codes. Try again later.",
    }
}

/// What `disableMfa` gives.
#[derive(Union)]
pub enum DisableMfaResult {
    /// Off.
    Disabled(MfaDisabled),
    /// Refused.
    Rejected(DisableMfaRejected),
}

/// Mutations of an existing second factor.
#[derive(Default)]
pub struct FactorMutation;

#[Object]
impl FactorMutation {
    /// Replaces the viewer's backup codes. Who may call: rule SignedIn, with a TOTP code or a backup code.
    #[graphql(guard = "SignedIn")]
    async fn regenerate_backup_codes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: RegenerateBackupCodesInput,
    ) -> Result<RegenerateBackupCodesResult> {
        let request = request(ctx)?;
        let outcome = request.services.regenerate_backup_codes(&request.caller(), &input.code).await;
        use RegenerateBackupCodesRejectionReason as Reason;
        let rejected = match outcome.or_error(request)? {
            Regenerate::Regenerated(codes) => {
                let backup_codes = codes.iter().map(|code| code.expose().to_owned()).collect();
                let done = BackupCodesRegenerated { backup_codes };
                return Ok(RegenerateBackupCodesResult::Regenerated(done));
            }
            Regenerate::Refused(OwnFactor::NotEnabled) => Reason::MfaNotEnabled.into(),
            Regenerate::Refused(OwnFactor::WrongCode) => Reason::WrongCode.into(),
            Regenerate::Refused(OwnFactor::CodeAlreadyUsed) => Reason::CodeAlreadyUsed.into(),
            Regenerate::Refused(OwnFactor::TooManyAttempts(retry_at)) => {
                RegenerateBackupCodesRejected::until(Reason::TooManyAttempts, retry_at)
            }
        };
        Ok(RegenerateBackupCodesResult::Rejected(rejected))
    }

    /// Turns the viewer's MFA off. Rejected while an account or portfolio enforces MFA. Who may call: rule SignedIn,
    /// with a TOTP code or a backup code.
    #[graphql(guard = "SignedIn")]
    async fn disable_mfa(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: DisableMfaInput,
    ) -> Result<DisableMfaResult> {
        let request = request(ctx)?;
        let outcome = request.services.disable_mfa(&request.caller(), &input.code).await;
        use DisableMfaRejectionReason as Reason;
        let rejected = match outcome.or_error(request)? {
            Disable::Disabled => return Ok(DisableMfaResult::Disabled(MfaDisabled { enabled: false })),
            Disable::Enforced => Reason::MfaEnforced.into(),
            Disable::Refused(OwnFactor::NotEnabled) => Reason::MfaNotEnabled.into(),
            Disable::Refused(OwnFactor::WrongCode) => Reason::WrongCode.into(),
            Disable::Refused(OwnFactor::CodeAlreadyUsed) => Reason::CodeAlreadyUsed.into(),
            Disable::Refused(OwnFactor::TooManyAttempts(retry_at)) => {
                DisableMfaRejected::until(Reason::TooManyAttempts, retry_at)
            }
        };
        Ok(DisableMfaResult::Rejected(rejected))
    }
}
