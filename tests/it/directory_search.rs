//! A search lists whoever it finds once: by name, else by address. However alike names and addresses are.

use latchkey::domain::key::{EmailKey, name_key};
use latchkey::domain::{AccountId, AccountRole, PortfolioId, PortfolioRole};
use mongodb::bson::doc;
use serde_json::json;

use crate::harness::{self, Client, TestApp};

struct Place {
    account: AccountId,
    portfolio: PortfolioId,
}

/// Names and addresses that begin alike for none, some, all, and more characters than are counted.
fn cast() -> Vec<(String, String)> {
    let long = "a".repeat(30);
    let cast: [(&str, &str); 10] = [
        ("Ana Lima", "ana.lima@x.test"),
        ("Ana", "ana@x.test"),
        ("Anabel", "office@x.test"),
        ("Zoe", "anastasia@x.test"),
        ("ana.lima", "ana.lima.2@x.test"),
        (&format!("{long} Berg"), &format!("{long}.berg@x.test")),
        (&long, &format!("{long}b@x.test")),
        ("Aaron", &format!("{long}c@x.test")),
        (&format!("{}z", "a".repeat(24)), &format!("{}y@x.test", "a".repeat(24))),
        ("Jürgen", "jürgen@x.test"),
    ];
    cast.map(|(name, email)| (name.to_owned(), email.to_owned())).to_vec()
}

fn keys((name, email): &(String, String)) -> (String, String) {
    (name_key(name), EmailKey::parse(email).unwrap().as_str().to_owned())
}

/// The addresses that a search finds, in the order of the list.
fn expected(people: &[(String, String)], search: &str) -> Vec<String> {
    let mut all: Vec<_> = people.iter().map(keys).collect();
    all.sort_unstable();
    let by_name = all.iter().filter(|(name, _)| name.starts_with(search)).map(|(_, email)| email.clone());
    let only_email =
        |(name, email): &&(String, String)| !name.starts_with(search) && email.starts_with(search);
    let mut by_email: Vec<String> = all.iter().filter(only_email).map(|(_, email)| email.clone()).collect();
    by_email.sort_unstable();
    by_name.chain(by_email).collect()
}

async fn found(client: &Client, of: &Place, list: &str, narrowed: &str, search: &str) -> (Vec<String>, u64) {
    let (root, field) = list.split_once('.').unwrap();
    let id = if root == "account" { of.account.to_string() } else { of.portfolio.to_string() };
    let (mut emails, mut after, mut total) = (Vec::new(), json!(null), 0);
    loop {
        let query = format!(
            "query($id: ID!, $s: String, $after: String) {{ {root}(id: $id) {{
               {field}(first: 4, after: $after, search: $s{narrowed}) {{
                 totalCount edges {{ node {{ email }} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
        );
        let reply = client.send(&query, json!({ "id": id, "s": search, "after": after })).await;
        let page = reply.data(&format!("/{root}/{field}"));
        let edges = page["edges"].as_array().unwrap();
        emails.extend(edges.iter().map(|edge| edge["node"]["email"].as_str().unwrap().to_lowercase()));
        total = page["totalCount"].as_u64().unwrap_or(total);
        if page["pageInfo"]["hasNextPage"] == false {
            return (emails, total);
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

async fn all_searches_hold(client: &Client, of: &Place, people: &[(String, String)]) {
    let texts: Vec<String> = people.iter().map(keys).flat_map(|(name, email)| [name, email]).collect();
    let mut searches: Vec<String> = texts
        .iter()
        .flat_map(|text| [1, 4, 24, 25, 31].map(|length| text.chars().take(length).collect()))
        .collect();
    searches.sort_unstable();
    searches.dedup();
    for search in searches.iter().filter(|search| !search.ends_with(' ')) {
        let should = expected(people, search);
        let lists = [
            ("account.users", ""),
            ("account.users", ", roles: [ANALYST, MANAGER]"),
            ("account.users", ", mfaEnabled: false"),
            ("portfolio.users", ""),
            ("portfolio.accountUsers", ""),
            ("portfolio.accountUsers", ", mfaEnabled: false"),
        ];
        for (list, narrowed) in lists {
            let is = found(client, of, list, narrowed, search).await;
            assert_eq!(is, (should.clone(), should.len() as u64), "{list} {narrowed} {search:?}");
        }
    }
}

async fn place(app: &TestApp) -> Place {
    let portfolio = app.portfolio("Group").await;
    Place { account: app.account_in("Acme", Some(portfolio)).await, portfolio }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_lists_everybody_once_however_alike_name_and_address_are() {
    harness::run(async |app| {
        let of = place(app).await;
        let boss = app.person("Qq Boss").with_mfa().in_account(of.account, AccountRole::Owner);
        let boss = boss.in_portfolio(of.portfolio, PortfolioRole::Owner).create().await;
        let mut people = cast();
        let mut known = Vec::new();
        for (name, email) in &people {
            let person = app.person(name).email(email).in_account(of.account, AccountRole::Analyst);
            known.push(person.in_portfolio(of.portfolio, PortfolioRole::Analyst).create().await);
        }
        let client = app.client_of(&boss).await;
        all_searches_hold(&client, &of, &people).await;
        // Another name, and what an earlier version wrote.
        let rename = "mutation { updateProfile(input: { name: \"anas\" }) { __typename } }";
        let renamed = app.client_of(&known[3]).await.ask(rename).await;
        assert_eq!(renamed.text("/updateProfile/__typename"), "ProfileUpdated");
        people[3].0 = "anas".to_owned();
        for collection in ["account_members", "portfolio_members"] {
            for person in &known[5..8] {
                let unset = doc! { "$unset": { "alike": "" } };
                app.update(collection, doc! { "user_id": person.id }, unset).await;
            }
        }
        all_searches_hold(&client, &of, &people).await;
    })
    .await;
}
