//! `/mfa-reset`: where the link of an MFA reset mail leads.
//!
//! The page is the same for everybody: the token stands in the fragment, which never reaches this server. Its
//! script asks `mfaResetByToken` and posts a mutation on a click, so mail scanners that open links change nothing.

use axum::Router;
use axum::routing::get;

use super::{OWN_PAGE, asset, html};

pub(super) fn router() -> Router {
    Router::new()
        .route("/mfa-reset", get(async || html(OWN_PAGE, include_str!("files/mfa-reset.html"))))
        .route(
            "/mfa-reset.js",
            get(async || asset("text/javascript; charset=utf-8", include_str!("files/mfa-reset.js"))),
        )
}
