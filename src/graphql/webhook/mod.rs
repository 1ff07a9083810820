//! Webhooks: endpoints that an account has its audit events sent to, and what is on its way there.

mod list;
mod mutation;
mod object;
mod replay;

pub use list::{WebhookDeliveryConnection, WebhookDeliveryEdge};
pub use mutation::{
    CreateWebhookRejected, DeleteWebhookRejected, RotateWebhookSecretRejected, UpdateWebhookRejected,
    WebhookMutation,
};
pub use object::{Webhook, WebhookDelivery, account_webhooks, visible_webhook};
pub use replay::{ReplayWebhookDeliveriesRejected, SendTestWebhookRejected, WebhookReplayMutation};
