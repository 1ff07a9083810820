//! Having messages sent: a test, or once more what a receiver missed.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use super::WebhookDelivery;
use crate::graphql::context::request;
use crate::graphql::error::{OrError, bad_input};
use crate::graphql::guard::OnWebhook;
use crate::graphql::ids::parse_id;
use crate::graphql::scalar::DateTime;
use crate::rejection;
use crate::service::replay_webhook_deliveries::{Replay, ReplayWebhookDeliveries};
use crate::service::send_test_webhook::SendTestWebhook;

/// The webhook to test.
#[derive(InputObject)]
pub struct SendTestWebhookInput {
    /// The webhook.
    webhook_id: ID,
}

/// A test is on its way.
#[derive(SimpleObject)]
pub struct TestWebhookQueued {
    /// Its delivery; `Webhook.deliveries` shows what becomes of it.
    delivery: WebhookDelivery,
}

rejection! {
    /// No test is sent.
    SendTestWebhookRejected,
    /// Why a test cannot be sent.
    SendTestWebhookRejectionReason {
        /// The webhook is switched off.
        WebhookDisabled => "This webhook is switched off. Switch it on first.",
        /// More than 10 tests of this webhook within a minute; see `retryAt`.
        TooManyTests => "Too many tests in a short time. Try again in a minute.",
    }
}

/// What `sendTestWebhook` gives.
#[derive(Union)]
pub enum SendTestWebhookResult {
    /// On its way.
    Queued(TestWebhookQueued),
    /// Refused.
    Rejected(SendTestWebhookRejected),
}

/// What to send again: either deliveries, or a time.
#[derive(InputObject)]
pub struct ReplayWebhookDeliveriesInput {
    /// The webhook.
    webhook_id: ID,
    /// These deliveries of the webhook, 1 to 500: delivery_… Those that wait anyway stay as they are.
    delivery_ids: Option<Vec<ID>>,
    /// What happened in the account at this time or later, as far as the webhook is for it: also what happened while the
    /// webhook was switched off, or before it was there.
    since: Option<DateTime>,
    /// Only what happened before this time.
    until: Option<DateTime>,
}

/// They are on their way, under the same `webhook-id` as before.
#[derive(SimpleObject)]
pub struct WebhookDeliveriesReplayed {
    /// How many.
    count: i32,
    /// One call sends the oldest 500 events of a time at most; the `since` of the next call, or null when that was all.
    next_since: Option<DateTime>,
}

rejection! {
    /// Nothing is sent again.
    ReplayWebhookDeliveriesRejected,
    /// Why nothing can be sent again.
    ReplayWebhookDeliveriesRejectionReason {
        /// The webhook is switched off.
        WebhookDisabled => "This webhook is switched off. Switch it on first.",
        /// More than 60 replays of this webhook within an hour; see `retryAt`.
        TooManyReplays => "Too many replays in a short time. Try again later.",
    }
}

/// What `replayWebhookDeliveries` gives.
#[derive(Union)]
pub enum ReplayWebhookDeliveriesResult {
    /// On their way.
    Replayed(WebhookDeliveriesReplayed),
    /// Refused.
    Rejected(ReplayWebhookDeliveriesRejected),
}

fn asked(input: &ReplayWebhookDeliveriesInput) -> Result<Replay> {
    match (&input.delivery_ids, &input.since, &input.until) {
        (Some(ids), None, None) => {
            let ids = ids.iter().enumerate();
            let ids = ids.map(|(index, id)| parse_id(id, &format!("deliveryIds[{index}]")));
            Ok(Replay::Deliveries(ids.collect::<Result<_>>()?))
        }
        (None, Some(since), until) => Ok(Replay::Time(since.0, until.as_ref().map(|until| until.0))),
        _ => Err(bad_input("deliveryIds", "either deliveryIds, or since with or without until")),
    }
}

/// Mutations that have messages sent.
#[derive(Default)]
pub struct WebhookReplayMutation;

#[Object]
impl WebhookReplayMutation {
    /// Sends a test to a webhook, of the type `webhook.TEST`. Who may call: Owner or Admin of the account, and whoever holds
    /// WEBHOOKS_MANAGE and AUDIT_VIEW there. At most 10 a minute.
    #[graphql(guard = "OnWebhook::new(&input.webhook_id)")]
    async fn send_test_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: SendTestWebhookInput,
    ) -> Result<SendTestWebhookResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.webhook_id, "webhookId")?;
        let outcome = request.services.send_test_webhook(&request.caller(), id).await;
        use SendTestWebhookRejectionReason as Reason;
        Ok(SendTestWebhookResult::Rejected(match outcome.or_error(request)? {
            SendTestWebhook::Queued(delivery) => {
                let delivery = WebhookDelivery::new(*delivery);
                return Ok(SendTestWebhookResult::Queued(TestWebhookQueued { delivery }));
            }
            SendTestWebhook::Disabled => Reason::WebhookDisabled.into(),
            SendTestWebhook::TooMany { retry_at } => {
                SendTestWebhookRejected::until(Reason::TooManyTests, retry_at)
            }
        }))
    }

    /// Sends to a webhook once more what its receiver missed. Who may call: Owner or Admin of the account, and whoever holds
    /// WEBHOOKS_MANAGE and AUDIT_VIEW there. At most 60 times an hour.
    #[graphql(guard = "OnWebhook::new(&input.webhook_id)")]
    async fn replay_webhook_deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: ReplayWebhookDeliveriesInput,
    ) -> Result<ReplayWebhookDeliveriesResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.webhook_id, "webhookId")?;
        let replay = asked(&input)?;
        let outcome = request.services.replay_webhook_deliveries(&request.caller(), id, &replay).await;
        use ReplayWebhookDeliveriesRejectionReason as Reason;
        Ok(ReplayWebhookDeliveriesResult::Rejected(match outcome.or_error(request)? {
            ReplayWebhookDeliveries::Replayed { count, next_since } => {
                return Ok(ReplayWebhookDeliveriesResult::Replayed(WebhookDeliveriesReplayed {
                    count: i32::try_from(count).unwrap_or(i32::MAX),
                    next_since: next_since.map(DateTime::from),
                }));
            }
            ReplayWebhookDeliveries::Disabled => Reason::WebhookDisabled.into(),
            ReplayWebhookDeliveries::TooMany { retry_at } => {
                ReplayWebhookDeliveriesRejected::until(Reason::TooManyReplays, retry_at)
            }
        }))
    }
}
