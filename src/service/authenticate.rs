//! A token in, who it is out. Read anew for every request, so that a revoked session and a changed role count at once.

use std::sync::Arc;

use time::Duration;

use super::{Error, Services};
use crate::crypto::{Token, TokenKind};
use crate::domain::{Actor, SessionId, SignedIn};

/// Uses are written down at most this often.
const TOUCH_EVERY: Duration = Duration::MINUTE;

impl Services {
    /// The person behind a session token; nothing when the token is malformed, unknown, ended or expired.
    pub async fn authenticate(&self, token: &str) -> Result<Option<Actor>, Error> {
        let Some(token) = Token::parse(TokenKind::Session, token) else { return Ok(None) };
        let now = self.now();
        let Some(session) = self.store().sessions.find_live(&token.hash(), now).await? else {
            return Ok(None);
        };
        let memberships = self.memberships_of(session.user_id).await?;
        if now - session.last_used_at >= TOUCH_EVERY {
            let idle_until = now + self.tools.settings.session_idle;
            self.store().sessions.touch(session.id, now, idle_until).await?;
        }
        Ok(Some(Actor::SignedIn(Arc::new(SignedIn { user_id: session.user_id, session, memberships }))))
    }

    /// The same person later in a long-lived connection: nothing when the session ended meanwhile.
    pub async fn authenticate_again(&self, session: SessionId) -> Result<Option<Actor>, Error> {
        let Some(session) = self.store().sessions.find_live_by_id(session, self.now()).await? else {
            return Ok(None);
        };
        let memberships = self.memberships_of(session.user_id).await?;
        Ok(Some(Actor::SignedIn(Arc::new(SignedIn { user_id: session.user_id, session, memberships }))))
    }
}
