//! A request to reset somebody's MFA, and its life.
//!
//! ```text
//! AWAITING_APPROVAL ─► PENDING                              (where a policy asks for a second person)
//! PENDING ─► COOLING_OFF ─► ACCEPTED                          (where a policy asks for time in between)
//! PENDING ─► ACCEPTED | DECLINED | CANCELLED | SUPERSEDED     (one conditional update each)
//!    └─────► EXPIRED                                          (by the clock; nothing is written)
//! ```

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::recovery::CONFIRMATIONS;
use super::{AccountId, AccountRole, MfaResetId, PortfolioId, PortfolioRole, RoleId, Scope, UserId};

/// Longest reason, in characters.
pub const REASON_MAX: usize = 500;
/// Resets of one user that may be asked for within [`RESET_WINDOW`].
pub const RESETS_PER_WINDOW: u64 = 5;
/// The window of [`RESETS_PER_WINDOW`].
pub const RESET_WINDOW: time::Duration = time::Duration::HOUR;

/// People told at most that a reset awaits approval.
pub const APPROVERS_TOLD_MAX: u32 = 20;

/// Longest time for which a reset may wait, whatever is configured.
pub const RESET_TTL_MAX: time::Duration = time::Duration::days(7);

/// Where a reset is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MfaResetState {
    /// Waits for a second person's approval. Never stored: a waiting one that has not been approved.
    AwaitingApproval,
    /// Waits for the person.
    Pending,
    /// The person accepted; MFA goes off later. Never stored: a waiting one that has a time of effect.
    CoolingOff,
    /// The person accepted; MFA went off.
    Accepted,
    /// The person said "this wasn't me".
    Declined,
    /// An Owner or Admin took it back, or the person switched MFA off.
    Cancelled,
    /// A newer one replaced it.
    Superseded,
    /// Nobody accepted in time. Never stored: it follows from the clock.
    Expired,
}

impl MfaResetState {
    /// The name as stored, and in the schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingApproval => "AWAITING_APPROVAL",
            Self::Pending => "PENDING",
            Self::CoolingOff => "COOLING_OFF",
            Self::Accepted => "ACCEPTED",
            Self::Declined => "DECLINED",
            Self::Cancelled => "CANCELLED",
            Self::Superseded => "SUPERSEDED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// Whether the e-mail went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MailDelivery {
    /// Waiting, or being tried again.
    Queued,
    /// A mail server took it.
    Sent,
    /// Given up.
    Failed,
}

/// The role, and where it is held, that entitled the requester.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Authority {
    /// Owner or Admin of an account the person belongs to.
    Account {
        /// The account.
        account_id: AccountId,
        /// The role there. For a custom role, its base.
        role: AccountRole,
        /// The custom role, where it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        custom_role_id: Option<RoleId>,
    },
    /// Portfolio Owner or Portfolio Admin over the person.
    Portfolio {
        /// The portfolio.
        portfolio_id: PortfolioId,
        /// The role there.
        role: PortfolioRole,
    },
}

impl Authority {
    /// The account or portfolio in which the role is held.
    pub fn scope(self) -> Scope {
        match self {
            Self::Account { account_id, .. } => Scope::Account(account_id),
            Self::Portfolio { portfolio_id, .. } => Scope::Portfolio(portfolio_id),
        }
    }
}

/// A request to reset somebody's MFA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MfaReset {
    /// The id.
    pub id: MfaResetId,
    /// Whose MFA.
    pub user_id: UserId,
    /// Who asked.
    pub requested_by: UserId,
    /// By what right.
    pub authority: Authority,
    /// The recovery contacts who confirmed, where the person asked them; the first one is who asked. `authority` then is the
    /// role of that one in the account whose contacts they are.
    pub recovered_by: Option<[UserId; CONFIRMATIONS]>,
    /// Why, in the requester's words.
    pub reason: Option<String>,
    /// The state as stored; see [`MfaReset::state_at`].
    pub state: MfaResetState,
    /// When it was asked for.
    pub requested_at: OffsetDateTime,
    /// Until when it can be accepted; while it awaits approval, until when it can be approved.
    pub expires_at: OffsetDateTime,
    /// When it left PENDING by an act of somebody.
    pub closed_at: Option<OffsetDateTime>,
    /// Whether a second person has to approve it first.
    pub awaiting_approval: bool,
    /// Who approved it, where somebody had to, and when.
    pub approved: Option<(UserId, OffsetDateTime)>,
    /// When MFA goes off, where the person accepted and a policy asks for time in between.
    pub effective_at: Option<OffsetDateTime>,
    /// Whether the e-mail went out.
    pub delivery: MailDelivery,
    /// The accounts and portfolios whose Owners and Admins may see it.
    pub scopes: Vec<Scope>,
}

impl MfaReset {
    /// The state at `now`: one that waits becomes EXPIRED at `expires_at`, exactly.
    pub fn state_at(&self, now: OffsetDateTime) -> MfaResetState {
        match self.state {
            MfaResetState::Pending if self.effective_at.is_some() => MfaResetState::CoolingOff,
            MfaResetState::Pending if now >= self.expires_at => MfaResetState::Expired,
            MfaResetState::Pending if self.awaiting_approval => MfaResetState::AwaitingApproval,
            state => state,
        }
    }

    /// Everybody who asked: one person, or the recovery contacts.
    pub fn asked_by(&self) -> Vec<UserId> {
        self.recovered_by.map_or_else(|| vec![self.requested_by], |contacts| contacts.to_vec())
    }

    /// When it stopped waiting, as seen at `now`.
    pub fn closed_at(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        match self.state_at(now) {
            MfaResetState::Expired => Some(self.expires_at),
            _ => self.closed_at,
        }
    }
}
