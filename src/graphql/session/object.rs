//! Viewer and Session (being written).

use async_graphql::{ID, Object};

use crate::domain;

/// (being written)
pub struct Viewer {
    user_id: domain::UserId,
    session: domain::Session,
}

impl Viewer {
    /// The signed-in person, in a session.
    pub fn new(user_id: domain::UserId, session: domain::Session) -> Self {
        Self { user_id, session }
    }
}

#[Object]
impl Viewer {
    /// (being written)
    async fn session(&self) -> Option<bool> {
        None
    }
}

/// (being written)
pub struct Session(domain::Session);

impl Session {
    /// Shows a session of its owner.
    pub fn new(inner: domain::Session) -> Self {
        Self(inner)
    }
}

#[Object]
impl Session {
    /// The id; not the token.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }
}
