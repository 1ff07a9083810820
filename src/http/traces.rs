//! The edge's spans: one for a request, and in it one for the GraphQL operation. MongoDB's driver puts its commands into
//! whichever of them is current.
//!
//! There is no layer where nothing is traced. Probes and pages are never traced: they say nothing of the gateway's work.

use std::net::SocketAddr;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, Method};
use ipnet::IpNet;
use opentelemetry::context::FutureExt as _;
use opentelemetry::global::BoxedTracer;
use opentelemetry::trace::{
    SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Context, KeyValue, global};

use super::headers::RequestId;
use super::metrics;
use crate::domain::TraceParent;
use crate::telemetry::traces::chance;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Begins spans of requests.
pub(super) struct Tracing {
    tracer: BoxedTracer,
    ratio: f64,
    /// Whose `traceparent` is believed.
    trusted: Vec<IpNet>,
}

impl Tracing {
    pub(super) fn new(ratio: f64, trusted: Vec<IpNet>) -> Arc<Self> {
        Arc::new(Self { tracer: global::tracer("latchkey"), ratio, trusted })
    }

    /// The span that a request belongs to, where a trusted proxy says so. Whether that is recorded the proxy may have
    /// from its client, so it can only make it less: no more is recorded than the ratio says, whoever asks.
    fn parent(&self, request: &Request) -> Context {
        let none = Context::new();
        let Some(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>() else { return none };
        let peer = peer.0.ip().to_canonical();
        if !self.trusted.iter().any(|network| network.contains(&peer)) {
            return none;
        }
        match traceparent(request.headers()) {
            Some(parent) => {
                let sampled = parent.sampled && chance(self.ratio);
                none.with_remote_span_context(SpanContext::new(
                    TraceId::from_bytes(parent.trace),
                    SpanId::from_bytes(parent.span),
                    if sampled { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED },
                    true,
                    TraceState::NONE,
                ))
            }
            None => none,
        }
    }

    fn begin(&self, span: SpanBuilder, parent: &Context) -> Context {
        let context =
            parent.with_span(span.with_kind(SpanKind::Server).start_with_context(&self.tracer, parent));
        if context.span().span_context().is_sampled() {
            let trace = context.span().span_context().trace_id();
            tracing::Span::current().record("trace_id", tracing::field::display(trace));
        }
        context
    }

    /// Runs an operation of a WebSocket, whose upgrade is long over, in a trace of its own.
    pub(super) async fn on_socket<T>(&self, request_id: &str, work: impl Future<Output = T>) -> T {
        let span = SpanBuilder::from_name("WebSocket").with_attributes([
            KeyValue::new("latchkey.transport", "websocket"),
            KeyValue::new("latchkey.request_id", request_id.to_owned()),
        ]);
        let context = self.begin(span, &Context::new());
        let done = work.with_context(context.clone()).await;
        context.span().end();
        done
    }
}

/// Several are none.
fn traceparent(headers: &HeaderMap) -> Option<TraceParent> {
    let mut all = headers.get_all(TRACEPARENT).iter();
    match (all.next(), all.next()) {
        (Some(one), None) => TraceParent::parse(one.to_str().ok()?),
        _ => None,
    }
}

/// The layer.
pub(super) async fn trace(State(tracing): State<Arc<Tracing>>, request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let route = metrics::route(matched);
    if !matches!(route, "/graphql" | "/graphql/ws" | "/auth/verify" | "/.well-known/jwks.json") {
        return next.run(request).await;
    }
    let method = known(request.method());
    let mut attributes = vec![
        KeyValue::new("http.request.method", method),
        KeyValue::new("http.route", route),
        KeyValue::new("latchkey.transport", "http"),
    ];
    if let Some(id) = request.extensions().get::<RequestId>() {
        attributes.push(KeyValue::new("latchkey.request_id", id.as_str().to_owned()));
    }
    let span = SpanBuilder::from_name(format!("{method} {route}")).with_attributes(attributes);
    let context = tracing.begin(span, &tracing.parent(&request));
    let response = next.run(request).with_context(context.clone()).await;
    let (span, status) = (context.span(), response.status());
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    if status.is_server_error() {
        span.set_attribute(KeyValue::new("error.type", status.as_str().to_owned()));
        span.set_status(Status::error(""));
    }
    span.end();
    response
}

/// Anybody may send a method of their own.
fn known(method: &Method) -> &'static str {
    const KNOWN: [Method; 5] = [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS, Method::PUT];
    const NAMES: [&str; 5] = ["GET", "HEAD", "POST", "OPTIONS", "PUT"];
    let at = KNOWN.iter().position(|known| known == method);
    at.and_then(|at| NAMES.get(at).copied()).unwrap_or("_OTHER")
}

/// The span of an operation, where there is one around it.
pub(super) struct OperationSpan(Option<(Context, &'static str)>);

impl OperationSpan {
    pub(super) fn begin(kind: OperationType) -> Self {
        let around = Context::map_current(|context| context.has_active_span().then(|| context.clone()));
        Self(around.map(|around| {
            let kind = metrics::kind(kind);
            let span = SpanBuilder::from_name(kind)
                .with_attributes([KeyValue::new("graphql.operation.type", kind)])
                .start_with_context(&global::tracer("latchkey"), &around);
            (around.with_span(span), kind)
        }))
    }

    /// Runs what belongs to it.
    pub(super) async fn around<T>(&self, work: impl Future<Output = T>) -> T {
        match &self.0 {
            Some((context, _)) => work.with_context(context.clone()).await,
            None => work.await,
        }
    }

    /// It has ended. `name` is called for where it is wanted: the label that metrics give the operation, since clients
    /// choose names.
    pub(super) fn end(self, name: impl FnOnce() -> ::metrics::SharedString, outcome: &'static str) {
        let Some((context, kind)) = self.0 else { return };
        let (span, name) = (context.span(), name().to_string());
        span.set_attribute(KeyValue::new("latchkey.outcome", outcome));
        if matches!(outcome, "INTERNAL" | "UNAVAILABLE") {
            span.set_status(Status::error(""));
        }
        span.update_name(format!("{kind} {name}"));
        span.set_attribute(KeyValue::new("graphql.operation.name", name));
        span.end();
    }
}
