//! The webhooks of an account, and what is on its way to them.

use super::COUNT_BOUND;
use crate::domain::{
    Account, Action, DeliveryState, Denial, Page, PageRequest, Webhook, WebhookDelivery, WebhookDeliveryId,
    WebhookId,
};
use crate::service::{Caller, Error, Services};

impl Services {
    /// All webhooks of an account, the oldest first; there are at most ten. Who may call: rule `AccountOwnerOrAdmin` with
    /// `webhooks.manage` and `audit.view`.
    pub async fn list_webhooks(&self, caller: &Caller, account: &Account) -> Result<Vec<Webhook>, Error> {
        caller.over_account(Action::ManageAccountWebhooks, account)?;
        Ok(self.store().webhooks.of_account(account.id).await?)
    }

    /// One webhook, with its account, if the caller may see it.
    pub async fn find_webhook(
        &self,
        caller: &Caller,
        id: WebhookId,
    ) -> Result<Option<(Webhook, Account)>, Error> {
        let Some(webhook) = self.store().webhooks.find(id).await? else { return Ok(None) };
        let Some(account) = self.store().accounts.find(webhook.account_id).await? else { return Ok(None) };
        let sees = caller.over_account(Action::ManageAccountWebhooks, &account).is_ok();
        Ok(sees.then_some((webhook, account)))
    }

    /// A page of a webhook's deliveries, newest first. `account` is the webhook's. Who may call: rule
    /// `AccountOwnerOrAdmin` with `webhooks.manage` and `audit.view`.
    pub async fn list_webhook_deliveries(
        &self,
        caller: &Caller,
        (webhook, account): (&Webhook, &Account),
        states: &[DeliveryState],
        request: &PageRequest<WebhookDeliveryId>,
    ) -> Result<Page<WebhookDelivery>, Error> {
        self.over_webhook(caller, webhook, account)?;
        Ok(self.store().webhook_deliveries.list(webhook.id, states, request).await?)
    }

    /// How many there are, counted up to a bound.
    pub async fn count_webhook_deliveries(
        &self,
        caller: &Caller,
        (webhook, account): (&Webhook, &Account),
        states: &[DeliveryState],
    ) -> Result<u64, Error> {
        self.over_webhook(caller, webhook, account)?;
        Ok(self.store().webhook_deliveries.count(webhook.id, states, COUNT_BOUND).await?)
    }

    fn over_webhook(&self, caller: &Caller, webhook: &Webhook, account: &Account) -> Result<(), Error> {
        if webhook.account_id != account.id {
            return Err(Denial::Hidden.into());
        }
        Ok(caller.over_account(Action::ManageAccountWebhooks, account)?)
    }
}
