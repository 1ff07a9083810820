//! Enforcement of MFA for sessions that run already: restricted at the next request, full again once MFA is set up.

use std::time::Duration;

use futures_util::future::join_all;
use latchkey::crypto::TotpSecret;
use latchkey::domain::{AccountId, AccountRole, AuditAction, PortfolioRole, Scope};
use mongodb::bson::doc;
use serde_json::{Value, json};

use crate::directory::profiled;
use crate::harness::{self, Client, Event, Person, Reply, Socket, TestApp};
use crate::main_job::{log_in, reset};

const DAY: Duration = Duration::from_secs(24 * 3600);
const ONESELF: &str = "{ viewer { mfaEnrollmentRequired secondFactorRequired
    user { id name email mfa { enabled required methods } memberships { account { name } } }
    session { id current mfaAt } sessions { totalCount } locale pendingEmail
    accounts { totalCount edges { role node { name viewerRole mfaPolicy { enforced graceUntil } } } }
    portfolios { totalCount edges { node { name mfaPolicy { enforced } } } } } }";
const BEGIN: &str =
    "mutation { beginTotpEnrollment(input: {}) { __typename ... on TotpEnrollmentStarted { secret } } }";
const CONFIRM: &str = "mutation($c: String!) { confirmTotpEnrollment(input: { code: $c }) {
    __typename ... on TotpEnrolled { backupCodes loggedIn { sessionToken } } ... on ConfirmTotpEnrollmentRejected { reason } } }";
const WATCH: &str = "subscription($id: ID) { mfaResetChanged(accountId: $id) { state } }";

/// What everybody does all day, none of which setting MFA up needs.
const DAILY: &[&str] = &[
    "query($account: ID!) { account(id: $account) { name } }",
    "query($account: ID!) { node(id: $account) { id } }",
    "query($account: ID!) { nodes(ids: [$account]) { id } }",
    "{ viewer { accounts { edges { node { users(first: 1) { edges { cursor } } } } } } }",
    "{ viewer { accounts { edges { node { auditLog(first: 1) { edges { cursor } } } } } } }",
    "{ viewer { accessToken(audience: \"https://api.test\") { token } } }",
    "{ viewer { user { pendingMfaReset { id } } } }",
    "mutation { createAccount(input: { name: \"New\" }) { __typename } }",
    "mutation { createPortfolio(input: { name: \"New\" }) { __typename } }",
    "mutation { updateProfile(input: { name: \"New\" }) { __typename } }",
    "mutation { changePassword(input: { currentPassword: \"x\", newPassword: \"y\" }) { __typename } }",
    "mutation { disableMfa(input: { code: \"000000\" }) { __typename } }",
    "mutation { regenerateBackupCodes(input: { code: \"000000\" }) { __typename } }",
    "mutation($account: ID!) { setAccountMfaPolicy(input: { accountId: $account, enforced: false }) { __typename } }",
    "mutation($account: ID!) { inviteUser(input: { accountId: $account, email: \"a@b.test\", role: ADMIN }) { __typename } }",
    "mutation($account: ID!) { closeAccount(input: { accountId: $account, name: \"Acme\" }) { __typename } }",
];

async fn ask(client: &Client, query: &str, account: AccountId) -> Reply {
    let account = json!({ "account": account.to_string() });
    client.send(query, if query.contains("$account") { account } else { json!({}) }).await
}

/// Code and reason of the first error.
fn refusal(reply: &Reply) -> (&str, &str) {
    let reason = reply.body["errors"][0]["extensions"]["reason"].as_str().unwrap_or_default();
    (reply.code(), reason)
}

const MUST_ENROL: (&str, &str) = ("FORBIDDEN", "MFA_ENROLLMENT_REQUIRED");
const MUST_ANSWER: (&str, &str) = ("FORBIDDEN", "MFA_REQUIRED");

async fn must_enrol(client: &Client) -> bool {
    client.ask(ONESELF).await.data("/viewer/mfaEnrollmentRequired") == &json!(true)
}

async fn begin(client: &Client) -> TotpSecret {
    let begun = client.ask(BEGIN).await;
    TotpSecret::from_base32(begun.text("/beginTotpEnrollment/secret")).unwrap()
}

async fn enrol(app: &TestApp, client: &Client) -> TotpSecret {
    let secret = begin(client).await;
    let done = client.send(CONFIRM, json!({ "c": secret.code_at(app.now()) })).await;
    assert_eq!(done.text("/confirmTotpEnrollment/__typename"), "TotpEnrolled");
    secret
}

async fn verify(app: &TestApp, token: &str) -> (u16, String) {
    let request = reqwest::Client::new().get(app.url("/auth/verify")).bearer_auth(token);
    let answer = request.send().await.unwrap();
    let header = answer.headers().get("latchkey-refusal").or(answer.headers().get("latchkey-mfa"));
    (answer.status().as_u16(), header.unwrap().to_str().unwrap().to_owned())
}

struct Running {
    account: AccountId,
    person: Person,
    token: String,
    client: Client,
}

/// The Owner of an account, logged in and without MFA.
async fn running(app: &TestApp) -> Running {
    let account = app.account("Acme").await;
    let person = app.person("Olga").in_account(account, AccountRole::Owner).create().await;
    let token = app.log_in(&person).await;
    let client = app.client().with_token(&token);
    Running { account, person, token, client }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_session_may_only_enrol_from_the_request_after_mfa_is_enforced() {
    harness::run(async |app| {
        let Running { account, token, client, .. } = running(app).await;
        assert!(!must_enrol(&client).await);
        ask(&client, DAILY[0], account).await.data("/account/name");
        assert_eq!(verify(app, &token).await, (200, "false".to_owned()));

        let set = "mutation($account: ID!) { setAccountMfaPolicy(input: { accountId: $account, enforced: true }) { __typename } }";
        ask(&client, set, account).await.data("/setAccountMfaPolicy");
        let denied = async || app.audit_count(Scope::Account(account), AuditAction::AccessDenied).await;
        for query in DAILY {
            let reply = ask(&client, query, account).await;
            assert_eq!(refusal(&reply), MUST_ENROL, "{query}: {:#}", reply.body);
        }
        assert_eq!(denied().await, 1, "written down, and not for each of the things that a dashboard asks for");
        app.advance(Duration::from_secs(301));
        ask(&client, DAILY[0], account).await;
        assert_eq!(denied().await, 2);
        assert_eq!(verify(app, &token).await, (403, "mfa-required".to_owned()));

        let oneself = client.ask(ONESELF).await;
        assert_eq!(oneself.data("/viewer/mfaEnrollmentRequired"), &json!(true));
        assert_eq!(oneself.data("/viewer/secondFactorRequired"), &json!(false));
        assert_eq!(oneself.data("/viewer/user/mfa"), &json!({ "enabled": false, "required": true, "methods": [] }));
        assert_eq!(oneself.data("/viewer/user/memberships/0/account/name"), "Acme");
        assert_eq!(oneself.data("/viewer/accounts/edges/0/node/mfaPolicy/enforced"), &json!(true));
        assert_eq!(oneself.data("/viewer/accounts/edges/0/node/viewerRole"), "OWNER");
        assert_eq!(oneself.data("/viewer/session/mfaAt"), &Value::Null);

        enrol(app, &client).await;
        let oneself = client.ask(ONESELF).await;
        assert_eq!(oneself.data("/viewer/mfaEnrollmentRequired"), &json!(false));
        assert!(oneself.data("/viewer/session/mfaAt").is_string(), "the same session goes on, with the factor it proved");
        ask(&client, DAILY[0], account).await.data("/account/name");
        assert_eq!(verify(app, &token).await, (200, "true".to_owned()));
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_session_can_end_sessions_and_lets_the_person_log_in_elsewhere() {
    harness::run(async |app| {
        let Running { account, person, client, .. } = running(app).await;
        app.log_in(&person).await;
        app.enforce_mfa(account).await;
        assert_eq!(log_in(&client, &person).await.text("/logIn/__typename"), "MfaEnrollmentRequired");
        let others =
            client.ask("mutation { revokeOtherSessions { ... on OtherSessionsRevoked { count } } }").await;
        assert_eq!(others.data("/revokeOtherSessions/count"), &json!(1));
        client.ask("mutation { logOut { __typename } }").await.data("/logOut");
        assert_eq!(client.ask(ONESELF).await.code(), "UNAUTHENTICATED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grace_period_that_ends_in_the_middle_of_a_session_restricts_it() {
    let vars = [("LATCHKEY_SESSION_IDLE", "30d"), ("LATCHKEY_SESSION_MAX", "60d")];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    harness::run_with(harness::Options { vars, ..Default::default() }, async |app| {
        let Running { account, client, .. } = running(app).await;
        let until = app.now() + DAY;
        let until = until.format(&time::format_description::well_known::Rfc3339).unwrap();
        let set = "mutation($account: ID!, $until: DateTime) {
            setAccountMfaPolicy(input: { accountId: $account, enforced: true, graceUntil: $until }) { __typename } }";
        let set = client.send(set, json!({ "account": account.to_string(), "until": until })).await;
        set.data("/setAccountMfaPolicy");
        app.advance(DAY - Duration::from_secs(1));
        assert!(!must_enrol(&client).await);
        ask(&client, DAILY[0], account).await.data("/account/name");
        app.advance(Duration::from_secs(1));
        assert!(must_enrol(&client).await);
        assert_eq!(refusal(&ask(&client, DAILY[0], account).await), MUST_ENROL);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portfolio_restricts_its_own_users_and_nobody_of_its_accounts() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let account = app.account_in("Acme", Some(portfolio)).await;
        let inside = app.person("Ada").in_account(account, AccountRole::Owner).create().await;
        let above = app.person("Petra").in_portfolio(portfolio, PortfolioRole::Analyst).create().await;
        let (inside, above) = (app.client_of(&inside).await, app.client_of(&above).await);
        let set = doc! { "$set": { "mfa_policy.enforced": true } };
        app.update("portfolios", doc! { "_id": portfolio }, set).await;
        assert!(!must_enrol(&inside).await);
        ask(&inside, DAILY[0], account).await.data("/account/name");
        let oneself = above.ask(ONESELF).await;
        assert_eq!(oneself.data("/viewer/mfaEnrollmentRequired"), &json!(true));
        assert_eq!(oneself.data("/viewer/portfolios/edges/0/node/mfaPolicy/enforced"), &json!(true));
        assert_eq!(refusal(&ask(&above, DAILY[0], account).await), MUST_ENROL);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_the_account_or_sees_it_give_way_is_free_at_the_next_request() {
    harness::run(async |app| {
        let Running { account, person, client, .. } = running(app).await;
        let strict = app.account("Strict").await;
        app.join_account(&person, strict, AccountRole::Analyst).await;
        app.enforce_mfa(strict).await;
        assert_eq!(refusal(&ask(&client, DAILY[0], account).await), MUST_ENROL, "wherever it is enforced");
        app.set_account_role(&person, strict, None).await;
        ask(&client, DAILY[0], account).await.data("/account/name");

        app.enforce_mfa(account).await;
        assert!(must_enrol(&client).await);
        let unset = doc! { "$set": { "mfa_policy.enforced": false } };
        app.update("accounts", doc! { "_id": account }, unset).await;
        assert!(!must_enrol(&client).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_older_than_the_enrolment_counts_only_after_another_log_in() {
    harness::run(async |app| {
        let Running { account, mut person, client, .. } = running(app).await;
        let old = app.client().with_token(&app.log_in(&person).await);
        app.enforce_mfa(account).await;
        person.totp = Some(enrol(app, &client).await);
        ask(&client, DAILY[0], account).await.data("/account/name");

        let oneself = old.ask(ONESELF).await;
        assert_eq!(oneself.data("/viewer/mfaEnrollmentRequired"), &json!(false));
        assert_eq!(oneself.data("/viewer/secondFactorRequired"), &json!(true));
        for query in DAILY {
            assert_eq!(refusal(&ask(&old, query, account).await), MUST_ANSWER, "{query}");
        }
        let begun = old.ask(BEGIN).await;
        assert_eq!(begun.text("/beginTotpEnrollment/__typename"), "BeginTotpEnrollmentRejected");
        app.advance(Duration::from_secs(60));
        let new = app.client().with_token(&app.log_in(&person).await);
        ask(&new, DAILY[0], account).await.data("/account/name");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_that_was_switched_off_counts_in_no_session_any_more() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let person = app.person("Mia").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let client = app.client_of(&person).await;
        let off = "mutation($c: String!) { disableMfa(input: { code: $c }) { __typename } }";
        let off = client.send(off, json!({ "c": app.totp_code(&person) })).await;
        assert_eq!(off.text("/disableMfa/__typename"), "MfaDisabled");
        app.enforce_mfa(account).await;
        assert!(must_enrol(&client).await);
        assert_eq!(refusal(&ask(&client, DAILY[0], account).await), MUST_ENROL);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_in_flight_survives_that_mfa_becomes_enforced() {
    harness::run(async |app| {
        let Running { account, client, .. } = running(app).await;
        let secret = begin(&client).await;
        app.enforce_mfa(account).await;
        assert!(must_enrol(&client).await);
        let done = client.send(CONFIRM, json!({ "c": secret.code_at(app.now()) })).await;
        assert_eq!(done.data("/confirmTotpEnrollment/loggedIn"), &Value::Null);
        ask(&client, DAILY[0], account).await.data("/account/name");
        app.deliver().await;
    })
    .await;
}

/// An event of a waiting reset, of which nothing can be seen.
async fn touch(app: &TestApp, round: i32) {
    let waiting = doc! { "state": "PENDING", "_id": { "$exists": true } };
    app.update("mfa_resets", waiting, doc! { "$set": { "touched": round } }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_at_the_next_event_and_none_begins() {
    harness::run(async |app| {
        let Running { account, token, client, .. } = running(app).await;
        let target = app.person("Tara").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        let mut socket = Socket::signed_in(&app.ws_url(), &token).await;
        let id = json!({ "id": account.to_string() });
        socket.subscribe("a", WATCH, id.clone()).await;
        reset(&client, &target).await;
        let mut rounds = 0;
        while socket.next_within(Duration::from_millis(100)).await.is_none() {
            rounds += 1;
            assert!(rounds < 100, "the subscription gives nothing");
            touch(app, rounds).await;
        }
        app.enforce_mfa(account).await;
        touch(app, -1).await;
        let end = loop {
            match socket.next().await {
                Event::Message(value) if value["payload"]["data"].is_object() => {}
                Event::Message(value) => break value,
                closed => panic!("{closed:?}"),
            }
        };
        let reason = |value: &Value| {
            let payload = &value["payload"];
            let error = if payload.is_array() { &payload[0] } else { &payload["errors"][0] };
            error["extensions"]["reason"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!(reason(&end), "MFA_ENROLLMENT_REQUIRED", "{end:#}");
        let ended = socket.next().await;
        assert_eq!(ended, Event::Message(json!({ "id": "a", "type": "complete" })));

        socket.subscribe("b", WATCH, id).await;
        let Event::Message(refused) = socket.next().await else { panic!("closed") };
        assert_eq!((refused["type"].as_str(), reason(&refused).as_str()), (Some("error"), MUST_ENROL.1));
        // The session lives: enrolling goes on over the same socket.
        socket.subscribe("c", "{ viewer { mfaEnrollmentRequired } }", json!({})).await;
        assert_eq!(socket.next_data().await["viewer"]["mfaEnrollmentRequired"], json!(true));
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_slips_through_however_many_come_at_once() {
    harness::run(async |app| {
        let Running { account, person, client, .. } = running(app).await;
        let strict = app.account("Strict").await;
        app.join_account(&person, strict, AccountRole::Owner).await;
        let create = |n: usize| {
            let query = format!("mutation {{ createAccount(input: {{ name: \"At once {n}\" }}) {{ __typename }} }}");
            let client = client.clone();
            async move { client.ask(&query).await }
        };
        let set = "mutation($account: ID!) { setAccountMfaPolicy(input: { accountId: $account, enforced: true }) { __typename } }";
        ask(&client, set, strict).await.data("/setAccountMfaPolicy");
        let (made, wrong) = tokio::join!(
            join_all((0..24).map(create)),
            join_all((0..4).map(|_| client.send(CONFIRM, json!({ "c": "000000" })))),
        );
        for reply in &made {
            assert_eq!(refusal(reply), MUST_ENROL);
        }
        for reply in &wrong {
            assert_eq!(reply.text("/confirmTotpEnrollment/reason"), "ENROLLMENT_EXPIRED");
        }
        assert_eq!(client.ask(ONESELF).await.data("/viewer/accounts/totalCount"), &json!(2));

        // Two windows confirm the same code beside other requests: one wins, and only what comes after passes.
        let secret = begin(&client).await;
        let code = secret.code_at(app.now());
        let (confirmed, _) = tokio::join!(
            join_all((0..4).map(|_| client.send(CONFIRM, json!({ "c": code })))),
            join_all((0..8).map(|_| ask(&client, DAILY[0], account))),
        );
        let won = confirmed.iter().filter(|reply| reply.text("/confirmTotpEnrollment/__typename") == "TotpEnrolled");
        assert_eq!(won.count(), 1);
        for reply in join_all((0..8).map(|_| ask(&client, DAILY[0], account))).await {
            reply.data("/account/name");
        }
        app.deliver().await;
    })
    .await;
}

#[tokio::test]
async fn looking_for_enforcement_costs_no_command_more() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let account = app.account("Acme").await;
        let plain = app.person("Ana").in_account(account, AccountRole::Analyst);
        let plain = plain.in_portfolio(portfolio, PortfolioRole::Analyst).create().await;
        let strong = app.person("Mia").with_mfa().in_account(account, AccountRole::Analyst);
        let strong = strong.in_portfolio(portfolio, PortfolioRole::Analyst).create().await;
        let query = "{ viewer { mfaEnrollmentRequired session { id } } }";
        for person in [&plain, &strong] {
            let client = app.client_of(person).await;
            let (reply, seen) = profiled(app, client.ask(query)).await;
            reply.data("/viewer/session/id");
            assert_eq!(seen.len(), 3, "the session and two kinds of places: {seen:#?}");
        }
    })
    .await;
}
