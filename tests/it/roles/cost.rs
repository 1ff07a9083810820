//! What custom roles cost: one command more for a request of whoever holds one and for a page that shows some, however
//! many there are; nothing for everybody else.

use latchkey::domain::{AccountId, AccountRole, Permission};
use mongodb::bson::doc;
use serde_json::json;

use super::DESK;
use crate::directory::{Crowd, Seen, crowd, profiled};
use crate::harness::{self, Client, Person, TestApp};

const TAB: &str = "query($id: ID!, $n: Int!) { account(id: $id) { users(first: $n) { edges {
    role customRole { name } node { name memberships { role customRole { name } } } } } } }";

async fn page(app: &TestApp, client: &Client, account: AccountId, n: i32) -> Vec<Seen> {
    let (reply, seen) = profiled(app, client.send(TAB, json!({ "id": account.to_string(), "n": n }))).await;
    assert_eq!(reply.data("/account/users/edges").as_array().unwrap().len(), usize::try_from(n).unwrap());
    assert!(seen.iter().all(|command| command.command != "getmore"), "{seen:#?}");
    seen
}

fn of_roles(seen: &[Seen]) -> usize {
    seen.iter().filter(|command| command.collection == "account_roles").count()
}

#[tokio::test]
async fn whoever_holds_a_static_role_pays_nothing_for_custom_ones() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let owner = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let role = app.custom_role(account, "Desk", AccountRole::Analyst, DESK).await;
        let desk = app.person("Dora").with_mfa().holding(account, role).create().await;
        let cost = async |person: &Person| {
            let client = app.client_of(person).await;
            profiled(app, client.ask("{ viewer { user { id } } }")).await.1
        };
        let (without, with) = (cost(&owner).await, cost(&desk).await);
        assert_eq!((of_roles(&without), of_roles(&with)), (0, 1), "{with:#?}");
        assert_eq!(without.len() + 1, with.len());
        for command in with.iter().filter(|command| command.collection == "account_members") {
            assert_eq!(command.docs, 0, "places stand in the index: {command:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_of_holders_costs_the_same_at_any_size() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let owner = app.person("Zoe").in_account(account, AccountRole::Owner).create().await;
        let names = (0..120).map(|i| format!("Person {i:03}")).collect();
        let people =
            crowd(app, Crowd { accounts: &[(account, None)], names, role: AccountRole::Analyst }).await;
        let client = app.client_of(&owner).await;
        let static_only = page(app, &client, account, 100).await;
        assert_eq!(of_roles(&static_only), 0);
        for (index, person) in people.iter().enumerate() {
            if index < 40 {
                let view = &[Permission::UsersView];
                let role =
                    app.custom_role(account, &format!("Role {index}"), AccountRole::Analyst, view).await;
                let filter = doc! { "_id": { "account": account, "user": *person } };
                app.update("account_members", filter, doc! { "$set": { "custom_role_id": role } }).await;
            }
        }
        let (small, large) = (page(app, &client, account, 3).await, page(app, &client, account, 100).await);
        assert_eq!(small.len(), large.len(), "{large:#?}");
        assert!(of_roles(&large) <= 2, "what they hold, and what they are called: {large:#?}");
    })
    .await;
}
