//! `closePortfolio`: the Portfolio Owner closes a portfolio for good. Its accounts stay, each by itself; everybody's user
//! stays; invitations are taken back.
//!
//! Accounts leave one by one, then people in batches, the Owner with the last one: wherever it stops, the portfolio is
//! whole with fewer accounts or people, and the Owner can go on. What happened stays in the audit log.

use super::audit::Happening;
use super::{Caller, Error, Services};
use crate::domain::key::name_key;
use crate::domain::{
    Action, AuditAction, Denial, Notification, PageRequest, PortfolioId, PortfolioRole, Scope, UserId,
};
use crate::store::Tx;
use crate::transact;

/// People taken out by one transaction; it holds locks on all of them.
const BATCH: i64 = 500;
/// Accounts looked up at once.
const ACCOUNTS: u32 = 100;
/// Portfolio Owner and Portfolio Admins told by mail at most.
const TOLD_MAX: u32 = 50;

/// What closing gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosePortfolio {
    /// It is closed.
    Closed(PortfolioId),
    /// The name that was typed is not the portfolio's.
    NameMismatch,
}

enum Step {
    /// More people, or an account that was added meanwhile.
    Further,
    Done,
}

impl Services {
    /// Closes a portfolio. `name` is typed by a person who knows which portfolio it is. Who may call: rule
    /// `PortfolioOwner`.
    pub async fn close_portfolio(
        &self,
        caller: &Caller,
        id: PortfolioId,
        name: &str,
    ) -> Result<ClosePortfolio, Error> {
        caller.signed_in()?;
        self.authorize_portfolio(caller, Action::ClosePortfolio, id).await?;
        let portfolio = self.store().portfolios.find(id).await?.ok_or(Denial::Hidden)?;
        if name_key(&portfolio.name) != name_key(name) {
            let scopes = [Scope::Portfolio(id)];
            self.record_refused_change(caller, "closePortfolio", "NAME_MISMATCH", &scopes).await?;
            return Ok(ClosePortfolio::NameMismatch);
        }
        // Looked up before they are gone.
        let admins = [PortfolioRole::Owner, PortfolioRole::Admin];
        let places = self.store().portfolio_members.with_roles(id, &admins, TOLD_MAX).await?;
        let told: Vec<UserId> = places.into_iter().map(|place| place.user_id).collect();
        loop {
            self.unlink_all(caller, id).await?;
            let step = transact!(self.store(), |tx| self.close_portfolio_step(&mut tx, caller, id, &told))?;
            if let Step::Done = step {
                break;
            }
        }
        self.wake_mail();
        Ok(ClosePortfolio::Closed(id))
    }

    async fn unlink_all(&self, caller: &Caller, id: PortfolioId) -> Result<(), Error> {
        loop {
            let request = PageRequest::first(ACCOUNTS);
            let page = self.store().accounts.list_of_portfolio(id, &request).await?;
            if page.items.is_empty() {
                return Ok(());
            }
            for account in page.items {
                let left = self.remove_account_from_portfolio(caller, id, account.id).await;
                if let Err(denied @ Error::Denied(_)) = left {
                    // Somebody else took it out a moment ago, so the caller does not even see it any more.
                    let now = self.store().accounts.find(account.id).await?;
                    if now.is_some_and(|account| account.portfolio_id == Some(id)) {
                        return Err(denied);
                    }
                } else {
                    left?;
                }
            }
        }
    }

    async fn close_portfolio_step(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: PortfolioId,
        told: &[UserId],
    ) -> Result<Step, Error> {
        let (store, now) = (self.store(), self.now());
        let owner = caller.signed_in()?.user_id;
        let scopes = [Scope::Portfolio(id)];
        self.managed_portfolio(tx, caller, Action::ClosePortfolio, id, 0, 0).await?;
        if store.accounts.any_linked_in(tx, id).await? {
            return Ok(Step::Further);
        }
        let mut leaving = store.portfolio_members.some_in(tx, id, BATCH.saturating_add(1)).await?;
        let last = i64::try_from(leaving.len()).is_ok_and(|count| count <= BATCH);
        if !last {
            leaving.retain(|user| *user != owner);
        }
        let left = store.portfolio_members.remove_many(tx, id, &leaving).await?;
        let happening = |action| Happening::new(caller, now, action);
        if !last {
            store.portfolios.touch(tx, id, -i64::try_from(left).unwrap_or(0), 0).await?;
            let events = happening(AuditAction::PortfolioUserRemoved).detail("closing", left).events(&scopes);
            store.audit_events.insert(tx, &events).await?;
            return Ok(Step::Further);
        }
        if !store.portfolios.claim_closing(tx, id, owner, now).await? {
            return Err(Denial::Forbidden.into());
        }
        store.invitations.revoke_all(tx, Scope::Portfolio(id)).await?;
        for reader in told {
            let notice = Notification::PortfolioClosed { portfolio_id: id, by: owner };
            store.outbox.insert(tx, *reader, notice, now).await?;
        }
        let events = happening(AuditAction::PortfolioClosed).detail("people", left).events(&scopes);
        store.audit_events.insert(tx, &events).await?;
        Ok(Step::Done)
    }
}
