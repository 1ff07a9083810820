//! The gateway whole, for a test: real MongoDB (one database a test), real HTTP on a port of its own, a clock that the
//! test moves, and a mailbox.
//!
//! `run` starts it, hands it to the test, and afterwards fails a test that left mail unsent.

// Each test uses what it needs of it.
#![allow(dead_code)]

mod client;
mod logs;
mod mongod;
pub mod secrets;
mod socket;
pub mod timing;
mod world;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use latchkey::app::{App, Parts};
use latchkey::clock::{Clock, ManualClock};
use latchkey::config::{Config, Purpose};
use latchkey::crypto::{Keyring, Passwords};
use latchkey::mail::{Capture, CapturedMail, MailWorker};
use latchkey::service::Services;
use latchkey::store::Store;
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use client::{Client, Reply};
pub use logs::logged;
pub use mongod::{mongod_uri, tools};
pub use socket::{Event, Socket};
pub use world::{PASSWORD, Person};

/// The gateway under test.
pub struct TestApp {
    pub services: Services,
    pub store: Store,
    pub mail: MailWorker,
    pub clock: ManualClock,
    pub keyring: Arc<Keyring>,
    pub passwords: Passwords,
    pub database: String,
    address: SocketAddr,
    capture: Option<Capture>,
    mail_may_wait: AtomicBool,
    written_before: usize,
    stop: CancellationToken,
}

/// What a test wants different from the usual.
#[derive(Default)]
pub struct Options {
    /// More configuration, as environment variables.
    pub vars: Vec<(String, String)>,
    /// Where mail goes instead of the mailbox.
    pub transport: Option<Arc<dyn latchkey::mail::Transport>>,
    /// How passwords are hashed instead of as cheaply as can be.
    pub passwords: Option<Passwords>,
    /// Whether the mail worker runs by itself instead of when the test says so.
    pub mail_runs: bool,
}

/// Runs a test against a gateway with the usual configuration.
pub async fn run(test: impl AsyncFnOnce(&TestApp)) {
    run_with(Options::default(), test).await;
}

/// Runs a test against a gateway.
pub async fn run_with(options: Options, test: impl AsyncFnOnce(&TestApp)) {
    let app = TestApp::start(options).await;
    test(&app).await;
    app.finish().await;
}

fn database_name() -> String {
    format!("test_{}", uuid::Uuid::now_v7().simple())
}

impl TestApp {
    /// Starts a gateway. Prefer [`run`], which also finishes it.
    pub async fn start(options: Options) -> Self {
        Self::start_on(options, database_name()).await
    }

    /// Starts a gateway on a database that may be there already: another replica.
    pub async fn start_on(options: Options, database: String) -> Self {
        Self::start_replica(options, database, ManualClock::starting_now(), Arc::new(Keyring::generate()))
            .await
    }

    /// Starts another replica of this gateway: the same database, clock and keys.
    pub async fn replica(&self, options: Options) -> Self {
        Self::start_replica(options, self.database.clone(), self.clock.clone(), self.keyring.clone()).await
    }

    /// Another replica whose clock goes wrong by so much.
    pub async fn replica_off_by(&self, skew: time::Duration) -> Self {
        let clock = ManualClock::at(self.now() + skew);
        Self::start_replica(Options::default(), self.database.clone(), clock, self.keyring.clone()).await
    }

    /// Another replica with other keys, as in the middle of a rotation.
    pub async fn replica_with_keys(&self, keyring: Arc<Keyring>) -> Self {
        Self::start_replica(Options::default(), self.database.clone(), self.clock.clone(), keyring).await
    }

    async fn start_replica(
        options: Options,
        database: String,
        clock: ManualClock,
        keyring: Arc<Keyring>,
    ) -> Self {
        logs::install();
        let written_before = secrets::written();
        keyring
            .to_toml()
            .lines()
            .filter_map(|line| line.split_once(" = ")?.1.split('"').nth(1))
            .for_each(secrets::secret);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut vars = vec![
            ("LATCHKEY_MONGODB_URI".to_owned(), mongod_uri()),
            ("LATCHKEY_MONGODB_DATABASE".to_owned(), database.clone()),
            ("LATCHKEY_LISTEN".to_owned(), address.to_string()),
            ("LATCHKEY_PUBLIC_URL".to_owned(), format!("http://{address}")),
            ("LATCHKEY_MAIL_FROM".to_owned(), "Latchkey <mfa@latchkey.test>".to_owned()),
        ];
        vars.extend(options.vars);
        let config = Config::from_vars(Purpose::Dev, vars).unwrap();
        let passwords = options.passwords.unwrap_or_else(Passwords::for_tests);
        let parts = Parts {
            clock: Arc::new(clock.clone()),
            keyring: keyring.clone(),
            passwords: passwords.clone(),
            transport: options.transport,
        };
        let app = App::build(&config, parts).await.unwrap();
        app.store.migrate().await.unwrap();
        let stop = CancellationToken::new();
        let (services, store, mail, capture) =
            (app.services.clone(), app.store.clone(), app.mail.clone(), app.capture.clone());
        let running = stop.clone();
        if options.mail_runs {
            tokio::spawn(async move { app.run(listener, running).await.unwrap() });
        } else {
            tokio::spawn(async move { app.serve_http(listener, running).await });
        }
        Self {
            services,
            store,
            mail,
            clock,
            keyring,
            passwords,
            database,
            address,
            capture,
            mail_may_wait: AtomicBool::new(options.mail_runs),
            written_before,
            stop,
        }
    }

    /// Stops the gateway and drops its database. Fails when mail was left unsent, or when a secret was logged.
    pub async fn finish(self) {
        self.stop.cancel();
        secrets::check_written_since(self.written_before);
        if !self.mail_may_wait.load(Ordering::Relaxed) {
            assert_eq!(self.store.outbox.count_queued(100).await.unwrap(), 0, "mail was left unsent");
        }
        self.store.database().drop().await.unwrap();
    }

    /// Stops the gateway and leaves its database to another replica.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// This test leaves mail unsent on purpose.
    pub fn mail_may_wait(&self) {
        self.mail_may_wait.store(true, Ordering::Relaxed);
    }

    /// Now, as the gateway sees it.
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// A page or endpoint of the gateway.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The WebSocket endpoint.
    pub fn ws_url(&self) -> String {
        format!("ws://{}/graphql/ws", self.address)
    }

    /// A client without a session.
    pub fn client(&self) -> Client {
        Client::new(self.url("/graphql"))
    }

    /// Sends all mail that is due, and gives what has arrived so far, oldest first.
    pub async fn deliver(&self) -> Vec<CapturedMail> {
        self.mail.drain().await.unwrap();
        let mut mails = self.capture.as_ref().expect("mail is not captured in this test").list();
        mails.iter().for_each(|mail| secrets::notice_text(&mail.text));
        mails.reverse();
        mails
    }

    /// Sends all mail that is due, and gives the latest to one person.
    pub async fn latest_mail(&self, to: &Person) -> CapturedMail {
        let mails = self.deliver().await;
        mails.into_iter().rfind(|mail| mail.recipient == to.email).expect("no mail to this person")
    }

    /// The mail that has arrived at one person, oldest first.
    pub fn mails_to(&self, person: &Person) -> Vec<CapturedMail> {
        let mut mails = self.capture.as_ref().expect("mail is not captured in this test").list();
        mails.reverse();
        mails.retain(|mail| mail.recipient == person.email);
        mails
    }

    /// The token of the accept link in the latest "MFA reset request" to one person.
    pub async fn reset_token(&self, to: &Person) -> String {
        let mails = self.deliver().await;
        let request = mails
            .into_iter()
            .rfind(|mail| mail.recipient == to.email && mail.subject == "MFA reset request")
            .expect("no reset request to this person");
        token_in(&request.text)
    }

    /// How many audit events of an action a scope has.
    pub async fn audit_count(
        &self,
        scope: latchkey::domain::Scope,
        action: latchkey::domain::AuditAction,
    ) -> u64 {
        let filter =
            latchkey::store::audit_events::AuditFilter { actions: vec![action], ..Default::default() };
        self.store.audit_events.count(scope, &filter, 1000).await.unwrap()
    }
}

/// The token of the first reset link in a mail's text.
pub fn token_in(text: &str) -> String {
    let at = text.find("#token=").expect("no link") + "#token=".len();
    let token: String =
        text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    secrets::secret(&token);
    token
}
