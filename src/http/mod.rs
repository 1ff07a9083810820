//! The edge: everything between a socket and the GraphQL schema.
//!
//! It bounds, authenticates from the outside and answers; it decides nothing about users and accounts. Of the
//! rest of the gateway it sees only [`Backend`], so its tests run against a toy schema.

pub mod backend;
#[cfg(any(test, fuzzing))]
pub(crate) mod bad_input;
pub mod gate;
mod gateway;
pub mod headers;
mod health;
mod live;
pub mod metrics;
mod negotiation;
mod operation_names;
mod over_http;
pub mod pages;
pub mod refusal;
pub mod server;
pub mod session;
pub mod stopping;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod toy;
mod traces;
pub mod websocket;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use http::{StatusCode, header};
use ipnet::IpNet;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;

pub use self::backend::{Backend, Opened, Outgoing};
use self::gate::Gate;
pub use self::gate::{Limits, TrustedDocuments, TrustedError, TrustedSources};
pub use self::live::LiveBackend;
use self::operation_names::OperationNames;
pub use self::pages::Pages;
pub use self::refusal::Refusal;
pub use self::session::{Caller, CookieChange, CookieStyle, Presented};
pub use self::stopping::Stopping;
use self::traces::Tracing;
pub use self::websocket::SocketSettings;
use crate::config::{Config, PublicUrl};

/// How the edge behaves.
#[derive(Clone)]
pub struct Settings {
    /// How the session cookie looks; `secure` also says whether browsers come over https.
    pub cookie: CookieStyle,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Bytes of a request's body, and of a WebSocket message.
    pub body_limit: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How long a request may take; then its work in MongoDB is ended.
    pub deadline: Duration,
    /// How large a document may be.
    pub limits: Limits,
    /// Whether the schema may be asked for.
    pub introspection: bool,
    /// Documents known before the first request.
    pub trusted: Arc<TrustedDocuments>,
    /// Bounds of a WebSocket.
    pub socket: SocketSettings,
    /// Which pages there are.
    pub pages: Pages,
    /// What `/.well-known/security.txt` says; it is not there when absent.
    pub security_txt: Option<String>,
    /// The share of requests that is traced at most, where any is.
    pub traced: Option<f64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cookie: CookieStyle { secure: true },
            trusted_proxies: Vec::new(),
            body_limit: 256 * 1024,
            body_timeout: Duration::from_secs(10),
            deadline: Duration::from_secs(20),
            limits: Limits::default(),
            introspection: false,
            trusted: Arc::default(),
            socket: SocketSettings::default(),
            pages: Pages::default(),
            security_txt: None,
            traced: None,
        }
    }
}

impl Settings {
    /// As the configuration says. `mailbox` is where `dev` keeps captured mail.
    ///
    /// # Errors
    /// When the trusted documents cannot be used.
    pub fn of(
        config: &Config,
        mailbox: Option<Arc<dyn pages::mailbox::Mailbox>>,
    ) -> Result<Self, TrustedError> {
        let limits = Limits::default();
        let sources = TrustedSources {
            manifests: &config.trusted_documents,
            web_dir: config.web_dir.as_deref(),
            own: pages::documents(),
            only: config.trusted_documents_only,
        };
        Ok(Self {
            trusted: Arc::new(TrustedDocuments::load(&sources, &limits)?),
            limits,
            cookie: CookieStyle { secure: config.public_url.is_https() },
            trusted_proxies: config.trusted_proxies.clone(),
            introspection: config.introspection,
            deadline: config.request_deadline,
            security_txt: config.security_txt.as_ref().map(|said| said.text(&config.public_url)),
            traced: config.otlp.as_ref().map(|otlp| otlp.ratio),
            socket: SocketSettings { origins: origins(&config.public_url), ..SocketSettings::default() },
            pages: Pages {
                service_name: config.service_name.clone(),
                playground: config.playground,
                trusted_only: config.trusted_documents_only,
                web_dir: config.web_dir.clone(),
                mailbox,
            },
            ..Self::default()
        })
    }
}

/// The origins that are ours: the public one and, on this machine, its other names.
fn origins(public: &PublicUrl) -> Vec<String> {
    let origin = public.origin();
    let mut all = vec![origin.clone()];
    if public.is_loopback() {
        for name in ["127.0.0.1", "localhost", "[::1]"] {
            all.push(origin.replacen(public.host(), name, 1));
        }
    }
    all
}

/// What the handlers share.
pub struct Edge {
    settings: Settings,
    backend: Arc<dyn Backend>,
    gate: Gate,
    /// Which names of operations are labels of metrics.
    names: OperationNames,
    /// What begins traces, where any are.
    tracing: Option<Arc<Tracing>>,
    /// Requests under way; they outlive the connections that asked.
    tasks: TaskTracker,
    /// Places for WebSockets.
    sockets: Arc<Semaphore>,
    /// Places for queries that are executed.
    queries: Arc<Semaphore>,
    /// Where the gateway is on its way out: at its end WebSockets close so that clients come back elsewhere.
    stopping: Stopping,
}

impl Edge {
    /// The edge in front of `backend`.
    pub fn new(settings: Settings, backend: Arc<dyn Backend>, stopping: Stopping) -> Arc<Self> {
        Arc::new(Self {
            tracing: settings.traced.map(|ratio| Tracing::new(ratio, settings.trusted_proxies.clone())),
            names: OperationNames::new(settings.trusted.operation_names()),
            gate: Gate::new(settings.limits.clone(), settings.introspection, settings.trusted.clone()),
            sockets: Arc::new(Semaphore::new(settings.socket.sockets)),
            queries: Arc::new(Semaphore::new(over_http::queries_at_once())),
            tasks: TaskTracker::new(),
            settings,
            backend,
            stopping,
        })
    }

    /// Everything that the gateway serves.
    pub fn router(self: &Arc<Self>) -> Router {
        let router = Router::new()
            .route(
                "/graphql",
                get(over_http::graphql).post(over_http::graphql).fallback(over_http::other_method),
            )
            .route("/graphql/ws", get(websocket::upgrade))
            .route("/auth/verify", any(gateway::verify))
            // Envoy puts the path that was asked for behind the prefix.
            .route("/auth/verify/", any(gateway::verify_behind_prefix))
            .route("/auth/verify/{*path}", any(gateway::verify_behind_prefix))
            .route("/.well-known/jwks.json", get(gateway::key_set))
            .route("/healthz", get(health::live))
            .route("/livez", get(health::live))
            .route("/readyz", get(health::ready))
            .with_state(self.clone())
            .merge(security_txt(self.settings.security_txt.as_deref()))
            .merge(self.settings.pages.router())
            .fallback(not_found)
            // Execution has tasks of its own; this is for everything else.
            .layer(CatchPanicLayer::custom(|_| over_http::panicked()));
        let router = match &self.tracing {
            Some(tracing) => {
                router.layer(axum::middleware::from_fn_with_state(tracing.clone(), traces::trace))
            }
            None => router,
        };
        router
            .layer(axum::middleware::from_fn_with_state(self.settings.cookie.secure, headers::apply))
            .layer(axum::middleware::from_fn(metrics::measure))
    }
}

/// RFC 9116. Where nobody is named, there is no such file.
fn security_txt(text: Option<&str>) -> Router {
    let Some(text) = text.map(Arc::<str>::from) else { return Router::new() };
    let answer = move || {
        let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        std::future::ready((plain, text.to_string()).into_response())
    };
    Router::new().route("/.well-known/security.txt", get(answer))
}

/// Says nothing of the path: a page that repeats what it was asked can be made to say anything.
async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "Not found.\n")
        .into_response()
}
