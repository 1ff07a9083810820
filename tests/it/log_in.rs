//! Logging in: passwords, second factors, sessions.

use std::time::Duration;

use futures_util::future::join_all;
use latchkey::domain::{AccountRole, AuditAction, Scope};
use serde_json::json;

use crate::harness::{self, Client, PASSWORD, Person, Reply, TestApp};
use crate::main_job::{LOG_IN, log_in};

const ANSWER: &str = "mutation($token: String!, $code: String!) {
  answerMfaChallenge(input: { challengeToken: $token, code: $code }) {
    __typename
    ... on LoggedIn { sessionToken viewer { user { email } } }
    ... on AnswerMfaChallengeRejected { reason message retryAt }
  } }";

pub const MINUTE: Duration = Duration::from_secs(60);

pub async fn member(app: &TestApp, name: &str) -> Person {
    let account = app.account("Acme").await;
    app.person(name).with_mfa().in_account(account, AccountRole::Analyst).create().await
}

pub async fn challenge(client: &Client, person: &Person) -> String {
    log_in(client, person).await.text("/logIn/challengeToken").to_owned()
}

pub async fn answer(client: &Client, token: &str, code: &str) -> Reply {
    client.send(ANSWER, json!({ "token": token, "code": code })).await
}

pub fn kind(reply: &Reply) -> String {
    let answer = reply.data("/answerMfaChallenge");
    answer.get("reason").unwrap_or(&answer["__typename"]).as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn password_and_code_give_a_session() {
    harness::run(async |app| {
        let person = member(app, "Mia").await;
        let client = app.client();
        let asked =
            client.send(LOG_IN, json!({ "email": person.email.to_uppercase(), "password": PASSWORD })).await;
        assert_eq!(asked.data("/logIn/methods"), &json!(["TOTP", "BACKUP_CODE"]));
        let token = asked.text("/logIn/challengeToken");
        let done = answer(&client, token, &app.totp_code(&person)).await;
        assert_eq!(done.text("/answerMfaChallenge/viewer/user/email"), person.email);
        let session = done.text("/answerMfaChallenge/sessionToken");
        let viewer = client.with_token(session).ask("{ viewer { user { lastLogInAt } } }").await;
        assert!(viewer.data("/viewer/user/lastLogInAt").is_string());
        assert_eq!(kind(&answer(&client, token, &app.totp_code(&person)).await), "CHALLENGE_EXPIRED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_and_a_wrong_password_get_the_same_answer() {
    harness::run(async |app| {
        let person = member(app, "Mia").await;
        let wrong = json!({ "email": person.email, "password": "wrong" });
        let unknown = json!({ "email": "nobody@example.test", "password": "wrong" });
        let malformed = json!({ "email": "no address", "password": "wrong" });
        let client = app.client();
        let expected = client.send(LOG_IN, wrong).await;
        assert_eq!(expected.text("/logIn/reason"), "INVALID_CREDENTIALS");
        for variables in [unknown, malformed] {
            assert_eq!(client.send(LOG_IN, variables).await.body, expected.body);
        }
        assert_eq!(app.audit_count(Scope::Deployment, AuditAction::LogInRefused).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_totp_code_works_once_ever() {
    harness::run(async |app| {
        let person = member(app, "Mia").await;
        let client = app.client();
        let code = app.totp_code(&person);
        let mut tokens = Vec::new();
        for _ in 0..8 {
            tokens.push(challenge(&client, &person).await);
        }
        let replies = join_all(tokens.iter().map(|token| answer(&client, token, &code))).await;
        let kinds: Vec<_> = replies.iter().map(kind).collect();
        assert_eq!(kinds.iter().filter(|kind| *kind == "LoggedIn").count(), 1, "{kinds:?}");
        assert_eq!(kinds.iter().filter(|kind| *kind == "CODE_ALREADY_USED").count(), 7, "{kinds:?}");

        let earlier = person.totp.as_ref().unwrap().code_at(app.now() - Duration::from_secs(30));
        let token = challenge(&client, &person).await;
        assert_eq!(kind(&answer(&client, &token, &earlier).await), "CODE_ALREADY_USED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_step_of_skew_is_taken_and_two_are_not() {
    harness::run(async |app| {
        let client = app.client();
        for (name, seconds, expected) in [
            ("Behind", -30_i64, "LoggedIn"),
            ("Ahead", 30, "LoggedIn"),
            ("Far Behind", -60, "WRONG_CODE"),
            ("Far Ahead", 60, "WRONG_CODE"),
        ] {
            let person = app.person(name).with_mfa().create().await;
            let code = person.totp.as_ref().unwrap().code_at(app.now() + time::Duration::seconds(seconds));
            let token = challenge(&client, &person).await;
            assert_eq!(kind(&answer(&client, &token, &code).await), expected, "{name}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_code_works_once() {
    harness::run(async |app| {
        let person = member(app, "Mia").await;
        let client = app.client();
        let code = person.backup_codes[3].expose().to_lowercase().replace('-', " ");
        let mut tokens = Vec::new();
        for _ in 0..6 {
            tokens.push(challenge(&client, &person).await);
        }
        let replies = join_all(tokens.iter().map(|token| answer(&client, token, &code))).await;
        let won: Vec<_> = replies.iter().filter(|reply| kind(reply) == "LoggedIn").collect();
        assert_eq!(won.len(), 1, "{replies:?}");
        let session = won[0].text("/answerMfaChallenge/sessionToken");
        let left =
            client.with_token(session).ask("{ viewer { user { mfa { backupCodesRemaining } } } }").await;
        assert_eq!(left.data("/viewer/user/mfa/backupCodesRemaining"), &json!(9));
        let notice = app.latest_mail(&person).await;
        assert!(notice.text.to_lowercase().contains("backup code"), "{}", notice.text);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_challenge_gives_one_session_and_uses_one_code_up() {
    harness::run(async |app| {
        let person = member(app, "Mia").await;
        let client = app.client();
        let token = challenge(&client, &person).await;
        let codes = &person.backup_codes[..5];
        let replies = join_all(codes.iter().map(|code| answer(&client, &token, code.expose()))).await;
        let kinds: Vec<_> = replies.iter().map(kind).collect();
        assert_eq!(kinds.iter().filter(|kind| *kind == "LoggedIn").count(), 1, "{kinds:?}");
        let stored = app.store.users.find(person.id).await.unwrap().unwrap();
        assert_eq!(stored.mfa.unwrap().backup_codes, 9, "whoever lost the race keeps the code: {kinds:?}");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_dies_after_five_wrong_codes() {
    harness::run(async |app| {
        let person = member(app, "Mia").await;
        let client = app.client();
        let token = challenge(&client, &person).await;
        for wrong in ["000000", "000001", "AAAA-BBBB-CCCC-DDDD", "", "12345"] {
            assert_eq!(kind(&answer(&client, &token, wrong).await), "WRONG_CODE");
        }
        assert_eq!(kind(&answer(&client, &token, &app.totp_code(&person)).await), "TOO_MANY_ATTEMPTS");

        // New challenges do not give new tries without end.
        let token = challenge(&client, &person).await;
        for _ in 0..5 {
            assert_eq!(kind(&answer(&client, &token, "000000").await), "WRONG_CODE");
        }
        let token = challenge(&client, &person).await;
        let blocked = answer(&client, &token, &app.totp_code(&person)).await;
        assert_eq!(kind(&blocked), "TOO_MANY_ATTEMPTS");
        assert!(blocked.data("/answerMfaChallenge/retryAt").is_string());
        app.advance(15 * MINUTE);
        let token = challenge(&client, &person).await;
        assert_eq!(kind(&answer(&client, &token, &app.totp_code(&person)).await), "LoggedIn");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_lasts_five_minutes() {
    harness::run(async |app| {
        let person = member(app, "Mia").await;
        let client = app.client();
        let token = challenge(&client, &person).await;
        app.advance(5 * MINUTE);
        assert_eq!(kind(&answer(&client, &token, &app.totp_code(&person)).await), "CHALLENGE_EXPIRED");
        assert_eq!(kind(&answer(&client, "nonsense", "123456").await), "CHALLENGE_EXPIRED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refused_answer_is_written_down() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let person = app.person("Mia").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        let client = app.client();
        let token = challenge(&client, &person).await;
        for _ in 0..6 {
            answer(&client, &token, "000000").await;
        }
        answer(&client, "unknown", "000000").await;
        let refused = async |scope| app.audit_count(scope, AuditAction::LogInRefused).await;
        assert_eq!(
            refused(Scope::Account(account)).await,
            6,
            "five wrong codes, and one to a dead challenge"
        );
        assert_eq!(refused(Scope::Deployment).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_wrong_passwords_block_an_address_for_fifteen_minutes() {
    harness::run(async |app| {
        let person = app.person("Pia").create().await;
        let client = app.client();
        let wrong = json!({ "email": person.email, "password": "wrong" });
        for _ in 0..10 {
            assert_eq!(client.send(LOG_IN, wrong.clone()).await.text("/logIn/reason"), "INVALID_CREDENTIALS");
        }
        let blocked = log_in(&client, &person).await;
        assert_eq!(blocked.text("/logIn/reason"), "TOO_MANY_ATTEMPTS");
        assert!(blocked.data("/logIn/retryAt").is_string());
        let other = app.person("Olaf").create().await;
        assert_eq!(log_in(&client, &other).await.text("/logIn/__typename"), "LoggedIn");
        app.advance(15 * MINUTE);
        for _ in 0..12 {
            let reply = log_in(&client, &person).await;
            assert_eq!(reply.text("/logIn/__typename"), "LoggedIn", "log-ins that succeed are not counted");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_unused_and_ends_anyway() {
    let vars = [("LATCHKEY_SESSION_IDLE", "2h"), ("LATCHKEY_SESSION_MAX", "5h")];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    harness::run_with(harness::Options { vars, ..Default::default() }, async |app| {
        let person = app.person("Pia").create().await;
        let client = app.client().with_token(&app.log_in(&person).await);
        let alive = async || client.ask("{ viewer { user { id } } }").await.code().is_empty();
        for _ in 0..2 {
            app.advance(119 * MINUTE);
            assert!(alive().await, "each use moves the idle end");
        }
        app.advance(62 * MINUTE);
        assert!(!alive().await, "five hours are the end, used or not");

        let client = app.client().with_token(&app.log_in(&person).await);
        app.advance(120 * MINUTE);
        let reply = client.ask("{ viewer { user { id } } }").await;
        assert_eq!((reply.status, reply.code()), (401, "UNAUTHENTICATED"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_ends_the_session_at_once() {
    harness::run(async |app| {
        let person = app.person("Pia").create().await;
        let here = app.client_of(&person).await;
        let there = app.client_of(&person).await;
        let out = here.ask("mutation { logOut { __typename } }").await;
        assert_eq!(out.text("/logOut/__typename"), "LoggedOut");
        assert_eq!(here.ask("{ viewer { user { id } } }").await.code(), "UNAUTHENTICATED");
        assert_eq!(there.ask("{ viewer { user { id } } }").await.text("/viewer/user/id"), person.gid());

        let third = app.client_of(&person).await;
        let others =
            there.ask("mutation { revokeOtherSessions { ... on OtherSessionsRevoked { count } } }").await;
        assert_eq!(others.data("/revokeOtherSessions/count"), &json!(1));
        assert_eq!(third.ask("{ viewer { user { id } } }").await.code(), "UNAUTHENTICATED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_cannot_end_somebody_elses_session() {
    harness::run(async |app| {
        let (pia, olaf) = (app.person("Pia").create().await, app.person("Olaf").create().await);
        let (pia_client, olaf_client) = (app.client_of(&pia).await, app.client_of(&olaf).await);
        let id = pia_client.ask("{ viewer { session { id } } }").await.text("/viewer/session/id").to_owned();
        let revoke = "mutation($id: ID!) { revokeSession(input: { sessionId: $id }) {
            __typename ... on RevokeSessionRejected { reason } } }";
        let refused = olaf_client.send(revoke, json!({ "id": id })).await;
        assert_eq!(refused.text("/revokeSession/reason"), "NO_SUCH_SESSION");
        let done = pia_client.send(revoke, json!({ "id": id })).await;
        assert_eq!(done.text("/revokeSession/__typename"), "SessionRevoked");
        assert_eq!(pia_client.ask("{ viewer { user { id } } }").await.code(), "UNAUTHENTICATED");
    })
    .await;
}
