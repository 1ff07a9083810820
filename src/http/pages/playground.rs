//! `/playground`: GraphiQL from the web bundle, with nothing from another host.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeDir;

use super::{OWN_PAGE, document, html};

/// GraphiQL's editor writes styles as it runs; everything else comes from files of this origin.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; \
                      font-src 'self' data:; img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

const MISSING: &str = "<h1>The playground has not been built</h1>\
     <p>Build it once with Node: <code>cd web &amp;&amp; npm ci &amp;&amp; npm run build</code> (<code>make dev</code> \
     does that), then reload this page. If the build lies elsewhere, name its folder in \
     <code>LATCHKEY_WEB_DIR</code>.</p>\
     <p>The GraphQL endpoint <code>/graphql</code> works without it.</p>";

pub(super) fn router(web_dir: Option<PathBuf>) -> Router {
    let Some(web_dir) = web_dir else {
        return Router::new().route("/playground", get(async || missing()));
    };
    let assets = ServeDir::new(web_dir.join("assets")).append_index_html_on_directories(false);
    let page = web_dir.join("playground.html");
    Router::new()
        .nest_service("/assets", assets)
        .layer(map_response(cache_for_ever))
        .layer(CompressionLayer::new())
        .route("/playground", get(async move || playground(&page).await))
}

/// Read each time: the bundle may be built, or built anew, while the gateway runs.
async fn playground(page: &Path) -> Response {
    match tokio::fs::read(page).await {
        Ok(page) => html(POLICY, page),
        Err(_) => missing(),
    }
}

fn missing() -> Response {
    let mut response = html(OWN_PAGE, document("Playground", "", MISSING));
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
