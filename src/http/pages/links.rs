//! The plain pages where the links of other mails lead: verifying an address, setting a new password.
//!
//! Each page is the same for everybody: the token stands in the fragment, which never reaches this server. The script
//! posts a mutation on a click, so mail scanners that open links change nothing.

use axum::Router;
use axum::routing::get;

use super::{OWN_PAGE, asset, html};

/// The pages, and the script that they share.
pub(super) fn router() -> Router {
    Router::new()
        .route(
            "/link.js",
            get(async || asset("text/javascript; charset=utf-8", include_str!("files/link.js"))),
        )
        .route("/verify-email", get(async || html(OWN_PAGE, include_str!("files/verify-email.html"))))
        .route("/reset-password", get(async || html(OWN_PAGE, include_str!("files/reset-password.html"))))
}
