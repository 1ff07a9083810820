//! `removePortfolioUser`: somebody is taken out of a portfolio itself, or leaves it. The person's user stays, and so do
//! the person's places in linked accounts. Whatever invitation waits for the person there is taken back.

use super::audit::Happening;
use super::{Caller, Error, Services};
use crate::domain::key::EmailKey;
use crate::domain::{
    Action, AuditAction, Notification, Portfolio, PortfolioId, PortfolioRole, Scope, UserId,
};
use crate::store::Tx;
use crate::transact;

/// What removing gives.
#[derive(Debug)]
pub enum RemovePortfolioUser {
    /// The portfolio that the person does not belong to any more.
    Removed(Box<Portfolio>),
    /// The person is not in the portfolio itself.
    NotAMember,
    /// The person is the Portfolio Owner.
    IsOwner,
}

/// One's own place is left by oneself.
fn action_for(caller: &Caller, user: UserId) -> Action {
    match caller.actor.user_id() == Some(user) {
        true => Action::LeavePortfolio,
        false => Action::ManagePortfolioUsers,
    }
}

impl Services {
    /// Whether the caller may take a person out of a portfolio: Portfolio Owner; to leave it, every user of it.
    pub async fn authorize_portfolio_removal(
        &self,
        caller: &Caller,
        portfolio: PortfolioId,
        user: UserId,
    ) -> Result<(), Error> {
        self.authorize_portfolio(caller, action_for(caller, user), portfolio).await
    }

    /// Takes somebody out of a portfolio. Who may call: rule `PortfolioOwner`; for oneself rule `PortfolioMember`.
    pub async fn remove_portfolio_user(
        &self,
        caller: &Caller,
        portfolio_id: PortfolioId,
        user_id: UserId,
    ) -> Result<RemovePortfolioUser, Error> {
        caller.signed_in()?;
        let outcome =
            transact!(self.store(), |tx| self.remove_from_portfolio(&mut tx, caller, portfolio_id, user_id))?;
        match &outcome {
            RemovePortfolioUser::Removed(_) => self.wake_mail(),
            RemovePortfolioUser::IsOwner => {
                self.record_refused_portfolio_change(caller, portfolio_id, user_id, "IS_OWNER").await?;
            }
            RemovePortfolioUser::NotAMember => {
                let scopes = [Scope::Portfolio(portfolio_id)];
                self.record_refused_change(caller, "removePortfolioUser", "NOT_A_MEMBER", &scopes).await?;
            }
        }
        Ok(outcome)
    }

    async fn remove_from_portfolio(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        portfolio_id: PortfolioId,
        user_id: UserId,
    ) -> Result<RemovePortfolioUser, Error> {
        let (store, now) = (self.store(), self.now());
        let action = action_for(caller, user_id);
        let mut portfolio = self.managed_portfolio(tx, caller, action, portfolio_id, 0, 0).await?;
        let found = store.portfolio_members.find_in(tx, portfolio_id, user_id).await?;
        match found.map(|place| place.role) {
            None => return Ok(RemovePortfolioUser::NotAMember),
            Some(PortfolioRole::Owner) => return Ok(RemovePortfolioUser::IsOwner),
            Some(_) => {}
        }
        store.portfolio_members.claim_removal(tx, portfolio_id, user_id).await?;
        store.portfolios.touch(tx, portfolio_id, -1, 0).await?;
        portfolio.member_count = portfolio.member_count.saturating_sub(1);
        let scope = Scope::Portfolio(portfolio_id);
        if let Some(user) = store.users.find_in(tx, user_id).await? {
            let key = EmailKey::parse(&user.email).map_err(|_| Error::Defect("a stored address is none"))?;
            store.invitations.revoke_of(tx, scope, &key).await?;
        }
        let action = match action {
            Action::LeavePortfolio => AuditAction::PortfolioUserLeft,
            _ => {
                let notice = Notification::RemovedFromPortfolio { portfolio_id };
                store.outbox.insert(tx, user_id, notice, now).await?;
                AuditAction::PortfolioUserRemoved
            }
        };
        let happening = Happening::new(caller, now, action).about(user_id);
        store.audit_events.insert(tx, &happening.events(&[scope])).await?;
        Ok(RemovePortfolioUser::Removed(Box::new(portfolio)))
    }
}
