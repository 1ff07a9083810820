//! The worker that sends what is queued for webhooks. Any number of workers may run; a delivery whose worker died is claimed
//! again when the lease ends. So each goes out at least once, always under the same `webhook-id`.
//!
//! Each webhook is a lane of its own: one attempt at a time, the longest wait first, so that what happened first mostly
//! arrives first and a slow receiver keeps nobody else waiting. Lanes that failed last share half of the slots.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::client::{Client, Message};
use super::{message, off};
use crate::clock::Clock;
use crate::crypto::{Keyring, WebhookSecret};
use crate::domain::webhook::{Answer, Verdict, verdict};
use crate::domain::{DeliveryFault, DeliveryState, Scope, Webhook, WebhookDelivery, WebhookId, WebhookState};
use crate::store::webhook_deliveries::Attempted;
use crate::store::webhooks::{SECRET_PLACE, SignedWebhook};
use crate::store::{Store, StoreError};

/// How long a claimed delivery is out of others' reach. Longer than an attempt may take.
pub const LEASE: time::Duration = time::Duration::seconds(60);
/// How often it is looked whether something is due.
const POLL: Duration = Duration::from_secs(1);
/// How often the state of the queue is measured.
const MEASURE: Duration = Duration::from_secs(15);
/// How long attempts in flight may finish after a signal to stop.
const STOP_GRACE: Duration = Duration::from_secs(5);
/// Webhooks that are sent to at once.
const SLOTS: usize = 64;
/// Those of them whose last attempt failed.
const FAILING_SLOTS: usize = 32;
/// Webhooks with something due that are looked at in one go. More than there are slots, so that those beyond get theirs.
const LOOK: i64 = 256;
/// Deliveries after which a lane ends, so that another webhook gets the slot.
const LANE_MAX: usize = 20;

/// What became of the deliveries of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// The receiver has them.
    pub delivered: usize,
    /// To be tried again.
    pub retried: usize,
    /// Given up.
    pub failed: usize,
}

/// What became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Delivered,
    Retried,
    Failed,
}

impl Counts {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Delivered => self.delivered += 1,
            Outcome::Retried => self.retried += 1,
            Outcome::Failed => self.failed += 1,
        }
    }
}

/// Sends what is queued. Clones are the same worker.
#[derive(Clone)]
pub struct WebhookWorker(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    keyring: Arc<Keyring>,
    client: Client,
    /// Webhooks that have a lane in this process.
    lanes: Mutex<HashSet<WebhookId>>,
    slots: Arc<Semaphore>,
    failing_slots: Arc<Semaphore>,
    /// Ends attempts in flight.
    give_back: CancellationToken,
}

/// A webhook's turn: nobody else in this process has it.
struct Lane {
    worker: Arc<Inner>,
    webhook: WebhookId,
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.worker.lanes.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.webhook);
    }
}

impl WebhookWorker {
    /// A worker that does nothing yet.
    pub fn new(store: Store, clock: Arc<dyn Clock>, keyring: Arc<Keyring>, client: Client) -> Self {
        Self(Arc::new(Inner {
            store,
            clock,
            keyring,
            client,
            lanes: Mutex::default(),
            slots: Arc::new(Semaphore::new(SLOTS)),
            failing_slots: Arc::new(Semaphore::new(FAILING_SLOTS)),
            give_back: CancellationToken::new(),
        }))
    }

    /// Works until told to stop; then lets attempts in flight finish for a moment, and hands the rest back.
    pub async fn run(&self, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let mut measured: Option<Instant> = None;
        let mut away = false;
        while !stop.is_cancelled() {
            if measured.is_none_or(|at| at.elapsed() >= MEASURE) {
                measured = Some(Instant::now());
                self.0.measure().await;
            }
            match self.0.open_lanes(&tasks, &stop).await {
                Ok(()) => away = false,
                Err(error) => {
                    if !away {
                        tracing::warn!(%error, "what is queued for webhooks cannot be read; trying on");
                    }
                    away = true;
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(POLL) => {}
            }
        }
        tasks.close();
        if timeout(STOP_GRACE, tasks.wait()).await.is_err() {
            self.0.give_back.cancel();
            tasks.wait().await;
        }
    }

    /// Handles everything that is due, one after the other, until nothing is.
    pub async fn drain(&self) -> Result<Counts, StoreError> {
        let mut counts = Counts::default();
        loop {
            let due = self.0.store.webhook_deliveries.due(self.0.clock.now(), LOOK).await?;
            let mut any = false;
            for webhook in due {
                while let Some(outcome) = self.0.next(webhook).await? {
                    counts.add(outcome);
                    any = true;
                }
            }
            if !any {
                return Ok(counts);
            }
        }
    }
}

impl Inner {
    /// Gives every webhook that has something due a lane, as far as there are slots.
    async fn open_lanes(
        self: &Arc<Self>,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Result<(), StoreError> {
        for webhook in self.store.webhook_deliveries.due(self.clock.now(), LOOK).await? {
            let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else { break };
            let Some(lane) = self.lane(webhook) else { continue };
            let failing = match self.store.webhooks.find(webhook).await? {
                Some(Webhook { failing_since: Some(_), .. }) => {
                    match Arc::clone(&self.failing_slots).try_acquire_owned() {
                        Ok(slot) => Some(slot),
                        Err(_) => continue,
                    }
                }
                _ => None,
            };
            tasks.spawn(work(lane, (slot, failing), stop.clone()));
        }
        Ok(())
    }

    fn lane(self: &Arc<Self>, webhook: WebhookId) -> Option<Lane> {
        let free = self.lanes.lock().unwrap_or_else(PoisonError::into_inner).insert(webhook);
        free.then(|| Lane { worker: Arc::clone(self), webhook })
    }

    /// Claims and handles what waits longest for a webhook, if something is due.
    async fn next(&self, webhook: WebhookId) -> Result<Option<Outcome>, StoreError> {
        let now = self.clock.now();
        match self.store.webhook_deliveries.claim_due(webhook, now, LEASE).await? {
            Some(delivery) => Ok(Some(self.handle(&delivery).await?)),
            None => Ok(None),
        }
    }

    async fn handle(&self, delivery: &WebhookDelivery) -> Result<Outcome, StoreError> {
        let answer = match self.prepare(delivery).await? {
            Err(fault) => Err(fault),
            Ok((webhook, message)) => {
                tokio::select! {
                    answer = self.client.post(&webhook.url, message) => answer,
                    () = self.give_back.cancelled() => {
                        self.store.webhook_deliveries.give_back(delivery, self.clock.now()).await?;
                        return Ok(Outcome::Retried);
                    }
                }
            }
        };
        self.conclude(delivery, answer).await
    }

    /// Reads what is to be sent, and signs it; or says why it is not sent.
    async fn prepare(
        &self,
        delivery: &WebhookDelivery,
    ) -> Result<Result<(Webhook, Message), DeliveryFault>, StoreError> {
        let Some(SignedWebhook { webhook, secret, old_secret }) =
            self.store.webhooks.find_signed(delivery.webhook_id).await?
        else {
            return Ok(Err(DeliveryFault::Disabled));
        };
        if webhook.state != WebhookState::Enabled {
            return Ok(Err(DeliveryFault::Disabled));
        }
        let now = self.clock.now();
        let old = match webhook.old_secret_until {
            Some(until) if now < until => old_secret,
            Some(_) => {
                self.store.webhooks.forget_old_secret(webhook.id, now).await?;
                None
            }
            None => None,
        };
        let owner = webhook.id.uuid();
        let opened: Result<Vec<WebhookSecret>, _> = std::iter::once(&secret)
            .chain(&old)
            .map(|sealed| self.keyring.open(SECRET_PLACE, owner.as_bytes(), sealed))
            .map(|bytes| bytes.map(|bytes| WebhookSecret::from_bytes(&bytes)))
            .collect();
        let secrets = match opened {
            Ok(secrets) => secrets,
            Err(error) => {
                tracing::error!(webhook = %webhook.id, %error, "the secret of a webhook cannot be opened");
                return Ok(Err(DeliveryFault::Unsendable));
            }
        };
        let body = match delivery.event {
            None => message::of_test(webhook.account_id, delivery),
            Some((id, _)) => {
                let scope = Scope::Account(webhook.account_id);
                match self.store.audit_events.find(scope, id).await? {
                    Some(event) => message::of_event(webhook.account_id, delivery, &event),
                    None => return Ok(Err(DeliveryFault::Unsendable)),
                }
            }
        };
        Ok(match body {
            Ok(body) => Ok((webhook, message::signed(&delivery.message_id(), now, body, &secrets))),
            Err(_) => Err(DeliveryFault::Unsendable),
        })
    }

    /// Writes down what an attempt gave, and what follows from it for the webhook.
    async fn conclude(
        &self,
        delivery: &WebhookDelivery,
        answer: Result<Answer, DeliveryFault>,
    ) -> Result<Outcome, StoreError> {
        let now = self.clock.now();
        let verdict = verdict(delivery.attempts, answer, now, rand::random());
        let status = answer.ok().map(|answer| answer.status);
        let (state, next_at, fault) = match verdict {
            Verdict::Delivered => (DeliveryState::Delivered, now, None),
            Verdict::Again(fault, at) => (DeliveryState::Queued, at, Some(fault)),
            Verdict::GiveUp(fault) => (DeliveryState::Failed, now, Some(fault)),
            Verdict::Gone => (DeliveryState::Failed, now, Some(DeliveryFault::Status)),
        };
        let attempted = Attempted { state, next_at, at: now, status, fault };
        self.store.webhook_deliveries.note(delivery, &attempted).await?;
        let webhook = delivery.webhook_id;
        match verdict {
            Verdict::Delivered => self.store.webhooks.note_working(webhook).await?,
            Verdict::Gone => off::switch_off(&self.store, now, webhook, WebhookState::Gone).await?,
            _ if fault == Some(DeliveryFault::Disabled) => {}
            _ => {
                self.store.webhooks.note_failing(webhook, now).await?;
                off::switch_off(&self.store, now, webhook, WebhookState::Failed).await?;
            }
        }
        let outcome = match state {
            DeliveryState::Delivered => Outcome::Delivered,
            DeliveryState::Queued => Outcome::Retried,
            DeliveryState::Failed => Outcome::Failed,
        };
        metrics::counter!("latchkey_webhook_attempts_total", "outcome" => match outcome {
            Outcome::Delivered => "delivered",
            Outcome::Retried => "retried",
            Outcome::Failed => "failed",
        })
        .increment(1);
        let fault = fault.map(DeliveryFault::as_str);
        tracing::info!(
            %webhook, delivery = %delivery.id, attempt = delivery.attempts, status, fault, state = state.as_str(),
            "a webhook was attempted"
        );
        Ok(outcome)
    }

    async fn measure(&self) {
        if let Ok(waiting) = self.store.webhook_deliveries.count_queued(10_000).await {
            metrics::gauge!("latchkey_webhook_deliveries_waiting")
                .set(f64::from(u32::try_from(waiting).unwrap_or(u32::MAX)));
        }
    }
}

/// Works a lane off: until nothing is due, something fails, or it is another webhook's turn.
async fn work(
    lane: Lane,
    slots: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>),
    stop: CancellationToken,
) {
    for _ in 0..LANE_MAX {
        if stop.is_cancelled() {
            break;
        }
        match lane.worker.next(lane.webhook).await {
            Ok(Some(Outcome::Delivered)) => {}
            Ok(Some(Outcome::Retried | Outcome::Failed) | None) => break,
            Err(error) => {
                // What was claimed is tried again when its lease ends.
                tracing::warn!(webhook = %lane.webhook, %error, "a delivery could not be handled");
                break;
            }
        }
    }
    drop(slots);
}
