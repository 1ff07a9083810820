//! `updateWebhook`: another address, other events, off and on again. A webhook that the gateway switched off is given another
//! chance by switching it on.

use super::audit::{Happening, scopes_of_account};
use super::create_webhook::named;
use super::{Caller, Error, Services};
use crate::domain::webhook::{UrlFault, checked_url};
use crate::domain::{Account, AccountId, AuditAction, Unready, Webhook, WebhookId, WebhookState};
use crate::store::Tx;
use crate::transact;

/// What is to change about a webhook; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct WebhookChange {
    /// Where it goes.
    pub url: Option<String>,
    /// Which events; nothing for all.
    pub actions: Option<Option<Vec<AuditAction>>>,
    /// Whether it is on.
    pub enabled: Option<bool>,
    /// The version that the caller looked at; whichever it is when absent.
    pub version: Option<i64>,
}

/// What changing gives.
#[derive(Debug)]
pub enum UpdateWebhook {
    /// The webhook as it is now.
    Updated(Box<Webhook>),
    /// Somebody, or the gateway, changed it since the caller looked.
    ChangedMeanwhile,
    /// The address may not be one.
    Url(UrlFault),
    /// Not at this moment.
    NotNow(Unready),
}

impl UpdateWebhook {
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Updated(_) => None,
            Self::ChangedMeanwhile => Some("CHANGED_MEANWHILE"),
            Self::Url(_) => Some("URL_NOT_ALLOWED"),
            Self::NotNow(unready) => Some(unready.as_str()),
        }
    }
}

impl Services {
    /// Changes a webhook. Who may call: rule `AccountOwnerOrAdmin` with `webhooks.manage` and `audit.view`.
    pub async fn update_webhook(
        &self,
        caller: &Caller,
        id: WebhookId,
        change: &WebhookChange,
    ) -> Result<UpdateWebhook, Error> {
        caller.signed_in()?;
        let (outcome, account) =
            transact!(self.store(), |tx| self.change_webhook(&mut tx, caller, id, change))?;
        if let Some(reason) = outcome.refusal() {
            self.record_refused_webhook(caller, (id, account), "updateWebhook", reason).await?;
        }
        Ok(outcome)
    }

    async fn change_webhook(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: WebhookId,
        change: &WebhookChange,
    ) -> Result<(UpdateWebhook, AccountId), Error> {
        let (old, account) = self.webhook_to_change(tx, caller, id).await?;
        Ok((self.changed_webhook(tx, caller, (&old, &account), change).await?, account.id))
    }

    async fn changed_webhook(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        (old, account): (&Webhook, &Account),
        change: &WebhookChange,
    ) -> Result<UpdateWebhook, Error> {
        let store = self.store();
        if let Some(unready) = self.why_not_now(tx, caller).await? {
            return Ok(UpdateWebhook::NotNow(unready));
        }
        if change.version.is_some_and(|version| version != old.version) {
            return Ok(UpdateWebhook::ChangedMeanwhile);
        }
        let url = match change.url.as_deref().map(|url| checked_url(url, self.tools.settings.webhook_private))
        {
            Some(Err(fault)) => return Ok(UpdateWebhook::Url(fault)),
            Some(Ok(url)) => url.into(),
            None => old.url.clone(),
        };
        let new = Webhook {
            url,
            actions: change.actions.clone().unwrap_or_else(|| old.actions.clone()),
            state: match (change.enabled, old.state) {
                (Some(true), _) => WebhookState::Enabled,
                (Some(false), WebhookState::Enabled) => WebhookState::Paused,
                (_, state) => state,
            },
            failing_since: None,
            version: old.version.saturating_add(1),
            ..old.clone()
        };
        if (&new.url, &new.actions, new.state) == (&old.url, &old.actions, old.state) {
            return Ok(UpdateWebhook::Updated(Box::new(old.clone())));
        }
        if !store.webhooks.claim_change(tx, &new).await? {
            return Err(Error::Defect("a webhook changed within a transaction"));
        }
        let mut happening =
            Happening::new(caller, self.now(), AuditAction::WebhookChanged).detail("webhook", old.id);
        if new.url != old.url {
            // The rest of an address may hold a token.
            happening = happening.detail("host", new.host());
        }
        if new.actions != old.actions {
            happening = happening.detail("actions", named(new.actions.as_deref()));
        }
        if new.state != old.state {
            happening = happening.detail("state", new.state.as_str());
        }
        store.audit_events.insert(tx, &happening.events(&scopes_of_account(account))).await?;
        Ok(UpdateWebhook::Updated(Box::new(new)))
    }
}
