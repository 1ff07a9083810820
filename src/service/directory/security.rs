//! Pages and counts of resets and of the audit log, for whoever answers for an account or a portfolio.

use time::OffsetDateTime;

use super::COUNT_BOUND;
use crate::domain::{
    Account, Action, AuditEvent, AuditEventId, Denial, MfaReset, MfaResetId, MfaResetState, Page,
    PageRequest, Portfolio, Scope,
};
use crate::service::{Caller, Error, Services};
pub use crate::store::audit_events::AuditFilter;
use crate::store::audit_events::place;
use crate::store::keyset::Place;

/// Where an event stands in a log: its time, then its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditPlace(pub OffsetDateTime, pub AuditEventId);

/// The account or portfolio whose resets or log are read.
#[derive(Debug, Clone, Copy)]
pub enum Watched<'a> {
    /// An account: rule `AccountOwnerOrAdmin` with the permission for what is read, or `PortfolioOwnerOrAdmin`.
    Account(&'a Account),
    /// A portfolio: rule `PortfolioOwnerOrAdmin`.
    Portfolio(&'a Portfolio),
}

impl Watched<'_> {
    /// The scope, for a caller who may do this in it; for a portfolio all of its log and resets are one action.
    pub(in crate::service) fn authorized(self, caller: &Caller, in_account: Action) -> Result<Scope, Denial> {
        match self {
            Self::Account(account) => {
                caller.over_account(in_account, account)?;
                Ok(Scope::Account(account.id))
            }
            Self::Portfolio(portfolio) => {
                caller.over_portfolio(Action::ViewPortfolioSecurity, portfolio.id)?;
                Ok(Scope::Portfolio(portfolio.id))
            }
        }
    }
}

/// A log of no time at all is asked for by mistake.
fn checked(filter: &AuditFilter) -> Result<(), Error> {
    match (filter.since, filter.until) {
        (Some(since), Some(until)) if since > until => {
            Err(Error::bad_input("since", "a time that is not after until"))
        }
        _ => Ok(()),
    }
}

impl Services {
    /// A page of resets, newest first.
    pub async fn list_mfa_resets(
        &self,
        caller: &Caller,
        of: Watched<'_>,
        states: &[MfaResetState],
        request: &PageRequest<MfaResetId>,
    ) -> Result<Page<MfaReset>, Error> {
        let scope = of.authorized(caller, Action::ViewAccountSecurity)?;
        let request = request.clone().map_places(|id| Place(id.into(), id.into()));
        Ok(self.store().mfa_resets.list(scope, states, self.now(), &request).await?)
    }

    /// How many resets there are, counted up to a bound.
    pub async fn count_mfa_resets(
        &self,
        caller: &Caller,
        of: Watched<'_>,
        states: &[MfaResetState],
    ) -> Result<u64, Error> {
        let scope = of.authorized(caller, Action::ViewAccountSecurity)?;
        Ok(self.store().mfa_resets.count(scope, states, self.now(), COUNT_BOUND).await?)
    }

    /// A page of the audit log, newest first.
    pub async fn list_audit_log(
        &self,
        caller: &Caller,
        of: Watched<'_>,
        filter: &AuditFilter,
        request: &PageRequest<AuditPlace>,
    ) -> Result<Page<AuditEvent>, Error> {
        let scope = of.authorized(caller, Action::ViewAccountLog)?;
        checked(filter)?;
        let request = request.clone().map_places(|AuditPlace(at, id)| place(at, id));
        Ok(self.store().audit_events.list(scope, filter, &request).await?)
    }

    /// How many entries the audit log has, counted up to a bound.
    pub async fn count_audit_log(
        &self,
        caller: &Caller,
        of: Watched<'_>,
        filter: &AuditFilter,
    ) -> Result<u64, Error> {
        let scope = of.authorized(caller, Action::ViewAccountLog)?;
        checked(filter)?;
        Ok(self.store().audit_events.count(scope, filter, COUNT_BOUND).await?)
    }
}
