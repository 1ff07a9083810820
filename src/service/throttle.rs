//! Bounds on how often something may be tried. Counters live in MongoDB: they survive restarts and hold across
//! replicas. An attempt is counted before it is checked, so that attempts at the same time cannot share one count.

use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use super::{Error, Services};
use crate::crypto::TokenHash;
use crate::store::throttles::ThrottleKey;

/// A bound on attempts.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    purpose: &'static str,
    attempts: i64,
    window: Duration,
}

impl Limit {
    fn key(self, subject: &[u8]) -> ThrottleKey {
        let digest = Sha256::new_with_prefix(self.purpose).chain_update([0]).chain_update(subject).finalize();
        ThrottleKey { purpose: self.purpose, digest: TokenHash(digest.into()) }
    }
}

/// Bounds on asking for resets, all made of one number: what one person may ask for in an hour. Of a hundred people one may
/// lose a phone in a year, so ten in an hour is a company of thousands; whoever hands out more to others is a thief of a
/// session. A day holds two such hours, a place five such people, a network address two such places.
#[derive(Debug, Clone, Copy)]
pub struct ResetLimits {
    /// One person, in an hour.
    pub actor_hour: Limit,
    /// One person, in a day.
    pub actor_day: Limit,
    /// The account or portfolio by whose right it is asked, in an hour.
    pub place: Limit,
    /// One network address, in an hour.
    pub ip: Limit,
}

impl ResetLimits {
    /// The limits for so many an hour.
    pub fn of(burst: i64) -> Self {
        let limit = |purpose, times, window| Limit { purpose, attempts: burst.saturating_mul(times), window };
        Self {
            actor_hour: limit("reset_actor_hour", 1, Duration::HOUR),
            actor_day: limit("reset_actor_day", 2, Duration::DAY),
            place: limit("reset_place", 5, Duration::HOUR),
            ip: limit("reset_ip", 10, Duration::HOUR),
        }
    }
}

/// Failed log-ins for one address: 40 an hour. NIST SP 800-63B-4, 3.2.2, allows no more than 100 failed attempts in a row.
pub const LOG_IN_BY_EMAIL: Limit =
    Limit { purpose: "log_in_email", attempts: 10, window: Duration::minutes(15) };
/// Failed log-ins from one network address.
pub const LOG_IN_BY_IP: Limit = Limit { purpose: "log_in_ip", attempts: 100, window: Duration::minutes(15) };
/// Wrong second factors of one person, over all challenges.
pub const CODE_BY_USER: Limit = Limit { purpose: "code_user", attempts: 10, window: Duration::minutes(15) };
/// Codes for unknown browsers mailed to one person.
pub const DEVICE_CODE_BY_USER: Limit =
    Limit { purpose: "device_code_user", attempts: 5, window: Duration::HOUR };
/// Wrong passwords for one reset.
pub const PASSWORD_BY_RESET: Limit =
    Limit { purpose: "password_reset_link", attempts: 5, window: Duration::minutes(15) };
/// Mails that somebody signed out has sent to one address: links to verify it or to set a new password.
pub const MAIL_TO_EMAIL: Limit = Limit { purpose: "mail_to_email", attempts: 5, window: Duration::HOUR };
/// Sign-ups from one network address.
pub const SIGN_UP_BY_IP: Limit = Limit { purpose: "sign_up_ip", attempts: 30, window: Duration::HOUR };
/// Links to set a new password asked for from one network address.
pub const PASSWORD_RESET_BY_IP: Limit =
    Limit { purpose: "password_reset_ip", attempts: 60, window: Duration::HOUR };
/// Recoveries asked for from one network address.
pub const RECOVERY_BY_IP: Limit = Limit { purpose: "recovery_ip", attempts: 60, window: Duration::HOUR };
/// Wrong current passwords of somebody who is signed in.
pub const PASSWORD_BY_USER: Limit =
    Limit { purpose: "password_user", attempts: 10, window: Duration::minutes(15) };
/// Other addresses that somebody asks for.
pub const EMAIL_CHANGE_BY_USER: Limit =
    Limit { purpose: "email_change_user", attempts: 5, window: Duration::HOUR };

/// Invitation mails to one address from one account or portfolio.
pub const INVITATIONS_BY_ADDRESS: Limit =
    Limit { purpose: "invitation_address", attempts: 5, window: Duration::HOUR };
/// Invitation mails from one account or portfolio: a sign-up must not become a way to send mail to everybody.
pub const INVITATIONS_BY_PLACE: Limit =
    Limit { purpose: "invitation_place", attempts: 1000, window: Duration::DAY };
/// Accounts created by one person.
pub const ACCOUNTS_BY_USER: Limit = Limit { purpose: "create_account", attempts: 20, window: Duration::DAY };
/// Refusals of the gateway to one session, of one kind: a page asks for dozens of files, and one entry says it all.
pub const GATEWAY_REFUSAL: Limit =
    Limit { purpose: "gateway_refusal", attempts: 1, window: Duration::minutes(5) };

/// Refusals to one session that lacks a second factor: a dashboard asks for many things, and one entry says it all.
pub const RESTRICTED_REFUSAL: Limit =
    Limit { purpose: "restricted_refusal", attempts: 1, window: Duration::minutes(5) };

/// Tests sent to one webhook.
pub const WEBHOOK_TESTS: Limit = Limit { purpose: "webhook_test", attempts: 10, window: Duration::MINUTE };
/// Replays to one webhook, each of up to five hundred events.
pub const WEBHOOK_REPLAYS: Limit = Limit { purpose: "webhook_replay", attempts: 60, window: Duration::HOUR };

/// Portfolios created by one person.
pub const PORTFOLIOS_BY_USER: Limit =
    Limit { purpose: "create_portfolio", attempts: 20, window: Duration::DAY };

/// A counted attempt, to be taken back when it turns out well.
#[derive(Debug, Clone, Copy)]
pub struct Attempt(ThrottleKey);

/// Whether an attempt may be checked.
#[derive(Debug, Clone, Copy)]
pub enum Verdict {
    /// Yes.
    Go(Attempt),
    /// No, not before then.
    Wait(OffsetDateTime),
}

impl Verdict {
    /// The attempt that was counted, if it may be checked.
    pub fn counted(self) -> Option<Attempt> {
        match self {
            Self::Go(attempt) => Some(attempt),
            Self::Wait(_) => None,
        }
    }

    /// Until when there is to wait, if there is.
    pub fn until(self) -> Option<OffsetDateTime> {
        match self {
            Self::Go(_) => None,
            Self::Wait(until) => Some(until),
        }
    }
}

impl Services {
    /// Counts an attempt for `subject`.
    pub(super) async fn attempt(&self, limit: Limit, subject: &[u8]) -> Result<Verdict, Error> {
        let key = limit.key(subject);
        let counted = self.store().throttles.count(key, limit.window, self.now()).await?;
        if counted.count > limit.attempts {
            metrics::counter!("latchkey_throttled_total", "purpose" => limit.purpose).increment(1);
            return Ok(Verdict::Wait(counted.window_end));
        }
        Ok(Verdict::Go(Attempt(key)))
    }

    /// Forgets what was counted for `subject`.
    pub(super) async fn forget(&self, limit: Limit, subject: &[u8]) -> Result<(), Error> {
        Ok(self.store().throttles.clear(limit.key(subject)).await?)
    }

    /// Takes an attempt back that turned out well.
    pub(super) async fn forgive(&self, attempt: Attempt) -> Result<(), Error> {
        Ok(self.store().throttles.uncount(attempt.0).await?)
    }
}
