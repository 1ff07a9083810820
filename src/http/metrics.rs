//! Figures for Prometheus, on a listener of their own. Labels come from short fixed lists, never from clients.

use std::time::Duration;

use async_graphql::parser::types::OperationType;
use axum::Router;
use axum::routing::get;
use http::header;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::refusal::code;

const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Installs the process's recorder; once.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder)?;
    metrics::describe_counter!("latchkey_requests_total", "GraphQL operations, by how they came and ended.");
    metrics::describe_histogram!("latchkey_request_seconds", "How long GraphQL operations took.");
    metrics::describe_counter!("latchkey_verifications_total", "Questions of reverse proxies, by answer.");
    metrics::describe_histogram!(
        "latchkey_verification_seconds",
        "How long answers to reverse proxies took."
    );
    metrics::describe_gauge!("latchkey_websockets", "Open WebSockets.");
    metrics::describe_gauge!("latchkey_websocket_operations", "Operations running on WebSockets.");
    metrics::describe_counter!("latchkey_audit_sealed_total", "Audit events sealed into their chains.");
    metrics::describe_gauge!("latchkey_audit_unsealed", "Audit events that wait to be sealed, up to 10,000.");
    metrics::describe_gauge!(
        "latchkey_audit_unsealed_age_seconds",
        "Since when the oldest audit event waits to be sealed; about ten seconds when all is well."
    );
    metrics::describe_counter!(
        "latchkey_audit_chains_refused_total",
        "Audit chains that were found changed and not continued."
    );
    Ok(handle)
}

/// What the separate listener serves: `/metrics`.
pub fn router(handle: PrometheusHandle) -> Router {
    Router::new().route(
        "/metrics",
        get(move || {
            let handle = handle.clone();
            async move {
                handle.run_upkeep();
                ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render())
            }
        }),
    )
}

/// One operation has ended.
pub(super) fn request(transport: &'static str, kind: &'static str, outcome: &'static str, took: Duration) {
    metrics::counter!("latchkey_requests_total", "transport" => transport, "kind" => kind, "outcome" => outcome)
        .increment(1);
    metrics::histogram!("latchkey_request_seconds", "transport" => transport, "kind" => kind).record(took);
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
