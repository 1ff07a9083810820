//! The interface of every refusal that a screen shows.

use async_graphql::Interface;

use super::scalar::DateTime;
use super::{account, custom_role, invitation, mfa, mfa_reset, portfolio, recovery, session, user, webhook};

/// A refusal that a screen shows. Every …Rejected type implements it.
#[derive(Interface)]
#[graphql(
    field(
        name = "message",
        ty = "&String",
        desc = "One sentence for people, in English: what happened and what to do next."
    ),
    field(
        name = "retry_at",
        ty = "&Option<DateTime>",
        desc = "Trying again before then is refused again; null when time does not help."
    )
)]
pub enum Rejection {
    /// Of `resetUserMfa`.
    ResetUserMfa(mfa_reset::ResetUserMfaRejected),
    /// Of `approveMfaReset`.
    ApproveMfaReset(mfa_reset::ApproveMfaResetRejected),
    /// Of `acceptMfaReset`.
    AcceptMfaReset(mfa_reset::AcceptMfaResetRejected),
    /// Of `declineMfaReset`.
    DeclineMfaReset(mfa_reset::DeclineMfaResetRejected),
    /// Of `cancelMfaReset`.
    CancelMfaReset(mfa_reset::CancelMfaResetRejected),
    /// Of `liftMfaResetFreeze`.
    LiftMfaResetFreeze(mfa_reset::LiftMfaResetFreezeRejected),
    /// Of `setAccountMfaPolicy`.
    SetAccountMfaPolicy(mfa_reset::SetAccountMfaPolicyRejected),
    /// Of `setPortfolioMfaPolicy`.
    SetPortfolioMfaPolicy(mfa_reset::SetPortfolioMfaPolicyRejected),
    /// Of `createAccount`.
    CreateAccount(account::CreateAccountRejected),
    /// Of `closeAccount`.
    CloseAccount(account::CloseAccountRejected),
    /// Of `inviteUser`.
    InviteUser(account::InviteUserRejected),
    /// Of `changeUserRole`.
    ChangeUserRole(account::ChangeUserRoleRejected),
    /// Of `removeUser`.
    RemoveUser(account::RemoveUserRejected),
    /// Of `transferAccountOwnership`.
    TransferAccountOwnership(account::TransferAccountOwnershipRejected),
    /// Of `createCustomRole`.
    CreateCustomRole(custom_role::CreateCustomRoleRejected),
    /// Of `updateCustomRole`.
    UpdateCustomRole(custom_role::UpdateCustomRoleRejected),
    /// Of `deleteCustomRole`.
    DeleteCustomRole(custom_role::DeleteCustomRoleRejected),
    /// Of `createWebhook`.
    CreateWebhook(webhook::CreateWebhookRejected),
    /// Of `updateWebhook`.
    UpdateWebhook(webhook::UpdateWebhookRejected),
    /// Of `deleteWebhook`.
    DeleteWebhook(webhook::DeleteWebhookRejected),
    /// Of `rotateWebhookSecret`.
    RotateWebhookSecret(webhook::RotateWebhookSecretRejected),
    /// Of `sendTestWebhook`.
    SendTestWebhook(webhook::SendTestWebhookRejected),
    /// Of `replayWebhookDeliveries`.
    ReplayWebhookDeliveries(webhook::ReplayWebhookDeliveriesRejected),
    /// Of `setAccountSecurityContact`.
    SetAccountSecurityContact(account::SetAccountSecurityContactRejected),
    /// Of `setRecoveryContacts`.
    SetRecoveryContacts(recovery::SetRecoveryContactsRejected),
    /// Of `cancelRecoveryContactsChange`.
    CancelRecoveryContactsChange(recovery::CancelRecoveryContactsChangeRejected),
    /// Of `requestRecovery`.
    RequestRecovery(recovery::RequestRecoveryRejected),
    /// Of `confirmRecovery`.
    ConfirmRecovery(recovery::ConfirmRecoveryRejected),
    /// Of `stopRecovery`.
    StopRecovery(recovery::StopRecoveryRejected),
    /// Of `acceptInvitation`.
    AcceptInvitation(invitation::AcceptInvitationRejected),
    /// Of `revokeInvitation`.
    RevokeInvitation(invitation::RevokeInvitationRejected),
    /// Of `resendInvitation`.
    ResendInvitation(invitation::ResendInvitationRejected),
    /// Of `createPortfolio`.
    CreatePortfolio(portfolio::CreatePortfolioRejected),
    /// Of `closePortfolio`.
    ClosePortfolio(portfolio::ClosePortfolioRejected),
    /// Of `addAccountToPortfolio`.
    AddAccountToPortfolio(portfolio::AddAccountToPortfolioRejected),
    /// Of `removeAccountFromPortfolio`.
    RemoveAccountFromPortfolio(portfolio::RemoveAccountFromPortfolioRejected),
    /// Of `invitePortfolioUser`.
    InvitePortfolioUser(portfolio::InvitePortfolioUserRejected),
    /// Of `changePortfolioUserRole`.
    ChangePortfolioUserRole(portfolio::ChangePortfolioUserRoleRejected),
    /// Of `removePortfolioUser`.
    RemovePortfolioUser(portfolio::RemovePortfolioUserRejected),
    /// Of `transferPortfolioOwnership`.
    TransferPortfolioOwnership(portfolio::TransferPortfolioOwnershipRejected),
    /// Of `updatePortfolioUserAccess`.
    UpdatePortfolioUserAccess(portfolio::UpdatePortfolioUserAccessRejected),
    /// Of one change of `updatePortfolioUserAccess`.
    PortfolioAccessChange(portfolio::PortfolioAccessChangeRejected),
    /// Of `logIn`.
    LogIn(session::LogInRejected),
    /// Of `answerMfaChallenge`.
    AnswerMfaChallenge(session::AnswerMfaChallengeRejected),
    /// Of `answerDeviceChallenge`.
    AnswerDeviceChallenge(session::AnswerDeviceChallengeRejected),
    /// Of `stepUp`.
    StepUp(session::StepUpRejected),
    /// Of `revokeSession`.
    RevokeSession(session::RevokeSessionRejected),
    /// Of `beginTotpEnrollment`.
    BeginTotpEnrollment(mfa::BeginTotpEnrollmentRejected),
    /// Of `confirmTotpEnrollment`.
    ConfirmTotpEnrollment(mfa::ConfirmTotpEnrollmentRejected),
    /// Of `regenerateBackupCodes`.
    RegenerateBackupCodes(mfa::RegenerateBackupCodesRejected),
    /// Of `disableMfa`.
    DisableMfa(mfa::DisableMfaRejected),
    /// Of `signUp`.
    SignUp(user::SignUpRejected),
    /// Of `verifyEmail`.
    VerifyEmail(user::VerifyEmailRejected),
    /// Of `requestPasswordReset`.
    RequestPasswordReset(user::RequestPasswordResetRejected),
    /// Of `resetPassword`.
    ResetPassword(user::ResetPasswordRejected),
    /// Of `changePassword`.
    ChangePassword(user::ChangePasswordRejected),
    /// Of `updateProfile`.
    UpdateProfile(user::UpdateProfileRejected),
}

/// Declares a rejection: its reason enum, and the type that carries it. `not_now` behind the reasons adds those for which
/// something cannot be done at this moment, whatever the role.
#[macro_export]
macro_rules! rejection {
    ($(#[$doc:meta])* $rejected:ident, $(#[$reason_doc:meta])* $reason:ident {
        $($(#[$value_doc:meta])* $value:ident => $message:literal,)*
    } not_now) => {
        $crate::rejection! {
            $(#[$doc])*
            $rejected,
            $(#[$reason_doc])*
            $reason {
                $($(#[$value_doc])* $value => $message,)*
                /// The last proof in this session is older than five minutes (or what the deployment says): call `stepUp`,
                /// then this again.
                StepUpRequired => "Confirm that it is you, with a code or your password, and try again.",
                /// The viewer's own MFA was reset within the last 24 hours (or what the deployment says); see `retryAt`.
                RecentlyReset => "Your own MFA was reset a short while ago, so you cannot do this yet. Try again later.",
            }
        }

        impl From<$crate::domain::Unready> for $rejected {
            fn from(unready: $crate::domain::Unready) -> Self {
                match unready {
                    $crate::domain::Unready::StepUpRequired => $reason::StepUpRequired.into(),
                    $crate::domain::Unready::RecentlyReset { retry_at } => {
                        Self::until($reason::RecentlyReset, retry_at)
                    }
                }
            }
        }
    };
    ($(#[$doc:meta])* $rejected:ident, $(#[$reason_doc:meta])* $reason:ident {
        $($(#[$value_doc:meta])* $value:ident => $message:literal,)*
    }) => {
        $(#[$reason_doc])*
        #[derive(async_graphql::Enum, Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $reason {
            $($(#[$value_doc])* $value,)*
        }

        $(#[$doc])*
        #[derive(async_graphql::SimpleObject, Debug, Clone)]
        pub struct $rejected {
            /// Why, for programs.
            pub reason: $reason,
            /// Why, in one sentence for people, in English: what happened and what to do next.
            pub message: String,
            /// Trying again before then is refused again; null when time does not help.
            pub retry_at: Option<$crate::graphql::scalar::DateTime>,
        }

        impl From<$reason> for $rejected {
            fn from(reason: $reason) -> Self {
                let message = match reason { $($reason::$value => $message,)* };
                Self { reason, message: message.to_owned(), retry_at: None }
            }
        }

        impl $rejected {
            /// The same, with the moment from which trying again may help.
            pub fn until(reason: $reason, retry_at: time::OffsetDateTime) -> Self {
                Self { retry_at: Some(retry_at.into()), ..reason.into() }
            }
        }
    };
}
