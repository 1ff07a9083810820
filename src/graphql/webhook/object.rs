//! The Webhook and WebhookDelivery objects.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result};

use super::list::{WebhookDeliveryConnection, deliveries};
use crate::domain;
use crate::domain::WebhookId;
use crate::graphql::account::Account;
use crate::graphql::audit::AuditAction;
use crate::graphql::connection::PageArgs;
use crate::graphql::context::request;
use crate::graphql::loader::apart;
use crate::graphql::ready::AtOnce;
use crate::graphql::scalar::DateTime;

/// Whether anything is sent to a webhook.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::WebhookState")]
pub enum WebhookState {
    /// Events are sent.
    Enabled,
    /// Somebody switched it off.
    Paused,
    /// It failed at every attempt for five days, and was switched off.
    Failed,
    /// The receiver answered 410 Gone, and it was switched off.
    Gone,
}

/// What became of a delivery.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::DeliveryState")]
pub enum WebhookDeliveryState {
    /// It waits for its first or next attempt.
    Queued,
    /// The receiver answered with a status of 200 to 299.
    Delivered,
    /// It was given up; `replayWebhookDeliveries` sends it again.
    Failed,
}

/// Why an attempt failed.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::DeliveryFault")]
pub enum WebhookDeliveryFault {
    /// The receiver answered with another status than 200 to 299; redirects are not followed.
    Status,
    /// The host has no address, or nothing answers there.
    Unreachable,
    /// The host has an address that is not on the public internet.
    PrivateAddress,
    /// The certificate is not valid for the host, or TLS failed otherwise.
    Tls,
    /// What came back was not HTTP, or broke off.
    Protocol,
    /// There was no answer within 15 seconds.
    Timeout,
    /// The webhook was switched off or deleted meanwhile.
    Disabled,
    /// The gateway could not make the message.
    Unsendable,
}

/// An endpoint that an account has its audit events sent to, signed as the Standard Webhooks specification has it. Who may
/// see it: Owner and Admin of the account, and holders of WEBHOOKS_MANAGE and AUDIT_VIEW there.
#[derive(Clone)]
pub struct Webhook {
    inner: Arc<domain::Webhook>,
    account: Arc<domain::Account>,
}

impl Webhook {
    /// For whoever was found to be allowed to see it.
    pub fn new(inner: domain::Webhook, account: impl Into<Arc<domain::Account>>) -> Self {
        Self { inner: Arc::new(inner), account: account.into() }
    }

    /// For a webhook whose account is to be looked up.
    pub async fn of(ctx: &Context<'_>, inner: domain::Webhook) -> Result<Self> {
        let request = request(ctx)?;
        let account = request.loaders().accounts.one(inner.account_id).await?;
        let account = crate::graphql::loader::expected(account, "the account of a webhook", request)?;
        Ok(Self::new(inner, account))
    }
}

/// An endpoint that an account has its audit events sent to, signed as the Standard Webhooks specification has it. Who may
/// see it: Owner and Admin of the account, and holders of WEBHOOKS_MANAGE and AUDIT_VIEW there.
#[Object]
impl Webhook {
    /// The global id: webhook_…
    pub async fn id(&self) -> ID {
        self.inner.id.to_string().into()
    }

    /// The account whose events are sent.
    async fn account(&self) -> Account {
        Account::new(self.account.clone())
    }

    /// Where they are sent.
    async fn url(&self) -> &str {
        &self.inner.url
    }

    /// Which events are sent; null for all.
    async fn actions(&self) -> Option<Vec<AuditAction>> {
        let actions = self.inner.actions.as_ref()?;
        Some(actions.iter().map(|action| AuditAction::from(*action)).collect())
    }

    /// Whether anything is sent.
    async fn state(&self) -> WebhookState {
        self.inner.state.into()
    }

    /// Since when every attempt has failed; null when the last one did not.
    async fn failing_since(&self) -> Option<DateTime> {
        self.inner.failing_since.map(DateTime::from)
    }

    /// Until when the secret that was replaced signs beside the new one; null when there is none.
    async fn old_secret_until(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let now = request(ctx)?.services.clock_now();
        Ok(self.inner.old_secret_until.filter(|until| now < *until).map(DateTime::from))
    }

    /// Goes up with each change.
    async fn version(&self) -> i64 {
        self.inner.version
    }

    /// Since when the webhook exists.
    async fn created_at(&self) -> DateTime {
        self.inner.created_at.into()
    }

    /// What is and was on its way, newest first. Deliveries that are done are kept for 30 days.
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, from the start: 0 to 100; 25 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many at most, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only deliveries in one of these states; all when left out or empty.")]
        states: Option<Vec<WebhookDeliveryState>>,
    ) -> Result<WebhookDeliveryConnection> {
        let states = states.unwrap_or_default().into_iter().map(domain::DeliveryState::from).collect();
        let page = PageArgs { first, after, last, before };
        deliveries(ctx, (self.inner.clone(), self.account.clone()), states, page).await
    }
}

/// An audit event on its way to a webhook, or a test. Who may see it: whoever may see the webhook.
#[derive(Clone)]
pub struct WebhookDelivery(Arc<domain::WebhookDelivery>);

impl AtOnce for WebhookDelivery {}

impl WebhookDelivery {
    /// For whoever was found to be allowed to see it.
    pub fn new(inner: impl Into<Arc<domain::WebhookDelivery>>) -> Self {
        Self(inner.into())
    }
}

/// An audit event on its way to a webhook, or a test. Who may see it: whoever may see the webhook.
#[Object]
impl WebhookDelivery {
    /// The id: delivery_…
    fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The `webhook-id` that it is sent under: the event's id. It stays the same however often it is sent.
    fn message_id(&self) -> String {
        self.0.message_id()
    }

    /// The `type` of what is sent: `audit.` and the action, or `webhook.TEST`.
    fn message_type(&self) -> String {
        self.0.message_type()
    }

    /// What became of it.
    fn state(&self) -> WebhookDeliveryState {
        self.0.state.into()
    }

    /// Attempts so far, since it was last asked for.
    fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// Since when it is to be sent.
    fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it is tried next; null when it is done.
    fn next_attempt_at(&self) -> Option<DateTime> {
        (self.0.state == domain::DeliveryState::Queued).then(|| self.0.next_at.into())
    }

    /// When the last attempt ended; null when there was none.
    fn last_attempt_at(&self) -> Option<DateTime> {
        self.0.last_attempt_at.map(DateTime::from)
    }

    /// The status that the receiver answered the last attempt with; null when it did not answer.
    fn last_status(&self) -> Option<i32> {
        self.0.last_status.map(i32::from)
    }

    /// Why the last attempt failed; null when it did not.
    fn last_fault(&self) -> Option<WebhookDeliveryFault> {
        self.0.last_fault.map(WebhookDeliveryFault::from)
    }
}

/// The webhooks of an account, for whoever was found to be allowed to see them.
pub async fn account_webhooks(ctx: &Context<'_>, account: &Arc<domain::Account>) -> Result<Vec<Webhook>> {
    let request = request(ctx)?;
    let (services, caller, of) = (request.services.clone(), request.caller(), account.clone());
    let found = apart(request, async move { services.list_webhooks(&caller, &of).await }).await?;
    Ok(found.into_iter().map(|webhook| Webhook::new(webhook, account.clone())).collect())
}

/// A webhook, if there is one that the viewer may see.
pub async fn visible_webhook(ctx: &Context<'_>, id: WebhookId) -> Result<Option<Webhook>> {
    let request = request(ctx)?;
    let (services, caller) = (request.services.clone(), request.caller());
    let found = apart(request, async move { services.find_webhook(&caller, id).await }).await?;
    Ok(found.map(|(webhook, account)| Webhook::new(webhook, account)))
}
