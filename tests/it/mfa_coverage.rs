//! How many people have MFA: now, and day by day.

use std::time::Duration;

use latchkey::domain::{AccountId, AccountRole, CoverageCount, PortfolioRole, Scope};
use latchkey::store::mfa_coverage::Progress;
use serde_json::{Value, json};
use time::Date;

use crate::directory::{Crowd, crowd, profiled};
use crate::enrollment::enroll;
use crate::harness::{self, Client, Options, TestApp};

const DAY: Duration = Duration::from_secs(24 * 3600);

const OF_ACCOUNT: &str = "query($id: ID!, $days: Int!) { account(id: $id) { mfaCoverage(days: $days) {
    current { members withMfa countedAt } history { day members withMfa } } } }";
const OF_PORTFOLIO: &str = "query($id: ID!) { portfolio(id: $id) { mfaCoverage { current { members withMfa }
    history { members withMfa } } } }";

async fn of_account(client: &Client, account: AccountId, days: i32) -> Value {
    let reply = client.send(OF_ACCOUNT, json!({ "id": account.to_string(), "days": days })).await;
    reply.data("/account/mfaCoverage").clone()
}

/// The daily count, whole.
async fn count(app: &TestApp) {
    let day = app.services.record_mfa_coverage("test").await.unwrap();
    assert_eq!(day, Some(app.now().date()));
}

fn numbers(point: &Value) -> (i64, i64) {
    (point["members"].as_i64().unwrap(), point["withMfa"].as_i64().unwrap())
}

fn history(coverage: &Value) -> Vec<(i64, i64)> {
    coverage["history"].as_array().unwrap().iter().map(numbers).collect()
}

/// The days that are stored for an account, with what was counted.
async fn stored(app: &TestApp, account: AccountId) -> Vec<(Date, CoverageCount)> {
    let scope = Scope::Account(account);
    let points = app.store.mfa_coverage.points(&[scope]).await.unwrap().remove(&scope).unwrap_or_default();
    points.into_iter().map(|point| (point.day, point.count)).collect()
}

fn counted(members: u64, with_mfa: u64) -> CoverageCount {
    CoverageCount { members, with_mfa }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_current_count_follows_joining_enrolling_and_switching_off() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let owner = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let pia = app.person("Pia").in_account(account, AccountRole::Analyst).create().await;
        let (owner, pia) = (app.client_of(&owner).await, app.client_of(&pia).await);
        assert_eq!(numbers(&of_account(&owner, account, 1).await["current"]), (2, 1));

        let (_, enrolled) = enroll(app, &pia).await;
        assert_eq!(numbers(&of_account(&owner, account, 1).await["current"]), (2, 2));
        app.person("Ada").in_account(account, AccountRole::Analyst).create().await;
        assert_eq!(numbers(&of_account(&owner, account, 1).await["current"]), (3, 2));

        let code = enrolled.text("/confirmTotpEnrollment/backupCodes/0");
        let disable = "mutation($c: String!) { disableMfa(input: { code: $c }) { __typename } }";
        let done = pia.send(disable, json!({ "c": code })).await;
        assert_eq!(done.text("/disableMfa/__typename"), "MfaDisabled");
        let coverage = of_account(&owner, account, 1).await;
        assert_eq!(numbers(&coverage["current"]), (3, 1));
        assert!(history(&coverage).is_empty(), "nothing was counted for a day yet");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_has_one_point_and_a_day_without_a_change_none_of_its_own() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let owner = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let first = app.now().date();
        count(app).await;
        // Whoever comes later on the same day belongs to the next day's point.
        app.person("Pia").in_account(account, AccountRole::Analyst).create().await;
        count(app).await;
        app.advance(DAY);
        count(app).await;
        app.advance(DAY);
        count(app).await;
        // Two days on which no gateway ran.
        app.advance(3 * DAY);
        app.person("Pim").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        count(app).await;

        let (second, last) = (first.next_day().unwrap(), app.now().date());
        let points = [(first, counted(1, 1)), (second, counted(2, 1)), (last, counted(3, 2))];
        assert_eq!(stored(app, account).await, points);
        let client = app.client_of(&owner).await;
        let coverage = of_account(&client, account, 366).await;
        assert_eq!(history(&coverage), [(1, 1), (2, 1), (2, 1), (2, 1), (2, 1), (3, 2)]);
        assert_eq!(coverage["history"][0]["day"], format!("{first}T00:00:00Z"));
        assert_eq!(coverage["history"][5]["day"], format!("{last}T00:00:00Z"));
        assert_eq!(history(&of_account(&client, account, 2).await), [(2, 1), (3, 2)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_day_writes_nothing_to_the_history() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
        count(app).await;
        app.advance(DAY);
        let ((), seen) = profiled(app, count(app)).await;
        let written =
            seen.iter().filter(|seen| seen.collection == "mfa_coverage" && seen.command == "update");
        assert_eq!(written.count(), 0, "{seen:#?}");
        assert!(seen.iter().all(|seen| !seen.plan.contains("COLLSCAN")), "{seen:#?}");
        assert!(seen.iter().all(|s| s.collection != "account_members" || s.docs == 0), "{seen:#?}");
        // Counted is counted: a further look the same day costs one read.
        let ((), seen) = profiled(app, count(app)).await;
        assert_eq!(seen.len(), 1, "{seen:#?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portfolio_counts_its_own_people_and_those_of_its_accounts_once_each() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let (one, two) =
            (app.account_in("One", Some(portfolio)).await, app.account_in("Two", Some(portfolio)).await);
        let elsewhere = app.account("Elsewhere").await;
        let boss = app.person("Petra").in_portfolio(portfolio, PortfolioRole::Owner);
        let boss = boss.in_account(one, AccountRole::Owner).create().await;
        let both = app.person("Mina").with_mfa().in_account(one, AccountRole::Analyst);
        both.in_account(two, AccountRole::Owner).create().await;
        app.person("Ada").with_mfa().in_portfolio(portfolio, PortfolioRole::Admin).create().await;
        app.person("Eve").with_mfa().in_account(elsewhere, AccountRole::Owner).create().await;
        count(app).await;

        let client = app.client_of(&boss).await;
        let (reply, seen) =
            profiled(app, client.send(OF_PORTFOLIO, json!({ "id": portfolio.to_string() }))).await;
        let coverage = reply.data("/portfolio/mfaCoverage");
        assert_eq!(numbers(&coverage["current"]), (3, 2));
        assert_eq!(history(coverage), [(3, 2)]);
        assert!(seen.iter().all(|seen| !seen.plan.contains("COLLSCAN")), "{seen:#?}");
        // Not the look at the asker's own places, and at what they enforce.
        let counting =
            seen.iter().filter(|seen| seen.command == "aggregate" && !seen.plan.contains("{ user_id:"));
        assert_eq!(counting.map(|seen| seen.docs).sum::<i64>(), 0, "only indexes are read: {seen:#?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_days_that_is_no_history_is_refused_by_name() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let owner = app.person("Olga").in_account(account, AccountRole::Owner).create().await;
        let client = app.client_of(&owner).await;
        for days in [0, -1, 367] {
            let reply = client.send(OF_ACCOUNT, json!({ "id": account.to_string(), "days": days })).await;
            assert_eq!(reply.code(), "BAD_USER_INPUT");
            assert_eq!(reply.body["errors"][0]["message"], "days: expected a number of days from 1 to 366");
            assert_eq!(reply.body["errors"][0]["path"], json!(["account", "mfaCoverage"]));
            assert_eq!(reply.at("/account/mfaCoverage"), &Value::Null);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_count_of_many_people_is_made_once_a_minute_and_only_by_the_index() {
    harness::run(async |app| {
        let account = app.account("Large").await;
        let owner = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let names = (0..2000).map(|i| format!("Person {i:04}")).collect();
        crowd(app, Crowd { accounts: &[(account, None)], names, role: AccountRole::Analyst }).await;
        let client = app.client_of(&owner).await;
        let asked = async || {
            let (coverage, seen) = profiled(app, of_account(&client, account, 90)).await;
            // Not the look at the asker's own places, and at what they enforce.
            let counting =
                seen.iter().filter(|seen| seen.command == "aggregate" && !seen.plan.contains("{ user_id:"));
            let (keys, docs) = counting.fold((0, 0), |(keys, docs), s| (keys + s.keys, docs + s.docs));
            (numbers(&coverage["current"]), coverage["current"]["countedAt"].clone(), keys, docs)
        };
        let (numbers, at, keys, docs) = asked().await;
        assert_eq!((numbers, docs), ((2001, 1), 0));
        assert!((2001..=2005).contains(&keys), "{keys}");

        app.person("Pia").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        app.advance(Duration::from_secs(59));
        assert_eq!(asked().await, ((2001, 1), at.clone(), 0, 0));
        app.advance(Duration::from_secs(1));
        let (numbers, later, _, _) = asked().await;
        assert_eq!(numbers, (2002, 2));
        assert_ne!(at, later);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_coverage_of_many_accounts_costs_no_more_commands_than_that_of_few() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let boss = app.person("Petra").in_portfolio(portfolio, PortfolioRole::Owner).create().await;
        for number in 0..20 {
            let account = app.account_in(&format!("Account {number}"), Some(portfolio)).await;
            app.join_account(&boss, account, AccountRole::Owner).await;
        }
        count(app).await;
        let client = app.client_of(&boss).await;
        let query = "query($id: ID!, $n: Int!) { portfolio(id: $id) { accounts(first: $n) { edges { node {
            mfaCoverage { current { members withMfa } history { members } } } } } } }";
        let mut costs = Vec::new();
        for n in [2, 20] {
            let variables = json!({ "id": portfolio.to_string(), "n": n });
            let (reply, seen) = profiled(app, client.send(query, variables)).await;
            let edges = reply.data("/portfolio/accounts/edges").as_array().unwrap();
            assert_eq!(edges.len(), usize::try_from(n).unwrap());
            for edge in edges {
                assert_eq!(numbers(&edge["node"]["mfaCoverage"]["current"]), (1, 0));
                assert_eq!(edge["node"]["mfaCoverage"]["history"], json!([{ "members": 1 }]));
            }
            costs.push(seen.len());
        }
        assert_eq!(costs[0], costs[1]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_owners_and_admins_list_a_portfolios_people_by_mfa() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let boss =
            app.person("Petra").with_mfa().in_portfolio(portfolio, PortfolioRole::Owner).create().await;
        let analyst = app.person("Ada").in_portfolio(portfolio, PortfolioRole::Analyst).create().await;
        let query = "query($id: ID!, $mfa: Boolean!) { portfolio(id: $id) { users(mfaEnabled: $mfa) {
            totalCount edges { node { name } } } } }";
        let ask = async |client: &Client, mfa: bool| {
            client.send(query, json!({ "id": portfolio.to_string(), "mfa": mfa })).await
        };
        let client = app.client_of(&boss).await;
        for (mfa, name) in [(true, "Petra"), (false, "Ada")] {
            let reply = ask(&client, mfa).await;
            let found = json!({ "totalCount": 1, "edges": [{ "node": { "name": name } }] });
            assert_eq!(reply.data("/portfolio/users"), &found);
        }
        let refused = ask(&app.client_of(&analyst).await, false).await;
        assert_eq!(refused.code(), "FORBIDDEN");
        assert_eq!(refused.at("/portfolio/users"), &Value::Null);
    })
    .await;
}

// -- who counts ---------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_count_at_once_leave_one_point() {
    harness::run(async |app| {
        let mut accounts = Vec::new();
        for number in 0..5 {
            let account = app.account(&format!("Account {number}")).await;
            app.person(&format!("Owner {number}")).in_account(account, AccountRole::Owner).create().await;
            accounts.push(account);
        }
        let count = |holder: &'static str| app.services.record_mfa_coverage(holder);
        let said = tokio::join!(count("a"), count("b"), count("c"), count("d"));
        let days = [said.0, said.1, said.2, said.3].map(|day| day.unwrap());
        assert!(days.contains(&Some(app.now().date())), "{days:?}");
        for account in accounts {
            assert_eq!(stored(app, account).await, [(app.now().date(), counted(1, 0))]);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_over_a_count_goes_on_where_it_stopped() {
    harness::run(async |app| {
        let (first, second) = (app.account("First").await, app.account("Second").await);
        for (name, account) in [("Olga", first), ("Otto", second)] {
            app.person(name).in_account(account, AccountRole::Owner).create().await;
        }
        // Noon, so that the day does not end meanwhile.
        app.clock.set(app.now().replace_time(time::macros::time!(12:00)));
        // A holder that died behind the first account.
        let (now, today) = (app.now(), app.now().date());
        let length = time::Duration::minutes(10);
        let dead = app.store.leases.acquire("mfa_coverage", "dead", now, length).await.unwrap().unwrap();
        let behind = Progress::Accounts(Some(first));
        assert!(app.store.mfa_coverage.claim_progress(dead.fence, today, behind).await.unwrap());

        assert_eq!(app.services.record_mfa_coverage("next").await.unwrap(), None, "somebody holds the lease");
        assert!(stored(app, second).await.is_empty());
        app.advance(Duration::from_secs(599));
        assert_eq!(app.services.record_mfa_coverage("next").await.unwrap(), None);
        app.advance(Duration::from_secs(1));
        count(app).await;
        assert!(stored(app, first).await.is_empty(), "the dead holder had counted it");
        assert_eq!(stored(app, second).await, [(today, counted(1, 0))]);

        // The dead holder was only slow: what it says now does not count.
        let coverage = &app.store.mfa_coverage;
        assert!(!app.store.leases.renew(&dead, app.now(), length).await.unwrap());
        assert!(!coverage.claim_progress(dead.fence, today, Progress::Accounts(None)).await.unwrap());
        assert_eq!(coverage.progress(app.now().date()).await.unwrap(), Progress::Done);
        let scope = Scope::Account(second);
        coverage.record(today, &[(scope, counted(9, 9))]).await.unwrap();
        coverage.record(today.previous_day().unwrap(), &[(scope, counted(9, 9))]).await.unwrap();
        assert_eq!(stored(app, second).await, [(today, counted(1, 0))], "a day's point stands");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_keeps_a_year_and_a_day_to_carry_into_it() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let today = app.now().date();
        let scope = Scope::Account(account);
        for back in (0..370).rev() {
            let day = today - time::Duration::days(back);
            app.store
                .mfa_coverage
                .record(day, &[(scope, counted(1000 - back.unsigned_abs(), 0))])
                .await
                .unwrap();
        }
        let points = stored(app, account).await;
        assert_eq!(points.len(), 367);
        assert_eq!(points.last(), Some(&(today, counted(1000, 0))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_gateway_counts_by_itself() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        app.person("Olga").in_account(account, AccountRole::Owner).create().await;
        let running = app.replica(Options { mail_runs: true, ..Options::default() }).await;
        let end = std::time::Instant::now() + Duration::from_secs(30);
        while app.store.mfa_coverage.progress(app.now().date()).await.unwrap() != Progress::Done {
            assert!(std::time::Instant::now() < end, "not within half a minute");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(stored(app, account).await, [(app.now().date(), counted(1, 0))]);
        running.stop();
    })
    .await;
}
