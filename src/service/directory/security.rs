//! Pages and counts of resets and of the audit log, for whoever answers for an account or a portfolio.

use super::COUNT_BOUND;
use crate::domain::{
    Account, Action, AuditAction, AuditEvent, AuditEventId, Denial, MfaReset, MfaResetId, MfaResetState,
    Page, PageRequest, Portfolio, Scope,
};
use crate::service::{Caller, Error, Services};
use crate::store::audit_events::AuditFilter;
use crate::store::keyset::Place;

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

fn filter(actions: &[AuditAction]) -> AuditFilter {
    AuditFilter { actions: actions.to_vec(), ..AuditFilter::default() }
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
        actions: &[AuditAction],
        request: &PageRequest<AuditEventId>,
    ) -> Result<Page<AuditEvent>, Error> {
        let scope = of.authorized(caller, Action::ViewAccountLog)?;
        let request = request.clone().map_places(|id| Place(id.into(), id.into()));
        Ok(self.store().audit_events.list(scope, &filter(actions), &request).await?)
    }

    /// How many entries the audit log has, counted up to a bound.
    pub async fn count_audit_log(
        &self,
        caller: &Caller,
        of: Watched<'_>,
        actions: &[AuditAction],
    ) -> Result<u64, Error> {
        let scope = of.authorized(caller, Action::ViewAccountLog)?;
        Ok(self.store().audit_events.count(scope, &filter(actions), COUNT_BOUND).await?)
    }
}
