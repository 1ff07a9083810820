//! `mfaResetChanged`: resets as they happen, for whoever may list them, and for nobody else.

use std::time::Duration;

use latchkey::domain::{AccountRole, PortfolioRole};
use mongodb::bson::doc;
use serde_json::{Value, json};

use crate::harness::{self, Event, Socket, TestApp};
use crate::main_job::{accept, reset};

const BY_ACCOUNT: &str =
    "subscription($id: ID) { mfaResetChanged(accountId: $id) { id state delivery user { email } } }";
const BY_PORTFOLIO: &str = "subscription($id: ID) { mfaResetChanged(portfolioId: $id) { state } }";

async fn socket_of(app: &TestApp, person: &harness::Person) -> Socket {
    Socket::signed_in(&app.ws_url(), &app.session_token(person).await).await
}

/// Waits until a subscription stands: nothing tells a client so, but an event does. The reset that is touched for it is
/// not changed in any way that can be seen.
async fn until_it_stands(app: &TestApp, socket: &mut Socket) -> Value {
    for round in 0..100 {
        let touch = doc! { "$set": { "touched": round } };
        app.update("mfa_resets", doc! { "state": "PENDING", "_id": { "$exists": true } }, touch).await;
        match socket.next_within(Duration::from_millis(100)).await {
            None => {}
            Some(Event::Message(value)) if value["type"] == "next" => {
                return value["payload"]["data"].clone();
            }
            Some(other) => panic!("{other:?}"),
        }
    }
    panic!("the subscription gives nothing");
}

fn code(event: &Event) -> String {
    let Event::Message(value) = event else { panic!("{event:?}") };
    let payload = &value["payload"];
    let error = if payload.is_array() { &payload[0] } else { &payload["errors"][0] };
    error["extensions"]["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_of_a_reset_reaches_whoever_watches() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let account = app.account_in("Acme", Some(portfolio)).await;
        let owner = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let head = app.person("Hans").with_mfa().in_portfolio(portfolio, PortfolioRole::Admin).create().await;
        let analyst = app.person("Anna").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        let mut by_account = socket_of(app, &owner).await;
        by_account.subscribe("a", BY_ACCOUNT, json!({ "id": account.to_string() })).await;
        let mut by_portfolio = socket_of(app, &head).await;
        by_portfolio.subscribe("p", BY_PORTFOLIO, json!({ "id": portfolio.to_string() })).await;
        reset(&app.client_of(&owner).await, &analyst).await;
        let seen = until_it_stands(app, &mut by_account).await;
        assert_eq!(seen["mfaResetChanged"]["state"], "PENDING");
        assert_eq!(seen["mfaResetChanged"]["user"]["email"], analyst.email.as_str());
        let seen = until_it_stands(app, &mut by_portfolio).await;
        assert_eq!(seen["mfaResetChanged"]["state"], "PENDING");

        let token = app.reset_token(&analyst).await;
        loop {
            let seen = by_account.next_data().await;
            if seen["mfaResetChanged"]["delivery"] == "SENT" {
                break;
            }
        }
        accept(&app.client(), &token).await;
        loop {
            let seen = by_account.next_data().await;
            if seen["mfaResetChanged"]["state"] == "ACCEPTED" {
                break;
            }
        }
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_list_resets_may_not_watch_them() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let manager = app.person("Max").with_mfa().in_account(account, AccountRole::Manager).create().await;
        let stranger = app.person("Sven").with_mfa().create().await;
        for (person, expected) in [(&manager, "FORBIDDEN"), (&stranger, "NOT_FOUND")] {
            let mut socket = socket_of(app, person).await;
            socket.subscribe("a", BY_ACCOUNT, json!({ "id": account.to_string() })).await;
            assert_eq!(code(&socket.next().await), expected);
        }
        let mut anybody = Socket::open(&app.ws_url()).await;
        anybody.init(json!({})).await;
        anybody.next().await;
        anybody.subscribe("a", BY_ACCOUNT, json!({ "id": account.to_string() })).await;
        assert_eq!(code(&anybody.next().await), "UNAUTHENTICATED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_taken_away_ends_the_stream() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let owner = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let admin = app.person("Adam").with_mfa().in_account(account, AccountRole::Admin).create().await;
        let analyst = app.person("Anna").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        let mut socket = socket_of(app, &admin).await;
        socket.subscribe("a", BY_ACCOUNT, json!({ "id": account.to_string() })).await;
        reset(&app.client_of(&owner).await, &analyst).await;
        until_it_stands(app, &mut socket).await;
        app.set_account_role(&admin, account, Some(AccountRole::Manager)).await;
        app.deliver().await;
        let end = loop {
            match socket.next().await {
                Event::Message(value) if value["payload"]["data"].is_object() => {}
                end => break end,
            }
        };
        assert_eq!(code(&end), "FORBIDDEN");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_ticks_as_often_as_asked() {
    harness::run(async |app| {
        let mut socket = Socket::open(&app.ws_url()).await;
        socket.init(json!({})).await;
        socket.next().await;
        socket.subscribe("t", "subscription { serverTime(count: 2) }", json!({})).await;
        socket.next_data().await;
        socket.next_data().await;
        assert_eq!(socket.next().await, Event::Message(json!({ "id": "t", "type": "complete" })));
    })
    .await;
}
