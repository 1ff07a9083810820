//! Defining, changing and deleting roles.

use latchkey::domain::{AccountRole, AuditAction, Permission, PortfolioRole, RoleId, Scope};
use serde_json::json;

use super::{DESK, HELP, World, create, delete, give, invite_as, update, world};
use crate::accounts::{close, outcome, role};
use crate::harness;

const LIST: &str = "query($account: ID!, $first: Int, $after: String) { account(id: $account) {
  customRoles(first: $first, after: $after) { totalCount edges { node { id name base permissions } }
    pageInfo { hasNextPage endCursor } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_defines_a_role_and_whoever_sees_the_account_from_inside_sees_it() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let account = app.account_in("Acme", Some(portfolio)).await;
        let owner = app.person("Olga").in_account(account, AccountRole::Owner).create().await;
        let client = app.client_of(&owner).await;
        let made = create(&client, account, "  Help  Desk ", "ANALYST", &["MFA_RESET", "USERS_VIEW"]).await;
        let role = made.data("/createCustomRole/customRole");
        let id = role["id"].as_str().unwrap().to_owned();
        assert!(id.starts_with("role_"));
        assert_eq!(role["name"], "Help  Desk", "kept as typed");
        assert_eq!(role["permissions"], json!(["USERS_VIEW", "MFA_RESET"]), "in the order of the list");
        assert_eq!((&role["base"], &role["version"]), (&json!("ANALYST"), &json!(1)));
        assert_eq!(role["account"]["name"], "Acme");
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::CustomRoleCreated).await, 1);
        assert_eq!(app.audit_count(Scope::Portfolio(portfolio), AuditAction::CustomRoleCreated).await, 1);

        for (name, base) in [("Auditors", "SUPPORT"), ("Zeta", "MANAGER")] {
            assert_eq!(
                outcome(&create(&client, account, name, base, &["AUDIT_VIEW"]).await),
                "CustomRoleCreated"
            );
        }
        let mut names = Vec::new();
        let mut after = serde_json::Value::Null;
        loop {
            let page = client
                .send(LIST, json!({ "account": account.to_string(), "first": 2, "after": after }))
                .await;
            assert_eq!(page.data("/account/customRoles/totalCount"), &json!(3));
            let edges = page.at("/account/customRoles/edges").as_array().unwrap().clone();
            names.extend(edges.iter().map(|edge| edge["node"]["name"].as_str().unwrap().to_owned()));
            after = page.at("/account/customRoles/pageInfo/endCursor").clone();
            if page.at("/account/customRoles/pageInfo/hasNextPage") == false {
                break;
            }
        }
        assert_eq!(names, ["Auditors", "Help  Desk", "Zeta"]);

        let support = app.person("Sue").in_account(account, AccountRole::Support).create().await;
        let of_group = |name: &str, role| app.person(name).in_portfolio(portfolio, role).create();
        let node = "query($id: ID!) { node(id: $id) { ... on CustomRole { name } } }";
        for (person, sees) in [
            (support, true),
            (of_group("Pablo", PortfolioRole::Admin).await, true),
            (of_group("Paul", PortfolioRole::Analyst).await, false),
            (app.person("Sven").create().await, false),
        ] {
            let client = app.client_of(&person).await;
            let seen = client.send(node, json!({ "id": id })).await;
            assert_eq!(!seen.data("/node").is_null(), sees, "{}", person.name);
            let listed = client.send(LIST, json!({ "account": account.to_string() })).await;
            let shown = listed.body["data"]["account"]["customRoles"]["totalCount"] == json!(3);
            assert_eq!(shown, sees, "{}", person.name);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_cannot_be_is_refused_and_written_down() {
    harness::run(async |app| {
        let World { account, owner, .. } = world(app).await;
        let maker = app.custom_role(account, "Maker", AccountRole::Manager, &[Permission::RolesManage]).await;
        let maker = app.person("Max").holding(account, maker).create().await;
        let (owner, maker) = (app.client_of(&owner).await, app.client_of(&maker).await);
        let table: [(&harness::Client, &str, &str, &[&str], &str); 10] = [
            (&owner, "DESK", "ANALYST", &[], "NAME_TAKEN"),
            (&owner, "Campaign coordinator", "ANALYST", &[], "NAME_TAKEN"),
            (&owner, "Boss", "OWNER", &[], "BASE_IS_OWNER"),
            (&owner, "Vendor", "SUPPORT", &["USERS_VIEW", "MFA_RESET"], "NOT_FOR_SUPPORT"),
            (&owner, "Vendor", "SUPPORT", &["USERS_MANAGE"], "NOT_FOR_SUPPORT"),
            (&owner, "Vendor", "SUPPORT", &["ROLES_MANAGE"], "NOT_FOR_SUPPORT"),
            (&maker, "More", "ANALYST", &["USERS_VIEW"], "MORE_THAN_HELD"),
            (&maker, "Chief", "ADMIN", &[], "MORE_THAN_HELD"),
            (&maker, "Nothing", "ANALYST", &[], "CustomRoleCreated"),
            (&maker, "Peer", "MANAGER", &["ROLES_MANAGE"], "CustomRoleCreated"),
        ];
        for (client, name, base, permissions, expected) in table {
            let said = outcome(&create(client, account, name, base, permissions).await);
            assert_eq!(said, expected, "{name} {permissions:?}");
        }
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::CustomRoleRefused).await, 8);
        assert_eq!(app.store.account_roles.count(account, 100).await.unwrap(), 4);
        for name in ["", " ", "a\nb", &"x".repeat(201)] {
            let reply = create(&owner, account, name, "ANALYST", &[]).await;
            assert_eq!(reply.code(), "BAD_USER_INPUT", "{name:.5}");
            assert_eq!(reply.body["errors"][0]["extensions"]["field"], "name");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_fifty_roles_at_most() {
    harness::run(async |app| {
        let World { account, owner, .. } = world(app).await;
        for number in 1..49 {
            app.custom_role(account, &format!("Role {number}"), AccountRole::Analyst, &[]).await;
        }
        let client = app.client_of(&owner).await;
        let (a, b) = tokio::join!(
            create(&client, account, "One", "ANALYST", &[]),
            create(&client, account, "Two", "ANALYST", &[]),
        );
        let mut said = [outcome(&a), outcome(&b)];
        said.sort();
        assert_eq!(said, ["CustomRoleCreated", "TOO_MANY_ROLES"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_changes_or_deletes_a_role_holds_it_whole() {
    harness::run(async |app| {
        let World { account, owner, .. } = world(app).await;
        let making = [Permission::UsersView, Permission::MfaReset, Permission::RolesManage];
        let maker = app.custom_role(account, "Maker", AccountRole::Manager, &making).await;
        let maker = app.person("Max").holding(account, maker).create().await;
        let help = app.custom_role(account, "Help", AccountRole::Analyst, HELP).await;
        let people = app.custom_role(account, "People", AccountRole::Analyst, DESK).await;
        let client = app.client_of(&maker).await;

        let wider = update(&client, help, json!({ "permissions": ["USERS_VIEW", "AUDIT_VIEW"] })).await;
        assert_eq!(outcome(&wider), "MORE_THAN_HELD", "after");
        let narrower = update(&client, people, json!({ "permissions": ["USERS_VIEW"] })).await;
        assert_eq!(outcome(&narrower), "MORE_THAN_HELD", "before");
        assert_eq!(outcome(&update(&client, people, json!({ "name": "Crowd" })).await), "MORE_THAN_HELD");
        assert_eq!(outcome(&delete(&client, people).await), "MORE_THAN_HELD");
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::CustomRoleRefused).await, 4);

        let renamed = update(&client, help, json!({ "name": "help", "version": 1 })).await;
        assert_eq!(renamed.text("/updateCustomRole/customRole/name"), "help", "its own name is not taken");
        assert_eq!(renamed.data("/updateCustomRole/customRole/version"), &json!(2));
        let late = update(&client, help, json!({ "permissions": [], "version": 1 })).await;
        assert_eq!(outcome(&late), "CHANGED_MEANWHILE");
        assert_eq!(outcome(&update(&client, help, json!({ "name": "People" })).await), "NAME_TAKEN");
        assert_eq!(outcome(&update(&client, help, json!({ "name": "Admin" })).await), "NAME_TAKEN");
        let same = update(&client, help, json!({ "permissions": ["MFA_RESET", "USERS_VIEW"] })).await;
        assert_eq!(same.data("/updateCustomRole/customRole/version"), &json!(2), "nothing changed");
        assert_eq!(outcome(&delete(&client, help).await), "CustomRoleDeleted");
        assert_eq!(outcome(&delete(&client, help).await), "NOT_FOUND");
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::CustomRoleChanged).await, 1);
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::CustomRoleDeleted).await, 1);

        let vendor = app.custom_role(account, "Vendor", AccountRole::Support, &[Permission::UsersView]).await;
        let owner = app.client_of(&owner).await;
        let change = json!({ "permissions": ["USERS_VIEW", "MFA_RESET"] });
        assert_eq!(outcome(&update(&owner, vendor, change).await), "NOT_FOR_SUPPORT");
        // Somebody of another account: the role does not exist.
        let elsewhere = app.account("Elsewhere").await;
        let other = app.person("Otto").in_account(elsewhere, AccountRole::Owner).create().await;
        let other = app.client_of(&other).await;
        assert_eq!(outcome(&update(&other, vendor, json!({ "name": "Mine" })).await), "NOT_FOUND");
        assert_eq!(outcome(&delete(&other, vendor).await), "NOT_FOUND");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_in_use_stays() {
    harness::run(async |app| {
        let World { account, owner, analyst, .. } = world(app).await;
        let client = app.client_of(&owner).await;
        let help = app.custom_role(account, "Help", AccountRole::Analyst, HELP).await;
        assert_eq!(outcome(&give(&client, account, &analyst, help).await), "UserRoleChanged");
        let kept = delete(&client, help).await;
        assert_eq!(kept.text("/deleteCustomRole/reason"), "ROLE_IN_USE");
        let message = kept.text("/deleteCustomRole/message");
        assert!(message.starts_with("One person holds this role"), "{message}");

        let invited = invite_as(&client, account, "nora@example.test", help).await;
        let invitation = invited.text("/inviteUser/invitation/id").to_owned();
        let message = delete(&client, help).await.text("/deleteCustomRole/message").to_owned();
        assert!(message.starts_with("2 people hold this role"), "{message}");
        assert_eq!(outcome(&role(&client, account, &analyst, "ANALYST").await), "UserRoleChanged");
        assert_eq!(outcome(&delete(&client, help).await), "ROLE_IN_USE", "an invitation waits");
        app.deliver().await;

        // An invitation that is too old holds nothing up, and does not come back.
        app.advance(std::time::Duration::from_secs(7 * 24 * 3600));
        let client = app.client_of(&owner).await;
        let deleted = delete(&client, help).await;
        assert_eq!(deleted.data("/deleteCustomRole/account/customRoles/totalCount"), &json!(1));
        let again = "mutation($id: ID!) { resendInvitation(input: { invitationId: $id }) {
            __typename ... on ResendInvitationRejected { reason } } }";
        let again = client.send(again, json!({ "id": invitation })).await;
        assert_eq!(outcome(&again), "NO_SUCH_ROLE");
        for reply in [
            give(&client, account, &analyst, help).await,
            invite_as(&client, account, "nils@example.test", help).await,
        ] {
            assert_eq!(outcome(&reply), "NO_SUCH_ROLE");
        }
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::UserChangeRefused).await, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roles_of_a_closed_account_go_with_it() {
    harness::run(async |app| {
        let World { account, owner, .. } = world(app).await;
        let client = app.client_of(&owner).await;
        assert_eq!(outcome(&close(&client, account, "Acme").await), "AccountClosed");
        assert_eq!(app.store.account_roles.count(account, 10).await.unwrap(), 0);
        let gone = RoleId::generate(app.now());
        assert_eq!(outcome(&delete(&client, gone).await), "NOT_FOUND");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_static_roles_are_shown_with_what_they_hold() {
    harness::run(async |app| {
        let person = app.person("Sven").create().await;
        let reply = app.client_of(&person).await.ask("{ staticRoles { role permissions } }").await;
        let rows = reply.data("/staticRoles").as_array().unwrap().clone();
        assert_eq!(rows.len(), AccountRole::ALL.len());
        for row in rows {
            let all = row["permissions"].as_array().unwrap().len() == Permission::ALL.len();
            let manages = ["OWNER", "ADMIN"].contains(&row["role"].as_str().unwrap());
            assert_eq!(all, manages, "{row}");
            assert!(manages || row["permissions"] == json!(["USERS_VIEW"]), "{row}");
        }
    })
    .await;
}
