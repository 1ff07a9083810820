//! Headers that every answer carries, and the request id that goes in and out.
//!
//! A handler may set a header itself (a page's own policy, a file's caching); what it leaves unset is set here,
//! to the strictest value.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tracing::Instrument as _;
use uuid::Uuid;

/// The id of a request: the client's own if it is a sane one, else new.
#[derive(Debug, Clone)]
pub struct RequestId(Arc<str>);

/// The header that it travels in.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl RequestId {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(headers: &HeaderMap) -> Self {
        let sane = |text: &&str| {
            (8..=64).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        match headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(sane) {
            Some(given) => Self(given.into()),
            None => Self(Uuid::now_v7().to_string().into()),
        }
    }
}

/// The policy of an answer that is not a page: nothing may be loaded from it or around it.
const NO_PAGE: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 8] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CONTENT_SECURITY_POLICY, NO_PAGE),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Two years, as browsers' preload lists ask.
const HSTS: &str = "max-age=63072000; includeSubDomains";

/// What log records of a request carry. Of the highest level, so that no filter leaves it out.
pub(super) fn logged(request_id: &str) -> tracing::Span {
    tracing::error_span!("request", request_id, trace_id = tracing::field::Empty)
}

/// Gives the request its id, also in whatever is logged meanwhile, and the answer its headers. `https` says how browsers
/// reach the gateway.
pub async fn apply(State(https): State<bool>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).instrument(logged(id.as_str())).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(REQUEST_ID, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sane_request_id_is_taken_over() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(value).unwrap());
            RequestId::of(&headers).as_str().to_owned()
        };
        assert_eq!(with("abc-DEF_1.2"), "abc-DEF_1.2");
        for bad in ["short", "has space in it", "quote\"quote", &"x".repeat(65)] {
            assert_ne!(with(bad), bad);
        }
    }
}
