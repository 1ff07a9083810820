//! The mail server is away for an hour: refused connections first, then connections that are taken and never answered. What
//! was to be told in that time is told afterwards, once each, and links work as long as they say.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use latchkey::config::Smtp;
use latchkey::domain::AccountRole;
use latchkey::mail::SmtpTransport;
use mail_parser::MessageParser;
use mongodb::bson::Document;
use serde_json::json;
use tokio::net::TcpListener;

use crate::harness::{self, Options, TestApp, token_in};
use crate::mail::server::SmtpServer;
use crate::main_job::{accept, decline, reset};

const MINUTE: Duration = Duration::from_secs(60);
/// The worker looks once a second, and a send to somebody silent is given up after half a second.
const HANG: Duration = Duration::from_millis(500);

async fn outbox(app: &TestApp) -> Vec<Document> {
    super::every(app.store.database(), "outbox").await
}

/// Waits until the running worker has done what can be done at this time of the clock.
async fn idle(app: &TestApp) {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let now = mongodb::bson::DateTime::from_time_0_3(app.now());
        let due = |row: &Document| {
            row.get_str("state").unwrap() == "QUEUED" && *row.get_datetime("next_at").unwrap() <= now
        };
        // A row that is being sent is leased: it is due only after another minute.
        let leased = |row: &Document| {
            let ahead = row.get_datetime("next_at").unwrap().timestamp_millis() - now.timestamp_millis();
            row.get_str("state").unwrap() == "QUEUED" && ahead == 60_000
        };
        if !outbox(app).await.iter().any(|row| due(row) || leased(row)) {
            return;
        }
        assert!(Instant::now() < end, "mail is due, and nobody tries");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_hour_without_a_mail_server_everything_is_told_once_and_links_live_as_long_as_they_say() {
    // A port of our own, at which nobody listens at first.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let smtp = Smtp::parse(&format!("smtp://127.0.0.1:{port}").into()).unwrap();
    let transport = Arc::new(SmtpTransport::new(&smtp).unwrap().with_limit(HANG));
    let options = Options { transport: Some(transport), mail_runs: true, ..Options::default() };
    harness::run_with(options, async |app| {
        let account = app.account("Acme").await;
        let in_it = |name, role| app.person(name).with_mfa().in_account(account, role);
        let owner = in_it("Olga Owner", AccountRole::Owner).create().await;
        let admin = in_it("Adam", AccountRole::Admin).create().await;
        let (ada, bob) = (
            in_it("Ada", AccountRole::Analyst).create().await,
            in_it("Bob", AccountRole::Analyst).create().await,
        );
        let cleo = in_it("Cleo", AccountRole::Analyst).create().await;
        let asker = app.client_of(&admin).await;
        let start = app.now();
        for person in [&ada, &bob] {
            assert_eq!(reset(&asker, person).await.said(), "MfaResetRequested");
        }
        // Security letters of the time without: whose reset is taken back, whose factor goes.
        let taken_back = reset(&asker, &cleo).await;
        let cancel = "mutation($id: ID!) { cancelMfaReset(input: { mfaResetId: $id }) { __typename } }";
        let id = taken_back.text("/resetUserMfa/mfaReset/id");
        assert_eq!(asker.send(cancel, json!({ "id": id })).await.said(), "MfaResetCancelled");
        let off = "mutation($c: String!) { disableMfa(input: { code: $c }) { __typename } }";
        let off = app.client_of(&cleo).await.send(off, json!({ "c": app.totp_code(&cleo) })).await;
        assert_eq!(off.said(), "MfaDisabled");

        let mut silent = None;
        for minute in 0..60 {
            if minute == 30 {
                // Now it takes connections and never says a word.
                silent = Some(TcpListener::bind(("127.0.0.1", port)).await.unwrap());
            }
            if minute % 5 == 0 {
                idle(app).await;
            }
            app.advance(MINUTE);
        }
        idle(app).await;
        let waiting = outbox(app).await;
        let queued = waiting.iter().filter(|row| row.get_str("state").unwrap() == "QUEUED").count();
        assert!(queued >= 4, "{waiting:#?}");
        assert!(waiting.iter().all(|row| row.get_str("state").unwrap() != "SENT"));
        // What was done meanwhile, for the logs: requests are answered as ever.
        assert_eq!(app.client_of(&owner).await.ask("{ viewer { user { name } } }").await.code(), "");

        drop(silent);
        let server = SmtpServer::on_port(port);
        // The longest pause between two attempts, and a fifth more.
        app.advance(36 * MINUTE);
        idle(app).await;
        let rows = outbox(app).await;
        let sent: BTreeSet<String> = rows
            .iter()
            .filter(|row| row.get_str("state").unwrap() == "SENT")
            .map(|row| {
                mongodb::bson::deserialize_from_bson::<latchkey::domain::MailId>(
                    row.get("_id").unwrap().clone(),
                )
                .unwrap()
                .to_string()
            })
            .collect();
        let taken = server.taken();
        let ids: BTreeSet<String> = taken
            .iter()
            .map(|mail| {
                let message = MessageParser::default().parse(&mail.message).unwrap();
                message.message_id().unwrap().split('@').next().unwrap().to_owned()
            })
            .collect();
        assert_eq!(ids.len(), taken.len(), "a mail was sent twice");
        assert_eq!(ids, sent);
        let unsent: Vec<&Document> =
            rows.iter().filter(|row| row.get_str("state").unwrap() != "SENT").collect();
        // Only the request that had been taken back: its link would open nothing.
        assert_eq!(unsent.len(), 1, "{unsent:#?}");
        assert!(unsent[0].get_str("last_error").unwrap().contains("cancelled"), "{unsent:#?}");

        let text_to = |email: &str| {
            let mails = taken.iter().filter(|mail| mail.envelope["to"][0] == email);
            let texts = mails.map(|mail| {
                let message = MessageParser::default().parse(&mail.message).unwrap();
                message.body_text(0).unwrap().into_owned()
            });
            texts.collect::<Vec<_>>().join("\n")
        };
        assert!(text_to(&cleo.email).contains("turned off"), "{}", text_to(&cleo.email));
        // The mail tells the end of the reset, not of an hour and a half later; and so it is.
        let ends = start + time::Duration::hours(12);
        let told = format!("{:02}:{:02}", ends.hour(), ends.minute());
        for person in [&ada, &bob] {
            let text = text_to(&person.email);
            assert!(text.contains(&told), "{told}: {text}");
        }
        app.clock.set(ends - time::Duration::MILLISECOND);
        let accepted = accept(&app.client(), &token_in(&text_to(&ada.email))).await;
        assert_eq!(accepted.said(), "MfaResetAccepted");
        app.advance(Duration::from_millis(1));
        let late = token_in(&text_to(&bob.email));
        assert_eq!(accept(&app.client(), &late).await.said(), "EXPIRED");
        assert_eq!(decline(&app.client(), &late).await.said(), "DeclineMfaResetRejected");
        idle(app).await;
    })
    .await;
}
