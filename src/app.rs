//! The composition root: puts the rooms together, and the only one that knows them all.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::{Keyring, Passwords};
use crate::graphql;
use crate::http::pages::mailbox::{CapturedMail, Mailbox};
use crate::http::server::{self, ServerSettings};
use crate::http::{self, Edge, LiveBackend, Stopping};
use crate::mail::{Capture, MailWorker, Renderer, SmtpTransport, Transport};
use crate::service::audit_seal::AuditSealer;
use crate::service::key_rotation::{KeyRotation, KeysError};
use crate::service::{Services, Settings, Tools};
use crate::store::{Store, StoreOptions};
use crate::telemetry::{self, metrics::Figures, traces::Traces};
use crate::webhook::{Client, WebhookWorker};

/// Messages that `dev` keeps.
const CAPTURED: usize = 1000;

/// What differs between the gateway, `dev` and tests.
pub struct Parts {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Opens and seals TOTP secrets.
    pub keyring: Arc<Keyring>,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// Where mail goes; nothing for the configured SMTP server, or memory where none is configured.
    pub transport: Option<Arc<dyn Transport>>,
}

/// The gateway, ready to serve.
pub struct App {
    /// The use cases.
    pub services: Services,
    /// MongoDB.
    pub store: Store,
    /// Sends the outbox.
    pub mail: MailWorker,
    /// Captured mail, where mail is captured.
    pub capture: Option<Capture>,
    webhooks: WebhookWorker,
    keys: KeyRotation,
    edge: Arc<Edge>,
    server: ServerSettings,
    metrics: Option<(SocketAddr, Figures)>,
    traces: Option<Traces>,
    stopping: Stopping,
    delay: Duration,
}

struct Captured(Capture);

impl Mailbox for Captured {
    fn mails(&self) -> Vec<CapturedMail> {
        let newest_first = self.0.list();
        let convert = |mail: crate::mail::CapturedMail| CapturedMail {
            number: mail.id,
            at: mail.received_at,
            recipient: mail.recipient,
            subject: mail.subject,
            text: mail.text,
            html: mail.html,
            raw: mail.raw,
        };
        newest_first.into_iter().rev().map(convert).collect()
    }
}

fn duration(of: std::time::Duration) -> anyhow::Result<time::Duration> {
    time::Duration::try_from(of).context("a configured duration is out of range")
}

impl App {
    /// Puts everything together. Opens no connection yet.
    pub async fn build(config: &Config, parts: Parts) -> anyhow::Result<Self> {
        let Parts { clock, keyring, passwords, transport } = parts;
        // First of all: what is counted before there is anything to count with is lost.
        let metrics = match config.metrics_listen {
            Some(address) => {
                Some((address, telemetry::metrics::install().context("metrics cannot be collected")?))
            }
            None => None,
        };
        let traces = config.otlp.as_ref().map(Traces::install).transpose();
        let traces = traces.context("LATCHKEY_OTLP_ENDPOINT cannot be used")?;
        let options = StoreOptions {
            uri: config.mongodb_uri.expose_secret().to_owned(),
            database: config.mongodb_database.clone(),
            max_pool: config.mongodb_pool,
            measured: metrics.is_some(),
            traced: traces.is_some(),
        };
        let store = Store::connect(&options).await.context("LATCHKEY_MONGODB_URI cannot be used")?;

        let (transport, capture): (Arc<dyn Transport>, _) = match (transport, &config.smtp) {
            (Some(transport), _) => (transport, None),
            (None, Some(smtp)) => {
                (Arc::new(SmtpTransport::new(smtp).context("LATCHKEY_SMTP_URL cannot be used")?), None)
            }
            (None, None) => {
                let capture = Capture::new(clock.clone(), CAPTURED);
                (Arc::new(capture.clone()), Some(capture))
            }
        };
        let renderer =
            Renderer::new(config.mail_from.clone(), config.service_name.clone(), config.public_url.clone())?;
        let mail = MailWorker::new(store.clone(), clock.clone(), keyring.clone(), transport, renderer);

        let client = Client::new(config.webhook_allow_private, None)?;
        let webhooks = WebhookWorker::new(store.clone(), clock.clone(), keyring.clone(), client);

        let keys = KeyRotation { store: store.clone(), keyring: keyring.clone() };
        let services = Services::new(Tools {
            store: store.clone(),
            clock,
            keyring,
            passwords,
            settings: Settings {
                mfa_reset_ttl: duration(config.mfa_reset_ttl)?,
                session_idle: duration(config.session_idle)?,
                session_max: duration(config.session_max)?,
                sign_up: config.sign_up,
                new_device_code: config.new_device_code,
                password_reset_hold: duration(config.password_reset_hold)?,
                mfa_reset_hold: duration(config.mfa_reset_hold)?,
                step_up_age: duration(config.step_up_age)?,
                post_reset_hold: duration(config.post_reset_hold)?,
                disavow_freeze: duration(config.disavow_freeze)?,
                reset_burst: config.reset_burst.into(),
                webhook_private: config.webhook_allow_private,
                service_name: config.service_name.clone(),
                issuer: config.public_url.origin(),
            },
            mail_waker: mail.waker(),
        });

        let stopping = Stopping::new();
        let mailbox = capture.clone().map(|capture| Arc::new(Captured(capture)) as Arc<dyn Mailbox>);
        let settings = http::Settings::of(config, mailbox).context("the trusted documents cannot be used")?;
        let schema = graphql::schema(config.introspection);
        let backend = Arc::new(LiveBackend::new(schema, services.clone()));
        let edge = Edge::new(settings, backend, stopping.clone());
        let server = ServerSettings { grace: config.shutdown_grace, ..ServerSettings::default() };
        Ok(Self {
            services,
            store,
            mail,
            capture,
            webhooks,
            keys,
            edge,
            server,
            metrics,
            traces,
            stopping,
            delay: config.shutdown_delay,
        })
    }

    /// Serves until `stop`, then finishes what is under way: requests, mail that is being sent, WebSockets (closed so
    /// that clients come back elsewhere).
    pub async fn run(self, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
        // Before anybody is served: with the wrong keys, secrets would be sealed that no other gateway can read.
        match self.keys.check().await {
            Ok(()) => {}
            Err(error) if error.is_unavailable() => {
                tracing::warn!(%error, "whether the keys are the right ones cannot be seen yet");
            }
            Err(error) => return Err(error.into()),
        }
        let metrics = match &self.metrics {
            None => None,
            Some((address, figures)) => {
                let listener = TcpListener::bind(address)
                    .await
                    .with_context(|| format!("{address} (LATCHKEY_METRICS_LISTEN) cannot be used"))?;
                Some((listener, figures.clone()))
            }
        };
        let tasks = TaskTracker::new();
        let (mail, stopping) = (self.mail.clone(), self.stopping.end_token());
        tasks.spawn(async move { mail.run(stopping).await });
        let (webhooks, stopping) = (self.webhooks.clone(), self.stopping.end_token());
        tasks.spawn(async move { webhooks.run(stopping).await });
        let (sealer, stopping) = (AuditSealer::new(self.services.clone()), self.stopping.end_token());
        tasks.spawn(async move { sealer.run(stopping).await });
        let (services, stopping) = (self.services.clone(), self.stopping.end_token());
        tasks.spawn(async move { services.keep_mfa_coverage(stopping).await });
        let (services, stopping) = (self.services.clone(), self.stopping.end_token());
        tasks.spawn(async move { services.keep_resets_effective(stopping).await });
        if let Some((listener, figures)) = metrics {
            self.services.begin_measuring();
            let (services, stopping) = (self.services.clone(), self.stopping.end_token());
            tasks.spawn(async move { services.keep_measuring(stopping).await });
            let (stopping, settings) = (self.stopping.clone(), ServerSettings::default());
            let router = http::metrics::router(figures, self.edge.clone());
            tasks.spawn(server::serve(listener, router, settings, stopping));
        }
        let (stopping, delay) = (self.stopping.clone(), self.delay);
        let watcher = tokio::spawn(async move {
            stop.cancelled().await;
            stopping.leave(delay).await;
        });
        let (keys, stopping) = (self.keys.clone(), self.stopping.clone());
        let keys = tokio::spawn(async move {
            let outcome: Result<(), KeysError> = keys.run(stopping.end_token()).await;
            if outcome.is_err() {
                stopping.end();
            }
            outcome
        });
        self.serve_until_stopping(listener).await;
        tasks.close();
        tasks.wait().await;
        watcher.abort();
        let keys = keys.await.context("the task that looks after the keys failed")?;
        self.store.close().await;
        if let Some(traces) = self.traces {
            traces.finish().await;
        }
        Ok(keys?)
    }

    /// Serves HTTP alone until `stop`: no mail, no sealing, no metrics. For tests, which do that when they say so.
    pub async fn serve_http(self, listener: TcpListener, stop: CancellationToken) {
        let (stopping, delay) = (self.stopping.clone(), self.delay);
        let watcher = tokio::spawn(async move {
            stop.cancelled().await;
            stopping.leave(delay).await;
        });
        self.serve_until_stopping(listener).await;
        watcher.abort();
    }

    async fn serve_until_stopping(&self, listener: TcpListener) {
        let grace = self.server.grace;
        server::serve(listener, self.edge.router(), self.server.clone(), self.stopping.clone()).await;
        self.edge.finish(grace).await;
    }
}
