//! `/dev/mailbox`: the mail that `dev` captured instead of sending. Never served outside `dev`.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderValue, header};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{OWN_PAGE, document, escape, html, not_found};

/// Where captured mail is.
pub trait Mailbox: Send + Sync + 'static {
    /// What is kept, oldest first.
    fn mails(&self) -> Vec<CapturedMail>;
}

/// A captured mail. No `Debug`: it may hold a token.
#[derive(Clone, Serialize)]
pub struct CapturedMail {
    /// Counts up from the start of the process.
    pub number: u64,
    /// When it would have been sent.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// To whom.
    pub recipient: String,
    /// The subject.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The whole message, as it would have gone over SMTP.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

type Shared = State<Arc<dyn Mailbox>>;

pub(super) fn router(mailbox: Arc<dyn Mailbox>) -> Router {
    Router::new()
        .route("/dev/mailbox", get(list))
        .route("/dev/mailbox.json", get(json))
        .route("/dev/mailbox/{number}", get(one))
        .route("/dev/mailbox/{number}/html", get(html_part))
        .route("/dev/mailbox/{number}/raw", get(raw))
        .with_state(mailbox)
}

fn find(mailbox: &Arc<dyn Mailbox>, number: u64) -> Option<CapturedMail> {
    mailbox.mails().into_iter().find(|mail| mail.number == number)
}

async fn json(State(mailbox): Shared) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], Json(mailbox.mails())).into_response()
}

fn time_of(mail: &CapturedMail) -> String {
    mail.at.format(&Rfc3339).unwrap_or_default()
}

async fn list(State(mailbox): Shared) -> Response {
    let mut body = String::from("<h1>Captured mail</h1>");
    let mails = mailbox.mails();
    if mails.is_empty() {
        body.push_str("<p>Nothing yet. Mail that the gateway sends appears here; reload to look again.</p>");
    } else {
        body.push_str(
            "<table><thead><tr><th scope=\"col\">At</th><th scope=\"col\">To</th>\
             <th scope=\"col\">Subject</th></tr></thead><tbody>",
        );
        for mail in mails.iter().rev() {
            let _ = write!(
                body,
                "<tr><td>{}</td><td>{}</td><td><a href=\"/dev/mailbox/{}\">{}</a></td></tr>",
                escape(&time_of(mail)),
                escape(&mail.recipient),
                mail.number,
                escape(if mail.subject.is_empty() { "(no subject)" } else { &mail.subject }),
            );
        }
        body.push_str("</tbody></table>");
    }
    body.push_str("<p class=\"soft\">Kept in memory only. As JSON: <a href=\"/dev/mailbox.json\">/dev/mailbox.json</a></p>");
    html(OWN_PAGE, document("Captured mail", "wide", &body))
}

/// The mail's HTML is framed without any right; its links open in a new tab.
const FRAMING_PAGE: &str = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; \
                            form-action 'none'; frame-ancestors 'none'";

async fn one(State(mailbox): Shared, Path(number): Path<u64>) -> Response {
    let Some(mail) = find(&mailbox, number) else { return not_found("No such mail.\n") };
    let mut body = format!(
        "<p><a href=\"/dev/mailbox\">All mail</a></p><h1>{}</h1><dl><dt>To</dt><dd>{}</dd>\
         <dt>At</dt><dd>{}</dd></dl>",
        escape(&mail.subject),
        escape(&mail.recipient),
        escape(&time_of(&mail))
    );
    let _ = write!(body, "<h2>Text</h2><pre>{}</pre>", linked(&mail.text));
    if !mail.html.is_empty() {
        let _ = write!(
            body,
            "<h2>HTML</h2><iframe title=\"The mail's HTML\" src=\"/dev/mailbox/{number}/html\" \
             sandbox=\"allow-popups allow-popups-to-escape-sandbox\"></iframe>"
        );
    }
    let _ =
        write!(body, "<p class=\"soft\"><a href=\"/dev/mailbox/{number}/raw\">The message as sent</a></p>");
    html(FRAMING_PAGE, document(&mail.subject, "wide", &body))
}

async fn html_part(State(mailbox): Shared, Path(number): Path<u64>) -> Response {
    const POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
                          style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";
    let Some(mail) = find(&mailbox, number) else { return not_found("No such mail.\n") };
    let mut response = html(POLICY, format!("<base target=\"_blank\">{}", mail.html));
    response.headers_mut().insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    response
}

async fn raw(State(mailbox): Shared, Path(number): Path<u64>) -> Response {
    match find(&mailbox, number) {
        Some(mail) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], mail.raw).into_response(),
        None => not_found("No such mail.\n"),
    }
}

/// Escaped text in which web addresses are links.
fn linked(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let rest = piece.get(word.len()..).unwrap_or_default();
        let address = word.trim_start_matches(['<', '(']).trim_end_matches(['>', ')', '.', ',']);
        if address.starts_with("http://") || address.starts_with("https://") {
            let (before, after) = word.split_once(address).unwrap_or_default();
            let (before, safe, after) = (escape(before), escape(address), escape(after));
            let _ = write!(
                out,
                "{before}<a href=\"{safe}\" target=\"_blank\" rel=\"noreferrer\">{safe}</a>{after}"
            );
        } else {
            out.push_str(&escape(word));
        }
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_links_and_nothing_else_becomes_markup() {
        assert_eq!(
            linked("go to <https://id.example/mfa-reset#token=a&b>.\nbye <b>"),
            "go to &lt;<a href=\"https://id.example/mfa-reset#token=a&amp;b\" target=\"_blank\" \
             rel=\"noreferrer\">https://id.example/mfa-reset#token=a&amp;b</a>&gt;.\nbye &lt;b&gt;"
        );
    }
}
