//! "This wasn't me" freezes resets of that person, is told to everybody concerned, and is lifted by Owners only.

use std::time::Duration;

use futures_util::future::join_all;
use latchkey::domain::{AccountId, AccountRole, AuditAction, PortfolioRole, Scope};
use mongodb::bson::doc;
use serde_json::json;

use crate::harness::{self, Person, TestApp};
use crate::main_job::{LIFT, accept, decline, reset, said};

const DAY: Duration = Duration::from_secs(24 * 3600);
const ELIGIBLE: &str = "query($id: ID!) { user(id: $id) {
  mfaResetEligibility { allowed reason } mfaResetFreezes { kind until viewerMayLift } } }";

struct Acme {
    account: AccountId,
    owner: Person,
    admin: Person,
    anna: Person,
}

async fn acme(app: &TestApp) -> Acme {
    let account = app.account("Acme").await;
    let owner = app.person("Olga Owner").with_mfa().in_account(account, AccountRole::Owner).create().await;
    let admin = app.person("Adam Admin").with_mfa().in_account(account, AccountRole::Admin).create().await;
    let anna = app.person("Anna Analyst").with_mfa().in_account(account, AccountRole::Analyst).create().await;
    Acme { account, owner, admin, anna }
}

/// Somebody asks, and the person says "this wasn't me".
async fn disavowed(app: &TestApp, by: &Person, person: &Person) {
    assert_eq!(said(&reset(&app.client_of(by).await, person).await, "resetUserMfa"), "MfaResetRequested");
    let token = app.reset_token(person).await;
    assert_eq!(said(&decline(&app.client(), &token).await, "declineMfaReset"), "MfaResetDeclined");
}

async fn lift(app: &TestApp, by: &Person, person: &Person) -> harness::Reply {
    app.client_of(by).await.send(LIFT, json!({ "userId": person.gid() })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_this_wasnt_me_nobody_asks_again_for_a_day() {
    harness::run(async |app| {
        let acme = acme(app).await;
        disavowed(app, &acme.admin, &acme.anna).await;
        let owner = app.client_of(&acme.owner).await;
        let frozen = reset(&owner, &acme.anna).await;
        assert_eq!(said(&frozen, "resetUserMfa"), "FROZEN");
        let until = (app.now() + time::Duration::DAY).unix_timestamp();
        let retry_at = time::OffsetDateTime::parse(
            frozen.text("/resetUserMfa/retryAt"),
            &time::format_description::well_known::Rfc3339,
        );
        assert_eq!(retry_at.unwrap().unix_timestamp(), until);
        let seen = owner.send(ELIGIBLE, json!({ "id": acme.anna.gid() })).await;
        assert_eq!(seen.data("/user/mfaResetEligibility"), &json!({ "allowed": false, "reason": "FROZEN" }));
        assert_eq!(seen.text("/user/mfaResetFreezes/0/kind"), "OF_USER");
        assert_eq!(app.audit_count(Scope::Account(acme.account), AuditAction::MfaResetRefused).await, 1);

        app.advance(DAY - Duration::from_millis(1));
        let owner = app.client_of(&acme.owner).await;
        assert_eq!(said(&reset(&owner, &acme.anna).await, "resetUserMfa"), "FROZEN");
        app.advance(Duration::from_millis(1));
        let owner = app.client_of(&acme.owner).await;
        assert_eq!(said(&reset(&owner, &acme.anna).await, "resetUserMfa"), "MfaResetRequested");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_slips_past_a_this_wasnt_me_that_comes_at_once() {
    harness::run(async |app| {
        let acme = acme(app).await;
        for round in 0..3 {
            let owner = app.client_of(&acme.owner).await;
            reset(&owner, &acme.anna).await;
            let token = app.reset_token(&acme.anna).await;
            let anybody = app.client();
            let (declined, asked) =
                tokio::join!(decline(&anybody, &token), join_all((0..2).map(|_| reset(&owner, &acme.anna))),);
            // Whichever came first: what was asked for after the answer is refused, and what was asked for before it
            // replaced the link that was answered.
            let pending = app.store.mfa_resets.pending_of(&[acme.anna.id], app.now()).await.unwrap().len();
            match said(&declined, "declineMfaReset").as_str() {
                "MfaResetDeclined" => {
                    assert_eq!(pending, 0, "round {round}");
                    for one in &asked {
                        assert_eq!(said(one, "resetUserMfa"), "FROZEN", "round {round}");
                    }
                }
                other => assert_eq!((other, pending), ("INVALID", 1), "round {round}"),
            }
            app.deliver().await;
            app.advance(DAY);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_is_lifted_by_an_owner_and_by_nobody_else() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let account = app.account_in("Acme", Some(portfolio)).await;
        let owner =
            app.person("Olga Owner").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let admin =
            app.person("Adam Admin").with_mfa().in_account(account, AccountRole::Admin).create().await;
        let anna =
            app.person("Anna Analyst").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        let head =
            app.person("Hans Head").with_mfa().in_portfolio(portfolio, PortfolioRole::Owner).create().await;
        let deputy =
            app.person("Dora Deputy").with_mfa().in_portfolio(portfolio, PortfolioRole::Admin).create().await;
        let stranger = app.person("Sven Stranger").with_mfa().create().await;

        disavowed(app, &owner, &anna).await;
        for (person, code) in
            [(&admin, "FORBIDDEN"), (&deputy, "NOT_FOUND"), (&anna, "FORBIDDEN"), (&stranger, "NOT_FOUND")]
        {
            let answer = lift(app, person, &anna).await;
            assert!(["FORBIDDEN", code].contains(&answer.code()), "{}: {}", person.name, answer.body);
        }
        // Not even the Owner, who asked for what was disavowed.
        assert_eq!(said(&lift(app, &owner, &anna).await, "liftMfaResetFreeze"), "OWN_RESET");
        let still = reset(&app.client_of(&admin).await, &anna).await;
        assert_eq!(said(&still, "resetUserMfa"), "FROZEN");

        app.deliver().await;
        let lifted = lift(app, &head, &anna).await;
        assert_eq!(said(&lifted, "liftMfaResetFreeze"), "MfaResetFreezeLifted");
        assert_eq!(lifted.data("/liftMfaResetFreeze/user/mfaResetFreezes"), &json!([]));
        assert_eq!(said(&lift(app, &head, &anna).await, "liftMfaResetFreeze"), "NOT_FROZEN");
        app.deliver().await;
        for told in [&owner, &anna] {
            let mail = app.mails_to(told).pop().unwrap();
            assert_eq!(mail.subject, "A freeze of MFA resets was lifted", "{}", told.name);
            assert!(mail.text.contains("Hans Head"), "{}", mail.text);
        }
        let events = app.audit_count(Scope::Account(account), AuditAction::MfaResetFreezeLifted).await;
        assert_eq!(events, 1);
        let again = reset(&app.client_of(&admin).await, &anna).await;
        assert_eq!(said(&again, "resetUserMfa"), "MfaResetRequested");
        app.deliver().await;
    })
    .await;
}

/// Anna is in Acme, in Beta and in a portfolio; an Admin of Acme asks.
async fn anna_elsewhere(app: &TestApp, acme: &Acme) -> (Person, Person) {
    let beta = app.account("Beta").await;
    let boss = app.person("Bea Boss").in_account(beta, AccountRole::Owner).create().await;
    app.join_account(&acme.anna, beta, AccountRole::Manager).await;
    let portfolio = app.portfolio("Group").await;
    let head = app.person("Hans Head").in_portfolio(portfolio, PortfolioRole::Owner).create().await;
    app.join_portfolio(&acme.anna, portfolio, PortfolioRole::Analyst).await;
    (boss, head)
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_concerned_is_told_of_a_this_wasnt_me_and_others_learn_no_more_than_that() {
    harness::run(async |app| {
        let acme = acme(app).await;
        let (boss, head) = anna_elsewhere(app, &acme).await;
        disavowed(app, &acme.admin, &acme.anna).await;
        app.deliver().await;
        for person in [&acme.admin, &acme.owner] {
            let mails = app.mails_to(person);
            assert_eq!(mails.len(), 1, "{}", person.name);
            assert_eq!(mails[0].subject, "MFA reset declined");
            assert!(mails[0].text.contains("Adam Admin"), "{}", mails[0].text);
        }
        for person in [&boss, &head] {
            let mails = app.mails_to(person);
            assert_eq!(mails.len(), 1, "{}", person.name);
            assert_eq!(mails[0].subject, "MFA reset declined");
            assert!(mails[0].text.contains("Anna Analyst") && mails[0].text.contains("Frozen until"));
            for secret in ["Acme", "Adam", "Lost phone"] {
                assert!(!mails[0].text.contains(secret), "{}", mails[0].text);
            }
        }
        let own = app.mails_to(&acme.anna).pop().unwrap();
        assert_eq!(own.subject, "Resets of your MFA are frozen");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_of_the_other_accounts_are_told_that_mfa_went_off_and_not_by_whom() {
    harness::run(async |app| {
        let acme = acme(app).await;
        let (boss, head) = anna_elsewhere(app, &acme).await;
        reset(&app.client_of(&acme.admin).await, &acme.anna).await;
        let token = app.reset_token(&acme.anna).await;
        assert_eq!(said(&accept(&app.client(), &token).await, "acceptMfaReset"), "MfaResetAccepted");
        app.deliver().await;
        for person in [&boss, &head] {
            let mails = app.mails_to(person);
            assert_eq!(mails.len(), 1, "{}", person.name);
            assert_eq!(mails[0].subject, "MFA reset accepted");
            assert!(mails[0].text.contains("Anna Analyst"), "{}", mails[0].text);
            for secret in ["Acme", "Adam", "Lost phone"] {
                assert!(!mails[0].text.contains(secret), "{}", mails[0].text);
            }
        }
        let owner = app.mails_to(&acme.owner);
        assert_eq!(owner.len(), 1);
        assert!(owner[0].text.contains("Adam Admin"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_strictest_policy_of_all_places_of_a_person_counts() {
    harness::run(async |app| {
        let acme = acme(app).await;
        let (boss, _) = anna_elsewhere(app, &acme).await;
        let beta = app.store.account_members.of_users(&[boss.id]).await.unwrap()[0].account_id;
        let strict = doc! { "$set": { "mfa_policy.reset_acceptance": "LINK_AND_PASSWORD" } };
        app.update("accounts", doc! { "_id": beta }, strict).await;
        reset(&app.client_of(&acme.admin).await, &acme.anna).await;
        let token = app.reset_token(&acme.anna).await;
        assert_eq!(said(&accept(&app.client(), &token).await, "acceptMfaReset"), "PASSWORD_REQUIRED");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eligibility_says_what_keeps_the_viewer_from_asking() {
    harness::run(async |app| {
        let group = app.portfolio("Group").await;
        let here = app.account_in("Here", Some(group)).await;
        let bare = app.person("Adam").in_account(here, AccountRole::Admin).create().await;
        let armed = app.person("Ada").with_mfa().in_account(here, AccountRole::Admin).create().await;
        let boss = app.person("Petra").in_portfolio(group, PortfolioRole::Owner).create().await;
        let target = app.person("Tara").with_mfa().in_account(here, AccountRole::Owner).create().await;
        let reason = async |viewer: &Person| {
            let client = app.client_of(viewer).await;
            let query = "query($id: ID!) { user(id: $id) { mfaResetEligibility { reason } } }";
            let told = client
                .send(query, json!({ "id": target.gid() }))
                .await
                .data("/user/mfaResetEligibility/reason")
                .clone();
            let query = "mutation($id: ID!) { resetUserMfa(input: { userId: $id }) {
                ... on ResetUserMfaRejected { reason } } }";
            let said = client
                .send(query, json!({ "id": target.gid() }))
                .await
                .data("/resetUserMfa")
                .get("reason")
                .cloned();
            assert_eq!(told, said.unwrap_or_default(), "the mutation says the same");
            told
        };
        for viewer in [&bare, &armed, &boss] {
            assert_eq!(reason(viewer).await, serde_json::Value::Null);
        }
        // In force from later on: whoever must set MFA up may still log in, and resets nobody.
        let soon = app.now() + time::Duration::DAY;
        let soon = mongodb::bson::DateTime::from_millis((soon.unix_timestamp_nanos() / 1_000_000) as i64);
        let enforced = doc! { "$set": { "mfa_policy.enforced": true, "mfa_policy.grace_until": soon } };
        let free = doc! { "$set": { "mfa_policy.enforced": false } };
        app.update("portfolios", doc! { "_id": group }, enforced.clone()).await;
        assert_eq!(reason(&boss).await, "ACTOR_MFA_REQUIRED", "by the portfolio's right");
        assert_eq!(reason(&bare).await, serde_json::Value::Null);
        app.update("portfolios", doc! { "_id": group }, free).await;
        app.update("accounts", doc! { "_id": here }, enforced).await;
        for (viewer, expected) in [
            (&boss, json!("ACTOR_MFA_REQUIRED")),
            (&bare, json!("ACTOR_MFA_REQUIRED")),
            (&armed, serde_json::Value::Null),
        ] {
            assert_eq!(reason(viewer).await, expected);
        }
        let frozen = doc! { "$set": { "asking_frozen_until": soon } };
        app.update("users", doc! { "_id": armed.id }, frozen).await;
        assert_eq!(reason(&armed).await, "ACTOR_FROZEN");
        app.mail_may_wait();
    })
    .await;
}
