//! A token in, who it is out. Read anew for every request, so that a revoked session, a changed role and a changed policy
//! count at once.
//!
//! Where MFA is enforced, a session in which no second factor was answered is restricted: `domain::presence::admit` lets it
//! do what setting MFA up takes. A second factor in the session says that the person has MFA (switching it off takes it
//! out of every session), so policies are read only for sessions without one, by the command that reads the places.

use std::sync::Arc;

use time::Duration;

use super::{Error, Services};
use crate::crypto::{Token, TokenKind};
use crate::domain::{Actor, Memberships, Restriction, Session, SessionId, SignedIn};

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
        let (id, last_used_at) = (session.id, session.last_used_at);
        let actor = self.actor_in(session).await?;
        if now - last_used_at >= TOUCH_EVERY {
            let idle_until = now + self.tools.settings.session_idle;
            self.store().sessions.touch(id, now, idle_until).await?;
        }
        Ok(Some(actor))
    }

    /// The same person later in a long-lived connection: nothing when the session ended meanwhile.
    pub async fn authenticate_again(&self, session: SessionId) -> Result<Option<Actor>, Error> {
        let Some(session) = self.store().sessions.find_live_by_id(session, self.now()).await? else {
            return Ok(None);
        };
        Ok(Some(self.actor_in(session).await?))
    }

    async fn actor_in(&self, session: Session) -> Result<Actor, Error> {
        let user_id = session.user_id;
        let person = |session, memberships| Arc::new(SignedIn { user_id, session, memberships });
        if session.mfa_at.is_some() {
            let memberships = self.memberships_of(user_id).await?;
            return Ok(Actor::SignedIn(person(session, memberships)));
        }
        let now = self.now();
        let ((accounts, of_accounts), (portfolios, of_portfolios)) = tokio::try_join!(
            self.store().account_members.of_user_with_enforcement(user_id),
            self.store().portfolio_members.of_user_with_enforcement(user_id),
        )?;
        let memberships = Memberships { accounts, portfolios };
        let demanded = of_accounts.iter().chain(&of_portfolios).any(|policy| policy.demands_enrollment(now));
        if !demanded {
            return Ok(Actor::SignedIn(person(session, memberships)));
        }
        let user = self.store().users.find(user_id).await?;
        if user.is_none_or(|user| user.mfa.is_none()) {
            let restricted = person(session, memberships);
            return Ok(Actor::Restricted(restricted, Restriction::EnrollmentRequired));
        }
        // MFA was set up since the session was read, perhaps in this very session.
        let session = self.store().sessions.find_live_by_id(session.id, now).await?.unwrap_or(session);
        let answered = session.mfa_at.is_some();
        let person = person(session, memberships);
        Ok(if answered {
            Actor::SignedIn(person)
        } else {
            Actor::Restricted(person, Restriction::SecondFactorRequired)
        })
    }
}
