//! From what there is to say to the bytes that travel: an RFC 5322 message in 7-bit, text before HTML, and its envelope.
//! It reads no clock and no database, and draws no token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use time::OffsetDateTime;

use super::clean;
use super::words::{self, Content, Language, Links, Person, Setting, Zone};
use crate::config::PublicUrl;
use crate::crypto::{MailCode, Token, TokenKind};
use crate::domain::{MailId, Preferences};

/// A mail that is ready to go. Its text may hold a token, so it has no `Debug`.
pub struct Rendered {
    /// From whom and to whom, as the mail server is told.
    pub envelope: Envelope,
    /// The subject.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The whole message (RFC 5322).
    pub message: Vec<u8>,
}

/// Why a mail cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// No mail can be addressed to it. The address is personal data and not part of the text.
    #[error("the address is none that mail can be sent to")]
    Address,
    /// Mail with such a sender could only go to servers that take SMTPUTF8.
    #[error("the sender's address must be ASCII in front of the @")]
    Sender,
    /// A defect of the gateway.
    #[error("the message could not be composed")]
    Compose,
}

/// Writes mail in the name of one sender.
#[derive(Clone, Debug)]
pub struct Renderer {
    from: Mailbox,
    service: String,
    public_url: PublicUrl,
}

/// One mail to write.
pub struct Order<'a> {
    /// The row of the outbox; the Message-ID is made of it.
    pub id: MailId,
    /// To whom.
    pub to: &'a Person,
    /// The language and time zone to write it in.
    pub preferences: &'a Preferences,
    /// When what it tells happened.
    pub at: OffsetDateTime,
    /// Now.
    pub now: OffsetDateTime,
    /// What it says.
    pub content: &'a Content,
    /// The token of its links, if it has any.
    pub token: Option<&'a Token>,
    /// The code that it carries, if it does.
    pub code: Option<&'a MailCode>,
}

impl Renderer {
    /// `service` is what the service is called; links lead to `public_url`.
    pub fn new(from: Mailbox, service: String, public_url: PublicUrl) -> Result<Self, RenderError> {
        let email = mailable(from.email.as_ref()).ok_or(RenderError::Sender)?;
        if !is_ascii(&email) {
            return Err(RenderError::Sender);
        }
        let name = from.name.as_deref().map(clean::header_name).filter(|name| !name.is_empty());
        Ok(Self { from: Mailbox::new(name, email), service, public_url })
    }

    /// Writes a mail.
    pub fn render(&self, order: &Order<'_>) -> Result<Rendered, RenderError> {
        let to = mailable(&order.to.email).ok_or(RenderError::Address)?;
        let links = order.token.map(|token| {
            let accept = self.public_url.join(&format!("{}#token={}", page(token.kind()), token.expose()));
            Links { decline: format!("{accept}&decline=1"), accept }
        });
        let code = order.code.map(MailCode::expose);
        let setting = Setting {
            language: Language::best_for(order.preferences.locale.as_deref()),
            zone: &Zone::named(order.preferences.time_zone.as_deref()),
            service: &self.service,
            reader: order.to,
            at: order.at,
            links: links.as_ref(),
            code: code.as_deref(),
        };
        let letter = words::letter(&setting, order.content);
        let text = letter.text().map_err(|_| RenderError::Compose)?;
        let html = letter.html().map_err(|_| RenderError::Compose)?;

        let envelope = Envelope::new(Some(self.from.email.clone()), vec![to.clone()])
            .map_err(|_| RenderError::Compose)?;
        let name = clean::header_name(&order.to.name);
        let message = Message::builder()
            .from(self.from.clone())
            .raw_header(to_header(&name, &to))
            .subject(letter.subject.as_str())
            .date(order.now.into())
            .message_id(Some(format!("<{}@{}>", order.id, self.from.email.domain())))
            .header(AutoSubmitted)
            .header(AutoResponseSuppress)
            .header(ContentLanguage(letter.language.to_owned()))
            .envelope(envelope.clone())
            .multipart(
                MultiPart::alternative()
                    .singlepart(SinglePart::plain(text.clone()))
                    .singlepart(SinglePart::html(html.clone())),
            )
            .map_err(|_| RenderError::Compose)?
            .formatted();
        Ok(Rendered { envelope, subject: letter.subject, text, html, message })
    }
}

/// Where a link with such a token leads.
const fn page(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::EmailVerification => "/verify-email",
        TokenKind::PasswordReset => "/reset-password",
        TokenKind::Invitation => "/invitation",
        TokenKind::RecoveryConfirm | TokenKind::RecoveryStop => "/recovery",
        TokenKind::MfaReset
        | TokenKind::Session
        | TokenKind::Challenge
        | TokenKind::Enrollment
        | TokenKind::Device => "/mfa-reset",
    }
}

/// The address as mail servers take it: the domain in its ASCII form, so that SMTPUTF8 is needed only for what stands
/// in front of the @.
fn mailable(text: &str) -> Option<Address> {
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    let (local, domain) = text.rsplit_once('@')?;
    let domain = match domain.starts_with('[') {
        true => domain.to_owned(),
        false => idna::domain_to_ascii(domain).ok()?,
    };
    Address::new(local, domain).ok()
}

fn is_ascii(address: &Address) -> bool {
    AsRef::<str>::as_ref(address).is_ascii()
}

/// `To` in 7-bit. An address that only exists in UTF-8 cannot stand in such a header; RFC 6857, section 3.1.7, has it
/// written as the name of an empty group. The envelope carries the real one.
fn to_header(name: &str, to: &Address) -> HeaderValue {
    let header = HeaderName::new_from_ascii_str("To");
    if is_ascii(to) {
        let name = (!name.is_empty()).then(|| name.to_owned());
        return lettre::message::header::To::from(lettre::message::Mailboxes::from(Mailbox::new(
            name,
            to.clone(),
        )))
        .display();
    }
    let mut words = Vec::new();
    if !name.is_empty() {
        words.push(encoded_words(&format!("{name} ")));
    }
    words.push(encoded_words(to.as_ref()));
    HeaderValue::dangerous_new_pre_encoded(header, format!("{name} {to}"), words.join("\r\n ") + ": ;")
}

/// A phrase in encoded words (RFC 2047), each at most 75 characters long, on a line of its own.
fn encoded_words(text: &str) -> String {
    let mut words = Vec::new();
    let mut chunk = String::new();
    for c in text.chars() {
        if chunk.len() + c.len_utf8() > 42 {
            words.push(std::mem::take(&mut chunk));
        }
        chunk.push(c);
    }
    words.push(chunk);
    let words: Vec<_> = words.iter().map(|word| format!("=?utf-8?b?{}?=", STANDARD.encode(word))).collect();
    words.join("\r\n ")
}

/// What language a mail is written in (RFC 3282).
#[derive(Clone)]
struct ContentLanguage(String);

impl Header for ContentLanguage {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Language")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

macro_rules! fixed_header {
    ($(#[$doc:meta])* $type:ident, $name:literal, $value:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        struct $type;

        impl Header for $type {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($name)
            }

            fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Self)
            }

            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), $value.to_owned())
            }
        }
    };
}

fixed_header! {
    /// Keeps well-behaved auto-responders quiet (RFC 3834).
    AutoSubmitted, "Auto-Submitted", "auto-generated"
}
fixed_header! {
    /// The same for Microsoft Exchange ([MS-OXCMAIL], 2.2.3.2.14).
    AutoResponseSuppress, "X-Auto-Response-Suppress", "All"
}
