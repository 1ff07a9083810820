//! `addAccountToPortfolio` and `removeAccountFromPortfolio`. An account is in at most one portfolio.
//!
//! Each member of an account carries a copy of which portfolio links it; permissions of the portfolio's people over that
//! member hang on the copy. An account of up to `BATCH` people joins or leaves in one transaction. A larger one takes
//! several, so that no transaction grows with the account, in an order that never leaves a right behind: joining links
//! the account first and then gives out the copies; leaving takes the copies back first, and the link with the last of
//! them. Wherever it stops, the portfolio has fewer rights rather than more, and calling it again goes on.

use super::audit::Happening;
use super::owners::Told;
use super::{Caller, Error, Services};
use crate::domain::{
    Account, AccountId, Action, AuditAction, Notification, Portfolio, PortfolioId, Scope, UserId,
};
use crate::store::Tx;
use crate::transact;

/// Copies written by one transaction.
const BATCH: usize = 500;

/// What adding an account gives.
#[derive(Debug)]
pub enum AddAccount {
    /// The portfolio, and the account that it links now.
    Added(Box<(Portfolio, Account)>),
    /// The portfolio links it already.
    AlreadyLinked,
    /// Another portfolio links it.
    InAnotherPortfolio,
}

/// What taking an account out gives.
#[derive(Debug)]
pub enum RemoveAccount {
    /// The account, which no portfolio links any more.
    Removed(Box<Account>),
    /// This portfolio does not link it.
    NotLinked,
}

/// How far the copies of a large account are written.
enum Walk {
    /// On behind this person.
    Behind(Option<UserId>),
    Done,
}

enum Leaving {
    Further(Walk),
    Done(RemoveAccount),
}

/// The people of one batch, and how it goes on. `found` holds one more than a batch where there are more.
fn batch(mut found: Vec<UserId>) -> (Vec<UserId>, Walk) {
    if found.len() <= BATCH {
        return (found, Walk::Done);
    }
    found.truncate(BATCH);
    let last = found.last().copied();
    (found, Walk::Behind(last))
}

impl Services {
    /// Whether the caller may add an account to a portfolio.
    pub async fn authorize_link(
        &self,
        caller: &Caller,
        portfolio: PortfolioId,
        account: AccountId,
    ) -> Result<(), Error> {
        self.authorize_portfolio(caller, Action::LinkAccount, portfolio).await?;
        self.authorize_account(caller, Action::JoinPortfolio, account).await
    }

    /// Adds an account to a portfolio. Who may call: rule `PortfolioOwner`, and for the account `AccountOwnerOrAdmin`.
    pub async fn add_account_to_portfolio(
        &self,
        caller: &Caller,
        portfolio: PortfolioId,
        account: AccountId,
    ) -> Result<AddAccount, Error> {
        caller.signed_in()?;
        let (outcome, mut walk) =
            transact!(self.store(), |tx| self.link(&mut tx, caller, portfolio, account))?;
        let refused = match &outcome {
            AddAccount::Added(_) => {
                self.wake_mail();
                None
            }
            AddAccount::AlreadyLinked => Some("ALREADY_LINKED"),
            AddAccount::InAnotherPortfolio => Some("IN_ANOTHER_PORTFOLIO"),
        };
        if let Some(reason) = refused {
            let scopes = [Scope::Account(account), Scope::Portfolio(portfolio)];
            self.record_refused_change(caller, "addAccountToPortfolio", reason, &scopes).await?;
        }
        while let Walk::Behind(after) = walk {
            walk = transact!(self.store(), |tx| self.give_copies(&mut tx, portfolio, account, after))?;
        }
        Ok(outcome)
    }

    async fn link(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        portfolio_id: PortfolioId,
        account_id: AccountId,
    ) -> Result<(AddAccount, Walk), Error> {
        let (store, now) = (self.store(), self.now());
        let mut portfolio =
            self.managed_portfolio(tx, caller, Action::LinkAccount, portfolio_id, 0, 0).await?;
        let mut account = self.managed_account(tx, caller, Action::JoinPortfolio, account_id, 0).await?;
        match account.portfolio_id {
            // Whatever an interrupted call left out is done now.
            Some(id) if id == portfolio_id => return Ok((AddAccount::AlreadyLinked, Walk::Behind(None))),
            Some(_) => return Ok((AddAccount::InAnotherPortfolio, Walk::Done)),
            None => {}
        }
        if !store.accounts.claim_link(tx, account_id, portfolio_id).await? {
            return Err(Error::Defect("an account was linked within a transaction"));
        }
        store.portfolios.touch(tx, portfolio_id, 0, 1).await?;
        let walk = self.give_copies(tx, portfolio_id, account_id, None).await?;
        let by = caller.signed_in()?.user_id;
        for reader in Told::ContactAndOwner.of(&account).into_iter().filter(|reader| *reader != by) {
            let notice = Notification::AccountLinked { account_id, portfolio_id, by };
            store.outbox.insert(tx, reader, notice, now).await?;
        }
        let happening = Happening::new(caller, now, AuditAction::AccountLinked)
            .detail("account", account_id)
            .detail("portfolio", portfolio_id);
        let scopes = [Scope::Account(account_id), Scope::Portfolio(portfolio_id)];
        store.audit_events.insert(tx, &happening.events(&scopes)).await?;
        portfolio.account_count = portfolio.account_count.saturating_add(1);
        account.portfolio_id = Some(portfolio_id);
        Ok((AddAccount::Added(Box::new((portfolio, account))), walk))
    }

    /// The next batch of copies, as long as the portfolio links the account.
    async fn give_copies(
        &self,
        tx: &mut Tx,
        portfolio: PortfolioId,
        account: AccountId,
        after: Option<UserId>,
    ) -> Result<Walk, Error> {
        let store = self.store();
        if !store.accounts.touch_linked(tx, account, portfolio).await? {
            return Ok(Walk::Done);
        }
        let (people, walk) = self.next_batch(tx, account, after).await?;
        store.account_members.set_portfolio(tx, account, &people, Some(portfolio)).await?;
        Ok(walk)
    }

    async fn next_batch(
        &self,
        tx: &mut Tx,
        account: AccountId,
        after: Option<UserId>,
    ) -> Result<(Vec<UserId>, Walk), Error> {
        let limit = i64::try_from(BATCH).unwrap_or(i64::MAX).saturating_add(1);
        Ok(batch(self.store().account_members.next_in(tx, account, after, limit).await?))
    }

    /// Takes an account out of a portfolio. Who may call: rule `AccountOrPortfolioOwner`.
    pub async fn remove_account_from_portfolio(
        &self,
        caller: &Caller,
        portfolio: PortfolioId,
        account: AccountId,
    ) -> Result<RemoveAccount, Error> {
        caller.signed_in()?;
        let mut after = None;
        loop {
            match transact!(self.store(), |tx| self.unlink(&mut tx, caller, portfolio, account, after))? {
                Leaving::Further(Walk::Behind(last)) => after = last,
                Leaving::Further(Walk::Done) => return Err(Error::Defect("a walk without an end")),
                Leaving::Done(outcome) => {
                    match &outcome {
                        RemoveAccount::Removed(_) => self.wake_mail(),
                        // Only the account's log: the portfolio may be anybody's.
                        RemoveAccount::NotLinked => {
                            let change = "removeAccountFromPortfolio";
                            let scopes = [Scope::Account(account)];
                            self.record_refused_change(caller, change, "NOT_LINKED", &scopes).await?;
                        }
                    }
                    return Ok(outcome);
                }
            }
        }
    }

    async fn unlink(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        portfolio_id: PortfolioId,
        account_id: AccountId,
        after: Option<UserId>,
    ) -> Result<Leaving, Error> {
        let (store, now) = (self.store(), self.now());
        let mut account = self.managed_account(tx, caller, Action::UnlinkAccount, account_id, 0).await?;
        if account.portfolio_id != Some(portfolio_id) {
            return Ok(Leaving::Done(RemoveAccount::NotLinked));
        }
        let (people, walk) = self.next_batch(tx, account_id, after).await?;
        store.account_members.set_portfolio(tx, account_id, &people, None).await?;
        if let Walk::Behind(_) = walk {
            return Ok(Leaving::Further(walk));
        }
        // Whoever joined behind the walk; from here on nobody gets a copy.
        store.account_members.clear_portfolio(tx, account_id, portfolio_id).await?;
        if !store.accounts.claim_unlink(tx, account_id, portfolio_id).await? {
            return Err(Error::Defect("an account was taken out within a transaction"));
        }
        store.portfolios.touch(tx, portfolio_id, 0, -1).await?;
        let by = caller.signed_in()?.user_id;
        let portfolio = store.portfolios.find_in(tx, portfolio_id).await?;
        let portfolio_owner = portfolio.and_then(|portfolio| portfolio.owner_id);
        let mut told = Told::ContactAndOwner.of(&account);
        told.extend(portfolio_owner);
        told.sort_unstable();
        told.dedup();
        for reader in told.into_iter().filter(|reader| *reader != by) {
            let notice = Notification::AccountUnlinked { account_id, portfolio_id, by };
            store.outbox.insert(tx, reader, notice, now).await?;
        }
        let happening = Happening::new(caller, now, AuditAction::AccountUnlinked)
            .detail("account", account_id)
            .detail("portfolio", portfolio_id);
        let scopes = [Scope::Account(account_id), Scope::Portfolio(portfolio_id)];
        store.audit_events.insert(tx, &happening.events(&scopes)).await?;
        account.portfolio_id = None;
        Ok(Leaving::Done(RemoveAccount::Removed(Box::new(account))))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn a_batch_that_is_not_the_last_says_where_the_next_one_begins() {
        let now = time::macros::datetime!(2026-11-24 12:00 UTC);
        let people: Vec<UserId> = (0..=BATCH).map(|_| UserId::generate(now)).collect();
        let (whole, walk) = batch(people[..BATCH].to_vec());
        assert_eq!(whole.len(), BATCH);
        assert!(matches!(walk, Walk::Done));
        let (first, walk) = batch(people.clone());
        assert_eq!(first.len(), BATCH);
        assert!(matches!(walk, Walk::Behind(Some(last)) if last == people[BATCH - 1]));
    }
}
