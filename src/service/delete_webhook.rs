//! `deleteWebhook`: nothing is sent to it any more, what waits included.

use super::audit::{Happening, scopes_of_account};
use super::{Caller, Error, Services};
use crate::domain::{Account, AccountId, AuditAction, Unready, WebhookId};
use crate::store::Tx;
use crate::transact;

/// What deleting gives.
#[derive(Debug)]
pub enum DeleteWebhook {
    /// The account that had it.
    Deleted(Box<Account>),
    /// Not at this moment.
    NotNow(Unready),
}

impl Services {
    /// Deletes a webhook. Who may call: rule `AccountOwnerOrAdmin` with `webhooks.manage` and `audit.view`.
    pub async fn delete_webhook(&self, caller: &Caller, id: WebhookId) -> Result<DeleteWebhook, Error> {
        caller.signed_in()?;
        let (outcome, account) = transact!(self.store(), |tx| self.drop_webhook(&mut tx, caller, id))?;
        if let DeleteWebhook::NotNow(unready) = &outcome {
            self.record_refused_webhook(caller, (id, account), "deleteWebhook", unready.as_str()).await?;
        }
        Ok(outcome)
    }

    async fn drop_webhook(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: WebhookId,
    ) -> Result<(DeleteWebhook, AccountId), Error> {
        let store = self.store();
        let (webhook, account) = self.webhook_to_change(tx, caller, id).await?;
        let account_id = account.id;
        if let Some(unready) = self.why_not_now(tx, caller).await? {
            return Ok((DeleteWebhook::NotNow(unready), account_id));
        }
        if !store.webhooks.claim_deletion(tx, id).await? {
            return Err(Error::Defect("a webhook was deleted within a transaction"));
        }
        let happening = Happening::new(caller, self.now(), AuditAction::WebhookDeleted)
            .detail("webhook", id)
            .detail("host", webhook.host());
        store.audit_events.insert(tx, &happening.events(&scopes_of_account(&account))).await?;
        Ok((DeleteWebhook::Deleted(Box::new(account)), account_id))
    }
}
