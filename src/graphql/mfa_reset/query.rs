//! `mfaResetByToken`, and looking up a reset by its id.

use async_graphql::{Context, Object, Result, SimpleObject};

use super::{MfaReset, MfaResetAcceptance, MfaResetState};
use crate::domain::{Action, MfaResetId};
use crate::graphql::context::request;
use crate::graphql::loader::apart;
use crate::graphql::scalar::DateTime;
use crate::graphql::user::may;
use crate::service::mfa_reset_preview;

/// What the accept page shows, signed out, to whoever holds the link.
#[derive(SimpleObject)]
pub struct MfaResetPreview {
    /// Where the reset is in its life.
    state: MfaResetState,
    /// Whose MFA: the e-mail address with most of it hidden.
    masked_email: String,
    /// Who asked; both recovery contacts who confirmed, where it was them.
    requested_by_name: String,
    /// The account or portfolio in which the requester is Owner or Admin; or whose recovery contacts they are.
    scope_name: String,
    /// When it was asked for.
    requested_at: DateTime,
    /// Until when it can be accepted.
    expires_at: DateTime,
    /// What `acceptMfaReset` demands.
    acceptance: MfaResetAcceptance,
    /// Hours between accepting and its effect; 0 when it is at once.
    cooling_off_hours: i32,
    /// When MFA goes off, where it was accepted already.
    effective_at: Option<DateTime>,
}

impl From<mfa_reset_preview::MfaResetPreview> for MfaResetPreview {
    fn from(preview: mfa_reset_preview::MfaResetPreview) -> Self {
        Self {
            state: preview.state.into(),
            masked_email: preview.masked_email,
            requested_by_name: preview.requested_by_name,
            scope_name: preview.scope_name,
            requested_at: preview.reset.requested_at.into(),
            expires_at: preview.reset.expires_at.into(),
            acceptance: preview.acceptance.into(),
            cooling_off_hours: preview.cooling_off_hours.into(),
            effective_at: preview.reset.effective_at.map(DateTime::from),
        }
    }
}

/// A reset, if there is one that the viewer may see: as Owner or Admin of a place that it concerns, or as somebody who
/// manages the person.
pub async fn visible_reset(ctx: &Context<'_>, id: MfaResetId) -> Result<Option<MfaReset>> {
    let request = request(ctx)?;
    let Some(reset) = request.loaders().resets.one(id).await? else { return Ok(None) };
    let sees = request.caller().sees_reset_by_scope(&reset)
        || may(ctx, Action::ResetUserMfa, reset.user_id).await?.is_ok();
    Ok(sees.then(|| MfaReset::new(reset)))
}

async fn preview(ctx: &Context<'_>, token: String) -> Result<Option<MfaResetPreview>> {
    let request = request(ctx)?;
    let services = request.services.clone();
    let found = apart(request, async move { services.mfa_reset_by_token(&token).await }).await?;
    Ok(found.map(MfaResetPreview::from))
}

/// Root fields of resets.
#[derive(Default)]
pub struct MfaResetQuery;

#[Object]
impl MfaResetQuery {
    /// What the accept page shows, signed out. Null when the token is not genuine. Reading changes nothing. Who may call:
    /// anybody with the token of the e-mail.
    async fn mfa_reset_by_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The token of the link in the e-mail, 47 characters that begin with `lkr_`.",
            secret
        )]
        token: String,
    ) -> Option<Result<MfaResetPreview>> {
        preview(ctx, token).await.transpose()
    }
}
