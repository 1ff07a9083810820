//! The one map from the services' errors to GraphQL errors. Internal causes are logged here, once; the client sees a
//! code and a request id.

use async_graphql::{Error as GraphQlError, ErrorExtensions};

use crate::domain::Denial;
use crate::graphql::RequestContext;
use crate::service::Error;

/// No live session.
pub const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
/// Visible, and not allowed. Where the session lacks a second factor that is demanded, `reason` says so.
pub const FORBIDDEN: &str = "FORBIDDEN";
/// Does not exist, or is not visible.
pub const NOT_FOUND: &str = "NOT_FOUND";
/// Malformed input; names the field and what was expected.
pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
/// Too many requests.
pub const RATE_LIMITED: &str = "RATE_LIMITED";
/// Try again later; `retryAfter` says in how many seconds.
pub const UNAVAILABLE: &str = "UNAVAILABLE";
/// A defect; `requestId` finds the cause in the log.
pub const INTERNAL: &str = "INTERNAL";

/// Seconds after which a client should try again when the database is away.
pub const RETRY_AFTER: u32 = 2;

/// An error with a code.
pub fn coded(message: impl Into<String>, code: &'static str) -> GraphQlError {
    GraphQlError::new(message).extend_with(|_, extensions| extensions.set("code", code))
}

/// Malformed input.
pub fn bad_input(field: &str, expected: &str) -> GraphQlError {
    coded(format!("{field}: expected {expected}"), BAD_USER_INPUT)
        .extend_with(|_, extensions| extensions.set("field", field))
}

/// A defect. `cause` goes to the log, not to the client.
pub fn internal(cause: &str, request_id: &str) -> GraphQlError {
    tracing::error!(cause, request_id, "a request failed");
    coded("something went wrong on our side", INTERNAL)
        .extend_with(|_, extensions| extensions.set("requestId", request_id))
}

/// Something that may work again shortly.
pub fn unavailable() -> GraphQlError {
    coded("the service is not available at the moment, try again shortly", UNAVAILABLE)
        .extend_with(|_, extensions| extensions.set("retryAfter", RETRY_AFTER))
}

/// What a client sees of a denial.
pub fn denied(denial: Denial) -> GraphQlError {
    match denial {
        Denial::SignedOut => coded(denial.to_string(), UNAUTHENTICATED),
        Denial::Hidden => coded(denial.to_string(), NOT_FOUND),
        Denial::Forbidden => coded(denial.to_string(), FORBIDDEN),
        Denial::Restricted(restriction) => coded(denial.to_string(), FORBIDDEN)
            .extend_with(|_, extensions| extensions.set("reason", restriction.as_str())),
    }
}

/// What a client sees of a service's error.
pub fn from_service(error: &Error, request_id: &str) -> GraphQlError {
    match error {
        Error::Denied(denial) => denied(*denial),
        Error::BadInput { field, expected } => bad_input(field, expected),
        error if error.is_unavailable() => {
            tracing::warn!(cause = chain(error), request_id, "the database is not available");
            unavailable()
        }
        _ => internal(&chain(error), request_id),
    }
}

/// An error and its causes in one line, for the log.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Turns a service's `Result` into a resolver's. `?` alone would show the error's own text.
pub trait OrError<T> {
    /// The value, or the error as the client may see it.
    fn or_error(self, request: &RequestContext) -> async_graphql::Result<T>;
}

impl<T> OrError<T> for Result<T, Error> {
    fn or_error(self, request: &RequestContext) -> async_graphql::Result<T> {
        self.map_err(|error| from_service(&error, &request.caller().meta.request_id))
    }
}
