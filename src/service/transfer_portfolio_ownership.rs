//! `transferPortfolioOwnership`: the Portfolio Owner makes another user of the portfolio its Owner, and is a Portfolio
//! Admin from then on. A portfolio has exactly one Owner at every moment: the portfolio, both places and the audit event
//! change together, on the condition that the caller is the Owner still.

use super::audit::Happening;
use super::{Caller, Error, Services};
use crate::domain::{
    Action, AuditAction, Denial, Notification, Portfolio, PortfolioId, PortfolioRole, Scope, Unready, UserId,
};
use crate::store::Tx;
use crate::transact;

/// What handing over gives.
#[derive(Debug)]
pub enum TransferPortfolio {
    /// The portfolio with its new Owner.
    Transferred(Box<Portfolio>),
    /// The person is not in the portfolio itself.
    NotAMember,
    /// The person is the Portfolio Owner already.
    AlreadyOwner,
    /// Not at this moment.
    NotNow(Unready),
}

impl Services {
    /// Hands a portfolio over. Who may call: rule `PortfolioOwner`.
    pub async fn transfer_portfolio_ownership(
        &self,
        caller: &Caller,
        portfolio_id: PortfolioId,
        to: UserId,
    ) -> Result<TransferPortfolio, Error> {
        caller.signed_in()?;
        let outcome =
            transact!(self.store(), |tx| self.hand_portfolio_over(&mut tx, caller, portfolio_id, to))?;
        let refused = match &outcome {
            TransferPortfolio::Transferred(_) => {
                self.wake_mail();
                None
            }
            TransferPortfolio::NotAMember => Some("NOT_A_MEMBER"),
            TransferPortfolio::AlreadyOwner => Some("ALREADY_OWNER"),
            TransferPortfolio::NotNow(unready) => Some(unready.as_str()),
        };
        if let Some(reason) = refused {
            let scopes = [Scope::Portfolio(portfolio_id)];
            self.record_refused_change(caller, "transferPortfolioOwnership", reason, &scopes).await?;
        }
        Ok(outcome)
    }

    async fn hand_portfolio_over(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        portfolio_id: PortfolioId,
        to: UserId,
    ) -> Result<TransferPortfolio, Error> {
        let (store, now) = (self.store(), self.now());
        let from = caller.signed_in()?.user_id;
        let action = Action::TransferPortfolioOwnership;
        let mut portfolio = self.managed_portfolio(tx, caller, action, portfolio_id, 0, 0).await?;
        if let Some(unready) = self.why_not_now(tx, caller).await? {
            return Ok(TransferPortfolio::NotNow(unready));
        }
        if from == to {
            return Ok(TransferPortfolio::AlreadyOwner);
        }
        let members = &store.portfolio_members;
        let found = members.find_in(tx, portfolio_id, to).await?;
        let Some(place) = found else { return Ok(TransferPortfolio::NotAMember) };
        if !store.portfolios.claim_ownership(tx, portfolio_id, from, to).await? {
            return Err(Denial::Forbidden.into());
        }
        let (owner, admin) = (PortfolioRole::Owner, PortfolioRole::Admin);
        let both = members.claim_role(tx, portfolio_id, from, owner, admin).await?
            && members.claim_role(tx, portfolio_id, to, place.role, owner).await?;
        if !both {
            return Err(Error::Defect("a role changed within a transaction"));
        }
        for reader in [from, to] {
            let notice = Notification::PortfolioOwnershipTransferred { portfolio_id, from, to };
            store.outbox.insert(tx, reader, notice, now).await?;
        }
        let happening = Happening::new(caller, now, AuditAction::PortfolioOwnershipTransferred)
            .about(to)
            .detail("roleBefore", place.role.as_str())
            .detail("formerOwnerIsNow", admin.as_str());
        store.audit_events.insert(tx, &happening.events(&[Scope::Portfolio(portfolio_id)])).await?;
        portfolio.owner_id = Some(to);
        Ok(TransferPortfolio::Transferred(Box::new(portfolio)))
    }
}
