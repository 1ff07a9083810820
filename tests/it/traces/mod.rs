//! Traces of the built program, as a collector gets them.

mod collector;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use latchkey::crypto::TotpSecret;
use serde_json::{Value, json};
use time::OffsetDateTime;

use self::collector::{Collector, Span};
use crate::harness::{self, Client, secrets};
use crate::mail::server::SmtpServer;
use crate::main_job::RESET;
use crate::serve::{Gateway, PASSWORD, ROWS, done, free, latchkey, log_in, serve_with, until};

const USERS_TAB: &str = "query UsersTab($search: String) { viewer { accounts { edges { node { name
  users(search: $search) { edges { node { id email name } } } } } } } }";

/// Kinds, as OTLP numbers them.
const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const CONSUMER: i32 = 5;

fn database() -> String {
    format!("test_{}", uuid::Uuid::now_v7().simple())
}

fn prepare(folder: &Path, database: &str, smtp: &str) {
    fs::write(folder.join("rows.jsonl"), ROWS).unwrap();
    fs::write(folder.join("clock"), "+0s").unwrap();
    done(Command::new(env!("CARGO_BIN_EXE_latchkey")).args(["keys", "init"]).arg(folder.join("keys.toml")));
    done(latchkey(folder, database, smtp, "127.0.0.1:0").args(["import", "rows.jsonl"]));
}

/// Asks a gateway to end, and waits until it has.
fn end(gateway: &mut Gateway) {
    done(Command::new("kill").arg("-TERM").arg(gateway.process.id().to_string()));
    assert!(gateway.process.wait().unwrap().success());
}

/// The span of this name, of which there is one.
fn one<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "{name}: {found:#?}");
    found[0]
}

/// The names of a span and of those around it, from the inside out.
fn chain<'a>(spans: &'a [Span], inner: &'a Span) -> Vec<&'a str> {
    let mut names = vec![inner.name.as_str()];
    let mut at = inner;
    while !at.parent.is_empty() {
        let around = spans.iter().find(|span| span.id == at.parent && span.trace == at.trace);
        at = around.unwrap_or_else(|| panic!("no parent of {at:#?}"));
        names.push(&at.name);
    }
    names
}

/// A request, and its answer's request id.
async fn verify(gateway: &Gateway, query: &str, traceparent: Option<&str>) -> String {
    let mut request = reqwest::Client::new().get(format!("http://{}/auth/verify{query}", gateway.address));
    if let Some(traceparent) = traceparent {
        request = request.header("traceparent", traceparent).header("tracestate", "vendor=ada-lovelace");
    }
    let reply = request.send().await.unwrap();
    reply.headers()["x-request-id"].to_str().unwrap().to_owned()
}

async fn exported(collector: &Collector, request_id: &str) -> Span {
    until("the span arrives", async || {
        collector.spans().into_iter().find(|span| span.is("latchkey.request_id") == request_id)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_one_trace_down_to_mongodb_and_the_mail_server_and_holds_nothing_of_anybody() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (folder, smtp, collector) = (folder.path(), SmtpServer::start(), Collector::start().await);
    let database = database();
    prepare(folder, &database, &smtp.url(""));
    let vars = [
        ("LATCHKEY_OTLP_ENDPOINT", collector.url.as_str()),
        ("LATCHKEY_OTLP_HEADERS", "authorization=Bearer%20key-of-this-test, x-tenant=harbor"),
        // Of the driver's own; it would put whole commands into spans.
        ("OTEL_RUST_INSTRUMENTATION_MONGODB_QUERY_TEXT_MAX_LENGTH", "100000"),
        ("OTEL_RESOURCE_ATTRIBUTES", "owner=Olivia"),
    ];
    secrets::secret("key-of-this-test");
    let mut gateway = serve_with(folder, &database, &smtp.url(""), &vars).await;
    let client = Client::new(format!("http://{}/graphql", gateway.address));
    let olivia = TotpSecret::from_base32("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").unwrap();
    let code = olivia.code_at(OffsetDateTime::now_utc());
    let (_, session) = log_in(&client, "olivia@harbor.test", Some(code.clone())).await;
    let owner = client.with_token(&session);
    let users = owner.send(USERS_TAB, json!({ "search": "mina@harbor" })).await;
    let mina = users.text("/viewer/accounts/edges/0/node/users/edges/0/node/id").to_owned();
    let reset = RESET.replacen("mutation(", "mutation ResetUserMfa(", 1);
    let asked = owner.send(&reset, json!({ "userId": mina, "reason": "Lost phone" })).await;
    assert_eq!(asked.text("/resetUserMfa/__typename"), "MfaResetRequested");
    // Text that is no operation, and an operation whose name nobody would want to keep.
    client.ask("query OliviaOfHarbor { nothing }").await;
    client.ask("{ user(id: \"olivia@harbor.test\") { id } }").await;
    let request_id = verify(&gateway, "?accounts=mina", None).await;

    until("the mail is sent and the question logged", async || {
        let spans = collector.spans();
        let sent = spans.iter().any(|span| span.name == "mail mfa_reset_request");
        (sent && spans.iter().any(|span| span.is("latchkey.request_id") == request_id)).then_some(())
    })
    .await;
    end(&mut gateway);
    let spans = collector.spans();

    // The Users tab.
    let request = {
        let operation = one(&spans, "query UsersTab");
        assert_eq!(chain(&spans, operation), ["query UsersTab", "POST /graphql"]);
        let of = |name| operation.is(name);
        assert_eq!(
            [of("graphql.operation.type"), of("graphql.operation.name"), of("latchkey.outcome")],
            ["query", "UsersTab", "ok"]
        );
        spans.iter().find(|span| span.id == operation.parent).unwrap()
    };
    assert_eq!((request.kind, request.scope.as_str()), (SERVER, "latchkey"));
    let of = |name| request.is(name);
    assert_eq!(
        [of("http.request.method"), of("http.route"), of("http.response.status_code")],
        ["POST", "/graphql", "200"]
    );
    assert_eq!(of("latchkey.request_id"), users.headers["x-request-id"].to_str().unwrap());
    let all: Vec<_> = spans.iter().filter(|span| span.trace == request.trace).cloned().collect();
    assert_eq!(all.iter().filter(|span| span.parent.is_empty()).count(), 1, "{all:#?}");
    let commands: Vec<_> = all.iter().filter(|span| !span.is("db.command.name").is_empty()).collect();
    let chains: BTreeSet<_> = commands.iter().map(|command| chain(&all, command)).collect();
    let around = ["query UsersTab", "POST /graphql"];
    assert!(
        chains
            .iter()
            .any(|chain| chain.len() == 4 && chain[1].ends_with(".account_members") && chain[2..] == around),
        "{chains:#?}"
    );
    // The session is looked up before the operation begins.
    assert!(chains.iter().any(|chain| chain.len() == 3 && chain[2] == "POST /graphql"), "{chains:#?}");
    for command in commands {
        assert_eq!((command.kind, command.scope.as_str()), (CLIENT, "mongodb"));
        assert_eq!(
            (command.is("db.system.name"), command.is("db.namespace")),
            ("mongodb", database.as_str())
        );
        assert!(!command.is("db.collection.name").is_empty(), "{command:#?}");
    }

    // The reset, its transaction and its mail.
    let mail = one(&spans, "mail mfa_reset_request");
    assert_eq!(chain(&spans, mail), ["mail mfa_reset_request", "mutation ResetUserMfa", "POST /graphql"]);
    assert_eq!((mail.kind, mail.is("latchkey.mail.attempt")), (CONSUMER, "1"));
    let of_reset: Vec<_> = spans.iter().filter(|span| span.trace == mail.trace).cloned().collect();
    let smtp_send: Vec<_> =
        of_reset.iter().filter(|span| span.name == "SMTP send" && span.parent == mail.id).collect();
    assert_eq!(smtp_send.len(), 1, "{smtp_send:#?}");
    assert_eq!((smtp_send[0].kind, smtp_send[0].is("latchkey.outcome")), (CLIENT, "sent"));
    let inserted = ["insert", &format!("insert {database}.outbox"), "transaction", "mutation ResetUserMfa"];
    let chains: Vec<_> = of_reset.iter().map(|span| chain(&of_reset, span)).collect();
    assert!(chains.iter().any(|chain| chain.starts_with(&inserted)), "{chains:#?}");
    let marked = ["update", &format!("update {database}.outbox"), "transaction", "mail mfa_reset_request"];
    assert!(chains.iter().any(|chain| chain.starts_with(&marked)), "{chains:#?}");

    // What was refused by the schema has the name that metrics give it.
    assert!(
        spans
            .iter()
            .any(|span| span.name == "query other" && span.is("latchkey.outcome") == "BAD_USER_INPUT")
    );
    // No probe and no worker begins a trace.
    for span in spans.iter().filter(|span| span.parent.is_empty()) {
        let named = ["POST /graphql", "GET /auth/verify"].contains(&span.name.as_str());
        assert!(named || span.name.starts_with("mail "), "{span:#?}");
    }

    // Nothing of anybody.
    let raw = collector.raw();
    for of_somebody in [
        "harbor.test",
        "Olivia",
        "olivia",
        "Mina",
        "mina",
        "Harbor ",
        "Lost phone",
        "Northwind",
        "127.0.0.1:",
        "reqwest",
        PASSWORD,
        &session,
        &code,
        &mina,
        "JBSWY3DP",
        "key-of-this-test",
    ] {
        let found = raw.windows(of_somebody.len()).any(|window| window == of_somebody.as_bytes());
        assert!(!found, "a trace holds {of_somebody}");
    }
    secrets::check("traces", &raw);
    let (headers, _) = &collector.posts()[0];
    assert_eq!(headers["authorization"], "Bearer key-of-this-test");
    assert_eq!(headers["content-type"], "application/x-protobuf");

    // The log says the same ids.
    let log = fs::read_to_string(folder.join("log")).unwrap();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let line = |says: &str| lines.iter().find(|line| line["message"] == says).unwrap();
    let asked = &line("a reverse proxy asks what cannot be answered")["span"];
    let verified = spans.iter().find(|span| span.is("latchkey.request_id") == request_id).unwrap();
    assert_eq!((&asked["request_id"], &asked["trace_id"]), (&json!(request_id), &json!(verified.trace)));
    assert!(
        lines
            .iter()
            .any(|line| line["message"] == "a mail was sent" && line["span"]["trace_id"] == mail.trace),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_trusted_proxy_continues_a_trace_and_nobody_makes_more_be_recorded_than_the_ratio() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (folder, smtp, collector) = (folder.path(), SmtpServer::start(), Collector::start().await);
    let database = database();
    prepare(folder, &database, &smtp.url(""));
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let sampled = format!("00-{trace}-00f067aa0ba902b7-01");
    let unsampled = "00-5bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    let endpoint = ("LATCHKEY_OTLP_ENDPOINT", collector.url.as_str());
    let trusted = ("LATCHKEY_TRUSTED_PROXIES", "127.0.0.0/8");

    // A stranger's trace is not continued.
    let mut gateway = serve_with(folder, &database, &smtp.url(""), &[endpoint]).await;
    let id = verify(&gateway, "", Some(&sampled)).await;
    let span = exported(&collector, &id).await;
    assert_ne!(span.trace, trace);
    assert_eq!(span.parent, "");
    end(&mut gateway);

    // A trusted proxy's is, and what it does not record is not recorded.
    let mut gateway = serve_with(folder, &database, &smtp.url(""), &[endpoint, trusted]).await;
    let not = verify(&gateway, "", Some(unsampled)).await;
    let id = verify(&gateway, "", Some(&sampled)).await;
    let span = exported(&collector, &id).await;
    assert_eq!((span.trace.as_str(), span.parent.as_str()), (trace, "00f067aa0ba902b7"));
    let wrong = verify(&gateway, "", Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7")).await;
    assert_eq!(exported(&collector, &wrong).await.parent, "");
    end(&mut gateway);
    assert!(collector.spans().iter().all(|span| span.is("latchkey.request_id") != not));
    assert!(
        !String::from_utf8_lossy(&collector.raw()).contains("ada-lovelace"),
        "tracestate goes no further"
    );

    // Nothing is recorded, whoever asks for it.
    let before = collector.posts().len();
    let none = ("LATCHKEY_TRACE_RATIO", "0");
    let mut gateway = serve_with(folder, &database, &smtp.url(""), &[endpoint, trusted, none]).await;
    for _ in 0..20 {
        verify(&gateway, "", Some(&sampled)).await;
        verify(&gateway, "", None).await;
    }
    end(&mut gateway);
    assert_eq!(collector.posts().len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_without_a_collector_sends_nothing_whatever_other_variables_say() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (folder, smtp, collector) = (folder.path(), SmtpServer::start(), Collector::start().await);
    let database = database();
    prepare(folder, &database, &smtp.url(""));
    let vars = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_TRACES_EXPORTER", "otlp"),
        ("OTEL_TRACES_SAMPLER", "always_on"),
        ("OTEL_RUST_INSTRUMENTATION_MONGODB_ENABLED", "true"),
    ];
    let mut gateway = serve_with(folder, &database, &smtp.url(""), &vars).await;
    let client = Client::new(format!("http://{}/graphql", gateway.address));
    log_in(&client, "mina@harbor.test", Some("9F8E 7D6C 5B4A".to_owned())).await;
    let figures = String::from_utf8(gateway.metrics()).unwrap();
    assert!(!figures.contains("latchkey_trace_spans_total{"), "{figures}");
    // Requests have their ids in the log all the same, and no trace.
    let id = verify(&gateway, "?accounts=mina", None).await;
    end(&mut gateway);
    assert_eq!(collector.posts().len(), 0);
    let log = fs::read_to_string(folder.join("log")).unwrap();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let asked = lines.iter().find(|line| line["span"]["request_id"] == json!(id)).unwrap();
    assert_eq!(asked["span"].get("trace_id"), None);
}

fn spans_of(gateway: &Gateway, outcome: &str) -> u64 {
    let text = String::from_utf8(gateway.metrics()).unwrap();
    let series = format!("latchkey_trace_spans_total{{outcome=\"{outcome}\"}} ");
    let found = text.lines().find_map(|line| line.strip_prefix(&series));
    found.unwrap_or_else(|| panic!("no {series}: {text}")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_disturbs_nobody_and_is_counted_and_logged_once_a_minute() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (folder, smtp, collector) = (folder.path(), SmtpServer::start(), Collector::start().await);
    let database = database();
    prepare(folder, &database, &smtp.url(""));
    let away = format!("http://{}", free());
    let warned = || {
        let log = fs::read_to_string(folder.join("log")).unwrap();
        log.lines().filter(|line| line.contains("traces cannot be sent")).count()
    };

    let mut gateway =
        serve_with(folder, &database, &smtp.url(""), &[("LATCHKEY_OTLP_ENDPOINT", away.as_str())]).await;
    let outcomes = ["exported", "failed", "refused", "dropped"].map(|outcome| spans_of(&gateway, outcome));
    assert_eq!(outcomes, [0; 4], "they begin at nothing");
    let client = Client::new(format!("http://{}/graphql", gateway.address));
    let (kind, _) = log_in(&client, "mina@harbor.test", Some("9F8E 7D6C 5B4A".to_owned())).await;
    assert_eq!(kind, "MfaChallenge");
    let first = until("the first batch is given up", async || {
        Some(spans_of(&gateway, "failed")).filter(|failed| *failed > 0)
    })
    .await;
    verify(&gateway, "", None).await;
    until("the second batch is given up", async || (spans_of(&gateway, "failed") > first).then_some(()))
        .await;
    assert_eq!(warned(), 1);
    assert_eq!(spans_of(&gateway, "exported"), 0);
    end(&mut gateway);

    // One that answers is heard: what it refuses is counted, and an error for good is not repeated.
    let endpoint = [("LATCHKEY_OTLP_ENDPOINT", collector.url.as_str())];
    let mut gateway = serve_with(folder, &database, &smtp.url(""), &endpoint).await;
    collector.answers(200, 1);
    verify(&gateway, "", None).await;
    until("a span is refused", async || (spans_of(&gateway, "refused") == 1).then_some(())).await;
    collector.answers(400, 0);
    let before = collector.posts().len();
    verify(&gateway, "", None).await;
    until("a span fails", async || (spans_of(&gateway, "failed") == 1).then_some(())).await;
    assert_eq!(collector.posts().len(), before + 1);
    collector.answers(503, 0);
    verify(&gateway, "", None).await;
    until("a span fails again", async || (spans_of(&gateway, "failed") == 2).then_some(())).await;
    assert_eq!(collector.posts().len(), before + 4, "three attempts");
    collector.answers(200, 0);
    // What has ended when the gateway is told to end is still sent.
    let last = verify(&gateway, "", None).await;
    end(&mut gateway);
    assert!(collector.spans().iter().any(|span| span.is("latchkey.request_id") == last));
    harness::secrets::check("traces", &collector.raw());
}
