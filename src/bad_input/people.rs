//! What people are called and where they are reached: addresses, and the mail that carries their words to others.

use std::sync::OnceLock;

use time::OffsetDateTime;
use time::macros::datetime;

use super::text;
use crate::config::PublicUrl;
use crate::crypto::{Token, TokenKind};
use crate::domain::key::{EmailKey, alike, mask_email, name_key, search_key, usable_name};
use crate::domain::public_address::is_public;
use crate::domain::webhook::checked_url;
use crate::domain::{AccountRole, MailId, Preferences};
use crate::mail::Renderer;
use crate::mail::render::Order;
use crate::mail::words::{Content, Person, PlaceNews, ResetFacts, Right};

/// Keys are keys of themselves; a webhook's address stays out of the network inside.
pub fn addresses(bytes: &[u8]) {
    let given = text(bytes);
    if let Ok(key) = EmailKey::parse(given) {
        let again = EmailKey::parse(key.as_str());
        assert_eq!(
            again.as_ref().map(EmailKey::as_str),
            Ok(key.as_str()),
            "an address's key is not its own key"
        );
        assert!(alike(&name_key(given), &key) <= 24);
    }
    let _ = mask_email(given);
    if let Some(name) = usable_name(given) {
        assert_eq!(usable_name(name), Some(name));
    }
    let key = search_key(given);
    assert_eq!(search_key(&key), key, "a name's key is not its own key");
    if let Ok(url) = checked_url(given, false) {
        assert_eq!(url.scheme(), "https");
        let inside = match url.host() {
            Some(url::Host::Ipv4(ip)) => !is_public(ip.into()),
            Some(url::Host::Ipv6(ip)) => !is_public(ip.into()),
            Some(url::Host::Domain(name)) => !name.contains('.'),
            None => true,
        };
        assert!(!inside, "{url} is inside");
        assert_eq!(checked_url(url.as_str(), false).as_ref(), Ok(&url), "{url} is not taken again");
    }
    if let Ok(url) = PublicUrl::parse(given) {
        assert_eq!(PublicUrl::parse(&url.origin()).as_ref(), Ok(&url));
    }
}

const AT: OffsetDateTime = datetime!(2026-11-24 12:30:15 UTC);
const HEADERS: [&str; 10] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
];

fn renderer() -> Option<&'static Renderer> {
    static RENDERER: OnceLock<Option<Renderer>> = OnceLock::new();
    let make = || {
        let from = "Latchkey <mfa@latchkey.example>".parse().ok()?;
        Renderer::new(from, "Latchkey".to_owned(), PublicUrl::parse("https://id.example.com").ok()?).ok()
    };
    RENDERER.get_or_init(make).as_ref()
}

/// A mail with a stranger's words in it has the headers that every mail has, each once, on lines that SMTP takes. The words
/// are parted by a byte that is in no UTF-8.
pub fn mail(bytes: &[u8]) {
    let mut words = bytes.split(|byte| *byte == 0xFF).map(|bytes| text(bytes).to_owned());
    let mut word = || words.next().unwrap_or_default();
    let to = Person { name: word(), email: word() };
    let right = Right::Account(AccountRole::Admin, Some(word()));
    let other = Person { name: word(), email: word() };
    let preferences = Preferences { locale: Some(word()), time_zone: Some(word()) };
    let reset = ResetFacts {
        person: Some(other.clone()),
        requester: Some(to.clone()),
        second: None,
        right: right.clone(),
        reason: Some(word()),
        requested_at: AT,
        valid_since: AT,
        expires_at: AT,
    };
    let invitation = PlaceNews::Invitation { inviter: Some(other), right, until: AT };
    let token = Token::generate(TokenKind::Invitation);
    for content in
        [Content::Place(invitation), Content::ResetRequest(reset.clone()), Content::ResetDeclined(reset)]
    {
        let order = Order {
            id: MailId::generate(AT),
            to: &to,
            preferences: &preferences,
            at: AT,
            now: AT,
            content: &content,
            token: Some(&token),
            code: None,
        };
        // An address that no mail goes to is refused.
        let Some(Ok(rendered)) = renderer().map(|renderer| renderer.render(&order)) else { return };
        check(&rendered.message);
    }
}

fn check(message: &[u8]) {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(message.len());
    let (head, _) = message.split_at(end);
    assert!(
        head.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b'\t' | b' '..=b'~')),
        "a header is not 7-bit"
    );
    let lines: Vec<&[u8]> = head.split(|byte| *byte == b'\n').collect();
    let mut names = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let line = match line.strip_suffix(b"\r") {
            Some(line) => line,
            None => {
                assert_eq!(at + 1, lines.len(), "a line of the headers ends without CR");
                line
            }
        };
        assert!(
            line.len() <= 998 && !line.contains(&b'\r'),
            "a line of the headers is too long or has a bare CR"
        );
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            names.push(text(line).split(':').next().unwrap_or_default());
        }
    }
    for name in HEADERS {
        assert_eq!(
            names.iter().filter(|found| found.eq_ignore_ascii_case(name)).count(),
            1,
            "{name}: {names:?}"
        );
    }
    assert_eq!(names.len(), HEADERS.len(), "{names:?}");
}
