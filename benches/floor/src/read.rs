//! The Users tab: nine commands, one answer.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bson::{Uuid, doc};
use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};

use crate::{Failure, Floor, in_ids, text_id};

#[derive(Deserialize)]
struct Place {
    account_id: Uuid,
    user_id: Uuid,
    role: String,
    portfolio_id: Option<Uuid>,
}

#[derive(Deserialize)]
struct PortfolioPlace {
    portfolio_id: Uuid,
    role: String,
}

#[derive(Deserialize)]
struct Row {
    user_id: Uuid,
    role: String,
    name_key: String,
}

#[derive(Deserialize)]
struct Person {
    #[serde(rename = "_id")]
    id: Uuid,
    email: String,
    name: String,
    mfa: Option<bson::Document>,
}

#[derive(Deserialize)]
struct Account {
    #[serde(rename = "_id")]
    id: Uuid,
    name: String,
    name_key: String,
    portfolio_id: Option<Uuid>,
    member_count: i64,
}

#[derive(Deserialize)]
struct Portfolio {
    #[serde(rename = "_id")]
    id: Uuid,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    data: Data<'a>,
}
#[derive(Serialize)]
struct Data<'a> {
    account: Tab<'a>,
}
#[derive(Serialize)]
struct Tab<'a> {
    name: &'a str,
    users: Users<'a>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Users<'a> {
    total_count: i64,
    edges: Vec<Edge<'a>>,
    page_info: PageInfo,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}
#[derive(Serialize)]
struct Edge<'a> {
    role: &'a str,
    node: Node<'a>,
}
#[derive(Serialize)]
struct Node<'a> {
    id: String,
    email: &'a str,
    name: &'a str,
    mfa: Mfa,
    memberships: Vec<Membership<'a>>,
}
#[derive(Serialize)]
struct Mfa {
    enabled: bool,
}
#[derive(Serialize)]
struct Membership<'a> {
    role: &'a str,
    account: AccountRef<'a>,
}
#[derive(Serialize)]
struct AccountRef<'a> {
    id: String,
    name: &'a str,
    portfolio: Option<PortfolioRef<'a>>,
}
#[derive(Serialize)]
struct PortfolioRef<'a> {
    id: String,
    name: &'a str,
}

fn manages(role: &str) -> bool {
    matches!(role, "OWNER" | "ADMIN")
}

/// The page, for an Owner or Admin of the account.
pub(crate) async fn users_tab(floor: &Floor, viewer: Uuid, id: Uuid, n: i64) -> Result<Vec<u8>, Failure> {
    let place =
        doc! { "_id": 0, "account_id": 1, "user_id": 1, "role": 1, "portfolio_id": 1, "joined_at": 1 };
    let of_portfolios = doc! { "_id": 0, "portfolio_id": 1, "user_id": 1, "role": 1, "joined_at": 1 };
    let places = floor.docs::<Place>("account_members");
    let (mine, over) = tokio::try_join!(
        async {
            let found =
                places.find(doc! { "user_id": viewer }).projection(place.clone()).batch_size(100_000).await?;
            found.try_collect::<Vec<_>>().await
        },
        async {
            let docs = floor.docs::<PortfolioPlace>("portfolio_members");
            let found =
                docs.find(doc! { "user_id": viewer }).projection(of_portfolios).batch_size(100_000).await?;
            found.try_collect::<Vec<_>>().await
        },
    )?;
    let mine: HashMap<Uuid, String> = mine.into_iter().map(|place| (place.account_id, place.role)).collect();
    let over: HashMap<Uuid, String> =
        over.into_iter().map(|place| (place.portfolio_id, place.role)).collect();
    if !mine.get(&id).is_some_and(|role| manages(role)) {
        return Err("forbidden".into());
    }
    let accounts = floor.docs::<Account>("accounts");
    let account = accounts.find_one(doc! { "_id": id }).await?.ok_or("no account")?;

    let rows = floor.docs::<Row>("account_members");
    let shown = doc! {
        "_id": 0, "account_id": 1, "portfolio_id": 1, "user_id": 1, "role": 1, "joined_at": 1, "name_key": 1, "email_key": 1,
    };
    let limit = u32::try_from(n + 2)?;
    let mut page: Vec<Row> = rows
        .find(doc! { "account_id": id })
        .sort(doc! { "name_key": 1, "user_id": 1 })
        .projection(shown)
        .limit(n + 1)
        .batch_size(limit)
        .await?
        .try_collect()
        .await?;
    let has_next_page = page.len() > usize::try_from(n)?;
    page.truncate(usize::try_from(n)?);

    let ids: Vec<Uuid> = page.iter().map(|row| row.user_id).collect();
    let people = floor.docs::<Person>("users");
    let fields = doc! { "email": 1, "name": 1, "mfa.enabled_at": 1 };
    let (people, found) = tokio::try_join!(
        async {
            let found = people.find(in_ids("_id", ids.clone())).projection(fields).batch_size(limit).await?;
            found.try_collect::<Vec<_>>().await
        },
        async {
            let found =
                places.find(in_ids("user_id", ids.clone())).projection(place).batch_size(100_000).await?;
            found.try_collect::<Vec<_>>().await
        },
    )?;
    let people: HashMap<Uuid, Person> = people.into_iter().map(|person| (person.id, person)).collect();
    let visible: Vec<Place> = found
        .into_iter()
        .filter(|place| {
            mine.contains_key(&place.account_id)
                || place.portfolio_id.and_then(|id| over.get(&id)).is_some_and(|role| manages(role))
        })
        .collect();
    let wanted: HashSet<Uuid> = visible.iter().map(|place| place.account_id).collect();
    let batch = u32::try_from(wanted.len() + 1)?;
    let found: Vec<Account> = accounts
        .find(in_ids("_id", wanted.into_iter().collect()))
        .batch_size(batch)
        .await?
        .try_collect()
        .await?;
    let by_id: HashMap<Uuid, Account> = found.into_iter().map(|account| (account.id, account)).collect();
    let wanted: HashSet<Uuid> = by_id.values().filter_map(|account| account.portfolio_id).collect();
    let batch = u32::try_from(wanted.len() + 1)?;
    let portfolios = floor.docs::<Portfolio>("portfolios");
    let found: Vec<Portfolio> = portfolios
        .find(in_ids("_id", wanted.into_iter().collect()))
        .batch_size(batch)
        .await?
        .try_collect()
        .await?;
    let portfolios: HashMap<Uuid, Portfolio> = found.into_iter().map(|found| (found.id, found)).collect();

    let mut of_person: HashMap<Uuid, Vec<(&Place, &Account)>> = HashMap::new();
    for place in &visible {
        let Some(account) = by_id.get(&place.account_id) else { continue };
        of_person.entry(place.user_id).or_default().push((place, account));
    }
    let mut edges = Vec::with_capacity(page.len());
    for row in &page {
        let Some(person) = people.get(&row.user_id) else { continue };
        let mut places = of_person.remove(&row.user_id).unwrap_or_default();
        places.sort_by(|(_, a), (_, b)| (&a.name_key, a.id.bytes()).cmp(&(&b.name_key, b.id.bytes())));
        let mut memberships = Vec::with_capacity(places.len());
        for (place, account) in places {
            let portfolio = match account.portfolio_id.and_then(|id| portfolios.get(&id)) {
                Some(found) => Some(PortfolioRef { id: text_id("portfolio", found.id)?, name: &found.name }),
                None => None,
            };
            let account = AccountRef { id: text_id("account", account.id)?, name: &account.name, portfolio };
            memberships.push(Membership { role: &place.role, account });
        }
        let node = Node {
            id: text_id("user", person.id)?,
            email: &person.email,
            name: &person.name,
            mfa: Mfa { enabled: person.mfa.is_some() },
            memberships,
        };
        edges.push(Edge { role: &row.role, node });
    }
    let end_cursor = match page.last() {
        Some(row) => {
            let place = serde_json::json!([1, "au", ["n", row.name_key, text_id("user", row.user_id)?]]);
            Some(URL_SAFE_NO_PAD.encode(place.to_string()))
        }
        None => None,
    };
    let page_info = PageInfo { has_next_page, end_cursor };
    let users = Users { total_count: account.member_count, edges, page_info };
    let answer = Answer { data: Data { account: Tab { name: &account.name, users } } };
    Ok(serde_json::to_vec(&answer)?)
}
