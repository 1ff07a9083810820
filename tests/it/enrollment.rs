//! Setting MFA up, at log-in and signed in, renewing backup codes, and switching it off.

use std::time::Duration;

use futures_util::future::join_all;
use latchkey::domain::{AccountRole, AuditAction, Scope};
use serde_json::{Value, json};

use crate::harness::{self, Client, Reply, TestApp};
use crate::log_in::{MINUTE, answer, challenge, kind, member};
use crate::main_job::log_in;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_must_have_mfa_and_has_none_gets_only_an_enrolment() {
    harness::run(async |app| {
        let account = app.account("Strict").await;
        app.enforce_mfa(account).await;
        let person = app.person("Pia").in_account(account, AccountRole::Manager).create().await;
        let reply = log_in(&app.client(), &person).await;
        assert_eq!(reply.text("/logIn/__typename"), "MfaEnrollmentRequired");
        let enrollment = reply.text("/logIn/enrollmentToken");
        let as_session = app.client().with_token(enrollment).ask("{ viewer { user { id } } }").await;
        assert_eq!(as_session.code(), "UNAUTHENTICATED", "an enrolment token is no session");
        app.advance(30 * MINUTE);
        let late = app
            .client()
            .send(
                "mutation($t: String) { beginTotpEnrollment(input: { enrollmentToken: $t }) {
                   ... on BeginTotpEnrollmentRejected { reason } } }",
                json!({ "t": enrollment }),
            )
            .await;
        assert_eq!(late.text("/beginTotpEnrollment/reason"), "ENROLLMENT_EXPIRED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grace_period_lets_people_in_until_it_ends() {
    harness::run(async |app| {
        let account = app.account("Soon Strict").await;
        let owner = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let person = app.person("Pia").in_account(account, AccountRole::Manager).create().await;
        let until = app.now() + time::Duration::days(1);
        let until = until.format(&time::format_description::well_known::Rfc3339).unwrap();
        let set = "mutation($id: ID!, $until: DateTime) {
            setAccountMfaPolicy(input: { accountId: $id, enforced: true, graceUntil: $until }) {
              __typename ... on SetAccountMfaPolicyRejected { reason }
              ... on AccountMfaPolicySet { account { mfaPolicy { enforced graceUntil enforcedSince } } } } }";
        let client = app.client_of(&owner).await;
        let done = client.send(set, json!({ "id": account.to_string(), "until": until })).await;
        assert_eq!(done.data("/setAccountMfaPolicy/account/mfaPolicy/enforced"), &json!(true));
        assert_eq!(log_in(&app.client(), &person).await.text("/logIn/__typename"), "LoggedIn");
        app.advance(Duration::from_secs(24 * 3600));
        assert_eq!(log_in(&app.client(), &person).await.text("/logIn/__typename"), "MfaEnrollmentRequired");
        let late =
            app.client_of(&owner).await.send(set, json!({ "id": account.to_string(), "until": until })).await;
        assert_eq!(late.text("/setAccountMfaPolicy/reason"), "GRACE_IN_PAST");
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::MfaPolicyChanged).await, 1);
    })
    .await;
}

pub async fn enroll(app: &TestApp, client: &Client) -> (latchkey::crypto::TotpSecret, Reply) {
    let begun = client
        .ask("mutation { beginTotpEnrollment(input: {}) { ... on TotpEnrollmentStarted { secret qrCodeSvg otpauthUri } } }")
        .await;
    let secret =
        latchkey::crypto::TotpSecret::from_base32(begun.text("/beginTotpEnrollment/secret")).unwrap();
    let confirmed = confirm(client, &secret.code_at(app.now())).await;
    (secret, confirmed)
}

async fn confirm(client: &Client, code: &str) -> Reply {
    client
        .send(
            "mutation($c: String!) { confirmTotpEnrollment(input: { code: $c }) {
               __typename ... on TotpEnrolled { backupCodes loggedIn { sessionToken } }
               ... on ConfirmTotpEnrollmentRejected { reason } } }",
            json!({ "c": code }),
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sets_mfa_up_signed_in_and_switches_it_off_where_nobody_enforces_it() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let person = app.person("Pia").in_account(account, AccountRole::Manager).create().await;
        let client = app.client_of(&person).await;
        assert_eq!(
            confirm(&client, "123456").await.text("/confirmTotpEnrollment/reason"),
            "ENROLLMENT_EXPIRED"
        );
        let (secret, enrolled) = enroll(app, &client).await;
        let codes = enrolled.data("/confirmTotpEnrollment/backupCodes").as_array().unwrap().clone();
        assert_eq!(enrolled.data("/confirmTotpEnrollment/loggedIn"), &Value::Null);
        assert_eq!(
            confirm(&client, &secret.code_at(app.now())).await.text("/confirmTotpEnrollment/reason"),
            "ENROLLMENT_EXPIRED"
        );

        let disable = "mutation($c: String!) { disableMfa(input: { code: $c }) {
            __typename ... on DisableMfaRejected { reason } } }";
        let replay = client.send(disable, json!({ "c": secret.code_at(app.now()) })).await;
        assert_eq!(
            replay.text("/disableMfa/reason"),
            "CODE_ALREADY_USED",
            "the code that enrolled is used up"
        );
        app.enforce_mfa(account).await;
        let enforced = client.send(disable, json!({ "c": codes[0] })).await;
        assert_eq!(enforced.text("/disableMfa/reason"), "MFA_ENFORCED");
        let unset = mongodb::bson::doc! { "$set": { "mfa_policy.enforced": false } };
        app.update("accounts", mongodb::bson::doc! { "_id": account }, unset).await;
        let done = client.send(disable, json!({ "c": codes[0] })).await;
        assert_eq!(
            done.text("/disableMfa/__typename"),
            "MfaDisabled",
            "a refused attempt uses no backup code up"
        );
        assert_eq!(log_in(&app.client(), &person).await.text("/logIn/__typename"), "LoggedIn");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_backup_codes_replace_the_old_ones() {
    harness::run(async |app| {
        let person = member(app, "Mia").await;
        let client = app.client_of(&person).await;
        let regenerate = "mutation($c: String!) { regenerateBackupCodes(input: { code: $c }) {
            ... on BackupCodesRegenerated { backupCodes } ... on RegenerateBackupCodesRejected { reason } } }";
        let wrong = client.send(regenerate, json!({ "c": "000000" })).await;
        assert_eq!(wrong.text("/regenerateBackupCodes/reason"), "WRONG_CODE");
        let done = client.send(regenerate, json!({ "c": app.totp_code(&person) })).await;
        let new = done.data("/regenerateBackupCodes/backupCodes").as_array().unwrap().clone();
        assert_eq!(new.len(), 10);
        let anybody = app.client();
        let token = challenge(&anybody, &person).await;
        assert_eq!(kind(&answer(&anybody, &token, person.backup_codes[0].expose()).await), "WRONG_CODE");
        assert_eq!(kind(&answer(&anybody, &token, new[0].as_str().unwrap()).await), "LoggedIn");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_confirmations_at_once_turn_mfa_on_once() {
    harness::run(async |app| {
        let person = app.person("Pia").create().await;
        let token = app.session_token(&person).await;
        let client = app.client().with_token(&token);
        let begun = client
            .ask("mutation { beginTotpEnrollment(input: {}) { ... on TotpEnrollmentStarted { secret } } }")
            .await;
        let secret =
            latchkey::crypto::TotpSecret::from_base32(begun.text("/beginTotpEnrollment/secret")).unwrap();
        let code = secret.code_at(app.now());
        let replies = join_all((0..6).map(|_| confirm(&client, &code))).await;
        let enrolled = replies
            .iter()
            .filter(|reply| reply.text("/confirmTotpEnrollment/__typename") == "TotpEnrolled")
            .count();
        assert_eq!(enrolled, 1, "{replies:?}");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_enrolment_token_completes_one_log_in() {
    harness::run(async |app| {
        let account = app.account("Strict").await;
        app.enforce_mfa(account).await;
        let person = app.person("Pia").in_account(account, AccountRole::Manager).create().await;
        let client = app.client();
        let token = log_in(&client, &person).await.text("/logIn/enrollmentToken").to_owned();
        let begun = client
            .send(
                "mutation($t: String) { beginTotpEnrollment(input: { enrollmentToken: $t }) {
                   ... on TotpEnrollmentStarted { secret } } }",
                json!({ "t": token }),
            )
            .await;
        let secret =
            latchkey::crypto::TotpSecret::from_base32(begun.text("/beginTotpEnrollment/secret")).unwrap();
        let confirm = async |code: String| {
            let variables = json!({ "t": token, "c": code });
            let query = "mutation($t: String, $c: String!) {
                confirmTotpEnrollment(input: { enrollmentToken: $t, code: $c }) {
                  __typename ... on TotpEnrolled { loggedIn { sessionToken } } } }";
            client.send(query, variables).await
        };
        confirm("000000".to_owned()).await;
        let replies = join_all((0..6).map(|_| confirm(secret.code_at(app.now())))).await;
        let sessions = replies.iter().filter(|reply| {
            reply.at("/confirmTotpEnrollment").pointer("/loggedIn/sessionToken").is_some_and(Value::is_string)
        });
        assert_eq!(sessions.count(), 1, "{replies:?}");
        assert_eq!(app.store.sessions.count(person.id, app.now()).await.unwrap(), 1);
        let refused = app.audit_count(Scope::Account(account), AuditAction::MfaEnrollmentRefused).await;
        let anonymous = app.audit_count(Scope::Deployment, AuditAction::MfaEnrollmentRefused).await;
        assert_eq!(refused + anonymous, 6, "one wrong code, and five that came too late");
        app.deliver().await;
    })
    .await;
}
