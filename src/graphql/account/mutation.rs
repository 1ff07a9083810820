//! Creating and closing accounts.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use super::Account;
use crate::domain::Action;
use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::guard::{OnAccount, SignedIn};
use crate::graphql::ids::parse_id;
use crate::rejection;
use crate::service::close_account::CloseAccount;
use crate::service::create_account::CreateAccount;

/// The account to create.
#[derive(InputObject)]
pub struct CreateAccountInput {
    /// Its name: 1 to 200 characters. Names need not be unique.
    name: String,
}

/// The account exists; the viewer is its Owner.
#[derive(SimpleObject)]
pub struct AccountCreated {
    /// The account.
    account: Account,
}

rejection! {
    /// No account was created.
    CreateAccountRejected,
    /// Why no account can be created.
    CreateAccountRejectionReason {
        /// Twenty accounts by one person within a day; see `retryAt`.
        TooManyAccounts => "You created many accounts lately. Try again later.",
    }
}

/// What `createAccount` gives.
#[derive(Union)]
pub enum CreateAccountResult {
    /// Created.
    Created(AccountCreated),
    /// Refused.
    Rejected(CreateAccountRejected),
}

/// The account to close.
#[derive(InputObject)]
pub struct CloseAccountInput {
    /// The account.
    account_id: ID,
    /// The account's name, typed by the person: closing cannot be undone. Compared without case.
    name: String,
}

/// The account is closed: nobody belongs to it any more. Everybody's user stays, and so does the audit log.
#[derive(SimpleObject)]
pub struct AccountClosed {
    /// The account that is closed.
    account_id: ID,
}

rejection! {
    /// The account is as it was.
    CloseAccountRejected,
    /// Why an account cannot be closed.
    CloseAccountRejectionReason {
        /// `name` is not the account's name.
        NameMismatch => "This is not the account's name. Type the name of the account that you want to close.",
    }
}

/// What `closeAccount` gives.
#[derive(Union)]
pub enum CloseAccountResult {
    /// Closed.
    Closed(AccountClosed),
    /// Refused.
    Rejected(CloseAccountRejected),
}

/// Mutations of accounts themselves.
#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Creates an account with the viewer as its Owner. Who may call: rule SignedIn.
    #[graphql(guard = "SignedIn")]
    async fn create_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: CreateAccountInput,
    ) -> Result<CreateAccountResult> {
        let request = request(ctx)?;
        let outcome = request.services.create_account(&request.caller(), &input.name).await;
        Ok(match outcome.or_error(request)? {
            CreateAccount::Created(account) => {
                request.renew_caller().await?;
                CreateAccountResult::Created(AccountCreated { account: Account::new(*account) })
            }
            CreateAccount::TooManyAccounts { retry_at } => CreateAccountResult::Rejected(
                CreateAccountRejected::until(CreateAccountRejectionReason::TooManyAccounts, retry_at),
            ),
        })
    }

    /// Closes an account for good. Everybody's user stays; nobody belongs to the account any more, invitations are taken
    /// back, and no portfolio links it. Who may call: Owner of the account.
    #[graphql(guard = "OnAccount::new(Action::CloseAccount, &input.account_id)")]
    async fn close_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: CloseAccountInput,
    ) -> Result<CloseAccountResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.account_id, "accountId")?;
        let outcome = request.services.close_account(&request.caller(), id, &input.name).await;
        Ok(match outcome.or_error(request)? {
            CloseAccount::Closed(id) => {
                request.renew_caller().await?;
                CloseAccountResult::Closed(AccountClosed { account_id: id.to_string().into() })
            }
            CloseAccount::NameMismatch => {
                CloseAccountResult::Rejected(CloseAccountRejectionReason::NameMismatch.into())
            }
        })
    }
}
