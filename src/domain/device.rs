//! Browsers that a person has logged in from, and the code that the first log-in from an unknown one asks for.
//!
//! It is no second factor: a code that arrives in the mailbox proves no more than a password reset does. It never stands
//! in for MFA, and MFA never stands in for it.

use std::net::IpAddr;

use time::{Duration, OffsetDateTime};

use super::{DeviceChallengeId, DeviceId, UserId};

/// How long a code can be entered.
pub const CODE_TTL: Duration = Duration::minutes(10);
/// Codes tried against one challenge before it dies.
pub const CODE_ATTEMPTS: i32 = 5;
/// How long a browser that is not used stays known.
pub const TRUST_TTL: Duration = Duration::days(180);

/// A log-in that waits for the code. Holds neither its token nor a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceChallenge {
    /// The id; not the token.
    pub id: DeviceChallengeId,
    /// Who logs in.
    pub user_id: UserId,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Until when.
    pub expires_at: OffsetDateTime,
    /// When the right code was entered.
    pub used_at: Option<OffsetDateTime>,
    /// The address that the log-in came from.
    pub ip: Option<IpAddr>,
    /// The browser or client, at most 400 characters.
    pub user_agent: Option<String>,
}

impl DeviceChallenge {
    /// Whether a code can be entered at `now`.
    pub fn waits(&self, now: OffsetDateTime) -> bool {
        self.used_at.is_none() && now < self.expires_at
    }
}

/// A browser that a person has logged in from. Holds neither its token nor the hash of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The id; not the token.
    pub id: DeviceId,
    /// Whom it is known for: another person who uses the same browser is asked for a code of their own.
    pub user_id: UserId,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// The last log-in with it.
    pub last_used_at: OffsetDateTime,
    /// Until when it is known; moves with each log-in.
    pub expires_at: OffsetDateTime,
    /// What it called itself when it was new, at most 400 characters.
    pub user_agent: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_code_can_be_entered_once_and_until_exactly_ten_minutes_have_passed() {
        let now = datetime!(2026-11-24 12:00 UTC);
        let challenge = |used_at| DeviceChallenge {
            id: DeviceChallengeId::generate(now),
            user_id: UserId::generate(now),
            created_at: now,
            expires_at: now + CODE_TTL,
            used_at,
            ip: None,
            user_agent: None,
        };
        assert!(challenge(None).waits(now + CODE_TTL - Duration::MILLISECOND));
        assert!(!challenge(None).waits(now + CODE_TTL));
        assert!(!challenge(Some(now)).waits(now));
    }
}
