//! Where a policy asks for it, a second person approves a reset before anybody hears of it.

use std::time::Duration;

use futures_util::future::join_all;
use latchkey::domain::{AccountId, AccountRole, AuditAction, PortfolioRole, Scope};
use mongodb::bson::doc;
use serde_json::{Value, json};

use crate::harness::{self, Client, Person, Reply, TestApp};
use crate::main_job::{self, reset};

const APPROVE: &str = "mutation($id: ID!) { approveMfaReset(input: { mfaResetId: $id }) { __typename
    ... on MfaResetApproved { mfaReset { state expiresAt approvedAt approvedBy { name } } }
    ... on ApproveMfaResetRejected { reason retryAt } } }";

async fn approve(client: &Client, id: &str) -> Reply {
    client.send(APPROVE, json!({ "id": id })).await
}

struct World {
    account: AccountId,
    owner: Person,
    admin: Person,
    analyst: Person,
}

/// An account with an Owner, an Admin and an Analyst, all with MFA.
async fn world(app: &TestApp, approval: &str) -> World {
    let account = app.account("Acme").await;
    let in_it = |name, role| app.person(name).with_mfa().in_account(account, role);
    let owner = in_it("Olga Owner", AccountRole::Owner).create().await;
    let admin = in_it("Adam", AccountRole::Admin).create().await;
    let analyst = in_it("Anna", AccountRole::Analyst).create().await;
    let set = format!(
        "mutation($id: ID!) {{ setAccountMfaPolicy(input: {{ accountId: $id, resetApproval: {approval} }}) {{
            ... on AccountMfaPolicySet {{ account {{ mfaPolicy {{ resetApproval }} }} }} }} }}"
    );
    let set = app.client_of(&owner).await.send(&set, json!({ "id": account.to_string() })).await;
    assert_eq!(set.text("/setAccountMfaPolicy/account/mfaPolicy/resetApproval"), approval);
    World { account, owner, admin, analyst }
}

/// Asks, and gives the id.
async fn asked(client: &Client, person: &Person, state: &str) -> String {
    let asked = reset(client, person).await;
    assert_eq!(asked.text("/resetUserMfa/mfaReset/state"), state);
    asked.text("/resetUserMfa/mfaReset/id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_hears_of_a_reset_only_after_somebody_else_approved_it() {
    harness::run(async |app| {
        let world = world(app, "ALWAYS").await;
        let other = app.person("Ada").in_account(world.account, AccountRole::Admin).create().await;
        let (owner, admin) = (app.client_of(&world.owner).await, app.client_of(&world.admin).await);
        let id = asked(&admin, &world.analyst, "AWAITING_APPROVAL").await;
        app.deliver().await;
        assert!(app.mails_to(&world.analyst).is_empty(), "the person hears nothing yet");
        assert!(app.mails_to(&world.admin).is_empty(), "nor does who asked");
        for approver in [&world.owner, &other] {
            let mail = app.latest_mail(approver).await;
            assert_eq!(mail.subject, "An MFA reset awaits approval");
            assert!(!mail.text.contains("#token="), "it opens nothing");
        }
        let stored = app.store.database().collection::<mongodb::bson::Document>("mfa_resets");
        let found = stored.find_one(doc! { "user_id": world.analyst.id }).await.unwrap().unwrap();
        assert!(found.get_array("token_hashes").unwrap().is_empty(), "there is no token before the approval");

        assert_eq!(approve(&admin, &id).await.said(), "SAME_PERSON");
        let analyst = app.client_of(&world.analyst).await;
        assert_eq!(approve(&analyst, &id).await.said(), "FORBIDDEN", "nobody approves their own");
        app.advance(Duration::from_secs(3600));
        assert_eq!(approve(&owner, &id).await.said(), "STEP_UP_REQUIRED");
        app.freshen().await;
        let done = approve(&owner, &id).await;
        assert_eq!(done.text("/approveMfaReset/mfaReset/state"), "PENDING");
        assert_eq!(done.text("/approveMfaReset/mfaReset/approvedBy/name"), "Olga Owner");
        let format = &time::format_description::well_known::Rfc3339;
        let expires = done.text("/approveMfaReset/mfaReset/expiresAt");
        let expires = time::OffsetDateTime::parse(expires, format).unwrap();
        let left = expires - app.now();
        assert!(
            (left - time::Duration::hours(12)).abs() < time::Duration::SECOND,
            "the twelve hours begin now"
        );
        assert_eq!(approve(&owner, &id).await.said(), "NOT_AWAITING_APPROVAL");
        let token = app.reset_token(&world.analyst).await;
        let accepted = main_job::accept(&app.client(), &token).await;
        assert_eq!(accepted.said(), "MfaResetAccepted");
        let scope = Scope::Account(world.account);
        assert_eq!(app.audit_count(scope, AuditAction::MfaResetApproved).await, 1);
        assert_eq!(app.audit_count(scope, AuditAction::MfaResetRefused).await, 3 + 1);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn for_owners_only_it_is_asked_where_the_person_owns_anything() {
    harness::run(async |app| {
        let world = world(app, "OWNERS_ONLY").await;
        let admin = app.client_of(&world.admin).await;
        asked(&admin, &world.analyst, "PENDING").await;
        asked(&admin, &world.owner, "AWAITING_APPROVAL").await;
        // Owner elsewhere: the strictest policy among the person's places counts, whichever place it is asked by.
        let elsewhere = app.account("Elsewhere").await;
        app.join_account(&world.analyst, elsewhere, AccountRole::Owner).await;
        asked(&admin, &world.analyst, "AWAITING_APPROVAL").await;
        let portfolio = app.portfolio("Group").await;
        let boss = app.person("Petra").with_mfa().in_account(world.account, AccountRole::Manager);
        let boss = boss.in_portfolio(portfolio, PortfolioRole::Owner).create().await;
        asked(&admin, &boss, "AWAITING_APPROVAL").await;
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_approvals_at_once_one_counts_and_one_mail_goes_out() {
    harness::run(async |app| {
        let world = world(app, "ALWAYS").await;
        let id = asked(&app.client_of(&world.admin).await, &world.analyst, "AWAITING_APPROVAL").await;
        let owner = app.client_of(&world.owner).await;
        let replies = join_all((0..4).map(|_| approve(&owner, &id))).await;
        let won = replies.iter().filter(|reply| reply.said() == "MfaResetApproved").count();
        assert_eq!(won, 1);
        app.deliver().await;
        assert_eq!(app.mails_to(&world.analyst).len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_approves_expires_and_what_is_taken_back_is_told_to_nobody() {
    harness::run(async |app| {
        let world = world(app, "ALWAYS").await;
        let (owner, admin) = (app.client_of(&world.owner).await, app.client_of(&world.admin).await);
        let id = asked(&admin, &world.analyst, "AWAITING_APPROVAL").await;
        let lists = async |state: &str| {
            let query = format!(
                "query($id: ID!) {{ account(id: $id) {{ mfaResets(states: [{state}]) {{ totalCount edges {{ node {{ state }} }} }} }} }}"
            );
            let reply = owner.send(&query, json!({ "id": world.account.to_string() })).await;
            reply.data("/account/mfaResets/totalCount").clone()
        };
        assert_eq!((lists("AWAITING_APPROVAL").await, lists("PENDING").await), (json!(1), json!(0)));
        let waiting = "query($id: ID!) { user(id: $id) { pendingMfaReset { id state } } }";
        let waiting = owner.send(waiting, json!({ "id": world.analyst.gid() })).await;
        assert_eq!(waiting.data("/user/pendingMfaReset"), &json!({ "id": id, "state": "AWAITING_APPROVAL" }));
        let cancel = "mutation($id: ID!) { cancelMfaReset(input: { mfaResetId: $id }) {
            __typename ... on MfaResetCancelled { mfaReset { state } } } }";
        let cancelled = owner.send(cancel, json!({ "id": id })).await;
        assert_eq!(cancelled.text("/cancelMfaReset/mfaReset/state"), "CANCELLED");
        assert_eq!(approve(&owner, &id).await.said(), "NOT_AWAITING_APPROVAL");
        let id = asked(&admin, &world.analyst, "AWAITING_APPROVAL").await;
        app.deliver().await;
        assert!(app.mails_to(&world.analyst).is_empty());

        app.advance(Duration::from_secs(12 * 3600));
        let owner = app.client_of(&world.owner).await;
        assert_eq!(approve(&owner, &id).await.said(), "EXPIRED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_not_approved_into_a_mailbox_that_changed_since() {
    harness::run(async |app| {
        let world = world(app, "ALWAYS").await;
        let id = asked(&app.client_of(&world.admin).await, &world.analyst, "AWAITING_APPROVAL").await;
        let now = mongodb::bson::DateTime::from_millis((app.now().unix_timestamp_nanos() / 1_000_000) as i64);
        let changed = doc! { "$set": { "credentials_changed_at": now } };
        app.update("users", doc! { "_id": world.analyst.id }, changed).await;
        let held = approve(&app.client_of(&world.owner).await, &id).await;
        assert_eq!(held.said(), "HELD");
        assert!(held.data("/approveMfaReset/retryAt") != &Value::Null);
        app.deliver().await;
        assert!(app.mails_to(&world.analyst).is_empty());
    })
    .await;
}
