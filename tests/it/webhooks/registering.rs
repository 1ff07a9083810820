//! Registering, changing and deleting webhooks, and who sees them.

use std::time::Duration;

use latchkey::domain::Permission;
use latchkey::domain::webhook::WEBHOOKS_MAX;

use super::*;

const LIST: &str = "query($id: ID!) { account(id: $id) { webhooks { id url state failingSince oldSecretUntil createdAt
  deliveries(first: 2) { totalCount edges { node { id messageId messageType state attempts lastStatus lastFault } } } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_registered_changed_and_deleted_and_its_secret_is_shown_once() {
    harness::run(async |app| {
        let world = world(app).await;
        let (id, secret) = world.register(app, "https://hooks.example.com/in?key=1", &["LOGGED_IN"]).await;
        assert!(secret.starts_with("whsec_") && secret.len() == 50, "256 bits in base64");
        let sealed = app.store.webhooks.find_signed(id).await.unwrap().unwrap();
        assert!(sealed.secret.as_str().starts_with("v1|"), "sealed");

        let account = json!({ "id": world.account.to_string() });
        let listed = world.client.send(LIST, account.clone()).await;
        assert_eq!(listed.text("/account/webhooks/0/url"), "https://hooks.example.com/in?key=1");
        assert!(!listed.body.to_string().contains("whsec_"));

        let version = json!({ "url": "https://other.example.com/", "version": 7 });
        assert_eq!(world.update(app, id, version).await, "CHANGED_MEANWHILE");
        let change = json!({ "url": "https://other.example.com/", "actions": null, "version": 1 });
        assert_eq!(world.update(app, id, change).await, "WebhookUpdated");
        let changed = stored(app, id).await;
        assert_eq!((changed.url.as_str(), changed.actions.clone()), ("https://other.example.com/", None));
        assert_eq!(world.update(app, id, json!({ "enabled": false })).await, "WebhookUpdated");
        assert_eq!(stored(app, id).await.state.as_str(), "PAUSED");
        assert_eq!(world.by_id(TEST, id).await.said(), "WEBHOOK_DISABLED");
        let since = json!({ "since": "2026-01-01T00:00:00Z" });
        assert_eq!(world.replay(id, since).await.said(), "WEBHOOK_DISABLED");
        assert_eq!(world.update(app, id, json!({ "enabled": true })).await, "WebhookUpdated");

        let node = "query($id: ID!) { node(id: $id) { ... on Webhook { url } } }";
        assert_eq!(world.by_id(node, id).await.text("/node/url"), "https://other.example.com/");
        let deleted = world.by_id(DELETE, id).await;
        assert_eq!(deleted.data("/deleteWebhook/account/webhooks").as_array().unwrap().len(), 0);
        assert_eq!(world.by_id(DELETE, id).await.code(), "NOT_FOUND");
        assert!(world.by_id(node, id).await.data("/node").is_null());

        let scope = Scope::Account(world.account);
        for (action, count) in [
            (AuditAction::WebhookCreated, 1),
            (AuditAction::WebhookChanged, 3),
            (AuditAction::WebhookDeleted, 1),
            (AuditAction::ChangeRefused, 3),
        ] {
            assert_eq!(app.audit_count(scope, action).await, count, "{action:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_are_not_on_the_public_internet_are_refused_with_the_reason() {
    harness::run(async |app| {
        let world = world(app).await;
        let (id, _) = world.register(app, "https://hooks.example.com/", &[]).await;
        for (url, part) in [
            ("nothing", "no address"),
            ("http://hooks.example.com/", "begin with https://"),
            ("https://me@hooks.example.com/", "user name"),
            ("https://hooks.example.com:25/", "port 443"),
            ("https://169.254.169.254/latest", "public internet"),
            ("https://localhost/", "public internet"),
        ] {
            let input = json!({ "accountId": world.account.to_string(), "url": url });
            let refused = world.client.send(CREATE, json!({ "input": input })).await;
            assert_eq!(refused.said(), "URL_NOT_ALLOWED", "{url}");
            let message = refused.text("/createWebhook/message");
            assert!(message.contains(part), "{url}: {message}");
            assert_eq!(world.update(app, id, json!({ "url": url })).await, "URL_NOT_ALLOWED");
        }
        assert_eq!(app.store.webhooks.of_account(world.account).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_ten_webhooks_at_most_also_when_several_are_registered_at_once() {
    harness::run(async |app| {
        let world = world(app).await;
        for _ in 0..WEBHOOKS_MAX - 1 {
            world.register(app, "https://hooks.example.com/", &[]).await;
        }
        let input = json!({ "accountId": world.account.to_string(), "url": "https://hooks.example.com/" });
        let variables = json!({ "input": input });
        let asking = (0..4).map(|_| world.client.send(CREATE, variables.clone()));
        let replies = futures_util::future::join_all(asking).await;
        let said: Vec<String> = replies.iter().map(harness::Reply::said).collect();
        assert_eq!(said.iter().filter(|said| *said == "WebhookCreated").count(), 1, "{said:?}");
        assert_eq!(said.iter().filter(|said| *said == "TOO_MANY_WEBHOOKS").count(), 3, "{said:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_takes_the_permission_and_that_of_reading_the_log() {
    harness::run(async |app| {
        let world = world(app).await;
        let (id, _) = world.register(app, "https://hooks.example.com/", &[]).await;
        for (name, permissions, sees) in [
            ("hooks", vec![Permission::WebhooksManage], false),
            ("log", vec![Permission::AuditView, Permission::AccountSettings], false),
            ("both", vec![Permission::WebhooksManage, Permission::AuditView], true),
        ] {
            let role = app.custom_role(world.account, name, AccountRole::Analyst, &permissions).await;
            let holder = app.person(name).with_mfa().holding(world.account, role).create().await;
            let client = app.client_of(&holder).await;
            let listed = client.send(LIST, json!({ "id": world.account.to_string() })).await;
            let tested = client.send(TEST, json!({ "id": id.to_string() })).await;
            match sees {
                true => assert_eq!((listed.code(), tested.said().as_str()), ("", "TestWebhookQueued")),
                false => assert_eq!((listed.code(), tested.code()), ("FORBIDDEN", "FORBIDDEN"), "{name}"),
            }
        }
        let elsewhere = app.account("Elsewhere").await;
        let other = app.person("Otto").with_mfa().in_account(elsewhere, AccountRole::Owner).create().await;
        let other = app.client_of(&other).await;
        for query in [DELETE, ROTATE, TEST] {
            assert_eq!(other.send(query, json!({ "id": id.to_string() })).await.code(), "NOT_FOUND");
        }
        let node = "query($id: ID!) { node(id: $id) { ... on Webhook { url } } }";
        assert!(other.send(node, json!({ "id": id.to_string() })).await.data("/node").is_null());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_opens_a_way_out_asks_for_a_fresh_proof() {
    harness::run(async |app| {
        let world = world(app).await;
        let (id, _) = world.register(app, "https://hooks.example.com/", &[]).await;
        app.advance(Duration::from_secs(301));
        let input = json!({ "accountId": world.account.to_string(), "url": "https://hooks.example.com/" });
        let required = "STEP_UP_REQUIRED";
        assert_eq!(world.client.send(CREATE, json!({ "input": input })).await.said(), required);
        let change = json!({ "webhookId": id.to_string(), "url": "https://other.example.com/" });
        assert_eq!(world.client.send(UPDATE, json!({ "input": change })).await.said(), required);
        assert_eq!(world.by_id(DELETE, id).await.said(), required);
        assert_eq!(world.by_id(ROTATE, id).await.said(), required);
        assert_eq!(stored(app, id).await.version, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_has_no_webhooks_and_what_waited_is_not_sent() {
    run(async |app| {
        let world = world(app).await;
        let receiver = receiver::Receiver::start().await;
        let (id, _) = world.register(app, &receiver.url(), &[]).await;
        world.by_id(TEST, id).await;
        let close =
            "mutation($id: ID!) { closeAccount(input: { accountId: $id, name: \"Acme\" }) { __typename } }";
        let closed = world.client.send(close, json!({ "id": world.account.to_string() })).await;
        assert_eq!(closed.text("/closeAccount/__typename"), "AccountClosed");
        assert!(app.store.webhooks.find(id).await.unwrap().is_none());
        assert_eq!(receiver.worker(app).drain().await.unwrap(), counts(0, 0, 1));
        assert_eq!(receiver.connections(), 0);
        assert_eq!(states(app, id).await, [DeliveryState::Failed]);
        app.deliver().await;
    })
    .await;
}
