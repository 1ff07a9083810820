//! The Account object.

use std::sync::Arc;

use async_graphql::{Context, ContextSelectionSet, Guard, ID, Object, Result, Value};

use super::lists::account_users;
use super::{AccountRole, AccountUserConnection, MfaPolicy};
use crate::domain;
use crate::domain::{AccountRole as Role, Action, Scope};
use crate::graphql::audit::{AuditAction, AuditEventConnection, LogArgs, audit_log};
use crate::graphql::connection::PageArgs;
use crate::graphql::context::request;
use crate::graphql::custom_role::{CustomRoleConnection, Permission, custom_roles, listed};
use crate::graphql::guard::OnThisAccount;
use crate::graphql::invitation::{InvitationConnection, invitations};
use crate::graphql::loader::apart;
use crate::graphql::mfa::{MfaCoverage, mfa_coverage};
use crate::graphql::mfa_reset::{MfaResetConnection, MfaResetState, mfa_resets};
use crate::graphql::portfolio::{Portfolio, portfolio_at_once, visible_portfolio};
use crate::graphql::ready::{AtOnce, object};
use crate::graphql::recovery::RecoveryContacts;
use crate::graphql::scalar::DateTime;
use crate::graphql::user::User;
use crate::graphql::watched::Watched;
use crate::graphql::webhook::{Webhook, account_webhooks};
use crate::service::directory::PeopleFilter;

/// A customer's account. Who may see it: its members and members of its portfolio.
#[derive(Clone)]
pub struct Account(Arc<domain::Account>);

impl Account {
    /// Shows what was loaded; fields below are guarded by themselves.
    pub fn new(inner: impl Into<Arc<domain::Account>>) -> Self {
        Self(inner.into())
    }

    async fn guard(&self, ctx: &Context<'_>, action: Action) -> Result<()> {
        OnThisAccount { action, account: &self.0 }.check(ctx).await
    }

    async fn linking_portfolio(&self, ctx: &Context<'_>) -> Result<Option<Portfolio>> {
        match self.0.portfolio_id {
            Some(id) => visible_portfolio(ctx, id).await,
            None => Ok(None),
        }
    }

    async fn contact(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        self.guard(ctx, Action::ViewAccountSecurity).await?;
        match self.0.security_contact() {
            Some(id) => Ok(request(ctx)?.loaders().users.one(id).await?.map(User::new)),
            None => Ok(None),
        }
    }

    async fn guarded_recovery(&self, ctx: &Context<'_>) -> Result<RecoveryContacts> {
        self.guard(ctx, Action::ManageRecoveryContacts).await?;
        let request = request(ctx)?;
        let (services, caller, account) = (request.services.clone(), request.caller(), self.0.clone());
        let found =
            apart(request, async move { services.recovery_contacts_of(&caller, &account).await }).await?;
        Ok(RecoveryContacts::at(found.as_ref(), request.services.clock_now()))
    }

    async fn guarded_users(
        &self,
        ctx: &Context<'_>,
        filter: PeopleFilter,
        page: PageArgs,
    ) -> Result<AccountUserConnection> {
        self.guard(ctx, Action::ListAccountUsers).await?;
        account_users(ctx, &self.0, filter, page).await
    }

    async fn guarded_resets(
        &self,
        ctx: &Context<'_>,
        states: Option<Vec<MfaResetState>>,
        page: PageArgs,
    ) -> Result<MfaResetConnection> {
        self.guard(ctx, Action::ViewAccountSecurity).await?;
        mfa_resets(ctx, Watched::Account(self.0.clone()), states, page).await
    }

    async fn guarded_roles(&self, ctx: &Context<'_>, page: PageArgs) -> Result<CustomRoleConnection> {
        self.guard(ctx, Action::ViewAccountRoles).await?;
        custom_roles(ctx, &self.0, page).await
    }

    async fn guarded_invitations(&self, ctx: &Context<'_>, page: PageArgs) -> Result<InvitationConnection> {
        self.guard(ctx, Action::ViewAccountInvitations).await?;
        invitations(ctx, Watched::Account(self.0.clone()), page).await
    }

    async fn guarded_webhooks(&self, ctx: &Context<'_>) -> Result<Vec<Webhook>> {
        self.guard(ctx, Action::ManageAccountWebhooks).await?;
        account_webhooks(ctx, &self.0).await
    }

    async fn guarded_coverage(&self, ctx: &Context<'_>, days: i32) -> Result<MfaCoverage> {
        self.guard(ctx, Action::ViewAccountSecurity).await?;
        mfa_coverage(ctx, Scope::Account(self.0.id), days).await
    }

    async fn guarded_log(
        &self,
        ctx: &Context<'_>,
        narrowed: LogArgs,
        page: PageArgs,
    ) -> Result<AuditEventConnection> {
        self.guard(ctx, Action::ViewAccountLog).await?;
        audit_log(ctx, Watched::Account(self.0.clone()), narrowed, page).await
    }
}

impl AtOnce for Account {
    fn at_once(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        object::<Self>(ctx, |field, below| match field {
            "id" => Some(self.0.id.to_string().into()),
            "name" => Some(self.0.name.as_str().into()),
            "createdAt" => DateTime::from(self.0.created_at).at_once(below),
            "portfolio" => match self.0.portfolio_id {
                Some(id) => portfolio_at_once(below, id),
                None => Some(Value::Null),
            },
            _ => None,
        })
    }
}

/// A customer's account. Who may see it: its members and members of its portfolio.
#[Object]
impl Account {
    /// The global id: account_…
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The name as typed.
    fn name(&self) -> &str {
        &self.0.name
    }

    /// Since when the account exists.
    fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// Whether the account's users must have MFA, and what a reset demands of them.
    fn mfa_policy(&self) -> MfaPolicy {
        (&self.0.mfa_policy).into()
    }

    /// Who gets the mail about the account's security: the Owner, or the Admin who was chosen. Null also where an imported
    /// account has no Owner yet. Who may see it: Owner and Admin of the account, holders of MFA_RESET there, Portfolio Owner
    /// and Portfolio Admin of its portfolio; for everybody else null and the error FORBIDDEN.
    async fn security_contact(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        self.contact(ctx).await.transpose()
    }

    /// Whom the Owner named in advance, to vouch for the Owner when the Owner is locked out. Who may see it: the Owner of the
    /// account; for everybody else null and the error FORBIDDEN.
    async fn recovery_contacts(&self, ctx: &Context<'_>) -> Option<Result<RecoveryContacts>> {
        Some(self.guarded_recovery(ctx).await)
    }

    /// The portfolio that links the account; null when none does, or when it is not visible to the viewer. Who may see it:
    /// members of the account and of the portfolio.
    async fn portfolio(&self, ctx: &Context<'_>) -> Option<Result<Portfolio>> {
        self.linking_portfolio(ctx).await.transpose()
    }

    /// What the viewer is in the account (for a holder of a custom role, its base); null when the viewer is not a member.
    fn viewer_role(&self, ctx: &Context<'_>) -> Result<Option<AccountRole>> {
        let caller = request(ctx)?.caller();
        let person = caller.actor.present();
        Ok(person.and_then(|person| person.memberships.account_role(self.0.id)).map(AccountRole::from))
    }

    /// What the viewer's role in the account lets them do, static or not; null when the viewer is not a member. What a
    /// portfolio's Owner and Admins may do besides hangs on `Portfolio.viewerRole`, and what the Owner alone may on
    /// `viewerRole`.
    fn viewer_permissions(&self, ctx: &Context<'_>) -> Result<Option<Vec<Permission>>> {
        let caller = request(ctx)?.caller();
        let place = caller.actor.present().and_then(|person| person.memberships.account(self.0.id));
        Ok(place.map(|place| listed(place.permissions)))
    }

    /// The roles that the account has defined, by name. Who may see it: members of the account, Portfolio Owner and
    /// Portfolio Admin of its portfolio; for everybody else null and the error FORBIDDEN.
    async fn custom_roles(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, from the start: 0 to 100; 25 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many at most, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Option<Result<CustomRoleConnection>> {
        Some(self.guarded_roles(ctx, PageArgs { first, after, last, before }).await)
    }

    /// The Users tab. Who may see it: members of the account (rule AccountMember), with a custom role if it holds
    /// USERS_VIEW; for everybody else null and the error FORBIDDEN.
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
            Vec<AccountRole>,
        >,
        #[graphql(
            desc = "Only users with MFA (true) or without (false); only Owners, Admins and holders of MFA_RESET may ask."
        )]
        mfa_enabled: Option<bool>,
    ) -> Option<Result<AccountUserConnection>> {
        let roles = roles.unwrap_or_default().into_iter().map(Role::from).collect();
        let filter = PeopleFilter { search, roles, mfa_enabled };
        Some(self.guarded_users(ctx, filter, PageArgs { first, after, last, before }).await)
    }

    /// The resets of the account's users, newest first. Who may see it: Owner and Admin of the account, holders of
    /// MFA_RESET there, Portfolio Owner and Portfolio Admin of its portfolio; for everybody else null and the error
    /// FORBIDDEN.
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

    /// The invitations to the account that nobody accepted or took back, newest first. Who may see it: Owner and Admin of
    /// the account, holders of USERS_MANAGE there, Portfolio Owner and Portfolio Admin of its portfolio; for everybody else
    /// null and the error FORBIDDEN.
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

    /// The webhooks that the account's audit events are sent to, the oldest first; at most 10. Who may see it: Owner and
    /// Admin of the account, and holders of WEBHOOKS_MANAGE and AUDIT_VIEW there; for everybody else null and the error
    /// FORBIDDEN.
    async fn webhooks(&self, ctx: &Context<'_>) -> Option<Result<Vec<Webhook>>> {
        Some(self.guarded_webhooks(ctx).await)
    }

    /// How many of the account's users have MFA, now and over time. Who may see it: Owner and Admin of the account,
    /// holders of MFA_RESET there, Portfolio Owner and Portfolio Admin of its portfolio; for everybody else null and the
    /// error FORBIDDEN.
    async fn mfa_coverage(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 90, desc = "How many days of history, today included: 1 to 366.")] days: i32,
    ) -> Option<Result<MfaCoverage>> {
        Some(self.guarded_coverage(ctx, days).await)
    }

    /// The account's audit log, newest first. Who may see it: Owner and Admin of the account, holders of AUDIT_VIEW there,
    /// Portfolio Owner and Portfolio Admin of its portfolio; for everybody else null and the error FORBIDDEN.
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
