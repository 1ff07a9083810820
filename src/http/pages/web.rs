//! The built web part: the dashboard, the playground, and the files that both need. Nothing from another host.
//!
//! Pages are read each time they are asked for, since the bundle may be built, or built anew, while the gateway
//! runs. Without a bundle there are the plain pages, and `/playground` says how to build it.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeDir;

use super::{OWN_PAGE, Pages, document, html, invitation, landing, links, mfa_reset, not_found, recovery};

/// The dashboard's components set styles as they run; its QR code is a `data:` image.
const DASHBOARD: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                         font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                         form-action 'none'; frame-ancestors 'none'";

/// So does GraphiQL's editor, which has workers, too.
const PLAYGROUND: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; \
                          style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; \
                          connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const MISSING: &str = "<h1>The playground has not been built</h1>\
     <p>Build it once with Node: <code>cd web &amp;&amp; npm ci &amp;&amp; npm run build</code> (<code>make dev</code> \
     does that), then reload this page. If the build lies elsewhere, name its folder in \
     <code>LATCHKEY_WEB_DIR</code>.</p>\
     <p>The GraphQL endpoint <code>/graphql</code> works without it.</p>";

const TRUSTED_ONLY: &str = "<h1>The playground is of no use here</h1>\
     <p>This gateway executes trusted documents only (<code>LATCHKEY_TRUSTED_DOCUMENTS_ONLY</code>), so nothing that is \
     written here would be executed. Use the playground of a gateway that does not, for example \
     <code>latchkey dev</code>.</p>";

/// Where the dashboard's own router takes over.
const DASHBOARD_PATHS: [&str; 8] = [
    "/login",
    "/sign-up",
    "/forgot-password",
    "/profile",
    "/security",
    "/create",
    "/accounts/{*rest}",
    "/portfolios/{*rest}",
];

/// The plain page at a path where the bundle has none.
type Plain = fn() -> Response;

/// Where links of mails lead, and the plain page there without a bundle.
const LINK_PATHS: [(&str, Plain); 5] = [
    ("/invitation", invitation::page),
    ("/mfa-reset", mfa_reset::page),
    ("/recovery", recovery::page),
    ("/reset-password", links::reset_password),
    ("/verify-email", links::verify_email),
];

pub(super) fn router(pages: &Pages) -> Router {
    let mut router = Router::new();
    if let Some(web_dir) = &pages.web_dir {
        let assets = ServeDir::new(web_dir.join("assets")).append_index_html_on_directories(false);
        router = router
            .nest_service("/assets", assets)
            .layer(map_response(cache_for_ever))
            .layer(CompressionLayer::new());
        for path in DASHBOARD_PATHS {
            router = router.route(path, page(web_dir, "index.html", DASHBOARD, || not_found("Not found.\n")));
        }
    }
    let plain_landing = landing(pages);
    router = match &pages.web_dir {
        Some(dir) => router
            .route("/", page(dir, "index.html", DASHBOARD, move || html(OWN_PAGE, plain_landing.clone()))),
        None => router.route("/", get(async move || html(OWN_PAGE, plain_landing.clone()))),
    };
    for (path, plain) in LINK_PATHS {
        router = match &pages.web_dir {
            Some(dir) => router.route(path, page(dir, "index.html", DASHBOARD, plain)),
            None => router.route(path, get(async move || plain())),
        };
    }
    match (&pages.web_dir, pages.playground) {
        (_, false) => router,
        (_, true) if pages.trusted_only => router.route("/playground", get(async || of_no_use())),
        (Some(dir), true) => router.route("/playground", page(dir, "playground.html", PLAYGROUND, not_built)),
        (None, true) => router.route("/playground", get(async || not_built())),
    }
}

/// A page out of the bundle, or `otherwise` where the bundle has none.
fn page(
    dir: &Path,
    name: &str,
    policy: &'static str,
    otherwise: impl Fn() -> Response + Clone + Send + Sync + 'static,
) -> axum::routing::MethodRouter {
    let path: PathBuf = dir.join(name);
    get(async move || match tokio::fs::read(&path).await {
        Ok(page) => html(policy, page),
        Err(_) => otherwise(),
    })
}

fn not_built() -> Response {
    let mut response = html(OWN_PAGE, document("Playground", "", MISSING));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn of_no_use() -> Response {
    let mut response = html(OWN_PAGE, document("Playground", "", TRUSTED_ONLY));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Names under `/assets` hold a hash of what they name.
async fn cache_for_ever(mut response: Response) -> Response {
    if response.status().is_success() {
        let value = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, value);
    }
    response
}
