//! What leaves: OTLP's messages for traces (<https://github.com/open-telemetry/opentelemetry-proto>, v1), as far as they
//! are used, and which attributes may be in them.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use opentelemetry::trace::{SpanKind, Status as SpanStatus};
use opentelemetry::{Key, Value};
use opentelemetry_sdk::trace::SpanData;
use prost::Message;

use crate::telemetry::build;

/// Every attribute that leaves. The driver gives more, among it its messages of errors (MongoDB repeats the values of
/// a key that is there already) and the ids of sessions.
const ALLOWED: [&str; 22] = [
    "http.request.method",
    "http.route",
    "http.response.status_code",
    "error.type",
    "graphql.operation.type",
    "graphql.operation.name",
    "db.system.name",
    "db.namespace",
    "db.collection.name",
    "db.operation.name",
    "db.command.name",
    "db.response.status_code",
    "exception.type",
    "server.address",
    "server.port",
    "network.protocol.name",
    "latchkey.request_id",
    "latchkey.transport",
    "latchkey.outcome",
    "latchkey.mail.id",
    "latchkey.mail.kind",
    "latchkey.mail.attempt",
];

#[derive(Clone, PartialEq, Message)]
struct ExportRequest {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected_spans: i64,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

/// The process that spans are from.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
struct Scope {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(fixed32, tag = "16")]
    flags: u32,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<Attribute>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(oneof = "Is", tags = "1, 2, 3, 4")]
    is: Option<Is>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Is {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Switch(bool),
    #[prost(int64, tag = "3")]
    Whole(i64),
    #[prost(double, tag = "4")]
    Fraction(f64),
}

fn attribute(key: &Key, value: Value) -> Option<Attribute> {
    let is = match value {
        Value::String(text) => Is::Text(text.into()),
        Value::Bool(switch) => Is::Switch(switch),
        Value::I64(whole) => Is::Whole(whole),
        Value::F64(fraction) => Is::Fraction(fraction),
        _ => return None,
    };
    Some(Attribute { key: key.to_string(), value: Some(AnyValue { is: Some(is) }) })
}

/// This process. `service.instance.id` is drawn anew at each start, as the conventions have it.
pub(super) fn resource() -> Resource {
    let instance = uuid::Uuid::new_v4().to_string();
    let of = [
        ("service.name", "latchkey".to_owned()),
        ("service.version", build::VERSION.to_owned()),
        ("service.instance.id", instance),
    ];
    let attributes = of.into_iter().filter_map(|(key, value)| attribute(&key.into(), value.into()));
    Resource { attributes: attributes.collect() }
}

/// The body of a request to the collector.
pub(super) fn request(resource: &Resource, batch: Vec<SpanData>) -> Bytes {
    let mut scopes: Vec<ScopeSpans> = Vec::new();
    for span in batch {
        let scope = Scope {
            name: span.instrumentation_scope.name().to_owned(),
            version: span.instrumentation_scope.version().unwrap_or_default().to_owned(),
        };
        match scopes.iter_mut().find(|known| known.scope.as_ref() == Some(&scope)) {
            Some(known) => known.spans.push(written(span)),
            None => scopes.push(ScopeSpans { scope: Some(scope), spans: vec![written(span)] }),
        }
    }
    let spans = ResourceSpans { resource: Some(resource.clone()), scope_spans: scopes };
    ExportRequest { resource_spans: vec![spans] }.encode_to_vec().into()
}

/// How many spans a collector says that it refused; an answer that cannot be read refuses none.
pub(super) fn refused(body: &[u8]) -> u64 {
    let answer = ExportResponse::decode(body).unwrap_or_default();
    answer.partial_success.map_or(0, |partial| u64::try_from(partial.rejected_spans).unwrap_or(0))
}

fn written(span: SpanData) -> Span {
    // The last two bits of flags say whether the parent is of another process: known, and so or not so.
    const KNOWN: u32 = 0x100;
    const REMOTE: u32 = 0x200;
    let root = span.parent_span_id == opentelemetry::trace::SpanId::INVALID;
    let remote = if span.parent_span_is_remote { REMOTE } else { 0 };
    let attributes = span.attributes.into_iter();
    let allowed = attributes.filter(|attribute| ALLOWED.contains(&attribute.key.as_str()));
    Span {
        trace_id: span.span_context.trace_id().to_bytes().into(),
        span_id: span.span_context.span_id().to_bytes().into(),
        parent_span_id: if root { Vec::new() } else { span.parent_span_id.to_bytes().into() },
        flags: u32::from(span.span_context.trace_flags().to_u8()) | KNOWN | remote,
        name: span.name.into_owned(),
        kind: match span.span_kind {
            SpanKind::Internal => 1,
            SpanKind::Server => 2,
            SpanKind::Client => 3,
            SpanKind::Producer => 4,
            SpanKind::Consumer => 5,
        },
        start_time_unix_nano: nanoseconds(span.start_time),
        end_time_unix_nano: nanoseconds(span.end_time),
        attributes: allowed.filter_map(|allowed| attribute(&allowed.key, allowed.value)).collect(),
        status: match span.status {
            SpanStatus::Unset => None,
            SpanStatus::Ok => Some(Status { code: 1 }),
            SpanStatus::Error { .. } => Some(Status { code: 2 }),
        },
    }
}

fn nanoseconds(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use opentelemetry::KeyValue;
    use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tokio::sync::mpsc;

    use super::super::queue::Queue;
    use super::*;

    /// Spans as they end, of which so many can wait.
    fn recorded(waiting: usize) -> (SdkTracerProvider, mpsc::Receiver<SpanData>) {
        let (spans, ended) = mpsc::channel(waiting);
        (SdkTracerProvider::builder().with_span_processor(Queue(spans)).build(), ended)
    }

    #[test]
    fn what_mongodb_says_of_values_and_whatever_is_not_listed_does_not_leave() {
        let (provider, mut ended) = recorded(1);
        let mut span = provider.tracer("mongodb").start("insert");
        // As the driver records an error.
        let says = "E11000 duplicate key error: dup key: { email: \"ada@acme.example\" }";
        span.set_attributes([
            KeyValue::new("exception.message", says),
            KeyValue::new("exception.type", "Write"),
            KeyValue::new("db.query.text", says),
            KeyValue::new("db.mongodb.lsid", says),
            KeyValue::new("server.port", 27017),
        ]);
        span.record_error(&std::io::Error::other(says));
        span.set_status(SpanStatus::error(says));
        span.end();
        let body = request(&resource(), vec![ended.try_recv().unwrap()]);
        assert!(!String::from_utf8_lossy(&body).contains("ada@acme.example"), "{body:?}");
        let sent = ExportRequest::decode(body).unwrap();
        let span = &sent.resource_spans[0].scope_spans[0].spans[0];
        let keys: Vec<_> = span.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
        assert_eq!(keys, ["exception.type", "server.port"]);
        assert_eq!((span.status.as_ref().unwrap().code, span.parent_span_id.len()), (2, 0));
    }

    #[test]
    fn a_span_that_finds_no_room_is_let_go_at_once() {
        let (provider, mut ended) = recorded(2);
        for name in ["first", "second", "third"] {
            provider.tracer("test").start(name).end();
        }
        let names = std::iter::from_fn(|| ended.try_recv().ok()).map(|span| span.name);
        assert_eq!(names.collect::<Vec<_>>(), ["first", "second"]);
    }
}
