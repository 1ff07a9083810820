//! The MFA policies of accounts and portfolios.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject, Union};

use crate::domain;
use crate::domain::Action;
use crate::graphql::account::Account;
use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::guard::{OnAccount, OnPortfolio};
use crate::graphql::ids::parse_id;
use crate::graphql::portfolio::Portfolio;
use crate::graphql::scalar::DateTime;
use crate::rejection;
use crate::service::mfa_policy::{PolicyChange, SetPolicy};

/// What `acceptMfaReset` demands.
#[derive(async_graphql::Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::ResetAcceptance")]
pub enum MfaResetAcceptance {
    /// The link of the e-mail is enough.
    Link,
    /// The link and the password.
    LinkAndPassword,
}

/// Whose resets a second person has to approve.
#[derive(async_graphql::Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::ResetApproval")]
pub enum MfaResetApproval {
    /// Nobody's.
    Never,
    /// Those of users who are Owner of an account or portfolio, anywhere.
    OwnersOnly,
    /// Everybody's.
    Always,
}

/// What to change about an account's MFA policy; what is left out stays.
#[derive(InputObject)]
pub struct SetAccountMfaPolicyInput {
    /// The account.
    account_id: ID,
    /// Whether its users must have MFA.
    enforced: Option<bool>,
    /// Users without MFA may still log in until then; must lie in the future. Null takes the grace period away.
    grace_until: MaybeUndefined<DateTime>,
    /// What `acceptMfaReset` demands of its users.
    reset_acceptance: Option<MfaResetAcceptance>,
    /// Whose resets a second person has to approve.
    reset_approval: Option<MfaResetApproval>,
    /// Hours between accepting a reset and its effect: 0 to 72.
    reset_cooling_off_hours: Option<i32>,
}

/// What to change about a portfolio's MFA policy; what is left out stays.
#[derive(InputObject)]
pub struct SetPortfolioMfaPolicyInput {
    /// The portfolio.
    portfolio_id: ID,
    /// Whether the portfolio's own users must have MFA.
    enforced: Option<bool>,
    /// Users without MFA may still log in until then; must lie in the future. Null takes the grace period away.
    grace_until: MaybeUndefined<DateTime>,
    /// What `acceptMfaReset` demands of its users.
    reset_acceptance: Option<MfaResetAcceptance>,
    /// Whose resets a second person has to approve.
    reset_approval: Option<MfaResetApproval>,
    /// Hours between accepting a reset and its effect: 0 to 72.
    reset_cooling_off_hours: Option<i32>,
}

/// The account with its new policy.
#[derive(SimpleObject)]
pub struct AccountMfaPolicySet {
    /// The account.
    account: Account,
}

/// The portfolio with its new policy.
#[derive(SimpleObject)]
pub struct PortfolioMfaPolicySet {
    /// The portfolio.
    portfolio: Portfolio,
}

rejection! {
    /// The policy is unchanged.
    SetAccountMfaPolicyRejected,
    /// Why an account's policy cannot be set.
    SetAccountMfaPolicyRejectionReason {
        /// `graceUntil` lies in the past.
        GraceInPast => "The grace period must end in the future.",
    } not_now
}

rejection! {
    /// The policy is unchanged.
    SetPortfolioMfaPolicyRejected,
    /// Why a portfolio's policy cannot be set.
    SetPortfolioMfaPolicyRejectionReason {
        /// `graceUntil` lies in the past.
        GraceInPast => "The grace period must end in the future.",
    } not_now
}

/// What `setAccountMfaPolicy` gives.
#[derive(Union)]
pub enum SetAccountMfaPolicyResult {
    /// Set.
    Set(AccountMfaPolicySet),
    /// Refused.
    Rejected(SetAccountMfaPolicyRejected),
}

/// What `setPortfolioMfaPolicy` gives.
#[derive(Union)]
pub enum SetPortfolioMfaPolicyResult {
    /// Set.
    Set(PortfolioMfaPolicySet),
    /// Refused.
    Rejected(SetPortfolioMfaPolicyRejected),
}

fn change(
    enforced: Option<bool>,
    grace_until: MaybeUndefined<DateTime>,
    reset_acceptance: Option<MfaResetAcceptance>,
    (reset_approval, reset_cooling_off_hours): (Option<MfaResetApproval>, Option<i32>),
) -> PolicyChange {
    PolicyChange {
        enforced,
        grace_until: match grace_until {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(until) => Some(Some(until.0)),
        },
        reset_acceptance: reset_acceptance.map(Into::into),
        reset_approval: reset_approval.map(Into::into),
        reset_cooling_off_hours,
    }
}

/// Mutations of policies.
#[derive(Default)]
pub struct PolicyMutation;

#[Object]
impl PolicyMutation {
    /// Sets whether an account enforces MFA, and what a reset demands of its users. Who may call: Owner or Admin of the
    /// account, and whoever holds MFA_POLICY there. Asks for a fresh proof (`stepUp`).
    #[graphql(guard = "OnAccount::new(Action::SetAccountMfaPolicy, &input.account_id)")]
    async fn set_account_mfa_policy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: SetAccountMfaPolicyInput,
    ) -> Result<SetAccountMfaPolicyResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.account_id, "accountId")?;
        let more = (input.reset_approval, input.reset_cooling_off_hours);
        let change = change(input.enforced, input.grace_until, input.reset_acceptance, more);
        let outcome = request.services.set_account_mfa_policy(&request.caller(), id, &change).await;
        Ok(match outcome.or_error(request)? {
            SetPolicy::Set(account) => {
                SetAccountMfaPolicyResult::Set(AccountMfaPolicySet { account: Account::new(*account) })
            }
            SetPolicy::NotNow(unready) => SetAccountMfaPolicyResult::Rejected(unready.into()),
            SetPolicy::GraceInPast => {
                SetAccountMfaPolicyResult::Rejected(SetAccountMfaPolicyRejectionReason::GraceInPast.into())
            }
        })
    }

    /// Sets whether a portfolio enforces MFA for its own users, and what a reset demands of them. Who may call:
    /// Portfolio Owner or Portfolio Admin. Asks for a fresh proof (`stepUp`).
    #[graphql(guard = "OnPortfolio::new(Action::SetPortfolioMfaPolicy, &input.portfolio_id)")]
    async fn set_portfolio_mfa_policy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: SetPortfolioMfaPolicyInput,
    ) -> Result<SetPortfolioMfaPolicyResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.portfolio_id, "portfolioId")?;
        let more = (input.reset_approval, input.reset_cooling_off_hours);
        let change = change(input.enforced, input.grace_until, input.reset_acceptance, more);
        let outcome = request.services.set_portfolio_mfa_policy(&request.caller(), id, &change).await;
        Ok(match outcome.or_error(request)? {
            SetPolicy::Set(portfolio) => {
                let portfolio = Portfolio::new(*portfolio);
                SetPortfolioMfaPolicyResult::Set(PortfolioMfaPolicySet { portfolio })
            }
            SetPolicy::NotNow(unready) => SetPortfolioMfaPolicyResult::Rejected(unready.into()),
            SetPolicy::GraceInPast => SetPortfolioMfaPolicyResult::Rejected(
                SetPortfolioMfaPolicyRejectionReason::GraceInPast.into(),
            ),
        })
    }
}
