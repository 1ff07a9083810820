//! What custom roles open. The authorisation matrix holds each guard; here is what hangs on people and on time.

use latchkey::domain::{AccountId, AccountRole, AuditAction, Permission, Scope};
use serde_json::{Value, json};

use super::{HELP, World, give, update, world};
use crate::accounts::{outcome, role};
use crate::harness::{self, Client, Person, Socket};
use crate::invitations::invite;
use crate::main_job::reset;

async fn seen(client: &Client, person: &Person) -> Value {
    let query = "query($id: ID!) { user(id: $id) { mfa { enabled } mfaResetEligibility { allowed reason } memberships { role } } }";
    client.send(query, json!({ "id": person.gid() })).await.data("/user").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_of_mfa_reset_resets_those_who_hold_no_more() {
    harness::run(async |app| {
        let World { account, owner, admin, analyst, desk } = world(app).await;
        let help = app.custom_role(account, "Help", AccountRole::ContentCreator, HELP).await;
        let helper = app.person("Hans").with_mfa().holding(account, help).create().await;
        let peer = app.person("Hilda").with_mfa().holding(account, help).create().await;
        let client = app.client_of(&helper).await;

        for (person, allowed) in
            [(&analyst, true), (&peer, true), (&admin, false), (&owner, false), (&desk, false)]
        {
            let user = seen(&client, person).await;
            assert_eq!(user["mfa"]["enabled"], json!(true), "{}", person.name);
            assert_eq!(user["mfaResetEligibility"]["allowed"], json!(allowed), "{}", person.name);
            let said = outcome(&reset(&client, person).await);
            assert_eq!(said, if allowed { "MfaResetRequested" } else { "FORBIDDEN" }, "{}", person.name);
        }
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::MfaResetRefused).await, 3);

        let query = "query($id: ID!) { account(id: $id) { mfaResets { edges { node { id
            user { email } authority { ... on AccountAuthority { role account { name } } } } } } } }";
        let listed = client.send(query, json!({ "id": account.to_string() })).await;
        let node = listed.data("/account/mfaResets/edges/1/node");
        assert_eq!(node["user"]["email"], analyst.email);
        assert_eq!(node["authority"], json!({ "role": "CONTENT_CREATOR", "account": { "name": "Acme" } }));
        let cancel = "mutation($id: ID!) { cancelMfaReset(input: { mfaResetId: $id }) {
            __typename ... on CancelMfaResetRejected { reason } } }";
        assert_eq!(outcome(&client.send(cancel, json!({ "id": node["id"] })).await), "MfaResetCancelled");
        // An Owner's own request is not the helper's to take back, though it is seen.
        app.advance(std::time::Duration::from_secs(3601));
        let asked = reset(&app.client_of(&owner).await, &admin).await;
        let id = asked.data("/resetUserMfa/mfaReset/id");
        let client = app.client_of(&helper).await;
        assert_eq!(outcome(&client.send(cancel, json!({ "id": id })).await), "FORBIDDEN");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accepted_reset_tells_the_owner_as_any_other() {
    harness::run(async |app| {
        let World { account, owner, analyst, .. } = world(app).await;
        let help = app.custom_role(account, "Help", AccountRole::Manager, HELP).await;
        let helper = app.person("Hans").with_mfa().holding(account, help).create().await;
        assert_eq!(outcome(&reset(&app.client_of(&helper).await, &analyst).await), "MfaResetRequested");
        let token = app.reset_token(&analyst).await;
        assert_eq!(outcome(&crate::main_job::accept(&app.client(), &token).await), "MfaResetAccepted");
        let told: Vec<_> = app.deliver().await.into_iter().map(|mail| mail.recipient).collect();
        for person in [&owner, &helper, &analyst] {
            assert!(told.contains(&person.email), "{}", person.name);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_permissions_count_at_the_next_request() {
    harness::run(async |app| {
        let World { account, owner, analyst, .. } = world(app).await;
        let help = app.custom_role(account, "Help", AccountRole::Manager, HELP).await;
        let helper = app.person("Hans").with_mfa().holding(account, help).create().await;
        let token = app.session_token(&helper).await;
        let (client, owner) = (app.client().with_token(&token), app.client_of(&owner).await);
        let mut socket = Socket::signed_in(&app.ws_url(), &token).await;
        let watch = "subscription($id: ID!) { mfaResetChanged(accountId: $id) { id } }";
        socket.subscribe("a", watch, json!({ "id": account.to_string() })).await;
        assert!(socket.next_within(std::time::Duration::from_millis(500)).await.is_none(), "it watches");
        assert_eq!(outcome(&invite(&client, account, "x@example.test", "ANALYST").await), "FORBIDDEN");

        let people = json!({ "permissions": ["USERS_VIEW", "USERS_MANAGE"] });
        assert_eq!(outcome(&update(&owner, help, people).await), "CustomRoleUpdated");
        assert_eq!(outcome(&reset(&client, &analyst).await), "FORBIDDEN");
        assert_eq!(outcome(&invite(&client, account, "x@example.test", "ANALYST").await), "UserInvited");
        // The next event finds nobody who may see it, and ends the stream.
        reset(&owner, &analyst).await;
        let ended = socket.next_within(std::time::Duration::from_secs(10)).await;
        let Some(harness::Event::Message(ended)) = ended else { panic!("{ended:?}") };
        assert!(ended.to_string().contains("FORBIDDEN"), "{ended}");

        let nothing = json!({ "permissions": [] });
        assert_eq!(outcome(&update(&owner, help, nothing).await), "CustomRoleUpdated");
        assert_eq!(outcome(&invite(&client, account, "y@example.test", "ANALYST").await), "FORBIDDEN");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_their_own_permissions_away_is_told_so_in_the_same_answer() {
    harness::run(async |app| {
        let World { account, .. } = world(app).await;
        let held = app.custom_role(account, "Maker", AccountRole::Manager, &[Permission::RolesManage]).await;
        let maker = app.person("Max").holding(account, held).create().await;
        let client = app.client_of(&maker).await;
        let update = "mutation($id: ID!) { updateCustomRole(input: { customRoleId: $id, permissions: [] }) {
            ... on CustomRoleUpdated { customRole { account { viewerPermissions } } } } }";
        let done = client.send(update, json!({ "id": held.to_string() })).await;
        assert_eq!(done.data("/updateCustomRole/customRole/account/viewerPermissions"), &json!([]));
        let again = client.send(update, json!({ "id": held.to_string() })).await;
        assert_eq!(again.code(), "FORBIDDEN");
    })
    .await;
}

async fn listed(client: &Client, account: AccountId) -> harness::Reply {
    let query = "query($id: ID!) { account(id: $id) { name users { edges { node { id } } } } }";
    client.send(query, json!({ "id": account.to_string() })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_see_users_sees_nobody_but_themselves() {
    harness::run(async |app| {
        let World { account, owner, analyst, .. } = world(app).await;
        let role = app.custom_role(account, "Auditor", AccountRole::Analyst, &[Permission::AuditView]).await;
        let auditor = app.person("Aude").with_mfa().holding(account, role).create().await;
        let client = app.client_of(&auditor).await;
        let reply = listed(&client, account).await;
        assert_eq!(reply.code(), "FORBIDDEN");
        assert_eq!(reply.at("/account/name"), "Acme");
        assert!(seen(&client, &analyst).await.is_null());
        assert_eq!(seen(&client, &auditor).await["memberships"], json!([{ "role": "ANALYST" }]));
        let log = "query($id: ID!) { account(id: $id) { auditLog(first: 5) { totalCount } } }";
        client.send(log, json!({ "id": account.to_string() })).await.data("/account/auditLog/totalCount");
        // The others see them as any member.
        assert_eq!(seen(&app.client_of(&owner).await, &auditor).await["memberships"][0]["role"], "ANALYST");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn support_manages_nobody_whatever_is_stored() {
    harness::run(async |app| {
        let World { account, analyst, .. } = world(app).await;
        let all = app.custom_role(account, "Everything", AccountRole::Support, Permission::ALL).await;
        let vendor = app.person("Vera").with_mfa().holding(account, all).create().await;
        let client = app.client_of(&vendor).await;
        assert_eq!(outcome(&reset(&client, &analyst).await), "FORBIDDEN");
        assert_eq!(outcome(&invite(&client, account, "x@example.test", "ANALYST").await), "FORBIDDEN");
        assert_eq!(outcome(&role(&client, account, &vendor, "ANALYST").await), "FORBIDDEN");
        assert_eq!(outcome(&super::create(&client, account, "Mine", "ANALYST", &[]).await), "FORBIDDEN");
        let shown = "query($id: ID!) { account(id: $id) { viewerPermissions customRoles(last: 1) { edges { node { permissions } } } } }";
        let shown = client.send(shown, json!({ "id": account.to_string() })).await;
        let left = json!(["USERS_VIEW", "MFA_POLICY", "AUDIT_VIEW", "ACCOUNT_SETTINGS", "WEBHOOKS_MANAGE"]);
        assert_eq!(shown.data("/account/viewerPermissions"), &left);
        assert_eq!(shown.data("/account/customRoles/edges/0/node/permissions"), &left, "what is shown is what holds");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_not_handed_to_a_portfolio_by_whoever_is_no_admin() {
    harness::run(async |app| {
        let World { account, desk, owner, .. } = world(app).await;
        let portfolio = app.portfolio("Own").await;
        app.join_portfolio(&desk, portfolio, latchkey::domain::PortfolioRole::Owner).await;
        let all = app.custom_role(account, "All", AccountRole::Analyst, Permission::ALL).await;
        let add = "mutation($p: ID!, $a: ID!) { addAccountToPortfolio(input: { portfolioId: $p, accountId: $a }) { __typename } }";
        let variables = json!({ "p": portfolio.to_string(), "a": account.to_string() });
        let client = app.client_of(&desk).await;
        assert_eq!(client.send(add, variables.clone()).await.code(), "FORBIDDEN");
        assert_eq!(outcome(&give(&app.client_of(&owner).await, account, &desk, all).await), "UserRoleChanged");
        assert_eq!(client.send(add, variables).await.code(), "FORBIDDEN", "it would make them an Admin");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_gone_lets_nobody_do_anything() {
    harness::run(async |app| {
        let World { account, desk, .. } = world(app).await;
        let roles = app.store.database().collection::<mongodb::bson::Document>("account_roles");
        roles.delete_many(mongodb::bson::doc! { "account_id": account }).await.unwrap();
        let client = app.client_of(&desk).await;
        assert_eq!(listed(&client, account).await.code(), "FORBIDDEN");
        assert_eq!(outcome(&invite(&client, account, "x@example.test", "ANALYST").await), "FORBIDDEN");
        let place =
            "{ viewer { accounts { edges { role customRole { name } node { viewerPermissions } } } } }";
        let place = client.ask(place).await.data("/viewer/accounts/edges/0").clone();
        assert_eq!(
            place,
            json!({ "role": "ANALYST", "customRole": null, "node": { "viewerPermissions": [] } })
        );
    })
    .await;
}
