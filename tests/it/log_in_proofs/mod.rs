//! What a log-in promises to whoever attacks it: limits that hold across replicas and restarts, and answers that tell
//! nothing.

mod browser;

use std::time::Instant;

use futures_util::future::join_all;
use latchkey::crypto::Passwords;
use latchkey::domain::{AuditAction, Scope};
use mongodb::bson::doc;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::harness::{self, Client, Options, PASSWORD, Person, Reply, Socket, TestApp};
use crate::log_in::{MINUTE, answer, challenge, kind};
use crate::main_job::{LOG_IN, said};

async fn wrong(client: &Client, email: &str) -> Reply {
    client.send(LOG_IN, json!({ "email": email, "password": "wrong" })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_are_counted_across_replicas_and_restarts() {
    harness::run(async |app| {
        let person = app.person("Pia").create().await;
        for _ in 0..2 {
            // Each of them is a gateway that has just started.
            let replica = app.replica(Options::default()).await;
            for client in [app.client(), replica.client(), app.client(), replica.client(), replica.client()] {
                assert_eq!(said(&wrong(&client, &person.email).await, "logIn"), "INVALID_CREDENTIALS");
            }
            replica.stop();
        }
        let replica = app.replica(Options::default()).await;
        for client in [app.client(), replica.client()] {
            let right = json!({ "email": person.email, "password": PASSWORD });
            let blocked = client.send(LOG_IN, right).await;
            assert_eq!(said(&blocked, "logIn"), "TOO_MANY_ATTEMPTS");
        }
        replica.stop();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_wrong_passwords_at_once_exactly_ten_are_checked() {
    harness::run(async |app| {
        let person = app.person("Pia").create().await;
        let replica = app.replica(Options::default()).await;
        let clients: Vec<_> =
            (0..50).map(|i| if i % 2 == 0 { app.client() } else { replica.client() }).collect();
        let replies = join_all(clients.iter().map(|client| wrong(client, &person.email))).await;
        let of = |reason: &str| replies.iter().filter(|reply| said(reply, "logIn") == reason).count();
        assert_eq!((of("INVALID_CREDENTIALS"), of("TOO_MANY_ATTEMPTS")), (10, 40));
        replica.stop();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_network_address_is_bounded_over_all_addresses_that_it_tries() {
    harness::run(async |app| {
        let client = app.client();
        for number in 0..100 {
            let reply = wrong(&client, &format!("nobody{number}@example.test")).await;
            assert_eq!(said(&reply, "logIn"), "INVALID_CREDENTIALS", "{number}");
        }
        assert_eq!(said(&wrong(&client, "one.more@example.test").await, "logIn"), "TOO_MANY_ATTEMPTS");
        app.advance(15 * MINUTE);
        assert_eq!(said(&wrong(&client, "one.more@example.test").await, "logIn"), "INVALID_CREDENTIALS");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_and_batches_try_nothing_and_operations_of_one_socket_count_each() {
    harness::run(async |app| {
        let person = app.person("Pia").create().await;
        let client = app.client();
        let attempt =
            format!("logIn(input: {{ email: \"{}\", password: \"wrong\" }}) {{ __typename }}", person.email);
        let aliases: String = (0..20).map(|i| format!(" a{i}: {attempt}")).collect();
        let one = json!({ "query": format!("mutation {{ {attempt} }}") });
        for body in [json!({ "query": format!("mutation {{{aliases} }}") }), json!([one, one, one])] {
            let refused = client.post(body).await;
            assert!(!refused.code().is_empty(), "{}", refused.body);
            assert!(refused.body.get("data").is_none_or(Value::is_null), "{}", refused.body);
        }
        let tried = async || app.audit_count(Scope::User(person.id), AuditAction::LogInRefused).await;
        assert_eq!(tried().await, 0, "nothing was tried");

        let mut socket = Socket::open(&app.ws_url()).await;
        socket.init(json!({})).await;
        socket.next().await;
        let mut reasons = Vec::new();
        for number in 0..11 {
            let id = number.to_string();
            socket.subscribe(&id, LOG_IN, json!({ "email": person.email, "password": "wrong" })).await;
            let data = socket.next_data().await;
            reasons.push(data["logIn"]["reason"].as_str().unwrap().to_owned());
            socket.next().await;
        }
        assert!(reasons[..10].iter().all(|reason| reason == "INVALID_CREDENTIALS"), "{reasons:?}");
        assert_eq!(reasons[10], "TOO_MANY_ATTEMPTS");
        assert_eq!(tried().await, 10);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_wrong_codes_at_once_exactly_five_are_checked() {
    harness::run(async |app| {
        let person = app.person("Mia").with_mfa().create().await;
        let client = app.client();
        let token = challenge(&client, &person).await;
        let replies = join_all((0..20).map(|_| answer(&client, &token, "000000"))).await;
        let kinds: Vec<_> = replies.iter().map(kind).collect();
        assert_eq!(kinds.iter().filter(|kind| *kind == "WRONG_CODE").count(), 5, "{kinds:?}");
        let right = answer(&client, &token, &app.totp_code(&person)).await;
        assert_eq!(kind(&right), "TOO_MANY_ATTEMPTS", "the challenge is dead");
    })
    .await;
}

/// Everybody whom a stranger must not tell apart.
async fn everybody(app: &TestApp) -> Vec<Person> {
    let plain = app.person("Paul Plain").create().await;
    let with_mfa = app.person("Mia Mfa").with_mfa().create().await;
    let unverified = app.person("Uma Unverified").create().await;
    app.update("users", doc! { "_id": unverified.id }, doc! { "$set": { "email_unverified": true } }).await;
    let without_password = app.person("Nora Nopass").create().await;
    app.update("users", doc! { "_id": without_password.id }, doc! { "$unset": { "password": "" } }).await;
    vec![plain, with_mfa, unverified, without_password]
}

/// What of the headers is the same for equal answers.
fn names(headers: &HeaderMap) -> Vec<&str> {
    let mut names: Vec<_> = headers.keys().map(reqwest::header::HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

fn same(known: &Reply, unknown: &Reply, hides: &[&str]) {
    let body = |reply: &Reply| {
        let mut text = reply.body.to_string();
        for address in hides {
            text = text.replace(address, "ADDRESS");
        }
        text
    };
    assert_eq!(body(known), body(unknown));
    assert_eq!(known.status, unknown.status);
    assert_eq!(names(&known.headers), names(&unknown.headers));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_tells_whether_an_address_is_known() {
    const FORGOTTEN: &str = "mutation($email: String!) { requestPasswordReset(input: { email: $email }) {
      __typename ... on PasswordResetRequested { email } ... on RequestPasswordResetRejected { reason } } }";
    const SIGN_UP: &str = "mutation($email: String!) {
      signUp(input: { email: $email, password: \"correct unicorn battery\", name: \"Nobody\", accountName: \"Harbor\" }) {
        __typename ... on SignedUp { email } ... on SignUpRejected { reason } } }";
    harness::run(async |app| {
        let client = app.client();
        let everybody = everybody(app).await;
        for (number, person) in everybody.iter().enumerate() {
            let nobody = format!("nobody{number}@example.test");
            let hides = [person.email.as_str(), nobody.as_str()];
            same(&wrong(&client, &person.email).await, &wrong(&client, &nobody).await, &hides);
            for query in [FORGOTTEN, SIGN_UP] {
                let ask = async |email: &str| client.send(query, json!({ "email": email })).await;
                let (known, unknown) = (ask(&person.email).await, ask(&format!("x{nobody}")).await);
                same(&known, &unknown, &[hides[0], &format!("x{nobody}")]);
            }
        }
        // The limit falls at the same attempt, whoever has the address.
        let blocked = async |email: &str| {
            for attempt in 1..=12 {
                if said(&wrong(&client, email).await, "logIn") == "TOO_MANY_ATTEMPTS" {
                    return attempt;
                }
            }
            0
        };
        app.advance(15 * MINUTE);
        assert_eq!(blocked(&everybody[1].email).await, blocked("someone.else@example.test").await);

        app.deliver().await;
        for person in &everybody {
            assert!(!app.mails_to(person).is_empty(), "who has the address is told: {}", person.name);
        }
        assert!(
            client
                .ask("{ invitationByToken(token: \"lki_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\") { email } }")
                .await
                .body
                .to_string()
                .find('@')
                .is_none()
        );
    })
    .await;
}

/// When no password is hashed for nobody, that leaves less than half.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_takes_as_long_for_nobody_as_for_somebody() {
    let passwords = Passwords::with_params(2, 19 * 1024, 2, 1).unwrap();
    harness::run_with(Options { passwords: Some(passwords), ..Options::default() }, async |app| {
        let client = app.client();
        let mut people = Vec::new();
        for number in 0..8 {
            people.push(app.person(&format!("Person {number}")).with_mfa().create().await.email);
        }
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for round in 0..150 {
            if round % 40 == 0 {
                // Neither limit is in the way.
                app.advance(15 * MINUTE);
            }
            let nobody = format!("nobody{round}@example.test");
            for (email, times) in [(&people[round % 8], &mut known), (&nobody, &mut unknown)] {
                let start = Instant::now();
                assert_eq!(said(&wrong(&client, email).await, "logIn"), "INVALID_CREDENTIALS");
                times.push(start.elapsed().as_secs_f64());
            }
        }
        harness::timing::assert_alike("log-in", &known, &unknown);
    })
    .await;
}
