//! A person and the state of their second factor.

use time::{Duration, OffsetDateTime};

use super::{MfaResetId, Preferences, UserId};

/// How a second factor is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MfaMethod {
    /// A code of an authenticator app (RFC 6238).
    Totp,
    /// One of the ten codes shown at enrolment; each works once.
    BackupCode,
}

/// The second factor of a person who has one. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MfaState {
    /// Since when.
    pub enabled_at: OffsetDateTime,
    /// Backup codes not used yet.
    pub backup_codes: usize,
}

/// A person, without any secret.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The address as typed.
    pub email: String,
    /// The name as typed.
    pub name: String,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// The last completed log-in.
    pub last_log_in_at: Option<OffsetDateTime>,
    /// The second factor, if there is one.
    pub mfa: Option<MfaState>,
    /// Whether the person has shown to read mail sent to the address.
    pub email_verified: bool,
    /// Language and time zone.
    pub preferences: Preferences,
    /// When the address or the password was changed last; never for what somebody began with.
    pub credentials_changed_at: Option<OffsetDateTime>,
    /// When a reset of the person's MFA was asked for last.
    pub mfa_reset_asked_at: Option<OffsetDateTime>,
    /// When a reset last took the person's second factor away.
    pub mfa_reset_at: Option<OffsetDateTime>,
    /// Why nobody may ask to reset the person's MFA for a while.
    pub disavowal: Option<Disavowal>,
    /// The person asked for too many resets of others, and may ask for none until then.
    pub asking_frozen_until: Option<OffsetDateTime>,
}

/// The person said "this wasn't me" of a reset: whoever asked may be somebody else, and may try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disavowal {
    /// Nobody may ask for a reset before then.
    pub until: OffsetDateTime,
    /// The reset.
    pub reset_id: MfaResetId,
    /// Who asked for it, and so cannot lift the freeze.
    pub requested_by: UserId,
}

impl User {
    /// Why nobody may ask to reset the person's MFA now.
    pub fn resets_frozen(&self, now: OffsetDateTime) -> Option<Disavowal> {
        self.disavowal.filter(|why| now < why.until)
    }

    /// Until when the person may ask for no resets of others.
    pub fn asking_frozen(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.asking_frozen_until.filter(|until| now < *until)
    }

    /// The ways in which this person can answer a challenge now.
    pub fn mfa_methods(&self) -> Vec<MfaMethod> {
        match &self.mfa {
            None => Vec::new(),
            Some(mfa) if mfa.backup_codes == 0 => vec![MfaMethod::Totp],
            Some(_) => vec![MfaMethod::Totp, MfaMethod::BackupCode],
        }
    }
}

/// Until when something is held that must not follow `since` too closely; nothing when it is not held at `now`.
///
/// One mailbox must not defeat both factors: a password reset is held after an MFA reset was asked for, and an MFA reset
/// after the address or the password changed. Whoever's MFA was reset is held from what opens ways into other accounts.
pub fn held_until(
    since: Option<OffsetDateTime>,
    hold: Duration,
    now: OffsetDateTime,
) -> Option<OffsetDateTime> {
    since.and_then(|since| since.checked_add(hold)).filter(|until| now < *until)
}

// Names and addresses are personal data: they stay out of logs even when a whole object is printed.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("mfa", &self.mfa).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_hold_ends_exactly_when_it_is_over() {
        let since = datetime!(2026-11-24 12:00 UTC);
        let until = since + Duration::DAY;
        let held = |hold, now| held_until(Some(since), hold, now);
        assert_eq!(held(Duration::DAY, since), Some(until));
        assert_eq!(held(Duration::DAY, until - Duration::MILLISECOND), Some(until));
        assert_eq!(held(Duration::DAY, until), None);
        assert_eq!(held(Duration::ZERO, since), None);
        assert_eq!(held_until(None, Duration::DAY, since), None);
    }
}
