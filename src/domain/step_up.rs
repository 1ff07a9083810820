//! Whether somebody may do now what their role allows: what opens ways into other people's accounts asks for a proof that
//! is minutes old, so that a session left open or stolen is not enough, and not for somebody whose own MFA was just reset.

use time::{Duration, OffsetDateTime};

use super::user::held_until;
use super::{Session, User};

/// Why not now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unready {
    /// The session's last proof is too old.
    StepUpRequired,
    /// The actor's own MFA was reset a short while ago.
    RecentlyReset {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
}

impl Unready {
    /// The reason in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StepUpRequired => "STEP_UP_REQUIRED",
            Self::RecentlyReset { .. } => "RECENTLY_RESET",
        }
    }
}

/// Until when a session's last proof counts; nothing where the demanded one was never given in it. Whoever has MFA proves
/// the second factor, everybody else the password.
pub fn proven_until(has_mfa: bool, session: &Session, age: Duration) -> Option<OffsetDateTime> {
    let proven_at = if has_mfa { session.mfa_at } else { Some(session.password_at) };
    proven_at.and_then(|at| at.checked_add(age))
}

/// Why somebody cannot do now what asks for a fresh proof; nothing when they can. The hold comes first: a code would not
/// help.
pub fn unready(
    actor: &User,
    session: &Session,
    (age, hold): (Duration, Duration),
    now: OffsetDateTime,
) -> Option<Unready> {
    if let Some(retry_at) = held_until(actor.mfa_reset_at, hold, now) {
        return Some(Unready::RecentlyReset { retry_at });
    }
    let proven = proven_until(actor.mfa.is_some(), session, age).is_some_and(|until| now < until);
    (!proven).then_some(Unready::StepUpRequired)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{MfaState, SessionId, UserId};
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);
    const AGE: Duration = Duration::minutes(5);
    const HOLD: Duration = Duration::DAY;

    fn somebody(has_mfa: bool, mfa_reset_at: Option<OffsetDateTime>) -> User {
        User {
            id: UserId::generate(NOW),
            email: "a@b.example".to_owned(),
            name: "A".to_owned(),
            created_at: NOW,
            last_log_in_at: None,
            mfa: has_mfa.then_some(MfaState { enabled_at: NOW, backup_codes: 10 }),
            email_verified: true,
            preferences: crate::domain::Preferences { locale: None, time_zone: None },
            credentials_changed_at: None,
            mfa_reset_asked_at: None,
            mfa_reset_at,
            disavowal: None,
            asking_frozen_until: None,
        }
    }

    fn session(mfa_at: Option<OffsetDateTime>, password_at: OffsetDateTime) -> Session {
        Session {
            id: SessionId::generate(NOW),
            user_id: UserId::generate(NOW),
            created_at: password_at,
            last_used_at: NOW,
            expires_at: NOW + Duration::DAY,
            mfa_at,
            password_at,
            ip: None,
            user_agent: None,
        }
    }

    #[test]
    fn only_a_fresh_proof_of_the_strongest_factor_counts_and_only_without_a_hold() {
        let ms = Duration::MILLISECOND;
        let (fresh, stale) = (NOW - AGE + ms, NOW - AGE);
        let held = |at: OffsetDateTime| Some(Unready::RecentlyReset { retry_at: at + HOLD });
        let step_up = Some(Unready::StepUpRequired);
        let (just, long_ago) = (NOW - HOLD + ms, NOW - HOLD);
        // has MFA, when it was reset, when the factor and the password were proved, and why not.
        let table = [
            (true, None, Some(fresh), stale, None),
            (true, None, Some(stale), stale, step_up),
            // A password is no second factor, however fresh; nor does one count that is older than the enrolment.
            (true, None, Some(stale), fresh, step_up),
            (true, None, None, fresh, step_up),
            (false, None, None, fresh, None),
            (false, None, None, stale, step_up),
            // A factor that was switched off proves nothing.
            (false, None, Some(fresh), stale, step_up),
            (true, Some(just), Some(fresh), fresh, held(just)),
            (false, Some(just), None, fresh, held(just)),
            (true, Some(just), Some(stale), stale, held(just)),
            (true, Some(long_ago), Some(fresh), stale, None),
            (true, Some(long_ago), Some(stale), stale, step_up),
        ];
        for (row, (has_mfa, reset_at, mfa_at, password_at, expected)) in table.into_iter().enumerate() {
            let found =
                unready(&somebody(has_mfa, reset_at), &session(mfa_at, password_at), (AGE, HOLD), NOW);
            assert_eq!(found, expected, "row {row}");
        }
    }
}
