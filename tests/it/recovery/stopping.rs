//! "This wasn't me" stops a recovery, whatever came of it so far.

use latchkey::domain::{AuditAction, Scope};

use super::{DAY, MS, addresses, asked, confirm, request, stop, told, with_contacts};
use crate::harness;
use crate::main_job::{accept, reset, said};

const STOPPED: &str = "A recovery was stopped";

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_stops_it_and_for_a_day_nobody_asks_again() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        let ([first, second, _], link) = asked(app, &world).await;
        let client = app.client();
        confirm(&client, &first).await.unwrap();
        let seen = app.deliver().await.len();
        assert_eq!(stop(&client, &link).await, "RecoveryStopped");
        assert_eq!(confirm(&client, &second).await, Err("INVALID".to_owned()));
        assert_eq!(stop(&client, &link).await, "INVALID", "once");
        let [a, b, c] = &world.contacts;
        assert_eq!(told(app, seen, STOPPED).await, addresses(&[&world.owner, a, b, c]));
        assert_eq!(app.audit_count(Scope::Account(world.account), AuditAction::RecoveryStopped).await, 1);

        let seen = app.deliver().await.len();
        app.advance(DAY - MS);
        request(&client, &world.owner.email).await;
        assert_eq!(app.deliver().await.len(), seen);
        app.advance(MS);
        asked(app, &world).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reset_that_came_of_it_is_stopped_as_well() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        let ([first, second, _], link) = asked(app, &world).await;
        let client = app.client();
        confirm(&client, &first).await.unwrap();
        confirm(&client, &second).await.unwrap();
        let token = app.reset_token(&world.owner).await;
        let seen = app.deliver().await.len();
        assert_eq!(stop(&client, &link).await, "RecoveryStopped");
        assert_eq!(said(&accept(&client, &token).await, "acceptMfaReset"), "INVALID");
        let user = app.store.users.find(world.owner.id).await.unwrap().unwrap();
        assert!(user.mfa.is_some() && user.resets_frozen(app.now()).is_some(), "as by the reset's own link");
        let [a, b, _] = &world.contacts;
        assert_eq!(told(app, seen, "MFA reset declined").await, addresses(&[&world.owner, a, b]));
        assert_eq!(app.audit_count(Scope::Account(world.account), AuditAction::MfaResetDeclined).await, 1);

        // Neither of the two who vouched lifts that.
        let role = latchkey::domain::AccountRole::Owner;
        let other = app.account("Other").await;
        app.join_account(b, other, role).await;
        app.join_account(&world.owner, other, latchkey::domain::AccountRole::Analyst).await;
        let variables = serde_json::json!({ "userId": world.owner.gid() });
        let lifted = app.client_of(b).await.send(crate::main_job::LIFT, variables).await;
        assert_eq!(said(&lifted, "liftMfaResetFreeze"), "OWN_RESET");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_not_stopped_any_more() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        let ([first, second, _], link) = asked(app, &world).await;
        let client = app.client();
        confirm(&client, &first).await.unwrap();
        confirm(&client, &second).await.unwrap();
        let token = app.reset_token(&world.owner).await;
        accept(&client, &token).await;
        let seen = app.deliver().await.len();
        assert_eq!(stop(&client, &link).await, "INVALID");
        assert_eq!(app.deliver().await.len(), seen, "nothing that is not so is told");
        assert_eq!(app.audit_count(Scope::Account(world.account), AuditAction::RecoveryStopped).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_and_the_last_confirmation_at_once_leave_no_reset_waiting() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        let ([first, second, _], link) = asked(app, &world).await;
        let (one, other) = (app.client(), app.client());
        confirm(&one, &first).await.unwrap();
        let (confirmed, stopped) = tokio::join!(confirm(&one, &second), stop(&other, &link));
        assert_eq!(stopped, "RecoveryStopped");
        assert!(confirmed == Ok(true) || confirmed == Err("INVALID".to_owned()), "{confirmed:?}");
        app.deliver().await;
        let waits = app.store.mfa_resets.pending_of(&[world.owner.id], app.now()).await.unwrap();
        assert!(waits.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_reset_in_between_is_replaced_like_any_other() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        let role = latchkey::domain::AccountRole::Admin;
        let admin = app.person("Adam").with_mfa().in_account(world.account, role).create().await;
        let ([first, second, _], _) = asked(app, &world).await;
        let client = app.client();
        confirm(&client, &first).await.unwrap();
        reset(&app.client_of(&admin).await, &world.owner).await;
        let earlier = app.reset_token(&world.owner).await;
        confirm(&client, &second).await.unwrap();
        let token = app.reset_token(&world.owner).await;
        assert_eq!(said(&accept(&client, &earlier).await, "acceptMfaReset"), "INVALID");
        assert_eq!(said(&accept(&client, &token).await, "acceptMfaReset"), "MfaResetAccepted");
        app.deliver().await;
    })
    .await;
}
