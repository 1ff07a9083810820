//! The main job: asking for a reset, accepting it, watching it; and the policies that shape it.

mod approval;
mod freeze;
mod list;
mod mutation;
mod object;
mod policy;
mod query;
mod subscription;

pub use approval::{ApprovalMutation, ApproveMfaResetRejected};
pub use freeze::{LiftMfaResetFreezeRejected, MfaResetFreeze, MfaResetFreezeMutation, freezes};
pub use list::{MfaResetConnection, MfaResetEdge, mfa_resets};
pub use mutation::{
    AcceptMfaResetRejected, CancelMfaResetRejected, DeclineMfaResetRejected, MfaResetMutation,
    ResetUserMfaRejected, ResetUserMfaRejectionReason,
};
pub use object::{
    AccountAuthority, MailDelivery, MfaReset, MfaResetAuthority, MfaResetState, PortfolioAuthority,
    RecoveryContactsAuthority,
};
pub use policy::{
    MfaResetAcceptance, MfaResetApproval, PolicyMutation, SetAccountMfaPolicyRejected,
    SetPortfolioMfaPolicyRejected,
};
pub use query::{MfaResetPreview, MfaResetQuery, visible_reset};
pub use subscription::MfaResetSubscription;
