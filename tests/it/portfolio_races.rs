//! Commands on portfolios at the same time: whoever wins, one Owner, true counts and true copies are left.

use futures_util::future::join_all;
use latchkey::domain::key::EmailKey;
use latchkey::domain::{AccountId, AccountMembership, AccountRole, PortfolioRole, UserId};
use latchkey::store::account_members::NewMember;
use mongodb::bson::{Document, doc};

use crate::harness::{self, TestApp};
use crate::portfolios::{
    World, add, close, copies_are_true, outcome, remove, role, take_out, transfer, whole_portfolio, world,
};

#[tokio::test(flavor = "multi_thread")]
async fn of_two_transfers_at_once_one_wins() {
    harness::run(async |app| {
        let World { portfolio, owner, admin, analyst } = world(app).await;
        let (one, two) = (app.client_of(&owner).await, app.client_of(&owner).await);
        let said = tokio::join!(transfer(&one, portfolio, &admin), transfer(&two, portfolio, &analyst));
        let mut said = [outcome(&said.0), outcome(&said.1)];
        said.sort();
        assert_eq!(said, ["FORBIDDEN", "PortfolioOwnershipTransferred"]);
        let people = whole_portfolio(app, portfolio).await;
        assert!(people.contains(&(owner.id, "ADMIN".to_owned())), "{people:?}");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_against_removal_and_demotion_leaves_one_owner() {
    harness::run(async |app| {
        for _ in 0..3 {
            let World { portfolio, owner, admin, .. } = anew(app).await;
            let client = app.client_of(&owner).await;
            let (one, two, three) = tokio::join!(
                transfer(&client, portfolio, &admin),
                remove(&client, portfolio, &admin),
                role(&client, portfolio, &admin, "ANALYST"),
            );
            for reply in [one, two, three] {
                let said = outcome(&reply);
                assert!(said != "INTERNAL" && said != "UNAVAILABLE", "{said}");
            }
            whole_portfolio(app, portfolio).await;
        }
        app.deliver().await;
    })
    .await;
}

/// The same as [`world`], as often as wanted.
async fn anew(app: &TestApp) -> World {
    let portfolio = app.portfolio("Group").await;
    let name = |who: &str| format!("{who} {}", uuid::Uuid::now_v7().simple());
    let owner = app.person(&name("P")).in_portfolio(portfolio, PortfolioRole::Owner).create().await;
    let admin = app.person(&name("A")).in_portfolio(portfolio, PortfolioRole::Admin).create().await;
    let analyst = app.person(&name("N")).in_portfolio(portfolio, PortfolioRole::Analyst).create().await;
    World { portfolio, owner, admin, analyst }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_two_portfolios_want_gets_into_one() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let person = app.person("Olga").in_account(account, AccountRole::Owner).create().await;
        let mut portfolios = Vec::new();
        for name in ["One", "Two", "Three"] {
            let portfolio = app.portfolio(name).await;
            app.join_portfolio(&person, portfolio, PortfolioRole::Owner).await;
            portfolios.push(portfolio);
        }
        let client = app.client_of(&person).await;
        let said = join_all(portfolios.iter().map(|portfolio| add(&client, *portfolio, account))).await;
        let won = said.iter().filter(|reply| outcome(reply) == "AccountAddedToPortfolio").count();
        let lost = said.iter().filter(|reply| outcome(reply) == "IN_ANOTHER_PORTFOLIO").count();
        assert_eq!((won, lost), (1, 2));
        copies_are_true(app, account).await.unwrap();
        for portfolio in portfolios {
            whole_portfolio(app, portfolio).await;
        }
    })
    .await;
}

/// People put into an account directly, who are no users.
async fn crowd(app: &TestApp, account: AccountId, count: usize) {
    let now = app.now();
    let members: Vec<Document> = (0..count)
        .map(|i| {
            let member = NewMember {
                membership: AccountMembership::new(
                    account,
                    UserId::generate(now),
                    AccountRole::Analyst,
                    None,
                    now,
                ),
                name: &format!("Member {i:05}"),
                email_key: EmailKey::parse(&format!("member{i}@example.test")).unwrap(),
                mfa_enabled: false,
            };
            member.into_document().unwrap()
        })
        .collect();
    app.store.database().collection::<Document>("account_members").insert_many(members).await.unwrap();
    let count = i64::try_from(count).unwrap();
    app.update("accounts", doc! { "_id": account }, doc! { "$inc": { "member_count": count } }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_account_joins_and_leaves_in_batches() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let account = app.account("Acme").await;
        let person = app
            .person("Olga")
            .in_account(account, AccountRole::Owner)
            .in_portfolio(portfolio, PortfolioRole::Owner)
            .create()
            .await;
        crowd(app, account, 1200).await;
        let client = app.client_of(&person).await;
        assert_eq!(outcome(&add(&client, portfolio, account).await), "AccountAddedToPortfolio");
        assert_eq!(copies_are_true(app, account).await, Some(portfolio));
        // What an interrupted call left out, another one makes good.
        let some = doc! { "account_id": account, "name_key": { "$gte": "member 00700" } };
        app.update("account_members", some, doc! { "$unset": { "portfolio_id": "" } }).await;
        assert_eq!(outcome(&add(&client, portfolio, account).await), "ALREADY_LINKED");
        assert_eq!(copies_are_true(app, account).await, Some(portfolio));
        assert_eq!(outcome(&take_out(&client, portfolio, account).await), "AccountRemovedFromPortfolio");
        assert_eq!(copies_are_true(app, account).await, None);
        whole_portfolio(app, portfolio).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_against_removing_leaves_true_copies_in_a_large_account() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let account = app.account("Acme").await;
        let person = app
            .person("Olga")
            .in_account(account, AccountRole::Owner)
            .in_portfolio(portfolio, PortfolioRole::Owner)
            .create()
            .await;
        crowd(app, account, 1200).await;
        let client = app.client_of(&person).await;
        for _ in 0..3 {
            let said = tokio::join!(
                add(&client, portfolio, account),
                take_out(&client, portfolio, account),
                add(&client, portfolio, account),
                take_out(&client, portfolio, account),
            );
            for reply in [said.0, said.1, said.2, said.3] {
                let said = outcome(&reply);
                assert!(said != "INTERNAL" && said != "UNAVAILABLE", "{said}");
            }
            copies_are_true(app, account).await;
            whole_portfolio(app, portfolio).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_against_adding_and_removing_leaves_no_account_behind() {
    harness::run(async |app| {
        let World { portfolio, owner, .. } = world(app).await;
        let linked = app.account_in("Linked", Some(portfolio)).await;
        let boss = app.person("Olga").in_account(linked, AccountRole::Owner).create().await;
        let fresh = app.account("Fresh").await;
        app.join_account(&owner, fresh, AccountRole::Owner).await;
        let (client, by_boss) = (app.client_of(&owner).await, app.client_of(&boss).await);
        let said = tokio::join!(
            close(&client, portfolio, "Group"),
            add(&client, portfolio, fresh),
            take_out(&by_boss, portfolio, linked),
        );
        assert_eq!(outcome(&said.0), "PortfolioClosed");
        for account in [linked, fresh] {
            assert_eq!(copies_are_true(app, account).await, None, "no account in a closed portfolio");
        }
        app.deliver().await;
    })
    .await;
}
