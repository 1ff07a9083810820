//! Everything is in the log: each action has somebody who writes it and a test that reads it. That every refusal of a
//! mutation is written down is held by the authorisation matrix, which asks each of them as everybody.

use std::fs;
use std::path::Path;

use latchkey::domain::{AccountRole, AuditAction, PortfolioRole, Scope};
use serde_json::{Value, json};

use crate::harness::{self, Client, PASSWORD, Reply, TestApp};
use crate::invitations::invite;
use crate::{log_in, main_job, portfolios};

fn texts(below: &str, found: &mut String) {
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(below)).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(path.to_str().unwrap(), found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

/// Whether a text names an action as code does, and not only one whose name begins alike.
fn names(text: &str, action: AuditAction) -> bool {
    // `A` where a test shortens the name.
    ["AuditAction", "A"].iter().any(|of| {
        let variant = format!("{of}::{action:?}");
        let whole = |at: usize| !text[at + variant.len()..].starts_with(|c: char| c.is_ascii_alphanumeric());
        text.match_indices(&variant).any(|(at, _)| whole(at))
    })
}

#[test]
fn every_action_is_written_by_a_service_and_expected_by_a_test() {
    let (mut services, mut tests) = (String::new(), String::new());
    texts("src/service", &mut services);
    texts("src/webhook", &mut services);
    texts("tests/it", &mut tests);
    let silent =
        |text: &str| -> Vec<_> { AuditAction::ALL.iter().filter(|action| !names(text, **action)).collect() };
    assert_eq!(silent(&services), Vec::<&AuditAction>::new(), "nobody writes these");
    assert_eq!(silent(&tests), Vec::<&AuditAction>::new(), "no test expects these");
}

async fn act(client: &Client, mutation: &str, input: Value) -> Reply {
    let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let query = format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ __typename }} }}");
    let reply = client.send(&query, json!({ "input": input })).await;
    reply.data(&format!("/{mutation}/__typename"));
    reply
}

async fn counted(app: &TestApp, scope: Scope, expected: &[(AuditAction, u64)]) {
    for (action, times) in expected {
        assert_eq!(app.audit_count(scope, *action).await, *times, "{action:?} in {scope}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_do_with_their_own_factor_password_and_sessions_is_recorded() {
    use AuditAction as A;
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let scope = Scope::Account(account);
        let person =
            app.person("Mia Member").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        let client = app.client().with_token(&app.log_in(&person).await);
        counted(app, scope, &[(A::MfaChallenged, 1), (A::LoggedIn, 1)]).await;
        let token = log_in::challenge(&app.client(), &person).await;
        log_in::answer(&app.client(), &token, person.backup_codes[0].expose()).await;
        counted(app, scope, &[(A::MfaChallenged, 2), (A::BackupCodeUsed, 1), (A::LoggedIn, 2)]).await;

        client.ask("mutation { revokeOtherSessions { __typename } }").await;
        let gone = latchkey::domain::SessionId::generate(app.now()).to_string();
        act(&client, "revokeSession", json!({ "sessionId": gone })).await;
        counted(app, scope, &[(A::SessionRevoked, 1), (A::ChangeRefused, 1)]).await;

        let new = "lantern-orbit-seven-moss";
        act(&client, "changePassword", json!({ "currentPassword": PASSWORD, "newPassword": "short" })).await;
        act(&client, "changePassword", json!({ "currentPassword": PASSWORD, "newPassword": new })).await;
        act(&client, "verifyEmail", json!({ "token": "lkv_x" })).await;
        counted(app, scope, &[(A::PasswordChanged, 1), (A::ChangeRefused, 2)]).await;
        counted(app, Scope::Deployment, &[(A::EmailVerificationRefused, 1)]).await;

        let code = |index: usize| json!({ "code": person.backup_codes[index].expose() });
        act(&client, "regenerateBackupCodes", code(1)).await;
        app.advance(std::time::Duration::from_secs(60));
        act(&client, "disableMfa", json!({ "code": app.totp_code(&person) })).await;
        // Off already: refused and written down like any other.
        act(&client, "disableMfa", json!({ "code": app.totp_code(&person) })).await;
        counted(app, scope, &[(A::BackupCodesRegenerated, 1), (A::MfaDisabled, 1), (A::AccessDenied, 1)])
            .await;

        let begun = client
            .ask("mutation { beginTotpEnrollment(input: {}) { ... on TotpEnrollmentStarted { secret } } }")
            .await;
        let secret =
            latchkey::crypto::TotpSecret::from_base32(begun.text("/beginTotpEnrollment/secret")).unwrap();
        act(&client, "confirmTotpEnrollment", json!({ "code": secret.code_at(app.now()) })).await;
        counted(app, scope, &[(A::MfaEnrolled, 1)]).await;
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_about_others_is_recorded() {
    use AuditAction as A;
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let scope = Scope::Account(account);
        let owner = app.person("Olga Owner").in_account(account, AccountRole::Owner).create().await;
        let person =
            app.person("Mia Member").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        let client = app.client_of(&owner).await;
        main_job::reset(&client, &owner).await;
        let asked = main_job::reset(&client, &person).await;
        let id = asked.text("/resetUserMfa/mfaReset/id").to_owned();
        act(&client, "cancelMfaReset", json!({ "mfaResetId": id })).await;
        main_job::reset(&client, &person).await;
        let token = app.reset_token(&person).await;
        act(&app.client(), "declineMfaReset", json!({ "token": token })).await;
        counted(app, scope, &[(A::MfaResetRefused, 1), (A::MfaResetCancelled, 1), (A::MfaResetDeclined, 1)])
            .await;

        let invited = invite(&client, account, "ina@example.test", "ANALYST").await;
        let id = invited.text("/inviteUser/invitation/id").to_owned();
        invite(&client, account, "ina@example.test", "ANALYST").await;
        act(&client, "resendInvitation", json!({ "invitationId": id })).await;
        for _ in 0..2 {
            act(&client, "revokeInvitation", json!({ "invitationId": id })).await;
        }
        act(&client, "resendInvitation", json!({ "invitationId": id })).await;
        let refused = (A::ChangeRefused, 3);
        counted(app, scope, &[(A::InvitationResent, 1), (A::InvitationRevoked, 1), refused]).await;

        let portfolio = app.portfolio("Group").await;
        let scope = Scope::Portfolio(portfolio);
        let boss = app.person("Petra Boss").in_portfolio(portfolio, PortfolioRole::Owner).create().await;
        let other = app.person("Paul Other").in_portfolio(portfolio, PortfolioRole::Analyst).create().await;
        let client = app.client_of(&boss).await;
        portfolios::role(&client, portfolio, &other, "MANAGER").await;
        portfolios::remove(&client, portfolio, &other).await;
        portfolios::remove(&client, portfolio, &other).await;
        portfolios::role(&client, portfolio, &other, "MANAGER").await;
        portfolios::transfer(&client, portfolio, &boss).await;
        portfolios::close(&client, portfolio, "Some other name").await;
        let refused = (A::ChangeRefused, 4);
        counted(app, scope, &[(A::PortfolioUserRoleChanged, 1), (A::PortfolioUserRemoved, 1), refused]).await;
        app.deliver().await;
    })
    .await;
}
