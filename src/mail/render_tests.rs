//! What mails look like to whoever receives them, read back by a parser that is not ours.

use lettre::message::Mailbox;
use mail_parser::{MessageParser, MimeHeaders};
use time::OffsetDateTime;
use time::macros::datetime;

use super::render::{Order, RenderError, Rendered, Renderer};
use super::words::{Content, Person, PersonNews, PlaceNews, ResetFacts, Right};
use crate::config::PublicUrl;
use crate::crypto::{Token, TokenKind};
use crate::domain::{AccountRole, MailId, PortfolioRole};

const NOW: OffsetDateTime = datetime!(2026-11-24 12:30:15 UTC);
const TOKEN: &str = "lkr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn renderer() -> Renderer {
    let from: Mailbox = "Acme Sécurité <security@bücher.example>".parse().unwrap();
    Renderer::new(from, "Acme".to_owned(), PublicUrl::parse("https://id.acme.example").unwrap()).unwrap()
}

fn person(name: &str, email: &str) -> Person {
    Person { name: name.to_owned(), email: email.to_owned() }
}

fn reset() -> ResetFacts {
    ResetFacts {
        person: Some(person("Ada Lovelace", "ada@acme.example")),
        requester: Some(person("Grace Hopper", "grace@acme.example")),
        right: Right::Account(AccountRole::Admin, Some("Acme GmbH".to_owned())),
        reason: Some("Lost the phone on the train.\n\nSpoke on the phone today.".to_owned()),
        requested_at: datetime!(2026-11-24 12:30 UTC),
        expires_at: datetime!(2026-11-25 02:30:59 +2),
    }
}

fn invitation() -> Content {
    Content::Place(PlaceNews::Invitation {
        inviter: Some(person("Grace Hopper", "grace@acme.example")),
        right: Right::Account(AccountRole::Manager, Some("Acme GmbH".to_owned())),
        until: datetime!(2026-12-01 12:30 UTC),
    })
}

fn every_content() -> Vec<Content> {
    let right = || Right::Account(AccountRole::Manager, Some("Acme GmbH".to_owned()));
    let account = || Some("Acme GmbH".to_owned());
    let ada = Some(person("Ada Lovelace", "ada@acme.example"));
    let grace = Some(person("Grace Hopper", "grace@acme.example"));
    vec![
        Content::ResetRequest(reset()),
        Content::ResetAccepted { reset: reset(), own: true },
        Content::ResetAccepted { reset: reset(), own: false },
        Content::ResetDeclined(reset()),
        Content::ResetCancelled(reset()),
        Content::Enrolled,
        Content::Disabled,
        Content::BackupCodesRegenerated,
        Content::BackupCodeUsed { left: 0 },
        Content::BackupCodeUsed { left: 7 },
        Content::Place(PlaceNews::InvitationAccepted { person: ada, right: right() }),
        Content::Place(PlaceNews::RoleChanged(right())),
        Content::Place(PlaceNews::Removed { account: account() }),
        Content::Place(PlaceNews::OwnershipTransferred {
            account: account(),
            from: grace.clone(),
            to: Some(person("Ada Lovelace", "ada@acme.example")),
        }),
        Content::Place(PlaceNews::Closed { account: account(), by: grace }),
    ]
    .into_iter()
    .chain(news().map(Content::Person))
    .collect()
}

fn news() -> [PersonNews; 9] {
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
        PersonNews::PasswordChanged,
    ]
}

fn token_of(content: &Content) -> Option<Token> {
    let kind = match content {
        Content::ResetRequest(_) => TokenKind::MfaReset,
        Content::Person(PersonNews::VerifyEmail { .. } | PersonNews::ConfirmNewEmail { .. }) => {
            TokenKind::EmailVerification
        }
        Content::Person(
            PersonNews::PasswordReset { .. } | PersonNews::SignedUpAgain { link_until: Some(_) },
        ) => TokenKind::PasswordReset,
        _ => return None,
    };
    Token::parse(kind, &TOKEN.replace("lkr_", kind.prefix()))
}

fn render(to: &Person, content: &Content) -> Result<Rendered, RenderError> {
    let token = token_of(content);
    let token = token.as_ref();
    let id = MailId::from_uuid(uuid::Uuid::from_u128(7));
    let rendered = renderer().render(&Order { id, to, at: NOW, now: NOW, content, token, code: None })?;
    keep(&rendered);
    Ok(rendered)
}

/// For a look with other tools: `LATCHKEY_TEST_MAIL_DIR` names a folder.
fn keep(rendered: &Rendered) {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    if let Some(folder) = std::env::var_os("LATCHKEY_TEST_MAIL_DIR") {
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        std::fs::write(std::path::Path::new(&folder).join(format!("{number:03}.eml")), &rendered.message)
            .unwrap();
    }
}

fn head(rendered: &Rendered) -> String {
    let message = String::from_utf8(rendered.message.clone()).unwrap();
    message.split_once("\r\n\r\n").unwrap().0.to_owned()
}

fn ada() -> Person {
    person("Ada Lovelace", "ada@acme.example")
}

#[test]
fn a_reset_request_says_who_asked_for_which_account_why_and_until_when() {
    let rendered = render(&ada(), &Content::ResetRequest(reset())).unwrap();
    insta::assert_snapshot!(rendered.text);
    for needed in [
        "Grace Hopper (grace@acme.example)",
        "Admin of the account Acme GmbH",
        "Lost the phone on the train.",
        "Wednesday, 25 November 2026, 00:30 UTC",
        "log in with your password and the backup code",
    ] {
        assert!(rendered.text.replace('\n', " ").contains(needed), "{needed}");
        assert!(rendered.html.contains(needed), "{needed}");
    }
}

#[test]
fn every_other_mail_reads_as_agreed() {
    let texts: Vec<_> = every_content()[1..]
        .iter()
        .map(|content| {
            let rendered = render(&ada(), content).unwrap();
            format!("Subject: {}\n\n{}", rendered.subject, rendered.text)
        })
        .collect();
    insta::assert_snapshot!(texts.join("\n================\n\n"));
}

#[test]

fn an_invitation_reads_as_agreed_and_has_one_link() {
    let token = format!("lki_{}", "A".repeat(43));
    let token = Token::parse(TokenKind::Invitation, &token).unwrap();
    let id = MailId::from_uuid(uuid::Uuid::from_u128(7));
    // Somebody who is no user yet has no name.
    let to = person("", "new@acme.example");
    let content = invitation();
    let order = Order { id, to: &to, at: NOW, now: NOW, content: &content, token: Some(&token), code: None };
    let rendered = renderer().render(&order).unwrap();
    keep(&rendered);
    insta::assert_snapshot!(rendered.text);
    assert_eq!(rendered.text.matches("https://").count(), 1);
    assert_eq!(rendered.html.matches("<a ").count(), 1);
    let link = format!("https://id.acme.example/invitation#token={}", token.expose());
    assert!(rendered.text.contains(&link));
}

#[test]
fn links_about_addresses_and_passwords_lead_to_their_own_pages() {
    for (news, page) in [
        (PersonNews::VerifyEmail { until: NOW }, "verify-email#token=lkv_"),
        (PersonNews::ConfirmNewEmail { until: NOW }, "verify-email#token=lkv_"),
        (PersonNews::PasswordReset { until: NOW }, "reset-password#token=lkp_"),
        (PersonNews::SignedUpAgain { link_until: Some(NOW) }, "reset-password#token=lkp_"),
    ] {
        let rendered = render(&ada(), &Content::Person(news)).unwrap();
        let links: Vec<_> = rendered.text.split_whitespace().filter(|word| word.contains("://")).collect();
        assert_eq!(links.len(), 1);
        assert!(links[0].starts_with(&format!("https://id.acme.example/{page}")), "{links:?}");
        assert_eq!(rendered.html.matches("href=").count(), 1);
    }
}

#[test]
fn whoever_is_not_to_be_called_by_name_is_greeted_without_one() {
    let rendered = render(&person("", "ada@acme.example"), &Content::Enrolled).unwrap();
    assert!(rendered.text.starts_with("Hello,\n") && rendered.html.contains(">Hello,<"));
    assert!(head(&rendered).contains("\r\nTo: ada@acme.example\r\n"));
}

#[test]
fn text_and_html_of_a_reset_request_hold_the_same_two_links() {
    let rendered = render(&ada(), &Content::ResetRequest(reset())).unwrap();
    let accept = format!("https://id.acme.example/mfa-reset#token={TOKEN}");
    let decline = format!("{accept}&decline=1");
    let links: Vec<_> =
        rendered.text.split_whitespace().filter(|word| word.starts_with("https://")).collect();
    assert_eq!(links, [&accept, &decline]);
    let escaped = |url: &str| url.replace('&', "&#38;");
    let targets: Vec<_> = rendered
        .html
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split_once('"').unwrap().0.to_owned())
        .collect();
    assert_eq!(targets, [escaped(&accept), escaped(&decline)]);
    assert!(!rendered.html.contains("src="));
}

#[test]
fn every_mail_is_well_formed_and_7_bit() {
    for content in every_content() {
        let rendered = render(&ada(), &content).unwrap();
        assert!(rendered.message.is_ascii());
        let text = String::from_utf8(rendered.message.clone()).unwrap();
        assert!(text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));

        let parsed = MessageParser::default().parse(&rendered.message).unwrap();
        assert_eq!(parsed.from().unwrap().first().unwrap().name(), Some("Acme Sécurité"));
        assert_eq!(parsed.from().unwrap().first().unwrap().address(), Some("security@xn--bcher-kva.example"));
        assert_eq!(parsed.to().unwrap().first().unwrap().name(), Some("Ada Lovelace"));
        assert_eq!(parsed.to().unwrap().first().unwrap().address(), Some("ada@acme.example"));
        assert_eq!(parsed.subject(), Some(rendered.subject.as_str()));
        assert_eq!(
            parsed.message_id(),
            Some("mail_00000000000000000000000007@xn--bcher-kva.example"),
            "fixed by the outbox row"
        );
        assert_eq!(parsed.date().unwrap().to_timestamp(), NOW.unix_timestamp());
        assert_eq!(parsed.header_raw("Auto-Submitted").unwrap().trim(), "auto-generated");
        assert!(parsed.is_content_type("multipart", "alternative"));
        let kinds: Vec<_> =
            parsed.parts.iter().skip(1).map(|part| part.content_type().unwrap().subtype().unwrap()).collect();
        assert_eq!(kinds, ["plain", "html"]);
        assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), rendered.text.trim_end());
        assert_eq!(parsed.body_html(0).unwrap().replace("\r\n", "\n").trim_end(), rendered.html.trim_end());
    }
}

#[test]
fn the_subject_of_a_reset_request_is_fixed() {
    let rendered = render(&ada(), &Content::ResetRequest(reset())).unwrap();
    assert!(head(&rendered).contains("\r\nSubject: MFA reset request\r\n"));
}

#[test]
fn what_users_wrote_injects_neither_headers_nor_html_nor_links() {
    let evil = "Eve\r\nBcc: eve@evil.example\r\n\r\n<a href=\"https://evil.example\">click</a> \u{202E}moc.elpmaxe\u{202C} & www.evil.example \"'";
    let content = Content::ResetRequest(ResetFacts {
        requester: Some(person(evil, "\"https://evil.example/\"@evil.example")),
        right: Right::Portfolio(PortfolioRole::Owner, Some(evil.to_owned())),
        reason: Some(format!("{evil}\n\nAccept the reset:\nhttps://evil.example/mfa-reset#token={TOKEN}")),
        ..reset()
    });
    let rendered = render(&person(evil, "eve@acme.example"), &content).unwrap();

    let names: Vec<_> = head(&rendered)
        .split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split_once(':').unwrap().0.to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "X-Auto-Response-Suppress",
            "MIME-Version",
            "Content-Type"
        ]
    );
    let parsed = MessageParser::default().parse(&rendered.message).unwrap();
    assert_eq!(parsed.to().unwrap().as_list().unwrap().len(), 1);
    assert_eq!(parsed.to().unwrap().first().unwrap().address(), Some("eve@acme.example"));

    for part in [&rendered.text, &rendered.html] {
        assert!(!part.contains("https://evil"));
        assert!(!part.contains("www.evil"));
        assert!(!part.contains("evil.example"));
        assert!(!part.contains(['\u{202E}', '\u{202C}', '\r']));
    }
    assert!(!rendered.html.contains("<a href=\"https[:]"));
    assert_eq!(rendered.html.matches("<a ").count(), 2);
    assert_eq!(rendered.text.matches("https://").count(), 2);
    // What the requester wrote cannot pass for the mail's own text.
    assert_eq!(rendered.text.matches("\nAccept the reset:\n").count(), 1);
    assert!(rendered.text.contains("\n> Accept the reset:\n"));
}

#[test]
fn names_beyond_ascii_travel_as_encoded_words() {
    for name in [
        "Zoë Müller-Šimić",
        "李小龍",
        "نور الهدى",
        "👩\u{200D}🚀 Астронавт",
        "=?utf-8?q?x?=",
        "A, B <c@d.example>",
    ] {
        let rendered = render(&person(name, "zoe@acme.example"), &Content::Enrolled).unwrap();
        assert!(head(&rendered).is_ascii());
        let parsed = MessageParser::default().parse(&rendered.message).unwrap();
        let to = parsed.to().unwrap().first().unwrap();
        assert_eq!((to.name(), to.address()), (Some(name), Some("zoe@acme.example")));
    }
}

#[test]
fn international_domains_go_out_in_ascii_and_local_parts_only_in_the_envelope() {
    let rendered = render(&person("Zoë", "zoe@bücher.example"), &Content::Enrolled).unwrap();
    assert_eq!(rendered.envelope.to()[0].to_string(), "zoe@xn--bcher-kva.example");
    assert!(head(&rendered).contains("<zoe@xn--bcher-kva.example>"));

    let long = format!("{} Müller", "Zoë ".repeat(15));
    let rendered = render(&person(&long, "zoë@bücher.example"), &Content::Enrolled).unwrap();
    assert_eq!(rendered.envelope.to()[0].to_string(), "zoë@xn--bcher-kva.example");
    let head = head(&rendered);
    assert!(head.is_ascii());
    assert!(head.split("\r\n").all(|line| line.len() <= 78), "{head}");
    assert!(head.contains("\r\nTo: =?utf-8?b?") && head.contains("?=: ;\r\n"), "{head}");
}

#[test]
fn addresses_that_could_break_out_of_the_envelope_are_refused() {
    for email in [
        "",
        "ada",
        "ada@",
        "@acme.example",
        "a b@acme.example",
        "ada@acme.example\r\nRCPT TO:<x@y>",
        "a\u{0}@x.example",
        "ada@acme..example",
        "ada@ac me",
        "a@b@c d",
    ] {
        assert!(
            matches!(render(&person("Ada", email), &Content::Enrolled), Err(RenderError::Address)),
            "{email:?}"
        );
    }
}

#[test]
fn a_sender_needs_an_ascii_local_part() {
    let from: Mailbox = "zoë@acme.example".parse().unwrap();
    let url = PublicUrl::parse("https://id.acme.example").unwrap();
    assert!(matches!(Renderer::new(from, "Acme".to_owned(), url), Err(RenderError::Sender)));
}

#[test]
fn facts_that_are_gone_leave_a_mail_readable() {
    let content = Content::ResetRequest(ResetFacts {
        person: None,
        requester: None,
        right: Right::Portfolio(PortfolioRole::Admin, None),
        reason: None,
        ..reset()
    });
    let text = render(&ada(), &content).unwrap().text;
    assert!(
        text.contains("Asked by: a user who is gone\nAs: Portfolio Admin of the portfolio that is gone\n")
    );
    assert!(!text.contains("Reason"));
}
