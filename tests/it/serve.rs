//! The built program as an operator runs it: `keys init`, `import`, `serve`, a replica set, an SMTP server, a client.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use latchkey::crypto::TotpSecret;
use mail_parser::MessageParser;
use serde_json::json;
use time::OffsetDateTime;

use crate::harness::{self, Client, mongod_uri, token_in};
use crate::mail::server::SmtpServer;
use crate::main_job::{ACCEPT, LOG_IN, RESET};

pub const PASSWORD: &str = "glacier-violin-anchor-42";

pub const ROWS: &str = r#"{"kind":"portfolio","key":"p","name":"Northwind"}
{"kind":"account","key":"a","name":"Harbor","portfolio":"p","mfaEnforced":true}
{"kind":"user","email":"olivia@harbor.test","name":"Olivia","password":"glacier-violin-anchor-42","totpSecret":"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}
{"kind":"user","email":"mina@harbor.test","name":"Mina","password":"glacier-violin-anchor-42","totpSecret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","backupCodes":["9f8e-7d6c-5b4a","1234567890"]}
{"kind":"accountUser","account":"a","email":"olivia@harbor.test","role":"OWNER"}
{"kind":"accountUser","account":"a","email":"mina@harbor.test","role":"ANALYST"}
"#;

pub struct Gateway {
    pub process: Child,
    pub address: String,
    metrics: String,
    log: PathBuf,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let metrics = self.metrics();
        let _ = self.process.kill();
        let _ = self.process.wait();
        if !std::thread::panicking() {
            harness::secrets::check("the gateway's metrics", &metrics);
            harness::secrets::check("the gateway's output", &fs::read(&self.log).unwrap());
        }
    }
}

impl Gateway {
    /// What it measures; nothing when it has ended already.
    pub fn metrics(&self) -> Vec<u8> {
        let mut text = Vec::new();
        if let Ok(mut stream) = std::net::TcpStream::connect(&self.metrics) {
            let _ = stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            let _ = stream.read_to_end(&mut text);
        }
        text
    }
}

pub fn latchkey(folder: &Path, database: &str, smtp: &str, address: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command
        .current_dir(folder)
        .env("LATCHKEY_MONGODB_URI", mongod_uri())
        .env("LATCHKEY_MONGODB_DATABASE", database)
        .env("LATCHKEY_KEYS_FILE", folder.join("keys.toml"))
        .env("LATCHKEY_LISTEN", address)
        .env("LATCHKEY_PUBLIC_URL", format!("http://{address}"))
        .env("LATCHKEY_SMTP_URL", smtp)
        .env("LATCHKEY_MAIL_FROM", "Harbor ID <id@harbor.test>")
        .env("LATCHKEY_SESSION_IDLE", "23h")
        // A whole test's resets are asked for within an hour.
        .env("LATCHKEY_RESET_BURST", "1000")
        .env("LATCHKEY_TEST_CLOCK_FILE", folder.join("clock"));
    command
}

pub fn done(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

pub async fn serve(folder: &Path, database: &str, smtp: &str) -> Gateway {
    serve_with(folder, database, smtp, &[]).await
}

/// The same with other settings.
pub async fn serve_with(folder: &Path, database: &str, smtp: &str, vars: &[(&str, &str)]) -> Gateway {
    serve_at(folder, database, smtp, &free(), vars).await
}

pub fn free() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// The same on an address of one's own.
pub async fn serve_at(
    folder: &Path,
    database: &str,
    smtp: &str,
    address: &str,
    vars: &[(&str, &str)],
) -> Gateway {
    let (address, metrics) = (address.to_owned(), free());
    let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).unwrap();
    let process = latchkey(folder, database, smtp, &address)
        .arg("serve")
        .env("LATCHKEY_METRICS_LISTEN", &metrics)
        .envs(vars.iter().copied())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let gateway = Gateway { process, address, metrics, log: folder.join("log") };
    until("the gateway is ready", async || {
        let ready = reqwest::get(format!("http://{}/readyz", gateway.address)).await;
        ready.is_ok_and(|reply| reply.status().is_success()).then_some(())
    })
    .await;
    gateway
}

/// Waits for something that another process does; fails after half a minute.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within two minutes");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub async fn log_in(client: &Client, email: &str, code: Option<String>) -> (String, String) {
    let reply = client.send(LOG_IN, json!({ "email": email, "password": PASSWORD })).await;
    let kind = reply.text("/logIn/__typename").to_owned();
    let (Some(code), "MfaChallenge") = (code, kind.as_str()) else {
        let enrollment = reply.at("/logIn").get("enrollmentToken").and_then(|token| token.as_str());
        return (kind, enrollment.unwrap_or_default().to_owned());
    };
    let answer = client
        .send(
            "mutation($t: String!, $c: String!) { answerMfaChallenge(input: { challengeToken: $t, code: $c }) {
               __typename ... on LoggedIn { sessionToken } } }",
            json!({ "t": reply.text("/logIn/challengeToken"), "c": code }),
        )
        .await;
    (kind, answer.text("/answerMfaChallenge/sessionToken").to_owned())
}

async fn nth_request(smtp: &SmtpServer, n: usize) -> String {
    until("the mail arrives", async || {
        let requests: Vec<String> = smtp
            .taken()
            .iter()
            .filter_map(|mail| {
                let message = MessageParser::default().parse(&mail.message)?;
                (message.subject() == Some("MFA reset request"))
                    .then(|| message.body_text(0).unwrap().into_owned())
            })
            .collect();
        requests.get(n).map(|text| token_in(text))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn import_and_serve_complete_the_main_job_with_expiry_and_enrolment() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (folder, smtp) = (folder.path(), SmtpServer::start());
    let database = format!("test_{}", uuid::Uuid::now_v7().simple());
    for secret in
        [PASSWORD, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "9f8e-7d6c-5b4a"]
    {
        harness::secrets::secret(secret);
    }
    fs::write(folder.join("rows.jsonl"), ROWS).unwrap();
    fs::write(folder.join("clock"), "+0s").unwrap();
    done(Command::new(env!("CARGO_BIN_EXE_latchkey")).args(["keys", "init"]).arg(folder.join("keys.toml")));
    for _ in 0..2 {
        // The second run changes nothing.
        done(latchkey(folder, &database, &smtp.url(""), "127.0.0.1:0").args(["import", "rows.jsonl"]));
    }
    let gateway = serve(folder, &database, &smtp.url("")).await;
    let client = Client::new(format!("http://{}/graphql", gateway.address));

    let now = OffsetDateTime::now_utc();
    let olivia = TotpSecret::from_base32("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").unwrap();
    let (_, session) = log_in(&client, "olivia@harbor.test", Some(olivia.code_at(now))).await;
    let owner = client.with_token(&session);
    let users = owner
        .ask("{ viewer { accounts { edges { node { users(search: \"mina\") { edges { node { id } } } } } } } }")
        .await;
    let mina = users.text("/viewer/accounts/edges/0/node/users/edges/0/node/id").to_owned();
    let (_, by_backup_code) = log_in(&client, "mina@harbor.test", Some("9F8E 7D6C 5B4A".to_owned())).await;
    assert!(by_backup_code.starts_with("lks_"), "imported backup codes work");

    let asked = owner.send(RESET, json!({ "userId": mina })).await;
    assert_eq!(asked.text("/resetUserMfa/__typename"), "MfaResetRequested");
    let token = nth_request(&smtp, 0).await;
    fs::write(folder.join("clock"), "+12h1m").unwrap();
    let expired = until("the clock moves", async || {
        let reply = client.send(ACCEPT, json!({ "token": token })).await;
        let reason = reply.at("/acceptMfaReset").get("reason").cloned();
        assert_eq!(reply.at("/acceptMfaReset").get("maskedEmail"), None, "accepted too late");
        reason
    })
    .await;
    assert_eq!(expired, "EXPIRED");

    // Twelve hours after the log-in, asking again takes a fresh code.
    let code = olivia.code_at(OffsetDateTime::now_utc() + time::Duration::minutes(12 * 60 + 1));
    let stepped = "mutation($c: String) { stepUp(input: { code: $c }) { __typename } }";
    assert_eq!(owner.send(stepped, json!({ "c": code })).await.text("/stepUp/__typename"), "SteppedUp");
    let again = owner.send(RESET, json!({ "userId": mina })).await;
    assert_eq!(again.text("/resetUserMfa/mfaReset/state"), "PENDING");
    let token = nth_request(&smtp, 1).await;
    let accepted = client.send(ACCEPT, json!({ "token": token })).await;
    assert_eq!(accepted.data("/acceptMfaReset/enrollmentRequired"), &json!(true));

    let (kind, enrollment) = log_in(&client, "mina@harbor.test", None).await;
    assert_eq!(kind, "MfaEnrollmentRequired");
    let begun = client
        .send(
            "mutation($t: String) { beginTotpEnrollment(input: { enrollmentToken: $t }) { ... on TotpEnrollmentStarted { secret } } }",
            json!({ "t": enrollment }),
        )
        .await;
    let secret_text = begun.text("/beginTotpEnrollment/secret").to_owned();
    let secret = TotpSecret::from_base32(&secret_text).unwrap();
    let code = secret.code_at(OffsetDateTime::now_utc() + time::Duration::minutes(12 * 60 + 1));
    let confirmed = client
        .send(
            "mutation($t: String, $c: String!) { confirmTotpEnrollment(input: { enrollmentToken: $t, code: $c }) {
               ... on TotpEnrolled { backupCodes loggedIn { sessionToken viewer { user { email } } } } } }",
            json!({ "t": enrollment, "c": code }),
        )
        .await;
    assert_eq!(confirmed.text("/confirmTotpEnrollment/loggedIn/viewer/user/email"), "mina@harbor.test");

    let new_session = confirmed.text("/confirmTotpEnrollment/loggedIn/sessionToken");
    let keys = fs::read_to_string(folder.join("keys.toml")).unwrap();
    let key = keys.lines().filter_map(|line| line.split('"').nth(1)).max_by_key(|text| text.len()).unwrap();
    drop(gateway);
    let log = fs::read_to_string(folder.join("log")).unwrap();
    assert!(!log.is_empty());
    for secret in
        [PASSWORD, &session, new_session, &token, &enrollment, &secret_text, key, "mina@harbor.test"]
    {
        assert!(!log.contains(secret), "the log holds a secret or personal data");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_gateway_is_killed_while_sending_is_sent_by_the_next() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (folder, smtp) = (folder.path(), SmtpServer::start());
    let database = format!("test_{}", uuid::Uuid::now_v7().simple());
    fs::write(folder.join("rows.jsonl"), ROWS).unwrap();
    fs::write(folder.join("clock"), "+0s").unwrap();
    done(Command::new(env!("CARGO_BIN_EXE_latchkey")).args(["keys", "init"]).arg(folder.join("keys.toml")));
    // Takes connections and never says a word: whoever sends hangs in the middle of it.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nowhere = format!("smtp://{}", silent.local_addr().unwrap());
    done(latchkey(folder, &database, &nowhere, "127.0.0.1:0").args(["import", "rows.jsonl"]));

    let mut first = serve(folder, &database, &nowhere).await;
    let client = Client::new(format!("http://{}/graphql", first.address));
    let olivia = TotpSecret::from_base32("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").unwrap();
    let (_, session) =
        log_in(&client, "olivia@harbor.test", Some(olivia.code_at(OffsetDateTime::now_utc()))).await;
    let owner = client.with_token(&session);
    let users = owner
        .ask("{ viewer { accounts { edges { node { users(search: \"mina\") { edges { node { id } } } } } } } }")
        .await;
    let mina = users.text("/viewer/accounts/edges/0/node/users/edges/0/node/id").to_owned();
    owner.send(RESET, json!({ "userId": mina })).await;
    let _connection = tokio::time::timeout(Duration::from_secs(30), silent.accept()).await.unwrap().unwrap();
    // SIGKILL: nothing is handed back.
    first.process.kill().unwrap();
    first.process.wait().unwrap();

    let second = serve(folder, &database, &smtp.url("")).await;
    // Past the lease of the killed one.
    fs::write(folder.join("clock"), "+61s").unwrap();
    let token = nth_request(&smtp, 0).await;
    let client = Client::new(format!("http://{}/graphql", second.address));
    let accepted = client.send(ACCEPT, json!({ "token": token })).await;
    assert_eq!(accepted.text("/acceptMfaReset/__typename"), "MfaResetAccepted");
}
