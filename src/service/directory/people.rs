//! Pages and counts of people: an account's, a portfolio's own, and those of all accounts that a portfolio links.

use super::{COUNT_BOUND, PersonPlace};
use crate::domain::key::{NAME_MAX, search_key};
use crate::domain::{
    Account, AccountMembership, AccountRole, Action, Page, PageRequest, Portfolio, PortfolioId,
    PortfolioMembership, PortfolioRole, UserId,
};
use crate::service::{Caller, Error, Services};
use crate::store::{account_members, portfolio_members};

/// What a list of an account's people is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct PeopleFilter {
    /// A prefix of the name or of the address, as typed.
    pub search: Option<String>,
    /// Only these roles; empty for all.
    pub roles: Vec<AccountRole>,
    /// Only with or without MFA.
    pub mfa_enabled: Option<bool>,
}

/// What the list of the people of all linked accounts is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct LinkedPeopleFilter {
    /// A prefix of the name or of the address, as typed.
    pub search: Option<String>,
    /// Only with or without MFA.
    pub mfa_enabled: Option<bool>,
}

/// What a list of a portfolio's own people is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct PortfolioPeopleFilter {
    /// A prefix of the name or of the address, as typed.
    pub search: Option<String>,
    /// Only these roles; empty for all.
    pub roles: Vec<PortfolioRole>,
    /// Only with or without MFA.
    pub mfa_enabled: Option<bool>,
}

/// The key of a search text; an empty one searches for nothing.
fn checked_search(search: Option<&str>) -> Result<Option<String>, Error> {
    let Some(text) = search else { return Ok(None) };
    if text.chars().count() > NAME_MAX {
        return Err(Error::bad_input("search", format!("at most {NAME_MAX} characters")));
    }
    Ok(Some(search_key(text)).filter(|key| !key.is_empty()))
}

/// Cursors of a search's second part mean nothing where nothing is searched for.
fn checked_places(search: Option<&String>, request: &PageRequest<PersonPlace>) -> Result<(), Error> {
    let by_email = |place: &Option<PersonPlace>| matches!(place, Some(PersonPlace::Email(..)));
    let expected = "a cursor of the same search";
    match search {
        None if by_email(&request.after) => Err(Error::bad_input("after", expected)),
        None if by_email(&request.before) => Err(Error::bad_input("before", expected)),
        _ => Ok(()),
    }
}

/// Rule `AccountMember`; a filter by MFA tells who has none, which only who may see that may ask.
fn may_list(caller: &Caller, account: &Account, filter: &PeopleFilter) -> Result<(), Error> {
    caller.over_account(Action::ListAccountUsers, account)?;
    if filter.mfa_enabled.is_some() {
        caller.over_account(Action::ViewAccountSecurity, account)?;
    }
    Ok(())
}

/// The same for a portfolio's own people: rule `PortfolioMember`, and for the filter by MFA `PortfolioOwnerOrAdmin`.
fn may_list_team(caller: &Caller, of: PortfolioId, filter: &PortfolioPeopleFilter) -> Result<(), Error> {
    caller.over_portfolio(Action::ListPortfolioUsers, of)?;
    if filter.mfa_enabled.is_some() {
        caller.over_portfolio(Action::ViewPortfolioSecurity, of)?;
    }
    Ok(())
}

impl PeopleFilter {
    fn checked(&self) -> Result<account_members::MemberFilter, Error> {
        Ok(account_members::MemberFilter {
            search: checked_search(self.search.as_deref())?,
            roles: self.roles.clone(),
            mfa_enabled: self.mfa_enabled,
        })
    }
}

impl LinkedPeopleFilter {
    fn checked(&self) -> Result<account_members::LinkedFilter, Error> {
        let search = checked_search(self.search.as_deref())?;
        Ok(account_members::LinkedFilter { search, mfa_enabled: self.mfa_enabled })
    }
}

impl PortfolioPeopleFilter {
    fn checked(&self) -> Result<portfolio_members::MemberFilter, Error> {
        Ok(portfolio_members::MemberFilter {
            search: checked_search(self.search.as_deref())?,
            roles: self.roles.clone(),
            mfa_enabled: self.mfa_enabled,
        })
    }
}

impl Services {
    /// A page of an account's people, each with the place in the list. Who may call: rule `AccountMember`.
    pub async fn list_account_users(
        &self,
        caller: &Caller,
        account: &Account,
        filter: &PeopleFilter,
        request: &PageRequest<PersonPlace>,
    ) -> Result<Page<(AccountMembership, PersonPlace)>, Error> {
        may_list(caller, account, filter)?;
        let filter = filter.checked()?;
        checked_places(filter.search.as_ref(), request)?;
        let page = self.store().account_members.list(account.id, &filter, request).await?;
        Ok(page.map(|member| (member.membership, member.place)))
    }

    /// How many people an account has; with a filter, counted up to a bound. Who may call: rule `AccountMember`.
    pub async fn count_account_users(
        &self,
        caller: &Caller,
        account: &Account,
        filter: &PeopleFilter,
    ) -> Result<u64, Error> {
        may_list(caller, account, filter)?;
        let filter = filter.checked()?;
        if filter.is_open() {
            return Ok(account.member_count);
        }
        Ok(self.store().account_members.count(account.id, &filter, COUNT_BOUND).await?)
    }

    /// A page of a portfolio's own people. Who may call: rule `PortfolioMember`.
    pub async fn list_portfolio_users(
        &self,
        caller: &Caller,
        portfolio: &Portfolio,
        filter: &PortfolioPeopleFilter,
        request: &PageRequest<PersonPlace>,
    ) -> Result<Page<(PortfolioMembership, PersonPlace)>, Error> {
        may_list_team(caller, portfolio.id, filter)?;
        let filter = filter.checked()?;
        checked_places(filter.search.as_ref(), request)?;
        let page = self.store().portfolio_members.list(portfolio.id, &filter, request).await?;
        Ok(page.map(|member| (member.membership, member.place)))
    }

    /// How many people a portfolio itself has; with a filter, counted up to a bound. Who may call: rule
    /// `PortfolioMember`.
    pub async fn count_portfolio_users(
        &self,
        caller: &Caller,
        portfolio: &Portfolio,
        filter: &PortfolioPeopleFilter,
    ) -> Result<u64, Error> {
        may_list_team(caller, portfolio.id, filter)?;
        let filter = filter.checked()?;
        if filter.is_open() {
            return Ok(portfolio.member_count);
        }
        Ok(self.store().portfolio_members.count(portfolio.id, &filter, COUNT_BOUND).await?)
    }

    /// A page of the people of all accounts that a portfolio links, each once. Who may call: rule
    /// `PortfolioOwnerOrAdmin`.
    pub async fn list_portfolio_account_users(
        &self,
        caller: &Caller,
        portfolio: &Portfolio,
        filter: &LinkedPeopleFilter,
        request: &PageRequest<PersonPlace>,
    ) -> Result<Page<(UserId, PersonPlace)>, Error> {
        caller.over_portfolio(Action::ListPortfolioAccountUsers, portfolio.id)?;
        let filter = filter.checked()?;
        checked_places(filter.search.as_ref(), request)?;
        let page = self.store().account_members.list_of_portfolio(portfolio.id, &filter, request).await?;
        Ok(page.map(|member| (member.membership.user_id, member.place)))
    }

    /// How many people the linked accounts have, each once, among the first memberships up to a bound. Who may call:
    /// rule `PortfolioOwnerOrAdmin`.
    pub async fn count_portfolio_account_users(
        &self,
        caller: &Caller,
        portfolio: &Portfolio,
        filter: &LinkedPeopleFilter,
    ) -> Result<u64, Error> {
        caller.over_portfolio(Action::ListPortfolioAccountUsers, portfolio.id)?;
        let filter = filter.checked()?;
        Ok(self.store().account_members.count_of_portfolio(portfolio.id, &filter, COUNT_BOUND).await?)
    }
}
