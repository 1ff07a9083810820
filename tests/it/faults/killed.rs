//! The gateway itself is killed, at each of its writes of a reset: what it had said stays, what it had begun is either
//! whole or gone, and the next gateway goes on.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use latchkey::crypto::TotpSecret;
use mail_parser::MessageParser;
use mongodb::bson::doc;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::replica_set::ReplicaSet;
use super::sound;
use crate::harness::{Client, token_in};
use crate::mail::server::SmtpServer;
use crate::main_job::{ACCEPT, RESET};
use crate::serve::{self, Gateway, PASSWORD, done, latchkey, log_in, serve_with, until};

/// More than there are writes in what is killed.
const STEPS: usize = 24;
const OWNERS: usize = 8;
const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
/// How long a command is held up; what is killed, is killed in that time.
const HELD_UP_MS: i32 = 3_000;
const KILL_AFTER: Duration = Duration::from_millis(1_500);

fn rows() -> String {
    let mut rows = vec![json!({ "kind": "account", "key": "a", "name": "Harbor" })];
    let mut people = |name: String, role: &str| {
        let email = format!("{name}@harbor.test");
        rows.push(json!({ "kind": "user", "email": email, "name": name, "password": PASSWORD, "totpSecret": SECRET }));
        rows.push(json!({ "kind": "accountUser", "account": "a", "email": email, "role": role }));
    };
    (0..OWNERS).for_each(|n| people(format!("admin{n}"), if n == 0 { "OWNER" } else { "ADMIN" }));
    (0..STEPS).for_each(|n| people(format!("person{n}"), "ANALYST"));
    rows.iter().map(|row| format!("{row}\n")).collect()
}

struct Scene<'a> {
    set: &'a ReplicaSet,
    folder: &'a Path,
    database: String,
    smtp: SmtpServer,
    uri: String,
}

impl Scene<'_> {
    async fn gateway(&self) -> (Gateway, Client) {
        let vars = [("LATCHKEY_MONGODB_URI", self.uri.as_str())];
        let gateway = serve_with(self.folder, &self.database, &self.smtp.url(""), &vars).await;
        let client = Client::new(format!("http://{}/graphql", gateway.address));
        (gateway, client)
    }

    async fn fail_point(&self, mode: impl Into<mongodb::bson::Bson>) {
        let data = doc! {
            "failCommands": ["insert", "update", "findAndModify", "commitTransaction"], "appName": "killed",
            "blockConnection": true, "blockTimeMS": HELD_UP_MS,
        };
        let point = doc! { "configureFailPoint": "failCommand", "mode": mode.into(), "data": data };
        self.set.ask_primary(point).await;
    }

    /// Asks a gateway that is killed when its write number `step` is held up: true when it answered before.
    async fn killed_at(
        &self,
        step: usize,
        token: Option<&str>,
        query: &'static str,
        variables: &Value,
    ) -> bool {
        let (mut gateway, client) = self.gateway().await;
        let client = token.map_or(client.clone(), |token| client.with_token(token));
        self.fail_point(doc! { "skip": i32::try_from(step).unwrap() }).await;
        let variables = variables.clone();
        let asking = tokio::spawn(async move { client.send(query, variables).await });
        let answered = tokio::time::timeout(KILL_AFTER, asking).await.is_ok();
        // SIGKILL: nothing is handed back.
        gateway.process.kill().unwrap();
        gateway.process.wait().unwrap();
        self.fail_point("off").await;
        answered
    }

    async fn latest_token(&self, email: &str) -> String {
        until("the mail arrives", async || {
            let mut texts = self.smtp.taken().into_iter().filter_map(|mail| {
                let message = MessageParser::default().parse(&mail.message)?;
                let to = message.to()?.first()?.address()?.to_owned();
                (message.subject() == Some("MFA reset request") && to == email)
                    .then(|| message.body_text(0).unwrap().into_owned())
            });
            texts.next_back().map(|text| token_in(&text))
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_killed_at_any_write_of_a_reset_leaves_it_whole_or_not_at_all() {
    let set = ReplicaSet::start().await;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let folder = folder.path();
    fs::write(folder.join("rows.jsonl"), rows()).unwrap();
    fs::write(folder.join("clock"), "+0s").unwrap();
    done(Command::new(env!("CARGO_BIN_EXE_latchkey")).args(["keys", "init"]).arg(folder.join("keys.toml")));
    let scene = Scene {
        uri: format!("{}&appName=killed", set.uri()),
        set: &set,
        folder,
        database: "killed".to_owned(),
        smtp: SmtpServer::start(),
    };
    let mut import = latchkey(folder, &scene.database, &scene.smtp.url(""), "127.0.0.1:0");
    done(import.args(["import", "rows.jsonl"]).env("LATCHKEY_MONGODB_URI", &scene.uri));
    let database = mongodb::Client::with_uri_str(set.uri()).await.unwrap().database(&scene.database);

    // Log-ins, and who is who.
    let (gateway, client) = scene.gateway().await;
    let code = TotpSecret::from_base32(SECRET).unwrap().code_at(OffsetDateTime::now_utc());
    let mut admins = Vec::new();
    for n in 0..OWNERS {
        let (_, token) = log_in(&client, &format!("admin{n}@harbor.test"), Some(code.clone())).await;
        admins.push(token);
    }
    let mut people = Vec::new();
    for n in 0..STEPS {
        let query = format!(
            "{{ viewer {{ accounts {{ edges {{ node {{ users(search: \"person{n}@\") {{ edges {{ node {{ id }} }} }} }} }} }} }} }}"
        );
        let found = client.with_token(&admins[0]).ask(&query).await;
        people.push(found.text("/viewer/accounts/edges/0/node/users/edges/0/node/id").to_owned());
    }
    drop(gateway);

    let mut killed = 0;
    for (step, id) in people.iter().enumerate() {
        let token = admins[step % OWNERS].as_str();
        let asked = json!({ "userId": id });
        let reset_answered = scene.killed_at(step, Some(token), RESET, &asked).await;
        sound(&database).await;
        // The next gateway goes on: the person is asked again, as an admin would who saw the error.
        let (gateway, client) = scene.gateway().await;
        let again = insist(&client.with_token(token), RESET, &asked).await;
        assert_eq!(again["resetUserMfa"]["__typename"], "MfaResetRequested", "step {step}: {again}");
        let link = scene.latest_token(&format!("person{step}@harbor.test")).await;
        drop(gateway);

        let accept = json!({ "token": link });
        let accept_answered = scene.killed_at(step, None, ACCEPT, &accept).await;
        sound(&database).await;
        let (gateway, client) = scene.gateway().await;
        let link = scene.latest_token(&format!("person{step}@harbor.test")).await;
        insist(&client, ACCEPT, &json!({ "token": link })).await;
        drop(gateway);
        let resets = sound(&database).await;
        let theirs = |state: &str| {
            resets.iter().filter(|reset| reset.state == state && reset.user_id.to_string() == *id).count()
        };
        assert_eq!((theirs("ACCEPTED"), theirs("PENDING")), (1, 0), "step {step}");
        killed += usize::from(!reset_answered) + usize::from(!accept_answered);
        if reset_answered && accept_answered {
            break;
        }
    }
    assert!(killed >= 8, "only {killed} were killed in the middle");
}

/// Asks until the gateway is available; what the killed one left open goes by itself.
async fn insist(client: &Client, query: &str, variables: &Value) -> Value {
    serve::until("the gateway is available again", async || {
        let reply = client.send(query, variables.clone()).await;
        (reply.code() != "UNAVAILABLE").then(|| reply.data("").clone())
    })
    .await
}
