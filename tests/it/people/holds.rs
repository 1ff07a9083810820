//! One mailbox must not defeat both factors: a password reset waits after an MFA reset was asked for, and an MFA reset
//! waits after the address or the password changed.

use std::time::Duration;

use futures_util::future::join;
use latchkey::domain::{AccountId, AccountRole, AuditAction, Scope};

use super::*;
use crate::harness::{self, Options, PASSWORD, Person};
use crate::main_job;

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn owner_and_analyst(app: &TestApp) -> (AccountId, Client, Person) {
    let account = app.account("Acme").await;
    let owner = app.person("Olga Owner").with_mfa().in_account(account, AccountRole::Owner).create().await;
    let analyst = app.person("Anna").with_mfa().in_account(account, AccountRole::Analyst).create().await;
    (account, app.client_of(&owner).await, analyst)
}

/// Sessions that outlive the holds.
fn long_sessions(more: &[(&str, &str)]) -> Options {
    let vars = [("LATCHKEY_SESSION_IDLE", "30d"), ("LATCHKEY_SESSION_MAX", "60d")];
    let vars = vars.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Options { vars: vars.collect(), ..Options::default() }
}

async fn eligibility(client: &Client, person: &Person) -> Value {
    let reply = client
        .send(
            "query($id: ID!) { user(id: $id) { mfaResetEligibility { allowed reason } } }",
            json!({ "id": person.gid() }),
        )
        .await;
    reply.data("/user/mfaResetEligibility/reason").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_reset_waits_for_a_day_after_an_mfa_reset_was_asked_for() {
    harness::run_with(long_sessions(&[]), async |app| {
        let (account, owner, analyst) = owner_and_analyst(app).await;
        let client = app.client();
        request(&client, &analyst.email).await;
        let early = mailed(app, &analyst.email, "Set a new password").await;
        let asked_at = app.now();
        main_job::reset(&owner, &analyst).await;
        let accept = app.reset_token(&analyst).await;
        main_job::accept(&client, &accept).await;

        let held = reset(&client, &early, NEW).await;
        assert_eq!(kind(&held), "HELD", "MFA is off now: the mailbox alone must not be enough");
        assert_eq!(time_of(held.data("/resetPassword/retryAt")), asked_at + DAY);
        let again = request(&client, &analyst.email).await;
        assert_eq!(kind(&again), "PasswordResetRequested", "the answer tells nothing");
        let mail = app.latest_mail(&analyst).await;
        assert_eq!(mail.subject, "Your password cannot be reset yet");
        assert!(!mail.text.contains("#token="), "{}", mail.text);
        assert_eq!(kind(&log_in(&client, &analyst.email, PASSWORD).await), "LoggedIn");
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::PasswordResetRefused).await, 1);

        app.advance(DAY - Duration::from_millis(1));
        request(&client, &analyst.email).await;
        assert_eq!(app.latest_mail(&analyst).await.subject, "Your password cannot be reset yet");
        app.advance(Duration::from_millis(1));
        request(&client, &analyst.email).await;
        let token = mailed(app, &analyst.email, "Set a new password").await;
        assert_eq!(kind(&reset(&client, &token, NEW).await), "PasswordReset");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_mfa_reset_waits_for_a_day_after_a_password_was_set_by_mail() {
    harness::run_with(long_sessions(&[]), async |app| {
        let (_, owner, analyst) = owner_and_analyst(app).await;
        assert_eq!(eligibility(&owner, &analyst).await, Value::Null);
        request(&app.client(), &analyst.email).await;
        let token = mailed(app, &analyst.email, "Set a new password").await;
        let changed_at = app.now();
        reset(&app.client(), &token, NEW).await;

        let held = main_job::reset(&owner, &analyst).await;
        assert_eq!(kind(&held), "HELD");
        assert_eq!(time_of(held.data("/resetUserMfa/retryAt")), changed_at + DAY);
        assert_eq!(eligibility(&owner, &analyst).await, "HELD");
        app.advance(DAY - Duration::from_millis(1));
        app.freshen().await;
        assert_eq!(kind(&main_job::reset(&owner, &analyst).await), "HELD");
        app.advance(Duration::from_millis(1));
        assert_eq!(eligibility(&owner, &analyst).await, Value::Null);
        assert_eq!(kind(&main_job::reset(&owner, &analyst).await), "MfaResetRequested");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_mfa_reset_waits_after_a_changed_password_and_after_a_changed_address() {
    harness::run_with(long_sessions(&[]), async |app| {
        let (_, owner, analyst) = owner_and_analyst(app).await;
        let client = app.client_of(&analyst).await;
        client.send(CHANGE, json!({ "current": PASSWORD, "new": NEW })).await;
        assert_eq!(kind(&main_job::reset(&owner, &analyst).await), "HELD");
        app.advance(DAY);
        app.freshen().await;
        let asked = "mutation($p: String!) { updateProfile(input: { email: \"new@example.test\", currentPassword: $p }) { __typename } }";
        client.send(asked, json!({ "p": NEW })).await;
        assert_eq!(kind(&main_job::reset(&owner, &analyst).await), "MfaResetRequested", "nothing changed yet");
        let token = mailed(app, "new@example.test", "Verify your new e-mail address").await;
        assert_eq!(kind(&verify(&client, &token).await), "EmailVerified");
        assert_eq!(kind(&main_job::reset(&owner, &analyst).await), "HELD");
        app.deliver().await;
    })
    .await;
}

/// Whoever comes first holds the other: never do both take effect.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_password_reset_and_an_mfa_reset_at_once_one_is_held() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let owner = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let owner = app.client_of(&owner).await;
        let client = app.client();
        let mut outcomes = Vec::new();
        for n in 0..6 {
            let builder = app.person(&format!("Racer {n}")).with_mfa();
            let person = builder.in_account(account, AccountRole::Analyst).create().await;
            request(&client, &person.email).await;
            let token = mailed(app, &person.email, "Set a new password").await;
            let (password, mfa) = join(reset(&client, &token, NEW), main_job::reset(&owner, &person)).await;
            outcomes.push((kind(&password), kind(&mfa)));
        }
        for (password, mfa) in &outcomes {
            let held = [password, mfa].into_iter().filter(|kind| *kind == "HELD").count();
            assert_eq!(held, 1, "{outcomes:?}");
        }
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_may_hold_nothing() {
    let vars = [("LATCHKEY_PASSWORD_RESET_HOLD", "0s"), ("LATCHKEY_MFA_RESET_HOLD", "0s")];
    harness::run_with(long_sessions(&vars), async |app| {
        let (_, owner, analyst) = owner_and_analyst(app).await;
        main_job::reset(&owner, &analyst).await;
        request(&app.client(), &analyst.email).await;
        let token = mailed(app, &analyst.email, "Set a new password").await;
        assert_eq!(kind(&reset(&app.client(), &token, NEW).await), "PasswordReset");
        assert_eq!(kind(&main_job::reset(&owner, &analyst).await), "MfaResetRequested");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_has_just_signed_up_or_been_created_is_not_held() {
    harness::run(async |app| {
        let (_, owner, analyst) = owner_and_analyst(app).await;
        assert_eq!(kind(&main_job::reset(&owner, &analyst).await), "MfaResetRequested");
        app.deliver().await;
    })
    .await;
}
