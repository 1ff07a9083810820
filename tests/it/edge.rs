//! The edge over the real gateway: the published suites, browser sessions, clients that hang up, probes and pages.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::harness::{self, Options, PASSWORD, TestApp};

fn suites() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suites").into()
}

/// Installs the suites once, unless `make test` has done so.
pub fn install_suites() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        if suites().join("node_modules/graphql-http").exists() {
            return;
        }
        let done = std::process::Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(suites())
            .status()
            .expect("npm is missing: install Node.js");
        assert!(done.success(), "the published suites cannot be installed from npm");
    });
}

/// Runs a suite; what it prints last is its figure.
async fn suite(script: &str, arguments: &[&str]) -> String {
    tokio::task::spawn_blocking(install_suites).await.unwrap();
    let output = Command::new("node").arg(script).args(arguments).current_dir(suites()).output().await;
    let output = output.expect("node is missing: install Node.js");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines().last().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_must_and_should_of_graphql_over_http_passes() {
    harness::run(async |app| {
        let figure = suite("http_audit.mjs", &[&app.url("/graphql")]).await;
        assert!(figure.starts_with("graphql-http: "), "{figure}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_to_tell_of_weaknesses_is_said_where_it_is_configured_and_nowhere_else() {
    let path = "/.well-known/security.txt";
    harness::run(async |app| {
        assert_eq!(reqwest::get(app.url(path)).await.unwrap().status(), 404);
    })
    .await;
    let vars = [
        ("LATCHKEY_SECURITY_CONTACT", "mailto:security@harbor.test"),
        ("LATCHKEY_SECURITY_EXPIRES", "2027-06-30"),
    ];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    harness::run_with(Options { vars, ..Options::default() }, async |app| {
        let reply = reqwest::get(app.url(path)).await.unwrap();
        assert_eq!(reply.status(), 200);
        assert_eq!(reply.headers()["content-type"], "text/plain; charset=utf-8");
        assert_eq!(reply.headers()["x-content-type-options"], "nosniff");
        assert_eq!(
            reply.text().await.unwrap(),
            format!(
                "Contact: mailto:security@harbor.test\nExpires: 2027-06-30T00:00:00Z\nCanonical: {}\n",
                app.url(path)
            )
        );
        let posted = reqwest::Client::new().post(app.url(path)).send().await.unwrap();
        assert_eq!(posted.status(), 405);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_websocket_client_gets_along() {
    harness::run(async |app| {
        let figure = suite("ws_client.mjs", &[&app.ws_url(), "subscription { serverTime }"]).await;
        assert_eq!(figure, "graphql-ws: 6/6");
    })
    .await;
}

/// A browser as the gateway sees it: cookies, and the header that no form can send.
struct Browser {
    http: reqwest::Client,
    url: String,
}

impl Browser {
    fn new(app: &TestApp) -> Self {
        let http = reqwest::Client::builder().cookie_store(true).build().unwrap();
        Self { http, url: app.url("/graphql") }
    }

    async fn ask(&self, query: &str, variables: Value) -> (reqwest::header::HeaderMap, Value) {
        let request = self.http.post(&self.url).header("latchkey-session", "cookie");
        let answer = request.json(&json!({ "query": query, "variables": variables })).send().await.unwrap();
        (answer.headers().clone(), answer.json().await.unwrap())
    }
}

const LOG_IN: &str = "mutation($email: String!, $password: String!) {
  logIn(input: { email: $email, password: $password }) { ... on LoggedIn { sessionToken } } }";
const LOG_OUT: &str = "mutation { logOut { __typename } }";
/// Nobody's token: looked up in the database and not found.
const LOOK_UP: &str =
    "{ mfaResetByToken(token: \"lkr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\") { state } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_session_lives_in_a_cookie_that_no_script_sees() {
    harness::run(async |app| {
        let person = app.person("Bea Browser").create().await;
        let browser = Browser::new(app);
        let (headers, answer) =
            browser.ask(LOG_IN, json!({ "email": person.email, "password": PASSWORD })).await;
        assert_eq!(answer["data"]["logIn"]["sessionToken"], Value::Null, "{answer}");
        let cookie = headers["set-cookie"].to_str().unwrap();
        assert!(cookie.starts_with("latchkey=lks_"), "{cookie}");
        for flag in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
            assert!(cookie.contains(flag), "{cookie}");
        }
        let (headers, _) = browser.ask(LOOK_UP, json!({})).await;
        assert!(!headers.contains_key("set-cookie"));

        // The same cookie without the header, as a foreign page could have it sent.
        let forged = browser.http.post(&browser.url).json(&json!({ "query": LOG_OUT })).send().await.unwrap();
        assert_eq!(forged.status(), 403);
        let forged: Value = forged.json().await.unwrap();
        assert_eq!(forged["errors"][0]["extensions"]["code"], "FORBIDDEN");

        let (headers, answer) = browser.ask(LOG_OUT, json!({})).await;
        assert_eq!(answer["data"]["logOut"]["__typename"], "LoggedOut", "{answer}");
        assert!(headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
        let (_, answer) = browser.ask(LOG_OUT, json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{answer}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_whose_session_has_ended_is_cleared_and_a_bearer_token_is_refused() {
    harness::run(async |app| {
        let person = app.person("Eve Ended").create().await;
        let token = app.session_token(&person).await;
        app.advance(Duration::from_secs(400 * 24 * 3600));
        let ended = app.client().with_token(&token).ask(LOOK_UP).await;
        assert_eq!((ended.status, ended.code()), (401, "UNAUTHENTICATED"));

        let request = reqwest::Client::new().post(app.url("/graphql")).header("latchkey-session", "cookie");
        let request = request.header("cookie", format!("latchkey={token}"));
        let answer = request.json(&json!({ "query": LOOK_UP })).send().await.unwrap();
        assert!(answer.headers()["set-cookie"].to_str().unwrap().starts_with("latchkey=; "));
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "data": { "mfaResetByToken": null } }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_hang_up_stall_nobody() {
    harness::run(async |app| {
        let person = app.person("Hank Hangup").create().await;
        let client = app.client_of(&person).await;
        client.ask(LOOK_UP).await;
        let token = app.session_token(&person).await;
        let body = json!({ "query": LOOK_UP }).to_string();
        let address = app.url("").trim_start_matches("http://").to_owned();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut left = Vec::new();
        for _ in 0..128 {
            let (address, head) = (address.clone(), head.clone());
            left.push(tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(head.as_bytes()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(3)).await;
            }));
        }
        for one in left {
            one.await.unwrap();
        }
        let start = Instant::now();
        assert!(client.ask(LOOK_UP).await.data("/mfaResetByToken").is_null());
        // An unoptimised build answers the 128 first; a stalled driver would take up to a minute.
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn introspection_is_there_only_when_it_is_switched_on() {
    let query = "{ __schema { queryType { name } } }";
    harness::run(async |app| {
        assert_eq!(app.client().ask(query).await.text("/__schema/queryType/name"), "Query");
    })
    .await;
    let vars = vec![("LATCHKEY_INTROSPECTION".to_owned(), "false".to_owned())];
    harness::run_with(Options { vars, ..Options::default() }, async |app| {
        let refused = app.client().ask(query).await;
        assert_eq!(refused.code(), "BAD_USER_INPUT");
        let unknown = app.client().ask("{ viewr { user { id } } }").await;
        assert!(!unknown.body.to_string().contains("Did you mean"), "{}", unknown.body);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_and_pages_answer() {
    harness::run(async |app| {
        for (path, says) in [
            ("/healthz", "ok"),
            ("/readyz", "ready"),
            ("/", "<title>"),
            ("/mfa-reset", "<title>"),
            ("/dev/mailbox", "Captured mail"),
            ("/dev/mailbox.json", "[]"),
        ] {
            let page = reqwest::get(app.url(path)).await.unwrap();
            assert_eq!(page.status(), 200, "{path}");
            assert!(page.headers().contains_key("x-request-id"), "{path}");
            let text = page.text().await.unwrap();
            assert!(text.contains(says), "{path}: {text}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_without_a_migrated_database_is_not_ready() {
    harness::run(async |app| {
        app.store.database().drop().await.unwrap();
        let probe = reqwest::get(app.url("/readyz")).await.unwrap();
        assert_eq!(probe.status(), 503);
        assert_eq!(reqwest::get(app.url("/healthz")).await.unwrap().status(), 200);
        app.store.migrate().await.unwrap();
    })
    .await;
}
