//! A directory of 100,000 people: every page of every list reads about a page of keys, at its start, deep in it and at its
//! end, and every total stops at its bound. What is measured is what MongoDB's profiler saw of the gateway's own commands.

mod seed;

use std::time::Duration;

use latchkey::config::{Config, Purpose};
use latchkey::domain::mfa_reset::RESET_TTL_MAX;
use latchkey::domain::{AuditEventId, MfaResetId, UserId};
use latchkey::graphql::connection::{List, cursor};
use latchkey::service::directory::security::AuditPlace;
use latchkey::service::directory::{PersonPlace, PlaceByName};
use serde_json::{Value, json};

use crate::directory::{Seen, profiled};
use crate::harness::{self, Client, TestApp};

use seed::{
    ACCEPTED, ACCOUNTS, Directory, EVENTS, EXPIRED, INVITATIONS, NAMESAKES, PEOPLE, RARE, WAITING, past,
};

/// People on a page.
const PAGE: usize = 20;
/// Keys, and documents, that a page may read: one more row than shown says whether more follows, and merged ranges begin
/// with a key each.
const READ_MOST: i64 = 3 * (PAGE as i64 + 1);
/// Where totals stop.
const BOUND: i64 = 10_000;

/// A list, as one client asks for it.
struct Asked<'a> {
    client: &'a Client,
    /// `account`, `portfolio` or `viewer`.
    root: &'static str,
    id: String,
    field: &'static str,
    /// Further arguments.
    narrowed: String,
    /// Where the rows are.
    collection: &'static str,
    /// Places inside the list.
    cursors: Vec<String>,
    /// How many there are, as its total says.
    total: i64,
    /// Keys that the total may read.
    counted: i64,
    /// Rows that a page may read beside its own: further places of somebody who is in very many.
    beside: i64,
}

struct Page {
    rows: usize,
    seen: Vec<Seen>,
}

impl Asked<'_> {
    async fn ask(&self, app: &TestApp, arguments: &str, fields: &str) -> (Value, Vec<Seen>) {
        let all: Vec<&str> =
            [arguments, &self.narrowed].into_iter().filter(|text| !text.is_empty()).collect();
        let all = if all.is_empty() { String::new() } else { format!("({})", all.join(", ")) };
        let field = format!("{}{all} {{ {fields} }}", self.field);
        let (query, pointer) = match self.root {
            "viewer" => (format!("{{ viewer {{ {field} }} }}"), format!("/viewer/{}", self.field)),
            root => (
                format!("query($id: ID!) {{ {root}(id: $id) {{ {field} }} }}"),
                format!("/{root}/{}", self.field),
            ),
        };
        let variables = if self.root == "viewer" { json!({}) } else { json!({ "id": self.id }) };
        let (reply, seen) = profiled(app, self.client.send(&query, variables)).await;
        (reply.data(&pointer).clone(), seen)
    }

    async fn page(&self, app: &TestApp, arguments: &str) -> Page {
        let (found, seen) = self.ask(app, arguments, "edges { cursor } pageInfo { hasNextPage }").await;
        Page { rows: found["edges"].as_array().unwrap().len(), seen }
    }

    fn read(&self, seen: &[Seen]) -> (i64, i64) {
        let ours = seen.iter().filter(|command| command.collection == self.collection);
        ours.fold((0, 0), |(keys, docs), command| (keys + command.keys, docs + command.docs))
    }

    /// What breaks the rules, in words.
    async fn broken(&self, app: &TestApp) -> Vec<String> {
        let mut broken = Vec::new();
        let full = usize::try_from(self.total).unwrap().min(PAGE);
        let mut pages = vec![(format!("first: {PAGE}"), full), (format!("last: {PAGE}"), full)];
        for cursor in &self.cursors {
            pages.push((format!("first: {PAGE}, after: \"{cursor}\""), PAGE));
            pages.push((format!("last: {PAGE}, before: \"{cursor}\""), PAGE));
        }
        for (arguments, rows) in pages {
            let page = self.page(app, &arguments).await;
            let (keys, docs) = self.read(&page.seen);
            let mut say = |what: String| {
                broken.push(format!("{}.{}({arguments}, {}): {what}", self.root, self.field, self.narrowed));
            };
            if page.rows != rows {
                say(format!("{} rows instead of {rows}", page.rows));
            }
            let most = READ_MOST + self.beside;
            if keys > most || docs > most {
                say(format!("{keys} keys, {docs} documents"));
            }
            for command in page.seen.iter().filter(|c| c.sorted || c.plan.contains("COLLSCAN")) {
                say(format!("{command:?}"));
            }
        }
        let (found, seen) = self.ask(app, "", "totalCount").await;
        let (keys, docs) = self.read(&seen);
        let total = found["totalCount"].as_i64().unwrap();
        if total != self.total || keys > self.counted || docs > self.counted {
            let what = format!("total {total} instead of {}: {keys} keys, {docs} documents", self.total);
            broken.push(format!("{}.{}({}): {what}", self.root, self.field, self.narrowed));
        }
        broken
    }
}

fn people(list: List, of: &Directory) -> Vec<String> {
    let namesake = PersonPlace::Name("alex smith".to_owned(), of.namesake);
    let between = PersonPlace::Name("gustav dahl 4".to_owned(), UserId::from_uuid(uuid::Uuid::nil()));
    vec![cursor(list, &namesake), cursor(list, &between)]
}

fn by_address(list: List, text: &str) -> String {
    cursor(list, &PersonPlace::Email(text.to_owned(), UserId::from_uuid(uuid::Uuid::nil())))
}

#[test]
fn no_reset_waits_longer_than_the_lists_of_resets_look_back() {
    let waiting = |text: &str| Config::from_vars(Purpose::Dev, [("LATCHKEY_MFA_RESET_TTL", text)]);
    assert_eq!(waiting("7d").unwrap().mfa_reset_ttl, RESET_TTL_MAX.unsigned_abs());
    assert!(waiting("169h").is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_of_a_directory_of_100_000_people_reads_a_page_of_keys() {
    harness::run(async |app| {
        let of = seed::directory(app).await;
        let clients = (app.client_of(&of.owner).await, app.client_of(&of.consultant).await);
        let single = app.client_of(&of.single).await;
        let mut asked = users_tab(&of, &clients.0);
        asked.extend(manage_users(&of, &clients.0));
        asked.extend(security(app, &of, &clients.0));
        asked.extend(places(&of, &clients.0, &clients.1, &single));
        let mut broken = Vec::new();
        for list in &asked {
            broken.extend(list.broken(app).await);
        }
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    })
    .await;
}

fn users_tab<'a>(of: &Directory, client: &'a Client) -> Vec<Asked<'a>> {
    let everybody = i64::try_from(PEOPLE).unwrap() + 2;
    let list = |narrowed: &str, cursors: Vec<String>, all: i64| Asked {
        client,
        root: "account",
        id: of.account.to_string(),
        field: "users",
        narrowed: narrowed.to_owned(),
        collection: "account_members",
        cursors,
        total: all,
        counted: BOUND + 100,
        beside: 0,
    };
    let inside = || people(List::AccountUsers, of);
    let at = |text: &str| vec![by_address(List::AccountUsers, text)];
    let (managers, supporters, admins) = (2_000, 2_000, 10);
    vec![
        list("", inside(), everybody),
        list("roles: [ANALYST]", inside(), BOUND),
        list("roles: [MANAGER]", vec![], managers),
        list("roles: [ADMIN, OWNER]", vec![], admins + 1),
        list("roles: [MANAGER, ANALYST, SUPPORT]", inside(), BOUND),
        list("roles: [MANAGER, SUPPORT]", vec![], managers + supporters),
        list("mfaEnabled: true", inside(), BOUND),
        list("mfaEnabled: false", inside(), BOUND),
        // Either alone lets thousands through, both together two.
        list("roles: [SUPPORT], mfaEnabled: true", vec![], 2),
        list("roles: [MANAGER], mfaEnabled: false", vec![], 0),
        list("roles: [MANAGER, ANALYST], mfaEnabled: true", inside(), BOUND),
        // Names first, then whoever has only an address that begins so.
        list("search: \"al\"", inside()[..1].to_vec(), BOUND),
        list("search: \"al\"", at("al50000@giant.test"), BOUND),
        list("search: \"alma\"", vec![], 6_667),
        list("search: \"alex smith\"", inside()[..1].to_vec(), i64::try_from(NAMESAKES).unwrap()),
        // Names and addresses that begin alike are not read twice.
        list("search: \"clara.\"", vec![], 0),
        list("search: \"lena\", mfaEnabled: true", vec![], 3_001),
        list("search: \"al5\"", vec![], 3_707),
        list("search: \"al\", roles: [SUPPORT]", vec![], 1_000),
        list("search: \"al\", roles: [MANAGER, ADMIN]", vec![], 669),
        list("search: \"al\", roles: [SUPPORT], mfaEnabled: true", vec![], 1),
        list("search: \"al\", mfaEnabled: false", at("al50000@giant.test"), BOUND),
        list("search: \"nobody\"", vec![], 0),
    ]
}

fn manage_users<'a>(of: &Directory, client: &'a Client) -> Vec<Asked<'a>> {
    let list = |field: &'static str, narrowed: &str, cursors: Vec<String>, all: i64| Asked {
        client,
        root: "portfolio",
        id: of.portfolio.to_string(),
        field,
        narrowed: narrowed.to_owned(),
        collection: if field == "users" { "portfolio_members" } else { "account_members" },
        cursors,
        total: all,
        counted: BOUND + 100,
        // Whoever is in every account ends these lists.
        beside: if field == "accountUsers" && narrowed.is_empty() || narrowed == "mfaEnabled: false" {
            i64::try_from(ACCOUNTS).unwrap()
        } else {
            0
        },
    };
    let inside = || people(List::PortfolioAccountUsers, of);
    let at = |text: &str| vec![by_address(List::PortfolioAccountUsers, text)];
    vec![
        list("accountUsers", "", inside(), 9_802),
        list("accountUsers", "mfaEnabled: true", inside(), 9_800),
        list("accountUsers", "mfaEnabled: false", inside(), 9_804),
        list("accountUsers", "search: \"al\"", inside()[..1].to_vec(), 9_802),
        list("accountUsers", "search: \"al\"", at("al50000@giant.test"), 9_802),
        list("accountUsers", "search: \"al\", mfaEnabled: true", at("al50000@giant.test"), 9_761),
        list("accountUsers", "search: \"clara.\"", vec![], 0),
        list("users", "", vec![], 5_001),
        list("users", "roles: [MANAGER]", vec![], 100),
        list("users", "roles: [MANAGER, OWNER]", vec![], 101),
        list("users", "search: \"al\"", vec![], 2_166),
        list("users", "search: \"al\", roles: [MANAGER]", vec![], 33),
    ]
}

/// Resets, invitations and logs.
fn security<'a>(app: &TestApp, of: &Directory, client: &'a Client) -> Vec<Asked<'a>> {
    let now = app.now();
    let day = Duration::from_secs(24 * 3600);
    let old = vec![cursor(List::MfaResets, &MfaResetId::from_uuid(past(now - 30 * day - day / 96)))];
    let recent = vec![cursor(List::MfaResets, &MfaResetId::from_uuid(past(now - 2 * day - day / 20)))];
    let logged = vec![cursor(
        List::AuditLog,
        &AuditPlace(now - day / 20, AuditEventId::from_uuid(past(now - day / 20))),
    )];
    let count = |count: usize| i64::try_from(count).unwrap();
    let mut asked = Vec::new();
    for (root, id) in [("account", of.account.to_string()), ("portfolio", of.portfolio.to_string())] {
        let list = |field, collection, narrowed: &str, cursors: &[String], total: i64| Asked {
            client,
            root,
            id: id.clone(),
            field,
            narrowed: narrowed.to_owned(),
            collection,
            cursors: cursors.to_vec(),
            total: total.min(BOUND),
            counted: BOUND + 100,
            beside: 0,
        };
        let resets = |states: &str, cursors: &[String], total| {
            let states = if states.is_empty() { String::new() } else { format!("states: [{states}]") };
            list("mfaResets", "mfa_resets", &states, cursors, count(total))
        };
        asked.extend([
            resets("", &recent, EXPIRED + ACCEPTED + WAITING),
            resets("PENDING", &[], WAITING),
            resets("EXPIRED", &old, EXPIRED),
            resets("ACCEPTED", &recent, ACCEPTED),
            resets("PENDING, EXPIRED", &old, EXPIRED + WAITING),
            resets("ACCEPTED, DECLINED, PENDING", &recent, ACCEPTED + WAITING),
            resets("DECLINED, CANCELLED", &[], 0),
            list("auditLog", "audit_events", "", &logged, count(EVENTS + 2 * RARE)),
            list("auditLog", "audit_events", "actions: [LOGGED_IN]", &logged, count(EVENTS)),
            list("auditLog", "audit_events", "actions: [ACCOUNT_CREATED]", &[], count(RARE)),
            list(
                "auditLog",
                "audit_events",
                "actions: [ACCOUNT_CREATED, LOGGED_IN]",
                &logged,
                count(EVENTS + RARE),
            ),
            list(
                "auditLog",
                "audit_events",
                "actions: [ACCOUNT_CREATED, ACCOUNT_OWNERSHIP_TRANSFERRED]",
                &[],
                count(2 * RARE),
            ),
        ]);
    }
    let total = count(INVITATIONS);
    asked.push(Asked {
        client,
        root: "account",
        id: of.account.to_string(),
        field: "invitations",
        narrowed: String::new(),
        collection: "invitations",
        cursors: vec![],
        total,
        counted: BOUND,
        beside: 0,
    });
    asked
}

/// Accounts: those that a portfolio links, and one's own.
fn places<'a>(
    of: &Directory,
    owner: &'a Client,
    consultant: &'a Client,
    single: &'a Client,
) -> Vec<Asked<'a>> {
    let linked = i64::try_from(ACCOUNTS).unwrap();
    let own = |client: &'a Client, total: i64| Asked {
        client,
        root: "viewer",
        id: String::new(),
        field: "accounts",
        narrowed: String::new(),
        collection: "accounts",
        cursors: vec![],
        total,
        // The list itself: its total is kept.
        counted: if total == 1 { 1 } else { linked },
        beside: 0,
    };
    let of_portfolio = |client: &'a Client, total: i64| Asked {
        root: "portfolio",
        id: of.portfolio.to_string(),
        ..own(client, total)
    };
    let place = PlaceByName("small 050".to_owned(), of.account);
    let inside = vec![cursor(List::PortfolioAccounts, &place)];
    vec![
        Asked { cursors: inside, ..of_portfolio(owner, linked) },
        of_portfolio(single, 1),
        own(owner, 1),
        own(single, 1),
        // All of one's own are read, since each name stands with its account.
        Asked { beside: linked, ..own(consultant, linked) },
    ]
}
