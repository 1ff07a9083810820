//! `setAccountMfaPolicy` and `setPortfolioMfaPolicy`.

use time::OffsetDateTime;

use super::audit::Happening;
use super::{Caller, Error, Services};
use crate::domain::account::COOLING_OFF_MAX;
use crate::domain::policy::{AccountStanding, PortfolioStanding, decide};
use crate::domain::{
    Account, AccountId, Action, AuditAction, Denial, MfaPolicy, Portfolio, PortfolioId, ResetAcceptance,
    ResetApproval, Resource, Scope, Unready,
};
use crate::store::Tx;
use crate::transact;

/// What is to change about a policy; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct PolicyChange {
    /// Whether members must have MFA.
    pub enforced: Option<bool>,
    /// `Some(None)` takes a grace period away.
    pub grace_until: Option<Option<OffsetDateTime>>,
    /// What accepting a reset demands.
    pub reset_acceptance: Option<ResetAcceptance>,
    /// Whose resets a second person approves.
    pub reset_approval: Option<ResetApproval>,
    /// Hours between accepting a reset and its effect.
    pub reset_cooling_off_hours: Option<i32>,
}

/// What setting a policy gives.
#[derive(Debug)]
pub enum SetPolicy<T> {
    /// The account or portfolio, changed.
    Set(Box<T>),
    /// The grace period would end in the past.
    GraceInPast,
    /// Not at this moment.
    NotNow(Unready),
}

impl<T> SetPolicy<T> {
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Set(_) => None,
            Self::GraceInPast => Some("GRACE_IN_PAST"),
            Self::NotNow(unready) => Some(unready.as_str()),
        }
    }
}

impl PolicyChange {
    /// The policy after the change, or nothing when the grace period would end in the past. Pure.
    fn apply(&self, old: &MfaPolicy, now: OffsetDateTime) -> Option<MfaPolicy> {
        let mut policy = old.clone();
        if let Some(grace) = self.grace_until {
            if grace.is_some_and(|until| until <= now) {
                return None;
            }
            policy.grace_until = grace;
        }
        if let Some(enforced) = self.enforced {
            if enforced != old.enforced {
                policy.enforced_since = enforced.then_some(now);
            }
            // A grace period belongs to one enforcement: an old one must not weaken a new one.
            if !enforced || (!old.enforced && self.grace_until.is_none()) {
                policy.grace_until = None;
            }
            policy.enforced = enforced;
        }
        if let Some(acceptance) = self.reset_acceptance {
            policy.reset_acceptance = acceptance;
        }
        if let Some(approval) = self.reset_approval {
            policy.reset_approval = approval;
        }
        if let Some(hours) = self.reset_cooling_off_hours {
            policy.reset_cooling_off_hours = u8::try_from(hours).unwrap_or(COOLING_OFF_MAX);
        }
        Some(policy)
    }

    /// A number of hours that no policy can have is a mistake of the caller's.
    fn checked(&self) -> Result<(), Error> {
        match self.reset_cooling_off_hours {
            Some(hours) if !(0..=i32::from(COOLING_OFF_MAX)).contains(&hours) => {
                Err(Error::bad_input("resetCoolingOffHours", format!("0 to {COOLING_OFF_MAX}")))
            }
            _ => Ok(()),
        }
    }
}

/// What changed, for the audit log.
fn described<'a>(happening: Happening<'a>, old: &MfaPolicy, new: &MfaPolicy) -> Happening<'a> {
    let mut happening = happening;
    if old.enforced != new.enforced {
        happening = happening.detail("enforced", new.enforced);
    }
    if old.grace_until != new.grace_until {
        let text = new.grace_until.map_or_else(|| "none".to_owned(), |until| until.to_string());
        happening = happening.detail("graceUntil", text);
    }
    if old.reset_acceptance != new.reset_acceptance {
        let text = match new.reset_acceptance {
            ResetAcceptance::Link => "LINK",
            ResetAcceptance::LinkAndPassword => "LINK_AND_PASSWORD",
        };
        happening = happening.detail("resetAcceptance", text);
    }
    if old.reset_approval != new.reset_approval {
        happening = happening.detail("resetApproval", new.reset_approval.as_str());
    }
    if old.reset_cooling_off_hours != new.reset_cooling_off_hours {
        happening = happening.detail("resetCoolingOffHours", new.reset_cooling_off_hours);
    }
    happening
}

impl Services {
    /// Changes an account's policy. Who may call: rule `AccountOwnerOrAdmin`.
    pub async fn set_account_mfa_policy(
        &self,
        caller: &Caller,
        id: AccountId,
        change: &PolicyChange,
    ) -> Result<SetPolicy<Account>, Error> {
        caller.signed_in()?;
        change.checked()?;
        let outcome = transact!(self.store(), |tx| self.change_account_policy(&mut tx, caller, id, change))?;
        if let Some(reason) = outcome.refusal() {
            let scopes = [Scope::Account(id)];
            self.record_refused_change(caller, "setAccountMfaPolicy", reason, &scopes).await?;
        }
        Ok(outcome)
    }

    async fn change_account_policy(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: AccountId,
        change: &PolicyChange,
    ) -> Result<SetPolicy<Account>, Error> {
        let now = self.now();
        let mut account = self.store().accounts.find_in(tx, id).await?.ok_or(Denial::Hidden)?;
        let actor = self.memberships_in(tx, caller.signed_in()?.user_id).await?;
        let standing = AccountStanding::of(&actor, id, account.portfolio_id);
        decide(true, Action::SetAccountMfaPolicy, &Resource::Account(standing)).ok()?;
        if let Some(unready) = self.why_not_now(tx, caller).await? {
            return Ok(SetPolicy::NotNow(unready));
        }
        let Some(policy) = change.apply(&account.mfa_policy, now) else { return Ok(SetPolicy::GraceInPast) };
        if policy != account.mfa_policy {
            self.store().accounts.set_mfa_policy(tx, id, &policy).await?;
            let happening = Happening::new(caller, now, AuditAction::MfaPolicyChanged);
            let events = described(happening, &account.mfa_policy, &policy).events(&[Scope::Account(id)]);
            self.store().audit_events.insert(tx, &events).await?;
            account.mfa_policy = policy;
        }
        Ok(SetPolicy::Set(Box::new(account)))
    }

    /// Changes a portfolio's policy. Who may call: rule `PortfolioOwnerOrAdmin`.
    pub async fn set_portfolio_mfa_policy(
        &self,
        caller: &Caller,
        id: PortfolioId,
        change: &PolicyChange,
    ) -> Result<SetPolicy<Portfolio>, Error> {
        caller.signed_in()?;
        change.checked()?;
        let outcome =
            transact!(self.store(), |tx| self.change_portfolio_policy(&mut tx, caller, id, change))?;
        if let Some(reason) = outcome.refusal() {
            let scopes = [Scope::Portfolio(id)];
            self.record_refused_change(caller, "setPortfolioMfaPolicy", reason, &scopes).await?;
        }
        Ok(outcome)
    }

    async fn change_portfolio_policy(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: PortfolioId,
        change: &PolicyChange,
    ) -> Result<SetPolicy<Portfolio>, Error> {
        let now = self.now();
        let mut portfolio = self.store().portfolios.find_in(tx, id).await?.ok_or(Denial::Hidden)?;
        let actor = self.memberships_in(tx, caller.signed_in()?.user_id).await?;
        let standing = PortfolioStanding::of(&actor, id);
        decide(true, Action::SetPortfolioMfaPolicy, &Resource::Portfolio(standing)).ok()?;
        if let Some(unready) = self.why_not_now(tx, caller).await? {
            return Ok(SetPolicy::NotNow(unready));
        }
        let Some(policy) = change.apply(&portfolio.mfa_policy, now) else {
            return Ok(SetPolicy::GraceInPast);
        };
        if policy != portfolio.mfa_policy {
            self.store().portfolios.set_mfa_policy(tx, id, &policy).await?;
            let happening = Happening::new(caller, now, AuditAction::MfaPolicyChanged);
            let events = described(happening, &portfolio.mfa_policy, &policy).events(&[Scope::Portfolio(id)]);
            self.store().audit_events.insert(tx, &events).await?;
            portfolio.mfa_policy = policy;
        }
        Ok(SetPolicy::Set(Box::new(portfolio)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);
    const LATER: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);

    fn enforce(grace_until: Option<Option<OffsetDateTime>>) -> PolicyChange {
        PolicyChange { enforced: Some(true), grace_until, ..PolicyChange::default() }
    }

    #[test]
    fn an_old_grace_period_does_not_weaken_a_new_enforcement() {
        let old = MfaPolicy { grace_until: Some(LATER), ..MfaPolicy::default() };
        let policy = enforce(None).apply(&old, NOW).unwrap();
        assert_eq!((policy.enforced, policy.enforced_since, policy.grace_until), (true, Some(NOW), None));
    }

    #[test]
    fn a_grace_period_ends_in_the_future() {
        assert!(enforce(Some(Some(NOW))).apply(&MfaPolicy::default(), NOW).is_none());
        let policy = enforce(Some(Some(LATER))).apply(&MfaPolicy::default(), NOW).unwrap();
        assert!(!policy.demands_enrollment(NOW));
        assert!(policy.demands_enrollment(LATER));
    }

    #[test]
    fn enforcing_what_is_enforced_keeps_its_date() {
        let old = enforce(Some(Some(LATER))).apply(&MfaPolicy::default(), NOW).unwrap();
        assert_eq!(enforce(None).apply(&old, LATER).unwrap(), old);
    }
}
