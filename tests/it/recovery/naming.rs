//! Naming contacts: by the Owner alone, later, and never in secret.

use latchkey::domain::{AccountRole, AuditAction, Scope};
use mongodb::bson::doc;
use serde_json::{Value, json};

use super::{DAY, HOUR, MS, addresses, keep, people, set, told, with_contacts};
use crate::accounts::{close, remove, transfer};
use crate::harness::{self, Client, Person, TestApp};
use crate::main_job::said;

const NAMED: &str = "The recovery contacts of an account change";
const KEPT: &str = "The recovery contacts of an account stay as they are";

async fn shown(client: &Client, account: latchkey::domain::AccountId) -> Value {
    let query = "query($id: ID!) { account(id: $id) { recoveryContacts { contacts { id } change { contacts { id } } } } }";
    client.send(query, json!({ "id": account.to_string() })).await.data("/account/recoveryContacts").clone()
}

fn ids(people: &[&Person]) -> Value {
    people.iter().map(|person| json!({ "id": person.gid() })).collect::<Vec<_>>().into()
}

async fn logged(app: &TestApp, account: latchkey::domain::AccountId, action: AuditAction) -> u64 {
    app.audit_count(Scope::Account(account), action).await
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_count_a_day_later_others_three_days_later_and_everybody_is_told() {
    harness::run(async |app| {
        let world = people(app).await;
        let ([a, b, c], account) = (&world.contacts, world.account);
        let client = app.client_of(&world.owner).await;
        let named = set(&client, account, &[a, b]).await;
        let contacts = named.data("/setRecoveryContacts/account/recoveryContacts");
        assert_eq!((&contacts["contacts"], &contacts["change"]["contacts"]), (&json!([]), &ids(&[a, b])));
        assert_eq!(told(app, 0, NAMED).await, addresses(&[&world.owner, a, b]));
        app.advance(DAY - MS);
        let client = app.client_of(&world.owner).await;
        assert_eq!(shown(&client, account).await["contacts"], json!([]));
        app.advance(MS);
        let client = app.client_of(&world.owner).await;
        assert_eq!(shown(&client, account).await, json!({ "contacts": ids(&[a, b]), "change": null }));

        let seen = app.deliver().await.len();
        set(&client, account, &[b, c]).await;
        set(&client, account, &[c, b]).await;
        assert_eq!(told(app, seen, NAMED).await, addresses(&[&world.owner, a, b, c]), "told once");
        app.advance(3 * DAY - MS);
        let client = app.client_of(&world.owner).await;
        assert_eq!(shown(&client, account).await["contacts"], ids(&[a, b]), "those from before count");
        app.advance(MS);
        let client = app.client_of(&world.owner).await;
        assert_eq!(shown(&client, account).await, json!({ "contacts": ids(&[b, c]), "change": null }));

        // Taken away: just as late.
        set(&client, account, &[]).await;
        app.advance(3 * DAY - MS);
        let client = app.client_of(&world.owner).await;
        assert_eq!(shown(&client, account).await["contacts"], ids(&[b, c]));
        app.advance(MS);
        let client = app.client_of(&world.owner).await;
        assert_eq!(shown(&client, account).await["contacts"], json!([]));
        assert_eq!(logged(app, account, AuditAction::RecoveryContactsNamed).await, 3);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_takes_a_change_back_before_it_counts() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        let ([a, b, c], account) = (&world.contacts, world.account);
        let thief = app.client_of(&world.owner).await;
        let mallory = app.person("Mallory").in_account(account, AccountRole::Analyst).create().await;
        set(&thief, account, &[a, &mallory]).await;
        let seen = app.deliver().await.len();
        app.advance(3 * DAY - MS);
        // Neither an old proof nor a hold is in the way.
        let now = mongodb::bson::DateTime::from_millis(
            (app.now().unix_timestamp_nanos() / 1_000_000).try_into().unwrap(),
        );
        app.update("users", doc! { "_id": world.owner.id }, doc! { "$set": { "mfa_reset_at": now } }).await;
        let client = app.client_of(&world.owner).await;
        let kept = keep(&client, account).await;
        assert_eq!(
            kept.data("/cancelRecoveryContactsChange/account/recoveryContacts"),
            &json!({ "contacts": ids(&[a, b, c]), "change": null })
        );
        assert_eq!(told(app, seen, KEPT).await, addresses(&[&world.owner, a, b, c, &mallory]));
        assert_eq!(said(&keep(&client, account).await, "cancelRecoveryContactsChange"), "NOTHING_WAITS");
        app.advance(MS);
        let client = app.client_of(&world.owner).await;
        assert_eq!(shown(&client, account).await["contacts"], ids(&[a, b, c]));
        assert_eq!(logged(app, account, AuditAction::RecoveryContactsKept).await, 1);
        assert_eq!(logged(app, account, AuditAction::RecoveryContactsRefused).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_names_contacts_with_a_fresh_proof_and_without_a_hold() {
    harness::run(async |app| {
        let world = people(app).await;
        let ([a, b, _], account) = (&world.contacts, world.account);
        let admin = app.person("Adam").with_mfa().in_account(account, AccountRole::Admin).create().await;
        let stranger = app.person("Sven").with_mfa().create().await;
        for (person, code) in [(&admin, "FORBIDDEN"), (a, "FORBIDDEN"), (&stranger, "NOT_FOUND")] {
            let client = app.client_of(person).await;
            assert_eq!(set(&client, account, &[a, b]).await.code(), code);
            assert_eq!(keep(&client, account).await.code(), code);
        }
        let query = "query($id: ID!) { account(id: $id) { name recoveryContacts { contacts { id } } } }";
        let seen = app.client_of(&admin).await.send(query, json!({ "id": account.to_string() })).await;
        assert_eq!(seen.body["data"]["account"], json!({ "name": "Acme", "recoveryContacts": null }));
        assert_eq!(seen.code(), "FORBIDDEN");

        let client = app.client_of(&world.owner).await;
        app.advance(HOUR / 10);
        let stale = set(&client, account, &[a, b]).await;
        assert_eq!(said(&stale, "setRecoveryContacts"), "STEP_UP_REQUIRED");
        let now = mongodb::bson::DateTime::from_millis(
            (app.now().unix_timestamp_nanos() / 1_000_000).try_into().unwrap(),
        );
        app.update("users", doc! { "_id": world.owner.id }, doc! { "$set": { "mfa_reset_at": now } }).await;
        let held = set(&app.client_of(&world.owner).await, account, &[a, b]).await;
        assert_eq!(said(&held, "setRecoveryContacts"), "RECENTLY_RESET");
        assert_eq!(logged(app, account, AuditAction::RecoveryContactsRefused).await, 2);
        assert!(app.store.recovery_contacts.find(account).await.unwrap().is_none());
        assert!(app.deliver().await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_two_or_three_people_of_the_account_but_for_the_owner_and_support() {
    harness::run(async |app| {
        let world = people(app).await;
        let ([a, b, c], account) = (&world.contacts, world.account);
        let support = app.person("Sue").in_account(account, AccountRole::Support).create().await;
        let stranger = app.person("Sven").create().await;
        let client = app.client_of(&world.owner).await;
        for (users, expected) in [
            (vec![a, &stranger], "NOT_A_MEMBER"),
            (vec![a, &world.owner], "ONESELF"),
            (vec![a, &support], "SUPPORT"),
        ] {
            assert_eq!(said(&set(&client, account, &users).await, "setRecoveryContacts"), expected);
        }
        for users in [vec![a], vec![a, a], vec![a, b, c, &support]] {
            assert_eq!(set(&client, account, &users).await.code(), "BAD_USER_INPUT");
        }
        assert!(app.store.recovery_contacts.find(account).await.unwrap().is_none());
        assert!(app.deliver().await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_of_a_former_owner_are_nobodys() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        let ([a, b, _], account) = (&world.contacts, world.account);
        let heir = app.person("Hera").with_mfa().in_account(account, AccountRole::Admin).create().await;
        transfer(&app.client_of(&world.owner).await, account, &heir).await;
        let client = app.client_of(&heir).await;
        assert_eq!(shown(&client, account).await, json!({ "contacts": [], "change": null }));
        assert!(app.store.recovery_contacts.find(account).await.unwrap().is_none());

        set(&client, account, &[a, b]).await;
        close(&client, account, "Acme").await;
        assert!(app.store.recovery_contacts.find(account).await.unwrap().is_none());
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn naming_against_removing_never_names_somebody_who_was_gone() {
    harness::run(async |app| {
        for round in 0..4 {
            let account = app.account(&format!("Acme {round}")).await;
            let member = |name: &str, role| {
                app.person(&format!("{name} {round}")).with_mfa().in_account(account, role).create()
            };
            let owner = member("Olga", AccountRole::Owner).await;
            let (a, b) =
                (member("Ada", AccountRole::Analyst).await, member("Ben", AccountRole::Analyst).await);
            let token = app.session_token(&owner).await;
            let (one, other) = (app.client().with_token(&token), app.client().with_token(&token));
            let both = [&a, &b];
            let (named, removed) = tokio::join!(set(&one, account, &both), remove(&other, account, &a));
            assert_eq!(said(&removed, "removeUser"), "UserRemoved");
            let stored = app.store.recovery_contacts.find(account).await.unwrap().is_some();
            match said(&named, "setRecoveryContacts").as_str() {
                "RecoveryContactsSet" => assert!(stored, "named first, removed then: does not count"),
                refused => assert_eq!((refused, stored), ("NOT_A_MEMBER", false)),
            }
        }
        app.deliver().await;
    })
    .await;
}
