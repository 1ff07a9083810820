//! What a gateway measures, read as Prometheus reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use latchkey::crypto::TotpSecret;
use latchkey::telemetry::metrics::METRICS;
use serde_json::json;
use time::OffsetDateTime;

use crate::harness::Client;
use crate::mail::server::SmtpServer;
use crate::main_job::RESET;
use crate::serve::{Gateway, PASSWORD, ROWS, done, latchkey, log_in, serve, until};

/// A scrape: each series with its value, and each metric's type.
struct Scrape {
    types: BTreeMap<String, String>,
    series: Vec<(String, BTreeMap<String, String>, f64)>,
}

impl Scrape {
    fn of(gateway: &Gateway) -> Self {
        let text = String::from_utf8(gateway.metrics()).unwrap();
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        let mut all = Self { types: BTreeMap::new(), series: Vec::new() };
        for line in body.lines().filter(|line| !line.is_empty()) {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert_eq!(all.types.insert(name.into(), kind.into()), None, "{name} comes twice");
            } else if !line.starts_with('#') {
                all.series.push(series(line));
            }
        }
        all
    }

    /// The sum of the series of this name whose labels are these, others aside.
    fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let fits = |has: &BTreeMap<String, String>| {
            labels.iter().all(|(name, value)| has.get(*name).is_some_and(|v| v == value))
        };
        self.series.iter().filter(|(n, has, _)| n == name && fits(has)).map(|(_, _, value)| value).sum()
    }
}

fn series(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let (name, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = name.split_once('{').unwrap_or((name, "}"));
    let labels = labels.trim_end_matches('}').split(',').filter_map(|label| label.split_once('='));
    let labels = labels.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect();
    (name.to_owned(), labels, value.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_holds_what_the_documentation_lists_and_nothing_of_anybody() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (folder, smtp) = (folder.path(), SmtpServer::start());
    let database = format!("test_{}", uuid::Uuid::now_v7().simple());
    fs::write(folder.join("rows.jsonl"), ROWS).unwrap();
    fs::write(folder.join("clock"), "+0s").unwrap();
    done(Command::new(env!("CARGO_BIN_EXE_latchkey")).args(["keys", "init"]).arg(folder.join("keys.toml")));
    done(latchkey(folder, &database, &smtp.url(""), "127.0.0.1:0").args(["import", "rows.jsonl"]));
    let gateway = serve(folder, &database, &smtp.url("")).await;

    // What is there from the start.
    let before = Scrape::of(&gateway);
    let missing: Vec<_> =
        METRICS.iter().filter(|m| !m.rare && !before.types.contains_key(m.name)).map(|m| m.name).collect();
    assert!(missing.is_empty(), "not there at the start: {missing:?}");
    assert_eq!(before.sum("latchkey_events_total", &[]), 0.0);

    let client = Client::new(format!("http://{}/graphql", gateway.address));
    let olivia = TotpSecret::from_base32("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").unwrap();
    let (_, session) =
        log_in(&client, "olivia@harbor.test", Some(olivia.code_at(OffsetDateTime::now_utc()))).await;
    let owner = client.with_token(&session);
    let users = owner
        .ask("query FindMina { viewer { accounts { edges { node { users(search: \"mina\") { edges { node { id } } } } } } } }")
        .await;
    let mina = users.text("/viewer/accounts/edges/0/node/users/edges/0/node/id").to_owned();
    owner.send(RESET, json!({ "userId": mina })).await;
    // More wrong passwords than are allowed.
    for _ in 0..11 {
        let wrong = json!({ "email": "mina@harbor.test", "password": format!("{PASSWORD}x") });
        client.send(crate::main_job::LOG_IN, wrong).await;
    }
    client.ask("query Olivia { nothing }").await;
    for path in ["/auth/verify", "/", "/nowhere/mina@harbor.test"] {
        reqwest::get(format!("http://{}{path}", gateway.address)).await.unwrap();
    }

    // Mail goes out by itself, and what is in the database is measured every fifteen seconds.
    let scrape = until("the mail is sent and the reset counted", async || {
        let scrape = Scrape::of(&gateway);
        let sent = scrape.sum("latchkey_mail_sent_total", &[("kind", "mfa_reset_request")]) == 1.0;
        let waits = scrape.sum("latchkey_mfa_resets_waiting", &[("state", "PENDING")]) == 1.0;
        (sent && waits).then_some(scrape)
    })
    .await;
    for (labels, expected) in [
        (vec![("operation", "FindMina"), ("kind", "query"), ("outcome", "ok"), ("transport", "http")], 1.0),
        (vec![("operation", "other"), ("outcome", "BAD_USER_INPUT")], 1.0),
        (vec![("operation", "anonymous"), ("kind", "mutation")], 14.0),
    ] {
        assert_eq!(scrape.sum("latchkey_requests_total", &labels), expected, "{labels:?}");
    }
    let events = |action| scrape.sum("latchkey_events_total", &[("action", action)]);
    assert_eq!(
        (events("LOGGED_IN"), events("MFA_RESET_REQUESTED"), events("LOG_IN_REFUSED")),
        (1.0, 1.0, 11.0)
    );
    assert_eq!(scrape.sum("latchkey_throttled_total", &[("purpose", "log_in_email")]), 1.0);
    assert_eq!(
        scrape.sum("latchkey_http_responses_total", &[("route", "/auth/verify"), ("status", "401")]),
        1.0
    );
    assert_eq!(scrape.sum("latchkey_http_responses_total", &[("route", "none"), ("status", "404")]), 1.0);
    assert_eq!(scrape.sum("latchkey_http_responses_total", &[("route", "page"), ("status", "200")]), 1.0);
    assert!(scrape.sum("latchkey_passwords_parallel", &[]) >= 1.0);
    assert!(scrape.sum("latchkey_password_seconds_count", &[]) >= 11.0);
    assert_eq!(scrape.sum("latchkey_passwords_running", &[]), 0.0);
    assert_eq!(scrape.sum("latchkey_mongodb_pool_size", &[]), 64.0);
    let (open, in_use) = (
        scrape.sum("latchkey_mongodb_connections", &[("state", "open")]),
        scrape.sum("latchkey_mongodb_connections", &[("state", "in_use")]),
    );
    assert!((4.0..=64.0).contains(&open) && (0.0..=open).contains(&in_use), "{in_use} of {open}");
    assert!(scrape.sum("latchkey_mongodb_command_seconds_count", &[]) > 50.0);
    assert!(scrape.sum("process_resident_memory_bytes", &[]) > 1e6);
    let started =
        OffsetDateTime::now_utc().unix_timestamp() as f64 - scrape.sum("process_start_time_seconds", &[]);
    assert!((0.0..120.0).contains(&started), "started {started} seconds ago");

    // Every series is of the table: its type, and exactly its labels.
    let mut unlisted = BTreeSet::new();
    for (name, labels, _) in &scrape.series {
        let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let listed = METRICS.iter().find(|m| m.name == name || Some(m.name) == of_histogram);
        let fits = listed.is_some_and(|metric| {
            let has: BTreeSet<&str> =
                labels.keys().map(String::as_str).filter(|name| *name != "le").collect();
            has == metric.labels.iter().copied().collect()
                && scrape.types.get(metric.name).is_some_and(|kind| kind == metric.kind.as_str())
        });
        if !fits {
            unlisted.insert(format!("{name} {labels:?}"));
        }
    }
    assert!(unlisted.is_empty(), "not as the documentation lists them: {unlisted:#?}");
    let text = String::from_utf8(gateway.metrics()).unwrap();
    for of_somebody in ["harbor.test", "Olivia", "127.0.0.1", &mina] {
        assert!(!text.contains(of_somebody), "a label holds {of_somebody}");
    }
}
