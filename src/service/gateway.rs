//! Whether a reverse proxy may let a request through, and as whom.
//!
//! It only reads (a use of the session is noted, at most once a minute, as everywhere). The session, the roles and the
//! account's policy are read anew for every question, so that a sign-out counts at the next request.

use std::sync::Arc;

use super::audit::Happening;
use super::throttle::{GATEWAY_REFUSAL, Verdict};
use super::{Caller, Error, Services};
use crate::domain::policy::{AccountStanding, decide};
use crate::domain::{
    AccountId, AccountRole, Action, Actor, AuditAction, Decision, RequestMeta, Resource, Scope, SessionId,
    SignedIn, UserId,
};

/// What the proxy asks for beyond a live session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirement {
    /// Being in this account, as the proxy wrote it.
    pub account: Option<String>,
    /// In one of these roles; empty for any.
    pub roles: Vec<AccountRole>,
    /// A second factor answered in this session.
    pub mfa: bool,
}

/// Who it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The person.
    pub user_id: UserId,
    /// The address as typed.
    pub email: String,
    /// The name as typed.
    pub name: String,
    /// The session; not its token.
    pub session_id: SessionId,
    /// Whether a second factor was answered in this session.
    pub mfa: bool,
    /// The account asked for, and the role there.
    pub account: Option<(AccountId, AccountRole)>,
}

/// Why a request is not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotThrough {
    /// No live session.
    SignedOut,
    /// Not in the account asked for, or there is none.
    NotAMember,
    /// In the account, in another role.
    Role,
    /// No second factor in this session, and the proxy, the account, or a place of the person demands one.
    MfaRequired,
}

impl Services {
    /// Whether the person of a session token may pass. Who may call: anybody.
    pub async fn verify(
        &self,
        token: Option<&str>,
        meta: &RequestMeta,
        requirement: &Requirement,
    ) -> Result<Result<Identity, NotThrough>, Error> {
        let actor = match token {
            Some(token) => self.authenticate(token).await?,
            None => None,
        };
        let person = match actor {
            Some(Actor::SignedIn(person)) => person,
            Some(Actor::Restricted(..)) => return Ok(Err(NotThrough::MfaRequired)),
            Some(Actor::SignedOut) | None => return Ok(Err(NotThrough::SignedOut)),
        };
        let mfa = person.session.mfa_at.is_some();
        let account = match &requirement.account {
            None => None,
            Some(text) => match self.place(&person, meta, text, requirement).await? {
                Ok(place) => Some(place),
                Err(refused) => return Ok(Err(refused)),
            },
        };
        if requirement.mfa && !mfa {
            return Ok(Err(NotThrough::MfaRequired));
        }
        let Some(user) = self.store().users.find(person.user_id).await? else {
            return Ok(Err(NotThrough::SignedOut));
        };
        let session_id = person.session.id;
        Ok(Ok(Identity { user_id: user.id, email: user.email, name: user.name, session_id, mfa, account }))
    }

    /// The role in the account asked for. What is no id is no account that anybody is in.
    async fn place(
        &self,
        person: &Arc<SignedIn>,
        meta: &RequestMeta,
        account: &str,
        requirement: &Requirement,
    ) -> Result<Result<(AccountId, AccountRole), NotThrough>, Error> {
        let Ok(id) = account.parse::<AccountId>() else { return Ok(Err(NotThrough::NotAMember)) };
        let Some(found) = self.store().accounts.find(id).await? else {
            return Ok(Err(NotThrough::NotAMember));
        };
        let standing = AccountStanding::of(&person.memberships, id, found.portfolio_id);
        let allowed = decide(true, Action::UseAccount, &Resource::Account(standing));
        let refused = match (allowed, standing.role()) {
            (Decision::Allow, Some(role)) => {
                if !requirement.roles.is_empty() && !requirement.roles.contains(&role) {
                    NotThrough::Role
                } else if found.mfa_policy.demands_enrollment(self.now()) && person.session.mfa_at.is_none() {
                    return Ok(Err(NotThrough::MfaRequired));
                } else {
                    return Ok(Ok((id, role)));
                }
            }
            _ => NotThrough::NotAMember,
        };
        self.write_down(person, meta, id, refused).await?;
        Ok(Err(refused))
    }

    async fn write_down(
        &self,
        person: &Arc<SignedIn>,
        meta: &RequestMeta,
        account: AccountId,
        refused: NotThrough,
    ) -> Result<(), Error> {
        let subject = format!("{} {account} {refused:?}", person.session.id);
        if let Verdict::Wait(_) = self.attempt(GATEWAY_REFUSAL, subject.as_bytes()).await? {
            return Ok(());
        }
        let caller = Caller { actor: Actor::SignedIn(person.clone()), meta: meta.clone() };
        let happening = Happening::new(&caller, self.now(), AuditAction::AccessDenied)
            .detail("action", format!("{:?}", Action::UseAccount))
            .detail("reason", format!("{refused:?}"));
        self.record_refusal(&happening, &[Scope::Account(account)]).await
    }
}
