//! Webhooks: registering them, what arrives at a receiver, and what is never connected to.

mod delivering;
mod failing;
pub mod receiver;
mod registering;
mod replaying;
mod secrets;
mod ssrf;

use latchkey::domain::{
    AccountId, AccountRole, AuditAction, DeliveryState, Scope, Webhook, WebhookDelivery, WebhookId,
};
use latchkey::store::webhook_deliveries::WebhookDeliveries;
use latchkey::webhook::worker::Counts;
use serde_json::{Value, json};

use crate::audit::{event, seal};
use crate::harness::{self, Client, Options, Person, TestApp};

pub const CREATE: &str = "mutation($input: CreateWebhookInput!) { createWebhook(input: $input) {
  __typename ... on WebhookCreated { secret webhook { id url actions state version account { name } } }
  ... on CreateWebhookRejected { reason message } } }";

pub const UPDATE: &str = "mutation($input: UpdateWebhookInput!) { updateWebhook(input: $input) {
  __typename ... on WebhookUpdated { webhook { id url actions state version } }
  ... on UpdateWebhookRejected { reason message } } }";

pub const DELETE: &str = "mutation($id: ID!) { deleteWebhook(input: { webhookId: $id }) {
  __typename ... on WebhookDeleted { webhookId account { webhooks { id } } } ... on DeleteWebhookRejected { reason } } }";

pub const ROTATE: &str = "mutation($id: ID!) { rotateWebhookSecret(input: { webhookId: $id }) {
  __typename ... on WebhookSecretRotated { secret oldSecretUntil webhook { version } }
  ... on RotateWebhookSecretRejected { reason } } }";

pub const TEST: &str = "mutation($id: ID!) { sendTestWebhook(input: { webhookId: $id }) {
  __typename ... on TestWebhookQueued { delivery { id messageId messageType state attempts } }
  ... on SendTestWebhookRejected { reason retryAt } } }";

pub const REPLAY: &str =
    "mutation($input: ReplayWebhookDeliveriesInput!) { replayWebhookDeliveries(input: $input) {
  __typename ... on WebhookDeliveriesReplayed { count nextSince }
  ... on ReplayWebhookDeliveriesRejected { reason retryAt } } }";

/// An account whose Owner is signed in.
pub struct World {
    pub account: AccountId,
    pub owner: Person,
    pub client: Client,
}

pub async fn world(app: &TestApp) -> World {
    let account = app.account("Acme").await;
    let owner = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
    let client = app.client_of(&owner).await;
    World { account, owner, client }
}

/// Runs a test against a gateway that lets webhooks go to this machine.
pub async fn run(test: impl AsyncFnOnce(&TestApp)) {
    let vars = vec![("LATCHKEY_WEBHOOK_ALLOW_PRIVATE".to_owned(), "on".to_owned())];
    harness::run_with(Options { vars, ..Options::default() }, test).await;
}

impl World {
    /// Registers a webhook and gives its id and its secret.
    pub async fn register(&self, app: &TestApp, url: &str, actions: &[&str]) -> (WebhookId, String) {
        app.freshen().await;
        let input = json!({ "accountId": self.account.to_string(), "url": url, "actions": actions });
        let reply = self.client.send(CREATE, json!({ "input": input })).await;
        let secret = reply.text("/createWebhook/secret").to_owned();
        harness::secrets::secret(&secret);
        (reply.text("/createWebhook/webhook/id").parse().unwrap(), secret)
    }

    pub async fn update(&self, app: &TestApp, id: WebhookId, mut change: Value) -> String {
        app.freshen().await;
        change["webhookId"] = json!(id.to_string());
        self.client.send(UPDATE, json!({ "input": change })).await.said()
    }

    pub async fn by_id(&self, query: &str, id: WebhookId) -> harness::Reply {
        self.client.send(query, json!({ "id": id.to_string() })).await
    }

    pub async fn replay(&self, id: WebhookId, mut what: Value) -> harness::Reply {
        what["webhookId"] = json!(id.to_string());
        self.client.send(REPLAY, json!({ "input": what })).await
    }

    /// Lets so many things happen in the account, and hands them over. Gives the ids of the events.
    pub async fn happen(&self, app: &TestApp, action: AuditAction, count: usize) -> Vec<String> {
        // A second on: what has happened so far is of another moment.
        app.advance(std::time::Duration::from_secs(1));
        let at = app.now();
        let events: Vec<_> = (0..count).map(|_| event(Scope::Account(self.account), at, action)).collect();
        app.store.audit_events.insert_alone(&events).await.unwrap();
        seal(app).await;
        events.iter().map(|event| event.id.to_string()).collect()
    }
}

pub async fn stored(app: &TestApp, id: WebhookId) -> Webhook {
    app.store.webhooks.find(id).await.unwrap().expect("the webhook is gone")
}

/// All deliveries of a webhook, oldest first.
pub async fn deliveries(app: &TestApp, id: WebhookId) -> Vec<WebhookDelivery> {
    let of: &WebhookDeliveries = &app.store.webhook_deliveries;
    let mut items = of.list(id, &[], &latchkey::domain::PageRequest::first(100)).await.unwrap().items;
    items.reverse();
    items
}

pub async fn states(app: &TestApp, id: WebhookId) -> Vec<DeliveryState> {
    deliveries(app, id).await.iter().map(|delivery| delivery.state).collect()
}

pub const fn counts(delivered: usize, retried: usize, failed: usize) -> Counts {
    Counts { delivered, retried, failed }
}
