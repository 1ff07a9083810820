//! Switching a webhook off that said so, or that has been failing for days; then the people responsible are told.

use time::OffsetDateTime;

use crate::domain::webhook::FAILING_FOR;
use crate::domain::{
    AuditAction, AuditEvent, AuditEventId, Notification, Scope, Webhook, WebhookId, WebhookState,
};
use crate::store::{Store, StoreError, Tx};
use crate::transact;

/// Switches a webhook off: at once where the receiver is gone, and where it failed only after [`FAILING_FOR`].
pub async fn switch_off(
    store: &Store,
    now: OffsetDateTime,
    id: WebhookId,
    state: WebhookState,
) -> Result<(), StoreError> {
    let failing_since = (state == WebhookState::Failed).then(|| now - FAILING_FOR);
    let Some(webhook) = store.webhooks.find(id).await? else { return Ok(()) };
    let due = failing_since.is_none_or(|since| webhook.failing_since.is_some_and(|at| at <= since));
    if due && transact!(store, |tx| off_in(&mut tx, store, now, &webhook, (state, failing_since)))? {
        tracing::warn!(webhook = %id, state = state.as_str(), "a webhook was switched off");
        metrics::counter!("latchkey_webhooks_disabled_total").increment(1);
    }
    Ok(())
}

async fn off_in(
    tx: &mut Tx,
    store: &Store,
    now: OffsetDateTime,
    webhook: &Webhook,
    (state, failing_since): (WebhookState, Option<OffsetDateTime>),
) -> Result<bool, StoreError> {
    let account_id = webhook.account_id;
    if !store.webhooks.claim_stop(tx, webhook.id, state, failing_since).await? {
        return Ok(false);
    }
    let Some(account) = store.accounts.find_in(tx, account_id).await? else { return Ok(true) };
    let portfolio = account.portfolio_id.map(Scope::Portfolio);
    let scopes = std::iter::once(Scope::Account(account_id)).chain(portfolio);
    let event = |scope| AuditEvent {
        id: AuditEventId::generate(now),
        at: now,
        scope,
        action: AuditAction::WebhookDisabled,
        actor_id: None,
        target_id: None,
        credential: None,
        session_id: None,
        ip: None,
        user_agent: None,
        details: vec![
            ("webhook".to_owned(), webhook.id.to_string()),
            ("host".to_owned(), webhook.host()),
            ("state".to_owned(), state.as_str().to_owned()),
        ],
    };
    let events: Vec<AuditEvent> = scopes.map(event).collect();
    store.audit_events.insert(tx, &events).await?;
    let mut told: Vec<_> = account.owner_id.into_iter().chain(account.security_contact()).collect();
    told.dedup();
    let gone = state == WebhookState::Gone;
    let notice = Notification::WebhookDisabled { account_id, webhook_id: webhook.id, gone };
    for reader in told {
        store.outbox.insert(tx, reader, notice, now).await?;
    }
    Ok(true)
}
