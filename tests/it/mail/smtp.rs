//! Mail over real SMTP: what goes out, and what each kind of failure means for the next attempt.

use std::time::{Duration, Instant};

use latchkey::config::PublicUrl;
use latchkey::domain::{MailId, Preferences};
use latchkey::mail::render::{Order, Rendered, Renderer};
use latchkey::mail::words::{Content, Person};
use latchkey::mail::{SendError, SmtpTransport, Transport as _};
use time::OffsetDateTime;
use time::macros::datetime;

use super::server::{Security, SmtpServer};

const NOW: OffsetDateTime = datetime!(2026-11-24 12:30 UTC);

fn mail_to(email: &str) -> Rendered {
    let from = "Acme <security@acme.example>".parse().unwrap();
    let url = PublicUrl::parse("https://id.acme.example").unwrap();
    let renderer = Renderer::new(from, "Acme".to_owned(), url).unwrap();
    let to = Person { name: "Ada".to_owned(), email: email.to_owned() };
    let id = MailId::generate(NOW);
    renderer
        .render(&Order {
            id,
            to: &to,
            preferences: &Preferences::default(),
            at: NOW,
            now: NOW,
            content: &Content::Enrolled,
            token: None,
            code: None,
        })
        .unwrap()
}

fn transport(server: &SmtpServer, user_info: &str) -> SmtpTransport {
    SmtpTransport::trusting(&server.smtp(user_info), server.authority()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_arrives_exactly_as_it_was_written() {
    let server = SmtpServer::start();
    let mail = mail_to("ada@acme.example");
    transport(&server, "").send(&mail).await.unwrap();
    let taken = server.taken();
    assert_eq!(taken.len(), 1);
    assert!(taken[0].message == mail.message);
    assert_eq!(taken[0].envelope["from"], "security@acme.example");
    assert_eq!(taken[0].envelope["to"], serde_json::json!(["ada@acme.example"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_decide_whether_a_mail_is_tried_again() {
    let server = SmtpServer::start();
    let transport = transport(&server, "");
    let transient = |text: &str| SendError::Transient(text.to_owned());
    let permanent = |text: &str| SendError::Permanent(text.to_owned());
    for (fault, error) in [
        ("fail450", transient("the mail server answered 450 4.2.1")),
        ("fail451data", transient("the mail server answered 451 4.3.0")),
        ("reject421", transient("the mail server answered 421 4.3.2")),
        ("fail550", permanent("the mail server answered 550 5.1.1")),
        ("fail552data", permanent("the mail server answered 552 5.2.2")),
        ("once450", transient("the mail server answered 450 4.2.1")),
    ] {
        let mail = mail_to(&format!("ada+{fault}@acme.example"));
        assert_eq!(transport.send(&mail).await, Err(error), "{fault}");
        // One mail's failure is not the next one's.
        transport.send(&mail_to("ada@acme.example")).await.unwrap();
    }
    assert_eq!(server.taken().len(), 6);
    transport.send(&mail_to("ada+once450@acme.example")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_are_tried_again() {
    let server = SmtpServer::start();
    let transport = transport(&server, "");
    for fault in ["drop", "lost250"] {
        let error = transport.send(&mail_to(&format!("ada+{fault}@acme.example"))).await.unwrap_err();
        assert!(matches!(error, SendError::Transient(_)), "{fault}: {error}");
    }
    let smtp = server.smtp("");
    drop(server);
    let refused = SmtpTransport::new(&smtp).unwrap().send(&mail_to("ada@acme.example")).await;
    assert_eq!(
        refused,
        Err(SendError::Transient("no connection to the mail server: connection refused".to_owned()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_hang_hold_a_mail_no_longer_than_the_limit_and_spoil_no_other() {
    let server = SmtpServer::start();
    let transport = transport(&server, "").with_limit(Duration::from_millis(700));
    transport.send(&mail_to("ada@acme.example")).await.unwrap();
    let start = Instant::now();
    let hung = transport.send(&mail_to("ada+hang@acme.example")).await;
    assert_eq!(hung, Err(SendError::Transient("the mail server took too long".to_owned())));
    assert!(start.elapsed() < Duration::from_secs(3));
    // The reply to the hung mail is not taken for the reply to this one.
    let refused = transport.send(&mail_to("ada+fail550@acme.example")).await;
    assert!(matches!(refused, Err(SendError::Permanent(_))), "{refused:?}");
    transport.send(&mail_to("ada@acme.example")).await.unwrap();
    assert_eq!(server.taken().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_used_again_and_more_are_opened_for_mails_at_the_same_time() {
    let server = SmtpServer::start();
    let transport = transport(&server, "");
    for _ in 0..3 {
        transport.send(&mail_to("ada@acme.example")).await.unwrap();
    }
    assert!(server.taken().iter().all(|mail| mail.envelope["connection"] == 1));
    let slow = mail_to("ada+slow@acme.example");
    let start = Instant::now();
    let sends = (0..4).map(|_| transport.send(&slow));
    futures_util::future::try_join_all(sends).await.unwrap();
    assert!(start.elapsed() < Duration::from_millis(1900), "four at once, not one after the other");
    assert_eq!(server.taken().len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_user_is_logged_in_over_tls_and_starttls() {
    for security in [Security::Tls, Security::StartTls] {
        let server = SmtpServer::with(security, &["--auth", "mailer:p@ss:word of the mailer"]);
        transport(&server, "mailer:p%40ss%3Aword%20of%20the%20mailer@")
            .send(&mail_to("ada@acme.example"))
            .await
            .unwrap();
        let taken = server.taken();
        assert_eq!(
            (&taken[0].envelope["tls"], &taken[0].envelope["authenticated"]),
            (&true.into(), &true.into())
        );

        // An operator can mend either, so the mail waits.
        for user_info in ["mailer:wrong@", ""] {
            let error = transport(&server, user_info).send(&mail_to("ada@acme.example")).await.unwrap_err();
            let SendError::Transient(text) = &error else { panic!("{error}") };
            assert!(text.starts_with("the mail server answered 53"), "{text}");
        }
        assert_eq!(server.taken().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_to_a_server_that_is_not_trusted() {
    for security in [Security::Tls, Security::StartTls] {
        let server = SmtpServer::with(security, &[]);
        let stranger = SmtpTransport::new(&server.smtp("")).unwrap();
        let error = stranger.send(&mail_to("ada@acme.example")).await.unwrap_err();
        assert!(matches!(&error, SendError::Transient(_)), "{error}");
        assert!(server.taken().is_empty());
    }
    // STARTTLS is demanded, not hoped for.
    let server = SmtpServer::start();
    let url = server.url("").replace("smtp://", "smtp+starttls://");
    let smtp = latchkey::config::Smtp::parse(&url.into()).unwrap();
    let error = SmtpTransport::new(&smtp).unwrap().send(&mail_to("ada@acme.example")).await.unwrap_err();
    assert!(matches!(&error, SendError::Transient(text) if text.contains("STARTTLS")), "{error}");
    assert!(server.taken().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_beyond_ascii_go_to_servers_that_take_them() {
    let server = SmtpServer::start();
    transport(&server, "").send(&mail_to("zoë@bücher.example")).await.unwrap();
    assert_eq!(server.taken()[0].envelope["to"], serde_json::json!(["zoë@xn--bcher-kva.example"]));

    let server = SmtpServer::with(Security::Plain, &["--no-smtputf8"]);
    let transport = transport(&server, "");
    let error = transport.send(&mail_to("zoë@bücher.example")).await.unwrap_err();
    assert!(matches!(&error, SendError::Permanent(text) if text.contains("SMTPUTF8")), "{error}");
    transport.send(&mail_to("zoe@bücher.example")).await.unwrap();
}
