//! The people of all accounts that a portfolio links, each person once.

use std::collections::HashSet;

use bson::doc;

use super::{AccountMembers, ListedMember, listed, row_fields};
use crate::domain::{Page, PageRequest, PortfolioId};
use crate::store::StoreError;
use crate::store::people::{People, PeopleIndexes, PersonPlace};

/// Most rows that one query reads for a page of people.
const ROWS_MAX: u32 = 10_000;

/// The indexes of the lists of the people of all accounts that a portfolio links.
pub(in crate::store) const OF_LINKED: PeopleIndexes = PeopleIndexes {
    by_name: &[
        "portfolio_id",
        "name_key",
        "user_id",
        "account_id",
        "role",
        "joined_at",
        "email_key",
        "mfa_enabled",
        "custom_role_id",
    ],
    by_mfa: &["portfolio_id", "mfa_enabled", "name_key", "user_id"],
    by_email: &["portfolio_id", "mfa_enabled", "alike", "email_key"],
    by_role: None,
};

/// What the list of the people of all linked accounts is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct LinkedFilter {
    /// A prefix of the name or of the address, already a key.
    pub search: Option<String>,
    /// Only with or without MFA.
    pub mfa_enabled: Option<bool>,
}

impl AccountMembers {
    /// A page of the people of all accounts that a portfolio links, each person once.
    ///
    /// Equal people are neighbours in the index, so a row that repeats the person before it is passed over, and each
    /// further query starts behind the last person seen. The first one suffices while people are in two accounts each;
    /// each further one reads twice as many rows, so that their number stays small where they are in very many.
    pub async fn list_of_portfolio(
        &self,
        portfolio: PortfolioId,
        filter: &LinkedFilter,
        request: &PageRequest<PersonPlace>,
    ) -> Result<Page<ListedMember>, StoreError> {
        let people = self.linked(portfolio, filter);
        let wanted = usize::try_from(request.limit).unwrap_or(usize::MAX).saturating_add(1);
        let mut rows: Vec<ListedMember> = Vec::new();
        let mut seen = HashSet::new();
        let rows_first = request.limit.saturating_add(1).saturating_mul(2);
        let mut next = PageRequest { limit: rows_first, ..request.clone() };
        loop {
            let page = people.page(&next, listed).await?;
            let more = if next.backward { page.has_previous } else { page.has_next };
            let mut found = page.items;
            if next.backward {
                found.reverse();
            }
            let last = found.last().map(|member| member.place.clone());
            rows.extend(found.into_iter().filter(|member| seen.insert(member.membership.user_id)));
            if rows.len() >= wanted || !more {
                break;
            }
            if next.backward {
                next.before = last
            } else {
                next.after = last
            }
            next.limit = next.limit.saturating_mul(2).min(ROWS_MAX);
        }
        rows.truncate(wanted);
        Ok(Page::from_rows(rows, request))
    }

    /// How many people the accounts of a portfolio have, each once. Reads at most `bound` memberships.
    pub async fn count_of_portfolio(
        &self,
        portfolio: PortfolioId,
        filter: &LinkedFilter,
        bound: u64,
    ) -> Result<u64, StoreError> {
        self.linked(portfolio, filter).count_once_each(bound).await
    }

    fn linked<'a>(&'a self, portfolio: PortfolioId, filter: &'a LinkedFilter) -> People<'a> {
        People {
            docs: &self.docs,
            indexes: &OF_LINKED,
            place: doc! { "portfolio_id": portfolio },
            fields: row_fields(),
            roles: Vec::new(),
            mfa_enabled: filter.mfa_enabled,
            search: filter.search.as_deref(),
        }
    }
}
