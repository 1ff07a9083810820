//! The field guards: each names a rule of `domain::policy` and asks the services whether the caller fulfils it.
//!
//! As attributes they stand on mutations, subscriptions and non-null fields. A nullable field that may be denied calls
//! the same guard first thing and returns `Option<Result<T>>`: a denied attribute guard would null its parent, too.

use async_graphql::{Context, Guard, ID, Result};

use super::context::{RequestContext, request};
use super::error::{OrError, denied};
use super::ids::parse_id;
use super::user::may;
use crate::domain::{
    Account, AccountId, Action, Denial, InvitationId, MfaResetId, PortfolioId, RoleId, UserId, WebhookId,
};
use crate::service::directory::DeniedRead;

/// Rule `SignedIn`: any live session.
pub struct SignedIn;

impl Guard for SignedIn {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        admit(request(ctx)?, Action::UseOwnAccount).await
    }
}

/// Rule `SignedIn`, for an action that may be open to a session without a demanded second factor.
pub struct InSession(pub Action);

impl Guard for InSession {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        admit(request(ctx)?, self.0).await
    }
}

/// Whether the session may be used for an action at all: what every guard of a root field asks first.
pub async fn admit(request: &RequestContext, action: Action) -> Result<()> {
    request.services.authorize_session(&request.caller(), action).await.or_error(request)
}

/// Rule `ManagesUser`, for asking to reset the MFA of the user with this id.
pub struct ManagesUser {
    user_id: ID,
}

impl ManagesUser {
    /// The guard for one user.
    pub fn new(user_id: &ID) -> Self {
        Self { user_id: user_id.clone() }
    }
}

impl Guard for ManagesUser {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let request = request(ctx)?;
        admit(request, Action::ResetUserMfa).await?;
        let user_id: UserId = parse_id(&self.user_id, "userId")?;
        request.services.authorize_reset(&request.caller(), user_id).await.or_error(request)
    }
}

/// Rule `OwnsPlaceOfUser`, for lifting a freeze of the user with this id.
pub struct LiftsFreeze {
    user_id: ID,
}

impl LiftsFreeze {
    /// The guard for one user.
    pub fn new(user_id: &ID) -> Self {
        Self { user_id: user_id.clone() }
    }
}

impl Guard for LiftsFreeze {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let request = request(ctx)?;
        admit(request, Action::LiftMfaResetFreeze).await?;
        let user_id: UserId = parse_id(&self.user_id, "userId")?;
        request.services.authorize_lift(&request.caller(), user_id).await.or_error(request)
    }
}

/// Rule `ManagesUser`, for the user whom a reset is about.
pub struct ManagesUserOfReset {
    reset_id: ID,
}

impl ManagesUserOfReset {
    /// The guard for one reset.
    pub fn new(reset_id: &ID) -> Self {
        Self { reset_id: reset_id.clone() }
    }
}

impl Guard for ManagesUserOfReset {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let request = request(ctx)?;
        admit(request, Action::ResetUserMfa).await?;
        let id: MfaResetId = parse_id(&self.reset_id, "mfaResetId")?;
        request.services.authorize_reset_by_id(&request.caller(), id).await.or_error(request)
    }
}

/// The rule of an action on the account with this id.
pub struct OnAccount {
    action: Action,
    account_id: ID,
}

impl OnAccount {
    /// The guard for one account.
    pub fn new(action: Action, account_id: &ID) -> Self {
        Self { action, account_id: account_id.clone() }
    }
}

impl Guard for OnAccount {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let request = request(ctx)?;
        admit(request, self.action).await?;
        let id: AccountId = parse_id(&self.account_id, "accountId")?;
        request.services.authorize_account(&request.caller(), self.action, id).await.or_error(request)
    }
}

/// Rule `AccountOwnerOrAdmin` for taking somebody out of an account; `AccountMember` for leaving it.
pub struct RemovesUser {
    account_id: ID,
    user_id: ID,
}

impl RemovesUser {
    /// The guard for one user of one account.
    pub fn new(account_id: &ID, user_id: &ID) -> Self {
        Self { account_id: account_id.clone(), user_id: user_id.clone() }
    }
}

impl Guard for RemovesUser {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let request = request(ctx)?;
        admit(request, Action::ManageAccountUsers).await?;
        let account_id: AccountId = parse_id(&self.account_id, "accountId")?;
        let user_id: UserId = parse_id(&self.user_id, "userId")?;
        request.services.authorize_removal(&request.caller(), account_id, user_id).await.or_error(request)
    }
}

/// Rule `AccountOwnerOrAdmin` with `roles.manage`, on the account of the custom role with this id.
pub struct OnRole {
    role_id: ID,
}

impl OnRole {
    /// The guard for one custom role.
    pub fn new(role_id: &ID) -> Self {
        Self { role_id: role_id.clone() }
    }
}

impl Guard for OnRole {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let request = request(ctx)?;
        request.caller().signed_in().or_error(request)?;
        let id: RoleId = parse_id(&self.role_id, "customRoleId")?;
        request.services.authorize_role(&request.caller(), id).await.or_error(request)
    }
}

/// Rule `AccountOwnerOrAdmin` with `webhooks.manage` and `audit.view`, on the account of the webhook with this id.
pub struct OnWebhook {
    webhook_id: ID,
}

impl OnWebhook {
    /// The guard for one webhook.
    pub fn new(webhook_id: &ID) -> Self {
        Self { webhook_id: webhook_id.clone() }
    }
}

impl Guard for OnWebhook {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let request = request(ctx)?;
        admit(request, Action::ManageAccountWebhooks).await?;
        let id: WebhookId = parse_id(&self.webhook_id, "webhookId")?;
        request.services.authorize_webhook(&request.caller(), id).await.or_error(request)
    }
}

/// The rule of inviting to the place of an invitation: `AccountOwnerOrAdmin` or `PortfolioOwner`.
pub struct OnInvitation {
    invitation_id: ID,
}

impl OnInvitation {
    /// The guard for one invitation.
    pub fn new(invitation_id: &ID) -> Self {
        Self { invitation_id: invitation_id.clone() }
    }
}

impl Guard for OnInvitation {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let request = request(ctx)?;
        admit(request, Action::ManageAccountUsers).await?;
        let id: InvitationId = parse_id(&self.invitation_id, "invitationId")?;
        request.services.authorize_invitation(&request.caller(), id).await.or_error(request)
    }
}

/// The rule of an action on the portfolio with this id.
pub struct OnPortfolio {
    action: Action,
    portfolio_id: ID,
}

impl OnPortfolio {
    /// The guard for one portfolio.
    pub fn new(action: Action, portfolio_id: &ID) -> Self {
        Self { action, portfolio_id: portfolio_id.clone() }
    }
}

impl Guard for OnPortfolio {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        let request = request(ctx)?;
        admit(request, self.action).await?;
        let id: PortfolioId = parse_id(&self.portfolio_id, "portfolioId")?;
        request.services.authorize_portfolio(&request.caller(), self.action, id).await.or_error(request)
    }
}

/// Refuses a field of a visible object and writes the refusal down.
async fn refused(ctx: &Context<'_>, denial: Denial, read: DeniedRead) -> Result<()> {
    match denial {
        Denial::SignedOut => {}
        Denial::Restricted(_) => admit(request(ctx)?, read.action()).await?,
        Denial::Hidden | Denial::Forbidden => request(ctx)?.loaders().denials.one(read).await?,
    }
    Err(denied(denial))
}

/// The rule of an action, for a field of an account in hand.
pub struct OnThisAccount<'a> {
    /// What the field shows.
    pub action: Action,
    /// The account.
    pub account: &'a Account,
}

impl Guard for OnThisAccount<'_> {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        match request(ctx)?.caller().over_account(self.action, self.account) {
            Ok(()) => Ok(()),
            Err(denial) => refused(ctx, denial, DeniedRead::Account(self.action, self.account.id)).await,
        }
    }
}

/// The rule of an action, for a field of a portfolio in hand.
pub struct OnThisPortfolio {
    /// What the field shows.
    pub action: Action,
    /// The portfolio.
    pub id: PortfolioId,
}

impl Guard for OnThisPortfolio {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        match request(ctx)?.caller().over_portfolio(self.action, self.id) {
            Ok(()) => Ok(()),
            Err(denial) => refused(ctx, denial, DeniedRead::Portfolio(self.action, self.id)).await,
        }
    }
}

/// The rule of an action, for a field of a user in hand.
pub struct OnThisUser {
    /// What the field shows.
    pub action: Action,
    /// The user.
    pub id: UserId,
}

impl Guard for OnThisUser {
    async fn check(&self, ctx: &Context<'_>) -> Result<()> {
        match may(ctx, self.action, self.id).await? {
            Ok(()) => Ok(()),
            // The user is in hand, so a denial says so instead of hiding it.
            Err(Denial::Hidden) => {
                refused(ctx, Denial::Forbidden, DeniedRead::User(self.action, self.id)).await
            }
            Err(denial) => refused(ctx, denial, DeniedRead::User(self.action, self.id)).await,
        }
    }
}
