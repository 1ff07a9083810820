//! A second person's yes, where a policy asks for it.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use super::MfaReset;
use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::guard::ManagesUserOfReset;
use crate::graphql::ids::parse_id;
use crate::rejection;
use crate::service::approve_mfa_reset::ApproveMfaReset;

/// Which reset to approve.
#[derive(InputObject)]
pub struct ApproveMfaResetInput {
    /// The reset.
    mfa_reset_id: ID,
}

/// The user gets the e-mail "MFA reset request"; its twelve hours begin now.
#[derive(SimpleObject)]
pub struct MfaResetApproved {
    /// The reset.
    mfa_reset: MfaReset,
}

rejection! {
    /// The reset is unchanged.
    ApproveMfaResetRejected,
    /// Why a reset cannot be approved.
    ApproveMfaResetRejectionReason {
        /// It awaits no approval, or not any more.
        NotAwaitingApproval => "This reset is not waiting for approval.",
        /// Nobody approved it within twelve hours.
        Expired => "Nobody approved this reset in time. It has to be asked for again.",
        /// The viewer asked for it.
        SamePerson => "You asked for this reset yourself: somebody else has to approve it.",
        /// The viewer has no MFA, and it is enforced as in `resetUserMfa`.
        ActorMfaRequired => "MFA is enforced here: set up your own before you have somebody else's reset.",
        /// The user's e-mail address or password changed since; see `retryAt`.
        Held => "This user's e-mail address or password changed a short while ago, so their MFA cannot be reset yet. Try again later.",
    } not_now
}

/// What `approveMfaReset` gives.
#[derive(Union)]
pub enum ApproveMfaResetResult {
    /// Approved.
    Approved(MfaResetApproved),
    /// Refused.
    Rejected(ApproveMfaResetRejected),
}

/// The mutation of approving.
#[derive(Default)]
pub struct ApprovalMutation;

#[Object]
impl ApprovalMutation {
    /// Approves a reset that awaits a second person (`MfaPolicy.resetApproval`), and sends the user the e-mail "MFA reset
    /// request". Who may call: rule ManagesUser for the user whom it is about, but for the requester. Asks for a fresh proof
    /// (`stepUp`).
    #[graphql(guard = "ManagesUserOfReset::new(&input.mfa_reset_id)")]
    async fn approve_mfa_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: ApproveMfaResetInput,
    ) -> Result<ApproveMfaResetResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.mfa_reset_id, "mfaResetId")?;
        let outcome = request.services.approve_mfa_reset(&request.caller(), id).await;
        use ApproveMfaResetRejectionReason as Reason;
        Ok(ApproveMfaResetResult::Rejected(match outcome.or_error(request)? {
            ApproveMfaReset::Approved(reset) => {
                let mfa_reset = MfaReset::new(*reset);
                return Ok(ApproveMfaResetResult::Approved(MfaResetApproved { mfa_reset }));
            }
            ApproveMfaReset::NotAwaitingApproval => Reason::NotAwaitingApproval.into(),
            ApproveMfaReset::Expired => Reason::Expired.into(),
            ApproveMfaReset::SamePerson => Reason::SamePerson.into(),
            ApproveMfaReset::ActorMfaRequired => Reason::ActorMfaRequired.into(),
            ApproveMfaReset::NotNow(unready) => unready.into(),
            ApproveMfaReset::Held { retry_at } => ApproveMfaResetRejected::until(Reason::Held, retry_at),
        }))
    }
}
