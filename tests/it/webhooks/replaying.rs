//! Tests, and sending once more.

use std::time::Duration;

use time::format_description::well_known::Rfc3339;

use super::receiver::Receiver;
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_test_is_sent_like_every_other_message_ten_times_a_minute() {
    run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        let (id, secret) = world.register(app, &receiver.url(), &["LOGGED_IN"]).await;
        let queued = world.by_id(TEST, id).await;
        assert_eq!(queued.text("/sendTestWebhook/delivery/messageType"), "webhook.TEST");
        assert_eq!(receiver.worker(app).drain().await.unwrap(), counts(1, 0, 0));
        let taken = receiver.taken().remove(0);
        assert_eq!(taken.id(), queued.text("/sendTestWebhook/delivery/messageId"));
        assert!(taken.is_signed_by(&secret));
        assert_eq!(taken.json()["type"], "webhook.TEST");
        assert_eq!(taken.json()["data"]["webhookId"], id.to_string());
        for _ in 0..9 {
            assert_eq!(world.by_id(TEST, id).await.said(), "TestWebhookQueued");
        }
        assert_eq!(world.by_id(TEST, id).await.said(), "TOO_MANY_TESTS");
        app.advance(Duration::from_secs(60));
        assert_eq!(world.by_id(TEST, id).await.said(), "TestWebhookQueued");
        assert_eq!(app.audit_count(Scope::Account(world.account), AuditAction::WebhookTested).await, 11);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_made_again_under_the_same_id() {
    run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        let (id, _) = world.register(app, &receiver.url(), &["LOGGED_IN"]).await;
        let (other, _) = world.register(app, &receiver.url(), &["LOGGED_OUT"]).await;
        let events = world.happen(app, AuditAction::LoggedIn, 2).await;
        receiver.worker(app).drain().await.unwrap();
        let first = deliveries(app, id).await.remove(0);
        let ids = json!({ "deliveryIds": [first.id.to_string()] });
        // Of another webhook: nothing of it is sent.
        assert_eq!(world.replay(other, ids.clone()).await.data("/replayWebhookDeliveries/count"), &json!(0));
        assert_eq!(world.replay(id, ids.clone()).await.data("/replayWebhookDeliveries/count"), &json!(1));
        assert_eq!(world.replay(id, ids).await.data("/replayWebhookDeliveries/count"), &json!(0), "it waits");
        assert_eq!(app.audit_count(Scope::Account(world.account), AuditAction::WebhookReplayed).await, 3);
        assert_eq!(receiver.worker(app).drain().await.unwrap(), counts(1, 0, 0));
        assert_eq!(receiver.ids()[2], first.message_id());
        assert!(events.contains(&receiver.ids()[2]));

        for (what, field) in [
            (json!({}), "deliveryIds"),
            (json!({ "deliveryIds": [] }), "deliveryIds"),
            (json!({ "deliveryIds": ["x"] }), "deliveryIds[0]"),
            (json!({ "deliveryIds": [], "since": "2026-01-01T00:00:00Z" }), "deliveryIds"),
            (json!({ "since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z" }), "since"),
        ] {
            let reply = world.replay(id, what).await;
            assert_eq!(reply.code(), "BAD_USER_INPUT");
            assert_eq!(reply.body["errors"][0]["extensions"]["field"], field);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_while_a_webhook_was_off_or_before_it_was_there_is_sent_from_the_log() {
    run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        let since = app.now().format(&Rfc3339).unwrap();
        let mut expected = world.happen(app, AuditAction::LoggedIn, 1).await;
        let (id, _) = world.register(app, &receiver.url(), &["LOGGED_IN"]).await;
        expected.extend(world.happen(app, AuditAction::LoggedIn, 1).await);
        receiver.worker(app).drain().await.unwrap();
        assert_eq!(world.update(app, id, json!({ "enabled": false })).await, "WebhookUpdated");
        expected.extend(world.happen(app, AuditAction::LoggedIn, 1).await);
        world.happen(app, AuditAction::LoggedOut, 1).await;
        assert_eq!(world.update(app, id, json!({ "enabled": true })).await, "WebhookUpdated");
        assert_eq!(receiver.worker(app).drain().await.unwrap(), counts(0, 0, 0));

        let twice =
            futures_util::future::join_all((0..2).map(|_| world.replay(id, json!({ "since": since })))).await;
        let counted: i64 =
            twice.iter().map(|reply| reply.data("/replayWebhookDeliveries/count").as_i64().unwrap()).sum();
        assert_eq!(counted, 3, "once, though two asked");
        assert_eq!(receiver.worker(app).drain().await.unwrap(), counts(3, 0, 0));
        let mut again: Vec<String> = receiver.ids()[1..].to_vec();
        again.sort();
        expected.sort();
        assert_eq!(again, expected);
        assert_eq!(deliveries(app, id).await.len(), 3, "one for each event, however often it is sent");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_time_is_sent_in_steps_and_nothing_between_them_is_left_out() {
    run(async |app| {
        let world = world(app).await;
        let mut since = app.now().format(&Rfc3339).unwrap();
        let at = |second: i64| app.now() + time::Duration::seconds(second);
        let scope = Scope::Account(world.account);
        let events: Vec<_> = (0..1201).map(|i| event(scope, at(i / 7), AuditAction::LoggedIn)).collect();
        app.store.audit_events.insert_alone(&events).await.unwrap();
        app.advance(Duration::from_secs(300));
        seal(app).await;
        let (id, _) = world.register(app, "https://hooks.example.com/", &["LOGGED_IN"]).await;
        let mut sent = 0;
        let mut steps = 0;
        loop {
            let reply = world.replay(id, json!({ "since": since })).await;
            sent += reply.data("/replayWebhookDeliveries/count").as_i64().unwrap();
            steps += 1;
            match reply.data("/replayWebhookDeliveries/nextSince").as_str() {
                Some(next) => since = next.to_owned(),
                None => break,
            }
        }
        assert_eq!((sent, steps), (1201, 3));
    })
    .await;
}
