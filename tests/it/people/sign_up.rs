//! Signing up and verifying the address.

use std::time::Duration;

use futures_util::future::join_all;
use latchkey::domain::{AuditAction, Scope};
use mongodb::bson::{Document, doc};
use serde_json::json;

use super::*;
use crate::harness::{self, Options, PASSWORD};

const EMAIL: &str = "Nora@Harbor.example";

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_up_logs_in_once_the_address_is_verified_and_owns_the_account() {
    harness::run(async |app| {
        let client = app.client();
        let signed_up = sign_up(&client, EMAIL, NEW).await;
        assert_eq!(signed_up.text("/signUp/email"), EMAIL);
        assert_eq!(kind(&log_in(&client, EMAIL, "wrong").await), "INVALID_CREDENTIALS");
        assert_eq!(kind(&log_in(&client, EMAIL, NEW).await), "EMAIL_NOT_VERIFIED");

        let token = mailed(app, EMAIL, "Verify your e-mail address").await;
        let mail = app.deliver().await.remove(0);
        let words = ["Nora New", "Harbor Coffee"];
        assert!(
            words.iter().all(|word| !mail.text.contains(word)),
            "no words of a stranger's: {}",
            mail.text
        );
        let verified = verify(&client, &token).await;
        assert_eq!(verified.text("/verifyEmail/maskedEmail"), "N…a@H…r.example");
        let session =
            log_in(&client, &EMAIL.to_uppercase(), NEW).await.text("/logIn/sessionToken").to_owned();
        let viewer = client
            .with_token(&session)
            .ask(
                "{ viewer { user { email name } locale accounts(first: 5) { totalCount edges { role node {
                   id name users(first: 5) { totalCount edges { role node { email } } } } } } } }",
            )
            .await;
        assert_eq!(viewer.text("/viewer/user/email"), EMAIL, "as typed");
        assert_eq!(viewer.data("/viewer/accounts/totalCount"), &json!(1));
        assert_eq!(viewer.text("/viewer/accounts/edges/0/role"), "OWNER");
        assert_eq!(viewer.text("/viewer/accounts/edges/0/node/name"), "Harbor Coffee");
        assert_eq!(viewer.data("/viewer/accounts/edges/0/node/users/totalCount"), &json!(1));
        let account = viewer.text("/viewer/accounts/edges/0/node/id").parse().unwrap();
        for action in [AuditAction::SignedUp, AuditAction::AccountCreated, AuditAction::EmailVerified] {
            assert_eq!(app.audit_count(Scope::Account(account), action).await, 1, "{action:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_uses_of_one_verification_at_once_have_one_winner() {
    harness::run(async |app| {
        sign_up(&app.client(), EMAIL, NEW).await;
        let token = mailed(app, EMAIL, "Verify your e-mail address").await;
        let clients: Vec<_> = (0..10).map(|_| app.client()).collect();
        let replies = join_all(clients.iter().map(|client| verify(client, &token))).await;
        assert_eq!((count(&replies, "EmailVerified"), count(&replies, "INVALID")), (1, 9), "{replies:#?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_works_for_a_day_and_is_sent_anew_to_whoever_knows_the_password() {
    harness::run(async |app| {
        let client = app.client();
        sign_up(&client, EMAIL, NEW).await;
        let first = mailed(app, EMAIL, "Verify your e-mail address").await;
        log_in(&client, EMAIL, NEW).await;
        assert_eq!(subjects(app, EMAIL).await.len(), 1, "the first one still works");
        app.advance(Duration::from_secs(24 * 3600));
        assert_eq!(kind(&verify(&client, &first).await), "EXPIRED");
        assert_eq!(kind(&log_in(&client, EMAIL, "wrong").await), "INVALID_CREDENTIALS");
        assert_eq!(subjects(app, EMAIL).await.len(), 1);
        assert_eq!(kind(&log_in(&client, EMAIL, NEW).await), "EMAIL_NOT_VERIFIED");
        let second = mailed(app, EMAIL, "Verify your e-mail address").await;
        app.advance(Duration::from_millis(24 * 3600 * 1000 - 1));
        assert_eq!(kind(&verify(&client, &second).await), "EmailVerified");
        for forged in ["", "lkv_", &format!("lkv_{}", "A".repeat(43)), &second.replace("lkv_", "lkp_")] {
            assert_eq!(kind(&verify(&client, forged).await), "INVALID", "{forged}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_address_gets_the_same_answer_and_its_reader_is_told() {
    harness::run(async |app| {
        let person = app.person("Mia Known").create().await;
        let client = app.client();
        let unknown = sign_up(&client, "unknown@example.test", NEW).await;
        let known = sign_up(&client, &person.email.to_uppercase(), NEW).await;
        let same = |reply: &Reply, email: &str| reply.body.to_string().replace(email, "…");
        assert_eq!(
            same(&known, &person.email.to_uppercase()),
            same(&unknown, "unknown@example.test"),
            "nothing tells whether the address is known"
        );
        assert_eq!(subjects(app, &person.email).await, ["You are a user already"]);
        assert_eq!(kind(&log_in(&client, &person.email, NEW).await), "INVALID_CREDENTIALS");
        assert_eq!(kind(&log_in(&client, &person.email, PASSWORD).await), "LoggedIn", "nothing has changed");
        let users = app.store.database().collection::<Document>("users");
        let hint = mongodb::options::Hint::Keys(doc! { "_id": 1 });
        assert_eq!(users.count_documents(doc! {}).hint(hint).await.unwrap(), 2);
    })
    .await;
}

/// A stranger signs up with somebody's address first; the somebody signs up later. Whatever the somebody does then, the
/// stranger's password must not end up working.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_verifies_a_password_that_a_stranger_chose() {
    harness::run(async |app| {
        let client = app.client();
        sign_up(&client, EMAIL, "a stranger chose this one").await;
        app.deliver().await;
        sign_up(&client, EMAIL, NEW).await;
        let token = mailed(app, EMAIL, "You are a user already").await;
        assert!(
            app.deliver().await.iter().all(|mail| !mail.text.contains("Nora")),
            "nor the stranger's words"
        );
        assert_eq!(kind(&log_in(&client, EMAIL, NEW).await), "INVALID_CREDENTIALS");
        let stranger_link = mailed(app, EMAIL, "Verify your e-mail address").await;
        assert_eq!(kind(&reset(&client, &token, NEW).await), "PasswordReset");
        assert_eq!(kind(&log_in(&client, EMAIL, "a stranger chose this one").await), "INVALID_CREDENTIALS");
        assert_eq!(kind(&log_in(&client, EMAIL, NEW).await), "LoggedIn", "the link verified the address");
        assert_eq!(kind(&verify(&client, &stranger_link).await), "INVALID");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sign_ups_at_once_with_one_address_make_one_user() {
    harness::run(async |app| {
        let clients: Vec<_> = (0..4).map(|_| app.client()).collect();
        let replies = join_all(clients.iter().map(|client| sign_up(client, EMAIL, NEW))).await;
        assert_eq!(count(&replies, "SignedUp"), 4, "{replies:#?}");
        let subjects = subjects(app, EMAIL).await;
        let verifications =
            subjects.iter().filter(|subject| *subject == "Verify your e-mail address").count();
        assert_eq!((verifications, subjects.len()), (1, 4));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn weak_passwords_and_malformed_input_are_refused() {
    harness::run(async |app| {
        let client = app.client();
        for (password, reason) in [
            ("elevenchars", "PASSWORD_TOO_SHORT"),
            ("password1234", "PASSWORD_TOO_GUESSABLE"),
            ("noraharborcoffee", "PASSWORD_TOO_GUESSABLE"),
            (&"lantern orbit ".repeat(80), "PASSWORD_TOO_LONG"),
        ] {
            assert_eq!(kind(&sign_up(&client, EMAIL, password).await), reason, "{password:.20}");
        }
        assert_eq!(sign_up(&client, "no address", NEW).await.code(), "BAD_USER_INPUT");
        for more in ["locale: \"de_DE\"", "timeZone: \"../x\""] {
            let document = format!(
                "mutation {{ signUp(input: {{ email: \"a@b.example\", password: \"{NEW}\", name: \"N\", accountName: \"A\", {more} }}) {{ __typename }} }}"
            );
            assert_eq!(client.ask(&document).await.code(), "BAD_USER_INPUT", "{more}");
        }
        assert_eq!(app.audit_count(Scope::Deployment, AuditAction::SignUpRefused).await, 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_gets_five_mails_an_hour() {
    harness::run(async |app| {
        let client = app.client();
        for _ in 0..5 {
            assert_eq!(kind(&sign_up(&client, EMAIL, NEW).await), "SignedUp");
        }
        let sixth = sign_up(&client, EMAIL, NEW).await;
        assert_eq!(kind(&sixth), "TOO_MANY_ATTEMPTS");
        assert!(time_of(sixth.data("/signUp/retryAt")) > app.now());
        assert_eq!(kind(&request(&client, EMAIL).await), "TOO_MANY_ATTEMPTS", "the same mailbox");
        app.advance(Duration::from_secs(3600));
        assert_eq!(kind(&request(&client, EMAIL).await), "PasswordResetRequested");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_up_can_be_switched_off() {
    let vars = vec![("LATCHKEY_SIGN_UP".to_owned(), "off".to_owned())];
    harness::run_with(Options { vars, ..Options::default() }, async |app| {
        assert_eq!(kind(&sign_up(&app.client(), EMAIL, NEW).await), "SIGN_UP_CLOSED");
        assert!(app.deliver().await.is_empty());
    })
    .await;
}
