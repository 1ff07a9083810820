#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

fn status(status: u16) -> Result<Answer, DeliveryFault> {
    Ok(Answer { status, retry_after: None })
}

#[test]
fn an_attempt_is_followed_by_what_the_specification_says() {
    let again = |seconds| Verdict::Again(DeliveryFault::Status, NOW + Duration::seconds(seconds));
    for (answer, expected) in [
        (status(200), Verdict::Delivered),
        (status(204), Verdict::Delivered),
        (status(299), Verdict::Delivered),
        (status(301), again(5)),
        (status(404), again(5)),
        (status(410), Verdict::Gone),
        (status(429), again(5)),
        (status(500), again(5)),
        (Err(DeliveryFault::Disabled), Verdict::GiveUp(DeliveryFault::Disabled)),
        (Err(DeliveryFault::Unsendable), Verdict::GiveUp(DeliveryFault::Unsendable)),
        (
            Err(DeliveryFault::PrivateAddress),
            Verdict::Again(DeliveryFault::PrivateAddress, NOW + Duration::seconds(5)),
        ),
    ] {
        assert_eq!(verdict(1, answer, NOW, 0.5), expected, "{answer:?}");
    }
}

#[test]
fn pauses_grow_over_three_days_and_then_it_is_given_up() {
    let pauses: Vec<i64> = (1..=9)
        .map(|attempt| match verdict(attempt, status(500), NOW, 0.5) {
            Verdict::Again(_, at) => (at - NOW).whole_seconds(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(pauses, [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
    assert_eq!(verdict(10, status(500), NOW, 0.5), Verdict::GiveUp(DeliveryFault::Status));
}

#[test]
fn a_receiver_may_ask_for_a_longer_pause_up_to_a_day() {
    let asked = |attempt, pause| {
        let answer = Ok(Answer { status: 503, retry_after: Some(pause) });
        match verdict(attempt, answer, NOW, 0.5) {
            Verdict::Again(_, at) => at - NOW,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(asked(1, Duration::minutes(2)), Duration::minutes(2));
    assert_eq!(asked(2, Duration::SECOND), Duration::minutes(5), "never sooner");
    assert_eq!(asked(1, Duration::days(400)), Duration::hours(24));
    assert_eq!(asked(1, Duration::seconds(-9)), Duration::seconds(5));
}

#[test]
fn chance_moves_a_pause_by_a_fifth_at_most() {
    let at = |chance| verdict(2, status(500), NOW, chance);
    let again = |seconds| Verdict::Again(DeliveryFault::Status, NOW + Duration::seconds(seconds));
    assert_eq!((at(0.0), at(1.0), at(-9.0), at(9.0)), (again(240), again(360), again(240), again(360)));
}

#[test]
fn addresses_are_https_on_the_public_internet() {
    for text in [
        "https://hooks.example.com/in?key=1",
        "https://hooks.example.com:443/",
        "https://hooks.example.com:8443/",
        "https://hooks.example.com:1024/",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
        "https://bücher.example/",
    ] {
        assert!(checked_url(text, false).is_ok(), "{text}");
    }
    let long = format!("https://hooks.example.com/{}", "a".repeat(URL_MAX));
    for (text, fault) in [
        ("", UrlFault::Malformed),
        ("hooks.example.com", UrlFault::Malformed),
        ("https://", UrlFault::Malformed),
        ("mailto:somebody@example.com", UrlFault::Malformed),
        ("https://hooks.example.com/#part", UrlFault::Malformed),
        (long.as_str(), UrlFault::Malformed),
        ("http://hooks.example.com/", UrlFault::NotHttps),
        ("ftp://hooks.example.com/", UrlFault::NotHttps),
        ("http://127.0.0.1/", UrlFault::NotHttps),
        ("https://user@hooks.example.com/", UrlFault::HasCredentials),
        ("https://:secret@hooks.example.com/", UrlFault::HasCredentials),
        ("https://hooks.example.com:25/", UrlFault::Port),
        ("https://hooks.example.com:22/", UrlFault::Port),
        ("https://hooks.example.com:1023/", UrlFault::Port),
        ("https://127.0.0.1/", UrlFault::Private),
        ("https://127.1/", UrlFault::Private),
        ("https://0x7f000001/", UrlFault::Private),
        ("https://2130706433/", UrlFault::Private),
        ("https://0177.0.0.1/", UrlFault::Private),
        ("https://169.254.169.254/latest/meta-data", UrlFault::Private),
        ("https://[::1]/", UrlFault::Private),
        ("https://[::ffff:10.0.0.1]/", UrlFault::Private),
        ("https://[64:ff9b::a00:1]/", UrlFault::Private),
        ("https://localhost/", UrlFault::Private),
        ("https://LOCALHOST./", UrlFault::Private),
        ("https://hooks.localhost/", UrlFault::Private),
        ("https://printer.local/", UrlFault::Private),
        ("https://metadata.google.internal/", UrlFault::Private),
        ("https://router.home.arpa/", UrlFault::Private),
        ("https://mongodb/", UrlFault::Private),
    ] {
        assert_eq!(checked_url(text, false), Err(fault), "{text}");
    }
}

#[test]
fn tests_may_send_to_this_machine_and_nowhere_else_without_tls() {
    for text in ["http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]:9/", "https://127.0.0.1:9/"] {
        assert!(checked_url(text, true).is_ok(), "{text}");
    }
    for text in ["http://hooks.example.com/", "http://10.0.0.1/"] {
        assert_eq!(checked_url(text, true), Err(UrlFault::NotHttps), "{text}");
    }
    assert_eq!(checked_url("http://me@127.0.0.1/", true), Err(UrlFault::HasCredentials));
}

#[test]
fn a_webhook_gets_what_it_is_for_while_it_is_enabled() {
    let webhook = Webhook {
        id: WebhookId::generate(NOW),
        account_id: AccountId::generate(NOW),
        url: "https://hooks.example.com/in?token=1".to_owned(),
        actions: Some(vec![AuditAction::LoggedIn]),
        state: WebhookState::Enabled,
        created_by: UserId::generate(NOW),
        created_at: NOW,
        failing_since: None,
        old_secret_until: None,
        version: 1,
    };
    assert_eq!(webhook.host(), "hooks.example.com");
    assert!(webhook.wants(AuditAction::LoggedIn, NOW));
    assert!(!webhook.wants(AuditAction::LoggedOut, NOW));
    assert!(!webhook.wants(AuditAction::LoggedIn, NOW - Duration::SECOND), "from before it was there");
    let all = Webhook { actions: None, ..webhook.clone() };
    assert!(all.wants(AuditAction::LoggedOut, NOW));
    let none = Webhook { actions: Some(Vec::new()), ..webhook.clone() };
    assert!(!none.wants(AuditAction::LoggedIn, NOW), "only of kinds that this version does not know");
    for state in [WebhookState::Paused, WebhookState::Failed, WebhookState::Gone] {
        assert!(!Webhook { state, ..webhook.clone() }.wants(AuditAction::LoggedIn, NOW));
    }
}

#[test]
fn the_same_event_has_the_same_message_id_and_a_test_one_of_its_own() {
    let (webhook, event) = (WebhookId::generate(NOW), AuditEventId::generate(NOW));
    let of_event = || WebhookDelivery::new(webhook, Some((event, AuditAction::LoggedIn)), NOW);
    assert_eq!(of_event().message_id(), of_event().message_id());
    assert_eq!(of_event().message_type(), "audit.LOGGED_IN");
    let test = WebhookDelivery::new(webhook, None, NOW);
    assert_eq!((test.message_id(), test.message_type()), (test.id.to_string(), "webhook.TEST".to_owned()));
}
