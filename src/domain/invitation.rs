//! An invitation to an account or portfolio, and its life.
//!
//! ```text
//! PENDING ─► ACCEPTED | REVOKED     (one conditional update each)
//!    └─────► EXPIRED                (by the clock; written down only when a newer invitation takes its place)
//! ```

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::key::EmailKey;
use super::policy::Held;
use super::{
    AccountId, AccountRole, InvitationId, MailDelivery, PortfolioId, PortfolioRole, RoleId, Scope, UserId,
};

/// How long an invitation can be accepted; sending it again begins anew.
pub const INVITATION_TTL: Duration = Duration::days(7);

/// Where an invitation is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InvitationState {
    /// Waits for the person.
    Pending,
    /// The person joined.
    Accepted,
    /// It was taken back, or the place that it leads to was closed.
    Revoked,
    /// Nobody accepted in time.
    Expired,
}

impl InvitationState {
    /// The name as stored, and in the schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Accepted => "ACCEPTED",
            Self::Revoked => "REVOKED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// What whoever accepts becomes, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Offer {
    /// A role in an account.
    Account {
        /// The account.
        account_id: AccountId,
        /// The role there; never OWNER. For a custom role, its base.
        role: AccountRole,
        /// The custom role, where one is offered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        custom_role_id: Option<RoleId>,
    },
    /// A role in a portfolio itself.
    Portfolio {
        /// The portfolio.
        portfolio_id: PortfolioId,
        /// The role there; never OWNER.
        role: PortfolioRole,
    },
}

impl Offer {
    /// A role in an account.
    pub const fn in_account(account_id: AccountId, held: Held) -> Self {
        Self::Account { account_id, role: held.role, custom_role_id: held.custom }
    }

    /// The account or portfolio.
    pub const fn scope(self) -> Scope {
        match self {
            Self::Account { account_id, .. } => Scope::Account(account_id),
            Self::Portfolio { portfolio_id, .. } => Scope::Portfolio(portfolio_id),
        }
    }

    /// The role's name in the audit log: a custom role's id stands behind its base.
    pub fn role_name(self) -> String {
        match self {
            Self::Account { role, custom_role_id: Some(id), .. } => format!("{} {id}", role.as_str()),
            Self::Account { role, .. } => role.as_str().to_owned(),
            Self::Portfolio { role, .. } => role.as_str().to_owned(),
        }
    }

    /// Whether it is ownership. That is handed over, never offered: there is exactly one Owner.
    pub const fn is_ownership(self) -> bool {
        matches!(
            self,
            Self::Account { role: AccountRole::Owner, .. }
                | Self::Portfolio { role: PortfolioRole::Owner, .. }
        )
    }
}

/// An invitation.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The id.
    pub id: InvitationId,
    /// What whoever accepts becomes, and where.
    pub offer: Offer,
    /// The address as typed.
    pub email: String,
    /// The address's key.
    pub email_key: EmailKey,
    /// Who invited.
    pub invited_by: UserId,
    /// The state as stored; see [`Invitation::state_at`].
    pub state: InvitationState,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Until when it can be accepted.
    pub expires_at: OffsetDateTime,
    /// Whether the latest e-mail went out.
    pub delivery: MailDelivery,
}

impl Invitation {
    /// A new one, that waits.
    pub fn new(offer: Offer, email: &str, email_key: EmailKey, by: UserId, now: OffsetDateTime) -> Self {
        Self {
            id: InvitationId::generate(now),
            offer,
            email: email.trim().to_owned(),
            email_key,
            invited_by: by,
            state: InvitationState::Pending,
            created_at: now,
            expires_at: now + INVITATION_TTL,
            delivery: MailDelivery::Queued,
        }
    }

    /// The state at `now`: one that waits becomes EXPIRED at `expires_at`, exactly.
    pub fn state_at(&self, now: OffsetDateTime) -> InvitationState {
        match self.state {
            InvitationState::Pending if now >= self.expires_at => InvitationState::Expired,
            state => state,
        }
    }
}

// Addresses are personal data: they stay out of logs even when a whole object is printed.
impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invitation")
            .field("id", &self.id)
            .field("offer", &self.offer)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

    fn invitation() -> Invitation {
        let offer = Offer::in_account(AccountId::generate(NOW), Held::of(AccountRole::Admin));
        let key = EmailKey::parse("ann@example.test").unwrap();
        Invitation::new(offer, " Ann@Example.test ", key, UserId::generate(NOW), NOW)
    }

    #[test]
    fn an_invitation_lasts_for_seven_days_exactly() {
        let waiting = invitation();
        let last = NOW + INVITATION_TTL - Duration::MILLISECOND;
        assert_eq!(waiting.state_at(last), InvitationState::Pending);
        assert_eq!(waiting.state_at(NOW + INVITATION_TTL), InvitationState::Expired);
        let accepted = Invitation { state: InvitationState::Accepted, ..waiting };
        assert_eq!(accepted.state_at(NOW + INVITATION_TTL), InvitationState::Accepted);
    }

    #[test]
    fn addresses_stay_as_typed_and_out_of_logs() {
        let invitation = invitation();
        assert_eq!(invitation.email, "Ann@Example.test");
        assert!(!format!("{invitation:?}").to_lowercase().contains("example"));
    }
}
