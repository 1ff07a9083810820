//! The Session object.

use async_graphql::{Context, ID, Object, Result};

use crate::domain;
use crate::graphql::context::request;
use crate::graphql::loader::expected;
use crate::graphql::scalar::DateTime;

/// A log-in that lasts. Who may see it: only its owner.
pub struct Session(domain::Session);

impl crate::graphql::ready::AtOnce for Session {}

impl Session {
    /// Shows a session to its owner.
    pub fn new(inner: domain::Session) -> Self {
        Self(inner)
    }
}

/// A log-in that lasts. Who may see it: only its owner.
#[Object]
impl Session {
    /// The id: session_…; not the token.
    fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// When it began.
    fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it was last used, to the minute.
    fn last_used_at(&self) -> DateTime {
        self.0.last_used_at.into()
    }

    /// When it ends whatever happens; unused, it ends earlier.
    fn expires_at(&self) -> DateTime {
        self.0.expires_at.into()
    }

    /// The address that it began from.
    fn ip(&self) -> Option<String> {
        self.0.ip.map(|ip| ip.to_string())
    }

    /// The browser or client that it began with.
    fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }

    /// When a second factor was last answered in it; null when none was.
    fn mfa_at(&self) -> Option<DateTime> {
        self.0.mfa_at.map(DateTime::from)
    }

    /// Until when the last proof of the second factor, or of the password where the viewer has no MFA, is fresh enough in it
    /// for MFA resets, policies, roles and transfers; null when `stepUp` is asked for first.
    async fn step_up_valid_until(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let request = request(ctx)?;
        let found = request.loaders().users.one(self.0.user_id).await?;
        let user = expected(found, "the viewer", request)?;
        Ok(request.services.step_up_valid_until(&user, &self.0).map(DateTime::from))
    }

    /// Whether it is the one in use now.
    fn current(&self, ctx: &Context<'_>) -> Result<bool> {
        let caller = request(ctx)?.caller();
        Ok(caller.actor.present().is_some_and(|person| person.session.id == self.0.id))
    }
}
