//! Manage > Users in bulk: each change with its own outcome, and a person who leaves everywhere at once.

use latchkey::domain::{AccountId, AccountRole, AuditAction, PortfolioId, PortfolioRole, Scope};
use serde_json::{Value, json};

use crate::accounts::whole;
use crate::harness::{self, Client, Options, Person, Reply, TestApp};
use crate::invitations::invite;
use crate::portfolios::{copies_are_true, outcome, take_out, whole_portfolio};

const UPDATE: &str = "mutation($input: UpdatePortfolioUserAccessInput!) {
  updatePortfolioUserAccess(input: $input) {
    __typename
    ... on PortfolioUserAccessUpdated { outcomes { kind index userId accountId email accountsChanged rejected { reason } } }
    ... on UpdatePortfolioUserAccessRejected { reason } } }";

async fn update(client: &Client, portfolio: PortfolioId, mut input: Value) -> Reply {
    input["portfolioId"] = json!(portfolio.to_string());
    client.send(UPDATE, json!({ "input": input })).await
}

/// `1` for a change made in one account, or the reason; both where it was made in some.
fn outcomes(reply: &Reply) -> Vec<String> {
    let outcomes = reply.data("/updatePortfolioUserAccess/outcomes").as_array().unwrap().clone();
    let said = |outcome: &Value| match (&outcome["accountsChanged"], outcome["rejected"]["reason"].as_str()) {
        (count, None) => count.to_string(),
        (count, Some(reason)) if count == &json!(0) => reason.to_owned(),
        (count, Some(reason)) => format!("{count} {reason}"),
    };
    outcomes.iter().map(said).collect()
}

struct World {
    portfolio: PortfolioId,
    acme: AccountId,
    bolt: AccountId,
    apart: AccountId,
    admin: Person,
    anna: Person,
}

async fn world(app: &TestApp) -> World {
    let portfolio = app.portfolio("Group").await;
    app.person("Petra").in_portfolio(portfolio, PortfolioRole::Owner).create().await;
    let admin = app.person("Pablo").in_portfolio(portfolio, PortfolioRole::Admin).create().await;
    let mut accounts = Vec::new();
    for (name, group) in [("Acme", Some(portfolio)), ("Bolt", Some(portfolio)), ("Apart", None)] {
        let account = app.account_in(name, group).await;
        app.person(&format!("{name} Boss")).in_account(account, AccountRole::Owner).create().await;
        accounts.push(account);
    }
    let [acme, bolt, apart] = accounts[..] else { panic!() };
    let anna = app
        .person("Anna")
        .in_account(acme, AccountRole::Analyst)
        .in_account(bolt, AccountRole::Admin)
        .in_account(apart, AccountRole::Analyst)
        .create()
        .await;
    World { portfolio, acme, bolt, apart, admin, anna }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_many_changes_has_its_own_outcome() {
    harness::run(async |app| {
        let World { portfolio, acme, bolt, apart, admin, anna } = world(app).await;
        let owner = app.store.accounts.find(acme).await.unwrap().unwrap().owner_id.unwrap().to_string();
        let (a, b, x) = (acme.to_string(), bolt.to_string(), apart.to_string());
        let client = app.client_of(&admin).await;
        let input = json!({
            "remove": [
                { "accountId": b, "userId": anna.gid() },
                { "accountId": b, "userId": anna.gid() },
                { "accountId": a, "userId": owner },
                { "accountId": x, "userId": anna.gid() },
            ],
            "changeRole": [
                { "accountId": a, "userId": anna.gid(), "role": "MANAGER" },
                { "accountId": a, "userId": anna.gid(), "role": "MANAGER" },
                { "accountId": a, "userId": anna.gid(), "role": "OWNER" },
                { "accountId": a, "userId": owner, "role": "ADMIN" },
            ],
            "invite": [
                { "accountId": a, "email": "new@example.test", "role": "ANALYST" },
                { "accountId": a, "email": "New@Example.test", "role": "ANALYST" },
                { "accountId": a, "email": anna.email, "role": "ANALYST" },
                { "accountId": a, "email": "nobody", "role": "ANALYST" },
                { "accountId": x, "email": "new@example.test", "role": "ANALYST" },
                { "accountId": a, "email": "boss@example.test", "role": "OWNER" },
            ],
        });
        let reply = update(&client, portfolio, input).await;
        let expected = [
            "1",
            "NOT_A_MEMBER",
            "IS_OWNER",
            "NOT_LINKED",
            "1",
            "0",
            "ROLE_NOT_GRANTABLE",
            "IS_OWNER",
            "1",
            "ALREADY_INVITED",
            "ALREADY_MEMBER",
            "NOT_AN_ADDRESS",
            "NOT_LINKED",
            "ROLE_NOT_GRANTABLE",
        ];
        assert_eq!(outcomes(&reply), expected);
        let fourth = reply.data("/updatePortfolioUserAccess/outcomes/3").clone();
        assert_eq!((&fourth["kind"], &fourth["index"]), (&json!("REMOVE"), &json!(3)));
        assert_eq!((&fourth["accountId"], &fourth["userId"]), (&json!(x), &json!(anna.gid())));
        assert!(whole(app, acme).await.contains(&(anna.id, "MANAGER".to_owned())));
        assert!(!whole(app, bolt).await.iter().any(|(user, _)| *user == anna.id));
        assert!(whole(app, apart).await.contains(&(anna.id, "ANALYST".to_owned())));
        for scope in [Scope::Account(acme), Scope::Portfolio(portfolio)] {
            assert_eq!(app.audit_count(scope, AuditAction::UserRoleChanged).await, 1);
            assert_eq!(app.audit_count(scope, AuditAction::UserInvited).await, 1);
        }
        assert_eq!(app.audit_count(Scope::Portfolio(portfolio), AuditAction::UserChangeRefused).await, 4);
        let mails: Vec<_> =
            app.deliver().await.into_iter().map(|mail| (mail.recipient, mail.subject)).collect();
        assert_eq!(mails.iter().filter(|(to, _)| *to == anna.email).count(), 2, "{mails:?}");
        assert!(mails.contains(&("new@example.test".to_owned(), "You are invited".to_owned())), "{mails:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_leaves_all_linked_accounts_at_once() {
    harness::run(async |app| {
        let World { portfolio, acme, bolt, apart, admin, anna } = world(app).await;
        let owned = app.account_in("Owned", Some(portfolio)).await;
        app.join_account(&anna, owned, AccountRole::Owner).await;
        let third = app.account_in("Third", Some(portfolio)).await;
        let boss = app.person("Third Boss").in_account(third, AccountRole::Owner).create().await;
        invite(&app.client_of(&boss).await, third, &anna.email, "ANALYST").await;
        app.deliver().await;
        let stranger = app.person("Sven").create().await;
        let client = app.client_of(&admin).await;
        let input = json!({ "removeFromAll": [anna.gid(), stranger.gid(), anna.gid()] });
        let reply = update(&client, portfolio, input).await;
        assert_eq!(outcomes(&reply), ["2 IS_OWNER", "NOT_A_MEMBER", "IS_OWNER"]);
        for account in [acme, bolt] {
            assert!(!whole(app, account).await.iter().any(|(user, _)| *user == anna.id));
            assert_eq!(app.audit_count(Scope::Account(account), AuditAction::UserRemoved).await, 1);
        }
        for account in [apart, owned] {
            assert!(whole(app, account).await.iter().any(|(user, _)| *user == anna.id));
        }
        let list = "query($id: ID!) { account(id: $id) { invitations { totalCount } } }";
        let waiting = app.client_of(&boss).await.send(list, json!({ "id": third.to_string() })).await;
        assert_eq!(waiting.data("/account/invitations/totalCount"), &json!(0), "no way back in");
        let told: Vec<_> = app
            .deliver()
            .await
            .into_iter()
            .filter(|mail| mail.subject == "You were removed from accounts")
            .collect();
        assert_eq!(told.len(), 1, "told once, however many accounts");
        assert_eq!(told[0].recipient, anna.email);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_takes_five_hundred_changes_and_no_more() {
    // Each change is a transaction; a busy machine takes its time.
    let vars = vec![("LATCHKEY_REQUEST_DEADLINE".to_owned(), "3m".to_owned())];
    harness::run_with(Options { vars, ..Options::default() }, async |app| {
        let World { portfolio, acme, admin, anna, .. } = world(app).await;
        let client = app.client_of(&admin).await;
        let change = |role| json!({ "accountId": acme.to_string(), "userId": anna.gid(), "role": role });
        let roles = ["MANAGER", "ANALYST"];
        let mut changes: Vec<Value> = (0..500).map(|i| change(roles[i % 2])).collect();
        let done = update(&client, portfolio, json!({ "changeRole": changes.clone() })).await;
        assert_eq!(outcomes(&done), vec!["1"; 500]);
        changes.push(change("MANAGER"));
        let refused = update(&client, portfolio, json!({ "changeRole": changes })).await;
        assert_eq!(outcome(&refused), "TOO_MANY_CHANGES");
        let bad = json!({ "changeRole": [{ "accountId": "x", "userId": anna.gid(), "role": "ANALYST" }] });
        assert_eq!(outcome(&update(&client, portfolio, bad).await), "BAD_USER_INPUT");
        app.mail_may_wait();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bulk_against_single_changes_leaves_everything_whole() {
    harness::run(async |app| {
        let World { portfolio, acme, bolt, admin, anna, .. } = world(app).await;
        let owner = app.store.accounts.find(acme).await.unwrap().unwrap().owner_id.unwrap();
        let boss = Person { id: owner, ..anna.clone() };
        let (by_admin, by_boss) = (app.client_of(&admin).await, app.client_of(&boss).await);
        let single = "mutation($account: ID!, $user: ID!) { removeUser(input: { accountId: $account, userId: $user }) {
            __typename ... on RemoveUserRejected { reason } } }";
        let one = json!({ "account": acme.to_string(), "user": anna.gid() });
        let many = json!({
            "removeFromAll": [anna.gid()],
            "changeRole": [{ "accountId": acme.to_string(), "userId": anna.gid(), "role": "SUPPORT" }],
        });
        let said = tokio::join!(
            update(&by_admin, portfolio, many.clone()),
            by_boss.send(single, one),
            update(&by_admin, portfolio, many),
        );
        let removed = [&said.0, &said.2].map(|reply| {
            reply.data("/updatePortfolioUserAccess/outcomes/0/accountsChanged").as_u64().unwrap()
        });
        let singly = u64::from(outcome(&said.1) == "UserRemoved");
        assert_eq!(removed.iter().sum::<u64>() + singly, 2, "each place ends once: {removed:?}, {singly}");
        for account in [acme, bolt] {
            assert!(!whole(app, account).await.iter().any(|(user, _)| *user == anna.id));
        }
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bulk_changes_reach_no_account_that_has_left() {
    harness::run(async |app| {
        let World { portfolio, acme, admin, anna, .. } = world(app).await;
        let owner = app.store.accounts.find(acme).await.unwrap().unwrap().owner_id.unwrap();
        let by_boss = app.client_of(&Person { id: owner, ..anna.clone() }).await;
        let by_admin = app.client_of(&admin).await;
        let change = |i: usize| {
            let role = ["MANAGER", "ANALYST"][i % 2];
            json!({ "accountId": acme.to_string(), "userId": anna.gid(), "role": role })
        };
        let changes: Vec<Value> = (0..60).map(change).collect();
        let (bulk, out) = tokio::join!(
            update(&by_admin, portfolio, json!({ "changeRole": changes })),
            take_out(&by_boss, portfolio, acme),
        );
        assert_eq!(outcome(&out), "AccountRemovedFromPortfolio");
        let said = outcomes(&bulk);
        let done = said.iter().take_while(|said| *said == "1").count();
        assert!(said[done..].iter().all(|said| said == "NOT_LINKED"), "{said:?}");
        assert_eq!(copies_are_true(app, acme).await, None);
        let role = whole(app, acme).await.into_iter().find(|(user, _)| *user == anna.id).unwrap().1;
        let last = if done == 0 { "ANALYST" } else { ["MANAGER", "ANALYST"][(done - 1) % 2] };
        assert_eq!(role, last);
        whole_portfolio(app, portfolio).await;
        app.mail_may_wait();
    })
    .await;
}
