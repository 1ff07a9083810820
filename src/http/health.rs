//! Probes: whether the process lives and whether it can serve. They say no more than a balancer needs.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use super::Edge;

/// A probe waits no longer than this for the database.
const PATIENCE: Duration = Duration::from_secs(3);

/// `/healthz` and `/livez`: the process answers. A database that is away does not make it worth restarting.
pub async fn live() -> Response {
    answer(StatusCode::OK, "ok\n")
}

/// `/readyz`: requests can be served. Not so while the gateway stops, so that balancers look elsewhere.
pub async fn ready(State(edge): State<Arc<Edge>>) -> Response {
    if edge.stopping.is_leaving() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    let backend = edge.backend.clone();
    // In a task of its own, like every use of the driver.
    let check = edge.tasks.spawn(async move { backend.ready().await });
    match tokio::time::timeout(PATIENCE, check).await {
        Ok(Ok(Ok(()))) => answer(StatusCode::OK, "ready\n"),
        Ok(Ok(Err(missing))) => {
            tracing::warn!(missing, "not ready");
            answer(StatusCode::SERVICE_UNAVAILABLE, "not ready; the log says why\n")
        }
        Ok(Err(_)) | Err(_) => answer(StatusCode::SERVICE_UNAVAILABLE, "not ready: no answer in time\n"),
    }
}

fn answer(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
