//! Permission questions that guards ask before the work. Services ask again, on their own snapshot.

use super::audit::{Happening, scopes_of};
use super::throttle::{RESTRICTED_REFUSAL, Verdict};
use super::{Caller, Error, Services};
use crate::domain::policy::{AccountStanding, PortfolioStanding, UserStanding, decide};
use crate::domain::{
    AccountId, Action, AuditAction, Denial, InvitationId, MfaResetId, Offer, PortfolioId, Resource, RoleId,
    Scope, UserId, WebhookId,
};
use crate::store::invitations::InvitationKey;

impl Services {
    /// Whether the caller's session may be used for an action at all. That a restricted one may not is written down,
    /// once in a while: a dashboard asks for many things.
    pub async fn authorize_session(&self, caller: &Caller, action: Action) -> Result<(), Error> {
        let Err(denial) = caller.admitted(action) else { return Ok(()) };
        if let (Denial::Restricted(restriction), Some(person)) = (denial, caller.actor.present()) {
            let subject = format!("{} {restriction:?}", person.session.id);
            if let Verdict::Go(_) = self.attempt(RESTRICTED_REFUSAL, subject.as_bytes()).await? {
                let happening = Happening::new(caller, self.now(), AuditAction::AccessDenied)
                    .detail("action", format!("{action:?}"))
                    .detail("reason", restriction.as_str());
                let scopes = scopes_of(person.user_id, &person.memberships);
                self.record_refusal(&happening, &scopes).await?;
            }
        }
        Err(denial.into())
    }

    /// Whether the caller may do something about a person.
    pub async fn authorize_user(
        &self,
        caller: &Caller,
        action: Action,
        user_id: UserId,
    ) -> Result<(), Error> {
        let person = caller.signed_in()?;
        let target = self.memberships_of(user_id).await?;
        let standing = UserStanding::of(person.user_id, &person.memberships, user_id, &target);
        Ok(decide(true, action, &Resource::User(&standing)).ok()?)
    }

    /// Whether the caller may ask to reset a person's MFA. Oneself passes: the service gives the rejection that a
    /// screen shows. A denial is written down.
    pub async fn authorize_reset(&self, caller: &Caller, user_id: UserId) -> Result<(), Error> {
        if caller.signed_in()?.user_id == user_id {
            return Ok(());
        }
        self.authorize_managing(caller, Action::ResetUserMfa, user_id).await
    }

    /// Whether the caller may lift a freeze of resets. A denial is written down.
    pub async fn authorize_lift(&self, caller: &Caller, user_id: UserId) -> Result<(), Error> {
        self.authorize_managing(caller, Action::LiftMfaResetFreeze, user_id).await
    }

    async fn authorize_managing(
        &self,
        caller: &Caller,
        action: Action,
        user_id: UserId,
    ) -> Result<(), Error> {
        let allowed = self.authorize_user(caller, action, user_id).await;
        let reason = match &allowed {
            Err(Error::Denied(Denial::Forbidden)) => "NOT_PERMITTED",
            Err(Error::Denied(Denial::Hidden)) => "NOT_FOUND",
            _ => return allowed,
        };
        self.record_refused_reset(caller, user_id, reason).await?;
        allowed
    }

    /// The same for the person whom a reset is about. A reset of somebody whom the caller does not see does not exist.
    pub async fn authorize_reset_by_id(&self, caller: &Caller, id: MfaResetId) -> Result<(), Error> {
        caller.signed_in()?;
        let user_id = self.user_of_mfa_reset(id).await?.ok_or(Denial::Hidden)?;
        self.authorize_managing(caller, Action::ResetUserMfa, user_id).await
    }

    /// Whether the caller may do something about an account.
    pub async fn authorize_account(
        &self,
        caller: &Caller,
        action: Action,
        id: AccountId,
    ) -> Result<(), Error> {
        let person = caller.signed_in()?;
        let account = self.store().accounts.find(id).await?.ok_or(Denial::Hidden)?;
        let standing = AccountStanding::of(&person.memberships, id, account.portfolio_id);
        let allowed = decide(true, action, &Resource::Account(standing)).ok();
        self.record_denial(caller, action, allowed, Scope::Account(id)).await
    }

    /// Whether the caller may take a person out of an account: rule `AccountOwnerOrAdmin` with `users.manage`; one's own
    /// place is left by oneself. Whether the person holds more than the caller is asked by the service.
    pub async fn authorize_removal(
        &self,
        caller: &Caller,
        account: AccountId,
        user: UserId,
    ) -> Result<(), Error> {
        let oneself = caller.signed_in()?.user_id == user;
        let action = if oneself { Action::LeaveAccount } else { Action::ManageAccountUsers };
        self.authorize_account(caller, action, account).await
    }

    /// Whether the caller may change a custom role: whoever may define roles of its account. A role of an account that the
    /// caller does not see does not exist.
    pub async fn authorize_role(&self, caller: &Caller, id: RoleId) -> Result<(), Error> {
        caller.signed_in()?;
        let role = self.store().account_roles.find(id).await?.ok_or(Denial::Hidden)?;
        self.authorize_account(caller, Action::ManageAccountRoles, role.account_id).await
    }

    /// Whether the caller may change a webhook: whoever may register one for its account. A webhook of an account that the
    /// caller does not see does not exist.
    pub async fn authorize_webhook(&self, caller: &Caller, id: WebhookId) -> Result<(), Error> {
        caller.signed_in()?;
        let webhook = self.store().webhooks.find(id).await?.ok_or(Denial::Hidden)?;
        self.authorize_account(caller, Action::ManageAccountWebhooks, webhook.account_id).await
    }

    /// Whether the caller may take an invitation back or send it again: whoever may invite to its place. An invitation
    /// to a place that the caller does not see does not exist.
    pub async fn authorize_invitation(&self, caller: &Caller, id: InvitationId) -> Result<(), Error> {
        caller.signed_in()?;
        let found = self.store().invitations.find(InvitationKey::Id(id)).await?;
        match found.ok_or(Denial::Hidden)?.offer {
            Offer::Account { account_id, .. } => {
                self.authorize_account(caller, Action::ManageAccountUsers, account_id).await
            }
            Offer::Portfolio { portfolio_id, .. } => {
                self.authorize_portfolio(caller, Action::ManagePortfolioUsers, portfolio_id).await
            }
        }
    }

    /// Whether the caller may do something about a portfolio.
    pub async fn authorize_portfolio(
        &self,
        caller: &Caller,
        action: Action,
        id: PortfolioId,
    ) -> Result<(), Error> {
        let person = caller.signed_in()?;
        self.store().portfolios.find(id).await?.ok_or(Denial::Hidden)?;
        let standing = PortfolioStanding::of(&person.memberships, id);
        let allowed = decide(true, action, &Resource::Portfolio(standing)).ok();
        self.record_denial(caller, action, allowed, Scope::Portfolio(id)).await
    }

    async fn record_denial(
        &self,
        caller: &Caller,
        action: Action,
        allowed: Result<(), Denial>,
        scope: Scope,
    ) -> Result<(), Error> {
        if allowed.is_err() {
            let happening = Happening::new(caller, self.now(), AuditAction::AccessDenied)
                .detail("action", format!("{action:?}"));
            self.record_refusal(&happening, &[scope]).await?;
        }
        Ok(allowed?)
    }
}
