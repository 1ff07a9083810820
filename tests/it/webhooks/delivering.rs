//! What arrives at a receiver: the account's events, signed, each at least once.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use latchkey::service::audit_seal::{AuditSealer, settling};
use latchkey::store::webhook_deliveries::due_pipeline;
use latchkey::webhook::WebhookWorker;
use latchkey::webhook::worker::LEASE;
use mongodb::bson::{Document, doc};
use tokio_util::sync::CancellationToken;

use super::receiver::{Receiver, Reply};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_event_arrives_signed_and_as_the_owner_sees_it_in_the_log() {
    run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        let (id, secret) = world.register(app, &receiver.url(), &["MFA_POLICY_CHANGED"]).await;
        app.advance(Duration::from_secs(1));
        let policy = "mutation($id: ID!) { setAccountMfaPolicy(input: { accountId: $id, resetAcceptance: LINK_AND_PASSWORD }) { __typename } }";
        let set = world.client.send(policy, json!({ "id": world.account.to_string() })).await;
        assert_eq!(set.text("/setAccountMfaPolicy/__typename"), "AccountMfaPolicySet");
        let worker = receiver.worker(app);
        assert_eq!(worker.drain().await.unwrap(), counts(0, 0, 0), "not before it is in the log for good");
        seal(app).await;
        assert_eq!(worker.drain().await.unwrap(), counts(1, 0, 0));

        let log = "query($id: ID!) { account(id: $id) { auditLog(first: 1, actions: [MFA_POLICY_CHANGED]) { edges { node {
          id at action actor { id } target { id } credential sessionId ip userAgent details { name value } } } } } }";
        let log = world.client.send(log, json!({ "id": world.account.to_string() })).await;
        let entry = log.data("/account/auditLog/edges/0/node");
        let taken = receiver.taken().remove(0);
        assert_eq!(taken.path, "/in?key=of-the-receiver");
        assert_eq!(taken.header("content-type"), "application/json");
        assert!(taken.is_signed_by(&secret));
        // As a receiver checks it, the time included.
        standardwebhooks::Webhook::new(&secret).unwrap().verify(&taken.body, &taken.headers).unwrap();
        let sent = taken.json();
        assert_eq!(sent["type"], "audit.MFA_POLICY_CHANGED");
        assert_eq!((taken.id(), &sent["data"]["accountId"]), (entry["id"].as_str().unwrap(), &json!(world.account.to_string())));
        for field in ["id", "action", "credential", "sessionId", "ip", "userAgent", "details"] {
            assert_eq!(sent["data"][field], entry[field], "{field}");
        }
        assert_eq!(sent["data"]["actorId"], entry["actor"]["id"]);
        assert!(sent["data"]["targetId"].is_null() && entry["target"].is_null());
        let known: HashSet<&str> = ["id", "accountId", "at", "action", "actorId", "targetId", "credential", "sessionId", "ip", "userAgent", "details"].into();
        let fields: HashSet<&str> = sent["data"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, known, "and nothing else");
        assert_eq!(states(app, id).await, [DeliveryState::Delivered]);
        assert_eq!(worker.drain().await.unwrap(), counts(0, 0, 0), "once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_gets_its_own_accounts_events_of_the_kinds_asked_for_from_when_it_was_there() {
    run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        let before = event(Scope::Account(world.account), app.now(), AuditAction::LoggedIn);
        app.store.audit_events.insert_alone(&[before]).await.unwrap();
        app.advance(Duration::from_secs(1));
        world.register(app, &receiver.url(), &["LOGGED_IN", "LOGGED_OUT"]).await;
        let other = app.account("Other").await;
        let foreign = [Scope::Account(other), Scope::User(world.owner.id), Scope::Deployment];
        let foreign: Vec<_> =
            foreign.into_iter().map(|scope| event(scope, app.now(), AuditAction::LoggedIn)).collect();
        app.store.audit_events.insert_alone(&foreign).await.unwrap();
        let mut expected = world.happen(app, AuditAction::LoggedIn, 1).await;
        world.happen(app, AuditAction::MfaChallenged, 1).await;
        expected.extend(world.happen(app, AuditAction::LoggedOut, 1).await);
        assert_eq!(receiver.worker(app).drain().await.unwrap(), counts(2, 0, 0));
        assert_eq!(receiver.ids(), expected, "in the order that they happened");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sealers_and_workers_side_by_side_send_each_event_once() {
    run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        let (id, _) = world.register(app, &receiver.url(), &["LOGGED_IN"]).await;
        let at = app.now();
        let scope = Scope::Account(world.account);
        let events: Vec<_> = (0..40).map(|_| event(scope, at, AuditAction::LoggedIn)).collect();
        app.store.audit_events.insert_alone(&events).await.unwrap();
        app.advance(settling());
        let sealers: Vec<_> = (0..3).map(|_| AuditSealer::new(app.services.clone())).collect();
        for outcome in join_all(sealers.iter().map(AuditSealer::pass)).await {
            outcome.unwrap();
        }
        assert_eq!(deliveries(app, id).await.len(), 40);
        let workers: Vec<_> = (0..3).map(|_| receiver.worker(app)).collect();
        let done = try_join_all(workers.iter().map(WebhookWorker::drain)).await.unwrap();
        assert_eq!(done.iter().map(|counts| counts.delivered).sum::<usize>(), 40);
        let ids: HashSet<String> = receiver.ids().into_iter().collect();
        assert_eq!((ids.len(), receiver.taken().len()), (40, 40));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_whose_worker_was_killed_is_made_by_another_when_the_lease_ends() {
    run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        let (id, _) = world.register(app, &receiver.url(), &["LOGGED_IN"]).await;
        let events = world.happen(app, AuditAction::LoggedIn, 1).await;
        let claimed = app.store.webhook_deliveries.claim_due(id, app.now(), LEASE).await.unwrap().unwrap();
        app.advance(Duration::from_secs(59));
        assert_eq!(receiver.worker(app).drain().await.unwrap(), counts(0, 0, 0));
        app.advance(Duration::from_secs(1));
        assert_eq!(receiver.worker(app).drain().await.unwrap(), counts(1, 0, 0));
        assert_eq!(receiver.ids(), events);
        let delivery = app.store.webhook_deliveries.find(claimed.id).await.unwrap().unwrap();
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_says_nothing_keeps_no_other_waiting() {
    run(async |app| {
        let world = world(app).await;
        let (slow, quick) = (Receiver::start().await, Receiver::start().await);
        slow.answers(&vec![Reply::Silence; 20]);
        let (stuck, _) = world.register(app, &slow.url(), &["LOGGED_IN"]).await;
        let (well, _) = world.register(app, &quick.url(), &["LOGGED_IN"]).await;
        world.happen(app, AuditAction::LoggedIn, 5).await;
        let stop = CancellationToken::new();
        // One worker for both: its client trusts the quick one, and never hears from the other.
        let (worker, stopping) = (quick.worker(app), stop.clone());
        let running = tokio::spawn(async move { worker.run(stopping).await });
        quick.has_taken(5).await;
        stop.cancel();
        running.await.unwrap();
        assert_eq!(states(app, well).await, [DeliveryState::Delivered; 5]);
        assert!(states(app, stuck).await.iter().all(|state| *state == DeliveryState::Queued));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_stopped_hands_back_what_it_has_not_finished() {
    run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        receiver.answers(&[Reply::Silence]);
        let (id, _) = world.register(app, &receiver.url(), &["LOGGED_IN"]).await;
        let events = world.happen(app, AuditAction::LoggedIn, 1).await;
        let stop = CancellationToken::new();
        let (worker, stopping) = (receiver.worker(app), stop.clone());
        let running = tokio::spawn(async move { worker.run(stopping).await });
        receiver.has_taken(1).await;
        stop.cancel();
        running.await.unwrap();
        let waiting = deliveries(app, id).await.remove(0);
        assert_eq!((waiting.state, waiting.attempts), (DeliveryState::Queued, 0));
        assert_eq!(receiver.worker(app).drain().await.unwrap(), counts(1, 0, 0), "without waiting");
        assert_eq!(receiver.ids(), [events[0].clone(), events[0].clone()]);
    })
    .await;
}

/// However much waits for one webhook, looking for those that have something due takes a step for each of them.
#[tokio::test(flavor = "multi_thread")]
async fn looking_for_what_is_due_takes_one_step_for_each_webhook() {
    run(async |app| {
        let world = world(app).await;
        for _ in 0..2 {
            world.register(app, "https://hooks.example.com/", &["LOGGED_IN"]).await;
        }
        world.happen(app, AuditAction::LoggedIn, 100).await;
        assert_eq!(app.store.webhook_deliveries.due(app.now(), 10).await.unwrap().len(), 2);
        let hint = doc! { "state": 1, "webhook_id": 1, "next_at": 1 };
        let command = doc! {
            "explain": { "aggregate": "webhook_deliveries", "pipeline": due_pipeline(app.now(), 10), "cursor": {}, "hint": hint },
            "verbosity": "executionStats",
        };
        let explained: Document = app.store.database().run_command(command).await.unwrap();
        let text = explained.to_string();
        assert!(text.contains("DISTINCT_SCAN"), "{text}");
    })
    .await;
}
