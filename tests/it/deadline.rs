//! A request's work ends at its deadline, in the gateway and in MongoDB, and its client is told so.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use latchkey::domain::{AccountRole, AuditAction, Scope};
use mongodb::bson::{Document, doc};
use serde_json::json;
use tokio::sync::Mutex;

use crate::harness::{self, Options, TestApp, mongod_uri};

/// MongoDB has one fail point of a kind for all.
static FAIL_POINT: Mutex<()> = Mutex::const_new(());

const DEADLINE: Duration = Duration::from_secs(1);
/// Far longer than anything here waits.
const BLOCKED_MS: i32 = 60_000;

/// A gateway with a short deadline, whose connections can be told from those of other tests.
async fn with_deadline(name: &str, test: impl AsyncFnOnce(&TestApp)) {
    let uri = mongod_uri();
    let sign = if uri.contains('?') { '&' } else { '?' };
    let vars = vec![
        ("LATCHKEY_MONGODB_URI".to_owned(), format!("{uri}{sign}appName={name}")),
        ("LATCHKEY_REQUEST_DEADLINE".to_owned(), format!("{}s", DEADLINE.as_secs())),
    ];
    harness::run_with(Options { vars, ..Options::default() }, test).await;
}

/// Runs `work` while MongoDB holds up one command on one collection, and then sees to it that nothing is left of it.
async fn held_up(app: &TestApp, name: &str, command: &str, collection: &str, work: impl AsyncFnOnce()) {
    let one_at_a_time = FAIL_POINT.lock().await;
    let admin = mongodb::Client::with_uri_str(mongod_uri()).await.unwrap().database("admin");
    let namespace = format!("{}.{collection}", app.database);
    // The first stands where `maxTimeMS` counts already; the second holds up commands before that.
    let (point, data) = match command {
        "find" => {
            let data = doc! { "nss": namespace, "shouldCheckForInterrupt": true };
            ("waitInFindBeforeMakingBatch", data)
        }
        _ => {
            let data = doc! {
                "failCommands": [command], "namespace": namespace, "appName": name,
                "blockConnection": true, "blockTimeMS": BLOCKED_MS,
            };
            ("failCommand", data)
        }
    };
    admin.run_command(doc! { "configureFailPoint": point, "mode": "alwaysOn", "data": data }).await.unwrap();
    let start = Instant::now();
    work().await;
    let took = start.elapsed();
    let left = under_way(&admin, name).await;
    admin.run_command(doc! { "configureFailPoint": point, "mode": "off" }).await.unwrap();
    drop(one_at_a_time);
    assert!(left.is_empty(), "still under way in MongoDB: {left:#?}");
    assert!(took >= DEADLINE / 2, "nothing was held up");
    assert!(took < DEADLINE + Duration::from_secs(5), "took {took:?}");
}

/// Commands that run, and transactions that are open. What was told to end may need a moment on a busy machine.
async fn under_way(admin: &mongodb::Database, name: &str) -> Vec<Document> {
    let end = Instant::now() + Duration::from_secs(5);
    loop {
        let pipeline = [
            doc! { "$currentOp": { "allUsers": true, "idleSessions": true } },
            doc! { "$match": {
                "appName": name, "command.hello": { "$exists": false },
                "$or": [{ "active": true }, { "transaction": { "$exists": true } }],
            } },
        ];
        let found: Vec<Document> = admin.aggregate(pipeline).await.unwrap().try_collect().await.unwrap();
        if found.is_empty() || Instant::now() > end {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_ends_at_the_deadline_in_mongodb_too() {
    with_deadline("deadline-read", async |app| {
        let account = app.account("Acme").await;
        let olga = app.person("Olga Owner").in_account(account, AccountRole::Owner).create().await;
        let client = app.client_of(&olga).await;
        // The session's own look-up, and one that runs in a batch's task.
        for (collection, query) in [
            ("sessions", "{ viewer { user { name } } }"),
            ("users", "{ viewer { user { name } } }"),
            ("accounts", "{ viewer { accounts { edges { node { name } } } } }"),
        ] {
            held_up(app, "deadline-read", "find", collection, async || {
                let reply = client.ask(query).await;
                assert_eq!(reply.code(), "UNAVAILABLE", "{collection}: {:#}", reply.body);
            })
            .await;
            // No connection of the driver was left behind.
            assert_eq!(
                client.ask("{ viewer { user { name } } }").await.text("/viewer/user/name"),
                "Olga Owner"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_undone_at_the_deadline() {
    with_deadline("deadline-write", async |app| {
        let account = app.account("Before").await;
        let olga = app.person("Olga Owner").in_account(account, AccountRole::Owner).create().await;
        let client = app.client_of(&olga).await;
        const CREATE: &str = "mutation($name: String!) {
          createAccount(input: { name: $name }) { __typename ... on AccountCreated { account { name } } } }";
        for (command, collection) in [("insert", "account_members"), ("insert", "audit_events")] {
            held_up(app, "deadline-write", command, collection, async || {
                let reply = client.send(CREATE, json!({ "name": "Late" })).await;
                assert_eq!(reply.code(), "UNAVAILABLE", "{:#}", reply.body);
            })
            .await;
        }
        let accounts = app.store.database().collection::<Document>("accounts");
        let id = doc! { "name": "Late", "_id": { "$gt": mongodb::bson::Bson::MinKey } };
        let late = accounts.find_one(id).hint(mongodb::options::Hint::Keys(doc! { "_id": 1 })).await.unwrap();
        assert!(late.is_none(), "{late:?}");
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::AccountCreated).await, 0);

        let reply = client.send(CREATE, json!({ "name": "In time" })).await;
        assert_eq!(reply.text("/createAccount/account/name"), "In time");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_outside_a_transaction_ends_at_the_deadline() {
    with_deadline("deadline-touch", async |app| {
        let olga = app.person("Olga Owner").create().await;
        let client = app.client_of(&olga).await;
        // A use of the session is written down once a minute.
        app.advance(Duration::from_secs(120));
        held_up(app, "deadline-touch", "update", "sessions", async || {
            assert_eq!(client.ask("{ viewer { user { name } } }").await.code(), "UNAVAILABLE");
        })
        .await;
        // Refusals are written down by themselves.
        let account = app.account("Not hers").await;
        let close = "mutation($id: ID!) { closeAccount(input: { accountId: $id, name: \"Not hers\" }) { __typename } }";
        held_up(app, "deadline-touch", "insert", "audit_events", async || {
            let reply = client.send(close, json!({ "id": account.to_string() })).await;
            assert_eq!(reply.code(), "UNAVAILABLE", "{:#}", reply.body);
        })
        .await;
    })
    .await;
}
