//! Which webhooks an event is sent to: those of the account in whose log it stands. That is the whole rule of what a
//! receiver sees: an entry of the log that whoever registered the webhook reads.

use std::collections::HashMap;

use time::OffsetDateTime;

use super::{Error, Services};
use crate::domain::{AccountId, Scope, Webhook, WebhookDelivery};
use crate::store::Tx;
use crate::store::audit_chain::StoredEvent;

/// The webhooks of some accounts, by account.
pub(super) struct Listening(HashMap<AccountId, Vec<Webhook>>);

impl Listening {
    /// What is to be sent of these events. One that cannot be read is sent nowhere.
    pub(super) fn deliveries<'a>(
        &self,
        events: impl Iterator<Item = &'a StoredEvent>,
        now: OffsetDateTime,
    ) -> Vec<WebhookDelivery> {
        let mut all = Vec::new();
        for event in events.filter_map(|stored| stored.event.as_ref()) {
            let Scope::Account(account) = event.scope else { continue };
            let webhooks = self.0.get(&account).map(Vec::as_slice).unwrap_or_default();
            let wanting = webhooks.iter().filter(|webhook| webhook.wants(event.action, event.at));
            all.extend(
                wanting.map(|webhook| WebhookDelivery::new(webhook.id, Some((event.id, event.action)), now)),
            );
        }
        all
    }
}

impl Services {
    /// The webhooks of the accounts among these scopes, as the transaction sees them; one command, and none where there is
    /// no account.
    pub(super) async fn listening_in<'a>(
        &self,
        tx: &mut Tx,
        scopes: impl Iterator<Item = &'a str>,
    ) -> Result<Listening, Error> {
        let accounts: Vec<AccountId> = scopes.filter_map(|scope| scope.parse().ok()).collect();
        let mut by_account: HashMap<AccountId, Vec<Webhook>> = HashMap::new();
        for webhook in self.store().webhooks.enabled_in(tx, &accounts).await? {
            by_account.entry(webhook.account_id).or_default().push(webhook);
        }
        Ok(Listening(by_account))
    }
}
