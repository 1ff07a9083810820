//! The viewer's own profile, and another address.

use std::time::Duration;

use futures_util::future::join_all;
use latchkey::domain::{AccountRole, AuditAction, PortfolioRole, Scope};

use super::*;
use crate::harness::{self, PASSWORD, Person};

const UPDATE: &str = "mutation($input: UpdateProfileInput!) {
  updateProfile(input: $input) {
    __typename
    ... on ProfileUpdated { user { name email } pendingEmail }
    ... on UpdateProfileRejected { reason message retryAt }
  } }";

const SUBJECT: &str = "Verify your new e-mail address";

async fn update(client: &Client, input: Value) -> Reply {
    client.send(UPDATE, json!({ "input": input })).await
}

async fn ask_for(client: &Client, email: &str) -> Reply {
    update(client, json!({ "email": email, "currentPassword": PASSWORD })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_counts_in_every_list_at_once() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let account = app.account_in("Acme", Some(portfolio)).await;
        let person = app
            .person("Ana Old")
            .in_account(account, AccountRole::Owner)
            .in_portfolio(portfolio, PortfolioRole::Owner)
            .create()
            .await;
        let client = app.client_of(&person).await;
        let changed = update(&client, json!({ "name": " Zoë New ", "locale": "de", "timeZone": "Europe/Berlin" })).await;
        assert_eq!(changed.text("/updateProfile/user/name"), "Zoë New");
        for (search, found) in [("zoë", 1), ("ana o", 0)] {
            let lists = client
                .send(
                    "query($a: ID!, $p: ID!, $s: String!) {
                       account(id: $a) { users(first: 5, search: $s) { totalCount } }
                       portfolio(id: $p) { users(first: 5, search: $s) { totalCount } accountUsers(first: 5, search: $s) { totalCount } } }",
                    json!({ "a": account.to_string(), "p": portfolio.to_string(), "s": search }),
                )
                .await;
            for list in ["/account/users", "/portfolio/users", "/portfolio/accountUsers"] {
                assert_eq!(lists.data(&format!("{list}/totalCount")), &json!(found), "{list} {search}");
            }
        }
        let viewer = client.ask("{ viewer { locale timeZone pendingEmail } }").await;
        assert_eq!(
            viewer.data("/viewer"),
            &json!({ "locale": "de", "timeZone": "Europe/Berlin", "pendingEmail": null })
        );
        update(&client, json!({ "locale": null })).await;
        let viewer = client.ask("{ viewer { locale timeZone } }").await;
        assert_eq!(viewer.data("/viewer"), &json!({ "locale": null, "timeZone": "Europe/Berlin" }));
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::ProfileChanged).await, 2);
        for bad in [json!({ "name": " " }), json!({ "locale": "de_DE" }), json!({ "email": "x" })] {
            let mut bad = bad;
            bad["currentPassword"] = json!(PASSWORD);
            assert_eq!(update(&client, bad.clone()).await.code(), "BAD_USER_INPUT", "{bad}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_address_is_verified_first_and_the_old_one_is_told() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let person = app.person("Mia").in_account(account, AccountRole::Owner).create().await;
        let client = app.client_of(&person).await;
        let new = "Mia.New@Bücher.example";
        assert_eq!(kind(&update(&client, json!({ "email": new })).await), "PASSWORD_REQUIRED");
        let wrong = update(&client, json!({ "email": new, "currentPassword": "wrong" })).await;
        assert_eq!(kind(&wrong), "WRONG_PASSWORD");
        let asked = ask_for(&client, new).await;
        assert_eq!(asked.text("/updateProfile/pendingEmail"), new);
        assert_eq!(asked.text("/updateProfile/user/email"), person.email, "nothing has changed yet");
        assert_eq!(kind(&log_in(&client, new, PASSWORD).await), "INVALID_CREDENTIALS");

        let mails = app.deliver().await;
        let to_new = mails.iter().rfind(|mail| mail.subject == SUBJECT).unwrap();
        assert!(to_new.recipient.starts_with("Mia.New@"), "{}", to_new.recipient);
        assert!(!to_new.text.contains("Mia,"), "no words of a stranger's to a stranger: {}", to_new.text);
        assert_eq!(subjects(app, &person.email).await, ["Your e-mail address is to change"]);

        let token = harness::token_in(&to_new.text);
        assert_eq!(kind(&verify(&app.client(), &token).await), "EmailVerified");
        assert_eq!(kind(&log_in(&client, &person.email, PASSWORD).await), "INVALID_CREDENTIALS");
        assert_eq!(kind(&log_in(&client, "mia.new@xn--bcher-kva.example", PASSWORD).await), "LoggedIn");
        let viewer = client.ask("{ viewer { user { email } pendingEmail } }").await;
        assert_eq!(viewer.data("/viewer"), &json!({ "user": { "email": new }, "pendingEmail": null }));
        let found = client
            .send(
                "query($a: ID!) { account(id: $a) { users(first: 5, search: \"mia.new@\") { totalCount } } }",
                json!({ "a": account.to_string() }),
            )
            .await;
        assert_eq!(found.data("/account/users/totalCount"), &json!(1), "the copies follow");
        assert_eq!(
            subjects(app, &person.email).await,
            ["Your e-mail address is to change", "Your e-mail address was changed"]
        );
        for action in [AuditAction::EmailChangeRequested, AuditAction::EmailChanged] {
            assert_eq!(app.audit_count(Scope::Account(account), action).await, 1, "{action:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_latest_new_address_can_be_verified_and_only_once() {
    harness::run(async |app| {
        let person = app.person("Mia").create().await;
        let client = app.client_of(&person).await;
        ask_for(&client, "first@example.test").await;
        let first = mailed(app, "first@example.test", SUBJECT).await;
        ask_for(&client, "second@example.test").await;
        let second = mailed(app, "second@example.test", SUBJECT).await;
        assert_eq!(kind(&verify(&client, &first).await), "INVALID");
        let replies = join_all((0..6).map(|_| verify(&client, &second))).await;
        assert_eq!((count(&replies, "EmailVerified"), count(&replies, "INVALID")), (1, 5), "{replies:#?}");
        let replies = join_all(["c@example.test", "d@example.test", "e@example.test"].map(|e| {
            let client = client.clone();
            async move { ask_for(&client, e).await }
        }))
        .await;
        assert_eq!(count(&replies, "ProfileUpdated"), 3);
        let waiting = app.store.mail_links.find_waiting(
            person.id,
            latchkey::domain::MailLinkKind::ChangeEmail,
            app.now(),
        );
        let latest = waiting.await.unwrap().unwrap();
        let mails = app.deliver().await;
        let late = mails.iter().filter(|mail| mail.subject == SUBJECT);
        let late: Vec<_> = late.map(|mail| mail.recipient.as_str()).collect();
        assert_eq!(
            late,
            ["first@example.test", "second@example.test", &latest.email],
            "void links are not mailed"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_a_new_address_is_taken_is_told_only_to_its_reader() {
    harness::run(async |app| {
        let taken = app.person("Tom Taken").create().await;
        let person = app.person("Mia").create().await;
        let client = app.client_of(&person).await;
        let asked = ask_for(&client, &taken.email.to_uppercase()).await;
        assert_eq!(kind(&asked), "ProfileUpdated");
        let token = mailed(app, &taken.email.to_uppercase(), SUBJECT).await;
        assert_eq!(kind(&verify(&client, &token).await), "EMAIL_TAKEN");
        assert_eq!(kind(&log_in(&client, &person.email, PASSWORD).await), "LoggedIn");
        assert_eq!(kind(&log_in(&client, &taken.email, PASSWORD).await), "LoggedIn");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_makes_a_waiting_address_void() {
    harness::run(async |app| {
        let person: Person = app.person("Mia").create().await;
        let client = app.client_of(&person).await;
        ask_for(&client, "thief@example.test").await;
        let token = mailed(app, "thief@example.test", SUBJECT).await;
        let changed = client.send(CHANGE, json!({ "current": PASSWORD, "new": NEW })).await;
        assert_eq!(kind(&changed), "PasswordChanged");
        assert_eq!(kind(&verify(&client, &token).await), "INVALID");
        app.advance(Duration::from_secs(1));
        assert_eq!(
            client.ask("{ viewer { pendingEmail } }").await.data("/viewer/pendingEmail"),
            &Value::Null
        );
        app.deliver().await;
    })
    .await;
}
