//! Narrowing a log by actor, target, action and time: what comes, in which order, at what cost.

use latchkey::domain::{AccountId, AccountRole, AuditAction, AuditEvent, PortfolioRole, Scope, UserId};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{event, people};
use crate::directory::profiled;
use crate::harness::{self, Client, TestApp};

const LOG: &str = "query($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $actions: [AuditAction!],
    $actorId: ID, $targetId: ID, $since: DateTime, $until: DateTime) { account(id: $id) { auditLog(first: $first,
    after: $after, last: $last, before: $before, actions: $actions, actorId: $actorId, targetId: $targetId,
    since: $since, until: $until) { totalCount edges { node { id } } pageInfo { hasNextPage hasPreviousPage
    startCursor endCursor } } } }";

const ACTIONS: [AuditAction; 4] = [
    AuditAction::LoggedIn,
    AuditAction::LogInRefused,
    AuditAction::MfaResetRequested,
    AuditAction::AccessDenied,
];

struct World {
    account: AccountId,
    client: Client,
    people: Vec<UserId>,
    events: Vec<AuditEvent>,
}

fn time_of(event: &AuditEvent) -> String {
    event.at.format(&Rfc3339).unwrap()
}

fn moment(narrowed: &Value, name: &str) -> Option<OffsetDateTime> {
    narrowed[name].as_str().map(|text| OffsetDateTime::parse(text, &Rfc3339).unwrap())
}

/// A log of events three in each millisecond, by three people, about three, of four actions.
async fn world(app: &TestApp, count: usize) -> World {
    let account = app.account("Acme").await;
    let admin = app.person("Zoe Admin").in_account(account, AccountRole::Admin).create().await;
    let people = people(app, 3);
    let start = app.now();
    let events: Vec<_> = (0..count)
        .map(|i| AuditEvent {
            actor_id: (i % 5 != 0).then(|| people[i % 3]),
            target_id: (i % 7 != 0).then(|| people[(i / 3) % 3]),
            ..event(
                Scope::Account(account),
                start + time::Duration::milliseconds((i / 3) as i64),
                ACTIONS[(i * i + i / 4) % 4],
            )
        })
        .collect();
    app.store.audit_events.insert_alone(&events).await.unwrap();
    // Another account's log must not show through.
    let elsewhere = Scope::Account(app.account("Elsewhere").await);
    let others: Vec<_> = events
        .iter()
        .map(|of| AuditEvent { actor_id: of.actor_id, ..event(elsewhere, of.at, of.action) })
        .collect();
    app.store.audit_events.insert_alone(&others).await.unwrap();
    World { account, client: app.client_of(&admin).await, people, events }
}

impl World {
    fn narrowings(&self) -> Vec<Value> {
        let (from, to) = (time_of(&self.events[20]), time_of(&self.events[80]));
        vec![
            json!({}),
            json!({ "actions": ["LOGGED_IN"] }),
            json!({ "actions": ["LOGGED_IN", "ACCESS_DENIED", "MFA_RESET_REQUESTED"] }),
            json!({ "actorId": self.people[0].to_string() }),
            json!({ "targetId": self.people[1].to_string() }),
            json!({ "since": from }),
            json!({ "until": to }),
            json!({ "since": from, "until": to }),
            json!({ "since": from, "until": from }),
            json!({ "actorId": self.people[0].to_string(), "targetId": self.people[1].to_string() }),
            json!({ "actorId": self.people[2].to_string(), "actions": ["LOG_IN_REFUSED", "LOGGED_IN"], "since": from }),
            json!({ "targetId": self.people[2].to_string(), "actions": ["LOGGED_IN"], "until": to }),
            json!({ "actorId": self.people[0].to_string(), "targetId": self.people[0].to_string(),
                "actions": ["LOGGED_IN", "LOG_IN_REFUSED", "ACCESS_DENIED"], "since": from, "until": to }),
        ]
    }

    /// What should come, newest first, worked out from the events themselves.
    fn expected(&self, narrowed: &Value) -> Vec<String> {
        let given = |name: &str, is: Option<UserId>| {
            narrowed[name].as_str().is_none_or(|wanted| is.is_some_and(|is| is.to_string() == wanted))
        };
        let mut events: Vec<_> = self
            .events
            .iter()
            .filter(|event| {
                narrowed["actions"]
                    .as_array()
                    .is_none_or(|all| all.iter().any(|a| a == event.action.as_str()))
            })
            .filter(|event| given("actorId", event.actor_id) && given("targetId", event.target_id))
            .filter(|event| moment(narrowed, "since").is_none_or(|since| event.at >= since))
            .filter(|event| moment(narrowed, "until").is_none_or(|until| event.at < until))
            .collect();
        events.sort_by_key(|event| std::cmp::Reverse((event.at, event.id)));
        events.iter().map(|event| event.id.to_string()).collect()
    }

    async fn page(&self, narrowed: &Value, more: Value) -> Value {
        let mut variables = narrowed.clone();
        variables["id"] = json!(self.account.to_string());
        variables.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.client.send(LOG, variables).await.data("/account/auditLog").clone()
    }

    async fn walk(&self, narrowed: &Value, backward: bool) -> Vec<String> {
        let (mut pages, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let (count, from) = if backward { ("last", "before") } else { ("first", "after") };
            let page = self.page(narrowed, json!({ count: 7, from: cursor })).await;
            pages.push(ids(&page));
            let (more, next) =
                if backward { ("hasPreviousPage", "startCursor") } else { ("hasNextPage", "endCursor") };
            if page["pageInfo"][more] == false {
                break;
            }
            cursor = page["pageInfo"][next].clone();
            assert!(pages.len() < 100, "the pages do not end");
        }
        if backward {
            pages.reverse();
        }
        pages.concat()
    }
}

fn ids(page: &Value) -> Vec<String> {
    let edges = page["edges"].as_array().unwrap();
    edges.iter().map(|edge| edge["node"]["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_narrowed_by_any_combination_shows_exactly_those_events_in_pages_of_either_direction() {
    harness::run(async |app| {
        let world = world(app, 120).await;
        for narrowed in world.narrowings() {
            let expected = world.expected(&narrowed);
            let all = world.page(&narrowed, json!({ "first": 100 })).await;
            assert_eq!(all["totalCount"], expected.len(), "{narrowed}");
            assert_eq!(world.walk(&narrowed, false).await, expected, "{narrowed}");
            assert_eq!(world.walk(&narrowed, true).await, expected, "{narrowed}");
        }
        let any = world.narrowings().iter().filter(|narrowed| !world.expected(narrowed).is_empty()).count();
        assert_eq!(any, world.narrowings().len() - 1, "all but the empty span find something");
    })
    .await;
}

#[tokio::test]
async fn a_log_says_which_argument_is_wrong() {
    harness::run(async |app| {
        let world = world(app, 9).await;
        let refused = async |narrowed: Value| {
            let mut variables = narrowed;
            variables["id"] = json!(world.account.to_string());
            let reply = world.client.send(LOG, variables).await;
            assert_eq!(reply.code(), "BAD_USER_INPUT", "{:#}", reply.body);
            let error = &reply.body["errors"][0];
            (error["extensions"]["field"].clone(), error["message"].as_str().unwrap().to_owned())
        };
        let account = world.account.to_string();
        let (field, message) = refused(json!({ "actorId": account })).await;
        assert_eq!(
            (field, message.as_str()),
            (json!("actorId"), "actorId: expected an id of the form user_…")
        );
        assert_eq!(refused(json!({ "targetId": "user_x" })).await.0, "targetId");
        let (field, message) =
            refused(json!({ "since": "2026-11-24T12:00:00Z", "until": "2026-11-24T11:59:59Z" })).await;
        assert_eq!(
            (field, message.as_str()),
            (json!("since"), "since: expected a time that is not after until")
        );
        // A cursor of a log is one of this list; what is none is named, too.
        assert_eq!(refused(json!({ "after": "x" })).await.0, "after");
    })
    .await;
}

#[tokio::test]
async fn asking_a_log_about_anybody_shows_nothing_but_the_log() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let account = app.account_in("Acme", Some(portfolio)).await;
        let elsewhere = app.account("Elsewhere").await;
        let admin = app.person("Zoe Admin").in_account(account, AccountRole::Admin).create().await;
        let analyst = app.person("Ada Analyst").in_account(account, AccountRole::Analyst).create().await;
        let hidden = app.person("Hugo Hidden").in_account(elsewhere, AccountRole::Owner).create().await;
        let boss = app.person("Petra Boss").in_portfolio(portfolio, PortfolioRole::Admin).create().await;
        let by_hidden = AuditEvent {
            actor_id: Some(hidden.id),
            ..event(Scope::Account(elsewhere), app.now(), AuditAction::LoggedIn)
        };
        app.store.audit_events.insert_alone(&[by_hidden]).await.unwrap();
        let ask = async |person: &crate::harness::Person, about: String| {
            let variables = json!({ "id": account.to_string(), "actorId": about });
            app.client_of(person).await.send(LOG, variables).await
        };
        // Somebody elsewhere and nobody at all look the same.
        let nobody = UserId::generate(app.now()).to_string();
        let (of_hidden, of_nobody) = (ask(&admin, hidden.gid()).await, ask(&admin, nobody).await);
        assert_eq!(of_hidden.data("/account/auditLog"), of_nobody.data("/account/auditLog"));
        assert_eq!(of_hidden.data("/account/auditLog/totalCount"), &json!(0));
        // The arguments do not widen who may ask.
        assert_eq!(ask(&analyst, analyst.gid()).await.code(), "FORBIDDEN");
        let log = "query($id: ID!, $who: ID!) { portfolio(id: $id) { auditLog(actorId: $who, targetId: $who) { totalCount } } }";
        let variables = json!({ "id": portfolio.to_string(), "who": hidden.gid() });
        let reply = app.client_of(&boss).await.send(log, variables.clone()).await;
        assert_eq!(reply.data("/portfolio/auditLog/totalCount"), &json!(0));
        assert_eq!(app.client_of(&admin).await.send(log, variables).await.code(), "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn a_page_of_a_narrowed_log_reads_no_more_keys_than_a_page() {
    harness::run(async |app| {
        let world = world(app, 6000).await;
        let middle = time_of(&world.events[3000]);
        let someone = world.people[1].to_string();
        let narrowed = [
            json!({}),
            json!({ "actions": ["LOGGED_IN"] }),
            json!({ "actions": ["LOGGED_IN", "LOG_IN_REFUSED", "MFA_RESET_REQUESTED", "ACCESS_DENIED", "ACCOUNT_CLOSED"] }),
            json!({ "actions": ["LOGGED_IN", "ACCESS_DENIED"], "until": middle }),
            json!({ "actions": ["LOGGED_IN", "ACCESS_DENIED"], "since": middle }),
            json!({ "actorId": someone }),
            json!({ "actorId": someone, "since": middle }),
            json!({ "targetId": someone, "until": middle }),
            json!({ "until": middle }),
            json!({ "since": middle }),
        ];
        for narrowed in &narrowed {
            let query = LOG.replace("totalCount ", "");
            let mut cursor = Value::Null;
            // The first page, and one further in.
            for _ in 0..2 {
                let mut variables = narrowed.clone();
                variables["id"] = json!(world.account.to_string());
                variables["first"] = json!(50);
                variables["after"] = cursor.clone();
                let (reply, seen) = profiled(app, world.client.send(&query, variables)).await;
                assert_eq!(ids(reply.data("/account/auditLog")).len(), 50, "{narrowed}");
                for command in seen.iter().filter(|seen| seen.collection == "audit_events") {
                    assert!(command.keys <= 70 && command.docs <= 60, "{narrowed}: {command:?}");
                }
                cursor = reply.data("/account/auditLog/pageInfo/endCursor").clone();
            }
        }
        // Both a person and actions: of the person's events only those that fit are read.
        let both = json!({ "actorId": someone, "targetId": someone, "actions": ["ACCESS_DENIED"], "first": 20,
            "id": world.account.to_string() });
        let (_, seen) = profiled(app, world.client.send(&LOG.replace("totalCount ", ""), both)).await;
        for command in seen.iter().filter(|seen| seen.collection == "audit_events") {
            assert!(command.docs <= 21, "{command:?}");
        }
    })
    .await;
}
