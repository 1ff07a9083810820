//! The plain page of recoveries, as long as there is no web bundle: without a token it asks that the recovery contacts be
//! asked, with a contact's token it confirms, with the Owner's it stops.
//!
//! The page is the same for everybody: the token stands in the fragment, which never reaches this server. The script posts a
//! mutation on a click, so mail scanners that open links change nothing.

use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::{OWN_PAGE, asset, html};

/// What the page needs; `web` decides whether the page itself is served.
pub(super) fn router() -> Router {
    Router::new().route(
        "/recovery.js",
        get(async || asset("text/javascript; charset=utf-8", include_str!("files/recovery.js"))),
    )
}

/// The page.
pub(super) fn page() -> Response {
    html(OWN_PAGE, include_str!("files/recovery.html"))
}
