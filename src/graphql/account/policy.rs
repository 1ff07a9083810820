//! The MFA policy of an account or portfolio.

use async_graphql::SimpleObject;

use crate::domain;
use crate::graphql::mfa_reset::{MfaResetAcceptance, MfaResetApproval};
use crate::graphql::scalar::DateTime;

/// Whether users must have MFA, and what a reset demands of them. Who may see it: whoever sees the account or portfolio.
#[derive(SimpleObject)]
pub struct MfaPolicy {
    /// Whether users must have MFA.
    enforced: bool,
    /// Since when; null when not enforced.
    enforced_since: Option<DateTime>,
    /// Users without MFA may still log in until then; null when there is no grace period.
    grace_until: Option<DateTime>,
    /// What acceptMfaReset demands of the users of this account or portfolio.
    reset_acceptance: MfaResetAcceptance,
    /// Whose resets a second person has to approve (`approveMfaReset`). Among the accounts and portfolios of a user the
    /// strictest counts.
    reset_approval: MfaResetApproval,
    /// Hours between accepting a reset and its effect, 0 to 72, in which everybody who is told can stop it. Among the accounts
    /// and portfolios of a user the longest counts.
    reset_cooling_off_hours: i32,
}

impl From<&domain::MfaPolicy> for MfaPolicy {
    fn from(policy: &domain::MfaPolicy) -> Self {
        Self {
            enforced: policy.enforced,
            enforced_since: policy.enforced_since.map(DateTime::from),
            grace_until: policy.grace_until.map(DateTime::from),
            reset_acceptance: policy.reset_acceptance.into(),
            reset_approval: policy.reset_approval.into(),
            reset_cooling_off_hours: policy.reset_cooling_off_hours.into(),
        }
    }
}
