//! `rotateWebhookSecret`: a webhook gets another secret, shown this once. The one until now signs beside it for a day, so
//! that the receiver can be changed without missing anything.

use secrecy::SecretString;
use time::OffsetDateTime;

use super::audit::{Happening, scopes_of_account};
use super::{Caller, Error, Services};
use crate::domain::webhook::OLD_SECRET_FOR;
use crate::domain::{AccountId, AuditAction, Unready, Webhook, WebhookId};
use crate::store::Tx;
use crate::transact;

/// What rotating gives.
#[derive(Debug)]
pub enum RotateWebhookSecret {
    /// The webhook, its new secret, and until when the old one signs as well.
    Rotated(Box<Webhook>, SecretString, OffsetDateTime),
    /// Not at this moment.
    NotNow(Unready),
}

impl Services {
    /// Gives a webhook another secret. Who may call: rule `AccountOwnerOrAdmin` with `webhooks.manage` and `audit.view`.
    pub async fn rotate_webhook_secret(
        &self,
        caller: &Caller,
        id: WebhookId,
    ) -> Result<RotateWebhookSecret, Error> {
        caller.signed_in()?;
        let (outcome, account) = transact!(self.store(), |tx| self.rotate_secret(&mut tx, caller, id))?;
        if let RotateWebhookSecret::NotNow(unready) = &outcome {
            let change = "rotateWebhookSecret";
            self.record_refused_webhook(caller, (id, account), change, unready.as_str()).await?;
        }
        Ok(outcome)
    }

    async fn rotate_secret(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: WebhookId,
    ) -> Result<(RotateWebhookSecret, AccountId), Error> {
        let (store, now) = (self.store(), self.now());
        let (old, account) = self.webhook_to_change(tx, caller, id).await?;
        if let Some(unready) = self.why_not_now(tx, caller).await? {
            return Ok((RotateWebhookSecret::NotNow(unready), account.id));
        }
        let until = now + OLD_SECRET_FOR;
        let new = Webhook { old_secret_until: Some(until), version: old.version.saturating_add(1), ..old };
        let (secret, sealed) = self.new_webhook_secret(id)?;
        if !store.webhooks.claim_secret(tx, &new, &sealed, until).await? {
            return Err(Error::Defect("a webhook changed within a transaction"));
        }
        let happening = Happening::new(caller, now, AuditAction::WebhookSecretRotated).detail("webhook", id);
        store.audit_events.insert(tx, &happening.events(&scopes_of_account(&account))).await?;
        Ok((RotateWebhookSecret::Rotated(Box::new(new), secret, until), account.id))
    }
}
