//! Pages of accounts and portfolios, by name: those that a portfolio links, and the caller's own.

use std::sync::Arc;

use crate::domain::key::name_key;
use crate::domain::{
    Account, AccountId, AccountMembership, Action, Page, PageRequest, Portfolio, PortfolioId,
    PortfolioMembership,
};
use crate::service::{Caller, Error, Services};
use crate::store::keyset::Place;

/// A place in a list by name: the name's key, then the id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlaceByName<Id>(pub String, pub Id);

fn stored(request: &PageRequest<PlaceByName<AccountId>>) -> PageRequest<Place> {
    request.clone().map_places(|PlaceByName(key, id)| Place(key.into(), id.into()))
}

fn place_of(account: &Account) -> PlaceByName<AccountId> {
    PlaceByName(account.name_key.clone(), account.id)
}

/// A page of a short list that is in memory already.
fn page_of<T, C: Ord>(items: Vec<(T, C)>, request: &PageRequest<C>) -> Page<(T, C)> {
    let mut rows: Vec<(T, C)> = items
        .into_iter()
        .filter(|(_, place)| request.after.as_ref().is_none_or(|after| place > after))
        .filter(|(_, place)| request.before.as_ref().is_none_or(|before| place < before))
        .collect();
    rows.sort_by(|(_, a), (_, b)| if request.backward { b.cmp(a) } else { a.cmp(b) });
    Page::from_rows(rows, request)
}

/// The linked accounts that the caller sees: all of them for the portfolio's own users, their own for others.
fn visible_accounts(caller: &Caller, portfolio: PortfolioId) -> Result<Option<Vec<AccountId>>, Error> {
    let mine = &caller.signed_in()?.memberships;
    if mine.portfolio_role(portfolio).is_some() {
        return Ok(None);
    }
    let linked = mine.accounts.iter().filter(|m| m.portfolio_id == Some(portfolio));
    Ok(Some(linked.map(|m| m.account_id).collect()))
}

impl Services {
    /// A page of the accounts that a portfolio links and the caller sees. Who may call: rule `SeesPortfolio`; others see
    /// none.
    pub async fn list_portfolio_accounts(
        &self,
        caller: &Caller,
        portfolio: &Portfolio,
        request: &PageRequest<PlaceByName<AccountId>>,
    ) -> Result<Page<(Arc<Account>, PlaceByName<AccountId>)>, Error> {
        if let Some(own) = visible_accounts(caller, portfolio.id)? {
            // Few, where the portfolio may link very many.
            let found = self.accounts_by_id(&own).await?;
            let linked = found.into_values().filter(|account| account.portfolio_id == Some(portfolio.id));
            let all = linked.map(|account| {
                let place = place_of(&account);
                (account, place)
            });
            return Ok(page_of(all.collect(), request));
        }
        let page = self.store().accounts.list_of_portfolio(portfolio.id, &stored(request)).await?;
        Ok(page.map(|account| {
            let place = place_of(&account);
            (Arc::new(account), place)
        }))
    }

    /// How many accounts a portfolio links, as far as the caller sees them.
    pub fn count_portfolio_accounts(&self, caller: &Caller, portfolio: &Portfolio) -> Result<u64, Error> {
        let only = visible_accounts(caller, portfolio.id)?;
        Ok(only.map_or(portfolio.account_count, |ids| ids.len() as u64))
    }

    /// A page of the caller's own accounts. Who may call: rule `SignedIn`.
    pub async fn list_own_accounts(
        &self,
        caller: &Caller,
        request: &PageRequest<PlaceByName<AccountId>>,
    ) -> Result<Page<((AccountMembership, Arc<Account>), PlaceByName<AccountId>)>, Error> {
        let mine = &caller.admitted(Action::ViewOneself)?.memberships.accounts;
        let ids: Vec<AccountId> = mine.iter().map(|m| m.account_id).collect();
        let found = self.accounts_by_id(&ids).await?;
        let all = mine.iter().filter_map(|m| {
            let account = found.get(&m.account_id)?.clone();
            let place = place_of(&account);
            Some(((m.clone(), account), place))
        });
        Ok(page_of(all.collect(), request))
    }

    /// A page of the caller's own portfolios. Who may call: rule `SignedIn`.
    pub async fn list_own_portfolios(
        &self,
        caller: &Caller,
        request: &PageRequest<PlaceByName<PortfolioId>>,
    ) -> Result<Page<((PortfolioMembership, Arc<Portfolio>), PlaceByName<PortfolioId>)>, Error> {
        let mine = &caller.admitted(Action::ViewOneself)?.memberships.portfolios;
        let ids: Vec<PortfolioId> = mine.iter().map(|m| m.portfolio_id).collect();
        let found = self.portfolios_by_id(&ids).await?;
        let all = mine.iter().filter_map(|m| {
            let portfolio = found.get(&m.portfolio_id)?.clone();
            let place = PlaceByName(name_key(&portfolio.name), portfolio.id);
            Some(((m.clone(), portfolio), place))
        });
        Ok(page_of(all.collect(), request))
    }

    /// How many accounts the caller is in.
    pub fn count_own_accounts(&self, caller: &Caller) -> Result<u64, Error> {
        Ok(caller.admitted(Action::ViewOneself)?.memberships.accounts.len() as u64)
    }

    /// How many portfolios the caller is in.
    pub fn count_own_portfolios(&self, caller: &Caller) -> Result<u64, Error> {
        Ok(caller.admitted(Action::ViewOneself)?.memberships.portfolios.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn short_lists_page_in_both_directions() {
        let items = || vec![("c", 3), ("a", 1), ("d", 4), ("b", 2)];
        let names = |page: Page<(&'static str, i32)>| {
            (page.items.iter().map(|(name, _)| *name).collect::<String>(), page.has_previous, page.has_next)
        };
        let first = PageRequest::first(2);
        assert_eq!(names(page_of(items(), &first)), ("ab".into(), false, true));
        let next = PageRequest { after: Some(2), ..first.clone() };
        assert_eq!(names(page_of(items(), &next)), ("cd".into(), true, false));
        let last = PageRequest { backward: true, ..first };
        assert_eq!(names(page_of(items(), &last)), ("cd".into(), true, false));
        let before = PageRequest { before: Some(3), ..last };
        assert_eq!(names(page_of(items(), &before)), ("ab".into(), false, true));
    }
}
