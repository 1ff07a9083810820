//! What happens at the same moment as an erasure, or afterwards.

use std::process::Stdio;
use std::time::{Duration, Instant};

use bson::{Document, doc};
use futures_util::TryStreamExt as _;
use futures_util::future::join_all;
use latchkey::domain::AccountRole;
use latchkey::service::personal_data::{Erased, PersonalData};
use serde_json::{Value, json};

use super::{EMAIL, FORGOTTEN, INVITE, NAME, count, erase, everything, found};
use crate::audit::{complained, latchkey_command, printed};
use crate::harness::{self, PASSWORD};
use crate::main_job::{LOG_IN, said};
use crate::serve::until;

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_was_killed_goes_on_where_it_was() {
    harness::run(async |app| {
        let mina = app.person(NAME).email(EMAIL).with_mfa().create().await;
        for n in 0..60 {
            let account = app.account(&format!("Account {n}")).await;
            app.join_account(&mina, account, AccountRole::Manager).await;
        }
        let removed = async || count(app, "audit_events", doc! { "action": "USER_REMOVED" }).await;
        let (mut command, _keys) = latchkey_command(app, &["user", "erase", &mina.gid(), "--yes"]);
        let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until("it has begun", async || (removed().await > 0).then_some(())).await;
        running.kill().unwrap();
        running.wait().unwrap();
        let half = removed().await;
        assert!(half < 60, "it was through before it was killed");
        // As she was, apart from the places that she left.
        assert_eq!(app.store.users.find(mina.id).await.unwrap().unwrap().name, NAME);

        // What the killed one was at stays open in MongoDB for a minute at most (`transactionLifetimeLimitSeconds`).
        let end = Instant::now() + Duration::from_secs(90);
        let erased = loop {
            let erased = erase(app, &mina.gid());
            if erased.status.success() || Instant::now() > end {
                break erased;
            }
        };
        assert!(erased.status.success(), "{}", complained(&erased));
        assert_eq!(removed().await, 60, "each place once");
        assert_eq!(found("quistorp", &everything(app).await), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_logs_in_while_being_erased_is_not_in_afterwards() {
    harness::run(async |app| {
        let harbor = app.account("Harbor").await;
        let mina = app.person(NAME).email(EMAIL).in_account(harbor, AccountRole::Manager).create().await;
        let data = PersonalData { store: app.store.clone(), clock: std::sync::Arc::new(app.clock.clone()) };
        let whom = mina.gid().parse().unwrap();
        let log_ins = (0..12).map(|_| async {
            let variables = json!({ "email": EMAIL, "password": PASSWORD });
            app.client().send(LOG_IN, variables).await
        });
        let (replies, erased) = tokio::join!(join_all(log_ins), data.erase(&whom));
        assert_eq!(erased.unwrap(), Erased::Now { user: mina.id, places: 1 });
        for reply in &replies {
            let Some(token) = reply.body.pointer("/data/logIn/sessionToken").and_then(Value::as_str) else {
                continue;
            };
            harness::secrets::secret(token);
            let viewer = app.client().with_token(token).ask("{ viewer { user { id } } }").await;
            assert_eq!(viewer.code(), "UNAUTHENTICATED");
        }
        assert_eq!(count(app, "sessions", doc! {}).await, 0);
        assert_eq!(found("quistorp", &everything(app).await), None);
    })
    .await;
}

/// What was read before somebody was erased, or comes back with a backup, opens nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_outlives_an_erased_person_opens_nothing_and_goes_when_asked_again() {
    harness::run(async |app| {
        let strict = app.account("Strict").await;
        app.enforce_mfa(strict).await;
        let mina = app.person(NAME).email(EMAIL).in_account(strict, AccountRole::Manager).create().await;
        let log_in = json!({ "email": EMAIL, "password": PASSWORD });
        let token = app.client().send(LOG_IN, log_in).await.text("/logIn/enrollmentToken").to_owned();
        app.client().send(FORGOTTEN, json!({ "email": mina.email })).await;
        app.deliver().await;
        let link = harness::token_in(&app.mails_to(&mina).pop().unwrap().text);
        let database = app.store.database();
        let mut kept = Vec::new();
        for name in ["tickets", "mail_links"] {
            let all = database.collection::<Document>(name).find(doc! { "user_id": mina.id }).await.unwrap();
            let all: Vec<Document> = all.try_collect().await.unwrap();
            assert!(!all.is_empty());
            kept.push((name, all));
        }
        assert!(erase(app, &mina.gid()).status.success());
        for (name, documents) in kept {
            database.collection::<Document>(name).insert_many(documents).await.unwrap();
        }

        // A new password does not make anybody of nobody.
        let password = "mutation($t: String!) { resetPassword(input: { token: $t, password: \"glacier-violin-anchor-42\" }) {
          __typename } }";
        app.client().send(password, json!({ "t": link })).await;
        let nowhere = format!("{}@erased.invalid", mina.gid());
        for email in [EMAIL, &nowhere] {
            let log_in = json!({ "email": email, "password": "glacier-violin-anchor-42" });
            assert_eq!(said(&app.client().send(LOG_IN, log_in).await, "logIn"), "INVALID_CREDENTIALS");
        }
        // Nor does a new factor.
        let begin = "mutation($t: String) { beginTotpEnrollment(input: { enrollmentToken: $t }) {
          ... on TotpEnrollmentStarted { secret } } }";
        let begun = app.client().send(begin, json!({ "t": token })).await;
        if let Some(secret) = begun.body.pointer("/data/beginTotpEnrollment/secret").and_then(Value::as_str) {
            let secret = latchkey::crypto::TotpSecret::from_base32(secret).unwrap();
            let confirm = "mutation($t: String, $c: String!) {
              confirmTotpEnrollment(input: { enrollmentToken: $t, code: $c }) {
                __typename ... on TotpEnrolled { loggedIn { sessionToken } } } }";
            let code = secret.code_at(app.now());
            let confirmed = app.client().send(confirm, json!({ "t": token, "c": code })).await;
            assert_eq!(confirmed.code(), "UNAUTHENTICATED");
        }
        assert_eq!(count(app, "sessions", doc! {}).await, 0);
        assert_eq!(count(app, "users", doc! { "mfa": { "$exists": true } }).await, 0);

        let again = erase(app, &mina.gid());
        assert!(printed(&again).contains("was erased already"), "{}", complained(&again));
        for collection in ["tickets", "mail_links", "outbox"] {
            assert_eq!(count(app, collection, doc! {}).await, 0, "{collection}");
        }
        let user = app.store.users.find_credentials(mina.id).await.unwrap();
        assert!(user.is_none(), "has credentials");
        assert_eq!(count(app, "users", doc! { "password": { "$exists": true } }).await, 0);
        assert_eq!(found("quistorp", &everything(app).await), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_the_address_of_somebody_who_is_or_will_be_erased() {
    harness::run(async |app| {
        let harbor = app.account("Harbor").await;
        let owner = app.person("Olga").in_account(harbor, AccountRole::Owner).create().await;
        let email = format!("{}@ERASED.invalid", owner.gid());
        let invited = json!({ "account": harbor.to_string(), "email": email });
        let reply = app.client_of(&owner).await.send(INVITE, invited).await;
        assert_eq!(reply.code(), "BAD_USER_INPUT");
        let sign_up =
            "mutation($email: String!) { signUp(input: { email: $email, name: \"X\", accountName: \"X\",
          password: \"glacier-violin-anchor-42\" }) { __typename } }";
        assert_eq!(app.client().send(sign_up, json!({ "email": email })).await.code(), "BAD_USER_INPUT");
    })
    .await;
}
