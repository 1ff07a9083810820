//! The plain pages where the links of other mails lead, as long as there is no web bundle: verifying an address, setting
//! a new password.
//!
//! Each page is the same for everybody: the token stands in the fragment, which never reaches this server. The script
//! posts a mutation on a click, so mail scanners that open links change nothing.

use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::{OWN_PAGE, asset, html};

/// What the pages need; `web` decides whether they themselves are served.
pub(super) fn router() -> Router {
    Router::new().route(
        "/link.js",
        get(async || asset("text/javascript; charset=utf-8", include_str!("files/link.js"))),
    )
}

/// The page that verifies an address.
pub(super) fn verify_email() -> Response {
    html(OWN_PAGE, include_str!("files/verify-email.html"))
}

/// The page that sets a new password.
pub(super) fn reset_password() -> Response {
    html(OWN_PAGE, include_str!("files/reset-password.html"))
}
