//! Workers side by side, and workers that stop, die or are overtaken.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use latchkey::domain::MailDelivery;
use latchkey::mail::render::Rendered;
use latchkey::mail::{Counts, MailWorker, SendError, Transport};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::harness::run;

const ONE_LEASE: Duration = Duration::from_secs(61);

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_worker_was_killed_is_sent_by_another_when_the_lease_ends() {
    run(async |app| {
        let asked = ask(app, "ada").await;
        let lease = time::Duration::seconds(60);
        app.store.outbox.claim_due(app.now(), lease).await.unwrap().unwrap();
        let box_ = capture(app);
        let worker = worker(app, Arc::new(box_.clone()));
        app.advance(Duration::from_secs(59));
        assert_eq!(worker.drain().await.unwrap(), Counts::default());
        app.advance(Duration::from_secs(1));
        assert_eq!(worker.drain().await.unwrap(), SENT);
        assert_eq!(box_.list().len(), 1);
        assert_eq!(delivery(app, asked.reset).await, MailDelivery::Sent);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_side_by_side_send_each_mail_once() {
    run(async |app| {
        let person = app.person("Ada").create().await;
        for _ in 0..40 {
            put_notice(app, &person).await;
        }
        let box_ = capture(app);
        let workers: Vec<_> = (0..4).map(|_| worker(app, Arc::new(box_.clone()))).collect();
        let counts = futures_util::future::try_join_all(workers.iter().map(MailWorker::drain)).await.unwrap();
        assert_eq!(counts.iter().map(|counts| counts.sent).sum::<usize>(), 40);
        assert!(counts.iter().filter(|counts| counts.sent > 0).count() > 1, "they share the work");
        let ids: HashSet<_> = box_
            .list()
            .iter()
            .map(|mail| {
                let parsed = mail_parser::MessageParser::default().parse(&mail.raw).unwrap();
                parsed.message_id().unwrap().to_owned()
            })
            .collect();
        assert_eq!((ids.len(), box_.list().len()), (40, 40));
    })
    .await;
}

/// Holds every mail until it is told to let go.
struct Gate {
    holds: AtomicUsize,
    arrived: Semaphore,
    open: Semaphore,
}

impl Gate {
    fn shut() -> Arc<Self> {
        let (arrived, open) = (Semaphore::new(0), Semaphore::new(0));
        Arc::new(Self { holds: AtomicUsize::new(0), arrived, open })
    }

    /// Waits for so many mails to be here.
    async fn arrived(&self, mails: u32) {
        self.arrived.acquire_many(mails).await.unwrap().forget();
    }
}

#[async_trait::async_trait]
impl Transport for Gate {
    async fn send(&self, _: &Rendered) -> Result<(), SendError> {
        self.holds.fetch_add(1, Ordering::SeqCst);
        self.arrived.add_permits(1);
        self.open.acquire().await.unwrap().forget();
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_hands_back_what_it_could_not_finish() {
    run(async |app| {
        let asked = ask(app, "ada").await;
        let gate = Gate::shut();
        let held = worker(app, gate.clone()).with_grace(Duration::from_millis(50));
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (held, stop) = (held.clone(), stop.clone());
            async move { held.run(stop).await }
        });
        gate.arrived(1).await;
        stop.cancel();
        running.await.unwrap();
        // No lease to wait for.
        let box_ = capture(app);
        assert_eq!(worker(app, Arc::new(box_.clone())).drain().await.unwrap(), SENT);
        assert_eq!(delivery(app, asked.reset).await, MailDelivery::Sent);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_lets_mail_on_its_way_arrive() {
    run(async |app| {
        let asked = ask(app, "ada").await;
        let gate = Gate::shut();
        let held = worker(app, gate.clone());
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (held, stop) = (held.clone(), stop.clone());
            async move { held.run(stop).await }
        });
        gate.arrived(1).await;
        stop.cancel();
        gate.open.add_permits(1);
        running.await.unwrap();
        assert_eq!(delivery(app, asked.reset).await, MailDelivery::Sent);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_worker_sends_a_few_mails_at_a_time_when_it_is_woken() {
    run(async |app| {
        let gate = Gate::shut();
        let held = worker(app, gate.clone());
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (held, stop) = (held.clone(), stop.clone());
            async move { held.run(stop).await }
        });
        let person = app.person("Ada").create().await;
        for _ in 0..6 {
            put_notice(app, &person).await;
        }
        held.waker().notify_one();
        gate.arrived(4).await;
        assert_eq!(gate.holds.load(Ordering::SeqCst), 4, "no more than four at once");
        gate.open.add_permits(2);
        gate.arrived(2).await;
        assert_eq!(gate.holds.load(Ordering::SeqCst), 6);
        stop.cancel();
        gate.open.add_permits(4);
        running.await.unwrap();
        assert_eq!(app.store.outbox.count_queued(10).await.unwrap(), 0);
    })
    .await;
}

/// A worker so slow that its lease ended cannot take back what another one achieved.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_was_overtaken_cannot_give_a_mail_up() {
    run(async |app| {
        let asked = ask(app, "ada").await;
        let outbox = &app.store.outbox;
        let lease = time::Duration::seconds(60);
        let first = outbox.claim_due(app.now(), lease).await.unwrap().unwrap();
        app.advance(ONE_LEASE);
        let second = outbox.claim_due(app.now(), lease).await.unwrap().unwrap();
        let close = async |attempt, state| {
            let mut tx = app.store.begin().await.unwrap();
            let closed = outbox.close(&mut tx, asked.mail, attempt, state, app.now(), None).await.unwrap();
            tx.commit().await.unwrap();
            closed
        };
        assert!(!close(first.attempts, MailDelivery::Failed).await);
        assert!(close(second.attempts, MailDelivery::Failed).await);
        assert!(
            close(first.attempts, MailDelivery::Sent).await,
            "it was sent, whatever the other one thought"
        );
        assert!(!close(second.attempts, MailDelivery::Failed).await);
        assert!(!close(second.attempts, MailDelivery::Sent).await);
    })
    .await;
}
