//! One's own second factor.

mod coverage;
mod enroll;
mod factor;

use async_graphql::MergedObject;

pub use coverage::{MfaCoverage, mfa_coverage};
pub use enroll::{BeginTotpEnrollmentRejected, ConfirmTotpEnrollmentRejected};
pub use factor::{DisableMfaRejected, RegenerateBackupCodesRejected};

/// Mutations of one's own second factor.
#[derive(MergedObject, Default)]
pub struct MfaMutation(enroll::EnrollMutation, factor::FactorMutation);
