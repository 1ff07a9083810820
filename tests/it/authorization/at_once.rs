//! Lists of people answer from what is loaded, past the resolvers and their guards. Everybody who could ask asks them here, and
//! must see of each person what `nodes` shows, which the resolvers answer and the reviewed table holds.

use latchkey::domain::AccountRole;
use serde_json::{Value, json};

use super::{RESTRICTED, world};
use crate::harness::{self, TestApp, logged};

const LISTS: [(&str, &str); 3] = [
    ("account", "users(first: 100) { edges { node { ...Shown } role joinedAt } }"),
    ("portfolio", "users(first: 100) { edges { node { ...Shown } role joinedAt } }"),
    ("portfolio", "accountUsers(first: 100) { edges { node { ...Shown } memberships { ...Place } } }"),
];
const SHOWN: &str = "fragment Shown on User { id name email createdAt mfa { enabled enabledAt } memberships { ...Place } }
    fragment Place on AccountMembership { role joinedAt account { id name createdAt portfolio { id name createdAt } } }";

/// What was seen over all lists.
#[derive(Debug, Default)]
struct Seen {
    tabs: usize,
    lists: usize,
    without_mfa: usize,
    with_mfa: usize,
    fewer_places: usize,
}

async fn compared(app: &TestApp) -> Seen {
    let world = world(app).await;
    // Somebody with places that not everybody sees.
    let (group, private) = (app.portfolio("Hidden").await, app.account("Private").await);
    let hidden = app.account_in("Linked elsewhere", Some(group)).await;
    let person = app.person("Wanda Wide").with_mfa().in_account(world.account, AccountRole::Manager);
    let wide = person.in_account(private, AccountRole::Owner).in_account(hidden, AccountRole::Admin);
    let wide = wide.create().await;
    let mut seen = Seen::default();
    for asker in world.askers.iter().filter(|asker| asker.person.is_some() && asker.name != RESTRICTED) {
        let client = app.client().with_token(&asker.token(app).await.unwrap());
        for (place, list) in LISTS {
            let id = if place == "account" { world.account.to_string() } else { world.portfolio.to_string() };
            let query = format!("query($id: ID!) {{ {place}(id: $id) {{ {list} }} }} {SHOWN}");
            let body = client.send(&query, json!({ "id": id })).await.body;
            let listed = body["data"][place].as_object().and_then(|fields| fields.values().next());
            let Some(edges) = listed.and_then(|list| list["edges"].as_array()) else { continue };
            seen.lists += 1;
            seen.tabs += usize::from(place == "account");
            let ids: Vec<&Value> = edges.iter().map(|edge| &edge["node"]["id"]).collect();
            let query = format!("query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ...Shown }} }} {SHOWN}");
            let nodes = client.send(&query, json!({ "ids": ids })).await;
            for (edge, node) in edges.iter().zip(nodes.data("/nodes").as_array().unwrap()) {
                assert_eq!(&edge["node"], node, "{list} by {}", asker.name);
                let places = node["memberships"].as_array().unwrap();
                for shown in edge["memberships"].as_array().into_iter().flatten() {
                    assert!(places.contains(shown), "{list} by {}: {shown}", asker.name);
                }
                if node["id"] == wide.gid() {
                    seen.fewer_places += usize::from(places.len() < 3);
                }
                *(if node["mfa"].is_null() { &mut seen.without_mfa } else { &mut seen.with_mfa }) += 1;
            }
        }
    }
    seen
}

#[tokio::test]
async fn what_lists_answer_at_once_is_guarded_like_the_rest() {
    harness::run(async |app| {
        let mut seen = Seen::default();
        let log = logged(async { seen = compared(app).await }).await;
        assert!(seen.lists >= 20 && seen.without_mfa > 20 && seen.with_mfa > 20, "{seen:?}");
        assert!(seen.fewer_places > 5, "{seen:?}");
        // The way that is meant. An Owner of a portfolio needs one more question about its own people.
        let at_once = |edge: &str| log.matches(&format!("answered at once of=[{edge}")).count();
        assert_eq!(at_once("AccountUserEdge"), seen.tabs, "{seen:?}");
        assert!(at_once("PortfolioUserEdge") > 0 && at_once("PortfolioAccountUserEdge") > 0);
    })
    .await;
}
