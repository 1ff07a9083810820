//! GraphQL over HTTP, by the specification: `POST` for everything, `GET` for queries.
//!
//! Each request is looked up and executed in a task of its own, which no hang-up and no deadline drops: the
//! MongoDB driver stalls for its other users when its futures are dropped half way.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::Response as Answer;
use async_graphql::parser::types::OperationType;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use secrecy::SecretString;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};

use super::gate::{Admitted, Asked, Parameters};
use super::metrics::Ran;
use super::negotiation::{self, Media};
use super::operation_names::Execution;
use super::refusal::{self, Refusal};
use super::session::{self, Caller, CookieChange};
use super::traces::OperationSpan;
use super::{Edge, metrics};
use crate::service::deadline::{self, Deadline};

/// What uses MongoDB ends at the deadline and says so itself; what does not has this much longer before its client is let
/// go.
pub(super) const GRACE: Duration = Duration::from_millis(500);

/// Queries that are executed at once, for each processor. When its client hangs up, a query that has begun sees the look-up
/// through that it is at (see `store::deadline`), so that what follows a crowd of hang-ups waits for no more than these; the
/// others are dropped while they wait. Mutations are not counted: log-ins wait for Argon2, and reads must not wait for
/// log-ins. They are never abandoned either.
const QUERIES_PER_PROCESSOR: usize = 16;

/// How many queries are executed at once.
pub(super) fn queries_at_once() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).saturating_mul(QUERIES_PER_PROCESSOR)
}

/// Answers `/graphql`.
pub async fn graphql(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let start = Instant::now();
    let (parts, body) = request.into_parts();
    let media = Media::negotiate(&parts.headers);
    let mut ran = Ran::default();
    let result = match media {
        Some(_) => answer(&edge, &parts, body, &mut ran).await,
        None => Err(Refusal::http(
            StatusCode::NOT_ACCEPTABLE,
            "Accept application/graphql-response+json or application/json.",
        )),
    };
    let media = media.unwrap_or(Media::Json);
    let (response, outcome) = match result {
        Ok(done) => {
            let outcome = outcome_of(&done.answer);
            (executed(&edge, media, &done), outcome)
        }
        Err(refusal) => {
            let outcome = metrics::outcome(Some(refusal.code));
            (refused(media, refusal), outcome)
        }
    };
    metrics::request("http", ran, outcome, start.elapsed());
    response
}

/// A request that was executed.
pub(super) struct Done {
    pub(super) answer: Answer,
    pub(super) signed_in: bool,
    cookie: Option<CookieChange>,
    device: Option<(SecretString, Duration)>,
}

async fn answer(edge: &Arc<Edge>, parts: &Parts, body: Body, ran: &mut Ran) -> Result<Done, Refusal> {
    let asked = match parts.method {
        Method::POST => {
            negotiation::check_content_type(&parts.headers)?;
            read_body(edge, body).await?
        }
        _ => read_query(parts.uri.query().unwrap_or_default())?,
    };
    let presented = session::presented(parts, edge.settings.cookie)?;
    let admitted = edge.gate.admit(asked)?;
    match admitted.kind {
        OperationType::Query => {}
        OperationType::Mutation if parts.method == Method::POST => {}
        OperationType::Mutation => {
            return Err(Refusal::method("POST", "A mutation must be sent by POST."));
        }
        OperationType::Subscription => {
            return Err(Refusal::document(
                "A subscription goes over the WebSocket at /graphql/ws (protocol graphql-transport-ws).",
            ));
        }
    }
    let meta = session::meta(parts, &edge.settings.trusted_proxies);
    let wants_cookie = session::wants_cookie(&parts.headers);
    let device = wants_cookie.then(|| edge.settings.cookie.device(&parts.headers)).flatten();
    run(edge, Caller { presented, wants_cookie, device, meta }, admitted, ran).await
}

/// Executes, and says in `ran` what it was.
pub(super) async fn run(
    edge: &Arc<Edge>,
    caller: Caller,
    admitted: Admitted,
    ran: &mut Ran,
) -> Result<Done, Refusal> {
    let (kind, operation) = (metrics::kind(admitted.kind), admitted.operation.clone());
    let done = execute(edge, caller, admitted).await;
    let execution = match &done {
        Ok(done) => executed_for(&done.answer, done.signed_in),
        Err(_) => Execution::Refused,
    };
    *ran = Ran { kind, operation: Some(edge.names.label(operation.as_deref(), execution)) };
    done
}

/// A place among the queries that are executed at once. Nothing of the MongoDB driver is under way while it is waited for.
async fn place_of_query(edge: &Edge) -> Result<OwnedSemaphorePermit, Refusal> {
    match timeout(edge.settings.deadline, edge.queries.clone().acquire_owned()).await {
        Ok(Ok(place)) => Ok(place),
        Ok(Err(_)) | Err(_) => Err(Refusal::unavailable("Too many queries at once. Nothing was asked for.")),
    }
}

fn executed_for(answer: &Answer, signed_in: bool) -> Execution {
    match signed_in {
        _ if refusal::is_request_error(answer) => Execution::Refused,
        true => Execution::SignedIn,
        false => Execution::Stranger,
    }
}

fn outcome_of(answer: &Answer) -> &'static str {
    answer.errors.first().map_or("ok", |error| metrics::outcome(refusal::code_of(error)))
}

/// Executes in a task of its own and waits for it, up to the deadline.
async fn execute(edge: &Arc<Edge>, caller: Caller, admitted: Admitted) -> Result<Done, Refusal> {
    let request_id = caller.meta.request_id.clone();
    let backend = edge.backend.clone();
    let Admitted { mut request, keepable, kind, operation } = admitted;
    let (id, of) = (request_id.clone(), edge.clone());
    let until = Instant::now() + edge.settings.deadline;
    let limit = Deadline::from(until);
    let (place, _waiting) = match kind {
        OperationType::Query => (Some(place_of_query(edge).await?), Some(limit.waiting())),
        OperationType::Mutation | OperationType::Subscription => (None, None),
    };
    let task = edge.tasks.spawn(deadline::by(limit, async move {
        let _place = place;
        let opened = backend.open(caller).await?;
        if deadline::abandoned() {
            return Err(Refusal::unavailable("Nobody waits for the answer any more."));
        }
        request.data = opened.data;
        let span = OperationSpan::begin(kind);
        let mut answer = span.around(backend.execute(request)).await;
        refusal::finish(&mut answer, &id);
        let execution = executed_for(&answer, opened.signed_in);
        span.end(|| of.names.label(operation.as_deref(), execution), outcome_of(&answer));
        if let Some(keepable) = keepable.filter(|_| !refusal::is_request_error(&answer)) {
            of.gate.keep(keepable, opened.signed_in);
        }
        Ok(Done {
            answer,
            signed_in: opened.signed_in,
            cookie: opened.outgoing.take(),
            device: opened.outgoing.take_device(),
        })
    }));
    match timeout(until.saturating_duration_since(Instant::now()) + GRACE, task).await {
        Ok(Ok(done)) => done,
        Ok(Err(failed)) => {
            tracing::error!(request_id, %failed, "a request's task failed");
            Err(Refusal::internal(&request_id))
        }
        Err(_) => {
            tracing::warn!(request_id, "a request ran into the deadline; its task goes on");
            Err(Refusal::unavailable("The answer took too long. What was asked for may still happen."))
        }
    }
}

async fn read_body(edge: &Edge, body: Body) -> Result<Asked, Refusal> {
    let limit = edge.settings.body_limit;
    let bytes = match timeout(edge.settings.body_timeout, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) if is_too_long(&error) => {
            return Err(Refusal::http(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("The body is longer than {limit} bytes."),
            ));
        }
        Ok(Err(_)) => return Err(Refusal::http(StatusCode::BAD_REQUEST, "The body could not be read.")),
        Err(_) => {
            return Err(Refusal::http(StatusCode::REQUEST_TIMEOUT, "The body took too long to arrive."));
        }
    };
    parse(&bytes)
}

fn is_too_long(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
}

/// Reads the JSON of a request, from an HTTP body or a WebSocket message.
pub(super) fn parse(bytes: &[u8]) -> Result<Asked, Refusal> {
    match serde_json::from_slice::<Parameters>(bytes) {
        Ok(parameters) => parameters.asked(),
        Err(error) => Err(Refusal::http(StatusCode::BAD_REQUEST, explain(bytes, &error))),
    }
}

/// Says which parameter is wrong; only for requests that failed already.
fn explain(bytes: &[u8], error: &serde_json::Error) -> String {
    use serde_json::Value;
    match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Object(map)) => {
            let is = |name: &str, good: fn(&Value) -> bool| map.get(name).is_none_or(good);
            let text = |value: &Value| value.is_string() || value.is_null();
            let object = |value: &Value| value.is_object() || value.is_null();
            if !is("query", text) || !is("operationName", text) {
                return "The parameters 'query' and 'operationName' must be strings.".into();
            }
            if !["documentId", "doc_id", "id"].into_iter().all(|name| is(name, text)) {
                return "The parameters 'documentId', 'doc_id' and 'id' must be strings.".into();
            }
            if !is("variables", object) || !is("extensions", object) {
                return "The parameters 'variables' and 'extensions' must be objects.".into();
            }
            "The body has a parameter twice.".into()
        }
        Ok(Value::Array(_)) => "Batches are not supported: send one request at a time.".into(),
        Ok(_) => "The body must be a JSON object.".into(),
        Err(_) if error.is_eof() && bytes.is_empty() => "The body is empty.".into(),
        Err(_) => format!("The body is not JSON (line {}, column {}).", error.line(), error.column()),
    }
}

fn read_query(query: &str) -> Result<Asked, Refusal> {
    let mut parameters = Parameters::default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "query" => parameters.query = Some(value.into_owned()),
            "documentId" => parameters.document_id = Some(value.into_owned()),
            "doc_id" => parameters.doc_id = Some(value.into_owned()),
            "id" => parameters.id = Some(value.into_owned()),
            "operationName" => parameters.operation_name = Some(value.into_owned()),
            "variables" => parameters.variables = json_parameter("variables", &value)?,
            "extensions" => parameters.extensions = json_parameter("extensions", &value)?,
            _ => {}
        }
    }
    parameters.asked()
}

fn json_parameter<T: serde::de::DeserializeOwned + Default>(name: &str, value: &str) -> Result<T, Refusal> {
    if value.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_str(value).map_err(|_| {
        Refusal::http(StatusCode::BAD_REQUEST, format!("The parameter '{name}' must be a JSON object."))
    })
}

fn executed(edge: &Edge, media: Media, done: &Done) -> Response {
    let status = if refusal::is_request_error(&done.answer) { media.request_error() } else { StatusCode::OK };
    let mut response = json(media, status, &done.answer);
    if let Some(cookie) = done.cookie.as_ref().and_then(|change| edge.settings.cookie.header(change)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    let device = done.device.as_ref();
    if let Some(cookie) = device.and_then(|(token, age)| edge.settings.cookie.device_header(token, *age)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn refused(media: Media, refusal: Refusal) -> Response {
    let status = refusal.status.unwrap_or(media.request_error());
    let allow = refusal.allow;
    let mut response = json(media, status, &Answer::from_errors(vec![refusal.into_error()]));
    let headers = response.headers_mut();
    match status {
        StatusCode::UNAUTHORIZED => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(refusal::code::RETRY_AFTER));
        }
        // What is left of the body is not read, so the connection cannot be used again.
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT => {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    if let Some(allow) = allow {
        headers.insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    response
}

fn json(media: Media, status: StatusCode, answer: &Answer) -> Response {
    let mut response = Response::new(Body::from(negotiation::to_json(answer)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, media.header());
    response
}

/// Answers any other method.
pub async fn other_method(request: Request) -> Response {
    let media = Media::negotiate(request.headers()).unwrap_or(Media::Json);
    refused(media, Refusal::method("GET, HEAD, POST", "Send a GraphQL request by POST, or a query by GET."))
}

/// A handler panicked.
pub fn panicked() -> Response {
    tracing::error!("a handler panicked");
    refused(Media::Json, Refusal::internal("(see the header x-request-id)"))
}
