//! Creating and closing portfolios, and which accounts they link.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use super::Portfolio;
use super::guard::LinksAccount;
use crate::domain::Action;
use crate::graphql::account::Account;
use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::guard::{OnAccount, OnPortfolio, SignedIn};
use crate::graphql::ids::parse_id;
use crate::rejection;
use crate::service::close_portfolio::ClosePortfolio;
use crate::service::create_portfolio::CreatePortfolio;
use crate::service::link_account::{AddAccount, RemoveAccount};

/// The portfolio to create.
#[derive(InputObject)]
pub struct CreatePortfolioInput {
    /// Its name: 1 to 200 characters. Names need not be unique.
    name: String,
}

/// The portfolio exists and links no account yet; the viewer is its Owner.
#[derive(SimpleObject)]
pub struct PortfolioCreated {
    /// The portfolio.
    portfolio: Portfolio,
}

rejection! {
    /// No portfolio was created.
    CreatePortfolioRejected,
    /// Why no portfolio can be created.
    CreatePortfolioRejectionReason {
        /// Twenty portfolios by one person within a day; see `retryAt`.
        TooManyPortfolios => "You created many portfolios lately. Try again later.",
    }
}

/// What `createPortfolio` gives.
#[derive(Union)]
pub enum CreatePortfolioResult {
    /// Created.
    Created(PortfolioCreated),
    /// Refused.
    Rejected(CreatePortfolioRejected),
}

/// The portfolio to close.
#[derive(InputObject)]
pub struct ClosePortfolioInput {
    /// The portfolio.
    portfolio_id: ID,
    /// The portfolio's name, typed by the person: closing cannot be undone. Compared without case.
    name: String,
}

/// The portfolio is closed: nobody belongs to it and it links no account any more. The accounts and everybody's user stay,
/// and so does the audit log.
#[derive(SimpleObject)]
pub struct PortfolioClosed {
    /// The portfolio that is closed.
    portfolio_id: ID,
}

rejection! {
    /// The portfolio is as it was.
    ClosePortfolioRejected,
    /// Why a portfolio cannot be closed.
    ClosePortfolioRejectionReason {
        /// `name` is not the portfolio's name.
        NameMismatch => "This is not the portfolio's name. Type the name of the portfolio that you want to close.",
    }
}

/// What `closePortfolio` gives.
#[derive(Union)]
pub enum ClosePortfolioResult {
    /// Closed.
    Closed(PortfolioClosed),
    /// Refused.
    Rejected(ClosePortfolioRejected),
}

/// Which account to add, and where.
#[derive(InputObject)]
pub struct AddAccountToPortfolioInput {
    /// The portfolio.
    portfolio_id: ID,
    /// The account.
    account_id: ID,
}

/// The portfolio links the account: its Owner and Admins manage the account's users from now on, and can ask to reset
/// their MFA. The account's Owner is told by e-mail.
#[derive(SimpleObject)]
pub struct AccountAddedToPortfolio {
    /// The portfolio.
    portfolio: Portfolio,
    /// The account.
    account: Account,
}

rejection! {
    /// The account is where it was.
    AddAccountToPortfolioRejected,
    /// Why an account cannot be added.
    AddAccountToPortfolioRejectionReason {
        /// The portfolio links the account already.
        AlreadyLinked => "The account is in this portfolio already.",
        /// Another portfolio links the account; an account is in at most one.
        InAnotherPortfolio => "The account is in another portfolio. Take it out of that one first.",
    }
}

/// What `addAccountToPortfolio` gives.
#[derive(Union)]
pub enum AddAccountToPortfolioResult {
    /// Added.
    Added(AccountAddedToPortfolio),
    /// Refused.
    Rejected(AddAccountToPortfolioRejected),
}

/// Which account to take out of which portfolio.
#[derive(InputObject)]
pub struct RemoveAccountFromPortfolioInput {
    /// The portfolio.
    portfolio_id: ID,
    /// The account.
    account_id: ID,
}

/// No portfolio links the account any more. The account's Owner and the Portfolio Owner are told by e-mail.
#[derive(SimpleObject)]
pub struct AccountRemovedFromPortfolio {
    /// The account; null for a viewer who saw it only through the portfolio.
    account: Option<Account>,
}

rejection! {
    /// The account is where it was.
    RemoveAccountFromPortfolioRejected,
    /// Why an account cannot be taken out.
    RemoveAccountFromPortfolioRejectionReason {
        /// This portfolio does not link the account.
        NotLinked => "The account is not in this portfolio.",
    }
}

/// What `removeAccountFromPortfolio` gives.
#[derive(Union)]
pub enum RemoveAccountFromPortfolioResult {
    /// Taken out.
    Removed(AccountRemovedFromPortfolio),
    /// Refused.
    Rejected(RemoveAccountFromPortfolioRejected),
}

/// Mutations of portfolios themselves.
#[derive(Default)]
pub struct PortfolioMutation;

#[Object]
impl PortfolioMutation {
    /// Creates a portfolio with the viewer as its Owner. Who may call: rule SignedIn.
    #[graphql(guard = "SignedIn")]
    async fn create_portfolio(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: CreatePortfolioInput,
    ) -> Result<CreatePortfolioResult> {
        let request = request(ctx)?;
        let outcome = request.services.create_portfolio(&request.caller(), &input.name).await;
        Ok(match outcome.or_error(request)? {
            CreatePortfolio::Created(portfolio) => {
                request.renew_caller().await?;
                let portfolio = Portfolio::new(*portfolio);
                CreatePortfolioResult::Created(PortfolioCreated { portfolio })
            }
            CreatePortfolio::TooManyPortfolios { retry_at } => CreatePortfolioResult::Rejected(
                CreatePortfolioRejected::until(CreatePortfolioRejectionReason::TooManyPortfolios, retry_at),
            ),
        })
    }

    /// Closes a portfolio for good. Its accounts stay, each by itself, and so does everybody's user; invitations are taken
    /// back. Who may call: Portfolio Owner.
    #[graphql(guard = "OnPortfolio::new(Action::ClosePortfolio, &input.portfolio_id)")]
    async fn close_portfolio(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: ClosePortfolioInput,
    ) -> Result<ClosePortfolioResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.portfolio_id, "portfolioId")?;
        let outcome = request.services.close_portfolio(&request.caller(), id, &input.name).await;
        Ok(match outcome.or_error(request)? {
            ClosePortfolio::Closed(id) => {
                request.renew_caller().await?;
                ClosePortfolioResult::Closed(PortfolioClosed { portfolio_id: id.to_string().into() })
            }
            ClosePortfolio::NameMismatch => {
                ClosePortfolioResult::Rejected(ClosePortfolioRejectionReason::NameMismatch.into())
            }
        })
    }

    /// Adds an account to a portfolio; an account is in at most one. Who may call: Portfolio Owner who is Owner or Admin of
    /// the account, or holds all there that an Admin does.
    #[graphql(guard = "LinksAccount::new(&input.portfolio_id, &input.account_id)")]
    async fn add_account_to_portfolio(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: AddAccountToPortfolioInput,
    ) -> Result<AddAccountToPortfolioResult> {
        let request = request(ctx)?;
        let portfolio = parse_id(&input.portfolio_id, "portfolioId")?;
        let account = parse_id(&input.account_id, "accountId")?;
        let outcome = request.services.add_account_to_portfolio(&request.caller(), portfolio, account).await;
        use AddAccountToPortfolioRejectionReason as Reason;
        let reason = match outcome.or_error(request)? {
            AddAccount::Added(added) => {
                let (portfolio, account) = *added;
                request.renew_caller().await?;
                return Ok(AddAccountToPortfolioResult::Added(AccountAddedToPortfolio {
                    portfolio: Portfolio::new(portfolio),
                    account: Account::new(account),
                }));
            }
            AddAccount::AlreadyLinked => Reason::AlreadyLinked,
            AddAccount::InAnotherPortfolio => Reason::InAnotherPortfolio,
        };
        Ok(AddAccountToPortfolioResult::Rejected(reason.into()))
    }

    /// Takes an account out of its portfolio; the account stays. Who may call: Portfolio Owner, and Owner of the account.
    #[graphql(guard = "OnAccount::new(Action::UnlinkAccount, &input.account_id)")]
    async fn remove_account_from_portfolio(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: RemoveAccountFromPortfolioInput,
    ) -> Result<RemoveAccountFromPortfolioResult> {
        let request = request(ctx)?;
        let portfolio = parse_id(&input.portfolio_id, "portfolioId")?;
        let account = parse_id(&input.account_id, "accountId")?;
        let outcome =
            request.services.remove_account_from_portfolio(&request.caller(), portfolio, account).await;
        use RemoveAccountFromPortfolioRejectionReason as Reason;
        Ok(match outcome.or_error(request)? {
            RemoveAccount::Removed(account) => {
                request.renew_caller().await?;
                let caller = request.caller();
                let account = caller.over_account(Action::ViewAccount, &account).is_ok().then_some(account);
                let account = account.map(|account| Account::new(*account));
                RemoveAccountFromPortfolioResult::Removed(AccountRemovedFromPortfolio { account })
            }
            RemoveAccount::NotLinked => RemoveAccountFromPortfolioResult::Rejected(Reason::NotLinked.into()),
        })
    }
}
