//! The MfaReset object. Whoever may see a reset may see its user, its requester and the place of its authority.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject, Union};

use crate::domain;
use crate::domain::recovery::CONFIRMATIONS;
use crate::domain::{Authority, UserId};
use crate::graphql::account::{Account, AccountRole};
use crate::graphql::context::request;
use crate::graphql::loader::expected;
use crate::graphql::portfolio::{Portfolio, PortfolioRole};
use crate::graphql::scalar::DateTime;
use crate::graphql::user::User;

/// A request to reset a user's MFA. Who may see it: whoever manages the user, Owner and Admin of the accounts and
/// portfolios that it concerns, and holders of MFA_RESET in such an account.
#[derive(Clone)]
pub struct MfaReset(Arc<domain::MfaReset>);

impl crate::graphql::ready::AtOnce for MfaReset {}

impl MfaReset {
    /// Shows what was loaded. Whoever may see a reset may see its requester and the place of its authority.
    pub fn new(inner: impl Into<Arc<domain::MfaReset>>) -> Self {
        Self(inner.into())
    }
}

async fn person(ctx: &Context<'_>, id: UserId) -> Result<User> {
    let request = request(ctx)?;
    let found = request.loaders().users.one(id).await?;
    Ok(User::new(expected(found, "a user of a reset", request)?))
}

/// A request to reset a user's MFA. Who may see it: whoever manages the user, Owner and Admin of the accounts and
/// portfolios that it concerns, and holders of MFA_RESET in such an account.
#[Object]
impl MfaReset {
    /// The global id: mfareset_…
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Where it is in its life.
    fn state(&self, ctx: &Context<'_>) -> Result<MfaResetState> {
        Ok(self.0.state_at(request(ctx)?.services.clock_now()).into())
    }

    /// Whose MFA.
    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        person(ctx, self.0.user_id).await
    }

    /// Who asked; of the recovery contacts, who confirmed first.
    async fn requested_by(&self, ctx: &Context<'_>) -> Result<User> {
        person(ctx, self.0.requested_by).await
    }

    /// The role, and where it is held, that entitled the requester; or the recovery contacts who confirmed.
    async fn authority(&self, ctx: &Context<'_>) -> Result<MfaResetAuthority> {
        let request = request(ctx)?;
        Ok(match self.0.authority {
            Authority::Account { account_id, role, .. } => {
                let found = request.loaders().accounts.one(account_id).await?;
                let account = Account::new(expected(found, "the account of a reset", request)?);
                if let Some(contacts) = self.0.recovered_by {
                    let authority = RecoveryContactsAuthority { account, contacts };
                    return Ok(MfaResetAuthority::RecoveryContacts(authority));
                }
                MfaResetAuthority::Account(AccountAuthority { account, role: role.into() })
            }
            Authority::Portfolio { portfolio_id, role } => {
                let found = request.loaders().portfolios.one(portfolio_id).await?;
                let portfolio = Portfolio::new(expected(found, "the portfolio of a reset", request)?);
                MfaResetAuthority::Portfolio(PortfolioAuthority { portfolio, role: role.into() })
            }
        })
    }

    /// Why, in the requester's words; null when no reason was given.
    fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// When it was asked for.
    fn requested_at(&self) -> DateTime {
        self.0.requested_at.into()
    }

    /// Until when it can be accepted; while it awaits approval, until when it can be approved.
    fn expires_at(&self) -> DateTime {
        self.0.expires_at.into()
    }

    /// When it stopped waiting; null while it waits.
    fn closed_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(self.0.closed_at(request(ctx)?.services.clock_now()).map(DateTime::from))
    }

    /// Who approved it; null where nobody had to, or has yet.
    async fn approved_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.approved {
            Some((by, _)) => Ok(Some(person(ctx, by).await?)),
            None => Ok(None),
        }
    }

    /// When it was approved.
    fn approved_at(&self) -> Option<DateTime> {
        self.0.approved.map(|(_, at)| at.into())
    }

    /// When MFA goes off, or went off, where the user accepted and a policy asks for time in between.
    fn effective_at(&self) -> Option<DateTime> {
        self.0.effective_at.map(DateTime::from)
    }

    /// Whether the e-mail went out.
    fn delivery(&self) -> MailDelivery {
        self.0.delivery.into()
    }
}

/// Where a reset is in its life.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::MfaResetState")]
pub enum MfaResetState {
    /// Waits for a second person's approval (`approveMfaReset`); nothing was sent. Only where a policy asks for that.
    AwaitingApproval,
    /// Waits for the user.
    Pending,
    /// The user accepted; MFA goes off at `effectiveAt`. Only where a policy asks for time in between.
    CoolingOff,
    /// The user accepted; MFA went off.
    Accepted,
    /// The user said "this wasn't me".
    Declined,
    /// An Owner or Admin took it back, or the user switched MFA off, so that nothing was left to reset.
    Cancelled,
    /// A newer one replaced it.
    Superseded,
    /// Nobody accepted in time.
    Expired,
}

/// Whether an e-mail went out.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::MailDelivery")]
pub enum MailDelivery {
    /// It waits, or is being tried again.
    Queued,
    /// A mail server took it.
    Sent,
    /// No mail server took it; it is given up.
    Failed,
}

/// The role, and where it is held, that entitled the requester of a reset; or the recovery contacts who confirmed.
#[derive(Union)]
pub enum MfaResetAuthority {
    /// In an account.
    Account(AccountAuthority),
    /// In a portfolio.
    Portfolio(PortfolioAuthority),
    /// None: the user is the Owner of an account, and asked the recovery contacts.
    RecoveryContacts(RecoveryContactsAuthority),
}

/// The recovery contacts of an account, of which the user is the Owner; see `requestRecovery`.
pub struct RecoveryContactsAuthority {
    account: Account,
    contacts: [UserId; CONFIRMATIONS],
}

/// The recovery contacts of an account, of which the user is the Owner; see `requestRecovery`.
#[Object]
impl RecoveryContactsAuthority {
    /// The account.
    async fn account(&self) -> Account {
        self.account.clone()
    }

    /// The contacts who confirmed. The first of them is `requestedBy`.
    async fn confirmed_by(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        let [first, second] = self.contacts;
        Ok(vec![person(ctx, first).await?, person(ctx, second).await?])
    }
}

/// A role in an account.
#[derive(SimpleObject)]
pub struct AccountAuthority {
    /// The account.
    account: Account,
    /// The requester's role there: OWNER or ADMIN.
    role: AccountRole,
}

/// A role in a portfolio.
#[derive(SimpleObject)]
pub struct PortfolioAuthority {
    /// The portfolio.
    portfolio: Portfolio,
    /// The requester's role there: OWNER or ADMIN.
    role: PortfolioRole,
}
