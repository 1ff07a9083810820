//! The main job: asking for a reset, accepting it, watching it; and the policies that shape it.

mod mutation;
mod object;
mod policy;
mod query;
mod subscription;

pub use mutation::{
    AcceptMfaResetRejected, CancelMfaResetRejected, DeclineMfaResetRejected, MfaResetMutation,
    ResetUserMfaRejected, ResetUserMfaRejectionReason,
};
pub use object::MfaReset;
pub use policy::{PolicyMutation, SetAccountMfaPolicyRejected, SetPortfolioMfaPolicyRejected};
pub use query::MfaResetQuery;
pub use subscription::MfaResetSubscription;
