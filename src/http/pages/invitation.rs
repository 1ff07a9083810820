//! The plain page behind the link of an invitation mail, as long as there is no web bundle.
//!
//! The page is the same for everybody: the token stands in the fragment, which never reaches this server. Its script
//! asks `invitationByToken` and posts a mutation on a click, so mail scanners that open links change nothing.

use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::{OWN_PAGE, asset, html};

/// What the page needs; `web` decides whether the page itself is served.
pub(super) fn router() -> Router {
    Router::new().route(
        "/invitation.js",
        get(async || asset("text/javascript; charset=utf-8", include_str!("files/invitation.js"))),
    )
}

/// The page.
pub(super) fn page() -> Response {
    html(OWN_PAGE, include_str!("files/invitation.html"))
}
