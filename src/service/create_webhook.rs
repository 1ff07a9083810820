//! `createWebhook`: an account has its audit events sent to an endpoint. The secret is shown this once.

use secrecy::SecretString;

use super::audit::{Happening, scopes_of_account};
use super::{Caller, Error, Services};
use crate::crypto::{Sealed, WebhookSecret};
use crate::domain::webhook::{UrlFault, WEBHOOKS_MAX, checked_url};
use crate::domain::{
    Account, AccountId, Action, AuditAction, Denial, Scope, Unready, Webhook, WebhookId, WebhookState,
};
use crate::store::Tx;
use crate::store::webhooks::SECRET_PLACE;
use crate::transact;

/// What registering gives.
#[derive(Debug)]
pub enum CreateWebhook {
    /// The webhook, and its secret.
    Created(Box<Webhook>, SecretString),
    /// The address may not be one.
    Url(UrlFault),
    /// The account has as many as it may have.
    TooManyWebhooks,
    /// Not at this moment.
    NotNow(Unready),
}

impl CreateWebhook {
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Created(..) => None,
            Self::Url(_) => Some("URL_NOT_ALLOWED"),
            Self::TooManyWebhooks => Some("TOO_MANY_WEBHOOKS"),
            Self::NotNow(unready) => Some(unready.as_str()),
        }
    }
}

/// For the audit log: which kinds of events, by name.
pub(super) fn named(actions: Option<&[AuditAction]>) -> String {
    match actions {
        None => "all".to_owned(),
        Some(actions) => actions.iter().map(|action| action.as_str()).collect::<Vec<_>>().join(" "),
    }
}

impl Services {
    /// Registers an endpoint. `actions` says for which events; nothing for all. Who may call: rule `AccountOwnerOrAdmin`
    /// with `webhooks.manage` and `audit.view`.
    pub async fn create_webhook(
        &self,
        caller: &Caller,
        account_id: AccountId,
        url: &str,
        actions: Option<Vec<AuditAction>>,
    ) -> Result<CreateWebhook, Error> {
        caller.signed_in()?;
        let outcome =
            transact!(self.store(), |tx| self.register(&mut tx, caller, account_id, url, actions.clone()))?;
        if let Some(reason) = outcome.refusal() {
            let scopes = [Scope::Account(account_id)];
            self.record_refused_change(caller, "createWebhook", reason, &scopes).await?;
        }
        Ok(outcome)
    }

    async fn register(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account_id: AccountId,
        url: &str,
        actions: Option<Vec<AuditAction>>,
    ) -> Result<CreateWebhook, Error> {
        let (store, now) = (self.store(), self.now());
        let account = self.managed_account(tx, caller, Action::ManageAccountWebhooks, account_id, 0).await?;
        if let Some(unready) = self.why_not_now(tx, caller).await? {
            return Ok(CreateWebhook::NotNow(unready));
        }
        let url = match checked_url(url, self.tools.settings.webhook_private) {
            Ok(url) => url,
            Err(fault) => return Ok(CreateWebhook::Url(fault)),
        };
        // The account was touched, so that two at once do not both find room.
        if store.webhooks.count_in(tx, account_id, WEBHOOKS_MAX).await? >= WEBHOOKS_MAX {
            return Ok(CreateWebhook::TooManyWebhooks);
        }
        let webhook = Webhook {
            id: WebhookId::generate(now),
            account_id,
            url: url.into(),
            actions,
            state: WebhookState::Enabled,
            created_by: caller.signed_in()?.user_id,
            created_at: now,
            failing_since: None,
            old_secret_until: None,
            version: 1,
        };
        let (secret, sealed) = self.new_webhook_secret(webhook.id)?;
        store.webhooks.insert(tx, &webhook, &sealed).await?;
        let happening = Happening::new(caller, now, AuditAction::WebhookCreated)
            .detail("webhook", webhook.id)
            .detail("host", webhook.host())
            .detail("actions", named(webhook.actions.as_deref()));
        store.audit_events.insert(tx, &happening.events(&scopes_of_account(&account))).await?;
        Ok(CreateWebhook::Created(Box::new(webhook), secret))
    }

    /// A new secret, as it is shown and as it is stored.
    pub(super) fn new_webhook_secret(&self, id: WebhookId) -> Result<(SecretString, Sealed), Error> {
        let secret = WebhookSecret::generate();
        let sealed = self.tools.keyring.seal(SECRET_PLACE, id.uuid().as_bytes(), secret.as_bytes())?;
        Ok((secret.to_text(), sealed))
    }

    /// A webhook that the caller may change, with its account, which is touched.
    pub(super) async fn webhook_to_change(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: WebhookId,
    ) -> Result<(Webhook, Account), Error> {
        let webhook = self.store().webhooks.find_in(tx, id).await?.ok_or(Denial::Hidden)?;
        let action = Action::ManageAccountWebhooks;
        let account = self.managed_account(tx, caller, action, webhook.account_id, 0).await?;
        Ok((webhook, account))
    }

    /// Writes down that a change of a webhook was refused for a reason that its answer tells.
    pub(super) async fn record_refused_webhook(
        &self,
        caller: &Caller,
        (webhook, account): (WebhookId, AccountId),
        change: &str,
        reason: &str,
    ) -> Result<(), Error> {
        let happening = Happening::new(caller, self.now(), AuditAction::ChangeRefused)
            .detail("change", change)
            .detail("reason", reason)
            .detail("webhook", webhook);
        self.record_refusal(&happening, &[Scope::Account(account)]).await
    }
}
