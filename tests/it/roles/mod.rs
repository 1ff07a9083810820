//! Custom roles: defined out of permissions, given to people, and what they open.

mod acting;
mod cost;
mod defining;
mod giving;
mod races;

use latchkey::domain::{AccountId, AccountRole, Permission, RoleId};
use mongodb::bson::{Document, doc};
use serde_json::{Value, json};

use crate::harness::{Client, Person, Reply, TestApp};

const CREATE: &str = "mutation($input: CreateCustomRoleInput!) { createCustomRole(input: $input) {
  __typename ... on CustomRoleCreated { customRole { id name base permissions version account { name } } }
  ... on CreateCustomRoleRejected { reason message } } }";

const UPDATE: &str = "mutation($input: UpdateCustomRoleInput!) { updateCustomRole(input: $input) {
  __typename ... on CustomRoleUpdated { customRole { id name permissions version } }
  ... on UpdateCustomRoleRejected { reason } } }";

const DELETE: &str = "mutation($role: ID!) { deleteCustomRole(input: { customRoleId: $role }) {
  __typename ... on CustomRoleDeleted { customRoleId account { customRoles { totalCount } } }
  ... on DeleteCustomRoleRejected { reason message } } }";

const GIVE: &str = "mutation($account: ID!, $user: ID!, $role: ID!) {
  changeUserRole(input: { accountId: $account, userId: $user, customRoleId: $role }) {
    __typename ... on UserRoleChanged { role customRole { name } } ... on ChangeUserRoleRejected { reason } } }";

const INVITE: &str = "mutation($account: ID!, $email: String!, $role: ID!) {
  inviteUser(input: { accountId: $account, email: $email, customRoleId: $role }) {
    __typename ... on UserInvited { invitation { id offer { ... on AccountOffer { role customRole { id name } } } } }
    ... on InviteUserRejected { reason } } }";

/// Owner, Admin and Analyst of an account, and somebody with a role that manages people.
struct World {
    account: AccountId,
    owner: Person,
    admin: Person,
    analyst: Person,
    desk: Person,
}

/// What the desk holds.
const DESK: &[Permission] = &[Permission::UsersView, Permission::UsersManage];
const HELP: &[Permission] = &[Permission::UsersView, Permission::MfaReset];

async fn world(app: &TestApp) -> World {
    let account = app.account("Acme").await;
    let member = |name: &str, role| app.person(name).with_mfa().in_account(account, role).create();
    let owner = member("Olga", AccountRole::Owner).await;
    let admin = member("Adam", AccountRole::Admin).await;
    let analyst = member("Anna", AccountRole::Analyst).await;
    let role = app.custom_role(account, "Desk", AccountRole::Analyst, DESK).await;
    let desk = app.person("Dora").with_mfa().holding(account, role).create().await;
    World { account, owner, admin, analyst, desk }
}

async fn create(client: &Client, account: AccountId, name: &str, base: &str, permissions: &[&str]) -> Reply {
    let input =
        json!({ "accountId": account.to_string(), "name": name, "base": base, "permissions": permissions });
    client.send(CREATE, json!({ "input": input })).await
}

async fn update(client: &Client, role: RoleId, mut change: Value) -> Reply {
    change["customRoleId"] = json!(role.to_string());
    client.send(UPDATE, json!({ "input": change })).await
}

async fn delete(client: &Client, role: RoleId) -> Reply {
    client.send(DELETE, json!({ "role": role.to_string() })).await
}

async fn give(client: &Client, account: AccountId, user: &Person, role: RoleId) -> Reply {
    let variables = json!({ "account": account.to_string(), "user": user.gid(), "role": role.to_string() });
    client.send(GIVE, variables).await
}

async fn invite_as(client: &Client, account: AccountId, email: &str, role: RoleId) -> Reply {
    let variables = json!({ "account": account.to_string(), "email": email, "role": role.to_string() });
    client.send(INVITE, variables).await
}

/// The static role and the custom one of somebody in an account, as stored.
async fn stored(app: &TestApp, account: AccountId, person: &Person) -> (String, Option<RoleId>) {
    let members = app.store.database().collection::<Document>("account_members");
    let key = doc! { "_id": { "account": account, "user": person.id } };
    let found = members.find_one(key).await.unwrap().expect("not a member");
    let custom = found.get("custom_role_id").cloned();
    let custom = custom.map(|id| mongodb::bson::deserialize_from_bson(id).unwrap());
    (found.get_str("role").unwrap().to_owned(), custom)
}

/// Every custom role that a member names exists.
async fn no_role_is_missing(app: &TestApp, account: AccountId) {
    use futures_util::TryStreamExt;
    let members = app.store.database().collection::<Document>("account_members");
    let found: Vec<Document> =
        members.find(doc! { "account_id": account }).await.unwrap().try_collect().await.unwrap();
    for id in found.iter().filter_map(|member| member.get("custom_role_id")) {
        let id: RoleId = mongodb::bson::deserialize_from_bson(id.clone()).unwrap();
        assert!(app.store.account_roles.find(id).await.unwrap().is_some(), "{id} is held and gone");
    }
}
