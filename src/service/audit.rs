//! Writing down what happened: one event for each scope that it concerns.

use time::OffsetDateTime;

use super::{Caller, Error, Services};
use crate::domain::{
    Account, AuditAction, AuditEvent, AuditEventId, Credential, Memberships, Scope, SessionId, UserId,
};
use crate::store::Tx;

/// Something that happened, before it is spread over scopes.
#[derive(Debug, Clone)]
pub struct Happening<'a> {
    caller: &'a Caller,
    at: OffsetDateTime,
    action: AuditAction,
    actor_id: Option<UserId>,
    target_id: Option<UserId>,
    credential: Option<Credential>,
    session_id: Option<SessionId>,
    details: Vec<(String, String)>,
}

impl<'a> Happening<'a> {
    /// Something that the caller did now.
    pub fn new(caller: &'a Caller, at: OffsetDateTime, action: AuditAction) -> Self {
        let session_id = caller.actor.present().map(|person| person.session.id);
        Self {
            caller,
            at,
            action,
            actor_id: caller.actor.user_id(),
            target_id: None,
            credential: session_id.map(|_| Credential::Session),
            session_id,
            details: Vec::new(),
        }
    }

    /// The same circumstances, of something else that happened.
    pub fn of(mut self, action: AuditAction) -> Self {
        self.action = action;
        self
    }

    /// Who did it, where that is known from something else than a session.
    pub fn by(mut self, user: UserId, credential: Credential) -> Self {
        self.actor_id = Some(user);
        self.credential = Some(credential);
        self
    }

    /// What was shown as proof, where nobody is known to have done it.
    pub fn with(mut self, credential: Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    /// Whom it concerns.
    pub fn about(mut self, user: UserId) -> Self {
        self.target_id = Some(user);
        self
    }

    /// The session that it began.
    pub fn in_session(mut self, session: SessionId) -> Self {
        self.session_id = Some(session);
        self
    }

    /// More, in words that hold no personal data.
    pub fn detail(mut self, name: &str, value: impl ToString) -> Self {
        self.details.push((name.to_owned(), value.to_string()));
        self
    }

    /// The events, one for each scope; for the deployment's own log where none is concerned.
    pub fn events(&self, scopes: &[Scope]) -> Vec<AuditEvent> {
        let deployment = [Scope::Deployment];
        let scopes = if scopes.is_empty() { deployment.as_slice() } else { scopes };
        let event = |scope: &Scope| AuditEvent {
            id: AuditEventId::generate(self.at),
            at: self.at,
            scope: *scope,
            action: self.action,
            actor_id: self.actor_id,
            target_id: self.target_id,
            credential: self.credential,
            session_id: self.session_id,
            ip: self.caller.meta.ip,
            user_agent: self.caller.meta.user_agent.clone(),
            details: self.details.clone(),
        };
        scopes.iter().map(event).collect()
    }
}

/// The scopes that what a person does concerns: accounts, portfolios, and portfolios that link one of the accounts;
/// the person's own log where there is none.
pub fn scopes_of(user: UserId, memberships: &Memberships) -> Vec<Scope> {
    let accounts = memberships.accounts.iter().map(|m| Scope::Account(m.account_id));
    let linking = memberships.accounts.iter().filter_map(|m| m.portfolio_id).map(Scope::Portfolio);
    let portfolios = memberships.portfolios.iter().map(|m| Scope::Portfolio(m.portfolio_id));
    let mut scopes: Vec<Scope> = accounts.chain(linking).chain(portfolios).collect();
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        scopes.push(Scope::User(user));
    }
    scopes
}

/// The scopes that a change of an account's people concerns: the account, and the portfolio that links it.
pub fn scopes_of_account(account: &Account) -> Vec<Scope> {
    std::iter::once(Scope::Account(account.id)).chain(account.portfolio_id.map(Scope::Portfolio)).collect()
}

impl Services {
    /// Every place of a person, read outside any transaction.
    pub(super) async fn memberships_of(&self, user: UserId) -> Result<Memberships, Error> {
        let users = [user];
        let (accounts, portfolios) = tokio::try_join!(
            self.store().account_members.of_users(&users),
            self.store().portfolio_members.of_users(&users),
        )?;
        Ok(Memberships { accounts, portfolios })
    }

    /// Every place of a person, as the transaction sees it.
    pub(super) async fn memberships_in(&self, tx: &mut Tx, user: UserId) -> Result<Memberships, Error> {
        let accounts = self.store().account_members.of_user_in(tx, user).await?;
        let portfolios = self.store().portfolio_members.of_user_in(tx, user).await?;
        Ok(Memberships { accounts, portfolios })
    }

    /// Writes down that a change was refused for a reason that its answer tells. `change` is the mutation's name.
    pub(super) async fn record_refused_change(
        &self,
        caller: &Caller,
        change: &str,
        reason: &str,
        scopes: &[Scope],
    ) -> Result<(), Error> {
        let happening = Happening::new(caller, self.now(), AuditAction::ChangeRefused)
            .detail("change", change)
            .detail("reason", reason);
        self.record_refusal(&happening, scopes).await
    }

    /// The same for a change of one's own.
    pub(super) async fn record_refused_own_change(
        &self,
        caller: &Caller,
        change: &str,
        reason: &str,
    ) -> Result<(), Error> {
        let person = caller.signed_in()?;
        let scopes = scopes_of(person.user_id, &person.memberships);
        self.record_refused_change(caller, change, reason, &scopes).await
    }

    /// Writes a refusal down by itself: it changes nothing else, and must not be lost with an aborted transaction.
    pub(super) async fn record_refusal(
        &self,
        happening: &Happening<'_>,
        scopes: &[Scope],
    ) -> Result<(), Error> {
        self.store().audit_events.insert_alone(&happening.events(scopes)).await?;
        Ok(())
    }
}
