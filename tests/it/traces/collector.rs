//! A collector of traces: takes what OTLP over HTTP posts, and decodes it with OpenTelemetry's own messages.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message as _;

#[derive(Default)]
struct Inner {
    status: AtomicU16,
    rejected: Mutex<i64>,
    posts: Mutex<Vec<(HeaderMap, Bytes)>>,
}

/// The collector.
#[derive(Clone)]
pub struct Collector {
    inner: Arc<Inner>,
    pub url: String,
}

/// A span as it arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    pub trace: String,
    pub id: String,
    /// Empty where it is the first of its trace.
    pub parent: String,
    pub name: String,
    pub kind: i32,
    pub scope: String,
    pub failed: bool,
    pub attributes: BTreeMap<String, String>,
}

impl Span {
    pub fn is(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).map_or("", String::as_str)
    }
}

async fn take(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> (StatusCode, Vec<u8>) {
    inner.posts.lock().unwrap().push((headers, body));
    let rejected_spans = *inner.rejected.lock().unwrap();
    let partial_success = (rejected_spans > 0)
        .then(|| ExportTracePartialSuccess { rejected_spans, error_message: "no room".to_owned() });
    let answer = ExportTraceServiceResponse { partial_success };
    (StatusCode::from_u16(inner.status.load(Ordering::Relaxed)).unwrap(), answer.encode_to_vec())
}

impl Collector {
    pub async fn start() -> Self {
        let inner = Arc::new(Inner { status: AtomicU16::new(200), ..Inner::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/traces", post(take)).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, url }
    }

    /// Answers so from now on.
    pub fn answers(&self, status: u16, rejected: i64) {
        self.inner.status.store(status, Ordering::Relaxed);
        *self.inner.rejected.lock().unwrap() = rejected;
    }

    pub fn posts(&self) -> Vec<(HeaderMap, Bytes)> {
        self.inner.posts.lock().unwrap().clone()
    }

    /// Every byte that arrived.
    pub fn raw(&self) -> Vec<u8> {
        self.posts().iter().flat_map(|(_, body)| body.to_vec()).collect()
    }

    pub fn spans(&self) -> Vec<Span> {
        let posts = self.posts();
        let requests = posts.iter().map(|(_, body)| ExportTraceServiceRequest::decode(body.clone()).unwrap());
        let mut spans = Vec::new();
        for of_process in requests.flat_map(|request| request.resource_spans) {
            let resource = attributes(of_process.resource.unwrap().attributes);
            assert_eq!(resource["service.name"], "latchkey");
            assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
            for of_scope in of_process.scope_spans {
                let scope = of_scope.scope.unwrap().name;
                for span in of_scope.spans {
                    assert!(span.events.is_empty() && span.trace_state.is_empty(), "{span:?}");
                    assert!((1..).contains(&span.start_time_unix_nano), "{span:?}");
                    assert!(span.end_time_unix_nano >= span.start_time_unix_nano, "{span:?}");
                    let status = span.status.unwrap_or_default();
                    assert_eq!(status.message, "");
                    spans.push(Span {
                        trace: hex(&span.trace_id),
                        id: hex(&span.span_id),
                        parent: hex(&span.parent_span_id),
                        name: span.name,
                        kind: span.kind,
                        scope: scope.clone(),
                        failed: status.code == 2,
                        attributes: attributes(span.attributes),
                    });
                }
            }
        }
        spans
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attributes(all: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |value: Value| match value {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    all.into_iter().map(|KeyValue { key, value }| (key, text(value.unwrap().value.unwrap()))).collect()
}
