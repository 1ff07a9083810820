//! Every letter in every language: as agreed (snapshots), and as it travels (read back by a parser that is not ours).

use mail_parser::MessageParser;

use super::*;
use crate::mail::words::{FreezeNews, Language, RecoveryNews};

fn preferring(locale: &str, time_zone: &str) -> Preferences {
    Preferences { locale: Some(locale.to_owned()), time_zone: Some(time_zone.to_owned()) }
}

/// Somebody who reads a language, with a tag that is more than its own.
fn reader(language: Language) -> Preferences {
    match language {
        Language::En => preferring("en-GB", "Europe/London"),
        Language::Fr => preferring("fr-CA", "America/Montreal"),
        Language::De => preferring("de-AT", "Europe/Vienna"),
        Language::Es => preferring("es-419", "America/Bogota"),
        Language::Ko => preferring("ko-KR", "Asia/Seoul"),
    }
}

pub(super) fn freezes() -> [FreezeNews; 6] {
    let (ada, grace) = (|| Some(ada()), || Some(person("Grace Hopper", "grace@acme.example")));
    let until = Some(datetime!(2026-11-25 12:30 UTC));
    [
        FreezeNews::AcceptedElsewhere(ada()),
        FreezeNews::DeclinedElsewhere { person: ada(), until },
        FreezeNews::Disavowed { until },
        FreezeNews::Burst { person: grace(), until },
        FreezeNews::Lifted { person: ada(), by: grace(), asking: false },
        FreezeNews::Lifted { person: grace(), by: ada(), asking: true },
    ]
}

pub(super) fn news() -> [PersonNews; 10] {
    let until = datetime!(2026-11-25 12:30 UTC);
    [
        PersonNews::VerifyEmail { until },
        PersonNews::ConfirmNewEmail { until },
        PersonNews::EmailChangeRequested { new: "n…w@e…e.com".to_owned() },
        PersonNews::EmailChanged { new: "n…w@e…e.com".to_owned() },
        PersonNews::PasswordReset { until },
        PersonNews::PasswordResetHeld { until },
        PersonNews::SignedUpAgain { link_until: Some(until) },
        PersonNews::SignedUpAgain { link_until: None },
        PersonNews::NewDeviceCode {
            until,
            ip: Some("192.0.2.7".to_owned()),
            user_agent: Some("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0".to_owned()),
        },
        PersonNews::PasswordChanged,
    ]
}

pub(super) fn recoveries() -> [RecoveryNews; 7] {
    let (owner, account) =
        (|| Some(person("Grace Hopper", "grace@acme.example")), || Some("Acme GmbH".to_owned()));
    let contacts = || vec![Some(ada()), Some(person("Alan Turing", "alan@acme.example"))];
    let until = datetime!(2026-11-25 12:30 UTC);
    let named = |contacts, own| RecoveryNews::ContactsNamed {
        account: account(),
        contacts,
        effective_at: Some(until),
        own,
        owner: owner(),
    };
    [
        named(contacts(), true),
        named(Vec::new(), false),
        RecoveryNews::ContactsKept { account: account(), own: true, owner: owner() },
        RecoveryNews::ContactsKept { account: account(), own: false, owner: owner() },
        RecoveryNews::Requested { account: account(), contacts: contacts(), until },
        RecoveryNews::Asked { owner: owner(), account: account(), until },
        RecoveryNews::Stopped { owner: owner(), account: account() },
    ]
}

/// A reset that two recovery contacts asked for.
fn recovered() -> ResetFacts {
    let right = Right::RecoveryContacts(Some("Acme GmbH".to_owned()));
    ResetFacts { second: Some(person("Alan Turing", "alan@acme.example")), right, reason: None, ..reset() }
}

pub(super) fn webhooks() -> [PlaceNews; 2] {
    let (account, host) = (Some("Acme GmbH".to_owned()), "hooks.example".to_owned());
    [false, true].map(|gone| PlaceNews::WebhookDisabled {
        account: account.clone(),
        host: host.clone(),
        gone,
    })
}

/// One snapshot a language and a group of letters, so that each can be read whole.
fn agreed(group: &str, contents: &[Content]) {
    for language in Language::ALL {
        let letters: Vec<_> = contents
            .iter()
            .map(|content| {
                let rendered = render_for(&ada(), &reader(language), content).unwrap();
                // The frame is the same for all; it is seen in the reset request.
                let body = match content {
                    Content::ResetRequest(_) => &*rendered.text,
                    _ => {
                        let (_, rest) = rendered.text.split_once("\n\n").unwrap();
                        rest.trim_end().rsplit_once("\n\n").unwrap().0
                    }
                };
                format!("# {}\n\n{}\n", rendered.subject, body.trim_end())
            })
            .collect();
        insta::assert_snapshot!(format!("{group}_{}", language.tag()), letters.join("\n"));
    }
}

#[test]
fn a_reset_request_reads_as_agreed_in_every_language() {
    agreed("reset_request", &[Content::ResetRequest(reset())]);
}

#[test]
fn news_of_resets_and_factors_read_as_agreed_in_every_language() {
    agreed("security", &every_content().into_iter().filter(is_about_security).collect::<Vec<_>>());
}

#[test]
fn recoveries_read_as_agreed_in_every_language() {
    let mut letters = recoveries().map(Content::Recovery).to_vec();
    letters.push(Content::ResetDeclined(recovered()));
    agreed("recovery", &letters);
}

fn is_about_security(content: &Content) -> bool {
    use Content::{Person, Place, Recovery, ResetRequest};
    !matches!(content, ResetRequest(_) | Place(_) | Person(_) | Recovery(_))
}

#[test]
fn news_of_accounts_and_portfolios_read_as_agreed_in_every_language() {
    let every = every_content();
    let places: Vec<_> = every.into_iter().filter(|content| matches!(content, Content::Place(_))).collect();
    let (webhooks, places): (Vec<_>, Vec<_>) = places
        .into_iter()
        .partition(|content| matches!(content, Content::Place(PlaceNews::WebhookDisabled { .. })));
    let (people, accounts) = places.split_at(places.len() / 2);
    agreed("webhooks", &webhooks);
    agreed("places_one", people);
    agreed("places_two", accounts);
}

#[test]
fn news_of_addresses_and_passwords_read_as_agreed_in_every_language() {
    let every = every_content();
    agreed(
        "people",
        &every.into_iter().filter(|content| matches!(content, Content::Person(_))).collect::<Vec<_>>(),
    );
}

#[test]
fn every_letter_travels_whole_in_every_language() {
    for language in Language::ALL {
        for content in every_content() {
            let rendered = render_for(&ada(), &reader(language), &content).unwrap();
            assert!(rendered.message.is_ascii());
            let head = head(&rendered);
            assert!(head.split("\r\n").all(|line| line.len() <= 998));
            assert!(head.contains(&format!("\r\nContent-Language: {}\r\n", language.tag())), "{head}");
            assert!(
                rendered.html.starts_with(&format!("<!doctype html>\n<html lang=\"{}\">", language.tag()))
            );

            let parsed = MessageParser::default().parse(&rendered.message).unwrap();
            assert_eq!(parsed.subject(), Some(rendered.subject.as_str()));
            let text = parsed.body_text(0).unwrap().replace("\r\n", "\n");
            assert_eq!(text.trim_end(), rendered.text.trim_end());
            let html = parsed.body_html(0).unwrap().replace("\r\n", "\n");
            assert_eq!(html.trim_end(), rendered.html.trim_end());
            // No value was left out.
            for part in [&rendered.text, &rendered.html] {
                assert!(!part.contains("{") && !part.contains("  ("), "{part}");
            }
        }
    }
}

#[test]
fn subjects_beyond_ascii_travel_as_encoded_words() {
    let rendered = render_for(&ada(), &reader(Language::Ko), &Content::ResetRequest(reset())).unwrap();
    assert_eq!(rendered.subject, "MFA 초기화 요청");
    let head = head(&rendered);
    let subject = head.split("\r\n").find(|line| line.starts_with("Subject:")).unwrap();
    assert!(subject.contains("=?utf-8?b?"), "{subject}");
}

#[test]
fn a_reader_without_preferences_gets_english_and_utc() {
    for preferences in [Preferences::default(), preferring("pt-BR", "Nowhere/Land")] {
        let rendered = render_for(&ada(), &preferences, &Content::Enrolled).unwrap();
        assert_eq!(rendered.subject, "MFA was set up");
        assert!(rendered.text.contains("When: Tuesday, 24 November 2026, 12:30 (UTC)\n"));
    }
}

#[test]
fn what_a_user_wrote_is_never_taken_for_a_value_of_a_text() {
    let content = Content::ResetAccepted {
        reset: ResetFacts { requester: Some(person("{person} {service}", "grace@acme.example")), ..reset() },
        own: false,
    };
    let text = render(&ada(), &content).unwrap().text.replace('\n', " ");
    assert!(text.contains("the MFA reset that {person} {service} (grace@acme.example) asked for"), "{text}");
}

#[test]
fn a_nameless_person_is_called_so_in_the_readers_language() {
    let content = Content::ResetCancelled(ResetFacts {
        requester: Some(person("\u{200B}", "grace@acme.example")),
        ..reset()
    });
    for (language, nameless) in [
        (Language::En, "Asked by: (no name) (grace@acme.example)"),
        (Language::De, "Angefordert von: (ohne Namen) (grace@acme.example)"),
        (Language::Fr, "Demandée par\u{a0}: (sans nom) (grace@acme.example)"),
        (Language::Es, "Solicitado por: (sin nombre) (grace@acme.example)"),
        (Language::Ko, "요청한 사람: (이름 없음) (grace@acme.example)"),
    ] {
        let text = render_for(&ada(), &reader(language), &content).unwrap().text;
        assert!(text.contains(nameless), "{text}");
    }
}
