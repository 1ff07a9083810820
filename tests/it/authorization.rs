//! The authorisation matrix: every root field and every guarded field × everybody who could ask.
//!
//! What is expected stands in `tests/authorization.md`, which is reviewed like code. A root field without a row fails; so
//! does a cell that differs. `LATCHKEY_WRITE_MATRIX=1` writes what was found into the file, for review.

mod at_once;
mod portfolio_rows;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use latchkey::domain::{
    AccountId, AccountRole, Permission, PortfolioId, PortfolioRole, RoleId, UserId, Webhook, WebhookId,
    WebhookState,
};
use latchkey::store::webhooks::SECRET_PLACE;
use serde_json::{Value, json};

use crate::harness::{self, Client, Person, Socket, TestApp};

/// Custom roles of which somebody asks: the name of the column, the base, and what is stored.
const CUSTOM: &[(&str, AccountRole, &[Permission])] = &[
    ("mfa.reset", AccountRole::Analyst, &[Permission::UsersView, Permission::MfaReset]),
    ("users.manage", AccountRole::Manager, &[Permission::UsersView, Permission::UsersManage]),
    ("roles.manage", AccountRole::Analyst, &[Permission::UsersView, Permission::RolesManage]),
    ("audit.view without users.view", AccountRole::Analyst, &[Permission::AuditView]),
    ("webhooks.manage", AccountRole::Analyst, &[Permission::AuditView, Permission::WebhooksManage]),
    ("mfa.policy", AccountRole::Analyst, &[Permission::UsersView, Permission::MfaPolicy]),
    ("all on ANALYST", AccountRole::Analyst, Permission::ALL),
    ("all on SUPPORT", AccountRole::Support, Permission::ALL),
];

/// An asker whose session lacks the second factor that an account of theirs enforces.
const RESTRICTED: &str = "Account ADMIN who must set MFA up";
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/authorization.md");

/// A column of the matrix.
struct Asker {
    name: String,
    person: Option<Person>,
}

impl Asker {
    /// A session of its own for each question, since some questions end it.
    async fn token(&self, app: &TestApp) -> Option<String> {
        match &self.person {
            Some(person) => Some(app.session_token(person).await),
            None => None,
        }
    }
}

struct World {
    account: AccountId,
    portfolio: PortfolioId,
    role: RoleId,
    owner: Client,
    target: Person,
    askers: Vec<Asker>,
}

async fn world(app: &TestApp) -> World {
    let portfolio = app.portfolio("Group").await;
    let account = app.account_in("Acme", Some(portfolio)).await;
    let elsewhere = app.account("Elsewhere").await;
    let target =
        app.person("Tara Target").with_mfa().in_account(account, AccountRole::Analyst).create().await;
    let seen = mongodb::bson::doc! { "$set": { "last_log_in_at": mongodb::bson::DateTime::now() } };
    app.update("users", mongodb::bson::doc! { "_id": target.id }, seen).await;
    // Something to see in the list of freezes, and in nobody's way.
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(400 * 24 * 3600);
    let frozen = mongodb::bson::doc! {
        "$set": { "asking_frozen_until": mongodb::bson::DateTime::from_system_time(later) },
    };
    app.update("users", mongodb::bson::doc! { "_id": target.id }, frozen).await;
    let mut people = Vec::new();
    for role in AccountRole::ALL {
        let name = format!("Account {}", role.as_str());
        people.push((name.clone(), app.person(&name).with_mfa().in_account(account, role).create().await));
    }
    for role in PortfolioRole::ALL {
        let name = format!("Portfolio {}", role.as_str());
        people
            .push((name.clone(), app.person(&name).with_mfa().in_portfolio(portfolio, role).create().await));
    }
    let other = app.person("Other Owner").with_mfa().in_account(elsewhere, AccountRole::Owner).create().await;
    people.push(("Owner elsewhere".to_owned(), other));
    people.push(("stranger".to_owned(), app.person("Sven Stranger").with_mfa().create().await));
    people.push(("oneself".to_owned(), target.clone()));
    for (name, base, permissions) in CUSTOM {
        let held = app.custom_role(account, name, *base, permissions).await;
        let person =
            app.person(&format!("Holder of {name}")).with_mfa().holding(account, held).create().await;
        people.push((format!("custom {name}"), person));
    }
    // Held by somebody, so that it is there for every asker.
    let role = app.custom_role(account, "Shared", AccountRole::Analyst, &[Permission::UsersView]).await;
    app.person("Holder").holding(account, role).create().await;
    let strict = app.account("Strict").await;
    let restricted = app.person("Nina Nofactor").in_account(account, AccountRole::Admin);
    let restricted = restricted.in_account(strict, AccountRole::Owner).create().await;
    app.enforce_mfa(strict).await;
    people.push((RESTRICTED.to_owned(), restricted));
    let owner = app.client_of(&people[0].1).await;
    let mut askers = vec![Asker { name: "signed out".to_owned(), person: None }];
    askers.extend(people.into_iter().map(|(name, person)| Asker { name, person: Some(person) }));
    World { account, portfolio, role, owner, target, askers }
}

/// One of its own for each question, since some questions delete it.
async fn a_webhook(app: &TestApp, account: AccountId) -> String {
    let id = WebhookId::generate(app.now());
    let webhook = Webhook {
        id,
        account_id: account,
        url: "https://hooks.example.com/".to_owned(),
        actions: Some(Vec::new()),
        state: WebhookState::Enabled,
        created_by: UserId::generate(app.now()),
        created_at: app.now(),
        failing_since: None,
        old_secret_until: None,
        version: 1,
    };
    let secret = app.keyring.seal(SECRET_PLACE, id.uuid().as_bytes(), b"secret").unwrap();
    let mut tx = app.store.begin().await.unwrap();
    app.store.webhooks.insert(&mut tx, &webhook, &secret).await.unwrap();
    tx.commit().await.unwrap();
    id.to_string()
}

fn rows() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    rows::ROWS.iter().chain(portfolio_rows::ROWS)
}

/// One word for an answer: an error's code, a rejection's reason, `null` with its path's length, or `ok`.
fn verdict(body: &Value, row: &str) -> String {
    if let Some(code) = body["errors"][0]["extensions"]["code"].as_str() {
        return code.to_owned();
    }
    assert_eq!(body.get("errors"), None, "an error without a code: {body:#}");
    let mut value = &body["data"];
    let root = ["Query", "Mutation", "Subscription"].iter().any(|root| row.starts_with(root));
    let wanted = if root { 1 } else { row.split('.').count() };
    for _ in 0..wanted {
        match value {
            // The last field asked for is the one that the row is about.
            Value::Object(fields) => value = fields.values().next_back().unwrap_or(&Value::Null),
            Value::Array(items) => value = items.first().unwrap_or(&Value::Null),
            _ => break,
        }
    }
    if let Value::Array(items) = value {
        value = items.first().unwrap_or(&Value::Null);
    }
    match value.get("reason").and_then(Value::as_str) {
        Some(reason) => reason.to_owned(),
        None if value.is_null() => "null".to_owned(),
        None => "ok".to_owned(),
    }
}

async fn over_socket(app: &TestApp, asker: &Asker, query: &str, variables: Value) -> Value {
    let mut socket = match asker.token(app).await {
        Some(token) => Socket::signed_in(&app.ws_url(), &token).await,
        None => {
            let mut socket = Socket::open(&app.ws_url()).await;
            socket.init(json!({})).await;
            socket.next().await;
            socket
        }
    };
    socket.subscribe("a", query, variables).await;
    match socket.next_within(std::time::Duration::from_millis(700)).await {
        // A stream that waits for events is an open door.
        None => json!({ "data": { "stream": "open" } }),
        Some(harness::Event::Message(value)) if value["type"] == "error" => {
            json!({ "errors": value["payload"] })
        }
        Some(harness::Event::Message(value)) => value["payload"].clone(),
        Some(closed) => panic!("{closed:?}"),
    }
}

/// How many events there are in all logs.
async fn events(app: &TestApp) -> u64 {
    let events = app.store.database().collection::<mongodb::bson::Document>("audit_events");
    events.estimated_document_count().await.unwrap()
}

async fn a_waiting_reset(app: &TestApp, world: &World) -> String {
    // Past the limit of five an hour.
    app.advance(std::time::Duration::from_secs(3601));
    app.freshen().await;
    let reply = crate::main_job::reset(&world.owner, &world.target).await;
    reply.text("/resetUserMfa/mfaReset/id").to_owned()
}

async fn a_waiting_invitation(app: &TestApp, world: &World) -> String {
    let address = format!("{}@example.test", latchkey::domain::MailId::generate(app.now()));
    let reply = crate::invitations::invite(&world.owner, world.account, &address, "ANALYST").await;
    reply.text("/inviteUser/invitation/id").to_owned()
}

async fn matrix(app: &TestApp) -> (Vec<String>, BTreeMap<String, Vec<String>>) {
    let world = world(app).await;
    app.mail_may_wait();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (row, query) in rows() {
        for asker in &world.askers {
            let mut variables = json!({
                "account": world.account.to_string(), "portfolio": world.portfolio.to_string(),
                "role": world.role.to_string(),
                "user": world.target.gid(), "session": latchkey::domain::SessionId::generate(app.now()).to_string(),
            });
            if query.contains("$reset") {
                variables["reset"] = json!(a_waiting_reset(app, &world).await);
            } else if query.contains("$webhook") {
                variables["webhook"] = json!(a_webhook(app, world.account).await);
            } else if query.contains("$invitation") {
                variables["invitation"] = json!(a_waiting_invitation(app, &world).await);
            } else if *row == "Mutation.resetUserMfa" {
                app.advance(std::time::Duration::from_secs(3601));
            }
            let variables: Value = variables
                .as_object()
                .unwrap()
                .iter()
                .filter(|(name, _)| query.contains(&format!("${name}")))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect::<serde_json::Map<_, _>>()
                .into();
            let before = events(app).await;
            let body = if row.starts_with("Subscription.") {
                over_socket(app, asker, query, variables).await
            } else {
                let client = match asker.token(app).await {
                    Some(token) => app.client().with_token(&token),
                    None => app.client(),
                };
                client.send(query, variables).await.body
            };
            let mut word = verdict(&body, row);
            if row.starts_with("Subscription.") && body["data"]["stream"] == "open" {
                word = "ok".to_owned();
            }
            let refused = !["ok", "null", "UNAUTHENTICATED"].contains(&word.as_str());
            // What a session may not do before its second factor is written down once in five minutes.
            let said_before = asker.name == RESTRICTED && word == "FORBIDDEN";
            if row.starts_with("Mutation.") && refused && !said_before {
                assert!(events(app).await > before, "{row} by {}: {word} is in no log", asker.name);
            }
            found.entry((*row).to_owned()).or_default().push(word);
        }
    }
    (world.askers.into_iter().map(|asker| asker.name).collect(), found)
}

fn printed(askers: &[String], found: &BTreeMap<String, Vec<String>>) -> String {
    let mut text = String::from(
        "# Who may do what\n\nEvery root field and every guarded field, asked about one account, its portfolio and an \
         Analyst of it with MFA.\n`ok`: done or shown. `null`: looks like nothing. Otherwise an error's code or a \
         rejection's reason.\nHeld against the gateway by `tests/it/authorization.rs`.\n\n",
    );
    text.push_str(&format!("| field | {} |\n", askers.join(" | ")));
    text.push_str(&format!("|{}\n", " --- |".repeat(askers.len() + 1)));
    for (row, _) in rows() {
        text.push_str(&format!("| {row} | {} |\n", found[*row].join(" | ")));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_do_exactly_what_the_reviewed_table_says() {
    // The clock moves by hours: sessions must outlive that.
    let vars = [("SESSION_IDLE", "30d"), ("SESSION_MAX", "60d"), ("RESET_BURST", "1000")];
    let vars = vars.map(|(name, value)| (format!("LATCHKEY_{name}"), value.to_owned())).to_vec();
    harness::run_with(harness::Options { vars, ..Default::default() }, async |app| {
        let (askers, found) = matrix(app).await;
        let printed = printed(&askers, &found);
        if std::env::var_os("LATCHKEY_WRITE_MATRIX").is_some() {
            std::fs::write(FILE, &printed).unwrap();
        }
        let expected = std::fs::read_to_string(FILE).unwrap_or_default();
        for (is, should) in printed.lines().zip(expected.lines()) {
            assert_eq!(is, should, "tests/authorization.md says otherwise");
        }
        assert_eq!(printed.lines().count(), expected.lines().count());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_root_field_has_a_row() {
    harness::run(async |app| {
        let reply = app
            .client()
            .ask("{ __schema { queryType { fields { name } } mutationType { fields { name } } subscriptionType { fields { name } } } }")
            .await;
        let mut fields = BTreeSet::new();
        for (root, prefix) in [("queryType", "Query"), ("mutationType", "Mutation"), ("subscriptionType", "Subscription")] {
            for field in reply.data(&format!("/__schema/{root}/fields")).as_array().unwrap() {
                fields.insert(format!("{prefix}.{}", field["name"].as_str().unwrap()));
            }
        }
        let rows: BTreeSet<_> = rows().map(|(row, _)| (*row).to_owned()).collect();
        let missing: Vec<_> = fields.difference(&rows).collect();
        assert!(missing.is_empty(), "no row in tests/it/authorization/rows.rs for {missing:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mutation_resets_mfa_but_those_that_are_known() {
    harness::run(async |app| {
        let reply = app.client().ask("{ __schema { mutationType { fields { name } } } }").await;
        let fields = reply.data("/__schema/mutationType/fields").as_array().unwrap().clone();
        let touching: Vec<_> = fields
            .iter()
            .filter_map(|field| field["name"].as_str())
            .filter(|name| name.to_lowercase().contains("mfa") && !name.to_lowercase().contains("policy"))
            .collect();
        let mut touching = touching.clone();
        touching.sort_unstable();
        let known = [
            "acceptMfaReset",
            "answerMfaChallenge",
            "approveMfaReset",
            "cancelMfaReset",
            "declineMfaReset",
            "disableMfa",
            "liftMfaResetFreeze",
            "resetUserMfa",
        ];
        assert_eq!(touching, known, "vendor support has no way to switch anybody's MFA off");
    })
    .await;
}
