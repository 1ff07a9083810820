//! Pages that people look at: plain, self-contained, with no script or style in the page itself.
//!
//! A page only reads; what changes anything goes through GraphQL. Each has its own policy for the browser.

mod invitation;
mod links;
pub mod mailbox;
mod mfa_reset;
mod recovery;
mod web;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};

use self::mailbox::Mailbox;

/// Which pages there are.
#[derive(Clone, Default)]
pub struct Pages {
    /// How the service calls itself.
    pub service_name: String,
    /// The playground, from the bundle in `web_dir`.
    pub playground: bool,
    /// Whether only trusted documents are executed, which leaves a playground nothing to do.
    pub trusted_only: bool,
    /// The built web part.
    pub web_dir: Option<PathBuf>,
    /// Captured mail, shown at `/dev/mailbox`; only ever in `dev`.
    pub mailbox: Option<Arc<dyn Mailbox>>,
}

/// Pages that bring a script and a stylesheet of ours and talk to `/graphql`.
const OWN_PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                        img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                        require-trusted-types-for 'script'";

impl Pages {
    /// The routes of the pages that there are.
    pub(super) fn router(&self) -> Router {
        let mut router = Router::new()
            .route(
                "/page.css",
                get(async || asset("text/css; charset=utf-8", include_str!("files/page.css"))),
            )
            .route(
                "/form.js",
                get(async || asset("text/javascript; charset=utf-8", include_str!("files/form.js"))),
            )
            .merge(invitation::router())
            .merge(links::router())
            .merge(mfa_reset::router())
            .merge(recovery::router())
            .merge(web::router(self));
        if let Some(mailbox) = &self.mailbox {
            router = router.merge(mailbox::router(mailbox.clone()));
        }
        router
    }
}

/// The GraphQL documents of these pages, read out of their scripts: template literals that begin with an operation.
pub fn documents() -> Vec<&'static str> {
    let scripts = [
        include_str!("files/invitation.js"),
        include_str!("files/link.js"),
        include_str!("files/mfa-reset.js"),
        include_str!("files/recovery.js"),
    ];
    let literals = scripts.into_iter().flat_map(|script| script.split('`').skip(1).step_by(2));
    literals.filter(|text| ["query ", "mutation "].iter().any(|kind| text.starts_with(kind))).collect()
}

/// `/` without a web bundle: says what this is and where to go.
fn landing(pages: &Pages) -> String {
    let name = escape(&pages.service_name);
    let mut body = format!(
        "<h1>{name}</h1><p>This is an identity gateway. Its GraphQL endpoint is <code>/graphql</code>; \
         subscriptions go over the WebSocket <code>/graphql/ws</code>.</p><ul>"
    );
    if pages.playground && !pages.trusted_only {
        body.push_str("<li><a href=\"/playground\">Playground</a></li>");
    }
    if pages.mailbox.is_some() {
        body.push_str("<li><a href=\"/dev/mailbox\">Captured mail</a></li>");
    }
    body.push_str("</ul>");
    document(&pages.service_name, "", &body)
}

/// A whole page around `body`, which must be escaped already.
fn document(title: &str, class: &str, body: &str) -> String {
    let mut page = String::with_capacity(body.len() + 512);
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\">\
         <title>{}</title><link rel=\"stylesheet\" href=\"/page.css\"></head>\
         <body><main class=\"{class}\"><div class=\"card\">{body}</div></main></body></html>\n",
        escape(title)
    );
    page
}

fn html(policy: &'static str, page: impl Into<axum::body::Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
    ];
    (headers, page.into()).into_response()
}

/// A file that is part of the program; it changes only with it, and nobody needs to know when.
fn asset(content_type: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

fn not_found(text: &'static str) -> Response {
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// Text as HTML text or as a quoted attribute.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests;
