//! The main job, end to end over real HTTP: a locked-out user gets back in.

use latchkey::domain::{AccountRole, AuditAction, Scope};
use serde_json::{Value, json};

use crate::harness::{self, Client, Person, Reply, TestApp};

pub const RESET: &str = "mutation($userId: ID!, $reason: String) {
  resetUserMfa(input: { userId: $userId, reason: $reason }) {
    __typename
    ... on MfaResetRequested { mfaReset { id state delivery requestedAt expiresAt } }
    ... on ResetUserMfaRejected { reason message retryAt }
  } }";

pub const LIFT: &str = "mutation($userId: ID!, $kind: MfaResetFreezeKind! = OF_USER) {
  liftMfaResetFreeze(input: { userId: $userId, kind: $kind }) {
    __typename
    ... on MfaResetFreezeLifted { user { mfaResetFreezes { kind } } }
    ... on LiftMfaResetFreezeRejected { reason }
  } }";

pub const ACCEPT: &str = "mutation($token: String!, $password: String) {
  acceptMfaReset(input: { token: $token, password: $password }) {
    __typename
    ... on MfaResetAccepted { maskedEmail enrollmentRequired }
    ... on AcceptMfaResetRejected { reason message retryAt }
  } }";

pub const LOG_IN: &str = "mutation($email: String!, $password: String!) {
  logIn(input: { email: $email, password: $password }) {
    __typename
    ... on LoggedIn { sessionToken viewer { user { id email } } }
    ... on MfaChallenge { challengeToken methods expiresAt }
    ... on MfaEnrollmentRequired { enrollmentToken expiresAt }
    ... on LogInRejected { reason retryAt }
  } }";

pub async fn reset(client: &Client, person: &Person) -> Reply {
    client.send(RESET, json!({ "userId": person.gid(), "reason": "Lost phone" })).await
}

pub async fn decline(client: &Client, token: &str) -> Reply {
    let query = "mutation($token: String!) { declineMfaReset(input: { token: $token }) { __typename } }";
    client.send(query, json!({ "token": token })).await
}

/// What was said: the type, or the reason of a refusal.
pub fn said(reply: &Reply, field: &str) -> String {
    let answer = reply.data(&format!("/{field}"));
    answer.get("reason").unwrap_or(&answer["__typename"]).as_str().unwrap().to_owned()
}

pub async fn accept(client: &Client, token: &str) -> Reply {
    client.send(ACCEPT, json!({ "token": token })).await
}

pub async fn log_in(client: &Client, person: &Person) -> Reply {
    let variables = json!({ "email": person.email, "password": harness::PASSWORD });
    client.send(LOG_IN, variables).await
}

/// An Owner, and an Analyst with MFA, in one account.
async fn owner_and_analyst(app: &TestApp) -> (latchkey::domain::AccountId, Person, Person) {
    let account = app.account("Acme").await;
    let owner = app.person("Olga Owner").with_mfa().in_account(account, AccountRole::Owner).create().await;
    let analyst =
        app.person("Anna Analyst").with_mfa().in_account(account, AccountRole::Analyst).create().await;
    (account, owner, analyst)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_out_user_gets_back_in() {
    harness::run(async |app| {
        let (account, owner, analyst) = owner_and_analyst(app).await;
        let old_session = app.session_token(&analyst).await;
        let owner_client = app.client_of(&owner).await;

        let asked = reset(&owner_client, &analyst).await;
        assert_eq!(asked.text("/resetUserMfa/__typename"), "MfaResetRequested");
        assert_eq!(asked.text("/resetUserMfa/mfaReset/state"), "PENDING");
        assert_eq!(asked.text("/resetUserMfa/mfaReset/delivery"), "QUEUED");
        assert_eq!(
            log_in(&app.client(), &analyst).await.text("/logIn/__typename"),
            "MfaChallenge",
            "MFA stays on until the user accepts"
        );

        let token = app.reset_token(&analyst).await;
        let accepted = accept(&app.client(), &token).await;
        assert_eq!(accepted.text("/acceptMfaReset/__typename"), "MfaResetAccepted");
        assert_eq!(accepted.data("/acceptMfaReset/enrollmentRequired"), &json!(false));

        let viewer = app.client().with_token(&old_session).ask("{ viewer { user { id } } }").await;
        assert_eq!(viewer.code(), "UNAUTHENTICATED", "every session ended");
        let back = log_in(&app.client(), &analyst).await;
        assert_eq!(back.text("/logIn/__typename"), "LoggedIn");
        assert_eq!(back.text("/logIn/viewer/user/id"), analyst.gid());

        let told: Vec<_> = app.deliver().await.into_iter().map(|mail| mail.recipient).collect();
        assert!(
            told.iter().filter(|to| **to == owner.email).count() == 1,
            "the Owner, who asked, is told once"
        );
        assert!(told.iter().filter(|to| **to == analyst.email).count() == 2, "request, and notice");
        for action in [AuditAction::MfaResetRequested, AuditAction::MfaResetAccepted, AuditAction::LoggedIn] {
            assert_eq!(app.audit_count(Scope::Account(account), action).await, 1, "{action:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_mfa_is_enforced_the_log_in_asks_to_set_it_up_again() {
    harness::run(async |app| {
        let (account, owner, analyst) = owner_and_analyst(app).await;
        app.enforce_mfa(account).await;
        reset(&app.client_of(&owner).await, &analyst).await;
        let token = app.reset_token(&analyst).await;
        let accepted = accept(&app.client(), &token).await;
        assert_eq!(accepted.data("/acceptMfaReset/enrollmentRequired"), &json!(true));

        let client = app.client();
        let required = log_in(&client, &analyst).await;
        assert_eq!(required.text("/logIn/__typename"), "MfaEnrollmentRequired");
        let enrollment = required.text("/logIn/enrollmentToken");
        let started = client
            .send(
                "mutation($t: String) { beginTotpEnrollment(input: { enrollmentToken: $t }) {
                   ... on TotpEnrollmentStarted { secret otpauthUri qrCodeSvg expiresAt } } }",
                json!({ "t": enrollment }),
            )
            .await;
        let secret = latchkey::crypto::TotpSecret::from_base32(started.text("/beginTotpEnrollment/secret")).unwrap();
        let confirmed = client
            .send(
                "mutation($t: String, $c: String!) { confirmTotpEnrollment(input: { enrollmentToken: $t, code: $c }) {
                   __typename ... on TotpEnrolled { backupCodes loggedIn { sessionToken viewer { user { email mfa { enabled } } } } } } }",
                json!({ "t": enrollment, "c": secret.code_at(app.now()) }),
            )
            .await;
        assert_eq!(confirmed.data("/confirmTotpEnrollment/backupCodes").as_array().unwrap().len(), 10);
        let session = confirmed.text("/confirmTotpEnrollment/loggedIn/sessionToken");
        assert_eq!(
            confirmed.data("/confirmTotpEnrollment/loggedIn/viewer/user/mfa/enabled"),
            &json!(true)
        );
        let viewer = app.client().with_token(session).ask("{ viewer { user { email } } }").await;
        assert_eq!(viewer.text("/viewer/user/email"), analyst.email);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_can_be_accepted_for_twelve_hours_and_not_longer() {
    harness::run(async |app| {
        let (_, owner, analyst) = owner_and_analyst(app).await;
        let owner_client = app.client_of(&owner).await;
        reset(&owner_client, &analyst).await;
        let token = app.reset_token(&analyst).await;
        app.advance(std::time::Duration::from_millis(12 * 3600 * 1000));
        let late = accept(&app.client(), &token).await;
        assert_eq!(late.text("/acceptMfaReset/reason"), "EXPIRED");

        app.freshen().await;
        let again = reset(&owner_client, &analyst).await;
        assert_eq!(again.text("/resetUserMfa/mfaReset/state"), "PENDING", "the admin restarts");
        let token = app.reset_token(&analyst).await;
        app.advance(std::time::Duration::from_millis(12 * 3600 * 1000 - 1));
        let in_time = accept(&app.client(), &token).await;
        assert_eq!(in_time.text("/acceptMfaReset/__typename"), "MfaResetAccepted");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_accepts_of_one_token_at_once_have_one_winner() {
    harness::run(async |app| {
        let (account, owner, analyst) = owner_and_analyst(app).await;
        reset(&app.client_of(&owner).await, &analyst).await;
        let token = app.reset_token(&analyst).await;
        let clients: Vec<_> = (0..10).map(|_| app.client()).collect();
        let replies =
            futures_util::future::join_all(clients.iter().map(|client| accept(client, &token))).await;
        let of =
            |reply: &Reply, what: &str| reply.at("/acceptMfaReset").get(what).cloned().unwrap_or(Value::Null);
        let won = replies.iter().filter(|reply| of(reply, "__typename") == "MfaResetAccepted").count();
        let lost = replies.iter().filter(|reply| of(reply, "reason") == "INVALID").count();
        assert_eq!((won, lost), (1, 9), "{replies:#?}");
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::MfaResetAccepted).await, 1);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accepting_and_declining_at_once_have_one_winner() {
    harness::run(async |app| {
        let (account, owner, analyst) = owner_and_analyst(app).await;
        let asked = reset(&app.client_of(&owner).await, &analyst).await;
        assert_eq!(asked.text("/resetUserMfa/mfaReset/state"), "PENDING");
        let token = app.reset_token(&analyst).await;
        let client = app.client();
        let say = async |accepts: bool| {
            let field = if accepts { "acceptMfaReset" } else { "declineMfaReset" };
            let query =
                format!("mutation($t: String!) {{ {field}(input: {{ token: $t }}) {{ __typename }} }}");
            let reply = client.send(&query, json!({ "t": token })).await;
            reply.text(&format!("/{field}/__typename")).to_owned()
        };
        let said = futures_util::future::join_all((0..8).map(|i| say(i % 2 == 0))).await;
        let won: Vec<_> = said.iter().filter(|kind| !kind.ends_with("Rejected")).collect();
        assert_eq!(won.len(), 1, "{said:?}");
        let has_mfa = app.store.users.find(analyst.id).await.unwrap().unwrap().mfa.is_some();
        assert_eq!(has_mfa, won[0] == "MfaResetDeclined");
        let refused = app.audit_count(Scope::Account(account), AuditAction::MfaResetAcceptRefused).await;
        assert_eq!(refused, 7, "every refused answer is written down");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_used_forged_cancelled_declined_or_superseded_is_invalid() {
    harness::run(async |app| {
        let (_, owner, analyst) = owner_and_analyst(app).await;
        let owner_client = app.client_of(&owner).await;
        let reason = |reply: Reply| reply.text("/acceptMfaReset/reason").to_owned();

        for forged in ["", "x", "lkr_", &format!("lkr_{}", "A".repeat(43)), &"x".repeat(10_000)] {
            assert_eq!(reason(accept(&app.client(), forged).await), "INVALID", "{forged:.20}");
        }
        reset(&owner_client, &analyst).await;
        let superseded = app.reset_token(&analyst).await;
        let asked = reset(&owner_client, &analyst).await;
        let id = asked.text("/resetUserMfa/mfaReset/id").to_owned();
        let cancelled = app.reset_token(&analyst).await;
        assert_eq!(reason(accept(&app.client(), &superseded).await), "INVALID");
        let cancel = owner_client
            .send(
                "mutation($id: ID!) { cancelMfaReset(input: { mfaResetId: $id }) {
                   __typename ... on MfaResetCancelled { mfaReset { state } } } }",
                json!({ "id": id }),
            )
            .await;
        assert_eq!(cancel.text("/cancelMfaReset/mfaReset/state"), "CANCELLED");
        assert_eq!(reason(accept(&app.client(), &cancelled).await), "INVALID");

        reset(&owner_client, &analyst).await;
        let declined = app.reset_token(&analyst).await;
        let decline = app
            .client()
            .send(
                "mutation($t: String!) { declineMfaReset(input: { token: $t }) { __typename } }",
                json!({ "t": declined }),
            )
            .await;
        assert_eq!(decline.text("/declineMfaReset/__typename"), "MfaResetDeclined");
        assert_eq!(reason(accept(&app.client(), &declined).await), "INVALID");

        app.advance(std::time::Duration::from_secs(24 * 3600));
        let owner_client = app.client_of(&owner).await;
        reset(&owner_client, &analyst).await;
        let used = app.reset_token(&analyst).await;
        accept(&app.client(), &used).await;
        assert_eq!(reason(accept(&app.client(), &used).await), "INVALID");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_a_reset_are_rejections_that_a_screen_shows() {
    harness::run(async |app| {
        let (account, owner, analyst) = owner_and_analyst(app).await;
        let plain = app.person("Paul Plain").in_account(account, AccountRole::Manager).create().await;
        let client = app.client_of(&owner).await;
        let reason = |reply: Reply| reply.text("/resetUserMfa/reason").to_owned();
        assert_eq!(reason(reset(&client, &owner).await), "SELF_RESET");
        assert_eq!(reason(reset(&client, &plain).await), "MFA_NOT_ENABLED");
        for _ in 0..5 {
            assert_eq!(reset(&client, &analyst).await.text("/resetUserMfa/__typename"), "MfaResetRequested");
        }
        let sixth = reset(&client, &analyst).await;
        assert_eq!(sixth.text("/resetUserMfa/reason"), "TOO_MANY_RESETS");
        assert!(sixth.data("/resetUserMfa/retryAt").is_string());
        app.advance(std::time::Duration::from_secs(3600));
        app.freshen().await;
        assert_eq!(reset(&client, &analyst).await.text("/resetUserMfa/__typename"), "MfaResetRequested");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_leave_one_reset_waiting() {
    harness::run(async |app| {
        let (account, owner, analyst) = owner_and_analyst(app).await;
        let clients: Vec<_> = {
            let token = app.session_token(&owner).await;
            (0..4).map(|_| app.client().with_token(&token)).collect()
        };
        let replies =
            futures_util::future::join_all(clients.iter().map(|client| reset(client, &analyst))).await;
        for reply in &replies {
            assert_eq!(reply.text("/resetUserMfa/__typename"), "MfaResetRequested");
        }
        let pending = app.store.mfa_resets.pending_of(&[analyst.id], app.now()).await.unwrap();
        assert_eq!(pending.len(), 1);
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::MfaResetSuperseded).await, 3);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_link_and_password_the_link_alone_is_not_enough() {
    harness::run(async |app| {
        let (account, owner, analyst) = owner_and_analyst(app).await;
        let client = app.client_of(&owner).await;
        let set = client
            .send(
                "mutation($id: ID!) { setAccountMfaPolicy(input: { accountId: $id, resetAcceptance: LINK_AND_PASSWORD }) {
                   __typename ... on AccountMfaPolicySet { account { mfaPolicy { resetAcceptance } } } } }",
                json!({ "id": account.to_string() }),
            )
            .await;
        assert_eq!(set.text("/setAccountMfaPolicy/account/mfaPolicy/resetAcceptance"), "LINK_AND_PASSWORD");
        reset(&client, &analyst).await;
        let token = app.reset_token(&analyst).await;
        let anybody = app.client();
        let preview = anybody
            .send("query($t: String!) { mfaResetByToken(token: $t) { state acceptance scopeName } }", json!({ "t": token }))
            .await;
        assert_eq!(preview.text("/mfaResetByToken/acceptance"), "LINK_AND_PASSWORD");
        assert_eq!(accept(&anybody, &token).await.text("/acceptMfaReset/reason"), "PASSWORD_REQUIRED");
        for _ in 0..5 {
            let wrong = anybody.send(ACCEPT, json!({ "token": token, "password": "wrong" })).await;
            assert_eq!(wrong.text("/acceptMfaReset/reason"), "WRONG_PASSWORD");
        }
        let right = json!({ "token": token, "password": harness::PASSWORD });
        let blocked = anybody.send(ACCEPT, right.clone()).await;
        assert_eq!(blocked.text("/acceptMfaReset/reason"), "TOO_MANY_ATTEMPTS");
        app.advance(std::time::Duration::from_secs(15 * 60));
        let done = anybody.send(ACCEPT, right).await;
        assert_eq!(done.text("/acceptMfaReset/__typename"), "MfaResetAccepted");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_only_owner_who_is_locked_out_is_brought_back_by_the_portfolio_owner() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let account = app.account_in("Acme", Some(portfolio)).await;
        let owner =
            app.person("Olga Owner").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let head = app.person("Hans Head").with_mfa();
        let head = head.in_portfolio(portfolio, latchkey::domain::PortfolioRole::Owner).create().await;
        let asked = reset(&app.client_of(&head).await, &owner).await;
        assert_eq!(said(&asked, "resetUserMfa"), "MfaResetRequested");
        let token = app.reset_token(&owner).await;
        assert_eq!(said(&accept(&app.client(), &token).await, "acceptMfaReset"), "MfaResetAccepted");
        let back = log_in(&app.client(), &owner).await;
        assert_eq!(back.text("/logIn/__typename"), "LoggedIn");
        app.deliver().await;
    })
    .await;
}
