//! Each mail goes out at least once, none is lost, and `delivery` says what happened.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use latchkey::domain::{MailDelivery, MfaResetState};
use latchkey::mail::Counts;
use mongodb::bson::{Document, doc};

use super::server::SmtpServer;
use super::*;
use crate::harness::run;

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_request_carries_a_working_link_and_its_reset_says_sent() {
    run(async |app| {
        let asked = ask(app, "ada").await;
        let box_ = capture(app);
        assert_eq!(worker(app, Arc::new(box_.clone())).drain().await.unwrap(), SENT);
        let mails = box_.list();
        assert_eq!((mails.len(), mails[0].recipient.as_str()), (1, asked.person.email.as_str()));
        assert_eq!(mails[0].subject, "MFA reset request");
        assert!(mails[0].text.contains("As: Owner of the account Acme GmbH\n"), "{}", mails[0].text);
        assert_eq!(reset_behind(app, &mails[0].text).await.unwrap().id, asked.reset);
        assert_eq!(delivery(app, asked.reset).await, MailDelivery::Sent);

        let row = row(app, asked.mail).await;
        assert_eq!(row.get_str("state").unwrap(), "SENT");
        let text = format!("{row}");
        assert!(!text.contains("lkr_") && !text.contains('@'), "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_not_taken_is_tried_again_under_the_same_message_id() {
    run(async |app| {
        let server = SmtpServer::start();
        let worker = worker(app, smtp(&server));
        let asked = ask(app, "ada+lost250").await;
        assert_eq!(worker.drain().await.unwrap(), RETRIED);
        assert_eq!(delivery(app, asked.reset).await, MailDelivery::Queued);
        assert!(row(app, asked.mail).await.get_str("last_error").unwrap().contains("connection"));
        assert_eq!(worker.drain().await.unwrap(), Counts::default(), "not before its time");
        app.advance(Duration::from_secs(7));
        assert_eq!(worker.drain().await.unwrap(), SENT);
        assert_eq!(delivery(app, asked.reset).await, MailDelivery::Sent);

        let taken = server.taken();
        assert_eq!(taken.len(), 2);
        assert_eq!(header(&taken[0], "Message-ID"), format!("<{}@acme.example>", asked.mail));
        assert_eq!(header(&taken[0], "Message-ID"), header(&taken[1], "Message-ID"));
        // Whichever of the two the person opens, its link works.
        assert_ne!(plain_text(&taken[0]), plain_text(&taken[1]));
        for mail in &taken {
            assert_eq!(reset_behind(app, &plain_text(mail)).await.unwrap().id, asked.reset);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_refused_for_good_is_given_up_at_once() {
    run(async |app| {
        let server = SmtpServer::start();
        let worker = worker(app, smtp(&server));
        let asked = ask(app, "ada+fail550").await;
        assert_eq!(worker.drain().await.unwrap(), FAILED);
        assert_eq!(delivery(app, asked.reset).await, MailDelivery::Failed);
        let row = row(app, asked.mail).await;
        assert_eq!(row.get_str("state").unwrap(), "FAILED");
        assert_eq!(row.get_str("last_error").unwrap(), "the mail server answered 550 5.1.1");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_request_is_tried_until_shortly_before_the_reset_expires() {
    run(async |app| {
        let server = SmtpServer::start();
        let worker = worker(app, smtp(&server));
        let asked = ask(app, "ada+fail450").await;
        let start = app.now();
        let mut attempts = 0;
        loop {
            let counts = worker.drain().await.unwrap();
            attempts += counts.total();
            if counts == FAILED {
                break;
            }
            assert_eq!(delivery(app, asked.reset).await, MailDelivery::Queued);
            app.clock.set(row(app, asked.mail).await.get_datetime("next_at").unwrap().to_time_0_3());
        }
        assert_eq!(delivery(app, asked.reset).await, MailDelivery::Failed);
        assert!((20..40).contains(&attempts), "{attempts}");
        let took = app.now() - start;
        assert!(took > time::Duration::hours(11) && took < time::Duration::hours(12), "{took}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_that_waits_no_more_gets_no_mail() {
    run(async |app| {
        let box_ = capture(app);
        let worker = worker(app, Arc::new(box_.clone()));
        for (n, (state, says, why)) in [
            (MfaResetState::Superseded, MailDelivery::Failed, "a newer reset"),
            (MfaResetState::Cancelled, MailDelivery::Failed, "cancelled"),
            // Only a link that arrived can do either.
            (MfaResetState::Accepted, MailDelivery::Sent, "accepted"),
            (MfaResetState::Declined, MailDelivery::Sent, "declined"),
        ]
        .into_iter()
        .enumerate()
        {
            let asked = ask(app, &format!("ada{n}")).await;
            set_state(app, asked.reset, state).await;
            assert_eq!(worker.drain().await.unwrap(), DROPPED, "{state:?}");
            assert_eq!(delivery(app, asked.reset).await, says, "{state:?}");
            assert!(row(app, asked.mail).await.get_str("last_error").unwrap().contains(why));
        }
        let asked = ask(app, "ada-late").await;
        app.advance(Duration::from_secs(12 * 3600));
        assert_eq!(worker.drain().await.unwrap(), DROPPED);
        assert_eq!(delivery(app, asked.reset).await, MailDelivery::Failed);
        assert!(box_.list().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_to_somebody_who_is_gone_or_has_no_mailable_address_fails() {
    run(async |app| {
        let box_ = capture(app);
        let worker = worker(app, Arc::new(box_.clone()));
        let gone = ask(app, "ada").await;
        let users = app.store.database().collection::<Document>("users");
        users.delete_one(doc! { "_id": gone.person.id }).await.unwrap();
        assert_eq!(worker.drain().await.unwrap(), FAILED);
        assert_eq!(delivery(app, gone.reset).await, MailDelivery::Failed);

        let odd = ask(app, "bob").await;
        let set = doc! { "$set": { "email": "no address" } };
        app.update("users", doc! { "_id": odd.person.id }, set).await;
        assert_eq!(worker.drain().await.unwrap(), FAILED);
        assert_eq!(delivery(app, odd.reset).await, MailDelivery::Failed);
        assert!(box_.list().is_empty());
    })
    .await;
}

/// Every mail ends as SENT or FAILED, and the mail server has each that is SENT; one that is FAILED was refused.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_mail_server_does_no_mail_is_lost() {
    run(async |app| {
        let server = SmtpServer::start();
        let transport = SmtpTransport::new(&server.smtp("")).unwrap().with_limit(Duration::from_millis(300));
        let worker = worker(app, Arc::new(transport));
        let taken = ["a", "b+once450", "c+lost250"];
        let refused = ["d+fail550", "e+fail552data", "f+fail450", "g+drop"];
        let mut asked = Vec::new();
        for local_part in taken.into_iter().chain(refused) {
            asked.push((local_part, ask(app, local_part).await));
        }
        for _ in 0..60 {
            worker.drain().await.unwrap();
            app.advance(Duration::from_secs(15 * 60));
        }
        assert_eq!(app.store.outbox.count_queued(10).await.unwrap(), 0);
        let received: HashSet<_> =
            server.taken().iter().map(|mail| mail.envelope["to"][0].as_str().unwrap().to_owned()).collect();
        for (local_part, asked) in asked {
            let delivery = delivery(app, asked.reset).await;
            let is_taken = taken.contains(&local_part);
            assert_eq!(received.contains(&asked.person.email), is_taken, "{local_part}");
            let expected = if is_taken { MailDelivery::Sent } else { MailDelivery::Failed };
            assert_eq!(delivery, expected, "{local_part}");
        }
    })
    .await;
}

/// On one thread, so that everything that the worker does is seen, whatever other tests log.
#[tokio::test]
async fn logs_of_mail_hold_no_address_no_name_and_no_token() {
    run(async |app| {
        let server = SmtpServer::start();
        let worker = worker(app, smtp(&server));
        for local_part in ["ada", "ada+fail550", "ada+fail450", "ada+drop"] {
            ask(app, local_part).await;
        }
        let log = crate::harness::logged(async {
            assert_eq!(worker.drain().await.unwrap().total(), 4);
        })
        .await;
        app.mail_may_wait();
        assert!(log.contains("a mail is given up") && log.contains("kind=\"mfa_reset_request\""), "{log}");
        for secret in ["ada+", "ADA", "@", "Olga", "Acme GmbH", "lkr_", "phone"] {
            assert!(!log.contains(secret), "{secret}: {log}");
        }
    })
    .await;
}
