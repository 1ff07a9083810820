//! Recovery contacts, whom the Owner of an account names in advance, and what they do when the Owner is locked out.
//!
//! ```text
//! PENDING ─► CONFIRMED ─► STOPPED     (one conditional update each)
//!    ├─────► STOPPED
//!    └─────► EXPIRED                  (by the clock; written when another one takes its place)
//! ```

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::user::held_until;
use super::{AccountId, AccountRole, MfaResetId, RecoveryId, User, UserId};

/// Contacts at least, where there are any.
pub const CONTACTS_MIN: usize = 2;
/// Contacts at most.
pub const CONTACTS_MAX: usize = 3;
/// How many of them confirm.
pub const CONFIRMATIONS: usize = 2;
/// How long the first contacts wait until they count: until the Owner has read the mail about them.
pub const FIRST_COUNT_AFTER: Duration = Duration::hours(24);
/// How long others wait: whoever stole the Owner's session must not name contacts and use them before the Owner, away for a
/// weekend, is back.
pub const OTHERS_COUNT_AFTER: Duration = Duration::hours(72);
/// How long the contacts have.
pub const RECOVERY_TTL: Duration = Duration::hours(24);

/// Contacts that are named and do not count yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedContacts {
    /// Who; nobody where the contacts are to be taken away.
    pub contacts: Vec<UserId>,
    /// When they count.
    pub effective_at: OffsetDateTime,
}

/// The recovery contacts of an account, as its Owner named them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryContacts {
    /// The account.
    pub account_id: AccountId,
    /// Who named them: they are nobody's when somebody else is Owner.
    pub owner_id: UserId,
    /// Those who counted when they were written.
    pub contacts: Vec<UserId>,
    /// Those who count from some time on.
    pub next: Option<NamedContacts>,
}

impl RecoveryContacts {
    /// Whoever counts at `now`.
    pub fn at(&self, now: OffsetDateTime) -> &[UserId] {
        match &self.next {
            Some(next) if now >= next.effective_at => &next.contacts,
            _ => &self.contacts,
        }
    }

    /// What is named and does not count yet.
    pub fn waiting_at(&self, now: OffsetDateTime) -> Option<&NamedContacts> {
        self.next.as_ref().filter(|next| now < next.effective_at)
    }

    /// The same contacts for an Owner who wants others from some time on; nothing where that changes nothing.
    pub fn naming(
        found: Option<&Self>,
        (account_id, owner_id): (AccountId, UserId),
        wanted: &[UserId],
        now: OffsetDateTime,
    ) -> Option<Self> {
        let found = found.filter(|found| found.owner_id == owner_id);
        let contacts = found.map(|found| found.at(now).to_vec()).unwrap_or_default();
        let waiting = found.and_then(|found| found.waiting_at(now));
        let next = if alike(&contacts, wanted) {
            // What stands is wanted again: what waits is taken back.
            waiting?;
            None
        } else if waiting.is_some_and(|next| alike(&next.contacts, wanted)) {
            return None;
        } else {
            let wait = if contacts.is_empty() { FIRST_COUNT_AFTER } else { OTHERS_COUNT_AFTER };
            Some(NamedContacts { contacts: wanted.to_vec(), effective_at: now + wait })
        };
        Some(Self { account_id, owner_id, contacts, next })
    }
}

fn alike(some: &[UserId], others: &[UserId]) -> bool {
    some.len() == others.len() && some.iter().all(|one| others.contains(one))
}

/// Why somebody who was named does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCounted {
    /// Not a contact any more, gone from the account, vendor support, or the Owner in person.
    NoContact,
    /// Nobody knows whether it is the contact who reads the contact's mail.
    Unproven {
        /// Not before then; nothing where time does not help.
        retry_at: Option<OffsetDateTime>,
    },
}

/// Whether the word of a contact counts now: `role` is what the contact is in the account, `owner` whom it is about, `holds`
/// how long somebody is held after a reset of their own MFA and after another address or password.
///
/// A contact speaks by a link in a mailbox, so whoever was attacked a short while ago does not speak: after "this wasn't
/// me", a burst, a reset, another address or password.
pub fn counts(
    contact: &User,
    role: Option<AccountRole>,
    owner: UserId,
    (after_reset, after_change): (Duration, Duration),
    now: OffsetDateTime,
) -> Result<(), NotCounted> {
    if contact.id == owner || role.is_none_or(|role| role == AccountRole::Support) {
        return Err(NotCounted::NoContact);
    }
    if !contact.email_verified {
        return Err(NotCounted::Unproven { retry_at: None });
    }
    let holds = [
        contact.asking_frozen(now),
        contact.resets_frozen(now).map(|why| why.until),
        held_until(contact.mfa_reset_at, after_reset, now),
        held_until(contact.credentials_changed_at, after_change, now),
    ];
    match holds.into_iter().flatten().max() {
        None => Ok(()),
        retry_at => Err(NotCounted::Unproven { retry_at }),
    }
}

/// Where a recovery is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RecoveryState {
    /// Waits for the contacts.
    Pending,
    /// Enough of them confirmed: a reset was asked for.
    Confirmed,
    /// The Owner said "this wasn't me"; or, where nobody was asked, it never waited.
    Stopped,
    /// They did not confirm in time.
    Expired,
}

impl RecoveryState {
    /// The name as stored, and in the schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Confirmed => "CONFIRMED",
            Self::Stopped => "STOPPED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// A contact who was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedContact {
    /// Who.
    pub user_id: UserId,
    /// When the contact confirmed.
    pub confirmed_at: Option<OffsetDateTime>,
}

/// Somebody who is locked out asks their contacts. Holds neither tokens nor the hashes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The id.
    pub id: RecoveryId,
    /// The Owner who is locked out.
    pub user_id: UserId,
    /// The account whose contacts are asked.
    pub account_id: AccountId,
    /// The state as stored; see [`Recovery::state_at`].
    pub state: RecoveryState,
    /// When it was asked for.
    pub requested_at: OffsetDateTime,
    /// Until when it can be confirmed, and stopped.
    pub expires_at: OffsetDateTime,
    /// When it was confirmed or stopped.
    pub closed_at: Option<OffsetDateTime>,
    /// Who is asked.
    pub contacts: Vec<AskedContact>,
    /// The reset that came of it.
    pub reset_id: Option<MfaResetId>,
}

impl Recovery {
    /// The state at `now`: one that waits becomes EXPIRED at `expires_at`, exactly.
    pub fn state_at(&self, now: OffsetDateTime) -> RecoveryState {
        match self.state {
            RecoveryState::Pending if now >= self.expires_at => RecoveryState::Expired,
            state => state,
        }
    }

    /// Who confirmed so far, the first one first.
    pub fn confirmed(&self) -> Vec<UserId> {
        let mut confirmed: Vec<(OffsetDateTime, UserId)> = self
            .contacts
            .iter()
            .filter_map(|asked| asked.confirmed_at.map(|at| (at, asked.user_id)))
            .collect();
        confirmed.sort_unstable();
        confirmed.into_iter().map(|(_, user)| user).collect()
    }
}

#[cfg(test)]
#[path = "recovery_tests.rs"]
mod tests;
