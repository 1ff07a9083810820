//! `invitationByToken`: what the accept page shows.

use async_graphql::{Context, Object, Result, SimpleObject};

use super::InvitationState;
use crate::domain::Offer;
use crate::graphql::account::AccountRole;
use crate::graphql::context::request;
use crate::graphql::loader::apart;
use crate::graphql::portfolio::PortfolioRole;
use crate::graphql::scalar::DateTime;
use crate::service::invitations;

/// What the accept page shows, signed out, to whoever holds the link.
#[derive(SimpleObject)]
pub struct InvitationPreview {
    /// Where the invitation is in its life.
    state: InvitationState,
    /// Who is invited: the e-mail address with most of it hidden.
    masked_email: String,
    /// Who invited.
    invited_by_name: String,
    /// The account or portfolio that the invitation leads to.
    scope_name: String,
    /// The role in the account (for a custom role, its base); null for an invitation to a portfolio.
    account_role: Option<AccountRole>,
    /// The name of the custom role in the account; null where a static role is offered.
    custom_role_name: Option<String>,
    /// The role in the portfolio; null for an invitation to an account.
    portfolio_role: Option<PortfolioRole>,
    /// Until when it can be accepted.
    expires_at: DateTime,
    /// Whether `acceptInvitation` needs a name and a password. If not, there is a user with the address, who logs in
    /// first.
    registration_needed: bool,
}

impl From<invitations::InvitationPreview> for InvitationPreview {
    fn from(preview: invitations::InvitationPreview) -> Self {
        let (account_role, portfolio_role) = match preview.offer {
            Offer::Account { role, .. } => (Some(role.into()), None),
            Offer::Portfolio { role, .. } => (None, Some(role.into())),
        };
        Self {
            state: preview.state.into(),
            masked_email: preview.masked_email,
            invited_by_name: preview.invited_by_name,
            scope_name: preview.place_name,
            account_role,
            custom_role_name: preview.custom_role,
            portfolio_role,
            expires_at: preview.expires_at.into(),
            registration_needed: preview.registration_needed,
        }
    }
}

async fn preview(ctx: &Context<'_>, token: String) -> Result<Option<InvitationPreview>> {
    let request = request(ctx)?;
    let services = request.services.clone();
    let found = apart(request, async move { services.invitation_by_token(&token).await }).await?;
    Ok(found.map(InvitationPreview::from))
}

/// Root fields of invitations.
#[derive(Default)]
pub struct InvitationQuery;

#[Object]
impl InvitationQuery {
    /// What the accept page of an invitation shows, signed out. Null when the token is not genuine. Reading changes
    /// nothing. Who may call: anybody with the token of the e-mail.
    async fn invitation_by_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The token of the link in the e-mail, 47 characters that begin with `lki_`.",
            secret
        )]
        token: String,
    ) -> Option<Result<InvitationPreview>> {
        preview(ctx, token).await.transpose()
    }
}
