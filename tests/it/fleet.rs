//! Three replicas of the built program behind a real nginx, restarted one by one under load: nobody notices but WebSockets,
//! which are told to come back.
//!
//! nginx comes from Debian: `make test` runs this where it is there, as it does tests/it/gateway_nginx.rs.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use latchkey::crypto::TotpSecret;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::gateway_nginx::{Nginx, start_nginx};
use crate::harness::{Client, Event, Socket};
use crate::mail::server::SmtpServer;
use crate::serve::{Gateway, ROWS, done, latchkey, log_in, serve_at, until};

const REPLICAS: usize = 3;
/// How long a replica serves on once it is told to stop; nginx needs no notice, so this is for pooled connections.
const DELAY: (&str, &str) = ("LATCHKEY_SHUTDOWN_DELAY", "1s");

struct Fleet<'a> {
    folder: &'a Path,
    database: String,
    smtp: SmtpServer,
    addresses: Vec<String>,
    replicas: Vec<Gateway>,
}

impl Fleet<'_> {
    async fn start(folder: &Path) -> Fleet<'_> {
        let (smtp, database) = (SmtpServer::start(), format!("test_{}", uuid::Uuid::now_v7().simple()));
        fs::write(folder.join("rows.jsonl"), ROWS).unwrap();
        fs::write(folder.join("clock"), "+0s").unwrap();
        done(
            Command::new(env!("CARGO_BIN_EXE_latchkey")).args(["keys", "init"]).arg(folder.join("keys.toml")),
        );
        done(latchkey(folder, &database, &smtp.url(""), "127.0.0.1:0").args(["import", "rows.jsonl"]));
        let free = |_| crate::serve::free();
        let addresses: Vec<String> = (0..REPLICAS).map(free).collect();
        let mut fleet = Fleet { folder, database, smtp, addresses, replicas: Vec::new() };
        for n in 0..REPLICAS {
            let replica = fleet.replica(n).await;
            fleet.replicas.push(replica);
        }
        fleet
    }

    async fn replica(&self, n: usize) -> Gateway {
        serve_at(self.folder, &self.database, &self.smtp.url(""), &self.addresses[n], &[DELAY]).await
    }

    fn client(&self, n: usize) -> Client {
        Client::new(format!("http://{}/graphql", self.addresses[n]))
    }

    /// As an orchestrator does: SIGTERM, wait for its end, start the successor and wait until it is ready.
    async fn restart(&mut self, n: usize) {
        let process = &mut self.replicas[n].process;
        done(Command::new("kill").args(["-TERM", &process.id().to_string()]));
        let ended = until("the replica ends", async || process.try_wait().unwrap()).await;
        assert!(ended.success(), "it ends by itself: {ended}");
        let successor = self.replica(n).await;
        self.replicas[n] = successor;
    }

    async fn nginx(&self) -> Nginx {
        let servers: String =
            self.addresses.iter().map(|address| format!("server {address} max_fails=0;\n")).collect();
        start_nginx(|listen| {
            format!(
                "upstream latchkey {{ {servers} keepalive 16; }}
                 map $http_upgrade $connection_upgrade {{ default upgrade; \"\" \"\"; }}
                 server {{ listen {listen}; location / {{ proxy_pass http://latchkey; proxy_http_version 1.1;
                   proxy_set_header Host $host; proxy_set_header Upgrade $http_upgrade;
                   proxy_set_header Connection $connection_upgrade; }} }}"
            )
        })
        .await
    }
}

/// Asks without a pause until told to stop; gives what went wrong.
async fn ask(
    url: String,
    body: Value,
    token: String,
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
) -> Vec<String> {
    let client = reqwest::Client::new();
    let mut wrong = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let sent = client.post(&url).bearer_auth(&token).json(&body).send().await;
        let outcome = match sent {
            Ok(reply) => {
                let status = reply.status().as_u16();
                let text = reply.text().await.unwrap_or_else(|error| error.to_string());
                if status == 200 && text.starts_with(r#"{"data":"#) && !text.contains("\"errors\"") {
                    None
                } else {
                    Some(format!("{status}: {text}"))
                }
            }
            Err(error) => Some(format!("{error:?}")),
        };
        done.fetch_add(1, Ordering::Relaxed);
        wrong.extend(outcome);
    }
    wrong
}

/// Keeps a subscription, and comes back whenever it is told to; gives the codes that it was closed with.
async fn listen(url: String, token: String, stop: Arc<AtomicBool>) -> Vec<u16> {
    let mut codes = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let mut socket = Socket::signed_in(&url, &token).await;
        socket.subscribe("1", "subscription { serverTime }", json!({})).await;
        while !stop.load(Ordering::Relaxed) {
            match socket.next().await {
                Event::Message(message) => assert_eq!(message["type"], "next", "{message}"),
                Event::Closed(code) => {
                    codes.push(code);
                    break;
                }
            }
        }
    }
    codes
}

async fn owner(client: &Client) -> String {
    let secret = TotpSecret::from_base32("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").unwrap();
    log_in(client, "olivia@harbor.test", Some(secret.code_at(OffsetDateTime::now_utc()))).await.1
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx, which make test runs it with"]
async fn with_nginx_three_replicas_restart_under_load_and_no_request_fails() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut fleet = Fleet::start(folder.path()).await;
    let nginx = fleet.nginx().await;
    let token = owner(&fleet.client(0)).await;
    let (url, ws) = (format!("{}/graphql", nginx.url), nginx.url.replace("http://", "ws://") + "/graphql/ws");
    let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let read = json!({ "query": "{ viewer { user { name } accounts { edges { node { name } } } } }" });
    // A POST that a proxy must not send twice.
    let write = json!({ "query": "mutation { updateProfile(input: { name: \"Olivia\" }) { __typename } }" });
    let asking: Vec<_> = (0..6)
        .map(|n| {
            let body = if n == 0 { write.clone() } else { read.clone() };
            tokio::spawn(ask(url.clone(), body, token.clone(), stop.clone(), asked.clone()))
        })
        .collect();
    let listening: Vec<_> =
        (0..3).map(|_| tokio::spawn(listen(ws.clone(), token.clone(), stop.clone()))).collect();
    until("the load is on", async || (asked.load(Ordering::Relaxed) > 50).then_some(())).await;
    for n in 0..REPLICAS {
        fleet.restart(n).await;
        let before = asked.load(Ordering::Relaxed);
        until("the load goes on", async || (asked.load(Ordering::Relaxed) > before + 50).then_some(())).await;
    }
    stop.store(true, Ordering::Relaxed);
    for task in asking {
        assert_eq!(task.await.unwrap(), Vec::<String>::new(), "of {}", asked.load(Ordering::Relaxed));
    }
    let mut codes = Vec::new();
    for task in listening {
        codes.extend(tokio::time::timeout(Duration::from_secs(30), task).await.unwrap().unwrap());
    }
    assert!(codes.len() >= REPLICAS, "every replica had a WebSocket: {codes:?}");
    assert!(codes.iter().all(|code| *code == 1012), "and told it to come back: {codes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_share_sessions_throttles_and_news_and_take_over_the_outbox() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut fleet = Fleet::start(folder.path()).await;
    let token = owner(&fleet.client(0)).await;
    let clients: Vec<Client> = (0..REPLICAS).map(|n| fleet.client(n).with_token(&token)).collect();
    let users = clients[1]
        .ask("{ viewer { accounts { edges { node { id users(search: \"mina\") { edges { node { id } } } } } } } }")
        .await;
    let account = users.text("/viewer/accounts/edges/0/node/id").to_owned();
    let mina = users.text("/viewer/accounts/edges/0/node/users/edges/0/node/id").to_owned();

    // What happens at one replica is told by another.
    let mut socket = Socket::signed_in(&format!("ws://{}/graphql/ws", fleet.addresses[2]), &token).await;
    let changes = "subscription($id: ID!) { mfaResetChanged(accountId: $id) { state } }";
    socket.subscribe("1", changes, json!({ "id": account })).await;
    assert_eq!(socket.next_within(Duration::from_millis(500)).await, None, "nothing has happened yet");
    let asked = clients[0].send(crate::main_job::RESET, json!({ "userId": mina })).await;
    assert_eq!(asked.text("/resetUserMfa/__typename"), "MfaResetRequested");
    assert_eq!(socket.next_data().await["mfaResetChanged"]["state"], "PENDING");

    // The letter is sent once, whoever sends it; a replica that is told to stop leaves the rest to others.
    fleet.restart(0).await;
    until("the letter is sent", async || {
        (fleet
            .smtp
            .taken()
            .iter()
            .filter(|mail| mail.message.windows(17).any(|part| part == b"MFA reset request"))
            .count()
            == 1)
            .then_some(())
    })
    .await;

    // Attempts count wherever they are made.
    let mut reasons = Vec::new();
    for n in 0..40 {
        let reply = fleet
            .client(n % REPLICAS)
            .send(
                crate::main_job::LOG_IN,
                json!({ "email": "mina@harbor.test", "password": "wrong wrong wrong" }),
            )
            .await;
        let reason = reply.at("/logIn").get("reason").and_then(Value::as_str).unwrap_or_default().to_owned();
        let limited = reason == "TOO_MANY_ATTEMPTS";
        reasons.push(reason);
        if limited {
            break;
        }
    }
    let tries = reasons.len();
    assert!(tries < 40, "nobody counted: {reasons:?}");
    let elsewhere = fleet
        .client(tries % REPLICAS)
        .send(
            crate::main_job::LOG_IN,
            json!({ "email": "mina@harbor.test", "password": "wrong wrong wrong" }),
        )
        .await;
    assert_eq!(elsewhere.text("/logIn/reason"), "TOO_MANY_ATTEMPTS");

    // A session that ends at one replica has ended at the others.
    clients[1].ask("mutation { logOut { __typename } }").await.data("/logOut");
    for client in &clients {
        assert_eq!(client.ask("{ viewer { user { name } } }").await.code(), "UNAUTHENTICATED");
    }
}
