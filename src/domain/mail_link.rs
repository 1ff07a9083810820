//! One-time links that travel by mail and prove that somebody reads it: for verifying an address, for replacing it, for
//! setting a new password.
//!
//! ```text
//! PENDING ─► USED | CLOSED     (one conditional update each)
//!    └─────► expired           (by the clock; nothing is written)
//! ```

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{MailLinkId, UserId};

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MailLinkKind {
    /// Verifies the address of somebody who signed up.
    VerifyEmail,
    /// Verifies another address, and puts it in the place of the old one.
    ChangeEmail,
    /// Sets a new password.
    ResetPassword,
}

impl MailLinkKind {
    /// The name as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "VERIFY_EMAIL",
            Self::ChangeEmail => "CHANGE_EMAIL",
            Self::ResetPassword => "RESET_PASSWORD",
        }
    }

    /// How long it can be used.
    pub const fn ttl(self) -> Duration {
        match self {
            Self::VerifyEmail | Self::ChangeEmail => Duration::hours(24),
            Self::ResetPassword => Duration::hours(1),
        }
    }
}

/// Where a link is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MailLinkState {
    /// Waits to be used.
    Pending,
    /// Did what it was for.
    Used,
    /// Something else made it void.
    Closed,
}

impl MailLinkState {
    /// The name as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Used => "USED",
            Self::Closed => "CLOSED",
        }
    }
}

/// A link. Holds neither its token nor the hash of it.
#[derive(Clone, PartialEq, Eq)]
pub struct MailLink {
    /// The id; not the token.
    pub id: MailLinkId,
    /// What it is for.
    pub kind: MailLinkKind,
    /// Whose it is.
    pub user_id: UserId,
    /// The address that it is sent to.
    pub email: String,
    /// The address that `email` is to replace.
    pub old_email: Option<String>,
    /// The state as stored.
    pub state: MailLinkState,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Until when it can be used.
    pub expires_at: OffsetDateTime,
    /// No link was sent, since what it would do is held until then.
    pub held_until: Option<OffsetDateTime>,
}

impl MailLink {
    /// Whether it can be used at `now`.
    pub fn waits(&self, now: OffsetDateTime) -> bool {
        self.state == MailLinkState::Pending && now < self.expires_at
    }
}

// Addresses are personal data: they stay out of logs even when a whole object is printed.
impl std::fmt::Debug for MailLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailLink")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
