//! Passwords: a new one by mail, a new one against the old one.

use std::time::Duration;

use futures_util::future::join_all;
use latchkey::domain::{AccountRole, AuditAction, Scope};

use super::*;
use crate::harness::{self, PASSWORD};

const SUBJECT: &str = "Set a new password";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_by_mail_ends_every_session_and_leaves_mfa_alone() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let person = app.person("Mia").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        let session = app.session_token(&person).await;
        let client = app.client();
        let challenge = log_in(&client, &person.email, PASSWORD).await.text("/logIn/challengeToken").to_owned();

        let asked = request(&client, &person.email.to_uppercase()).await;
        assert_eq!(kind(&asked), "PasswordResetRequested");
        let token = mailed(app, &person.email, SUBJECT).await;
        let viewer = client.with_token(&session).ask("{ viewer { user { id } } }").await;
        assert_eq!(viewer.text("/viewer/user/id"), person.gid(), "asking changes nothing");
        let done = reset(&client, &token, NEW).await;
        assert_eq!(done.text("/resetPassword/__typename"), "PasswordReset");

        let viewer = client.with_token(&session).ask("{ viewer { user { id } } }").await;
        assert_eq!(viewer.code(), "UNAUTHENTICATED");
        assert_eq!(kind(&log_in(&client, &person.email, PASSWORD).await), "INVALID_CREDENTIALS");
        let challenged = log_in(&client, &person.email, NEW).await;
        assert_eq!(kind(&challenged), "MfaChallenge", "the second factor is asked for as before");
        let answer = "mutation($t: String!, $c: String!) { answerMfaChallenge(input: { challengeToken: $t, code: $c }) {
            __typename ... on AnswerMfaChallengeRejected { reason } } }";
        let code = app.totp_code(&person);
        let old = client.send(answer, json!({ "t": challenge, "c": code })).await;
        assert_eq!(kind(&old), "CHALLENGE_EXPIRED", "what the old password opened is void");
        let new = challenged.text("/logIn/challengeToken");
        assert_eq!(kind(&client.send(answer, json!({ "t": new, "c": code })).await), "LoggedIn");

        assert_eq!(subjects(app, &person.email).await, [SUBJECT, "Your password was changed"]);
        for action in [AuditAction::PasswordResetRequested, AuditAction::PasswordReset] {
            assert_eq!(app.audit_count(Scope::Account(account), action).await, 1, "{action:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_gets_the_same_answer_and_no_mail() {
    harness::run(async |app| {
        let person = app.person("Mia").create().await;
        let client = app.client();
        let known = request(&client, &person.email).await.body.to_string();
        let unknown = request(&client, "nobody@example.test").await.body.to_string();
        assert_eq!(known.replace(&person.email, "…"), unknown.replace("nobody@example.test", "…"));
        let mails = app.deliver().await;
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].recipient, person.email);
        assert_eq!(app.audit_count(Scope::Deployment, AuditAction::PasswordResetRequested).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_uses_of_one_link_at_once_set_one_password() {
    harness::run(async |app| {
        let person = app.person("Mia").create().await;
        request(&app.client(), &person.email).await;
        let token = mailed(app, &person.email, SUBJECT).await;
        let passwords: Vec<_> = (0..10).map(|n| format!("{NEW} number {n}")).collect();
        let client = app.client();
        let replies = join_all(passwords.iter().map(|new| reset(&client, &token, new))).await;
        assert_eq!((count(&replies, "PasswordReset"), count(&replies, "INVALID")), (1, 9), "{replies:#?}");
        let winner = replies.iter().position(|reply| kind(reply) == "PasswordReset").unwrap();
        assert_eq!(kind(&log_in(&client, &person.email, &passwords[winner]).await), "LoggedIn");
        assert_eq!(subjects(app, &person.email).await.len(), 2, "told once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_for_an_hour_and_only_until_the_password_changes() {
    harness::run(async |app| {
        let person = app.person("Mia").create().await;
        let client = app.client();
        request(&client, &person.email).await;
        let late = mailed(app, &person.email, SUBJECT).await;
        app.advance(Duration::from_secs(3600));
        assert_eq!(kind(&reset(&client, &late, NEW).await), "EXPIRED");

        request(&client, &person.email).await;
        let first = mailed(app, &person.email, SUBJECT).await;
        request(&client, &person.email).await;
        let second = mailed(app, &person.email, SUBJECT).await;
        assert_eq!(kind(&reset(&client, &first, "short").await), "PASSWORD_TOO_SHORT");
        assert_eq!(kind(&reset(&client, &first, "password1234").await), "PASSWORD_TOO_GUESSABLE");
        app.advance(Duration::from_millis(3600 * 1000 - 1));
        assert_eq!(kind(&reset(&client, &first, NEW).await), "PasswordReset", "a weak one uses nothing up");
        assert_eq!(kind(&reset(&client, &second, NEW).await), "INVALID", "the other link is void");
        for forged in ["", "lkp_", &format!("lkp_{}", "A".repeat(43)), &"x".repeat(10_000)] {
            assert_eq!(kind(&reset(&client, forged, NEW).await), "INVALID", "{forged:.20}");
        }
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_knows_the_password_changes_it_and_keeps_only_this_session() {
    harness::run(async |app| {
        let person = app.person("Mia").create().await;
        let elsewhere = app.session_token(&person).await;
        let client = app.client_of(&person).await;
        request(&client, &person.email).await;
        let link = mailed(app, &person.email, SUBJECT).await;
        let change = async |current: &str, new: &str| {
            client.send(CHANGE, json!({ "current": current, "new": new })).await
        };
        assert_eq!(kind(&change("wrong", NEW).await), "WRONG_PASSWORD");
        assert_eq!(kind(&change(PASSWORD, "mia").await), "PASSWORD_TOO_SHORT");
        assert_eq!(kind(&change(PASSWORD, "mia@example.test").await), "PASSWORD_TOO_GUESSABLE");
        let changed = change(PASSWORD, NEW).await;
        assert_eq!(changed.data("/changePassword/sessionsEnded"), &json!(1));
        assert_eq!(client.ask("{ viewer { user { id } } }").await.text("/viewer/user/id"), person.gid());
        let gone = app.client().with_token(&elsewhere).ask("{ viewer { user { id } } }").await;
        assert_eq!(gone.code(), "UNAUTHENTICATED");
        assert_eq!(kind(&log_in(&app.client(), &person.email, PASSWORD).await), "INVALID_CREDENTIALS");
        assert_eq!(kind(&log_in(&app.client(), &person.email, NEW).await), "LoggedIn");
        assert_eq!(kind(&reset(&client, &link, NEW).await), "INVALID", "mailed links are void");
        assert_eq!(subjects(app, &person.email).await, [SUBJECT, "Your password was changed"]);
        assert_eq!(app.audit_count(Scope::User(person.id), AuditAction::PasswordRefused).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_changes_at_once_from_one_password_have_one_winner() {
    harness::run(async |app| {
        let person = app.person("Mia").create().await;
        let mut clients = Vec::new();
        for _ in 0..4 {
            clients.push(app.client_of(&person).await);
        }
        let passwords: Vec<_> = (0..4).map(|n| format!("{NEW} number {n}")).collect();
        let replies = join_all(
            clients
                .iter()
                .zip(&passwords)
                .map(|(client, new)| client.send(CHANGE, json!({ "current": PASSWORD, "new": new }))),
        )
        .await;
        let won =
            replies.iter().filter(|r| r.body["data"]["changePassword"]["__typename"] == "PasswordChanged");
        assert_eq!(won.count(), 1, "{replies:#?}");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_current_password_are_bounded() {
    harness::run(async |app| {
        let person = app.person("Mia").create().await;
        let client = app.client_of(&person).await;
        for _ in 0..10 {
            let wrong = client.send(CHANGE, json!({ "current": "wrong", "new": NEW })).await;
            assert_eq!(kind(&wrong), "WRONG_PASSWORD");
        }
        let blocked = client.send(CHANGE, json!({ "current": PASSWORD, "new": NEW })).await;
        assert_eq!(kind(&blocked), "TOO_MANY_ATTEMPTS");
        assert!(time_of(blocked.data("/changePassword/retryAt")) > app.now());
        app.advance(Duration::from_secs(15 * 60));
        let changed = client.send(CHANGE, json!({ "current": PASSWORD, "new": NEW })).await;
        assert_eq!(kind(&changed), "PasswordChanged");
        app.deliver().await;
    })
    .await;
}
