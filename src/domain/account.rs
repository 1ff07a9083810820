//! A customer's account, and the MFA policy that accounts and portfolios share.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{AccountId, PortfolioId, UserId};

/// What accepting a reset demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResetAcceptance {
    /// The link of the e-mail is enough.
    #[default]
    Link,
    /// The link and the password.
    LinkAndPassword,
}

/// Longest time between accepting a reset and its effect that a policy can ask for, in hours.
pub const COOLING_OFF_MAX: u8 = 72;

/// Whose resets a second person approves before the person hears of them; the later, the stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResetApproval {
    /// Nobody's.
    #[default]
    Never,
    /// Those of whoever is Owner of an account or portfolio, anywhere.
    OwnersOnly,
    /// Everybody's.
    Always,
}

impl ResetApproval {
    /// The name as stored, and in the schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "NEVER",
            Self::OwnersOnly => "OWNERS_ONLY",
            Self::Always => "ALWAYS",
        }
    }
}

/// Whether members must have MFA, and what a reset demands of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MfaPolicy {
    /// Members must have MFA.
    pub enforced: bool,
    /// Since when.
    pub enforced_since: Option<OffsetDateTime>,
    /// Members without MFA may still log in until then.
    pub grace_until: Option<OffsetDateTime>,
    /// What accepting a reset demands of members.
    pub reset_acceptance: ResetAcceptance,
    /// Whose resets a second person approves.
    pub reset_approval: ResetApproval,
    /// Hours between accepting a reset and its effect.
    pub reset_cooling_off_hours: u8,
}

impl MfaPolicy {
    /// Whether a member without MFA must enrol before anything else at `now`.
    pub fn demands_enrollment(&self, now: OffsetDateTime) -> bool {
        self.enforced && self.grace_until.is_none_or(|until| now >= until)
    }
}

/// A customer's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The id.
    pub id: AccountId,
    /// The name as typed.
    pub name: String,
    /// What lists sort the name by; kept beside it, since working it out costs more than the rest of reading an account.
    pub name_key: String,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// The portfolio that links it, if one does.
    pub portfolio_id: Option<PortfolioId>,
    /// The MFA policy.
    pub mfa_policy: MfaPolicy,
    /// How many people are in it.
    pub member_count: u64,
    /// The Owner; absent only while an import has not named one.
    pub owner_id: Option<UserId>,
    /// The Admin who was chosen to get the mail about the account's security; absent where that is the Owner.
    pub chosen_contact: Option<UserId>,
}

impl Account {
    /// Who gets the mail about the account's security.
    pub fn security_contact(&self) -> Option<UserId> {
        self.chosen_contact.or(self.owner_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn enforcement_starts_when_the_grace_period_ends() {
        let until = datetime!(2026-11-24 12:00 UTC);
        let policy = |enforced, grace_until| MfaPolicy { enforced, grace_until, ..Default::default() };
        let before = datetime!(2026-11-24 11:59:59.999 UTC);
        assert!(!policy(false, None).demands_enrollment(until));
        assert!(policy(true, None).demands_enrollment(until));
        assert!(!policy(true, Some(until)).demands_enrollment(before));
        assert!(policy(true, Some(until)).demands_enrollment(until));
        assert!(!policy(false, Some(before)).demands_enrollment(until));
    }
}
