//! The outbox and its workers: each mail goes out at least once, none is lost, and `delivery` says what happened.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use latchkey::config::PublicUrl;
use latchkey::crypto::{Token, TokenKind};
use latchkey::domain::{
    AccountId, AccountRole, Authority, MailDelivery, MailId, MfaReset, MfaResetId, MfaResetState,
    Notification, Scope, UserId,
};
use latchkey::mail::render::Rendered;
use latchkey::mail::{Capture, Counts, MailWorker, Renderer, SendError, SmtpTransport, Transport};
use latchkey::store::mfa_resets::ResetKey;
use mongodb::bson::{Document, doc};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::harness::{Person, TestApp, run};
use crate::smtp_server::{SmtpServer, TakenMail};

const ONE_LEASE: Duration = Duration::from_secs(61);

/// A worker beside the gateway's own.
fn worker(app: &TestApp, transport: Arc<dyn Transport>) -> MailWorker {
    let from = "Acme <security@acme.example>".parse().unwrap();
    let url = PublicUrl::parse("https://id.acme.example").unwrap();
    let renderer = Renderer::new(from, "Acme".to_owned(), url).unwrap();
    MailWorker::new(app.store.clone(), Arc::new(app.clock.clone()), transport, renderer)
}

fn smtp(server: &SmtpServer) -> Arc<SmtpTransport> {
    Arc::new(SmtpTransport::new(&server.smtp("")).unwrap())
}

fn capture(app: &TestApp) -> Capture {
    Capture::new(Arc::new(app.clock.clone()), 1000)
}

struct Asked {
    person: Person,
    reset: MfaResetId,
    mail: MailId,
}

/// A waiting reset for a person with this local part, and its mail in the outbox.
async fn ask(app: &TestApp, local_part: &str) -> Asked {
    let account = app.account("Acme GmbH").await;
    let name = local_part.to_uppercase();
    let person = app.person(&name).email(&format!("{local_part}@acme.example")).with_mfa().create().await;
    let owner_email = format!("owner-of-{account}@acme.example");
    let owner = app.person("Olga Owner").email(&owner_email).create().await;
    let (reset, mail) = put(app, person.id, owner.id, account).await;
    Asked { person, reset, mail }
}

async fn put(app: &TestApp, user: UserId, by: UserId, account: AccountId) -> (MfaResetId, MailId) {
    let now = app.now();
    let reset = MfaReset {
        id: MfaResetId::generate(now),
        user_id: user,
        requested_by: by,
        authority: Authority::Account { account_id: account, role: AccountRole::Owner },
        reason: Some("Lost the phone.".to_owned()),
        state: MfaResetState::Pending,
        requested_at: now,
        expires_at: now + time::Duration::hours(12),
        closed_at: None,
        delivery: MailDelivery::Queued,
        scopes: vec![Scope::Account(account)],
    };
    let what = Notification::MfaResetRequest { reset_id: reset.id };
    let mut tx = app.store.begin().await.unwrap();
    app.store.mfa_resets.insert(&mut tx, &reset).await.unwrap();
    let mail = app.store.outbox.insert(&mut tx, user, what, now).await.unwrap();
    tx.commit().await.unwrap();
    (reset.id, mail)
}

async fn put_notice(app: &TestApp, person: &Person) -> MailId {
    let mut tx = app.store.begin().await.unwrap();
    let what = Notification::MfaEnrolled { user_id: person.id };
    let mail = app.store.outbox.insert(&mut tx, person.id, what, app.now()).await.unwrap();
    tx.commit().await.unwrap();
    mail
}

async fn delivery(app: &TestApp, reset: MfaResetId) -> MailDelivery {
    app.store.mfa_resets.find(ResetKey::Id(reset)).await.unwrap().unwrap().delivery
}

async fn row(app: &TestApp, mail: MailId) -> Document {
    let outbox = app.store.database().collection::<Document>("outbox");
    outbox.find_one(doc! { "_id": mail }).await.unwrap().unwrap()
}

async fn set_state(app: &TestApp, reset: MfaResetId, state: MfaResetState) {
    let set = doc! { "$set": { "state": state.as_str() } };
    app.update("mfa_resets", doc! { "_id": reset }, set).await;
}

/// The reset that the first link of a mail's text leads to.
async fn reset_behind(app: &TestApp, text: &str) -> Option<MfaReset> {
    let token = text.split("#token=").nth(1).unwrap().split_whitespace().next().unwrap();
    let token = Token::parse(TokenKind::MfaReset, token).unwrap();
    app.store.mfa_resets.find(ResetKey::Token(token.hash())).await.unwrap()
}

fn header(mail: &TakenMail, name: &str) -> String {
    let text = String::from_utf8(mail.message.clone()).unwrap();
    let prefix = format!("{name}: ");
    text.split("\r\n").find_map(|line| line.strip_prefix(&prefix)).unwrap().to_owned()
}

fn plain_text(mail: &TakenMail) -> String {
    let parsed = mail_parser::MessageParser::default().parse(&mail.message).unwrap();
    parsed.body_text(0).unwrap().into_owned()
}

const SENT: Counts = Counts { sent: 1, retried: 0, failed: 0, dropped: 0 };
const RETRIED: Counts = Counts { sent: 0, retried: 1, failed: 0, dropped: 0 };
const FAILED: Counts = Counts { sent: 0, retried: 0, failed: 1, dropped: 0 };
const DROPPED: Counts = Counts { sent: 0, retried: 0, failed: 0, dropped: 1 };

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_request_carries_a_working_link_and_its_reset_says_sent() {
    run(async |app| {
        let asked = ask(app, "ada").await;
        let box_ = capture(app);
        assert_eq!(worker(app, Arc::new(box_.clone())).drain().await.unwrap(), SENT);
        let mails = box_.list();
        assert_eq!((mails.len(), mails[0].recipient.as_str()), (1, asked.person.email.as_str()));
        assert_eq!(mails[0].subject, "MFA reset request");
        assert!(mails[0].text.contains("As: Owner of the account Acme GmbH\n"), "{}", mails[0].text);
        assert_eq!(reset_behind(app, &mails[0].text).await.unwrap().id, asked.reset);
        assert_eq!(delivery(app, asked.reset).await, MailDelivery::Sent);

        let row = row(app, asked.mail).await;
        assert_eq!(row.get_str("state").unwrap(), "SENT");
        let text = format!("{row}");
        assert!(!text.contains("lkr_") && !text.contains('@'), "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_not_taken_is_tried_again_under_the_same_message_id() {
    run(async |app| {
        let server = SmtpServer::start();
        let worker = worker(app, smtp(&server));
        let asked = ask(app, "ada+lost250").await;
        assert_eq!(worker.drain().await.unwrap(), RETRIED);
        assert_eq!(delivery(app, asked.reset).await, MailDelivery::Queued);
        assert!(row(app, asked.mail).await.get_str("last_error").unwrap().contains("connection"));
        assert_eq!(worker.drain().await.unwrap(), Counts::default(), "not before its time");
        app.advance(Duration::from_secs(7));
        assert_eq!(worker.drain().await.unwrap(), SENT);
        assert_eq!(delivery(app, asked.reset).await, MailDelivery::Sent);

        let taken = server.taken();
        assert_eq!(taken.len(), 2);
        assert_eq!(header(&taken[0], "Message-ID"), format!("<{}@acme.example>", asked.mail));
        assert_eq!(header(&taken[0], "Message-ID"), header(&taken[1], "Message-ID"));
        // Whichever of the two the person opens, its link works.
        assert_ne!(plain_text(&taken[0]), plain_text(&taken[1]));
        for mail in &taken {
            assert_eq!(reset_behind(app, &plain_text(mail)).await.unwrap().id, asked.reset);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_refused_for_good_is_given_up_at_once() {
    run(async |app| {
        let server = SmtpServer::start();
        let worker = worker(app, smtp(&server));
        let asked = ask(app, "ada+fail550").await;
        assert_eq!(worker.drain().await.unwrap(), FAILED);
        assert_eq!(delivery(app, asked.reset).await, MailDelivery::Failed);
        let row = row(app, asked.mail).await;
        assert_eq!(row.get_str("state").unwrap(), "FAILED");
        assert_eq!(row.get_str("last_error").unwrap(), "the mail server answered 550 5.1.1");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_request_is_tried_until_shortly_before_the_reset_expires() {
    run(async |app| {
        let server = SmtpServer::start();
        let worker = worker(app, smtp(&server));
        let asked = ask(app, "ada+fail450").await;
        let start = app.now();
        let mut attempts = 0;
        loop {
            let counts = worker.drain().await.unwrap();
            attempts += counts.total();
            if counts == FAILED {
                break;
            }
            assert_eq!(delivery(app, asked.reset).await, MailDelivery::Queued);
            app.clock.set(row(app, asked.mail).await.get_datetime("next_at").unwrap().to_time_0_3());
        }
        assert_eq!(delivery(app, asked.reset).await, MailDelivery::Failed);
        assert!((20..40).contains(&attempts), "{attempts}");
        let took = app.now() - start;
        assert!(took > time::Duration::hours(11) && took < time::Duration::hours(12), "{took}");
    })
    .await;
}

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

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_that_waits_no_more_gets_no_mail() {
    run(async |app| {
        let box_ = capture(app);
        let worker = worker(app, Arc::new(box_.clone()));
        for (n, (state, says, why)) in [
            (MfaResetState::Superseded, MailDelivery::Failed, "a newer reset"),
            (MfaResetState::Cancelled, MailDelivery::Failed, "cancelled"),
            // Only a link that arrived can do either.
            (MfaResetState::Accepted, MailDelivery::Sent, "accepted"),
            (MfaResetState::Declined, MailDelivery::Sent, "declined"),
        ]
        .into_iter()
        .enumerate()
        {
            let asked = ask(app, &format!("ada{n}")).await;
            set_state(app, asked.reset, state).await;
            assert_eq!(worker.drain().await.unwrap(), DROPPED, "{state:?}");
            assert_eq!(delivery(app, asked.reset).await, says, "{state:?}");
            assert!(row(app, asked.mail).await.get_str("last_error").unwrap().contains(why));
        }
        let asked = ask(app, "ada-late").await;
        app.advance(Duration::from_secs(12 * 3600));
        assert_eq!(worker.drain().await.unwrap(), DROPPED);
        assert_eq!(delivery(app, asked.reset).await, MailDelivery::Failed);
        assert!(box_.list().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_to_somebody_who_is_gone_or_has_no_mailable_address_fails() {
    run(async |app| {
        let box_ = capture(app);
        let worker = worker(app, Arc::new(box_.clone()));
        let gone = ask(app, "ada").await;
        let users = app.store.database().collection::<Document>("users");
        users.delete_one(doc! { "_id": gone.person.id }).await.unwrap();
        assert_eq!(worker.drain().await.unwrap(), FAILED);
        assert_eq!(delivery(app, gone.reset).await, MailDelivery::Failed);

        let odd = ask(app, "bob").await;
        let set = doc! { "$set": { "email": "no address" } };
        app.update("users", doc! { "_id": odd.person.id }, set).await;
        assert_eq!(worker.drain().await.unwrap(), FAILED);
        assert_eq!(delivery(app, odd.reset).await, MailDelivery::Failed);
        assert!(box_.list().is_empty());
    })
    .await;
}

/// Every mail ends as SENT or FAILED, and the mail server has each that is SENT; one that is FAILED was refused.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_mail_server_does_no_mail_is_lost() {
    run(async |app| {
        let server = SmtpServer::start();
        let transport = SmtpTransport::new(&server.smtp("")).unwrap().with_limit(Duration::from_millis(300));
        let worker = worker(app, Arc::new(transport));
        let taken = ["a", "b+once450", "c+lost250"];
        let refused = ["d+fail550", "e+fail552data", "f+fail450", "g+drop"];
        let mut asked = Vec::new();
        for local_part in taken.into_iter().chain(refused) {
            asked.push((local_part, ask(app, local_part).await));
        }
        for _ in 0..60 {
            worker.drain().await.unwrap();
            app.advance(Duration::from_secs(15 * 60));
        }
        assert_eq!(app.store.outbox.count_queued(10).await.unwrap(), 0);
        let received: HashSet<_> =
            server.taken().iter().map(|mail| mail.envelope["to"][0].as_str().unwrap().to_owned()).collect();
        for (local_part, asked) in asked {
            let delivery = delivery(app, asked.reset).await;
            let is_taken = taken.contains(&local_part);
            assert_eq!(received.contains(&asked.person.email), is_taken, "{local_part}");
            let expected = if is_taken { MailDelivery::Sent } else { MailDelivery::Failed };
            assert_eq!(delivery, expected, "{local_part}");
        }
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

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// On one thread, so that everything that the worker does is seen, whatever other tests log.
#[tokio::test]
async fn logs_of_mail_hold_no_address_no_name_and_no_token() {
    run(async |app| {
        let server = SmtpServer::start();
        let worker = worker(app, smtp(&server));
        for local_part in ["ada", "ada+fail550", "ada+fail450", "ada+drop"] {
            ask(app, local_part).await;
        }
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        assert_eq!(worker.drain().await.unwrap().total(), 4);
        drop(guard);
        app.mail_may_wait();
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains("a mail is given up") && log.contains("kind=\"mfa_reset_request\""), "{log}");
        for secret in ["ada", "ADA", "@", "Olga", "Acme GmbH", "lkr_", "phone"] {
            assert!(!log.contains(secret), "{secret}: {log}");
        }
    })
    .await;
}
