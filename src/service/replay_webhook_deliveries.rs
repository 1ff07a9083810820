//! `replayWebhookDeliveries`: what a receiver missed is sent once more, under the same `webhook-id`: single deliveries, or all
//! events of some time, taken from the audit log itself. So nothing is lost while a webhook was off, or before it was there.

use std::collections::HashSet;

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of_account};
use super::throttle::{Verdict, WEBHOOK_REPLAYS};
use super::{Caller, Error, Services};
use crate::domain::{
    Action, AuditAction, AuditEventId, Denial, Scope, Webhook, WebhookDelivery, WebhookDeliveryId, WebhookId,
    WebhookState,
};
use crate::store::Tx;
use crate::store::audit_events::AuditFilter;
use crate::store::webhook_deliveries::Which;
use crate::transact;

/// Events that one call sends at most.
pub const REPLAY_MAX: u32 = 500;

/// What is to be sent again.
#[derive(Debug, Clone)]
pub enum Replay {
    /// These deliveries of the webhook.
    Deliveries(Vec<WebhookDeliveryId>),
    /// What happened from one moment on, and before the other.
    Time(OffsetDateTime, Option<OffsetDateTime>),
}

/// What replaying gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayWebhookDeliveries {
    /// So many are on their way.
    Replayed {
        /// How many.
        count: u64,
        /// The moment to go on from, if there was more than one call sends.
        next_since: Option<OffsetDateTime>,
    },
    /// It is switched off.
    Disabled,
    /// Too many in a short time.
    TooMany {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
}

/// Events of the log that a webhook is for.
struct Events {
    all: Vec<(AuditEventId, AuditAction)>,
    next_since: Option<OffsetDateTime>,
}

impl Services {
    /// Sends again. Who may call: rule `AccountOwnerOrAdmin` with `webhooks.manage` and `audit.view`.
    pub async fn replay_webhook_deliveries(
        &self,
        caller: &Caller,
        id: WebhookId,
        replay: &Replay,
    ) -> Result<ReplayWebhookDeliveries, Error> {
        caller.signed_in()?;
        let webhook = self.store().webhooks.find(id).await?.ok_or(Denial::Hidden)?;
        let about = (id, webhook.account_id);
        self.authorize_account(caller, Action::ManageAccountWebhooks, webhook.account_id).await?;
        match replay {
            Replay::Deliveries(ids) if ids.is_empty() || ids.len() > REPLAY_MAX as usize => {
                return Err(Error::bad_input("deliveryIds", "1 to 500 ids"));
            }
            Replay::Time(since, Some(until)) if since >= until => {
                return Err(Error::bad_input("since", "a time before until"));
            }
            _ => {}
        }
        if let Verdict::Wait(retry_at) = self.attempt(WEBHOOK_REPLAYS, id.uuid().as_bytes()).await? {
            self.record_refused_webhook(caller, about, "replayWebhookDeliveries", "TOO_MANY_REPLAYS").await?;
            return Ok(ReplayWebhookDeliveries::TooMany { retry_at });
        }
        let events = match replay {
            Replay::Deliveries(_) => None,
            Replay::Time(since, until) => Some(self.events_for(&webhook, *since, *until).await?),
        };
        let count =
            transact!(self.store(), |tx| self.queue_again(&mut tx, caller, id, replay, events.as_ref()))?;
        let Some(count) = count else {
            self.record_refused_webhook(caller, about, "replayWebhookDeliveries", "WEBHOOK_DISABLED").await?;
            return Ok(ReplayWebhookDeliveries::Disabled);
        };
        let next_since = events.and_then(|events| events.next_since);
        Ok(ReplayWebhookDeliveries::Replayed { count, next_since })
    }

    /// The oldest events of some time that a webhook is for, out of its account's log. What is not sealed yet is left out:
    /// it is sent when it is.
    async fn events_for(
        &self,
        webhook: &Webhook,
        since: OffsetDateTime,
        until: Option<OffsetDateTime>,
    ) -> Result<Events, Error> {
        if webhook.actions.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Events { all: Vec::new(), next_since: None });
        }
        let filter = AuditFilter {
            actions: webhook.actions.clone().unwrap_or_default(),
            since: Some(since),
            until,
            ..AuditFilter::default()
        };
        let scope = Scope::Account(webhook.account_id);
        let rows = self.store().audit_chain.page(scope, &filter, None, REPLAY_MAX + 1).await?;
        // Events of the moment at which it breaks off come with the next call.
        let next_since = rows
            .get(REPLAY_MAX as usize)
            .and_then(|row| row.event.as_ref())
            .map(|event| event.at)
            .filter(|at| *at > since);
        let sealed = rows.into_iter().take(REPLAY_MAX as usize).filter(|row| row.seq.is_some());
        let within =
            sealed.filter_map(|row| row.event).filter(|event| next_since.is_none_or(|at| event.at < at));
        Ok(Events { all: within.map(|event| (event.id, event.action)).collect(), next_since })
    }

    async fn queue_again(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: WebhookId,
        replay: &Replay,
        events: Option<&Events>,
    ) -> Result<Option<u64>, Error> {
        let (store, now) = (self.store(), self.now());
        let (webhook, account) = self.webhook_to_change(tx, caller, id).await?;
        if webhook.state != WebhookState::Enabled {
            return Ok(None);
        }
        let deliveries = &store.webhook_deliveries;
        let count = match (replay, events) {
            (Replay::Deliveries(ids), _) => deliveries.requeue(tx, id, Which::Ids(ids), now).await?,
            (Replay::Time(..), None) => 0,
            (Replay::Time(..), Some(events)) => {
                let ids: Vec<AuditEventId> = events.all.iter().map(|(id, _)| *id).collect();
                let known: HashSet<_> = deliveries.of_events_in(tx, id, &ids).await?.into_iter().collect();
                let new = events.all.iter().filter(|(event, _)| !known.contains(event));
                let new: Vec<_> = new.map(|event| WebhookDelivery::new(id, Some(*event), now)).collect();
                deliveries.insert(tx, &new).await?;
                let again = deliveries.requeue(tx, id, Which::Events(&ids), now).await?;
                again + u64::try_from(new.len()).unwrap_or(u64::MAX)
            }
        };
        let happening = Happening::new(caller, now, AuditAction::WebhookReplayed)
            .detail("webhook", id)
            .detail("deliveries", count);
        store.audit_events.insert(tx, &happening.events(&scopes_of_account(&account))).await?;
        Ok(Some(count))
    }
}
