//! Who is asking.

use std::sync::Arc;

use super::{Memberships, Session, UserId};

/// Who is asking.
#[derive(Debug, Clone, Default)]
pub enum Actor {
    /// Nobody that we know.
    #[default]
    SignedOut,
    /// A person with a live session.
    SignedIn(Arc<SignedIn>),
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
    /// The person, if signed in.
    pub fn signed_in(&self) -> Option<&Arc<SignedIn>> {
        match self {
            Self::SignedOut => None,
            Self::SignedIn(person) => Some(person),
        }
    }

    /// The person's id, if signed in.
    pub fn user_id(&self) -> Option<UserId> {
        self.signed_in().map(|person| person.user_id)
    }
}
