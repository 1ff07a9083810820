//! Who is asking.

use std::sync::Arc;

use super::presence::Presence;
use super::{Memberships, Session, UserId};

/// Who is asking.
#[derive(Debug, Clone, Default)]
pub enum Actor {
    /// Nobody that we know.
    #[default]
    SignedOut,
    /// A person with a live session.
    SignedIn(Arc<SignedIn>),
    /// A person with a live session that an account or portfolio of theirs does not accept without a second factor.
    Restricted(Arc<SignedIn>, Restriction),
}

/// What a session lacks where MFA is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Restriction {
    /// The person has no MFA and must set it up.
    EnrollmentRequired,
    /// The person has MFA, and never answered it in this session: it is older than the enrolment.
    SecondFactorRequired,
}

impl Restriction {
    pub(super) const fn advice(self) -> &'static str {
        match self {
            Self::EnrollmentRequired => "set it up first",
            Self::SecondFactorRequired => "log in again with your second factor",
        }
    }

    /// The name that clients and the audit log know it by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EnrollmentRequired => "MFA_ENROLLMENT_REQUIRED",
            Self::SecondFactorRequired => "MFA_REQUIRED",
        }
    }
}

/// A person with a live session, and every place that the person has at this moment.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The person.
    pub user_id: UserId,
    /// The session in use.
    pub session: Session,
    /// Read anew for every request, so that a changed role counts at the next one.
    pub memberships: Memberships,
}

impl Actor {
    /// The person, if there is a live session, restricted or not. For what a restricted session may do as well; nothing
    /// else goes by it.
    pub fn present(&self) -> Option<&Arc<SignedIn>> {
        match self {
            Self::SignedOut => None,
            Self::SignedIn(person) | Self::Restricted(person, _) => Some(person),
        }
    }

    /// The person's id, if there is a live session, restricted or not.
    pub fn user_id(&self) -> Option<UserId> {
        self.present().map(|person| person.user_id)
    }

    /// What the session lacks, if it is restricted.
    pub fn restriction(&self) -> Option<Restriction> {
        match self {
            Self::Restricted(_, restriction) => Some(*restriction),
            Self::SignedOut | Self::SignedIn(_) => None,
        }
    }

    /// What the session is worth, for the policy.
    pub fn presence(&self) -> Presence {
        match self {
            Self::SignedOut => Presence::SignedOut,
            Self::SignedIn(_) => Presence::SignedIn,
            Self::Restricted(_, restriction) => Presence::Restricted(*restriction),
        }
    }
}
