//! Many resets in a short time: by one person, by the right of one place, from one network address.

use std::time::Duration;

use futures_util::future::join_all;
use latchkey::domain::{AccountId, AccountRole, AuditAction, Scope};
use serde_json::json;

use crate::harness::{self, Options, Person, TestApp};
use crate::main_job::{LIFT, reset, said};

const HOUR: Duration = Duration::from_secs(3600);

fn burst(times: &str) -> Options {
    let mut vars = vec![("LATCHKEY_RESET_BURST".to_owned(), times.to_owned())];
    vars.extend(["IDLE", "MAX"].map(|key| (format!("LATCHKEY_SESSION_{key}"), "30d".to_owned())));
    Options { vars, ..Options::default() }
}

async fn analysts(app: &TestApp, account: AccountId, count: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..count {
        let name = format!("Analyst {number} of {account}");
        let email = format!("analyst.{number}.{account}@example.test");
        let person = app.person(&name).email(&email).with_mfa();
        people.push(person.in_account(account, AccountRole::Analyst).create().await);
    }
    people
}

async fn admin(app: &TestApp, account: AccountId, name: &str) -> Person {
    app.person(name).with_mfa().in_account(account, AccountRole::Admin).create().await
}

async fn ask(app: &TestApp, by: &Person, whom: &Person) -> String {
    said(&reset(&app.client_of(by).await, whom).await, "resetUserMfa")
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_requests_at_once_exactly_ten_pass_and_the_owners_are_told_once() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let owner =
            app.person("Olga Owner").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let thief = admin(app, account, "Adam Admin").await;
        let people = analysts(app, account, 20).await;
        let client = app.client_of(&thief).await;
        let replies = join_all(people.iter().map(|person| reset(&client, person))).await;
        let kinds: Vec<_> = replies.iter().map(|reply| said(reply, "resetUserMfa")).collect();
        let of = |kind: &str| kinds.iter().filter(|one| *one == kind).count();
        assert_eq!((of("MfaResetRequested"), of("ACTOR_FROZEN")), (10, 10), "{kinds:?}");
        app.deliver().await;
        for person in [&owner, &thief] {
            let mails = app.mails_to(person);
            assert_eq!(mails.len(), 1, "{}", person.name);
            assert_eq!(mails[0].subject, "Too many MFA resets were asked for");
            assert!(mails[0].text.contains("Adam Admin"), "{}", mails[0].text);
        }
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::MfaResetBurst).await, 1);
        // Other people go on.
        assert_eq!(ask(app, &owner, &people[0]).await, "MfaResetRequested");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_freezes_for_a_day_and_only_an_owner_lifts_that() {
    harness::run_with(burst("2"), async |app| {
        let account = app.account("Acme").await;
        let owner =
            app.person("Olga Owner").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let busy = admin(app, account, "Adam Admin").await;
        let other = admin(app, account, "Ada Admin").await;
        let people = analysts(app, account, 3).await;
        for person in &people[..2] {
            assert_eq!(ask(app, &busy, person).await, "MfaResetRequested");
        }
        assert_eq!(ask(app, &busy, &people[2]).await, "ACTOR_FROZEN");
        app.advance(2 * HOUR);
        assert_eq!(ask(app, &busy, &people[2]).await, "ACTOR_FROZEN", "the freeze outlasts the hour");

        let lift = async |by: &Person| {
            let variables = json!({ "userId": busy.gid(), "kind": "BY_USER" });
            app.client_of(by).await.send(LIFT, variables).await
        };
        assert_eq!(lift(&busy).await.code(), "FORBIDDEN");
        assert_eq!(lift(&other).await.code(), "FORBIDDEN");
        assert_eq!(said(&lift(&owner).await, "liftMfaResetFreeze"), "MfaResetFreezeLifted");
        assert_eq!(ask(app, &busy, &people[2]).await, "MfaResetRequested", "what was counted is forgotten");

        assert_eq!(ask(app, &busy, &people[1]).await, "MfaResetRequested");
        assert_eq!(ask(app, &busy, &people[0]).await, "ACTOR_FROZEN");
        app.advance(24 * HOUR);
        assert_eq!(ask(app, &busy, &people[0]).await, "MfaResetRequested");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_bursts_are_counted_by_day() {
    harness::run_with(burst("1"), async |app| {
        let account = app.account("Acme").await;
        let busy = admin(app, account, "Adam Admin").await;
        let people = analysts(app, account, 3).await;
        for person in &people[..2] {
            assert_eq!(ask(app, &busy, person).await, "MfaResetRequested");
            app.advance(HOUR);
        }
        assert_eq!(ask(app, &busy, &people[2]).await, "ACTOR_FROZEN");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_anyway_is_not_held_against_anybody() {
    harness::run_with(burst("1"), async |app| {
        let account = app.account("Acme").await;
        let admin = admin(app, account, "Adam Admin").await;
        let plain = app.person("Paul Plain").in_account(account, AccountRole::Analyst).create().await;
        let people = analysts(app, account, 1).await;
        for _ in 0..3 {
            assert_eq!(ask(app, &admin, &plain).await, "MFA_NOT_ENABLED");
            assert_eq!(ask(app, &admin, &admin).await, "SELF_RESET");
        }
        assert_eq!(ask(app, &admin, &people[0]).await, "MfaResetRequested");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_and_one_network_address_are_bounded_over_all_admins() {
    harness::run_with(burst("1"), async |app| {
        let mut accounts = Vec::new();
        for name in ["Acme", "Beta", "Gamma"] {
            let account = app.account(name).await;
            accounts.push((account, analysts(app, account, 1).await.remove(0)));
        }
        let mut asked = Vec::new();
        for (index, (account, _)) in accounts.iter().enumerate() {
            // Five of one account, five of the next: then ten have come from here.
            for number in 0..6 {
                let by = admin(app, *account, &format!("Admin {index} {number}")).await;
                let whom = app.person(&format!("Target {index} {number}")).with_mfa();
                let whom = whom.in_account(*account, AccountRole::Analyst).create().await;
                asked.push(ask(app, &by, &whom).await);
            }
        }
        let passed = |from: usize| asked[from..from + 5].iter().all(|said| said == "MfaResetRequested");
        assert!(passed(0) && passed(6), "{asked:?}");
        // The account's limit, then that of the network address, which no account has a part in.
        assert_eq!((asked[5].as_str(), asked[11].as_str()), ("TOO_MANY_REQUESTS", "TOO_MANY_REQUESTS"));
        assert!(asked[12..].iter().all(|said| said == "TOO_MANY_REQUESTS"), "{asked:?}");
        app.advance(HOUR);
        let by = admin(app, accounts[2].0, "Later Admin").await;
        assert_eq!(ask(app, &by, &accounts[2].1).await, "MfaResetRequested");
        app.deliver().await;
    })
    .await;
}
