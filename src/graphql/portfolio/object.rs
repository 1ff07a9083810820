//! The Portfolio object.

use std::sync::Arc;

use async_graphql::{Context, ContextSelectionSet, Guard, ID, Object, Result, Value};

use super::lists::portfolio_accounts;
use super::people::{portfolio_account_users, portfolio_users};
use super::{AccountConnection, PortfolioAccountUserConnection, PortfolioRole, PortfolioUserConnection};
use crate::domain;
use crate::domain::{Action, PortfolioRole as Role, Scope};
use crate::graphql::account::MfaPolicy;
use crate::graphql::audit::{AuditAction, AuditEventConnection, LogArgs, audit_log};
use crate::graphql::connection::PageArgs;
use crate::graphql::context::request;
use crate::graphql::guard::OnThisPortfolio;
use crate::graphql::invitation::{InvitationConnection, invitations};
use crate::graphql::mfa::{MfaCoverage, mfa_coverage};
use crate::graphql::mfa_reset::{MfaResetConnection, MfaResetState, mfa_resets};
use crate::graphql::ready::{AtOnce, object};
use crate::graphql::scalar::DateTime;
use crate::graphql::watched::Watched;
use crate::service::directory::{LinkedPeopleFilter, PortfolioPeopleFilter};

/// A group of accounts, with users of its own. Who may see it: its users and members of an account that it links.
#[derive(Clone)]
pub struct Portfolio(Arc<domain::Portfolio>);

impl Portfolio {
    /// Shows what was loaded; fields below are guarded by themselves.
    pub fn new(inner: impl Into<Arc<domain::Portfolio>>) -> Self {
        Self(inner.into())
    }

    async fn guard(&self, ctx: &Context<'_>, action: Action) -> Result<()> {
        OnThisPortfolio { action, id: self.0.id }.check(ctx).await
    }

    async fn guarded_users(
        &self,
        ctx: &Context<'_>,
        filter: PortfolioPeopleFilter,
        page: PageArgs,
    ) -> Result<PortfolioUserConnection> {
        self.guard(ctx, Action::ListPortfolioUsers).await?;
        portfolio_users(ctx, &self.0, filter, page).await
    }

    async fn guarded_account_users(
        &self,
        ctx: &Context<'_>,
        filter: LinkedPeopleFilter,
        page: PageArgs,
    ) -> Result<PortfolioAccountUserConnection> {
        self.guard(ctx, Action::ListPortfolioAccountUsers).await?;
        portfolio_account_users(ctx, &self.0, filter, page).await
    }

    async fn guarded_resets(
        &self,
        ctx: &Context<'_>,
        states: Option<Vec<MfaResetState>>,
        page: PageArgs,
    ) -> Result<MfaResetConnection> {
        self.guard(ctx, Action::ViewPortfolioSecurity).await?;
        mfa_resets(ctx, Watched::Portfolio(self.0.clone()), states, page).await
    }

    async fn guarded_invitations(&self, ctx: &Context<'_>, page: PageArgs) -> Result<InvitationConnection> {
        self.guard(ctx, Action::ViewPortfolioSecurity).await?;
        invitations(ctx, Watched::Portfolio(self.0.clone()), page).await
    }

    async fn guarded_coverage(&self, ctx: &Context<'_>, days: i32) -> Result<MfaCoverage> {
        self.guard(ctx, Action::ViewPortfolioSecurity).await?;
        mfa_coverage(ctx, Scope::Portfolio(self.0.id), days).await
    }

    async fn guarded_log(
        &self,
        ctx: &Context<'_>,
        narrowed: LogArgs,
        page: PageArgs,
    ) -> Result<AuditEventConnection> {
        self.guard(ctx, Action::ViewPortfolioSecurity).await?;
        audit_log(ctx, Watched::Portfolio(self.0.clone()), narrowed, page).await
    }
}

impl AtOnce for Portfolio {
    fn at_once(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        object::<Self>(ctx, |field, below| match field {
            "id" => Some(self.0.id.to_string().into()),
            "name" => Some(self.0.name.as_str().into()),
            "createdAt" => DateTime::from(self.0.created_at).at_once(below),
            _ => None,
        })
    }
}

/// A group of accounts, with users of its own. Who may see it: its users and members of an account that it links.
#[Object]
impl Portfolio {
    /// The global id: portfolio_…
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The name as typed.
    fn name(&self) -> &str {
        &self.0.name
    }

    /// Since when the portfolio exists.
    fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// Whether the portfolio's own users must have MFA, and what a reset demands of them.
    fn mfa_policy(&self) -> MfaPolicy {
        (&self.0.mfa_policy).into()
    }

    /// What the viewer is in the portfolio itself; null when the viewer is not one of its users.
    fn viewer_role(&self, ctx: &Context<'_>) -> Result<Option<PortfolioRole>> {
        let caller = request(ctx)?.caller();
        let person = caller.actor.present();
        Ok(person.and_then(|person| person.memberships.portfolio_role(self.0.id)).map(PortfolioRole::from))
    }

    /// The accounts that the portfolio links, by name: all of them for users of the portfolio, their own for members of a
    /// linked account. Who may see it: whoever sees the portfolio.
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, from the start: 0 to 100; 25 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many at most, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<AccountConnection> {
        portfolio_accounts(ctx, &self.0, PageArgs { first, after, last, before }).await
    }

    /// Users of the portfolio itself. Who may see it: users of the portfolio (rule PortfolioMember); for everybody else
    /// null and the error FORBIDDEN.
    #[allow(clippy::too_many_arguments)]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, from the start: 0 to 100; 25 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many at most, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only users whose name or e-mail address begins with this, compared without case.")]
        search: Option<String>,
        #[graphql(desc = "Only users with one of these roles; all when left out or empty.")] roles: Option<
            Vec<PortfolioRole>,
        >,
        #[graphql(desc = "Only users with MFA (true) or without (false); only Owners and Admins may ask.")]
        mfa_enabled: Option<bool>,
    ) -> Option<Result<PortfolioUserConnection>> {
        let roles = roles.unwrap_or_default().into_iter().map(Role::from).collect();
        let filter = PortfolioPeopleFilter { search, roles, mfa_enabled };
        Some(self.guarded_users(ctx, filter, PageArgs { first, after, last, before }).await)
    }

    /// Manage > Users: every user of every linked account, once each. Who may see it: Portfolio Owner and Portfolio Admin
    /// (rule PortfolioOwnerOrAdmin); for everybody else null and the error FORBIDDEN.
    #[allow(clippy::too_many_arguments)]
    async fn account_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, from the start: 0 to 100; 25 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many at most, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only users whose name or e-mail address begins with this, compared without case.")]
        search: Option<String>,
        #[graphql(desc = "Only users with MFA (true) or without (false).")] mfa_enabled: Option<bool>,
    ) -> Option<Result<PortfolioAccountUserConnection>> {
        let filter = LinkedPeopleFilter { search, mfa_enabled };
        Some(self.guarded_account_users(ctx, filter, PageArgs { first, after, last, before }).await)
    }

    /// The resets of the portfolio's users and of users of linked accounts, newest first. Who may see it: Portfolio Owner
    /// and Portfolio Admin; for everybody else null and the error FORBIDDEN.
    async fn mfa_resets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, from the start: 0 to 100; 25 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many at most, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only resets in one of these states; all when left out or empty.")] states: Option<
            Vec<MfaResetState>,
        >,
    ) -> Option<Result<MfaResetConnection>> {
        Some(self.guarded_resets(ctx, states, PageArgs { first, after, last, before }).await)
    }

    /// The invitations to the portfolio itself that nobody accepted or took back, newest first. Who may see it: Portfolio
    /// Owner and Portfolio Admin; for everybody else null and the error FORBIDDEN.
    async fn invitations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, from the start: 0 to 100; 25 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many at most, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Option<Result<InvitationConnection>> {
        Some(self.guarded_invitations(ctx, PageArgs { first, after, last, before }).await)
    }

    /// How many users of the portfolio itself and of the accounts that it links have MFA, each person once, now and over
    /// time. Who may see it: Portfolio Owner and Portfolio Admin; for everybody else null and the error FORBIDDEN.
    async fn mfa_coverage(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 90, desc = "How many days of history, today included: 1 to 366.")] days: i32,
    ) -> Option<Result<MfaCoverage>> {
        Some(self.guarded_coverage(ctx, days).await)
    }

    /// The portfolio's audit log, newest first. Who may see it: Portfolio Owner and Portfolio Admin; for everybody else
    /// null and the error FORBIDDEN.
    #[allow(clippy::too_many_arguments)]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, from the start: 0 to 100; 25 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many at most, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only these actions; all when left out or empty.")] actions: Option<
            Vec<AuditAction>,
        >,
        #[graphql(desc = "Only what this user did: user_…")] actor_id: Option<ID>,
        #[graphql(desc = "Only what concerns this user: user_…")] target_id: Option<ID>,
        #[graphql(desc = "Only what happened at this time or later; BAD_USER_INPUT when it is after until.")]
        since: Option<DateTime>,
        #[graphql(desc = "Only what happened before this time.")] until: Option<DateTime>,
    ) -> Option<Result<AuditEventConnection>> {
        let narrowed = LogArgs { actions, actor_id, target_id, since, until };
        Some(self.guarded_log(ctx, narrowed, PageArgs { first, after, last, before }).await)
    }
}
