//! The worker that empties the outbox: claims a mail by lease, looks its facts up, draws its token or code, sends it
//! and writes down what became of it. Any number of workers may run; a mail whose worker died is claimed again when the
//! lease ends. So each mail goes out at least once, always under the same Message-ID.
//!
//! A reset that does not wait any more when its mail's turn comes gets none. Its delivery then says SENT if it was
//! accepted or declined, since only a mailed link can do that, and else FAILED: no mail went out, and none will.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::backoff::{KEEP_TRYING, next_attempt};
use super::carried::{Carried, Closed, Drawn, kind};
use super::facts::{self, Facts, Missing};
use super::render::{Order, Rendered, Renderer};
use super::traced;
use super::transport::{SendError, Transport};
use crate::clock::Clock;
use crate::crypto::Keyring;
use crate::domain::{MailDelivery, Notification};
use crate::store::outbox::Mail;
use crate::store::{Store, StoreError, Tx};
use crate::transact;

/// How long a claimed mail is out of others' reach. Longer than a send may take.
const LEASE: time::Duration = time::Duration::seconds(60);
/// How often mail of other processes, and mail whose time has come, is looked for.
const POLL: Duration = Duration::from_secs(1);
/// How often the state of the outbox is measured.
const MEASURE: Duration = Duration::from_secs(15);
/// How long sends in flight may finish after a signal to stop, unless [`MailWorker::with_grace`] says otherwise.
const STOP_GRACE: Duration = Duration::from_secs(5);
/// How long a mail that was sent is tried to be marked so while MongoDB is away; then it is sent again.
const MARK_FOR: Duration = Duration::from_secs(20);
const PARALLEL: usize = 4;

/// What became of the mails of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Taken by the mail server.
    pub sent: usize,
    /// To be tried again.
    pub retried: usize,
    /// Given up.
    pub failed: usize,
    /// Closed without being sent, since nothing waits for it any more.
    pub dropped: usize,
}

impl Counts {
    /// All of them.
    pub fn total(&self) -> usize {
        self.sent + self.retried + self.failed + self.dropped
    }

    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Sent => self.sent += 1,
            Outcome::Retried => self.retried += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Dropped => self.dropped += 1,
        }
    }
}

#[derive(Clone, Copy)]
enum Outcome {
    Sent,
    Retried,
    Failed,
    Dropped,
}

/// Empties the outbox. Clones are the same worker.
#[derive(Clone)]
pub struct MailWorker {
    inner: Arc<Inner>,
    grace: Duration,
}

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    keyring: Arc<Keyring>,
    transport: Arc<dyn Transport>,
    renderer: Renderer,
    waker: Arc<Notify>,
    /// Ends sends in flight.
    give_back: CancellationToken,
}

/// What to do with a claimed mail.
enum Plan {
    Send { mail: Box<Rendered>, deadline: OffsetDateTime },
    Close { delivery: MailDelivery, why: &'static str, outcome: Outcome },
}

impl Plan {
    fn fail(why: &'static str) -> Self {
        Self::Close { delivery: MailDelivery::Failed, why, outcome: Outcome::Failed }
    }

    fn drop(Closed { delivery, why }: Closed) -> Self {
        Self::Close { delivery, why, outcome: Outcome::Dropped }
    }
}

impl MailWorker {
    /// A worker that does nothing yet.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        keyring: Arc<Keyring>,
        transport: Arc<dyn Transport>,
        renderer: Renderer,
    ) -> Self {
        let give_back = CancellationToken::new();
        let inner = Inner { store, clock, keyring, transport, renderer, waker: Arc::default(), give_back };
        Self { inner: Arc::new(inner), grace: STOP_GRACE }
    }

    /// Lets sends in flight finish for so long after a signal to stop.
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// `notify_one` after a commit that put mail into the outbox, and it goes out without waiting for the next look.
    pub fn waker(&self) -> Arc<Notify> {
        Arc::clone(&self.inner.waker)
    }

    /// Works until told to stop; then lets sends in flight finish for a moment, and hands the rest back.
    pub async fn run(&self, stop: CancellationToken) {
        let slots = Arc::new(Semaphore::new(PARALLEL));
        let tasks = TaskTracker::new();
        let mut measured: Option<Instant> = None;
        let mut away = false;
        while !stop.is_cancelled() {
            if measured.is_none_or(|at| at.elapsed() >= MEASURE) {
                measured = Some(Instant::now());
                self.inner.measure().await;
            }
            let slot = tokio::select! {
                () = stop.cancelled() => break,
                slot = Arc::clone(&slots).acquire_owned() => slot,
            };
            let Ok(slot) = slot else { break };
            match self.inner.claim().await {
                Ok(Some(mail)) => {
                    tasks.spawn(process(Arc::clone(&self.inner), mail, slot));
                    continue;
                }
                Ok(None) => away = false,
                Err(error) => {
                    if !away {
                        tracing::warn!(%error, "the outbox cannot be read; trying on");
                    }
                    away = true;
                }
            }
            drop(slot);
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.inner.waker.notified() => {}
                () = sleep(POLL) => {}
            }
        }
        tasks.close();
        if timeout(self.grace, tasks.wait()).await.is_err() {
            self.inner.give_back.cancel();
            tasks.wait().await;
        }
    }

    /// Handles one mail that is due, if there is one.
    pub async fn run_once(&self) -> Result<Counts, StoreError> {
        let mut counts = Counts::default();
        if let Some(mail) = self.inner.claim().await? {
            counts.add(self.inner.handle(&mail).await?);
        }
        Ok(counts)
    }

    /// Handles every mail that is due, one after the other, until none is.
    pub async fn drain(&self) -> Result<Counts, StoreError> {
        let mut counts = Counts::default();
        while let Some(mail) = self.inner.claim().await? {
            counts.add(self.inner.handle(&mail).await?);
        }
        Ok(counts)
    }
}

async fn process(worker: Arc<Inner>, mail: Mail, slot: OwnedSemaphorePermit) {
    if let Err(error) = worker.handle(&mail).await {
        tracing::warn!(mail = %mail.id, %error, "a mail could not be handled; it is tried again");
        // If this fails as well, the lease ends by itself.
        let _ = worker.release(&mail, "the database did not answer").await;
    }
    drop(slot);
}

impl Inner {
    async fn claim(&self) -> Result<Option<Mail>, StoreError> {
        self.store.outbox.claim_due(self.clock.now(), LEASE).await
    }

    async fn handle(&self, mail: &Mail) -> Result<Outcome, StoreError> {
        let kind = kind(mail.what);
        traced::handling(mail, kind, Box::pin(self.attempt(mail, kind))).await
    }

    async fn attempt(&self, mail: &Mail, kind: &'static str) -> Result<Outcome, StoreError> {
        let (rendered, deadline) = match self.plan(mail).await? {
            Plan::Send { mail, deadline } => (mail, deadline),
            Plan::Close { delivery, why, outcome } => {
                tracing::info!(mail = %mail.id, kind, why, "a mail is not sent");
                self.close(mail, delivery, Some(why)).await?;
                match outcome {
                    Outcome::Dropped => {
                        metrics::counter!("latchkey_mail_dropped_total", "kind" => kind).increment(1)
                    }
                    _ => metrics::counter!("latchkey_mail_failed_total", "kind" => kind).increment(1),
                }
                return Ok(outcome);
            }
        };
        let begun = Instant::now();
        let sent = tokio::select! {
            sent = traced::sending(self.transport.send(&rendered)) => sent,
            () = self.give_back.cancelled() => {
                self.release_at(mail, self.clock.now(), "interrupted by a shutdown").await?;
                return Ok(Outcome::Retried);
            }
        };
        let outcome = traced::outcome(&sent);
        metrics::histogram!("latchkey_mail_send_seconds", "outcome" => outcome).record(begun.elapsed());
        let (error, next) = match sent {
            Ok(()) => {
                self.mark_sent(mail).await?;
                metrics::counter!("latchkey_mail_sent_total", "kind" => kind).increment(1);
                tracing::info!(mail = %mail.id, kind, attempt = mail.attempts, "a mail was sent");
                return Ok(Outcome::Sent);
            }
            Err(SendError::Transient(error)) => {
                let next = next_attempt(mail.attempts, self.clock.now(), deadline, rand::random());
                (error, next)
            }
            Err(SendError::Permanent(error)) => (error, None),
        };
        if let Some(next) = next {
            tracing::warn!(mail = %mail.id, kind, attempt = mail.attempts, error, "a mail was not taken; it is tried again");
            self.release_at(mail, next, &error).await?;
            metrics::counter!("latchkey_mail_retried_total", "kind" => kind).increment(1);
            return Ok(Outcome::Retried);
        }
        tracing::error!(mail = %mail.id, kind, attempt = mail.attempts, error, "a mail is given up");
        self.close(mail, MailDelivery::Failed, Some(&error)).await?;
        metrics::counter!("latchkey_mail_failed_total", "kind" => kind).increment(1);
        Ok(Outcome::Failed)
    }

    /// Looks the facts up and writes the mail. The hash of its token or code is saved here, before anybody can hold it.
    async fn plan(&self, mail: &Mail) -> Result<Plan, StoreError> {
        let facts = match facts::of(&self.store, mail).await? {
            Ok(facts) => facts,
            Err(Missing::Reader) => return Ok(Plan::fail("the user is gone")),
            Err(Missing::Subject) => return Ok(Plan::fail("what it is about is gone")),
        };
        let Some(carried) = &facts.carries else {
            return Ok(self.write(mail, &facts, None, mail.created_at + KEEP_TRYING));
        };
        if let Some(closed) = carried.closed(self.clock.now()) {
            return Ok(Plan::drop(closed));
        }
        let drawn = carried.draw();
        let plan = self.write(mail, &facts, Some(&drawn), carried.expires_at());
        if let Plan::Send { .. } = plan
            && !carried.keep(&self.store, &self.keyring, &drawn, self.clock.now()).await?
        {
            return self.closed_meanwhile(carried).await;
        }
        Ok(plan)
    }

    async fn closed_meanwhile(&self, carried: &Carried) -> Result<Plan, StoreError> {
        let found = carried.again(&self.store).await?;
        let closed = found.and_then(|carried| carried.closed(self.clock.now()));
        Ok(closed.map_or(Plan::fail("what it is about is gone"), Plan::drop))
    }

    fn write(&self, mail: &Mail, facts: &Facts, drawn: Option<&Drawn>, deadline: OffsetDateTime) -> Plan {
        let order = Order {
            id: mail.id,
            to: &facts.reader,
            preferences: &facts.preferences,
            at: facts.at,
            now: self.clock.now(),
            content: &facts.content,
            token: drawn.and_then(Drawn::token),
            code: drawn.and_then(Drawn::code),
        };
        match self.renderer.render(&order) {
            Ok(rendered) => Plan::Send { mail: Box::new(rendered), deadline },
            Err(error) => {
                tracing::error!(mail = %mail.id, %error, "a mail cannot be written");
                Plan::fail("the mail cannot be written or addressed")
            }
        }
    }

    /// Marks a mail as sent, for a while even when MongoDB is away: unmarked, it would go out twice.
    async fn mark_sent(&self, mail: &Mail) -> Result<(), StoreError> {
        let until = Instant::now() + MARK_FOR;
        loop {
            match self.close(mail, MailDelivery::Sent, None).await {
                Err(StoreError::Unavailable(_) | StoreError::Transient(_)) if Instant::now() < until => {
                    sleep(Duration::from_millis(500)).await;
                }
                done => return done,
            }
        }
    }

    /// Closes the row and tells the reset or invitation, in one transaction.
    async fn close(
        &self,
        mail: &Mail,
        delivery: MailDelivery,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        transact!(self.store, |tx| self.close_in(&mut tx, mail, delivery, error))
    }

    async fn close_in(
        &self,
        tx: &mut Tx,
        mail: &Mail,
        delivery: MailDelivery,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let ours = self.store.outbox.close(tx, mail.id, mail.attempts, delivery, now, error).await?;
        match mail.what {
            Notification::MfaResetRequest { reset_id } if ours => {
                self.store.mfa_resets.set_delivery(tx, reset_id, delivery).await?;
            }
            Notification::Invitation { invitation_id } if ours => {
                self.store.invitations.set_delivery(tx, invitation_id, delivery).await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn release(&self, mail: &Mail, error: &str) -> Result<(), StoreError> {
        let now = self.clock.now();
        let next = next_attempt(mail.attempts, now, now + LEASE, rand::random()).unwrap_or(now + LEASE);
        self.release_at(mail, next, error).await
    }

    async fn release_at(&self, mail: &Mail, next: OffsetDateTime, error: &str) -> Result<(), StoreError> {
        self.store.outbox.release(mail.id, mail.attempts, next, error).await
    }

    async fn measure(&self) {
        if let (Ok(waiting), Ok(oldest)) =
            (self.store.outbox.count_queued(10_000).await, self.store.outbox.oldest_queued().await)
        {
            let age = oldest.map_or(0.0, |since| (self.clock.now() - since).as_seconds_f64().max(0.0));
            metrics::gauge!("latchkey_mail_outbox_waiting")
                .set(f64::from(u32::try_from(waiting).unwrap_or(u32::MAX)));
            metrics::gauge!("latchkey_mail_outbox_age_seconds").set(age);
        }
    }
}
