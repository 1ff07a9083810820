//! What the edge answers when it does not execute a request, and the last look at the errors that it lets out.
//!
//! Nothing here knows a use case. Internal text ends here: it is logged once, under the request's id, and the
//! client gets the id.

use async_graphql::{ErrorExtensionValues, Pos, Response, ServerError, Value};
use http::StatusCode;

/// The values of `extensions.code`.
pub mod code {
    pub use crate::graphql::error::*;

    /// Of Apollo's automatic persisted queries: the client is to send the text along with the hash.
    pub const PERSISTED_QUERY_NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";
}

/// The values of `extensions.reason`, where a code alone does not say what to do.
pub mod reason {
    /// Only trusted documents are executed, and this is none.
    pub const DOCUMENT_NOT_TRUSTED: &str = "DOCUMENT_NOT_TRUSTED";
    /// No document of this id is known.
    pub const DOCUMENT_NOT_FOUND: &str = "DOCUMENT_NOT_FOUND";
}

/// Errors beyond this many are left out of one answer.
const MOST_ERRORS: usize = 25;

/// A request that is not executed.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The HTTP status; `None` where the media type decides (a document that is wrong: 400, or 200 for
    /// `application/json`).
    pub status: Option<StatusCode>,
    /// `extensions.code`.
    pub code: &'static str,
    /// `extensions.reason`.
    pub reason: Option<&'static str>,
    /// What is wrong and what to do.
    pub message: String,
    /// Where in the document.
    pub locations: Vec<Pos>,
    /// The `Allow` header of a 405.
    pub allow: Option<&'static str>,
}

impl Refusal {
    fn new(status: Option<StatusCode>, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, reason: None, message: message.into(), locations: Vec::new(), allow: None }
    }

    /// The document, or what it is to be executed with, is wrong.
    pub fn document(message: impl Into<String>) -> Self {
        Self::new(None, code::BAD_USER_INPUT, message)
    }

    /// The HTTP request is not a GraphQL request.
    pub fn http(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(Some(status), code::BAD_USER_INPUT, message)
    }

    /// The method does not fit.
    pub fn method(allow: &'static str, message: impl Into<String>) -> Self {
        Self { allow: Some(allow), ..Self::http(StatusCode::METHOD_NOT_ALLOWED, message) }
    }

    /// The session presented is not a live one.
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(Some(StatusCode::UNAUTHORIZED), code::UNAUTHENTICATED, message)
    }

    /// Not in this form.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Some(StatusCode::FORBIDDEN), code::FORBIDDEN, message)
    }

    /// Try again later.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Some(StatusCode::SERVICE_UNAVAILABLE), code::UNAVAILABLE, message)
    }

    /// Too many at once.
    pub fn rate_limited(message: impl Into<String>) -> Self {
        Self::new(Some(StatusCode::TOO_MANY_REQUESTS), code::RATE_LIMITED, message)
    }

    /// A fault of ours, already logged under this request id.
    pub fn internal(request_id: &str) -> Self {
        Self::new(Some(StatusCode::INTERNAL_SERVER_ERROR), code::INTERNAL, internal_message(request_id))
    }

    /// The same, pointing into the document.
    pub fn at(mut self, position: Pos) -> Self {
        self.locations.push(position);
        self
    }

    /// The same, with a reason that a client can act on.
    pub fn because(self, reason: &'static str) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// The error as GraphQL shows it.
    pub fn into_error(self) -> ServerError {
        let mut error = ServerError::new(self.message, None);
        error.locations = self.locations;
        set_code(&mut error, self.code);
        if let (Some(reason), Some(extensions)) = (self.reason, &mut error.extensions) {
            extensions.set("reason", reason);
        }
        if let (code::UNAVAILABLE, Some(extensions)) = (self.code, &mut error.extensions) {
            extensions.set("retryAfter", code::RETRY_AFTER);
        }
        error
    }
}

fn internal_message(request_id: &str) -> String {
    format!("Something went wrong on our side. Quote request id {request_id} when you report it.")
}

fn set_code(error: &mut ServerError, code: &str) {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code);
}

/// The code of an error, if it has one.
pub fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        Value::Enum(code) => Some(code),
        _ => None,
    }
}

/// Whether execution never began: nothing was resolved, so the answer has no `data` at all.
pub fn is_request_error(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// The last look: every error has a code, internal text stays here, and their number is bounded.
pub fn finish(response: &mut Response, request_id: &str) {
    response.errors.truncate(MOST_ERRORS);
    for error in &mut response.errors {
        if let Some(known) = code_of(error) {
            if known == code::INTERNAL {
                let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
                extensions.set("requestId", request_id);
            }
            continue;
        }
        // Validation errors have no path; arguments that a scalar refuses fail where they are read.
        let input = error.path.is_empty()
            || error.message.starts_with("Failed to parse \"")
            || error.message.starts_with("Expected input type \"");
        if input {
            set_code(error, code::BAD_USER_INPUT);
            continue;
        }
        tracing::error!(request_id, path = ?error.path, cause = %error.message, "an error without a code");
        error.message = internal_message(request_id);
        set_code(error, code::INTERNAL);
        if let Some(extensions) = &mut error.extensions {
            extensions.set("requestId", request_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::PathSegment;

    use super::*;

    fn response(errors: Vec<ServerError>) -> Response {
        Response::from_errors(errors)
    }

    #[test]
    fn internal_text_is_never_shown() {
        let error = ServerError::new("connection to 10.0.0.7 refused", None)
            .with_path(vec![PathSegment::Field("viewer".into())]);
        let mut answer = response(vec![error]);
        finish(&mut answer, "req-1");
        let shown = serde_json::to_string(&answer).unwrap();
        assert!(!shown.contains("10.0.0.7"), "{shown}");
        assert!(shown.contains("req-1") && shown.contains("INTERNAL"), "{shown}");
    }

    #[test]
    fn an_error_before_execution_is_bad_user_input() {
        let mut answer = response(vec![ServerError::new("Unknown field", None)]);
        assert!(is_request_error(&answer));
        finish(&mut answer, "req-1");
        assert_eq!(code_of(&answer.errors[0]), Some(code::BAD_USER_INPUT));
    }

    #[test]
    fn the_number_of_errors_is_bounded() {
        let mut answer = response((0..1000).map(|n| ServerError::new(n.to_string(), None)).collect());
        finish(&mut answer, "req-1");
        assert_eq!(answer.errors.len(), MOST_ERRORS);
    }
}
