//! Pages: forward, backward, stable order, search, filters, totals, and what is refused.

use latchkey::domain::{AccountId, AccountRole, PortfolioRole};
use serde_json::{Value, json};

use crate::directory::{Crowd, crowd};
use crate::harness::{self, Client, TestApp};

const LIST: &str = "query($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $search: String,
    $roles: [AccountRole!], $mfa: Boolean) { account(id: $id) { users(first: $first, after: $after, last: $last,
    before: $before, search: $search, roles: $roles, mfaEnabled: $mfa) { totalCount
    edges { cursor role node { name email } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";

struct List<'a> {
    client: &'a Client,
    id: String,
}

impl List<'_> {
    async fn page(&self, mut variables: Value) -> Value {
        variables["id"] = json!(self.id);
        self.client.send(LIST, variables).await.data("/account/users").clone()
    }

    /// Every page, following the cursors in one direction; the pages' e-mails, first page first.
    async fn walk(&self, size: i32, backward: bool, narrowed: &Value) -> Vec<Vec<String>> {
        let (mut pages, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let mut variables = narrowed.clone();
            let (count, from) = if backward { ("last", "before") } else { ("first", "after") };
            variables[count] = json!(size);
            variables[from] = cursor;
            let page = self.page(variables).await;
            pages.push(emails(&page));
            let info = &page["pageInfo"];
            let (more, next) =
                if backward { ("hasPreviousPage", "startCursor") } else { ("hasNextPage", "endCursor") };
            if info[more] == false {
                return pages;
            }
            cursor = info[next].clone();
            assert!(pages.len() < 100, "the pages do not end");
        }
    }
}

fn emails(page: &Value) -> Vec<String> {
    let edges = page["edges"].as_array().unwrap();
    edges.iter().map(|edge| edge["node"]["email"].as_str().unwrap().to_owned()).collect()
}

/// 30 people, of whom each three share a name, and the Admin who lists them.
async fn world(app: &TestApp) -> (AccountId, Client) {
    let account = app.account("Acme").await;
    let admin = app.person("Zoe Admin").with_mfa().in_account(account, AccountRole::Admin).create().await;
    let names = (0..30).map(|i| format!("Person {}", i / 3)).collect();
    crowd(app, Crowd { accounts: &[(account, None)], names, role: AccountRole::Analyst }).await;
    (account, app.client_of(&admin).await)
}

#[tokio::test]
async fn pages_follow_each_other_without_gaps_in_both_directions() {
    harness::run(async |app| {
        let (account, client) = world(app).await;
        let list = List { client: &client, id: account.to_string() };
        let all = emails(&list.page(json!({ "first": 100 })).await);
        assert_eq!(all.len(), 31);
        assert_eq!(all.last().unwrap(), "zoe.admin@example.test");
        // Sizes that cut groups of equal names in every way.
        for size in [1, 2, 4, 7, 30, 31] {
            let forward = list.walk(size, false, &json!({})).await;
            assert_eq!(forward.concat(), all, "forward by {size}");
            let mut backward = list.walk(size, true, &json!({})).await;
            backward.reverse();
            assert_eq!(backward.concat(), all, "backward by {size}");
        }
        let page = list.page(json!({})).await;
        assert_eq!(page["edges"].as_array().unwrap().len(), 25, "the default size");
        let info = &page["pageInfo"];
        assert_eq!((&info["hasNextPage"], &info["hasPreviousPage"]), (&json!(true), &json!(false)));
        assert_eq!(info["startCursor"], page["edges"][0]["cursor"]);
        assert_eq!(info["endCursor"], page["edges"][24]["cursor"]);
    })
    .await;
}

#[tokio::test]
async fn after_and_before_bound_a_page_on_both_sides() {
    harness::run(async |app| {
        let (account, client) = world(app).await;
        let list = List { client: &client, id: account.to_string() };
        let all = list.page(json!({ "first": 100 })).await;
        let cursor = |index: usize| all["edges"][index]["cursor"].clone();
        let between = json!({ "first": 100, "after": cursor(3), "before": cursor(8) });
        let page = list.page(between).await;
        assert_eq!(emails(&page), emails(&all)[4..8]);
        let crossed = list.page(json!({ "first": 5, "after": cursor(8), "before": cursor(3) })).await;
        assert_eq!(emails(&crossed), Vec::<String>::new());
        assert_eq!(crossed["pageInfo"]["startCursor"], Value::Null);
        let none = list.page(json!({ "first": 0 })).await;
        assert_eq!(emails(&none), Vec::<String>::new());
        assert_eq!(none["totalCount"], 31);
    })
    .await;
}

#[tokio::test]
async fn a_new_neighbour_of_the_same_name_is_neither_doubled_nor_skipped() {
    harness::run(async |app| {
        let (account, client) = world(app).await;
        let list = List { client: &client, id: account.to_string() };
        let first = list.page(json!({ "first": 5 })).await;
        crowd(
            app,
            Crowd {
                accounts: &[(account, None)],
                names: vec!["Person 1".to_owned()],
                role: AccountRole::Manager,
            },
        )
        .await;
        let rest = list.page(json!({ "first": 100, "after": first["pageInfo"]["endCursor"] })).await;
        assert_eq!(rest["edges"].as_array().unwrap().len(), 27);
        assert_eq!(emails(&rest)[0], "p005@crowd.test".replace("005", "006"));
    })
    .await;
}

#[tokio::test]
async fn a_search_finds_names_and_addresses_by_prefix() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let admin = app.person("Zoe Admin").in_account(account, AccountRole::Admin).create().await;
        let join = |name: &'static str, email: &'static str| {
            app.person(name).email(email).in_account(account, AccountRole::Analyst).create()
        };
        join("Anna Berg", "x1@example.test").await;
        join("ÁNNA Öst", "x2@example.test").await;
        join("Bert Anders", "anna.b@example.test").await;
        join("Anna Alt", "anna.a@example.test").await;
        join("Carl", "Anna.C@example.test").await;
        let client = app.client_of(&admin).await;
        let list = List { client: &client, id: account.to_string() };
        let found = async |search: &str| {
            let page = list.page(json!({ "first": 100, "search": search })).await;
            let names = page["edges"].as_array().unwrap();
            let names: Vec<_> =
                names.iter().map(|e| e["node"]["name"].as_str().unwrap().to_owned()).collect();
            assert_eq!(page["totalCount"], names.len(), "{search}");
            let mut backward = list.walk(2, true, &json!({ "search": search })).await;
            backward.reverse();
            assert_eq!(backward.concat(), emails(&page), "{search} backward");
            assert_eq!(
                list.walk(1, false, &json!({ "search": search })).await.concat(),
                emails(&page),
                "{search}"
            );
            names
        };
        assert_eq!(found("anna").await, ["Anna Alt", "Anna Berg", "Bert Anders", "Carl"]);
        assert_eq!(found("  ANNA  b").await, ["Anna Berg"]);
        assert_eq!(found("ánna").await, ["ÁNNA Öst"]);
        assert_eq!(found("anna.c@").await, ["Carl"]);
        assert_eq!(found("nobody").await, Vec::<String>::new());
        assert_eq!(found(" ").await.len(), 6, "an empty search searches for nothing");
        for text in ["$", "{\"$ne\":1}", ".*", "\\", "\u{10FFFF}", "a\u{0}"] {
            assert_eq!(found(text).await, Vec::<String>::new(), "{text:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn filters_narrow_a_list_and_its_total() {
    harness::run(async |app| {
        let (account, client) = world(app).await;
        app.person("Person 3").with_mfa().in_account(account, AccountRole::Manager).create().await;
        let list = List { client: &client, id: account.to_string() };
        for (narrowed, count) in [
            (json!({ "mfa": true }), 2),
            (json!({ "mfa": false }), 30),
            (json!({ "roles": ["MANAGER"] }), 1),
            (json!({ "roles": ["MANAGER", "ADMIN"] }), 2),
            (json!({ "roles": [] }), 32),
            (json!({ "roles": ["OWNER"] }), 0),
            (json!({ "search": "person 3", "mfa": true }), 1),
            (json!({ "search": "person 3", "roles": ["ANALYST", "MANAGER"], "mfa": false }), 3),
            (json!({}), 32),
        ] {
            let mut wanted = narrowed.clone();
            wanted["first"] = json!(100);
            let page = list.page(wanted).await;
            assert_eq!(page["edges"].as_array().unwrap().len(), count, "{narrowed}");
            assert_eq!(page["totalCount"], count, "{narrowed}");
            assert_eq!(list.walk(2, false, &narrowed).await.concat(), emails(&page), "{narrowed}");
        }
    })
    .await;
}

#[tokio::test]
async fn malformed_pages_are_refused_by_argument() {
    harness::run(async |app| {
        let (account, client) = world(app).await;
        let other = "query($id: ID!) { account(id: $id) { mfaResets { edges { cursor } } auditLog { pageInfo { endCursor } } } }";
        let reply = client.send(other, json!({ "id": account.to_string() })).await;
        reply.data("/account/mfaResets");
        // A search's cursor that stands among the addresses means nothing without the search.
        let list = List { client: &client, id: account.to_string() };
        let by_email = list.page(json!({ "first": 1, "search": "p00" })).await["pageInfo"]["endCursor"].clone();
        let own = client.ask("{ viewer { accounts { pageInfo { endCursor } } } }").await;
        let of_accounts = own.data("/viewer/accounts/pageInfo/endCursor").clone();
        for (variables, field) in [
            (json!({ "first": -1 }), "first"),
            (json!({ "first": 101 }), "first"),
            (json!({ "last": -1 }), "last"),
            (json!({ "last": 101 }), "last"),
            (json!({ "first": 1, "last": 1 }), "first"),
            (json!({ "after": "nonsense" }), "after"),
            (json!({ "before": "" }), "before"),
            (json!({ "after": of_accounts }), "after"),
            (json!({ "last": 3, "before": of_accounts }), "before"),
            (json!({ "after": by_email }), "after"),
            (json!({ "before": by_email }), "before"),
            (json!({ "search": "x".repeat(201) }), "search"),
        ] {
            let mut sent = variables.clone();
            sent["id"] = json!(account.to_string());
            let reply = client.send(LIST, sent).await;
            assert_eq!(reply.code(), "BAD_USER_INPUT", "{variables}: {:#}", reply.body);
            assert_eq!(reply.body["errors"][0]["extensions"]["field"], field, "{variables}");
            assert_eq!(reply.body["errors"][0]["path"], json!(["account", "users"]), "{variables}");
            assert_eq!(reply.at("/account"), &json!({ "users": null }), "the account stands");
        }
        for variables in [json!({ "first": "x" }), json!({ "roles": ["KING"] }), json!({ "first": 3_000_000_000_u64 })] {
            let mut sent = variables.clone();
            sent["id"] = json!(account.to_string());
            let reply = client.send(LIST, sent).await;
            assert_eq!(reply.code(), "BAD_USER_INPUT", "{variables}: {:#}", reply.body);
        }
    })
    .await;
}

#[tokio::test]
async fn manage_users_lists_everybody_of_every_linked_account_once() {
    harness::run(async |app| {
        let group = app.portfolio("Group").await;
        let (one, two) = (app.account_in("One", Some(group)).await, app.account_in("Two", Some(group)).await);
        let outside = app.account("Outside").await;
        let boss = app.person("Petra Owner").in_portfolio(group, PortfolioRole::Owner).create().await;
        let names = |from: i32, to: i32| (from..to).map(|i| format!("Person {}", i / 2)).collect();
        let both = [(one, Some(group)), (two, Some(group)), (outside, None)];
        crowd(app, Crowd { accounts: &both, names: names(0, 40), role: AccountRole::Analyst }).await;
        let only = [(one, Some(group))];
        crowd(app, Crowd { accounts: &only, names: names(40, 50), role: AccountRole::Analyst }).await;
        crowd(app, Crowd { accounts: &[(outside, None)], names: names(50, 60), role: AccountRole::Analyst }).await;
        let client = app.client_of(&boss).await;
        let query = "query($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $search: String) {
            portfolio(id: $id) { accountUsers(first: $first, after: $after, last: $last, before: $before, search: $search) {
            totalCount edges { node { email } memberships { account { name } } }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";
        let page = async |mut variables: Value| {
            variables["id"] = json!(group.to_string());
            client.send(query, variables).await.data("/portfolio/accountUsers").clone()
        };
        let all = page(json!({ "first": 100 })).await;
        assert_eq!((all["totalCount"].clone(), emails(&all).len()), (json!(50), 50));
        let names = |index: usize| -> Vec<&str> {
            let places = all["edges"][index]["memberships"].as_array().unwrap();
            places.iter().map(|place| place["account"]["name"].as_str().unwrap()).collect()
        };
        assert!((0..50).any(|index| names(index) == ["One", "Two"]));
        assert!((0..50).any(|index| names(index) == ["One"]));
        for size in [1, 3, 7] {
            let (mut forward, mut after) = (Vec::new(), Value::Null);
            loop {
                let found = page(json!({ "first": size, "after": after })).await;
                forward.extend(emails(&found));
                after = found["pageInfo"]["endCursor"].clone();
                if found["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            assert_eq!(forward, emails(&all), "forward by {size}");
            let (mut backward, mut before) = (Vec::new(), Value::Null);
            loop {
                let found = page(json!({ "last": size, "before": before })).await;
                backward.splice(0..0, emails(&found));
                before = found["pageInfo"]["startCursor"].clone();
                if found["pageInfo"]["hasPreviousPage"] == false {
                    break;
                }
            }
            assert_eq!(backward, emails(&all), "backward by {size}");
        }
        let found = page(json!({ "first": 100, "search": "person 1" })).await;
        assert_eq!((found["totalCount"].clone(), emails(&found).len()), (json!(22), 22));
    })
    .await;
}

#[tokio::test]
async fn places_are_listed_by_name_in_both_directions() {
    harness::run(async |app| {
        let group = app.portfolio("Group").await;
        let other = app.portfolio("another group").await;
        let mut builder = app.person("Petra Owner").in_portfolio(group, PortfolioRole::Owner);
        builder = builder.in_portfolio(other, PortfolioRole::Analyst);
        for name in ["delta", "Alpha", "alpha", "Čapek", "Charlie"] {
            let account = app.account_in(name, Some(group)).await;
            builder = builder.in_account(account, AccountRole::Manager);
        }
        let client = app.client_of(&builder.create().await).await;
        let names = |value: &Value| -> Vec<String> {
            let edges = value["edges"].as_array().unwrap();
            edges.iter().map(|edge| edge["node"]["name"].as_str().unwrap().to_owned()).collect()
        };
        let whole = client
            .send(
                "query($id: ID!) { portfolio(id: $id) { accounts { totalCount edges { node { name } } } }
                   viewer { accounts { totalCount edges { role node { name } } }
                     portfolios { totalCount edges { role node { name } } } } }",
                json!({ "id": group.to_string() }),
            )
            .await;
        let by_name = ["Alpha", "alpha", "Charlie", "delta", "Čapek"];
        assert_eq!(names(whole.data("/portfolio/accounts")), by_name);
        assert_eq!(names(whole.data("/viewer/accounts")), by_name);
        assert_eq!(whole.data("/viewer/accounts/totalCount"), 5);
        assert_eq!(whole.data("/portfolio/accounts/totalCount"), 5);
        assert_eq!(names(whole.data("/viewer/portfolios")), ["another group", "Group"]);
        assert_eq!(whole.data("/viewer/portfolios/edges/1/role"), "OWNER");
        for path in ["portfolio(id: $id) { list: accounts", "viewer { list: accounts"] {
            let root = path.split_whitespace().next().unwrap().split('(').next().unwrap();
            let query = format!(
                "query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {{ node(id: $id) {{ id }} {path}(
                   first: $first, after: $after, last: $last, before: $before) {{ edges {{ node {{ name }} }}
                   pageInfo {{ startCursor endCursor hasNextPage hasPreviousPage }} }} }} }}"
            );
            let page = async |mut variables: Value| {
                variables["id"] = json!(group.to_string());
                client.send(&query, variables).await.data(&format!("/{root}/list")).clone()
            };
            let first = page(json!({ "first": 2 })).await;
            assert_eq!(names(&first), by_name[..2]);
            let second = page(json!({ "first": 2, "after": first["pageInfo"]["endCursor"] })).await;
            assert_eq!(names(&second), by_name[2..4]);
            let last = page(json!({ "last": 2 })).await;
            assert_eq!(names(&last), by_name[3..]);
            let before = page(json!({ "last": 3, "before": last["pageInfo"]["startCursor"] })).await;
            assert_eq!(names(&before), by_name[..3]);
            assert_eq!(before["pageInfo"]["hasPreviousPage"], false);
            assert_eq!(before["pageInfo"]["hasNextPage"], true);
        }
    })
    .await;
}
