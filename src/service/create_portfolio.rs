//! `createPortfolio`: somebody who is logged in opens a portfolio and is its Owner.

use time::OffsetDateTime;

use super::audit::Happening;
use super::throttle::{PORTFOLIOS_BY_USER, Verdict};
use super::{Caller, Error, Services};
use crate::domain::key::{EmailKey, usable_name};
use crate::domain::policy::decide;
use crate::domain::{
    Action, AuditAction, Denial, MfaPolicy, Portfolio, PortfolioId, PortfolioMembership, PortfolioRole,
    Resource, Scope,
};
use crate::store::Tx;
use crate::store::portfolio_members::NewMember;
use crate::transact;

/// What creating a portfolio gives.
#[derive(Debug)]
pub enum CreatePortfolio {
    /// The portfolio; the caller is its Owner.
    Created(Box<Portfolio>),
    /// Too many portfolios by one person lately.
    TooManyPortfolios {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
}

impl Services {
    /// Creates a portfolio that links no account yet. Who may call: rule `SignedIn`.
    pub async fn create_portfolio(&self, caller: &Caller, name: &str) -> Result<CreatePortfolio, Error> {
        let person = caller.signed_in()?;
        decide(true, Action::CreatePortfolio, &Resource::Oneself).ok()?;
        let name = usable_name(name)
            .ok_or_else(|| Error::bad_input("name", "1 to 200 characters without control characters"))?;
        let by = person.user_id.uuid();
        if let Verdict::Wait(retry_at) = self.attempt(PORTFOLIOS_BY_USER, by.as_bytes()).await? {
            self.record_refused_own_change(caller, "createPortfolio", "TOO_MANY_PORTFOLIOS").await?;
            return Ok(CreatePortfolio::TooManyPortfolios { retry_at });
        }
        let now = self.now();
        let portfolio = Portfolio {
            id: PortfolioId::generate(now),
            name: name.to_owned(),
            created_at: now,
            mfa_policy: MfaPolicy::default(),
            member_count: 1,
            account_count: 0,
            owner_id: Some(person.user_id),
        };
        transact!(self.store(), |tx| self.create_portfolio_in(&mut tx, caller, &portfolio))?;
        Ok(CreatePortfolio::Created(Box::new(portfolio)))
    }

    async fn create_portfolio_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        portfolio: &Portfolio,
    ) -> Result<(), Error> {
        let store = self.store();
        let user_id = caller.signed_in()?.user_id;
        let user = store.users.find_in(tx, user_id).await?.ok_or(Denial::SignedOut)?;
        // The copies below must not miss a change of the person's name, address or MFA.
        store.users.touch(tx, user_id).await?;
        store.portfolios.insert(tx, portfolio).await?;
        let member = NewMember {
            membership: PortfolioMembership {
                portfolio_id: portfolio.id,
                user_id,
                role: PortfolioRole::Owner,
                joined_at: portfolio.created_at,
            },
            name: &user.name,
            email_key: EmailKey::parse(&user.email).map_err(|_| Error::Defect("a stored address is none"))?,
            mfa_enabled: user.mfa.is_some(),
        };
        store.portfolio_members.insert(tx, member).await?;
        let happening =
            Happening::new(caller, portfolio.created_at, AuditAction::PortfolioCreated).about(user_id);
        store.audit_events.insert(tx, &happening.events(&[Scope::Portfolio(portfolio.id)])).await?;
        Ok(())
    }
}
