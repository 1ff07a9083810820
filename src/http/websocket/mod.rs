//! `graphql-transport-ws` on `/graphql/ws`: who may open a socket, and how large it may get.
//!
//! The protocol is <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>. Every operation passes the
//! same gate as over HTTP and looks its session up anew.

mod message;
mod operation;
mod socket;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::RequestExt;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Request, State, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use super::{Edge, session};

const PROTOCOL: &str = "graphql-transport-ws";

/// Bounds of a socket.
#[derive(Debug, Clone)]
pub struct SocketSettings {
    /// Origins whose pages may open a socket. What sends no `Origin` is no browser and brings its own token.
    pub origins: Vec<String>,
    /// `connection_init` must come within this time.
    pub init_timeout: Duration,
    /// A client that is silent gets a ping this often, and is given up after two without any sign.
    pub ping_every: Duration,
    /// A client that does not take a message within this time is given up.
    pub write_timeout: Duration,
    /// Operations at once on one socket.
    pub operations: usize,
    /// Sockets at once.
    pub sockets: usize,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            init_timeout: Duration::from_secs(10),
            ping_every: Duration::from_secs(25),
            write_timeout: Duration::from_secs(15),
            operations: 100,
            sockets: 10_000,
        }
    }
}

/// Answers `/graphql/ws`.
pub async fn upgrade(State(edge): State<Arc<Edge>>, mut request: Request) -> Response {
    let settings = &edge.settings.socket;
    // The browser sends the session cookie with any page's upgrade; this check is the defence.
    if !origin_may(request.headers(), &settings.origins) {
        return plain(StatusCode::FORBIDDEN, "This origin may not open a socket here.");
    }
    let upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection> = request.extract_parts().await;
    let Ok(upgrade) = upgrade else {
        let mut response = plain(
            StatusCode::UPGRADE_REQUIRED,
            "This is a WebSocket endpoint; the protocol is graphql-transport-ws.",
        );
        response.headers_mut().insert(header::UPGRADE, header::HeaderValue::from_static("websocket"));
        return response;
    };
    let Ok(place) = edge.sockets.clone().try_acquire_owned() else {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "Too many sockets are open; try again.");
    };
    let (parts, _) = request.into_parts();
    let cookie = edge.settings.cookie.token(&parts.headers);
    let meta = session::meta(&parts, &edge.settings.trusted_proxies);
    let limit = edge.settings.body_limit;
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(limit)
        .max_frame_size(limit)
        // The defaults are 128 KiB for each socket.
        .read_buffer_size(8 * 1024)
        .write_buffer_size(8 * 1024)
        .on_upgrade(move |socket| async move {
            // Counted among what the end of the gateway waits for.
            let tasks = edge.tasks.clone();
            tasks.track_future(socket::run(edge, socket, cookie, meta)).await;
            drop(place);
        })
}

fn origin_may(headers: &HeaderMap, origins: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    origins.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(origin.as_bytes()))
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
