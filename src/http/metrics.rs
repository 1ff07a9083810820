//! What the edge measures, and the listener that Prometheus asks. Labels come from short lists, never from clients; see
//! `telemetry::metrics` for all of them.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::get;
use http::header;
use metrics::SharedString;
use tokio::time::Instant;

use super::Edge;
use super::refusal::code;
use crate::telemetry::metrics::Figures;

/// What the separate listener serves: `/metrics`.
pub fn router(figures: Figures, edge: Arc<Edge>) -> Router {
    Router::new().route(
        "/metrics",
        get(move || {
            let (figures, edge) = (figures.clone(), edge.clone());
            async move {
                metrics::gauge!("latchkey_requests_running").set(edge.tasks.len() as f64);
                ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], figures.render())
            }
        }),
    )
}

/// What is known of an operation before it has ended.
pub(super) struct Ran {
    pub(super) kind: &'static str,
    /// The name that the document gives it; nothing where nothing was executed.
    pub(super) operation: Option<SharedString>,
}

impl Default for Ran {
    fn default() -> Self {
        Self { kind: "none", operation: None }
    }
}

/// One operation has ended.
pub(super) fn request(transport: &'static str, ran: Ran, outcome: &'static str, took: Duration) {
    let Ran { kind, operation } = ran;
    let operation = operation.unwrap_or_else(|| "none".into());
    metrics::histogram!(
        "latchkey_request_seconds",
        "transport" => transport, "kind" => kind, "operation" => operation.clone()
    )
    .record(took);
    metrics::counter!(
        "latchkey_requests_total",
        "transport" => transport, "kind" => kind, "operation" => operation, "outcome" => outcome
    )
    .increment(1);
}

/// Measures every answer over HTTP.
pub(super) async fn measure(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let route = route(request.extensions().get::<MatchedPath>().map(MatchedPath::as_str));
    let response = next.run(request).await;
    let status = SharedString::from(response.status().as_str().to_owned());
    metrics::counter!("latchkey_http_responses_total", "route" => route, "status" => status).increment(1);
    metrics::histogram!("latchkey_http_seconds", "route" => route).record(start.elapsed());
    response
}

pub(super) fn route(matched: Option<&str>) -> &'static str {
    const NAMED: [&str; 7] = [
        "/graphql",
        "/graphql/ws",
        "/auth/verify",
        "/.well-known/jwks.json",
        "/healthz",
        "/livez",
        "/readyz",
    ];
    match matched {
        None => "none",
        Some(path) if path.starts_with("/auth/verify/") => "/auth/verify",
        Some(path) => NAMED.into_iter().find(|named| *named == path).unwrap_or("page"),
    }
}

/// A reverse proxy was answered.
pub(super) fn verified(outcome: &'static str, took: Duration) {
    metrics::counter!("latchkey_verifications_total", "outcome" => outcome).increment(1);
    metrics::histogram!("latchkey_verification_seconds").record(took);
}

/// Operations on WebSockets have begun or, below zero, ended.
pub(super) fn operations(change: f64) {
    metrics::gauge!("latchkey_websocket_operations").increment(change);
}

pub(super) fn kind(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

/// The label of an error code; codes that the edge does not know are one.
pub(super) fn outcome(code: Option<&str>) -> &'static str {
    const KNOWN: [&str; 8] = [
        code::UNAUTHENTICATED,
        code::FORBIDDEN,
        "NOT_FOUND",
        code::BAD_USER_INPUT,
        code::RATE_LIMITED,
        code::UNAVAILABLE,
        code::INTERNAL,
        code::PERSISTED_QUERY_NOT_FOUND,
    ];
    KNOWN.into_iter().find(|known| Some(*known) == code).unwrap_or("OTHER")
}
