//! What mails look like to whoever receives them, read back by a parser that is not ours.

mod languages;

use lettre::message::Mailbox;
use mail_parser::{MessageParser, MimeHeaders};
use time::OffsetDateTime;
use time::macros::datetime;

use super::render::{Order, RenderError, Rendered, Renderer};
use super::words::{Content, Person, PersonNews, PlaceNews, RecoveryNews, ResetFacts, Right};
use crate::config::PublicUrl;
use crate::crypto::{MailCode, Token, TokenKind};
use crate::domain::{AccountRole, MailId, PortfolioRole, Preferences};

const NOW: OffsetDateTime = datetime!(2026-11-24 12:30:15 UTC);
const CODE: &str = "1234 5678";
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
        second: None,
        right: Right::Account(AccountRole::Admin, Some("Acme GmbH".to_owned())),
        reason: Some("Lost the phone on the train.\n\nSpoke on the phone today.".to_owned()),
        requested_at: datetime!(2026-11-24 12:30 UTC),
        valid_since: datetime!(2026-11-24 12:30 UTC),
        expires_at: datetime!(2026-11-25 02:30:29 +2),
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
    let resets = [
        Content::ResetRequest(reset()),
        Content::ResetApprovalAsked(reset()),
        Content::ResetAccepted { reset: reset(), own: true },
        Content::ResetAccepted { reset: reset(), own: false },
        Content::ResetDeclined(reset()),
        Content::ResetCancelled(reset()),
        Content::Enrolled,
        Content::Disabled,
        Content::BackupCodesRegenerated,
        Content::BackupCodeUsed { left: 0 },
        Content::BackupCodeUsed { left: 1 },
        Content::BackupCodeUsed { left: 7 },
    ];
    let cooling = |own| Content::ResetCoolingOff { reset: reset(), own, effective_at: NOW };
    let resets = resets.into_iter().chain([true, false].map(cooling));
    let recoveries = languages::recoveries().map(Content::Recovery);
    let freezes = languages::freezes().map(Content::Freeze);
    resets
        .chain(recoveries)
        .chain(freezes)
        .chain(places().map(Content::Place))
        .chain(languages::webhooks().map(Content::Place))
        .chain(languages::news().map(Content::Person))
        .collect()
}

fn places() -> [PlaceNews; 16] {
    let manager = || Right::Account(AccountRole::Manager, Some("Acme GmbH".to_owned()));
    let analyst = || Right::Portfolio(PortfolioRole::Analyst, Some("Holding".to_owned()));
    let (account, portfolio) = (|| Some("Acme GmbH".to_owned()), || Some("Holding".to_owned()));
    let ada = || Some(ada());
    let grace = || Some(person("Grace Hopper", "grace@acme.example"));
    let until = datetime!(2026-12-01 12:30 UTC);
    [
        PlaceNews::Invitation { inviter: grace(), right: analyst(), until },
        PlaceNews::InvitationAccepted { person: ada(), right: manager() },
        PlaceNews::RoleChanged(manager()),
        PlaceNews::RoleChanged(analyst()),
        PlaceNews::Removed { account: account() },
        PlaceNews::RemovedFromPortfolio { portfolio: portfolio() },
        PlaceNews::RemovedFromLinkedAccounts { portfolio: portfolio() },
        PlaceNews::OwnershipTransferred { account: account(), from: grace(), to: ada() },
        PlaceNews::PortfolioOwnershipTransferred { portfolio: portfolio(), from: grace(), to: ada() },
        PlaceNews::Closed { account: account(), by: grace() },
        PlaceNews::PortfolioClosed { portfolio: portfolio(), by: grace() },
        PlaceNews::Linked { account: account(), portfolio: portfolio(), by: grace() },
        PlaceNews::Unlinked { account: account(), portfolio: portfolio(), by: grace() },
        PlaceNews::ContactChosen { account: account(), from: grace(), to: ada(), by: grace() },
        PlaceNews::ContactFellBack { account: account(), from: ada(), to: grace() },
        PlaceNews::Removed { account: None },
    ]
}

fn token_of(content: &Content) -> Option<Token> {
    let kind = match content {
        Content::ResetRequest(_) | Content::ResetCoolingOff { own: true, .. } => TokenKind::MfaReset,
        Content::Place(PlaceNews::Invitation { .. }) => TokenKind::Invitation,
        Content::Person(PersonNews::VerifyEmail { .. } | PersonNews::ConfirmNewEmail { .. }) => {
            TokenKind::EmailVerification
        }
        Content::Person(
            PersonNews::PasswordReset { .. } | PersonNews::SignedUpAgain { link_until: Some(_) },
        ) => TokenKind::PasswordReset,
        Content::Recovery(RecoveryNews::Asked { .. }) => TokenKind::RecoveryConfirm,
        Content::Recovery(RecoveryNews::Requested { .. }) => TokenKind::RecoveryStop,
        _ => return None,
    };
    Token::parse(kind, &TOKEN.replace("lkr_", kind.prefix()))
}

fn render(to: &Person, content: &Content) -> Result<Rendered, RenderError> {
    render_for(to, &Preferences::default(), content)
}

fn render_for(to: &Person, preferences: &Preferences, content: &Content) -> Result<Rendered, RenderError> {
    let token = token_of(content);
    let token = token.as_ref();
    let id = MailId::from_uuid(uuid::Uuid::from_u128(7));
    let code = MailCode::parse(CODE);
    let code = matches!(content, Content::Person(PersonNews::NewDeviceCode { .. })).then_some(code).flatten();
    let code = code.as_ref();
    let rendered =
        renderer().render(&Order { id, to, preferences, at: NOW, now: NOW, content, token, code })?;
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
    for needed in [
        "Grace Hopper (grace@acme.example)",
        "Admin of the account Acme GmbH",
        "Lost the phone on the train.",
        "Valid until: Wednesday, 25 November 2026, 00:30 (UTC)",
        "Valid for: 12 hours",
        "log in with your password and the backup code",
    ] {
        assert!(rendered.text.replace('\n', " ").contains(needed), "{needed}");
        // There the label stands in a cell of its own.
        let value = needed.trim_start_matches("Valid until: ").trim_start_matches("Valid for: ");
        assert!(rendered.html.contains(value), "{needed}");
    }
}

#[test]
fn an_invitation_has_one_link() {
    // Somebody who is no user yet has no name.
    let rendered = render(&person("", "new@acme.example"), &invitation()).unwrap();
    assert!(rendered.text.starts_with("Hello,\n"));
    assert!(rendered.text.contains("Valid until: Tuesday, 1 December 2026, 12:30 (UTC)\n"));
    assert_eq!(rendered.text.matches("https://").count(), 1);
    assert_eq!(rendered.html.matches("<a ").count(), 1);
    let link = format!("https://id.acme.example/invitation#token=lki_{}", "A".repeat(43));
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
            "Content-Language",
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
    let asked = "Asked by: a user who is gone\nAs: Portfolio Admin of the portfolio that is gone\n";
    assert!(text.contains(asked));
    assert!(!text.contains("Reason"));
}
