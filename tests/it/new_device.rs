//! The mailed code that the first log-in from an unknown browser asks for, where the deployment wants it.

use std::time::Duration;

use futures_util::future::join_all;
use latchkey::domain::{AccountRole, AuditAction, Scope};
use mongodb::bson::{Document, doc};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::harness::{self, Client, Options, PASSWORD, Person, Reply, TestApp};
use crate::main_job::{accept, reset};

const MINUTE: Duration = Duration::from_secs(60);
const SUBJECT: &str = "Your code for a new device";
const LOG_IN: &str = "mutation($email: String!, $password: String!, $device: String) {
  logIn(input: { email: $email, password: $password, deviceToken: $device }) {
    __typename
    ... on LoggedIn { sessionToken deviceToken }
    ... on DeviceChallenge { challengeToken maskedEmail expiresAt }
    ... on MfaChallenge { challengeToken deviceToken }
    ... on LogInRejected { reason retryAt }
  } }";
const ANSWER: &str = "mutation($token: String!, $code: String!, $device: String) {
  answerDeviceChallenge(input: { challengeToken: $token, code: $code, deviceToken: $device }) {
    __typename
    ... on LoggedIn { sessionToken deviceToken viewer { user { email } } }
    ... on MfaChallenge { challengeToken methods deviceToken }
    ... on MfaEnrollmentRequired { enrollmentToken deviceToken }
    ... on AnswerDeviceChallengeRejected { reason message retryAt }
  } }";

async fn run(test: impl AsyncFnOnce(&TestApp)) {
    let vars = vec![("LATCHKEY_NEW_DEVICE_CODE".to_owned(), "on".to_owned())];
    harness::run_with(Options { vars, ..Default::default() }, test).await;
}

async fn log_in(client: &Client, person: &Person, device: Option<&str>) -> Reply {
    let variables = json!({ "email": person.email, "password": PASSWORD, "device": device });
    client.send(LOG_IN, variables).await
}

async fn answer(client: &Client, token: &str, code: &str, device: Option<&str>) -> Reply {
    client.send(ANSWER, json!({ "token": token, "code": code, "device": device })).await
}

/// The result's type, or why it is refused.
fn kind(reply: &Reply) -> String {
    let data = reply.body["data"].as_object().unwrap().values().next().unwrap();
    data.get("reason").unwrap_or(&data["__typename"]).as_str().unwrap().to_owned()
}

async fn challenge(client: &Client, person: &Person) -> String {
    log_in(client, person, None).await.text("/logIn/challengeToken").to_owned()
}

fn code_in(text: &str) -> String {
    let line = text.lines().find(|line| line.starts_with("Code: ")).expect("no code");
    line["Code: ".len()..].to_owned()
}

/// The code of the latest mail to a person.
async fn code(app: &TestApp, to: &Person) -> String {
    let mail = app.latest_mail(to).await;
    assert_eq!(mail.subject, SUBJECT);
    code_in(&mail.text)
}

/// A device that is known for a person.
async fn known(app: &TestApp, client: &Client, person: &Person) -> String {
    let token = challenge(client, person).await;
    let done = answer(client, &token, &code(app, person).await, None).await;
    done.text("/answerDeviceChallenge/deviceToken").to_owned()
}

fn another(code: &str) -> &'static str {
    if code.replace(' ', "") == "00000000" { "00000001" } else { "00000000" }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_for_unless_the_deployment_wants_it() {
    harness::run(async |app| {
        let person = app.person("Mia").create().await;
        let reply = log_in(&app.client(), &person, None).await;
        assert_eq!(reply.text("/logIn/__typename"), "LoggedIn");
        assert_eq!(reply.data("/logIn/deviceToken"), &Value::Null);
        assert!(app.deliver().await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_device_takes_a_mailed_code_once_and_is_known_then() {
    run(async |app| {
        let account = app.account("Acme").await;
        let person = app.person("Mia").in_account(account, AccountRole::Analyst).create().await;
        let client = app.client();
        let asked = log_in(&client, &person, None).await;
        assert_eq!(asked.text("/logIn/__typename"), "DeviceChallenge");
        assert_eq!(asked.text("/logIn/maskedEmail"), "m…@e…e.test");
        let token = asked.text("/logIn/challengeToken").to_owned();
        let as_session = client.with_token(&token).ask("{ viewer { user { id } } }").await;
        assert_eq!(as_session.code(), "UNAUTHENTICATED");

        let mail = app.latest_mail(&person).await;
        assert_eq!(mail.subject, SUBJECT);
        assert!(!mail.text.contains("://") && !mail.text.contains(&token));
        let code = code_in(&mail.text);
        let done = answer(&client, &token, &code, None).await;
        assert_eq!(done.text("/answerDeviceChallenge/viewer/user/email"), person.email);
        let device = done.text("/answerDeviceChallenge/deviceToken").to_owned();
        let session = client.with_token(done.text("/answerDeviceChallenge/sessionToken"));
        assert_eq!(
            session.ask("{ viewer { session { mfaAt } } }").await.data("/viewer/session/mfaAt"),
            &Value::Null
        );
        assert_eq!(kind(&answer(&client, &token, &code, None).await), "CHALLENGE_EXPIRED");

        assert_eq!(kind(&log_in(&client, &person, Some(&device)).await), "LoggedIn");
        for unknown in [None, Some(""), Some("lkd_x"), Some(token.as_str())] {
            assert_eq!(kind(&log_in(&client, &person, unknown).await), "DeviceChallenge", "{unknown:?}");
        }
        let count = async |action| app.audit_count(Scope::Account(account), action).await;
        assert_eq!(count(AuditAction::DeviceChallenged).await, 5);
        assert_eq!(count(AuditAction::DeviceKnown).await, 1);
        assert_eq!(count(AuditAction::LoggedIn).await, 2);

        // A device that is not used for 180 days is forgotten; each use counts anew.
        app.advance(Duration::from_secs(179 * 24 * 3600));
        assert_eq!(kind(&log_in(&client, &person, Some(&device)).await), "LoggedIn");
        app.advance(Duration::from_secs(180 * 24 * 3600));
        assert_eq!(kind(&log_in(&client, &person, Some(&device)).await), "DeviceChallenge");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_no_second_factor_and_stands_in_for_none() {
    run(async |app| {
        let strict = app.account("Strict").await;
        app.enforce_mfa(strict).await;
        let client = app.client();
        let plain = app.person("Pia").in_account(strict, AccountRole::Analyst).create().await;
        let token = challenge(&client, &plain).await;
        let next = answer(&client, &token, &code(app, &plain).await, None).await;
        assert_eq!(kind(&next), "MfaEnrollmentRequired");
        assert!(next.text("/answerDeviceChallenge/deviceToken").starts_with("lkd_"));

        let strong = app.person("Mia").with_mfa().in_account(strict, AccountRole::Analyst).create().await;
        let token = challenge(&client, &strong).await;
        let totp = app.totp_code(&strong);
        let early = crate::log_in::answer(&client, &token, &totp).await;
        assert_eq!(crate::log_in::kind(&early), "CHALLENGE_EXPIRED", "the mailed code comes first");
        let next = answer(&client, &token, &code(app, &strong).await, None).await;
        assert_eq!(kind(&next), "MfaChallenge");
        let device = next.text("/answerDeviceChallenge/deviceToken").to_owned();
        let challenge = next.text("/answerDeviceChallenge/challengeToken");
        assert_eq!(crate::log_in::kind(&crate::log_in::answer(&client, challenge, &totp).await), "LoggedIn");
        assert_eq!(
            kind(&log_in(&client, &strong, Some(&device)).await),
            "MfaChallenge",
            "known, and asked all the same"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_known_for_one_person_and_several_may_share_it() {
    run(async |app| {
        let (mia, tom) = (app.person("Mia").create().await, app.person("Tom").create().await);
        let client = app.client();
        let device = known(app, &client, &mia).await;
        let asked = log_in(&client, &tom, Some(&device)).await;
        assert_eq!(kind(&asked), "DeviceChallenge", "somebody else's device does not help");
        let token = asked.text("/logIn/challengeToken");
        let done = answer(&client, token, &code(app, &tom).await, Some(&device)).await;
        assert_eq!(done.text("/answerDeviceChallenge/deviceToken"), device, "the device keeps its name");
        for person in [&mia, &tom] {
            assert_eq!(kind(&log_in(&client, person, Some(&device)).await), "LoggedIn");
        }
        // A name that this gateway never gave is not taken over.
        let made_up = format!("lkd_{}", "A".repeat(43));
        let token = challenge(&client, &mia).await;
        let done = answer(&client, &token, &code(app, &mia).await, Some(&made_up)).await;
        assert_ne!(done.text("/answerDeviceChallenge/deviceToken"), made_up);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_codes_kill_a_challenge_however_many_come_at_once() {
    run(async |app| {
        let account = app.account("Acme").await;
        let person = app.person("Mia").in_account(account, AccountRole::Analyst).create().await;
        let client = app.client();
        let token = challenge(&client, &person).await;
        let right = code(app, &person).await;
        let wrong = another(&right);
        let replies = join_all((0..12).map(|_| answer(&client, &token, wrong, None))).await;
        let kinds: Vec<_> = replies.iter().map(kind).collect();
        assert_eq!(kinds.iter().filter(|kind| *kind == "WRONG_CODE").count(), 5, "{kinds:?}");
        assert_eq!(kinds.iter().filter(|kind| *kind == "TOO_MANY_ATTEMPTS").count(), 7, "{kinds:?}");
        assert_eq!(kind(&answer(&client, &token, &right, None).await), "TOO_MANY_ATTEMPTS");
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::LogInRefused).await, 13);

        let token = challenge(&client, &person).await;
        assert_eq!(
            kind(&answer(&client, &token, &right, None).await),
            "WRONG_CODE",
            "a code belongs to its log-in"
        );
        let right = code(app, &person).await;
        let replies = join_all((0..4).map(|_| answer(&client, &token, &right, None))).await;
        let kinds: Vec<_> = replies.iter().map(kind).collect();
        assert_eq!(kinds.iter().filter(|kind| *kind == "LoggedIn").count(), 1, "{kinds:?}");
        assert_eq!(app.store.sessions.count(person.id, app.now()).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_for_ten_minutes_and_another_one_comes_five_times_an_hour() {
    run(async |app| {
        let person = app.person("Mia").create().await;
        let client = app.client();
        let token = challenge(&client, &person).await;
        let right = code(app, &person).await;
        app.advance(10 * MINUTE);
        assert_eq!(kind(&answer(&client, &token, &right, None).await), "CHALLENGE_EXPIRED");
        for _ in 0..4 {
            assert_eq!(kind(&log_in(&client, &person, None).await), "DeviceChallenge");
        }
        let refused = log_in(&client, &person, None).await;
        assert_eq!(kind(&refused), "TOO_MANY_ATTEMPTS");
        assert!(refused.data("/logIn/retryAt").is_string());
        assert_eq!(app.deliver().await.len(), 5);
        app.advance(50 * MINUTE);
        assert_eq!(kind(&log_in(&client, &person, None).await), "DeviceChallenge");
        // What is not sent in time is not sent at all.
        app.advance(10 * MINUTE);
        assert_eq!(app.deliver().await.len(), 5);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_password_nobody_learns_anything() {
    run(async |app| {
        let person = app.person("Mia").create().await;
        let client = app.client();
        let with = async |email: &str| {
            let variables = json!({ "email": email, "password": "wrong", "device": Value::Null });
            client.send(LOG_IN, variables).await
        };
        let known = with(&person.email).await;
        assert_eq!(kind(&known), "INVALID_CREDENTIALS");
        assert_eq!(with("nobody@example.test").await.body, known.body);
        assert!(app.deliver().await.is_empty());
        for forged in ["", "lkc_", &format!("lkc_{}", "A".repeat(43))] {
            assert_eq!(kind(&answer(&client, forged, "00000000", None).await), "CHALLENGE_EXPIRED");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_and_an_accepted_reset_make_every_device_unknown() {
    run(async |app| {
        let account = app.account("Acme").await;
        let person = app.person("Mia").create().await;
        let client = app.client();
        let device = known(app, &client, &person).await;
        let waiting = challenge(&client, &person).await;
        let right = code(app, &person).await;
        let session = app.client_of(&person).await;
        let new = "another lantern on the stairs";
        let change = "mutation($old: String!, $new: String!) {
            changePassword(input: { currentPassword: $old, newPassword: $new }) { __typename } }";
        let changed = session.send(change, json!({ "old": PASSWORD, "new": new })).await;
        assert_eq!(changed.text("/changePassword/__typename"), "PasswordChanged");
        assert_eq!(kind(&answer(&client, &waiting, &right, None).await), "CHALLENGE_EXPIRED");
        let variables = json!({ "email": person.email, "password": new, "device": device });
        assert_eq!(kind(&client.send(LOG_IN, variables).await), "DeviceChallenge");

        let owner = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let lost = app.person("Lea").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        let token = challenge(&client, &lost).await;
        let next = answer(&client, &token, &code(app, &lost).await, None).await;
        let device = next.text("/answerDeviceChallenge/deviceToken").to_owned();
        reset(&app.client_of(&owner).await, &lost).await;
        accept(&client, &app.reset_token(&lost).await).await;
        assert_eq!(kind(&log_in(&client, &lost, Some(&device)).await), "DeviceChallenge");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_code_nor_token_is_stored() {
    run(async |app| {
        let person = app.person("Mia").create().await;
        let client = app.client();
        let token = challenge(&client, &person).await;
        let right = code(app, &person).await;
        let digits = right.replace(' ', "");
        let done = answer(&client, &token, &right, None).await;
        let device = done.text("/answerDeviceChallenge/deviceToken");
        for name in app.store.database().list_collection_names().await.unwrap() {
            if name.starts_with("system.") {
                continue;
            }
            let documents = app.store.database().collection::<Document>(&name);
            let mut cursor =
                documents.find(doc! {}).hint(mongodb::options::Hint::Keys(doc! { "_id": 1 })).await.unwrap();
            while cursor.advance().await.unwrap() {
                let text = format!("{:?}", cursor.deserialize_current().unwrap());
                for secret in [digits.as_str(), &right, &token, device] {
                    assert!(!text.contains(secret), "{name}: {text}");
                }
            }
        }
    })
    .await;
}

struct Browser<'a> {
    app: &'a TestApp,
    cookies: Vec<(String, String)>,
}

impl Browser<'_> {
    async fn post(&mut self, query: &str, variables: Value) -> (Value, HeaderMap) {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = reqwest::Client::new()
            .post(self.app.url("/graphql"))
            .header("latchkey-session", "cookie")
            .header("cookie", cookies.join("; "))
            .json(&json!({ "query": query, "variables": variables }));
        let response = request.send().await.unwrap();
        let headers = response.headers().clone();
        for header in headers.get_all("set-cookie") {
            let (name, rest) = header.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap().to_owned();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value));
            }
        }
        (response.json().await.unwrap(), headers)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_keeps_its_name_in_a_cookie_that_no_script_reads() {
    run(async |app| {
        let person = app.person("Mia").create().await;
        let mut browser = Browser { app, cookies: Vec::new() };
        let credentials = json!({ "email": person.email, "password": PASSWORD });
        let (body, _) = browser.post(LOG_IN, credentials.clone()).await;
        let token = body["data"]["logIn"]["challengeToken"].as_str().unwrap().to_owned();
        let variables = json!({ "token": token, "code": code(app, &person).await });
        let (body, headers) = browser.post(ANSWER, variables).await;
        let answered = &body["data"]["answerDeviceChallenge"];
        assert_eq!(answered["__typename"], "LoggedIn");
        assert_eq!((&answered["sessionToken"], &answered["deviceToken"]), (&Value::Null, &Value::Null));
        let set: Vec<_> = headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap()).collect();
        assert_eq!(set.len(), 2, "{set:?}");
        let device = set.iter().find(|one| one.starts_with("latchkey-device=lkd_")).unwrap();
        assert!(device.ends_with("; HttpOnly; SameSite=Strict; Path=/; Max-Age=15552000"), "{device}");

        browser.post("mutation { logOut { __typename } }", json!({})).await;
        assert_eq!(browser.cookies.len(), 1, "the browser keeps its name");
        let (body, _) = browser.post(LOG_IN, credentials.clone()).await;
        assert_eq!(body["data"]["logIn"]["__typename"], "LoggedIn");
        // A client without the session cookie says the name itself: the cookie alone does not count there.
        let cookie = format!("latchkey-device={}", browser.cookies[0].1);
        let request = reqwest::Client::new().post(app.url("/graphql")).header("cookie", cookie);
        let request = request.json(&json!({ "query": LOG_IN, "variables": credentials }));
        let body: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(body["data"]["logIn"]["__typename"], "DeviceChallenge");
        app.deliver().await;
    })
    .await;
}
