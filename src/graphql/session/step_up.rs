//! Proving again who one is, in the session in use.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject, Union};

use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::guard::SignedIn;
use crate::graphql::scalar::DateTime;
use crate::rejection;
use crate::service::change_password::OwnPassword;
use crate::service::own_factor::OwnFactor;
use crate::service::step_up::StepUp;

/// A fresh proof: of the second factor where the viewer has MFA, else of the password.
#[derive(InputObject)]
pub struct StepUpInput {
    /// A TOTP code or a backup code; needed where the viewer has MFA.
    #[graphql(secret)]
    code: Option<String>,
    /// The password; needed where the viewer has no MFA.
    #[graphql(secret)]
    password: Option<String>,
}

/// What asked for a fresh proof can be done in this session now.
#[derive(SimpleObject)]
pub struct SteppedUp {
    /// Until when: five minutes, or what the deployment says.
    valid_until: DateTime,
}

rejection! {
    /// The session is as it was.
    StepUpRejected,
    /// Why a proof is not taken.
    StepUpRejectionReason {
        /// The viewer has MFA, and no code was given.
        CodeRequired => "Enter a code of your authenticator app, or a backup code.",
        /// The viewer has no MFA, and no password was given.
        PasswordRequired => "Enter your password.",
        /// The code is wrong.
        WrongCode => "The code is wrong. Check the clock of your device, or use a backup code.",
        /// The code was used before: each works once.
        CodeAlreadyUsed => "This code was used already. Wait for the next one.",
        /// The password is wrong.
        WrongPassword => "The password is wrong.",
        /// Too many wrong codes or passwords; see `retryAt`.
        TooManyAttempts => "Too many attempts. Try again later.",
    }
}

/// What `stepUp` gives.
#[derive(Union)]
pub enum StepUpResult {
    /// Proved.
    SteppedUp(SteppedUp),
    /// Refused.
    Rejected(StepUpRejected),
}

/// The mutation of proving again.
#[derive(Default)]
pub struct StepUpMutation;

#[Object]
impl StepUpMutation {
    /// Proves again who the viewer is, for what answers STEP_UP_REQUIRED: with a code where there is MFA, else with the
    /// password. It counts in the session in use. Limits and the use of codes are those of the log-in. Who may call: rule
    /// SignedIn.
    #[graphql(guard = "SignedIn")]
    async fn step_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: StepUpInput,
    ) -> Result<StepUpResult> {
        let request = request(ctx)?;
        let (code, password) = (input.code.as_deref(), input.password.as_deref());
        let outcome = request.services.step_up(&request.caller(), code, password).await;
        use StepUpRejectionReason as Reason;
        Ok(StepUpResult::Rejected(match outcome.or_error(request)? {
            StepUp::SteppedUp(until) => {
                request.renew_caller().await?;
                return Ok(StepUpResult::SteppedUp(SteppedUp { valid_until: until.into() }));
            }
            StepUp::CodeRequired => Reason::CodeRequired.into(),
            // MFA was switched off meanwhile.
            StepUp::PasswordRequired | StepUp::Code(OwnFactor::NotEnabled) => Reason::PasswordRequired.into(),
            StepUp::Code(OwnFactor::WrongCode) => Reason::WrongCode.into(),
            StepUp::Code(OwnFactor::CodeAlreadyUsed) => Reason::CodeAlreadyUsed.into(),
            StepUp::Password(OwnPassword::Wrong) => Reason::WrongPassword.into(),
            StepUp::Code(OwnFactor::TooManyAttempts(retry_at))
            | StepUp::Password(OwnPassword::TooManyAttempts(retry_at)) => {
                StepUpRejected::until(Reason::TooManyAttempts, retry_at)
            }
        }))
    }
}
