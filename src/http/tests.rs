//! GraphQL over HTTP against the toy schema: statuses, media types, sessions, bombs, deadlines.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::Settings;
use super::toy::{Bench, TOKEN};

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    fn code(&self) -> Value {
        self.json()["errors"][0]["extensions"]["code"].clone()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn ask_of(bench: &Bench, method: Method, uri: &str, headers: &[(&str, &str)], body: String) -> Answer {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = bench.edge.router().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

const JSON: (&str, &str) = ("content-type", "application/json");
const GRAPHQL: (&str, &str) = ("accept", "application/graphql-response+json");

async fn post(headers: &[(&str, &str)], body: impl Into<String>) -> Answer {
    ask_of(&Bench::new(|_| {}), Method::POST, "/graphql", headers, body.into()).await
}

async fn query(query: &str) -> Answer {
    post(&[JSON, GRAPHQL], json!({ "query": query }).to_string()).await
}

#[tokio::test]
async fn a_query_is_answered_in_the_type_asked_for() {
    let answer = query("{ hello }").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/graphql-response+json; charset=utf-8");
    assert_eq!(answer.text, r#"{"data":{"hello":"world"}}"#);
    let answer = post(&[JSON], r#"{"query":"{ hello }"}"#).await;
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-store");
    let answer = post(&[JSON, ("accept", "text/html")], r#"{"query":"{ hello }"}"#).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (406, json!("BAD_USER_INPUT")));
}

#[tokio::test]
async fn a_wrong_document_is_400_or_200_by_media_type_and_has_no_data() {
    for bad in
        ["{", "{ nothing }", "query($a: Int!) { echo(text: $a) }", "{ echo(text: 1) }", "{ hello(a: 1) }"]
    {
        let body = json!({ "query": bad }).to_string();
        let strict = post(&[JSON, GRAPHQL], body.as_str()).await;
        let lenient = post(&[JSON], body).await;
        assert_eq!((strict.status.as_u16(), lenient.status.as_u16()), (400, 200), "{bad}");
        for answer in [strict, lenient] {
            assert_eq!(answer.code(), "BAD_USER_INPUT", "{}", answer.text);
            assert!(answer.json().get("data").is_none(), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_failing_field_keeps_the_rest_and_hides_its_cause() {
    let answer = query("{ hello broken }").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["data"], json!({"hello": "world", "broken": null}));
    assert_eq!(answer.code(), "INTERNAL");
    assert!(!answer.text.contains("10.0.0.7"), "{}", answer.text);
    let id = answer.header("x-request-id").to_owned();
    assert!(!id.is_empty() && answer.text.contains(&id), "{}", answer.text);
    // A required root field that fails: execution began, so there is data, and it is null.
    let answer = query("{ brokenRoot }").await;
    assert_eq!((answer.status.as_u16(), answer.code()), (200, json!("NOT_FOUND")));
    assert_eq!(answer.json().get("data"), Some(&Value::Null));
}

#[tokio::test]
async fn a_resolver_that_panics_is_internal() {
    let answer = query("{ panics(really: true) }").await;
    assert_eq!((answer.status.as_u16(), answer.code()), (500, json!("INTERNAL")));
    assert!(!answer.text.contains("purpose"), "{}", answer.text);
}

#[tokio::test]
async fn malformed_requests_are_400_with_a_clear_message() {
    for (body, says) in [
        ("", "empty"),
        ("{ \"not", "not JSON"),
        ("1", "object"),
        ("{}", "'query' is missing"),
        ("{\"query\": null}", "'query' is missing"),
        ("{\"query\": 1}", "strings"),
        ("{\"query\": \"{hello}\", \"operationName\": []}", "strings"),
        ("{\"query\": \"{hello}\", \"variables\": [1]}", "objects"),
        ("{\"query\": \"{hello}\", \"variables\": \"x\"}", "objects"),
        ("{\"query\": \"{hello}\", \"extensions\": 7}", "objects"),
        ("{\"query\": \"{hello}\", \"query\": \"{hello}\"}", "twice"),
        ("[{\"query\": \"{hello}\"}]", "Batches"),
    ] {
        let answer = post(&[JSON], body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.code(), "BAD_USER_INPUT");
        let message = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(says), "{body}: {message}");
    }
    for name in ["variables", "operationName", "extensions"] {
        let body = json!({"query": "{ hello }", name: null}).to_string();
        assert_eq!(post(&[JSON], body).await.text, r#"{"data":{"hello":"world"}}"#);
    }
}

#[tokio::test]
async fn other_content_types_are_415() {
    let body = r#"{"query":"{ hello }"}"#;
    for content_type in ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
    {
        assert_eq!(post(&[("content-type", content_type)], body).await.status, 415, "{content_type}");
    }
    assert_eq!(post(&[], body).await.status, 415);
    assert_eq!(post(&[JSON, ("content-encoding", "gzip")], body).await.status, 415);
}

#[tokio::test]
async fn get_is_for_queries() {
    let bench = Bench::new(|_| {});
    let get = async |query: &str| {
        ask_of(&bench, Method::GET, &format!("/graphql?{query}"), &[], String::new()).await
    };
    assert_eq!(get("query=%7Bhello%7D").await.text, r#"{"data":{"hello":"world"}}"#);
    let answer =
        get("query=query(%24t%3AString!)%7Becho(text%3A%24t)%7D&variables=%7B%22t%22%3A%22x%22%7D").await;
    assert_eq!(answer.json()["data"]["echo"], "x");
    let answer = get("query=mutation%7Bset(value%3A1)%7D").await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST"));
    for bad in ["", "query=%7Bhello%7D&variables=x", "query=%7Bhello%7D&extensions=[]"] {
        assert_eq!(get(bad).await.status, 400, "{bad}");
    }
    assert_eq!(get("query=subscription%7Bcounter%7D").await.code(), "BAD_USER_INPUT");
}

#[tokio::test]
async fn other_methods_are_405_and_unknown_paths_are_not_repeated() {
    let bench = Bench::new(|_| {});
    for method in [Method::PUT, Method::DELETE, Method::OPTIONS, Method::TRACE, Method::PATCH] {
        let answer = ask_of(&bench, method, "/graphql", &[], String::new()).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET, HEAD, POST"));
    }
    let answer = ask_of(&bench, Method::GET, "/no/such/script", &[], String::new()).await;
    assert_eq!(answer.status, 404);
    assert!(!answer.text.contains("such"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("x-frame-options"), "DENY");
    assert!(answer.header("strict-transport-security").starts_with("max-age="));
}

#[tokio::test]
async fn a_bearer_token_that_is_no_session_is_401() {
    let good = format!("Bearer {TOKEN}");
    let who = r#"{"query":"{ who }"}"#;
    assert_eq!(post(&[JSON, ("authorization", &good)], who).await.json()["data"]["who"], "bearer");
    let answer = post(&[JSON, ("authorization", "Bearer lks_other")], who).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (401, json!("UNAUTHENTICATED")));
    assert_eq!(answer.header("www-authenticate"), "Bearer");
}

#[tokio::test]
async fn a_cookie_counts_only_with_the_header_that_no_form_can_send() {
    let cookie = format!("__Host-latchkey={TOKEN}");
    let (cookie, header) = (("cookie", cookie.as_str()), ("latchkey-session", "cookie"));
    let who = r#"{"query":"{ who }"}"#;
    assert_eq!(post(&[JSON, cookie, header], who).await.json()["data"]["who"], "cookie");
    let answer = post(&[JSON, cookie], who).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (403, json!("FORBIDDEN")));
    assert_eq!(post(&[("content-type", "text/plain"), cookie, header], who).await.status, 415);
    let bench = Bench::new(|_| {});
    let answer =
        ask_of(&bench, Method::GET, "/graphql?query=%7Bwho%7D", &[cookie, header], String::new()).await;
    assert_eq!(answer.status, 403);
    let stale = post(&[JSON, ("cookie", "__Host-latchkey=lks_old"), header], who).await;
    assert_eq!(stale.json()["data"]["who"], Value::Null);
}

#[tokio::test]
async fn a_resolver_can_set_the_session_cookie() {
    let answer = post(&[JSON], r#"{"query":"mutation { logIn }"}"#).await;
    assert!(answer.header("set-cookie").starts_with("__Host-latchkey=lks_good; HttpOnly;"));
    assert_eq!(post(&[JSON], r#"{"query":"{ hello }"}"#).await.headers.get(header::SET_COOKIE), None);
}

#[tokio::test]
async fn a_body_that_is_too_long_is_413() {
    let answer = post(&[JSON], json!({"query": "#".repeat(300 * 1024)}).to_string()).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.code(), "BAD_USER_INPUT");
}

#[tokio::test]
async fn the_deadline_is_unavailable_and_drops_nothing() {
    let bench = Bench::new(|settings: &mut Settings| settings.deadline = Duration::from_millis(100));
    let body = json!({"query": "{ slow(millis: 2000) }"}).to_string();
    let answer = ask_of(&bench, Method::POST, "/graphql", &[JSON], body).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, json!("UNAVAILABLE")));
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(answer.json()["errors"][0]["extensions"]["retryAfter"], 2);
    assert_eq!(bench.edge.tasks.len(), 1, "the task goes on");
}

#[tokio::test]
async fn a_query_whose_client_hangs_up_while_it_waits_is_never_begun() {
    let bench = Bench::new(|_| {});
    let places = u32::try_from(super::over_http::queries_at_once()).unwrap();
    let taken = bench.edge.queries.clone().acquire_many_owned(places).await.unwrap();
    let ask =
        |text: &str| ask_of(&bench, Method::POST, "/graphql", &[JSON], json!({ "query": text }).to_string());
    {
        let waiting = std::pin::pin!(ask("{ hello }"));
        assert!(futures_util::poll!(waiting).is_pending());
        assert!(bench.edge.tasks.is_empty(), "it was begun without a place");
        // Mutations need no place: reads do not wait for log-ins, nor log-ins for reads.
        assert_eq!(ask("mutation { set(value: 7) }").await.json()["data"]["set"], 7);
    }
    let waiting = ask("{ hello }");
    drop(taken);
    assert_eq!(waiting.await.json()["data"]["hello"], "world");
}

#[tokio::test]
async fn a_query_that_has_begun_is_told_that_its_client_hung_up() {
    let bench = Bench::new(|_| {});
    {
        let body = json!({ "query": "{ abandoned }" }).to_string();
        let asked = std::pin::pin!(ask_of(&bench, Method::POST, "/graphql", &[JSON], body));
        assert!(futures_util::poll!(asked).is_pending());
        assert_eq!(bench.edge.tasks.len(), 1);
    }
    bench.edge.tasks.close();
    tokio::time::timeout(Duration::from_secs(20), bench.edge.tasks.wait()).await.unwrap();
}

#[tokio::test]
async fn bombs_are_refused_at_once() {
    let mut fragments = String::from("{ ...F0 }");
    for n in 0..26 {
        write!(fragments, " fragment F{n} on Query {{ ...F{} ...F{} }}", n + 1, n + 1).unwrap();
    }
    fragments.push_str(" fragment F26 on Query { hello }");
    let aliases = format!("{{ {} }}", (0..5000).fold(String::new(), |all, n| format!("{all} a{n}: hello")));
    let brackets = format!("{{ echo(text: {}) }}", "[".repeat(10_000));
    let json_depth = format!(r#"{{"query":"{{ hello }}","variables":{{"a":{}}}}}"#, "[".repeat(10_000));
    let mut bodies =
        [fragments, aliases, brackets].map(|query| json!({ "query": query }).to_string()).to_vec();
    bodies.push(json_depth);
    for body in bodies {
        let start = Instant::now();
        let answer = post(&[JSON, GRAPHQL], body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, json!("BAD_USER_INPUT")));
        assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn the_request_id_goes_in_and_out() {
    let answer = post(&[JSON, ("x-request-id", "my-request-17")], r#"{"query":"{ hello }"}"#).await;
    assert_eq!(answer.header("x-request-id"), "my-request-17");
}

#[test]
fn the_configuration_decides_cookie_and_origins() {
    use crate::config::{Config, Purpose};
    let with = |url: &str| {
        let config = Config::from_vars(Purpose::Dev, [("LATCHKEY_PUBLIC_URL", url)]).unwrap();
        Settings::of(&config, None).unwrap()
    };
    let public = with("https://id.example.com");
    assert!(public.cookie.secure);
    assert_eq!(public.socket.origins, ["https://id.example.com"]);
    let local = with("http://127.0.0.1:4000");
    assert!(!local.cookie.secure);
    assert!(local.socket.origins.contains(&"http://localhost:4000".to_owned()), "{:?}", local.socket.origins);
}
