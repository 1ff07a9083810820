//! Sealing: every event gets its place once, whoever seals, whenever it comes, whatever becomes of a sealer.

use std::time::Duration;

use futures_util::TryStreamExt;
use latchkey::domain::{AccountRole, AuditAction, Scope};
use latchkey::service::audit_check::{Finding, ScopeReport, check_scope};
use latchkey::service::audit_seal::{AuditSealer, Pass, settling};
use mongodb::bson::{Bson, Document, doc};
use tokio_util::sync::CancellationToken;

use super::{event, happen, seal, stored};
use crate::harness::{self, Options, TestApp, logged};

async fn check(app: &TestApp, scope: Scope) -> (ScopeReport, Vec<Finding>) {
    let (mut findings, scope) = (Vec::new(), scope.to_string());
    let report = check_scope(&app.store, &app.keyring, &scope, None, |finding| findings.push(finding));
    let report = report.await.unwrap();
    (report, findings)
}

async fn sound(app: &TestApp, scope: Scope) -> u64 {
    let (report, findings) = check(app, scope).await;
    assert_eq!(findings, []);
    assert_eq!(report.waiting, 0);
    report.sealed
}

async fn sealed_order(app: &TestApp, scope: Scope) -> Vec<Bson> {
    let filter = doc! { "scope": scope.to_string(), "seq": { "$gte": 1_i64 } };
    let found = stored(app).find(filter).sort(doc! { "seq": 1 }).await.unwrap();
    let rows: Vec<Document> = found.try_collect().await.unwrap();
    rows.into_iter().map(|row| row.get("_id").unwrap().clone()).collect()
}

#[tokio::test]
async fn what_happens_is_sealed_once_it_has_settled_in_the_order_of_its_time() {
    harness::run(async |app| {
        let account = Scope::Account(app.account("Acme").await);
        let events = happen(app, account, 3).await;
        let sealer = AuditSealer::new(app.services.clone());
        // The last one is of this moment.
        assert_eq!(sealer.pass().await.unwrap(), Pass::Sealed(0));
        app.advance(settling() - Duration::from_secs(1));
        assert_eq!(sealer.pass().await.unwrap(), Pass::Sealed(2));
        let (report, findings) = check(app, account).await;
        assert_eq!((report.sealed, report.waiting, findings.len()), (2, 1, 0));
        assert_eq!(report.waiting_since, Some(events[2].at));
        app.advance(Duration::from_secs(1));
        assert_eq!(sealer.pass().await.unwrap(), Pass::Sealed(1));
        assert_eq!(sealer.pass().await.unwrap(), Pass::Sealed(0));
        assert_eq!(sound(app, account).await, 3);
        let ids: Vec<Bson> = events.iter().map(|event| event.id.into()).collect();
        assert_eq!(sealed_order(app, account).await, ids);
    })
    .await;
}

#[tokio::test]
async fn an_event_that_commits_late_is_sealed_behind_younger_ones_and_not_lost() {
    harness::run(async |app| {
        let account = Scope::Account(app.account("Acme").await);
        let late = event(account, app.now() - time::Duration::minutes(5), AuditAction::LoggedOut);
        let events = happen(app, account, 3).await;
        seal(app).await;
        app.store.audit_events.insert_alone(std::slice::from_ref(&late)).await.unwrap();
        assert_eq!(seal(app).await, 1);
        assert_eq!(sound(app, account).await, 4);
        let mut ids: Vec<Bson> = events.iter().map(|event| event.id.into()).collect();
        ids.push(late.id.into());
        assert_eq!(sealed_order(app, account).await, ids);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sealers_at_once_make_one_chain_of_each_scope() {
    harness::run(async |app| {
        let scopes = [Scope::Account(app.account("Acme").await), Scope::Deployment];
        for scope in scopes {
            happen(app, scope, 1300).await;
        }
        app.advance(settling());
        let sealers: Vec<_> = (0..6).map(|_| AuditSealer::new(app.services.clone())).collect();
        let passes = futures_util::future::join_all(sealers.iter().map(AuditSealer::pass)).await;
        let sealed: usize = passes
            .into_iter()
            .map(|pass| match pass.unwrap() {
                Pass::Sealed(count) => count,
                Pass::NotOurs => 0,
            })
            .sum();
        // Those who came when all was done sealed nothing.
        assert_eq!(sealed, 2600);
        for scope in scopes {
            assert_eq!(sound(app, scope).await, 1300);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_lost_its_lease_seals_nothing_more() {
    harness::run(async |app| {
        let account = Scope::Account(app.account("Acme").await);
        let (first, second) =
            (AuditSealer::new(app.services.clone()), AuditSealer::new(app.services.clone()));
        happen(app, account, 1).await;
        app.advance(settling());
        assert_eq!(first.pass().await.unwrap(), Pass::Sealed(1));
        happen(app, account, 1).await;
        app.advance(settling());
        // The first one renewed its lease ten seconds ago, and is gone.
        assert_eq!(second.pass().await.unwrap(), Pass::NotOurs);
        app.advance(Duration::from_secs(6));
        assert_eq!(second.pass().await.unwrap(), Pass::Sealed(1));
        happen(app, account, 1).await;
        app.advance(settling());
        assert_eq!(first.pass().await.unwrap(), Pass::NotOurs);
        // Fenced: as if it had claimed the lease and been held up since, it goes straight to sealing.
        assert_eq!(first.seal_settled(&CancellationToken::new()).await.unwrap(), Pass::NotOurs);
        assert_eq!(second.pass().await.unwrap(), Pass::Sealed(1));
        assert_eq!(sound(app, account).await, 3);
    })
    .await;
}

#[tokio::test]
async fn a_chain_whose_head_is_not_genuine_is_not_continued_and_stops_no_other() {
    harness::run(async |app| {
        let (spoilt, other) = (Scope::Account(app.account("Acme").await), Scope::Deployment);
        for scope in [spoilt, other] {
            happen(app, scope, 2).await;
        }
        seal(app).await;
        app.update("audit_heads", doc! { "_id": spoilt.to_string() }, doc! { "$set": { "seq": 9_i64 } })
            .await;
        for scope in [spoilt, other] {
            happen(app, scope, 2).await;
        }
        let log = logged(async {
            assert_eq!(seal(app).await, 2);
        })
        .await;
        assert!(
            log.contains("an audit chain is not continued") && log.contains(&spoilt.to_string()),
            "{log}"
        );
        assert_eq!(sound(app, other).await, 4);
        let (report, findings) = check(app, spoilt).await;
        assert_eq!((report.sealed, report.waiting), (2, 2));
        assert_eq!(findings, [Finding::HeadForged]);
    })
    .await;
}

#[tokio::test]
async fn a_chain_that_was_moved_back_but_for_its_events_is_not_continued_and_stops_no_other() {
    harness::run(async |app| {
        let (spoilt, other) = (Scope::Account(app.account("Acme").await), Scope::Deployment);
        let heads = app.store.database().collection::<Document>("audit_heads");
        happen(app, spoilt, 1).await;
        seal(app).await;
        let genuine = heads.find_one(doc! { "_id": spoilt.to_string() }).await.unwrap().unwrap();
        happen(app, spoilt, 1).await;
        seal(app).await;
        heads.replace_one(doc! { "_id": spoilt.to_string() }, genuine).await.unwrap();
        for scope in [spoilt, other] {
            happen(app, scope, 1).await;
        }
        // The second event's number is taken: the unique index refuses to give it again.
        assert_eq!(seal(app).await, 1);
        assert_eq!(sound(app, other).await, 1);
        assert_eq!(check(app, spoilt).await.1, [Finding::Beyond { from: 2, to: 2 }]);
    })
    .await;
}

#[tokio::test]
async fn a_chain_goes_on_under_a_new_key_and_its_earlier_part_stays_readable() {
    harness::run(async |app| {
        happen(app, Scope::Deployment, 2).await;
        seal(app).await;
        let old: latchkey::crypto::Keyring =
            latchkey::crypto::Keyring::parse(&app.keyring.to_toml()).unwrap();
        let rotated = std::sync::Arc::new(old.rotated());
        let replica = app.replica_with_keys(rotated.clone()).await;
        happen(app, Scope::Deployment, 2).await;
        seal(&replica).await;
        let mut findings = Vec::new();
        let report = check_scope(&app.store, &rotated, "deployment", None, |finding| findings.push(finding));
        assert_eq!((report.await.unwrap().sealed, findings), (4, vec![]));
        let key_id = rotated.current_id().to_owned();
        assert_eq!(check(app, Scope::Deployment).await.1, [Finding::KeyMissing { key_id }]);
        replica.stop();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_gateway_seals_by_itself() {
    harness::run_with(Options { mail_runs: true, ..Options::default() }, async |app| {
        let account = app.account("Acme").await;
        let person = app.person("Ada Analyst").in_account(account, AccountRole::Analyst).create().await;
        app.log_in(&person).await;
        app.advance(settling());
        // The sealer looks once a second; the test waits for the fact, not for a time.
        for _ in 0..200 {
            let waiting = app.store.audit_chain.count_unsealed(None, 10).await.unwrap().0;
            if waiting == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(sound(app, Scope::Account(account)).await, 1);
    })
    .await;
}
