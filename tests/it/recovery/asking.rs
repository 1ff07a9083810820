//! Asking for a recovery: the same answer for everybody, a bounded number of mails, and the Owner knows at once.

use std::time::Instant;

use latchkey::domain::{AccountRole, AuditAction, Scope};
use mongodb::bson::doc;

use super::{ASKED_MAIL, DAY, HOUR, TOLD_MAIL, addresses, people, request, stored, told, with_contacts};
use crate::harness;
use crate::main_job::said;

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_tells_whether_anybody_is_asked() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        let lonely = app.account("Lonely").await;
        let alone = app.person("Lea").with_mfa().in_account(lonely, AccountRole::Owner).create().await;
        let seen = app.deliver().await.len();
        let client = app.client();
        // Unknown, no Owner, an Owner without contacts; nobody is asked, and no mail goes out.
        let nobody = ["nobody@example.test", &world.contacts[0].email, &alone.email];
        for email in nobody {
            let reply = request(&client, email).await;
            assert_eq!(
                reply.body["data"]["requestRecovery"],
                serde_json::json!({ "__typename": "RecoveryRequested", "email": email })
            );
        }
        assert_eq!(app.deliver().await.len(), seen);
        let reply = request(&client, &world.owner.email.to_uppercase()).await;
        assert_eq!(said(&reply, "requestRecovery"), "RecoveryRequested");
        let [a, b, c] = &world.contacts;
        assert_eq!(told(app, seen, ASKED_MAIL).await, addresses(&[a, b, c]));
        assert_eq!(told(app, seen, TOLD_MAIL).await, addresses(&[&world.owner]));
        // Why nobody was asked stands in the logs of those whom it concerns.
        assert_eq!(app.audit_count(Scope::Deployment, AuditAction::RecoveryRequested).await, 1);
        assert_eq!(app.audit_count(Scope::Account(lonely), AuditAction::RecoveryRequested).await, 1);
        assert_eq!(app.audit_count(Scope::Account(world.account), AuditAction::RecoveryRequested).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_waits_at_a_time_however_many_ask_at_once() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        let clients: Vec<_> = (0..4).map(|_| app.client()).collect();
        let asked = clients.iter().map(|client| request(client, &world.owner.email));
        for reply in futures_util::future::join_all(asked).await {
            assert_eq!(said(&reply, "requestRecovery"), "RecoveryRequested");
        }
        assert_eq!(stored(app, "recoveries", &world).await, 1);
        app.deliver().await;
        for contact in &world.contacts {
            let asked = app.mails_to(contact).into_iter().filter(|mail| mail.subject == ASKED_MAIL);
            assert_eq!(asked.count(), 1);
        }
        // The fifth is looked at, the sixth is not.
        request(&app.client(), &world.owner.email).await;
        let refused = request(&app.client(), &world.owner.email).await;
        assert_eq!(said(&refused, "requestRecovery"), "TOO_MANY_ATTEMPTS");
        assert_eq!(app.audit_count(Scope::Deployment, AuditAction::RecoveryRefused).await, 1);
        assert_eq!(stored(app, "recoveries", &world).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_who_do_not_count_are_not_asked_and_one_is_not_enough() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        let [a, b, c] = &world.contacts;
        app.set_account_role(a, world.account, None).await;
        let seen = app.deliver().await.len();
        request(&app.client(), &world.owner.email).await;
        assert_eq!(told(app, seen, ASKED_MAIL).await, addresses(&[b, c]));

        app.advance(DAY);
        app.set_account_role(b, world.account, None).await;
        let seen = app.deliver().await.len();
        request(&app.client(), &world.owner.email).await;
        assert_eq!(app.deliver().await.len(), seen, "one could never be two");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_before_the_contacts_count_nor_while_resets_are_held() {
    harness::run(async |app| {
        let world = people(app).await;
        let all: Vec<_> = world.contacts.iter().collect();
        super::set(&app.client_of(&world.owner).await, world.account, &all).await;
        let seen = app.deliver().await.len();
        app.advance(23 * HOUR);
        request(&app.client(), &world.owner.email).await;
        assert_eq!(app.deliver().await.len(), seen, "a thief of the session has to wait");

        app.advance(2 * HOUR);
        let now = mongodb::bson::DateTime::from_millis(
            (app.now().unix_timestamp_nanos() / 1_000_000).try_into().unwrap(),
        );
        let owner = doc! { "_id": world.owner.id };
        app.update("users", owner.clone(), doc! { "$set": { "credentials_changed_at": now } }).await;
        request(&app.client(), &world.owner.email).await;
        app.update("users", owner.clone(), doc! { "$unset": { "credentials_changed_at": "" } }).await;
        app.update("users", owner.clone(), doc! { "$set": { "email_unverified": true } }).await;
        request(&app.client(), &world.owner.email).await;
        assert_eq!(app.deliver().await.len(), seen);
        app.update("users", owner, doc! { "$unset": { "email_unverified": "" } }).await;
        request(&app.client(), &world.owner.email).await;
        assert_eq!(app.deliver().await.len(), seen + 4);
    })
    .await;
}

/// Each day anew, when nothing waits any more: contacts are asked each time.
#[tokio::test(flavor = "multi_thread")]
async fn asking_takes_as_long_for_nobody_as_for_an_owner() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        let client = app.client();
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for round in 0..60 {
            app.advance(DAY);
            let seen = app.deliver().await.len();
            let nobody = format!("nobody{round}@example.test");
            for (email, times) in [(&world.owner.email, &mut known), (&nobody, &mut unknown)] {
                let start = Instant::now();
                assert_eq!(said(&request(&client, email).await, "requestRecovery"), "RecoveryRequested");
                times.push(start.elapsed().as_secs_f64());
            }
            assert_eq!(app.deliver().await.len() - seen, 4, "the contacts and the Owner, each time");
        }
        harness::timing::assert_alike("requestRecovery", &known, &unknown);
    })
    .await;
}
