//! The Invitation object. Whoever may see an invitation may see its place and who invited.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject, Union};

use crate::domain;
use crate::graphql::account::{Account, AccountRole};
use crate::graphql::context::request;
use crate::graphql::custom_role::{CustomRole, one_role};
use crate::graphql::loader::expected;
use crate::graphql::mfa_reset::MailDelivery;
use crate::graphql::portfolio::{Portfolio, PortfolioRole};
use crate::graphql::scalar::DateTime;
use crate::graphql::user::User;

/// An invitation to an account or portfolio. Who may see it: Owner and Admin of the account, holders of USERS_MANAGE
/// there, Portfolio Owner and Portfolio Admin.
#[derive(Clone)]
pub struct Invitation(Arc<domain::Invitation>);

impl crate::graphql::ready::AtOnce for Invitation {}

impl Invitation {
    /// For whoever was found to be allowed to see it.
    pub fn new(inner: impl Into<Arc<domain::Invitation>>) -> Self {
        Self(inner.into())
    }
}

/// An invitation to an account or portfolio. Who may see it: Owner and Admin of the account, holders of USERS_MANAGE
/// there, Portfolio Owner and Portfolio Admin.
#[Object]
impl Invitation {
    /// The id: invitation_…
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The invited address as typed. It does not tell whether there is a user with it.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// What whoever accepts becomes, and where.
    async fn offer(&self, ctx: &Context<'_>) -> Result<InvitationOffer> {
        let request = request(ctx)?;
        Ok(match self.0.offer {
            domain::Offer::Account { account_id, role, custom_role_id } => {
                let found = request.loaders().accounts.one(account_id).await?;
                let account = Account::new(expected(found, "the account of an invitation", request)?);
                let custom_role = one_role(ctx, custom_role_id).await?;
                InvitationOffer::Account(AccountOffer { account, role: role.into(), custom_role })
            }
            domain::Offer::Portfolio { portfolio_id, role } => {
                let found = request.loaders().portfolios.one(portfolio_id).await?;
                let portfolio = Portfolio::new(expected(found, "the portfolio of an invitation", request)?);
                InvitationOffer::Portfolio(PortfolioOffer { portfolio, role: role.into() })
            }
        })
    }

    /// Where it is in its life.
    async fn state(&self, ctx: &Context<'_>) -> Result<InvitationState> {
        Ok(self.0.state_at(request(ctx)?.services.clock_now()).into())
    }

    /// Who invited; null when the user exists no more.
    async fn invited_by(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        match request(ctx) {
            Ok(request) => {
                let found = request.loaders().users.one(self.0.invited_by).await;
                found.map(|user| user.map(User::new)).transpose()
            }
            Err(error) => Some(Err(error)),
        }
    }

    /// Since when it waits.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// Until when it can be accepted: seven days after it was last sent.
    async fn expires_at(&self) -> DateTime {
        self.0.expires_at.into()
    }

    /// Whether the latest e-mail went out.
    async fn delivery(&self) -> MailDelivery {
        self.0.delivery.into()
    }
}

/// Where an invitation is in its life.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::InvitationState")]
pub enum InvitationState {
    /// Waits for the person.
    Pending,
    /// The person joined.
    Accepted,
    /// It was taken back, or the place that it leads to was closed.
    Revoked,
    /// Nobody accepted in time; it can be sent again.
    Expired,
}

/// What whoever accepts an invitation becomes, and where.
#[derive(Union)]
pub enum InvitationOffer {
    /// In an account.
    Account(AccountOffer),
    /// In a portfolio.
    Portfolio(PortfolioOffer),
}

/// A role in an account, offered by an invitation.
#[derive(SimpleObject)]
pub struct AccountOffer {
    /// The account.
    account: Account,
    /// The role there; never OWNER. For a custom role, its base.
    role: AccountRole,
    /// The custom role; null where a static one is offered.
    custom_role: Option<CustomRole>,
}

/// A role in a portfolio, offered by an invitation.
#[derive(SimpleObject)]
pub struct PortfolioOffer {
    /// The portfolio.
    portfolio: Portfolio,
    /// The role there; never OWNER.
    role: PortfolioRole,
}
