//! What opens ways into other people's accounts asks for a fresh proof, and is closed to whoever has no MFA where it is
//! enforced and to whoever was reset a short while ago.

use std::time::Duration;

use futures_util::future::join_all;
use latchkey::domain::{AccountId, AccountRole, AuditAction, Permission, PortfolioId, PortfolioRole, Scope};
use serde_json::{Value, json};

use crate::harness::{self, Client, Options, PASSWORD, Person, Reply, TestApp};
use crate::main_job;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

const STEP_UP: &str =
    "mutation($code: String, $password: String) { stepUp(input: { code: $code, password: $password }) {
    __typename ... on SteppedUp { validUntil } ... on StepUpRejected { reason retryAt } } }";

async fn by_code(client: &Client, code: &str) -> Reply {
    client.send(STEP_UP, json!({ "code": code })).await
}

async fn by_password(client: &Client, password: &str) -> Reply {
    client.send(STEP_UP, json!({ "password": password })).await
}

fn mutation(name: &str, input: &str) -> String {
    let (first, rest) = name.split_at(1);
    let rejected = format!("{}{rest}Rejected", first.to_uppercase());
    format!(
        "mutation {{ {name}(input: {{ {input} }}) {{ __typename ... on {rejected} {{ reason retryAt }} }} }}"
    )
}

/// Sessions that outlive the holds.
fn long_sessions(more: &[(&str, &str)]) -> Options {
    let vars = [("LATCHKEY_SESSION_IDLE", "30d"), ("LATCHKEY_SESSION_MAX", "60d")];
    let vars = vars.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Options { vars: vars.collect(), ..Options::default() }
}

struct World {
    account: AccountId,
    portfolio: PortfolioId,
    owner: Person,
    analyst: Person,
}

/// Somebody who owns an account and a portfolio, and an Analyst, both with MFA.
async fn world(app: &TestApp) -> World {
    let (account, portfolio) = (app.account("Acme").await, app.portfolio("Group").await);
    let owner = app.person("Olga Owner").with_mfa().in_account(account, AccountRole::Owner);
    let owner = owner.in_portfolio(portfolio, PortfolioRole::Owner).create().await;
    let analyst = app.person("Anna").with_mfa().in_account(account, AccountRole::Analyst).create().await;
    World { account, portfolio, owner, analyst }
}

impl World {
    /// Everything that asks for a fresh proof, refused or harmless when it is done, with what it says then. Resets of the
    /// Analyst come last.
    async fn sensitive(&self, app: &TestApp) -> Vec<(String, &'static str)> {
        let (account, portfolio) = (self.account, self.portfolio);
        let role = app.custom_role(account, "Helper", AccountRole::Analyst, &[Permission::UsersView]).await;
        let (nobody, analyst) = ("user_01jd0000000000000000000000", &self.analyst.id);
        vec![
            (
                mutation("setAccountMfaPolicy", &format!("accountId: \"{account}\", resetAcceptance: LINK")),
                "AccountMfaPolicySet",
            ),
            (
                mutation(
                    "setPortfolioMfaPolicy",
                    &format!("portfolioId: \"{portfolio}\", resetAcceptance: LINK"),
                ),
                "PortfolioMfaPolicySet",
            ),
            (
                mutation(
                    "transferAccountOwnership",
                    &format!("accountId: \"{account}\", userId: \"{nobody}\""),
                ),
                "NOT_A_MEMBER",
            ),
            (
                mutation(
                    "transferPortfolioOwnership",
                    &format!("portfolioId: \"{portfolio}\", userId: \"{nobody}\""),
                ),
                "NOT_A_MEMBER",
            ),
            (
                mutation(
                    "setAccountSecurityContact",
                    &format!("accountId: \"{account}\", userId: \"{nobody}\""),
                ),
                "NOT_A_MEMBER",
            ),
            (
                mutation(
                    "createCustomRole",
                    &format!("accountId: \"{account}\", name: \"Admin\", base: ANALYST, permissions: []"),
                ),
                "NAME_TAKEN",
            ),
            (
                mutation("updateCustomRole", &format!("customRoleId: \"{role}\", version: 7")),
                "CHANGED_MEANWHILE",
            ),
            (
                mutation(
                    "createWebhook",
                    &format!("accountId: \"{account}\", url: \"http://hooks.example.com/\""),
                ),
                "URL_NOT_ALLOWED",
            ),
            (mutation("deleteCustomRole", &format!("customRoleId: \"{role}\"")), "CustomRoleDeleted"),
            (mutation("resetUserMfa", &format!("userId: \"{analyst}\"")), "MfaResetRequested"),
        ]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn resets_policies_roles_and_transfers_ask_for_a_code_after_five_minutes() {
    harness::run(async |app| {
        let world = world(app).await;
        let client = app.client_of(&world.owner).await;
        let sensitive = world.sensitive(app).await;
        let until = "{ viewer { session { stepUpValidUntil } } }";
        assert!(client.ask(until).await.data("/viewer/session/stepUpValidUntil").is_string());
        app.advance(5 * MINUTE);
        assert_eq!(client.ask(until).await.data("/viewer/session/stepUpValidUntil"), &Value::Null);
        for (query, _) in &sensitive {
            assert_eq!(client.ask(query).await.said(), "STEP_UP_REQUIRED", "{query}");
        }
        let scope = Scope::Account(world.account);
        assert_eq!(app.audit_count(scope, AuditAction::MfaPolicyChanged).await, 0);
        assert_eq!(app.audit_count(scope, AuditAction::MfaResetRefused).await, 1);
        assert_eq!(app.audit_count(scope, AuditAction::CustomRoleRefused).await, 3);
        assert_eq!(app.store.outbox.count_queued(10).await.unwrap(), 0, "nobody was told of anything");

        let stepped = by_code(&client, &app.totp_code(&world.owner)).await;
        let valid = stepped.text("/stepUp/validUntil").to_owned();
        assert_eq!(client.ask(until).await.text("/viewer/session/stepUpValidUntil"), valid);
        assert_eq!(app.audit_count(scope, AuditAction::SteppedUp).await, 1);
        app.advance(5 * MINUTE - Duration::from_millis(1));
        for (query, done) in &sensitive {
            assert_eq!(client.ask(query).await.said(), *done, "{query}");
        }
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_age_is_configured_and_a_proof_counts_in_its_own_session_only() {
    harness::run_with(long_sessions(&[("LATCHKEY_STEP_UP_AGE", "1m")]), async |app| {
        let world = world(app).await;
        let (client, other) = (app.client_of(&world.owner).await, app.client_of(&world.owner).await);
        app.advance(MINUTE);
        assert_eq!(main_job::reset(&client, &world.analyst).await.said(), "STEP_UP_REQUIRED");
        assert_eq!(by_code(&client, &app.totp_code(&world.owner)).await.said(), "SteppedUp");
        assert_eq!(main_job::reset(&other, &world.analyst).await.said(), "STEP_UP_REQUIRED");
        assert_eq!(main_job::reset(&client, &world.analyst).await.said(), "MfaResetRequested");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn permission_is_asked_before_a_fresh_proof() {
    harness::run(async |app| {
        let world = world(app).await;
        let client = app.client_of(&world.analyst).await;
        app.advance(5 * MINUTE);
        for (query, _) in world.sensitive(app).await {
            let expected = match query.contains("resetUserMfa") {
                true => "SELF_RESET",
                false if query.contains("Portfolio") => "NOT_FOUND",
                false => "FORBIDDEN",
            };
            assert_eq!(client.ask(&query).await.said(), expected, "{query}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_counts_once_whether_it_logs_in_or_steps_up_and_wrong_ones_are_counted_together() {
    harness::run(async |app| {
        let world = world(app).await;
        let token = app.log_in(&world.owner).await;
        let client = app.client().with_token(&token);
        assert_eq!(by_code(&client, &app.totp_code(&world.owner)).await.said(), "CODE_ALREADY_USED");
        app.advance(5 * MINUTE);
        let code = app.totp_code(&world.owner);
        let at_once = join_all((0..6).map(|_| by_code(&client, &code))).await;
        let won = at_once.iter().filter(|reply| reply.said() == "SteppedUp").count();
        assert_eq!(won, 1, "of one code at the same time, one counts");

        let backup = world.owner.backup_codes[0].expose();
        assert_eq!(by_code(&client, backup).await.said(), "SteppedUp");
        assert_eq!(app.latest_mail(&world.owner).await.subject, "A backup code was used");
        assert_eq!(by_code(&client, backup).await.said(), "WRONG_CODE", "gone");
        app.advance(16 * MINUTE);
        for _ in 0..10 {
            assert_eq!(by_code(&client, "000000").await.said(), "WRONG_CODE");
        }
        let blocked = by_code(&client, &app.totp_code(&world.owner)).await;
        assert_eq!(blocked.text("/stepUp/reason"), "TOO_MANY_ATTEMPTS");
        assert!(blocked.data("/stepUp/retryAt").is_string());
        let entered = main_job::log_in(&app.client(), &world.owner).await;
        let answer = "mutation($t: String!, $c: String!) { answerMfaChallenge(input: { challengeToken: $t, code: $c }) {
            __typename ... on AnswerMfaChallengeRejected { reason } } }";
        let answer = app
            .client()
            .send(answer, json!({ "t": entered.text("/logIn/challengeToken"), "c": app.totp_code(&world.owner) }))
            .await;
        assert_eq!(answer.said(), "TOO_MANY_ATTEMPTS", "one limit for both");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_mfa_proves_it_and_whoever_has_none_the_password() {
    harness::run(async |app| {
        let world = world(app).await;
        let plain = app.person("Paul").in_account(world.account, AccountRole::Admin).create().await;
        let (client, plain_client) = (app.client_of(&world.owner).await, app.client_of(&plain).await);
        app.advance(5 * MINUTE);
        assert_eq!(by_password(&client, PASSWORD).await.said(), "CODE_REQUIRED");
        assert_eq!(main_job::reset(&client, &world.analyst).await.said(), "STEP_UP_REQUIRED");
        assert_eq!(by_code(&plain_client, "000000").await.said(), "PASSWORD_REQUIRED");
        assert_eq!(by_password(&plain_client, "wrong").await.said(), "WRONG_PASSWORD");
        assert_eq!(main_job::reset(&plain_client, &world.analyst).await.said(), "STEP_UP_REQUIRED");
        assert_eq!(by_password(&plain_client, PASSWORD).await.said(), "SteppedUp");
        assert_eq!(main_job::reset(&plain_client, &world.analyst).await.said(), "MfaResetRequested");

        // A password that was proved before the enrolment is no second factor.
        crate::enrollment::enroll(app, &app.client_of(&plain).await).await;
        assert_eq!(main_job::reset(&plain_client, &world.analyst).await.said(), "STEP_UP_REQUIRED");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_ended_steps_up_to_nothing() {
    harness::run(async |app| {
        let world = world(app).await;
        let client = app.client_of(&world.owner).await;
        let other = app.client_of(&world.owner).await;
        other.ask("mutation { revokeOtherSessions { __typename } }").await.data("/revokeOtherSessions");
        assert_eq!(by_code(&client, &app.totp_code(&world.owner)).await.said(), "UNAUTHENTICATED");
        assert_eq!(main_job::reset(&client, &world.analyst).await.said(), "UNAUTHENTICATED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_own_mfa_nobody_is_reset_where_it_is_enforced() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let account = app.account_in("Acme", Some(portfolio)).await;
        let analyst = app.person("Anna").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        let admin = app.person("Adam").in_portfolio(portfolio, PortfolioRole::Admin).create().await;
        let client = app.client_of(&admin).await;
        assert_eq!(
            main_job::reset(&client, &analyst).await.said(),
            "MfaResetRequested",
            "nobody enforces it"
        );

        // By an account of the person, which the Portfolio Admin is not in.
        app.enforce_mfa(account).await;
        assert_eq!(main_job::reset(&client, &analyst).await.said(), "ACTOR_MFA_REQUIRED");
        let lift = mongodb::bson::doc! { "$set": { "mfa_policy.enforced": false } };
        app.update("accounts", mongodb::bson::doc! { "_id": account }, lift).await;
        assert_eq!(main_job::reset(&client, &analyst).await.said(), "MfaResetRequested");

        // By the portfolio in which the role is held, in its grace period.
        let later = mongodb::bson::DateTime::from_millis(32_503_680_000_000);
        let grace =
            mongodb::bson::doc! { "$set": { "mfa_policy.enforced": true, "mfa_policy.grace_until": later } };
        app.update("portfolios", mongodb::bson::doc! { "_id": portfolio }, grace).await;
        assert_eq!(main_job::reset(&client, &analyst).await.said(), "ACTOR_MFA_REQUIRED");
        crate::enrollment::enroll(app, &client).await;
        assert_eq!(main_job::reset(&client, &analyst).await.said(), "MfaResetRequested");
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::MfaResetRefused).await, 2);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn for_a_day_after_a_reset_nobody_resets_others_changes_policies_or_transfers() {
    harness::run_with(long_sessions(&[]), async |app| {
        let world = world(app).await;
        let admin = app.person("Ada").with_mfa().in_account(world.account, AccountRole::Admin).create().await;
        assert_eq!(
            main_job::reset(&app.client_of(&admin).await, &world.owner).await.said(),
            "MfaResetRequested"
        );
        let token = app.reset_token(&world.owner).await;
        main_job::accept(&app.client(), &token).await.data("/acceptMfaReset/maskedEmail");
        let reset_at = app.now();
        let client =
            app.client().with_token(&app.log_in(&Person { totp: None, ..world.owner.clone() }).await);
        // A new second factor does not lift it: whoever took the account over has set it up.
        crate::enrollment::enroll(app, &client).await;
        let sensitive = world.sensitive(app).await;
        for (query, _) in &sensitive {
            let reply = client.ask(query).await;
            assert_eq!(reply.said(), "RECENTLY_RESET", "{query}");
            let until = reply.data("").as_object().unwrap().values().next().unwrap()["retryAt"].clone();
            let until = until.as_str().unwrap().to_owned();
            let format = &time::format_description::well_known::Rfc3339;
            let until = time::OffsetDateTime::parse(&until, format).unwrap();
            assert!((until - reset_at - DAY).abs() < time::Duration::SECOND, "{until}");
        }
        app.advance(DAY);
        app.freshen().await;
        for (query, done) in &sensitive {
            assert_eq!(client.ask(query).await.said(), *done, "{query}");
        }
        app.deliver().await;
    })
    .await;
}
