//! A person's second factor, and whether the viewer may have it reset.

use std::sync::Arc;

use async_graphql::{Context, ContextSelectionSet, Object, Result, SimpleObject, Value};

use crate::domain;
use crate::domain::UserId;
use crate::graphql::context::request;
use crate::graphql::mfa_reset::ResetUserMfaRejectionReason;
use crate::graphql::ready::{AtOnce, object};
use crate::graphql::scalar::DateTime;
use crate::graphql::session::MfaMethod;

/// A user's second factor. Who may see it: the user, whoever manages the user (rule ManagesUser), and whoever holds
/// MFA_RESET in an account of theirs.
pub struct UserMfa {
    user: Arc<domain::User>,
}

impl UserMfa {
    /// For whoever was found to be allowed to see it.
    pub fn new(user: Arc<domain::User>) -> Self {
        Self { user }
    }
}

impl AtOnce for UserMfa {
    fn at_once(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        object::<Self>(ctx, |field, below| match field {
            "enabled" => Some(self.user.mfa.is_some().into()),
            "enabledAt" => self.user.mfa.as_ref().map(|mfa| DateTime::from(mfa.enabled_at)).at_once(below),
            _ => None,
        })
    }
}

/// A user's second factor. Who may see it: the user, whoever manages the user (rule ManagesUser), and whoever holds
/// MFA_RESET in an account of theirs.
#[Object]
impl UserMfa {
    /// Whether the user has one.
    fn enabled(&self) -> bool {
        self.user.mfa.is_some()
    }

    /// Since when; null without one.
    fn enabled_at(&self) -> Option<DateTime> {
        self.user.mfa.as_ref().map(|mfa| mfa.enabled_at.into())
    }

    /// How the user can answer a challenge now; empty without a second factor.
    fn methods(&self) -> Vec<MfaMethod> {
        self.user.mfa_methods().into_iter().map(MfaMethod::from).collect()
    }

    /// How many backup codes are left. Only the user sees it; null for everybody else, and without a second factor.
    fn backup_codes_remaining(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        let oneself = request(ctx)?.caller().actor.user_id() == Some(self.user.id);
        let left = self.user.mfa.as_ref().filter(|_| oneself).map(|mfa| mfa.backup_codes);
        Ok(left.and_then(|left| i32::try_from(left).ok()))
    }

    /// Whether any of the user's accounts or portfolios enforces MFA.
    async fn required(&self, ctx: &Context<'_>) -> Result<bool> {
        required(ctx, self.user.id).await
    }
}

/// Whether any of a person's accounts or portfolios enforces MFA.
async fn required(ctx: &Context<'_>, id: UserId) -> Result<bool> {
    let loaders = request(ctx)?.loaders();
    let (accounts, portfolios) =
        futures_util::try_join!(loaders.account_places.one(id), loaders.portfolio_places.one(id))?;
    let (accounts, portfolios) = futures_util::try_join!(
        loaders.accounts.many(accounts.iter().map(|place| place.account_id).collect()),
        loaders.portfolios.many(portfolios.iter().map(|place| place.portfolio_id).collect()),
    )?;
    let enforced = |policy: &domain::MfaPolicy| policy.enforced;
    Ok(accounts.values().flatten().any(|account| enforced(&account.mfa_policy))
        || portfolios.values().flatten().any(|portfolio| enforced(&portfolio.mfa_policy)))
}

/// Whether the viewer, who has no MFA, may reset nobody's where it is enforced: a place of the person, or the portfolio by
/// whose right the viewer manages them.
pub(super) async fn enforced_over(ctx: &Context<'_>, id: UserId) -> Result<bool> {
    if required(ctx, id).await? {
        return Ok(true);
    }
    let request = request(ctx)?;
    let loaders = request.loaders();
    let (accounts, portfolios) =
        futures_util::try_join!(loaders.account_places.one(id), loaders.portfolio_places.one(id))?;
    let Some(portfolio) = request.caller().portfolio_over(id, &accounts, &portfolios) else {
        return Ok(false);
    };
    let portfolio = loaders.portfolios.one(portfolio).await?;
    Ok(portfolio.is_some_and(|portfolio| portfolio.mfa_policy.enforced))
}

/// Whether the viewer may call `resetUserMfa` on a user now, but for what a fresh proof or a hold of the viewer's own asks, and
/// for limits that only count what is asked. Who may call: whoever sees the user.
#[derive(SimpleObject)]
pub struct MfaResetEligibility {
    /// Whether the viewer may.
    allowed: bool,
    /// Why not; null when allowed.
    reason: Option<ResetUserMfaRejectionReason>,
}

impl From<Option<ResetUserMfaRejectionReason>> for MfaResetEligibility {
    fn from(reason: Option<ResetUserMfaRejectionReason>) -> Self {
        Self { allowed: reason.is_none(), reason }
    }
}
