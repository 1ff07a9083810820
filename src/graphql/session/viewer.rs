//! The signed-in person's own view, and the root field `viewer`.

use async_graphql::{Context, Guard, ID, Object, Result};

use super::{AccessToken, Session};
use crate::connection;
use crate::domain;
use crate::graphql::account::{Account, AccountRole};
use crate::graphql::connection::{List, PageArgs, Total, paged};
use crate::graphql::context::request;
use crate::graphql::custom_role::{CustomRole, held_roles};
use crate::graphql::error::OrError;
use crate::graphql::guard::SignedIn;
use crate::graphql::ids::parse_id;
use crate::graphql::loader::{apart, expected};
use crate::graphql::portfolio::{Portfolio, PortfolioRole};
use crate::graphql::scalar::DateTime;
use crate::graphql::user::User;

connection! {
    /// The viewer's own accounts, by name.
    ViewerAccountConnection {
        /// How many accounts there are on all pages. Counted only when selected.
        total_count,
    }
    /// An account of the viewer. The edge carries what belongs to the membership.
    ViewerAccountEdge {
        /// The account.
        node: Account,
        /// What the viewer is in the account; for a holder of a custom role, its base.
        role: AccountRole,
        /// The custom role; null for a holder of a static one.
        custom_role: Option<CustomRole>,
        /// Since when.
        joined_at: DateTime,
    }
}

connection! {
    /// The viewer's own portfolios, by name: those whose user the viewer is.
    ViewerPortfolioConnection {
        /// How many portfolios there are on all pages. Counted only when selected.
        total_count,
    }
    /// A portfolio of the viewer. The edge carries what belongs to the membership.
    ViewerPortfolioEdge {
        /// The portfolio.
        node: Portfolio,
        /// What the viewer is in the portfolio.
        role: PortfolioRole,
        /// Since when.
        joined_at: DateTime,
    }
}

connection! {
    /// The viewer's own live sessions, newest first.
    SessionConnection {
        /// How many live sessions there are on all pages. Counted only when selected.
        total_count,
    }
    /// A live session of the viewer.
    SessionEdge {
        /// The session.
        node: Session,
    }
}

/// The signed-in user's own view. Who may see it: only the user.
pub struct Viewer {
    user_id: domain::UserId,
    session: domain::Session,
}

impl Viewer {
    /// The signed-in person, in a session.
    pub fn new(user_id: domain::UserId, session: domain::Session) -> Self {
        Self { user_id, session }
    }

    async fn preferences(&self, ctx: &Context<'_>) -> Result<domain::Preferences> {
        let request = request(ctx)?;
        let found = request.loaders().users.one(self.user_id).await?;
        Ok(expected(found, "the viewer", request)?.preferences.clone())
    }
}

/// The signed-in user's own view. Who may see it: only the user.
#[Object]
impl Viewer {
    /// The user.
    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        let request = request(ctx)?;
        let found = request.loaders().users.one(self.user_id).await?;
        Ok(User::new(expected(found, "the viewer", request)?))
    }

    /// The language of the viewer's mail, as a language tag such as `de`; null where none was told. Mail falls back to
    /// English.
    async fn locale(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.preferences(ctx).await?.locale)
    }

    /// The time zone of the viewer's mail, such as `Europe/Berlin`; null where none was told. Mail falls back to UTC.
    async fn time_zone(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.preferences(ctx).await?.time_zone)
    }

    /// The e-mail address that takes the place of the viewer's own once it is verified; null when none waits.
    async fn pending_email(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let request = request(ctx)?;
        let (services, id) = (request.services.clone(), self.user_id);
        apart(request, async move { services.pending_email(id).await }).await
    }

    /// Whether an account or portfolio of the viewer enforces MFA, its grace period is over, and the viewer has none. Until
    /// MFA is set up (`beginTotpEnrollment`, `confirmTotpEnrollment`) the session can read about the viewer and end
    /// sessions; everything else gives the error FORBIDDEN with the reason MFA_ENROLLMENT_REQUIRED.
    fn mfa_enrollment_required(&self, ctx: &Context<'_>) -> Result<bool> {
        let restriction = request(ctx)?.caller().actor.restriction();
        Ok(restriction == Some(domain::Restriction::EnrollmentRequired))
    }

    /// Whether the viewer has MFA, an account or portfolio of theirs enforces it, and the session is older than the
    /// enrolment: log in again with the second factor. Until then everything but reading about the viewer and ending
    /// sessions gives the error FORBIDDEN with the reason MFA_REQUIRED.
    fn second_factor_required(&self, ctx: &Context<'_>) -> Result<bool> {
        let restriction = request(ctx)?.caller().actor.restriction();
        Ok(restriction == Some(domain::Restriction::SecondFactorRequired))
    }

    /// The session in use.
    fn session(&self) -> Session {
        Session::new(self.session.clone())
    }

    /// The viewer's own accounts, by name.
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, from the start: 0 to 100; 25 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many at most, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<ViewerAccountConnection> {
        let request = request(ctx)?;
        let wanted = PageArgs { first, after, last, before }.check(List::ViewerAccounts)?;
        let (services, caller) = (request.services.clone(), request.caller());
        let found = apart(request, async move { services.list_own_accounts(&caller, &wanted).await }).await?;
        let page = paged(List::ViewerAccounts, found);
        let roles = held_roles(ctx, page.items.iter().map(|((own, _), _)| own)).await?;
        let edges = page.items.into_iter().map(|((own, account), cursor)| ViewerAccountEdge {
            cursor,
            node: Account::new(account),
            role: own.role.into(),
            custom_role: own.custom_role_id.and_then(|id| roles.get(&id).cloned()),
            joined_at: own.joined_at.into(),
        });
        let total = Total::new(|services, caller| async move { services.count_own_accounts(&caller) });
        Ok(ViewerAccountConnection::new(edges.collect(), page.info, total))
    }

    /// The viewer's own portfolios, by name.
    async fn portfolios(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, from the start: 0 to 100; 25 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many at most, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<ViewerPortfolioConnection> {
        let request = request(ctx)?;
        let wanted = PageArgs { first, after, last, before }.check(List::ViewerPortfolios)?;
        let (services, caller) = (request.services.clone(), request.caller());
        let found =
            apart(request, async move { services.list_own_portfolios(&caller, &wanted).await }).await?;
        let page = paged(List::ViewerPortfolios, found);
        let edges = page.items.into_iter().map(|((own, portfolio), cursor)| ViewerPortfolioEdge {
            cursor,
            node: Portfolio::new(portfolio),
            role: own.role.into(),
            joined_at: own.joined_at.into(),
        });
        let total = Total::new(|services, caller| async move { services.count_own_portfolios(&caller) });
        Ok(ViewerPortfolioConnection::new(edges.collect(), page.info, total))
    }

    /// The viewer's own live sessions, newest first.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, from the start: 0 to 100; 25 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many at most, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<SessionConnection> {
        let request = request(ctx)?;
        let wanted = PageArgs { first, after, last, before }.check(List::Sessions)?;
        let (services, caller) = (request.services.clone(), request.caller());
        let found = apart(request, async move { services.list_own_sessions(&caller, &wanted).await }).await?;
        let page = paged(
            List::Sessions,
            found.map(|session| {
                let place = session.id;
                (session, place)
            }),
        );
        let edges = page
            .items
            .into_iter()
            .map(|(session, cursor)| SessionEdge { cursor, node: Session::new(session) });
        let total = Total::new(|services, caller| async move { services.count_own_sessions(&caller).await });
        Ok(SessionConnection::new(edges.collect(), page.info, total))
    }

    /// A token for one service, valid for five minutes. With an account the viewer must be in it (else NOT_FOUND or
    /// FORBIDDEN), with a second factor where it enforces MFA.
    async fn access_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The service that will check it, such as https://api.example.com: 1 to 200 visible ASCII characters."
        )]
        audience: String,
        #[graphql(desc = "The account to work in; the token then names it and the viewer's role.")]
        account_id: Option<ID>,
    ) -> Result<AccessToken> {
        SignedIn.check(ctx).await?;
        let request = request(ctx)?;
        let account = account_id.map(|id| parse_id(&id, "accountId")).transpose()?;
        let (services, caller) = (request.services.clone(), request.caller());
        Ok(services.access_token(&caller, &audience, account).await.or_error(request)?.into())
    }
}

/// Root fields of the signed-in person.
#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// The signed-in user; null when signed out. Who may call: anybody.
    fn viewer(&self, ctx: &Context<'_>) -> Result<Option<Viewer>> {
        let caller = request(ctx)?.caller();
        let person = caller.actor.present();
        Ok(person.map(|person| Viewer::new(person.user_id, person.session.clone())))
    }
}
