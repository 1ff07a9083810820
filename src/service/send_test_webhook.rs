//! `sendTestWebhook`: a message that says nothing, signed and sent like every other, to see whether it arrives.

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of_account};
use super::throttle::{Verdict, WEBHOOK_TESTS};
use super::{Caller, Error, Services};
use crate::domain::{Action, AuditAction, Denial, WebhookDelivery, WebhookId, WebhookState};
use crate::store::Tx;
use crate::transact;

/// What asking for a test gives.
#[derive(Debug)]
pub enum SendTestWebhook {
    /// The delivery, on its way.
    Queued(Box<WebhookDelivery>),
    /// It is switched off.
    Disabled,
    /// Too many in a short time.
    TooMany {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
}

impl Services {
    /// Sends a test to a webhook. Who may call: rule `AccountOwnerOrAdmin` with `webhooks.manage` and `audit.view`.
    pub async fn send_test_webhook(&self, caller: &Caller, id: WebhookId) -> Result<SendTestWebhook, Error> {
        caller.signed_in()?;
        let webhook = self.store().webhooks.find(id).await?.ok_or(Denial::Hidden)?;
        let about = (id, webhook.account_id);
        self.authorize_account(caller, Action::ManageAccountWebhooks, webhook.account_id).await?;
        if let Verdict::Wait(retry_at) = self.attempt(WEBHOOK_TESTS, id.uuid().as_bytes()).await? {
            self.record_refused_webhook(caller, about, "sendTestWebhook", "TOO_MANY_TESTS").await?;
            return Ok(SendTestWebhook::TooMany { retry_at });
        }
        match transact!(self.store(), |tx| self.queue_test(&mut tx, caller, id))? {
            Some(delivery) => Ok(SendTestWebhook::Queued(Box::new(delivery))),
            None => {
                self.record_refused_webhook(caller, about, "sendTestWebhook", "WEBHOOK_DISABLED").await?;
                Ok(SendTestWebhook::Disabled)
            }
        }
    }

    async fn queue_test(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: WebhookId,
    ) -> Result<Option<WebhookDelivery>, Error> {
        let (store, now) = (self.store(), self.now());
        let (webhook, account) = self.webhook_to_change(tx, caller, id).await?;
        if webhook.state != WebhookState::Enabled {
            return Ok(None);
        }
        let delivery = WebhookDelivery::new(id, None, now);
        store.webhook_deliveries.insert(tx, std::slice::from_ref(&delivery)).await?;
        let happening = Happening::new(caller, now, AuditAction::WebhookTested).detail("webhook", id);
        store.audit_events.insert(tx, &happening.events(&scopes_of_account(&account))).await?;
        Ok(Some(delivery))
    }
}
