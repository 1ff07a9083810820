//! Receivers that fail: when they are tried again, and when no more.

use std::time::Duration;

use latchkey::domain::{DeliveryFault, WebhookState};

use super::receiver::{Receiver, Reply, worker};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receiver_did_not_take_is_sent_again_later_under_the_same_id() {
    run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        receiver.answers(&[Reply::Status(500), Reply::RetryAfter(503, "1200")]);
        let (id, secret) = world.register(app, &receiver.url(), &["LOGGED_IN"]).await;
        let events = world.happen(app, AuditAction::LoggedIn, 1).await;
        let worker = receiver.worker(app);
        assert_eq!(worker.drain().await.unwrap(), counts(0, 1, 0));
        let failing = stored(app, id).await.failing_since;
        assert!(failing.is_some());
        let waiting = deliveries(app, id).await.remove(0);
        assert_eq!((waiting.last_status, waiting.last_fault), (Some(500), Some(DeliveryFault::Status)));

        app.advance(Duration::from_secs(3));
        assert_eq!(worker.drain().await.unwrap(), counts(0, 0, 0), "not yet");
        app.advance(Duration::from_secs(3));
        assert_eq!(worker.drain().await.unwrap(), counts(0, 1, 0));
        // The schedule has five minutes, give or take a fifth; the receiver asked for twenty.
        app.advance(Duration::from_secs(1199));
        assert_eq!(worker.drain().await.unwrap(), counts(0, 0, 0), "the receiver asked for more");
        app.advance(Duration::from_secs(1));
        assert_eq!(worker.drain().await.unwrap(), counts(1, 0, 0));

        let taken = receiver.taken();
        assert_eq!(receiver.ids(), [events[0].as_str(); 3]);
        let at = |index: usize| taken[index].header("webhook-timestamp").parse::<i64>().unwrap();
        assert!(at(0) < at(1) && at(1) < at(2), "of the attempt, not of the event");
        assert!(taken.iter().all(|taken| taken.is_signed_by(&secret)));
        assert!(taken.iter().all(|one| one.body == taken[0].body));
        let delivered = deliveries(app, id).await.remove(0);
        assert_eq!((delivered.state, delivered.attempts), (DeliveryState::Delivered, 3));
        assert_eq!((delivered.last_status, delivered.last_fault), (Some(200), None));
        assert_eq!(stored(app, id).await.failing_since, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_gets_nothing_more_and_the_owner_is_told() {
    run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        receiver.answers(&[Reply::Status(410)]);
        let (id, _) = world.register(app, &receiver.url(), &["LOGGED_IN"]).await;
        world.happen(app, AuditAction::LoggedIn, 3).await;
        let worker = receiver.worker(app);
        assert_eq!(worker.drain().await.unwrap(), counts(0, 0, 3));
        assert_eq!(receiver.taken().len(), 1);
        assert_eq!(stored(app, id).await.state, WebhookState::Gone);
        let faults: Vec<_> = deliveries(app, id).await.into_iter().filter_map(|one| one.last_fault).collect();
        assert_eq!(faults, [DeliveryFault::Status, DeliveryFault::Disabled, DeliveryFault::Disabled]);
        world.happen(app, AuditAction::LoggedIn, 1).await;
        assert_eq!(deliveries(app, id).await.len(), 3, "nothing is queued for it");

        let mail = app.latest_mail(&world.owner).await;
        assert_eq!(mail.subject, "A webhook was switched off");
        assert!(mail.text.contains("127.0.0.1") && mail.text.contains("Acme"), "{}", mail.text);
        assert!(!mail.text.contains("of-the-receiver"), "the rest of an address may hold a token");
        assert_eq!(app.audit_count(Scope::Account(world.account), AuditAction::WebhookDisabled).await, 1);

        assert_eq!(world.update(app, id, json!({ "enabled": true })).await, "WebhookUpdated");
        world.happen(app, AuditAction::LoggedIn, 1).await;
        assert_eq!(worker.drain().await.unwrap(), counts(1, 0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_fails_for_five_days_is_switched_off_once_and_the_owner_is_told() {
    run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        receiver.answers(&vec![Reply::Status(500); 100]);
        let (id, _) = world.register(app, &receiver.url(), &["LOGGED_IN"]).await;
        world.happen(app, AuditAction::LoggedIn, 1).await;
        let workers = [receiver.worker(app), receiver.worker(app)];
        workers[0].drain().await.unwrap();
        app.advance(Duration::from_secs(5 * 24 * 3600 - 100));
        world.happen(app, AuditAction::LoggedIn, 1).await;
        workers[0].drain().await.unwrap();
        assert_eq!(stored(app, id).await.state, WebhookState::Enabled, "not quite");
        app.advance(Duration::from_secs(3600));
        world.happen(app, AuditAction::LoggedIn, 4).await;
        let (one, other) = tokio::join!(workers[0].drain(), workers[1].drain());
        one.unwrap();
        other.unwrap();
        assert_eq!(stored(app, id).await.state, WebhookState::Failed);
        app.deliver().await;
        let told = app.mails_to(&world.owner);
        assert_eq!(told.iter().filter(|mail| mail.subject == "A webhook was switched off").count(), 1);
        assert_eq!(app.audit_count(Scope::Account(world.account), AuditAction::WebhookDisabled).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_three_days_a_delivery_is_given_up_and_can_be_made_again() {
    run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        receiver.answers(&[const { Reply::Status(500) }; 10]);
        let (id, _) = world.register(app, &receiver.url(), &["LOGGED_IN"]).await;
        world.happen(app, AuditAction::LoggedIn, 1).await;
        let worker = receiver.worker(app);
        let mut all = counts(0, 0, 0);
        for _ in 0..10 {
            let done = worker.drain().await.unwrap();
            all =
                counts(all.delivered + done.delivered, all.retried + done.retried, all.failed + done.failed);
            app.advance(Duration::from_secs(29 * 3600));
            // Not switched off meanwhile: that is another rule.
            let set = mongodb::bson::doc! { "$unset": { "failing_since": "" } };
            app.update("webhooks", mongodb::bson::doc! { "_id": id }, set).await;
        }
        assert_eq!(all, counts(0, 9, 1));
        assert_eq!(states(app, id).await, [DeliveryState::Failed]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_fail_has_a_name() {
    run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        let fault = async |client, url: &str, reply: Option<Reply>| {
            receiver.answers(reply.as_slice());
            let (id, _) = world.register(app, url, &[]).await;
            world.by_id(TEST, id).await;
            worker(app, client).drain().await.unwrap();
            let fault = deliveries(app, id).await.remove(0).last_fault;
            world.by_id(DELETE, id).await;
            fault
        };
        let url = receiver.url();
        let elsewhere = format!("{url}&redirected");
        let before = receiver.taken().len();
        let redirect = fault(receiver.client(), &url, Some(Reply::Redirect(elsewhere))).await;
        assert_eq!(redirect, Some(DeliveryFault::Status));
        assert_eq!(receiver.taken().len(), before + 1, "no redirect is followed");
        let stranger = latchkey::webhook::Client::new(true, None).unwrap();
        assert_eq!(fault(stranger, &url, None).await, Some(DeliveryFault::Tls));
        let brief = receiver.client().with_limit(Duration::from_millis(300));
        assert_eq!(fault(brief, &url, Some(Reply::Silence)).await, Some(DeliveryFault::Timeout));
        assert_eq!(
            fault(receiver.client(), "https://127.0.0.1:9/", None).await,
            Some(DeliveryFault::Unreachable)
        );
        let smtp = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = smtp.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = smtp.accept().await {
                let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"220 mail.example ESMTP\r\n").await;
            }
        });
        let plain = format!("http://127.0.0.1:{port}/");
        assert_eq!(fault(receiver.client(), &plain, None).await, Some(DeliveryFault::Protocol));
        assert_eq!(fault(receiver.client(), &url, Some(Reply::Endless)).await, None, "no body is waited for");
    })
    .await;
}
