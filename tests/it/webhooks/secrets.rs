//! Secrets of webhooks: replaced, and sealed under keys that rotate.

use std::sync::Arc;
use std::time::Duration;

use latchkey::crypto::Keyring;
use latchkey::service::key_rotation::{KeyRotation, KeysError};

use super::receiver::Receiver;
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_old_secret_signs_beside_the_new_one_for_a_day() {
    run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        let (id, old) = world.register(app, &receiver.url(), &["LOGGED_IN"]).await;
        let reply = world.by_id(ROTATE, id).await;
        let new = reply.text("/rotateWebhookSecret/secret").to_owned();
        assert_ne!(old, new);
        let worker = receiver.worker(app);
        let signed = async || {
            world.by_id(TEST, id).await;
            worker.drain().await.unwrap();
            let taken = receiver.taken().pop().unwrap();
            let count = taken.header("webhook-signature").split(' ').count();
            (count, taken.is_signed_by(&old), taken.is_signed_by(&new))
        };
        assert_eq!(signed().await, (2, true, true));
        app.advance(Duration::from_secs(24 * 3600 - 1));
        let client = app.client_of(&world.owner).await;
        let world = World { account: world.account, owner: world.owner.clone(), client };
        let signed = async || {
            world.by_id(TEST, id).await;
            worker.drain().await.unwrap();
            let taken = receiver.taken().pop().unwrap();
            let count = taken.header("webhook-signature").split(' ').count();
            (count, taken.is_signed_by(&old), taken.is_signed_by(&new))
        };
        assert_eq!(signed().await, (2, true, true));
        app.advance(Duration::from_secs(1));
        assert_eq!(signed().await, (1, false, true));
        assert!(app.store.webhooks.find_signed(id).await.unwrap().unwrap().old_secret.is_none(), "forgotten");
        let scope = Scope::Account(world.account);
        assert_eq!(app.audit_count(scope, AuditAction::WebhookSecretRotated).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_move_to_a_new_key_both_of_them_and_sign_as_before() {
    run(async |app| {
        let world = world(app).await;
        let receiver = Receiver::start().await;
        let (id, old) = world.register(app, &receiver.url(), &["LOGGED_IN"]).await;
        let new = world.by_id(ROTATE, id).await.text("/rotateWebhookSecret/secret").to_owned();
        let copy = |keyring: &Keyring| Keyring::parse(&keyring.to_toml()).unwrap();
        let before = app.keyring.current_id().to_owned();
        let rotation =
            |keyring: Keyring| KeyRotation { store: app.store.clone(), keyring: Arc::new(keyring) };
        rotation(copy(&app.keyring)).check().await.unwrap();
        let after = rotation(copy(&app.keyring).rotated());
        after.check().await.unwrap();
        let status = after.status().await.unwrap();
        assert_eq!(status.iter().find(|key| key.id == before).unwrap().webhooks, 2);
        assert!(matches!(after.may_retire(&before).await, Err(KeysError::StillNeeded { .. })));
        let resealed = after.reseal(|_| true).await.unwrap();
        assert_eq!((resealed.changed, resealed.unreadable), (0, 0));
        let status = after.status().await.unwrap();
        assert_eq!(status.iter().find(|key| key.id == before).unwrap().webhooks, 0);

        world.by_id(TEST, id).await;
        let without = Arc::new(copy(&after.keyring).without(&before).unwrap());
        let clock: Arc<dyn latchkey::clock::Clock> = Arc::new(app.clock.clone());
        let worker =
            latchkey::webhook::WebhookWorker::new(app.store.clone(), clock, without, receiver.client());
        assert_eq!(worker.drain().await.unwrap(), counts(1, 0, 0));
        let taken = receiver.taken().remove(0);
        assert!(taken.is_signed_by(&old) && taken.is_signed_by(&new));
    })
    .await;
}
