//! Portfolios: who is in them, and which accounts they link.

use latchkey::domain::{AccountId, AccountRole, AuditAction, PortfolioId, PortfolioRole, Scope, UserId};
use mongodb::bson::{Document, doc};
use serde_json::{Value, json};

use crate::accounts::whole;
use crate::harness::{self, Client, PASSWORD, Person, Reply, TestApp, token_in};

const ADD: &str = "mutation($portfolio: ID!, $account: ID!) {
  addAccountToPortfolio(input: { portfolioId: $portfolio, accountId: $account }) {
    __typename ... on AccountAddedToPortfolio { account { portfolio { id } } portfolio { viewerRole } }
    ... on AddAccountToPortfolioRejected { reason } } }";

const TAKE_OUT: &str = "mutation($portfolio: ID!, $account: ID!) {
  removeAccountFromPortfolio(input: { portfolioId: $portfolio, accountId: $account }) {
    __typename ... on AccountRemovedFromPortfolio { account { portfolio { id } } }
    ... on RemoveAccountFromPortfolioRejected { reason } } }";

const ROLE: &str = "mutation($portfolio: ID!, $user: ID!, $role: PortfolioRole!) {
  changePortfolioUserRole(input: { portfolioId: $portfolio, userId: $user, role: $role }) {
    __typename ... on PortfolioUserRoleChanged { role portfolio { viewerRole } }
    ... on ChangePortfolioUserRoleRejected { reason } } }";

const REMOVE: &str = "mutation($portfolio: ID!, $user: ID!) {
  removePortfolioUser(input: { portfolioId: $portfolio, userId: $user }) {
    __typename ... on PortfolioUserRemoved { portfolio { id } } ... on RemovePortfolioUserRejected { reason } } }";

const TRANSFER: &str = "mutation($portfolio: ID!, $user: ID!) {
  transferPortfolioOwnership(input: { portfolioId: $portfolio, userId: $user }) {
    __typename ... on PortfolioOwnershipTransferred { owner { id } portfolio { viewerRole } }
    ... on TransferPortfolioOwnershipRejected { reason } } }";

const CLOSE: &str = "mutation($portfolio: ID!, $name: String!) {
  closePortfolio(input: { portfolioId: $portfolio, name: $name }) {
    __typename ... on PortfolioClosed { portfolioId } ... on ClosePortfolioRejected { reason } } }";

const INVITE: &str = "mutation($portfolio: ID!, $email: String!, $role: PortfolioRole!) {
  invitePortfolioUser(input: { portfolioId: $portfolio, email: $email, role: $role }) {
    __typename ... on PortfolioUserInvited { invitation { id state } }
    ... on InvitePortfolioUserRejected { reason } } }";

pub async fn add(client: &Client, portfolio: PortfolioId, account: AccountId) -> Reply {
    client.send(ADD, json!({ "portfolio": portfolio.to_string(), "account": account.to_string() })).await
}

pub async fn take_out(client: &Client, portfolio: PortfolioId, account: AccountId) -> Reply {
    client.send(TAKE_OUT, json!({ "portfolio": portfolio.to_string(), "account": account.to_string() })).await
}

pub async fn role(client: &Client, portfolio: PortfolioId, user: &Person, role: &str) -> Reply {
    let variables = json!({ "portfolio": portfolio.to_string(), "user": user.gid(), "role": role });
    client.send(ROLE, variables).await
}

pub async fn remove(client: &Client, portfolio: PortfolioId, user: &Person) -> Reply {
    client.send(REMOVE, json!({ "portfolio": portfolio.to_string(), "user": user.gid() })).await
}

pub async fn transfer(client: &Client, portfolio: PortfolioId, user: &Person) -> Reply {
    client.send(TRANSFER, json!({ "portfolio": portfolio.to_string(), "user": user.gid() })).await
}

pub async fn close(client: &Client, portfolio: PortfolioId, name: &str) -> Reply {
    client.send(CLOSE, json!({ "portfolio": portfolio.to_string(), "name": name })).await
}

async fn invite(client: &Client, portfolio: PortfolioId, email: &str, role: &str) -> Reply {
    let variables = json!({ "portfolio": portfolio.to_string(), "email": email, "role": role });
    client.send(INVITE, variables).await
}

/// An error's code, a rejection's reason or the success type's name.
pub fn outcome(reply: &Reply) -> String {
    reply.said()
}

async fn found(app: &TestApp, collection: &str, filter: Document) -> Vec<Document> {
    use futures_util::TryStreamExt;
    let collection = app.store.database().collection::<Document>(collection);
    collection.find(filter).await.unwrap().try_collect().await.unwrap()
}

/// Checks what holds for an account's place at every moment: everybody's copy says which portfolio links it.
pub async fn copies_are_true(app: &TestApp, account: AccountId) -> Option<PortfolioId> {
    let linked = app.store.accounts.find(account).await.unwrap().unwrap().portfolio_id;
    for member in found(app, "account_members", doc! { "account_id": account }).await {
        let copy = member
            .get("portfolio_id")
            .map(|id| mongodb::bson::deserialize_from_bson::<PortfolioId>(id.clone()).unwrap());
        assert_eq!(copy, linked, "a copy that is not true");
    }
    linked
}

/// Checks what holds for a portfolio at every moment: exactly one Owner, whom the portfolio names; the counts are true.
pub async fn whole_portfolio(app: &TestApp, portfolio: PortfolioId) -> Vec<(UserId, String)> {
    let members = found(app, "portfolio_members", doc! { "portfolio_id": portfolio }).await;
    let people: Vec<(UserId, String)> = members
        .iter()
        .map(|member| {
            let id = mongodb::bson::deserialize_from_bson(member.get("user_id").unwrap().clone()).unwrap();
            (id, member.get_str("role").unwrap().to_owned())
        })
        .collect();
    let owners: Vec<UserId> =
        people.iter().filter(|(_, role)| role == "OWNER").map(|(user, _)| *user).collect();
    let stored = app.store.portfolios.find(portfolio).await.unwrap().unwrap();
    assert_eq!(owners.len(), 1, "exactly one Owner: {people:?}");
    assert_eq!(stored.owner_id, Some(owners[0]));
    assert_eq!(stored.member_count, people.len() as u64);
    let accounts = found(app, "accounts", doc! { "portfolio_id": portfolio }).await;
    assert_eq!(stored.account_count, accounts.len() as u64);
    people
}

pub struct World {
    pub portfolio: PortfolioId,
    pub owner: Person,
    pub admin: Person,
    pub analyst: Person,
}

pub async fn world(app: &TestApp) -> World {
    let portfolio = app.portfolio("Group").await;
    let owner = app.person("Petra").with_mfa().in_portfolio(portfolio, PortfolioRole::Owner).create().await;
    let admin = app.person("Pablo").with_mfa().in_portfolio(portfolio, PortfolioRole::Admin).create().await;
    let analyst =
        app.person("Piet").with_mfa().in_portfolio(portfolio, PortfolioRole::Analyst).create().await;
    World { portfolio, owner, admin, analyst }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_creates_a_portfolio_is_its_owner() {
    harness::run(async |app| {
        let person = app.person("Petra").with_mfa().create().await;
        let client = app.client_of(&person).await;
        let create = "mutation($name: String!) { createPortfolio(input: { name: $name }) {
            __typename ... on PortfolioCreated { portfolio { id name viewerRole users { edges { role node { id } } } } }
            ... on CreatePortfolioRejected { reason } } }";
        let created = client.send(create, json!({ "name": " Nordic  Group " })).await;
        assert_eq!(created.text("/createPortfolio/portfolio/name"), "Nordic  Group");
        assert_eq!(created.text("/createPortfolio/portfolio/viewerRole"), "OWNER");
        assert_eq!(created.text("/createPortfolio/portfolio/users/edges/0/node/id"), person.gid());
        let id: PortfolioId = created.text("/createPortfolio/portfolio/id").parse().unwrap();
        assert_eq!(whole_portfolio(app, id).await, [(person.id, "OWNER".to_owned())]);
        assert_eq!(app.audit_count(Scope::Portfolio(id), AuditAction::PortfolioCreated).await, 1);
        assert_eq!(client.send(create, json!({ "name": " " })).await.code(), "BAD_USER_INPUT");
        for _ in 1..20 {
            client.send(create, json!({ "name": "More" })).await.text("/createPortfolio/portfolio/id");
        }
        let many = client.send(create, json!({ "name": "More" })).await;
        assert_eq!(outcome(&many), "TOO_MANY_PORTFOLIOS");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_portfolio_owner_is_neither_removed_nor_demoted_and_alone_manages_the_people() {
    harness::run(async |app| {
        let World { portfolio, owner, admin, analyst } = world(app).await;
        let (by_owner, by_admin) = (app.client_of(&owner).await, app.client_of(&admin).await);
        assert_eq!(outcome(&remove(&by_owner, portfolio, &owner).await), "IS_OWNER");
        assert_eq!(outcome(&role(&by_owner, portfolio, &owner, "ADMIN").await), "IS_OWNER");
        assert_eq!(outcome(&role(&by_owner, portfolio, &analyst, "OWNER").await), "ROLE_NOT_GRANTABLE");
        assert_eq!(app.audit_count(Scope::Portfolio(portfolio), AuditAction::UserChangeRefused).await, 3);
        for denied in [
            role(&by_admin, portfolio, &analyst, "MANAGER").await,
            remove(&by_admin, portfolio, &analyst).await,
            transfer(&by_admin, portfolio, &admin).await,
            close(&by_admin, portfolio, "Group").await,
            invite(&by_admin, portfolio, "new@example.test", "ANALYST").await,
        ] {
            assert_eq!(outcome(&denied), "FORBIDDEN");
        }
        assert_eq!(
            outcome(&role(&by_owner, portfolio, &analyst, "MANAGER").await),
            "PortfolioUserRoleChanged"
        );
        let mail = app.latest_mail(&analyst).await;
        assert_eq!(mail.subject, "Your role was changed");
        assert!(mail.text.contains("Portfolio Manager of the portfolio Group"), "{}", mail.text);
        assert_eq!(outcome(&remove(&by_owner, portfolio, &analyst).await), "PortfolioUserRemoved");
        assert_eq!(app.latest_mail(&analyst).await.subject, "You were removed from a portfolio");
        assert_eq!(outcome(&remove(&by_owner, portfolio, &analyst).await), "NOT_A_MEMBER");
        let left = remove(&by_admin, portfolio, &admin).await;
        assert_eq!(left.data("/removePortfolioUser/portfolio"), &Value::Null, "gone from the leaver's sight");
        assert_eq!(app.audit_count(Scope::Portfolio(portfolio), AuditAction::PortfolioUserLeft).await, 1);
        assert_eq!(whole_portfolio(app, portfolio).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portfolio_is_handed_over_to_one_of_its_people() {
    harness::run(async |app| {
        let World { portfolio, owner, admin, .. } = world(app).await;
        let stranger = app.person("Sven").create().await;
        let client = app.client_of(&owner).await;
        assert_eq!(outcome(&transfer(&client, portfolio, &stranger).await), "NOT_A_MEMBER");
        assert_eq!(outcome(&transfer(&client, portfolio, &owner).await), "ALREADY_OWNER");
        let done = transfer(&client, portfolio, &admin).await;
        assert_eq!(done.text("/transferPortfolioOwnership/owner/id"), admin.gid());
        assert_eq!(done.text("/transferPortfolioOwnership/portfolio/viewerRole"), "ADMIN");
        assert_eq!(outcome(&transfer(&client, portfolio, &admin).await), "FORBIDDEN");
        for person in [&owner, &admin] {
            assert_eq!(app.latest_mail(person).await.subject, "A portfolio has a new Owner");
        }
        let people = whole_portfolio(app, portfolio).await;
        assert!(
            people.contains(&(owner.id, "ADMIN".to_owned()))
                && people.contains(&(admin.id, "OWNER".to_owned()))
        );
        let action = AuditAction::PortfolioOwnershipTransferred;
        assert_eq!(app.audit_count(Scope::Portfolio(portfolio), action).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_person_joins_the_portfolio() {
    harness::run(async |app| {
        let World { portfolio, owner, analyst, .. } = world(app).await;
        let client = app.client_of(&owner).await;
        assert_eq!(outcome(&invite(&client, portfolio, &analyst.email, "ADMIN").await), "ALREADY_MEMBER");
        assert_eq!(
            outcome(&invite(&client, portfolio, "n@example.test", "OWNER").await),
            "ROLE_NOT_GRANTABLE"
        );
        assert_eq!(outcome(&invite(&client, portfolio, "nora", "ADMIN").await), "BAD_USER_INPUT");
        assert_eq!(
            outcome(&invite(&client, portfolio, "Nora@example.test", "ADMIN").await),
            "PortfolioUserInvited"
        );
        assert_eq!(
            outcome(&invite(&client, portfolio, "nora@Example.test", "ADMIN").await),
            "ALREADY_INVITED"
        );
        let list =
            "query($id: ID!) { portfolio(id: $id) { invitations { totalCount edges { node { email } } } } }";
        let listed = client.send(list, json!({ "id": portfolio.to_string() })).await;
        assert_eq!(listed.text("/portfolio/invitations/edges/0/node/email"), "Nora@example.test");
        let mail = app.deliver().await.into_iter().rfind(|mail| mail.subject == "You are invited").unwrap();
        let accept = "mutation($token: String!, $password: String!) {
            acceptInvitation(input: { token: $token, name: \"Nora\", password: $password }) {
              __typename ... on InvitationAccepted { portfolioId } } }";
        let variables = json!({ "token": token_in(&mail.text), "password": PASSWORD });
        let joined = app.client().send(accept, variables).await;
        assert_eq!(joined.text("/acceptInvitation/portfolioId"), portfolio.to_string());
        let people = whole_portfolio(app, portfolio).await;
        assert_eq!(people.iter().filter(|(_, role)| role == "ADMIN").count(), 2);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_joins_and_leaves_a_portfolio_with_all_its_people() {
    harness::run(async |app| {
        let World { portfolio, owner, admin, .. } = world(app).await;
        let account = app.account("Acme").await;
        let boss = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let analyst = app.person("Anna").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        let by_owner = app.client_of(&owner).await;
        assert_eq!(
            outcome(&add(&by_owner, portfolio, account).await),
            "NOT_FOUND",
            "a stranger to the account"
        );
        assert_eq!(outcome(&add(&app.client_of(&boss).await, portfolio, account).await), "NOT_FOUND");
        app.join_account(&owner, account, AccountRole::Manager).await;
        assert_eq!(outcome(&add(&by_owner, portfolio, account).await), "FORBIDDEN");
        app.set_account_role(&owner, account, Some(AccountRole::Admin)).await;

        let eligible = "query($id: ID!) { user(id: $id) { mfaResetEligibility { allowed } } }";
        let by_admin = app.client_of(&admin).await;
        let asks = json!({ "id": analyst.gid() });
        assert_eq!(by_admin.send(eligible, asks.clone()).await.data("/user"), &Value::Null);
        let added = add(&by_owner, portfolio, account).await;
        assert_eq!(added.text("/addAccountToPortfolio/account/portfolio/id"), portfolio.to_string());
        assert_eq!(copies_are_true(app, account).await, Some(portfolio));
        assert_eq!(app.latest_mail(&boss).await.subject, "An account was added to a portfolio");
        let sees = by_admin.send(eligible, asks.clone()).await;
        assert_eq!(sees.data("/user/mfaResetEligibility/allowed"), &json!(true));
        assert_eq!(outcome(&add(&by_owner, portfolio, account).await), "ALREADY_LINKED");

        let other = app.portfolio("Other").await;
        app.join_portfolio(&owner, other, PortfolioRole::Owner).await;
        assert_eq!(outcome(&add(&by_owner, other, account).await), "IN_ANOTHER_PORTFOLIO");
        assert_eq!(outcome(&take_out(&by_owner, other, account).await), "NOT_LINKED");
        assert_eq!(outcome(&take_out(&by_admin, portfolio, account).await), "FORBIDDEN");
        let out = take_out(&app.client_of(&boss).await, portfolio, account).await;
        assert_eq!(out.data("/removeAccountFromPortfolio/account/portfolio"), &Value::Null);
        assert_eq!(app.latest_mail(&owner).await.subject, "An account was removed from a portfolio");
        assert_eq!(copies_are_true(app, account).await, None);
        assert_eq!(
            by_admin.send(eligible, asks).await.data("/user"),
            &Value::Null,
            "the right is gone at once"
        );
        whole(app, account).await;
        whole_portfolio(app, portfolio).await;
        for scope in [Scope::Account(account), Scope::Portfolio(portfolio)] {
            for action in [AuditAction::AccountLinked, AuditAction::AccountUnlinked] {
                assert_eq!(app.audit_count(scope, action).await, 1, "{action:?}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_portfolio_is_gone_and_its_accounts_stay() {
    harness::run(async |app| {
        let World { portfolio, owner, admin, .. } = world(app).await;
        let mut accounts = Vec::new();
        for name in ["Acme", "Bolt", "Cord"] {
            let account = app.account_in(name, Some(portfolio)).await;
            app.person(&format!("{name} Boss")).in_account(account, AccountRole::Owner).create().await;
            accounts.push(account);
        }
        let client = app.client_of(&owner).await;
        invite(&client, portfolio, "late@example.test", "ANALYST").await;
        let late = app.deliver().await.into_iter().rfind(|mail| mail.subject == "You are invited").unwrap();
        assert_eq!(outcome(&close(&client, portfolio, "Grup").await), "NAME_MISMATCH");
        assert_eq!(outcome(&close(&client, portfolio, "GROUP").await), "PortfolioClosed");
        assert_eq!(outcome(&close(&client, portfolio, "Group").await), "NOT_FOUND");
        for account in accounts {
            assert_eq!(copies_are_true(app, account).await, None);
            whole(app, account).await;
        }
        assert!(found(app, "portfolio_members", doc! { "portfolio_id": portfolio }).await.is_empty());
        assert_eq!(app.latest_mail(&admin).await.subject, "A portfolio was closed");
        let accept = "mutation($token: String!, $password: String!) {
            acceptInvitation(input: { token: $token, name: \"L\", password: $password }) {
              __typename ... on AcceptInvitationRejected { reason } } }";
        let variables = json!({ "token": token_in(&late.text), "password": PASSWORD });
        assert_eq!(outcome(&app.client().send(accept, variables).await), "INVALID");
        assert_eq!(app.audit_count(Scope::Portfolio(portfolio), AuditAction::PortfolioClosed).await, 1);
    })
    .await;
}
