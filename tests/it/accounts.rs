//! Accounts and who is in them: exactly one Owner at every moment, whatever happens at the same time.

use latchkey::domain::key::EmailKey;
use latchkey::domain::{AccountId, AccountMembership, AccountRole, AuditAction, Scope, UserId};
use latchkey::store::account_members::NewMember;
use mongodb::bson::{Document, doc};
use serde_json::json;

use crate::harness::{self, Client, Person, Reply, TestApp};
use crate::invitations::invite;

const ROLE: &str = "mutation($account: ID!, $user: ID!, $role: AccountRole!) {
  changeUserRole(input: { accountId: $account, userId: $user, role: $role }) {
    __typename ... on UserRoleChanged { role account { viewerRole } } ... on ChangeUserRoleRejected { reason } } }";

const REMOVE: &str = "mutation($account: ID!, $user: ID!) {
  removeUser(input: { accountId: $account, userId: $user }) {
    __typename ... on UserRemoved { account { users { totalCount } } } ... on RemoveUserRejected { reason } } }";

const TRANSFER: &str = "mutation($account: ID!, $user: ID!) {
  transferAccountOwnership(input: { accountId: $account, userId: $user }) {
    __typename ... on AccountOwnershipTransferred { owner { id } account { viewerRole } }
    ... on TransferAccountOwnershipRejected { reason } } }";

const CLOSE: &str = "mutation($account: ID!, $name: String!) {
  closeAccount(input: { accountId: $account, name: $name }) {
    __typename ... on AccountClosed { accountId } ... on CloseAccountRejected { reason } } }";

pub async fn role(client: &Client, account: AccountId, user: &Person, role: &str) -> Reply {
    client.send(ROLE, json!({ "account": account.to_string(), "user": user.gid(), "role": role })).await
}

pub async fn remove(client: &Client, account: AccountId, user: &Person) -> Reply {
    client.send(REMOVE, json!({ "account": account.to_string(), "user": user.gid() })).await
}

pub async fn transfer(client: &Client, account: AccountId, user: &Person) -> Reply {
    client.send(TRANSFER, json!({ "account": account.to_string(), "user": user.gid() })).await
}

pub async fn close(client: &Client, account: AccountId, name: &str) -> Reply {
    client.send(CLOSE, json!({ "account": account.to_string(), "name": name })).await
}

/// An error's code, a rejection's reason or the success type's name.
pub fn outcome(reply: &Reply) -> String {
    reply.said()
}

/// Checks what holds for an account at every moment, and gives its people: exactly one Owner, whom the account names;
/// the count is true; a security contact is an Admin; no invitation waits for somebody who is there.
pub async fn whole(app: &TestApp, account: AccountId) -> Vec<(UserId, String)> {
    use futures_util::TryStreamExt;
    let members = app.store.database().collection::<Document>("account_members");
    let found: Vec<Document> =
        members.find(doc! { "account_id": account }).await.unwrap().try_collect().await.unwrap();
    let people: Vec<(UserId, String)> = found
        .iter()
        .map(|member| {
            let id = mongodb::bson::deserialize_from_bson(member.get("user_id").unwrap().clone()).unwrap();
            (id, member.get_str("role").unwrap().to_owned())
        })
        .collect();
    let owners: Vec<UserId> =
        people.iter().filter(|(_, role)| role == "OWNER").map(|(user, _)| *user).collect();
    let stored = app.store.accounts.find(account).await.unwrap().unwrap();
    assert_eq!(owners.len(), 1, "exactly one Owner: {people:?}");
    assert_eq!(stored.owner_id, Some(owners[0]));
    assert_eq!(stored.member_count, people.len() as u64);
    if let Some(contact) = stored.chosen_contact {
        assert!(
            people.contains(&(contact, "ADMIN".to_owned())),
            "a security contact who is no Admin: {people:?}"
        );
    }
    for member in &found {
        let key = EmailKey::parse(member.get_str("email_key").unwrap()).unwrap();
        let mut tx = app.store.begin().await.unwrap();
        let waiting = app.store.invitations.find_pending_in(&mut tx, Scope::Account(account), &key).await;
        assert!(waiting.unwrap().is_none(), "an invitation waits for somebody who is there");
        tx.abort().await;
    }
    people
}

pub struct World {
    pub account: AccountId,
    pub owner: Person,
    pub admin: Person,
    pub analyst: Person,
}

pub async fn world(app: &TestApp) -> World {
    let account = app.account("Acme").await;
    let owner = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
    let admin = app.person("Adam").with_mfa().in_account(account, AccountRole::Admin).create().await;
    let analyst = app.person("Anna").with_mfa().in_account(account, AccountRole::Analyst).create().await;
    World { account, owner, admin, analyst }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_creates_an_account_is_its_owner() {
    harness::run(async |app| {
        let person = app.person("Olga").with_mfa().create().await;
        let client = app.client_of(&person).await;
        let create = "mutation($name: String!) { createAccount(input: { name: $name }) {
            __typename ... on AccountCreated { account { id name viewerRole users { totalCount edges { role node { id } } } } }
            ... on CreateAccountRejected { reason retryAt } } }";
        let created = client.send(create, json!({ "name": "  Café  München " })).await;
        assert_eq!(created.text("/createAccount/account/name"), "Café  München", "kept as typed");
        assert_eq!(created.text("/createAccount/account/viewerRole"), "OWNER");
        assert_eq!(created.text("/createAccount/account/users/edges/0/node/id"), person.gid());
        let id: AccountId = created.text("/createAccount/account/id").parse().unwrap();
        assert_eq!(whole(app, id).await, [(person.id, "OWNER".to_owned())]);
        assert_eq!(app.audit_count(Scope::Account(id), AuditAction::AccountCreated).await, 1);
        for bad in ["", "  ", "a\nb", &"x".repeat(201)] {
            assert_eq!(client.send(create, json!({ "name": bad })).await.code(), "BAD_USER_INPUT", "{bad:.5}");
        }
        for _ in 1..20 {
            client.send(create, json!({ "name": "More" })).await.text("/createAccount/account/id");
        }
        let many = client.send(create, json!({ "name": "More" })).await;
        assert_eq!(many.text("/createAccount/reason"), "TOO_MANY_ACCOUNTS");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_neither_removed_nor_demoted_and_nobody_is_made_owner() {
    harness::run(async |app| {
        let World { account, owner, admin, analyst } = world(app).await;
        for client in [app.client_of(&admin).await, app.client_of(&owner).await] {
            assert_eq!(outcome(&remove(&client, account, &owner).await), "IS_OWNER");
            assert_eq!(outcome(&role(&client, account, &owner, "ADMIN").await), "IS_OWNER");
            assert_eq!(outcome(&role(&client, account, &owner, "OWNER").await), "IS_OWNER");
            assert_eq!(outcome(&role(&client, account, &analyst, "OWNER").await), "ROLE_NOT_GRANTABLE");
        }
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::UserChangeRefused).await, 8);
        let admin_client = app.client_of(&admin).await;
        assert_eq!(outcome(&close(&admin_client, account, "Acme").await), "FORBIDDEN");
        assert_eq!(outcome(&transfer(&admin_client, account, &admin).await), "FORBIDDEN");
        let analyst_client = app.client_of(&analyst).await;
        for reply in [
            role(&analyst_client, account, &analyst, "ADMIN").await,
            remove(&analyst_client, account, &admin).await,
            invite(&analyst_client, account, "x@example.test", "ANALYST").await,
        ] {
            assert_eq!(outcome(&reply), "FORBIDDEN");
        }
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::AccessDenied).await, 5);
        assert_eq!(whole(app, account).await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_role_counts_at_the_next_request() {
    harness::run(async |app| {
        let World { account, admin, analyst, .. } = world(app).await;
        let (client, promoted) = (app.client_of(&admin).await, app.client_of(&analyst).await);
        let before = invite(&promoted, account, "x@example.test", "ANALYST").await;
        assert_eq!(outcome(&before), "FORBIDDEN");
        assert_eq!(role(&client, account, &analyst, "ADMIN").await.text("/changeUserRole/role"), "ADMIN");
        assert_eq!(app.latest_mail(&analyst).await.subject, "Your role was changed");
        assert_eq!(outcome(&invite(&promoted, account, "x@example.test", "ANALYST").await), "UserInvited");
        let own = role(&promoted, account, &analyst, "SUPPORT").await;
        assert_eq!(own.text("/changeUserRole/account/viewerRole"), "SUPPORT", "told in the same answer");
        assert_eq!(outcome(&role(&promoted, account, &analyst, "ADMIN").await), "FORBIDDEN");
        let stranger = app.person("Sven").create().await;
        assert_eq!(outcome(&role(&client, account, &stranger, "ADMIN").await), "NOT_A_MEMBER");
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::UserRoleChanged).await, 2);
        whole(app, account).await;
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_removed_or_leave_and_lose_sight_of_the_account() {
    harness::run(async |app| {
        let World { account, owner, admin, analyst } = world(app).await;
        let client = app.client_of(&owner).await;
        let removed = remove(&client, account, &analyst).await;
        assert_eq!(removed.data("/removeUser/account/users/totalCount"), &json!(2));
        assert_eq!(app.latest_mail(&analyst).await.subject, "You were removed from an account");
        let query = "query($id: ID!) { account(id: $id) { id } }";
        let gone = app.client_of(&analyst).await.send(query, json!({ "id": account.to_string() })).await;
        assert!(gone.data("/account").is_null());
        assert_eq!(outcome(&remove(&client, account, &analyst).await), "NOT_A_MEMBER");

        let left = remove(&app.client_of(&admin).await, account, &admin).await;
        assert!(left.data("/removeUser/account").is_null(), "{left:?}");
        assert_eq!(outcome(&remove(&app.client_of(&admin).await, account, &admin).await), "NOT_FOUND");
        for action in [AuditAction::UserRemoved, AuditAction::UserLeft] {
            assert_eq!(app.audit_count(Scope::Account(account), action).await, 1, "{action:?}");
        }
        assert_eq!(whole(app, account).await, [(owner.id, "OWNER".to_owned())]);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ownership_is_handed_over_whole() {
    harness::run(async |app| {
        let World { account, owner, analyst, .. } = world(app).await;
        let client = app.client_of(&owner).await;
        let stranger = app.person("Sven").create().await;
        assert_eq!(outcome(&transfer(&client, account, &stranger).await), "NOT_A_MEMBER");
        assert_eq!(outcome(&transfer(&client, account, &owner).await), "ALREADY_OWNER");
        let done = transfer(&client, account, &analyst).await;
        assert_eq!(done.text("/transferAccountOwnership/owner/id"), analyst.gid());
        assert_eq!(done.text("/transferAccountOwnership/account/viewerRole"), "ADMIN");
        assert_eq!(outcome(&transfer(&client, account, &owner).await), "FORBIDDEN");
        let people = whole(app, account).await;
        assert!(people.contains(&(analyst.id, "OWNER".to_owned())));
        assert!(people.contains(&(owner.id, "ADMIN".to_owned())));
        for person in [&owner, &analyst] {
            assert_eq!(app.latest_mail(person).await.subject, "An account has a new Owner");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_is_gone_for_everybody_and_its_portfolio_stays() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let account = app.account_in("Acme", Some(portfolio)).await;
        let owner = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let admin = app.person("Adam").with_mfa().in_account(account, AccountRole::Admin).create().await;
        let client = app.client_of(&owner).await;
        invite(&client, account, "nora@example.test", "ANALYST").await;
        crate::main_job::reset(&client, &admin).await;
        // More people than one transaction takes out.
        let members = app.store.database().collection::<Document>("account_members");
        let crowd = (0..1200).map(|number| {
            let user = UserId::generate(app.now());
            let membership =
                AccountMembership::new(account, user, AccountRole::Analyst, Some(portfolio), app.now());
            let email_key = EmailKey::parse(&format!("member{number}@example.test")).unwrap();
            NewMember { membership, name: "Member", email_key, mfa_enabled: false }.into_document().unwrap()
        });
        members.insert_many(crowd.collect::<Vec<_>>()).await.unwrap();
        app.update("accounts", doc! { "_id": account }, doc! { "$inc": { "member_count": 1200_i64 } }).await;
        assert_eq!(whole(app, account).await.len(), 1202);

        assert_eq!(outcome(&close(&client, account, "Acne").await), "NAME_MISMATCH");
        let closed = close(&client, account, " ACME ").await;
        assert_eq!(closed.text("/closeAccount/accountId"), account.to_string());
        assert_eq!(outcome(&close(&client, account, "Acme").await), "NOT_FOUND");
        assert_eq!(members.count_documents(doc! { "account_id": account }).await.unwrap(), 0);
        let seen = client.ask("{ viewer { user { id } accounts { totalCount } } }").await;
        assert_eq!(seen.data("/viewer/accounts/totalCount"), &json!(0), "people stay, places go");
        assert_eq!(app.store.portfolios.find(portfolio).await.unwrap().unwrap().account_count, 0);
        assert_eq!(app.store.invitations.count(Scope::Account(account), 10).await.unwrap(), 0);
        assert_eq!(app.latest_mail(&admin).await.subject, "An account was closed");
        let mails = app.deliver().await;
        assert!(
            !mails.iter().any(|mail| mail.recipient == "nora@example.test"),
            "revoked before it was sent"
        );
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::AccountClosed).await, 1);
        assert_eq!(app.audit_count(Scope::Portfolio(portfolio), AuditAction::AccountClosed).await, 1);
    })
    .await;
}
