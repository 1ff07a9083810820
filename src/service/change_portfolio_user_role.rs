//! `changePortfolioUserRole`: another role for somebody in a portfolio. Nobody changes the Portfolio Owner's role, and
//! nobody is made Portfolio Owner by it: ownership is only ever handed over.

use super::audit::Happening;
use super::{Caller, Error, Services};
use crate::domain::{
    Action, AuditAction, Notification, Portfolio, PortfolioId, PortfolioMembership, PortfolioRole, Scope,
    UserId,
};
use crate::store::Tx;
use crate::transact;

/// What changing a role gives.
#[derive(Debug)]
pub enum ChangePortfolioUserRole {
    /// The portfolio, and the person's place in it now.
    Changed(Box<(Portfolio, PortfolioMembership)>),
    /// The person is not in the portfolio itself.
    NotAMember,
    /// The person is the Portfolio Owner.
    IsOwner,
    /// Ownership is handed over, never given as a role.
    RoleNotGrantable,
}

/// Whether a role may be replaced by another one; if not, why. Pure.
fn refusal(old: PortfolioRole, new: PortfolioRole) -> Option<ChangePortfolioUserRole> {
    match (old, new) {
        (PortfolioRole::Owner, _) => Some(ChangePortfolioUserRole::IsOwner),
        (_, PortfolioRole::Owner) => Some(ChangePortfolioUserRole::RoleNotGrantable),
        _ => None,
    }
}

impl Services {
    /// Changes somebody's role. Who may call: rule `PortfolioOwner`.
    pub async fn change_portfolio_user_role(
        &self,
        caller: &Caller,
        portfolio_id: PortfolioId,
        user_id: UserId,
        role: PortfolioRole,
    ) -> Result<ChangePortfolioUserRole, Error> {
        caller.signed_in()?;
        let outcome = transact!(self.store(), |tx| self.change_portfolio_role(
            &mut tx,
            caller,
            portfolio_id,
            user_id,
            role
        ))?;
        let refused = match &outcome {
            ChangePortfolioUserRole::Changed(_) => {
                self.wake_mail();
                None
            }
            ChangePortfolioUserRole::NotAMember => {
                let scopes = [Scope::Portfolio(portfolio_id)];
                self.record_refused_change(caller, "changePortfolioUserRole", "NOT_A_MEMBER", &scopes)
                    .await?;
                None
            }
            ChangePortfolioUserRole::IsOwner => Some("IS_OWNER"),
            ChangePortfolioUserRole::RoleNotGrantable => Some("ROLE_NOT_GRANTABLE"),
        };
        if let Some(reason) = refused {
            self.record_refused_portfolio_change(caller, portfolio_id, user_id, reason).await?;
        }
        Ok(outcome)
    }

    async fn change_portfolio_role(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        portfolio_id: PortfolioId,
        user_id: UserId,
        role: PortfolioRole,
    ) -> Result<ChangePortfolioUserRole, Error> {
        let (store, now) = (self.store(), self.now());
        let action = Action::ManagePortfolioUsers;
        let portfolio = self.managed_portfolio(tx, caller, action, portfolio_id, 0, 0).await?;
        let found = store.portfolio_members.find_in(tx, portfolio_id, user_id).await?;
        let Some(mut place) = found else { return Ok(ChangePortfolioUserRole::NotAMember) };
        if let Some(refused) = refusal(place.role, role) {
            return Ok(refused);
        }
        let old = std::mem::replace(&mut place.role, role);
        if old != role {
            if !store.portfolio_members.claim_role(tx, portfolio_id, user_id, old, role).await? {
                return Err(Error::Defect("a role changed within a transaction"));
            }
            if caller.actor.user_id() != Some(user_id) {
                let notice = Notification::PortfolioRoleChanged { portfolio_id, role };
                store.outbox.insert(tx, user_id, notice, now).await?;
            }
            let happening = Happening::new(caller, now, AuditAction::PortfolioUserRoleChanged)
                .about(user_id)
                .detail("from", old.as_str())
                .detail("to", role.as_str());
            store.audit_events.insert(tx, &happening.events(&[Scope::Portfolio(portfolio_id)])).await?;
        }
        Ok(ChangePortfolioUserRole::Changed(Box::new((portfolio, place))))
    }

    /// Writes down that somebody tried to change a place that is not changed like this.
    pub(super) async fn record_refused_portfolio_change(
        &self,
        caller: &Caller,
        portfolio: PortfolioId,
        user: UserId,
        reason: &str,
    ) -> Result<(), Error> {
        let happening = Happening::new(caller, self.now(), AuditAction::UserChangeRefused)
            .about(user)
            .detail("reason", reason);
        self.record_refusal(&happening, &[Scope::Portfolio(portfolio)]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_roles_below_the_portfolio_owner_are_given_and_taken() {
        for old in PortfolioRole::ALL {
            for new in PortfolioRole::ALL {
                let refused = refusal(old, new);
                let right = match (old, new) {
                    (PortfolioRole::Owner, _) => matches!(refused, Some(ChangePortfolioUserRole::IsOwner)),
                    (_, PortfolioRole::Owner) => {
                        matches!(refused, Some(ChangePortfolioUserRole::RoleNotGrantable))
                    }
                    _ => refused.is_none(),
                };
                assert!(right, "{old:?} to {new:?}");
            }
        }
    }
}
