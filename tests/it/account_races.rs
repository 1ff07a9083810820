//! Commands on one account at once: whatever wins, the account stays whole.

use futures_util::future::join_all;
use latchkey::domain::{AccountRole, AuditAction, Scope};
use mongodb::bson::{Document, doc};
use serde_json::json;

use crate::accounts::{World, close, outcome, remove, role, transfer, whole, world};
use crate::harness;
use crate::invitations::invite;
use crate::security_contact::choose;

#[tokio::test(flavor = "multi_thread")]
async fn of_two_transfers_at_once_one_wins() {
    harness::run(async |app| {
        let World { account, owner, admin, analyst } = world(app).await;
        let token = app.session_token(&owner).await;
        let (a, b) = (app.client().with_token(&token), app.client().with_token(&token));
        let (a, b) = tokio::join!(transfer(&a, account, &admin), transfer(&b, account, &analyst));
        let mut said = [outcome(&a), outcome(&b)];
        said.sort();
        assert_eq!(said, ["AccountOwnershipTransferred", "FORBIDDEN"]);
        assert_eq!(whole(app, account).await.len(), 3);
        assert_eq!(
            app.audit_count(Scope::Account(account), AuditAction::AccountOwnershipTransferred).await,
            1
        );
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_against_the_removal_of_the_new_owner_keeps_one_owner() {
    harness::run(async |app| {
        for round in 0..4 {
            let account = app.account(&format!("Acme {round}")).await;
            let member = |name: &str, role| {
                app.person(&format!("{name} {round}")).with_mfa().in_account(account, role).create()
            };
            let owner = member("Olga", AccountRole::Owner).await;
            let admin = member("Adam", AccountRole::Admin).await;
            let heir = member("Hedy", AccountRole::Manager).await;
            let (a, b) = (app.client_of(&owner).await, app.client_of(&admin).await);
            let (a, b) = tokio::join!(transfer(&a, account, &heir), remove(&b, account, &heir));
            let said = [outcome(&a), outcome(&b)];
            let handed = ["AccountOwnershipTransferred", "IS_OWNER"];
            let removed = ["NOT_A_MEMBER", "UserRemoved"];
            assert!(said == handed || said == removed, "{said:?}");
            whole(app, account).await;
        }
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_against_a_removal_leaves_nobody_in_between() {
    harness::run(async |app| {
        for round in 0..4 {
            let account = app.account(&format!("Acme {round}")).await;
            let member = |name: &str, role| {
                app.person(&format!("{name} {round}")).with_mfa().in_account(account, role).create()
            };
            let owner = member("Olga", AccountRole::Owner).await;
            let admin = member("Adam", AccountRole::Admin).await;
            let bob = member("Bob", AccountRole::Analyst).await;
            let of_owner = app.client_of(&owner).await;
            let of_admin = app.client_of(&admin).await;
            // Whom the Owner removes, the Admin invites at the same moment.
            let (removed, invited) = tokio::join!(
                remove(&of_owner, account, &bob),
                invite(&of_admin, account, &bob.email, "ANALYST"),
            );
            assert_eq!(outcome(&removed), "UserRemoved");
            assert!(["ALREADY_MEMBER", "UserInvited"].contains(&outcome(&invited).as_str()));
            // The Admin is removed while inviting: the invitation came first, or is refused.
            let (removed, invited) = tokio::join!(
                remove(&of_owner, account, &admin),
                invite(&of_admin, account, "new@example.test", "ADMIN"),
            );
            assert_eq!(outcome(&removed), "UserRemoved");
            assert!(["NOT_FOUND", "UserInvited"].contains(&outcome(&invited).as_str()));
            assert_eq!(whole(app, account).await, [(owner.id, "OWNER".to_owned())]);
        }
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_commands_leaves_an_account_whole() {
    harness::run(async |app| {
        let World { account, owner, admin, analyst } = world(app).await;
        let manager = app.person("Max").with_mfa().in_account(account, AccountRole::Manager).create().await;
        let people = [owner, admin, analyst, manager];
        let mut clients = Vec::new();
        for person in &people {
            clients.push(app.client_of(person).await);
        }
        let roles = ["ADMIN", "MANAGER", "SUPPORT", "OWNER"];
        for _ in 0..4 {
            let (clients, people) = (&clients, &people);
            let storm = (0..12).map(|_| async move {
                let pick = |below: usize| rand::random_range(0..below);
                let (client, person) = (&clients[pick(4)], &people[pick(4)]);
                match pick(6) {
                    5 => outcome(&choose(client, account, Some(person)).await),
                    0 => outcome(&transfer(client, account, person).await),
                    1 if pick(3) == 0 => outcome(&remove(client, account, person).await),
                    2 => outcome(&invite(client, account, &person.email, roles[pick(4)]).await),
                    _ => outcome(&role(client, account, person, roles[pick(4)]).await),
                }
            });
            let said = join_all(storm).await;
            assert!(!said.iter().any(|said| said == "INTERNAL" || said == "UNAVAILABLE"), "{said:?}");
            whole(app, account).await;
        }
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_against_an_accept_and_a_transfer_leaves_no_orphan() {
    harness::run(async |app| {
        let World { account, owner, admin, .. } = world(app).await;
        let client = app.client_of(&owner).await;
        let erik = app.person("Erik").with_mfa().create().await;
        invite(&client, account, &erik.email, "ANALYST").await;
        let mails = app.deliver().await;
        let mail = mails.iter().rfind(|mail| mail.recipient == erik.email).unwrap();
        let token = harness::token_in(&mail.text);
        let (of_erik, again) = (app.client_of(&erik).await, client.clone());
        let accept = "mutation($t: String!) { acceptInvitation(input: { token: $t }) {
            __typename ... on AcceptInvitationRejected { reason } } }";
        let (closed, accepted, handed) = tokio::join!(
            close(&client, account, "Acme"),
            of_erik.send(accept, json!({ "t": token })),
            transfer(&again, account, &admin),
        );
        let (closed, accepted, handed) = (outcome(&closed), outcome(&accepted), outcome(&handed));
        if closed == "AccountClosed" {
            assert!(["NOT_FOUND", "FORBIDDEN"].contains(&handed.as_str()), "{handed}");
            let members = app.store.database().collection::<Document>("account_members");
            assert_eq!(
                members.count_documents(doc! { "account_id": account }).await.unwrap(),
                0,
                "{accepted}"
            );
        } else {
            assert_eq!((closed.as_str(), handed.as_str()), ("FORBIDDEN", "AccountOwnershipTransferred"));
            whole(app, account).await;
        }
        app.deliver().await;
    })
    .await;
}
