//! `recoveryByToken`.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};

use crate::domain;
use crate::graphql::context::request;
use crate::graphql::loader::apart;
use crate::graphql::scalar::DateTime;
use crate::service::recovery_preview;

/// Where a recovery is in its life.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::RecoveryState")]
pub enum RecoveryState {
    /// Waits for the recovery contacts.
    Pending,
    /// Two of them confirmed: a reset was asked for.
    Confirmed,
    /// The Owner said "this wasn't me".
    Stopped,
    /// They did not confirm in time.
    Expired,
}

/// What the page shows, signed out, to a recovery contact or to the Owner, whoever holds the link.
#[derive(SimpleObject)]
pub struct RecoveryPreview {
    /// Where the recovery is in its life.
    state: RecoveryState,
    /// The Owner's e-mail address, with most of it hidden.
    masked_email: String,
    /// The Owner's name.
    owner_name: String,
    /// The account whose recovery contacts are asked.
    account_name: String,
    /// When it was asked for.
    requested_at: DateTime,
    /// Until when it can be confirmed, and stopped.
    expires_at: DateTime,
    /// Whether the link is that of a contact who has confirmed.
    confirmed: bool,
}

impl From<recovery_preview::RecoveryPreview> for RecoveryPreview {
    fn from(preview: recovery_preview::RecoveryPreview) -> Self {
        Self {
            state: preview.state.into(),
            masked_email: preview.masked_email,
            owner_name: preview.owner_name,
            account_name: preview.account_name,
            requested_at: preview.recovery.requested_at.into(),
            expires_at: preview.recovery.expires_at.into(),
            confirmed: preview.confirmed,
        }
    }
}

async fn preview(ctx: &Context<'_>, token: String) -> Result<Option<RecoveryPreview>> {
    let request = request(ctx)?;
    let services = request.services.clone();
    let found = apart(request, async move { services.recovery_by_token(&token).await }).await?;
    Ok(found.map(RecoveryPreview::from))
}

/// Root fields of recoveries.
#[derive(Default)]
pub struct RecoveryQuery;

#[Object]
impl RecoveryQuery {
    /// What the page shows, signed out, to whoever holds the link of a recovery contact or of the Owner. Null when the token is
    /// not genuine. Reading changes nothing. Who may call: anybody with the token of the e-mail.
    async fn recovery_by_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The token of the link in the e-mail, 47 characters that begin with `lkn_` or `lkx_`.",
            secret
        )]
        token: String,
    ) -> Option<Result<RecoveryPreview>> {
        preview(ctx, token).await.transpose()
    }
}
