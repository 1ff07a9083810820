//! What reading costs: the number of MongoDB commands does not grow with the page, and the keys that a page reads do not
//! grow with the directory.

use latchkey::domain::{AccountId, AccountRole, PortfolioId, PortfolioRole};
use serde_json::json;

use crate::directory::{Crowd, Seen, crowd, profiled};
use crate::harness::{self, Client, Person, TestApp};

const USERS_TAB: &str = "query($id: ID!, $n: Int!) { account(id: $id) { name users(first: $n) { totalCount edges {
    role node { id email name mfa { enabled } memberships { role account { id name portfolio { id name } } } } }
    pageInfo { hasNextPage endCursor } } } }";

struct Tab {
    account: AccountId,
    portfolio: PortfolioId,
    admin: Person,
}

/// An account of 120 people who are in two more accounts each: more rows than MongoDB's first batch holds by default.
async fn tab(app: &TestApp) -> Tab {
    let portfolio = app.portfolio("Group").await;
    let account = app.account_in("Acme", Some(portfolio)).await;
    let (second, third) = (app.account_in("Second", Some(portfolio)).await, app.account("Third").await);
    let admin = app.person("Zoe Admin").in_account(account, AccountRole::Admin);
    let admin = admin.in_account(third, AccountRole::Analyst).create().await;
    let accounts = [(account, Some(portfolio)), (second, Some(portfolio)), (third, None)];
    let names = (0..120).map(|i| format!("Person {:02}", i / 3)).collect();
    crowd(app, Crowd { accounts: &accounts, names, role: AccountRole::Analyst }).await;
    Tab { account, portfolio, admin }
}

async fn commands(app: &TestApp, client: &Client, query: &str, id: &str, n: i32) -> Vec<Seen> {
    let (reply, seen) = profiled(app, client.send(query, json!({ "id": id, "n": n }))).await;
    assert_eq!(reply.body.get("errors"), None, "{:#}", reply.body);
    assert!(reply.body["data"].as_object().unwrap().values().all(|value| !value.is_null()));
    assert!(seen.iter().all(|command| command.command != "getmore"), "{seen:#?}");
    assert!(seen.iter().all(|command| !command.plan.contains("COLLSCAN")), "{seen:#?}");
    seen
}

/// Small and large pages cost the same number of commands, at most `most`.
async fn costs(app: &TestApp, client: &Client, query: &str, id: &str, most: usize) {
    let small = commands(app, client, query, id, 3).await;
    let large = commands(app, client, query, id, 100).await;
    assert_eq!(small.len(), large.len(), "{small:#?}\n{large:#?}");
    assert!(large.len() <= most, "{} commands: {large:#?}", large.len());
}

#[tokio::test]
async fn the_users_tab_costs_at_most_nine_commands_at_any_page_size() {
    harness::run(async |app| {
        let tab = tab(app).await;
        let client = app.client_of(&tab.admin).await;
        costs(app, &client, USERS_TAB, &tab.account.to_string(), 9).await;

        // A role in an unrelated portfolio makes one more question: who of the page is in it?
        let unrelated = app.portfolio("Unrelated").await;
        let analyst = app.person("Ada Analyst").in_account(tab.account, AccountRole::Analyst);
        let analyst = analyst.in_portfolio(unrelated, PortfolioRole::Admin).create().await;
        let client = app.client_of(&analyst).await;
        costs(app, &client, USERS_TAB, &tab.account.to_string(), 10).await;
    })
    .await;
}

/// What is answered at once is what the resolvers give: a key that is selected twice is left to them.
#[tokio::test]
async fn what_is_answered_at_once_is_what_the_resolvers_give() {
    harness::run(async |app| {
        let tab = tab(app).await;
        let guarded = app.person("Gus Guarded").with_mfa().in_account(tab.account, AccountRole::Manager);
        guarded.create().await;
        let analyst = app.person("Ada Analyst").in_account(tab.account, AccountRole::Analyst).create().await;
        let boss = app.person("Petra Owner").in_portfolio(tab.portfolio, PortfolioRole::Owner).create().await;
        let person = "id name email createdAt __typename mfa { enabled enabledAt } memberships { ...Place }";
        let place = "fragment Place on AccountMembership { role joinedAt customRole { id } account { ... on Account {
            id name createdAt portfolio { id name createdAt } } } }";
        let of_account = |twice: &str| {
            format!(
                "query($id: ID!) {{ account(id: $id) {{ users(last: 100) {{ edges {{ cursor {twice} role joinedAt
                customRole {{ id }} node {{ {person} }} }} }} }} }} {place}"
            )
        };
        let of_portfolio = |twice: &str| {
            format!(
                "query($id: ID!) {{ portfolio(id: $id) {{ accountUsers(first: 100) {{ edges {{ cursor {twice}
                node {{ {person} }} memberships {{ ...Place }} }} }} }} }} {place}"
            )
        };
        let (account, portfolio) = (tab.account.to_string(), tab.portfolio.to_string());
        for (viewer, id, query) in [
            (&tab.admin, &account, &of_account as &dyn Fn(&str) -> String),
            (&analyst, &account, &of_account),
            (&boss, &portfolio, &of_portfolio),
        ] {
            let client = app.client_of(viewer).await;
            let at_once = client.send(&query(""), json!({ "id": id })).await;
            let resolved = client.send(&query("cursor"), json!({ "id": id })).await;
            assert_eq!(at_once.body, resolved.body);
            assert!(at_once.body.to_string().len() > 10_000, "{:#}", at_once.body);
        }
    })
    .await;
}

#[tokio::test]
async fn everything_about_the_users_of_a_page_is_batched() {
    harness::run(async |app| {
        let tab = tab(app).await;
        let client = app.client_of(&tab.admin).await;
        let query = "query($id: ID!, $n: Int!) { account(id: $id) { users(first: $n) { edges { node {
            lastLogInAt mfa { enabled required methods backupCodesRemaining } pendingMfaReset { id user { id } }
            mfaResetEligibility { allowed reason } } } } } }";
        costs(app, &client, query, &tab.account.to_string(), 11).await;
    })
    .await;
}

#[tokio::test]
async fn manage_users_costs_the_same_number_of_commands_at_any_page_size() {
    harness::run(async |app| {
        let tab = tab(app).await;
        let boss = app.person("Petra Owner").in_portfolio(tab.portfolio, PortfolioRole::Owner).create().await;
        let client = app.client_of(&boss).await;
        let query = "query($id: ID!, $n: Int!) { portfolio(id: $id) { accountUsers(first: $n) { totalCount edges {
            node { id name mfa { enabled } } memberships { role account { id name portfolio { name } } } } } } }";
        costs(app, &client, query, &tab.portfolio.to_string(), 10).await;
        let query = "query($id: ID!, $n: Int!) { portfolio(id: $id) { accounts(first: $n) { totalCount edges {
            node { id name portfolio { id name } viewerRole } } } } }";
        costs(app, &client, query, &tab.portfolio.to_string(), 5).await;
    })
    .await;
}

#[tokio::test]
async fn nodes_are_looked_up_together() {
    harness::run(async |app| {
        let tab = tab(app).await;
        let client = app.client_of(&tab.admin).await;
        let ids = async |n: i32| {
            let query = "query($id: ID!, $n: Int!) { account(id: $id) { users(first: $n) { edges { node { id } } } } }";
            let reply = client.send(query, json!({ "id": tab.account.to_string(), "n": n })).await;
            let edges = reply.data("/account/users/edges").as_array().unwrap().clone();
            edges.iter().map(|edge| edge["node"]["id"].clone()).collect::<Vec<_>>()
        };
        let mut counts = Vec::new();
        for n in [2, 100] {
            let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on User { name mfa { enabled } memberships {
                account { name portfolio { name } } } } } }";
            let (reply, seen) = profiled(app, client.send(query, json!({ "ids": ids(n).await }))).await;
            assert!(reply.data("/nodes").as_array().unwrap().iter().all(|node| !node.is_null()));
            counts.push(seen.len());
        }
        assert_eq!(counts[0], counts[1]);
        assert!(counts[0] <= 7, "{counts:?}");
    })
    .await;
}

#[tokio::test]
async fn refusals_of_a_page_are_written_down_together() {
    harness::run(async |app| {
        let tab = tab(app).await;
        let analyst = app.person("Ada Analyst").in_account(tab.account, AccountRole::Analyst).create().await;
        let client = app.client_of(&analyst).await;
        let query = "query($id: ID!) { account(id: $id) { users(first: 100) { edges { node { pendingMfaReset { id } } } } } }";
        let (reply, seen) = profiled(app, client.send(query, json!({ "id": tab.account.to_string() }))).await;
        assert_eq!(reply.code(), "FORBIDDEN");
        assert_eq!(reply.at("/account/users/edges").as_array().unwrap().len(), 100);
        assert_eq!(seen.iter().filter(|command| command.command == "insert").count(), 1, "{seen:#?}");
        assert!(seen.len() <= 10, "{seen:#?}");
    })
    .await;
}

#[tokio::test]
async fn totals_are_counted_only_when_selected() {
    harness::run(async |app| {
        let tab = tab(app).await;
        // With MFA: for whoever has none, an aggregation reads what is enforced.
        let admin = app.person("Zita Admin").with_mfa().in_account(tab.account, AccountRole::Admin).create();
        let client = app.client_of(&admin.await).await;
        let id = tab.account.to_string();
        let counting = async |query: &str| {
            let seen = commands(app, &client, query, &id, 5).await;
            seen.iter().filter(|seen| seen.command == "aggregate" || seen.command == "count").count()
        };
        let listed = "query($id: ID!, $n: Int!) { account(id: $id) { users(first: $n, search: \"p\") { edges { cursor } } } }";
        assert_eq!(counting(listed).await, 0);
        let counted = "query($id: ID!, $n: Int!) { account(id: $id) { users(first: $n, search: \"p\") { totalCount } } }";
        assert_eq!(counting(counted).await, 2, "by name, and by address only");
        let open = "query($id: ID!, $n: Int!) { account(id: $id) { users(first: $n) { totalCount } } }";
        assert_eq!(counting(open).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_page_reads_no_more_keys_in_a_large_account_or_deep_in_it() {
    harness::run(async |app| {
        let account = app.account("Large").await;
        let admin = app.person("Zoe Admin").with_mfa().in_account(account, AccountRole::Admin).create().await;
        let names = (0..3000).map(|i| format!("Person {i:05}")).collect();
        crowd(app, Crowd { accounts: &[(account, None)], names, role: AccountRole::Analyst }).await;
        let client = app.client_of(&admin).await;
        let pages = [
            "first: 50",
            "last: 50",
            "first: 50, search: \"person 02\"",
            "first: 50, search: \"p2\"",
            "last: 50, search: \"p2\"",
            "first: 50, mfaEnabled: false",
            "first: 50, roles: [ANALYST]",
            "first: 50, search: \"person 02\", roles: [ANALYST], mfaEnabled: false",
        ];
        for page in pages {
            let query = format!(
                "query($id: ID!) {{ account(id: $id) {{ users({page}) {{ edges {{ cursor }} }} }} }}"
            );
            let (reply, seen) =
                profiled(app, client.send(&query, json!({ "id": account.to_string() }))).await;
            assert_eq!(reply.data("/account/users/edges").as_array().unwrap().len(), 50, "{page}");
            for command in seen.iter().filter(|seen| seen.collection == "account_members") {
                assert!(command.keys <= 160, "{page}: {command:?}");
            }
            let by_name = ["first: 50", "last: 50", "first: 50, search: \"person 02\""].contains(&page);
            assert!(
                !by_name || seen.iter().all(|s| s.collection != "account_members" || s.docs == 0),
                "{seen:#?}"
            );
        }
        // Deep in the list a page begins at its cursor, not at the start.
        let query = "query($id: ID!, $after: String) { account(id: $id) { users(first: 100, after: $after) {
            pageInfo { endCursor hasNextPage } } } }";
        let mut after = serde_json::Value::Null;
        loop {
            let variables = json!({ "id": account.to_string(), "after": after });
            let (reply, seen) = profiled(app, client.send(query, variables)).await;
            for command in seen.iter().filter(|seen| seen.collection == "account_members") {
                assert!(command.keys <= 210, "{command:?}");
            }
            after = reply.data("/account/users/pageInfo/endCursor").clone();
            if reply.at("/account/users/pageInfo/hasNextPage") == false {
                break;
            }
        }
    })
    .await;
}
