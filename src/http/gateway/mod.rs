//! What stands beside GraphQL for other services: `/auth/verify`, by which a reverse proxy asks whether to let a request
//! through and as whom, and `/.well-known/jwks.json`, by which services check access tokens themselves.
//!
//! It reads the question and writes the answer; who may pass is decided by the services.

mod question;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use secrecy::SecretString;
use tokio::time::{Instant, timeout};

use self::question::{Question, is_foreign_change};
use super::Edge;
use super::headers::RequestId;
use super::metrics;
use super::over_http::GRACE;
use super::refusal::{self, Refusal};
use super::session::{self, Presented};
use crate::service::deadline;
use crate::service::gateway::{Identity, NotThrough};

const USER_ID: HeaderName = HeaderName::from_static("latchkey-user-id");
const USER_EMAIL: HeaderName = HeaderName::from_static("latchkey-user-email");
const USER_NAME: HeaderName = HeaderName::from_static("latchkey-user-name");
const SESSION_ID: HeaderName = HeaderName::from_static("latchkey-session-id");
const MFA: HeaderName = HeaderName::from_static("latchkey-mfa");
const ACCOUNT_ID: HeaderName = HeaderName::from_static("latchkey-account-id");
const ACCOUNT_ROLE: HeaderName = HeaderName::from_static("latchkey-account-role");
/// Why not, in one word that a proxy can act on.
const REFUSAL: HeaderName = HeaderName::from_static("latchkey-refusal");

/// What the answer depends on.
const VARY: &str =
    "Authorization, Cookie, Latchkey-Require-Account, Latchkey-Require-Roles, Latchkey-Require-Mfa";

/// A body that fits no answer of ours is not waited for; the answer needs none.
pub(super) async fn verify(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let parts = request.into_parts().0;
    let question = Question::of_query_and_headers(parts.uri.query().unwrap_or_default(), &parts.headers);
    answer(&edge, &parts, question).await
}

/// Behind a prefix, path and query are the client's own: only headers, which the proxy sets, say what is required.
pub(super) async fn verify_behind_prefix(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let parts = request.into_parts().0;
    let question = Question::of_headers(&parts.headers);
    answer(&edge, &parts, question).await
}

async fn answer(edge: &Arc<Edge>, parts: &Parts, question: Result<Question, String>) -> Response {
    let start = Instant::now();
    let outcome = match question {
        Ok(question) => ask(edge, parts, question).await,
        Err(wrong) => Outcome::Wrong(wrong),
    };
    let (label, mut response) = outcome.into_response();
    metrics::verified(label, start.elapsed());
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static(VARY));
    response
}

async fn ask(edge: &Arc<Edge>, parts: &Parts, question: Question) -> Outcome {
    let token: Option<SecretString> = match session::carried(&parts.headers, edge.settings.cookie) {
        Ok(Presented::None) => None,
        Ok(Presented::Bearer(token)) => Some(token),
        Ok(Presented::Cookie(_)) if is_foreign_change(parts) => return Outcome::Foreign,
        Ok(Presented::Cookie(token)) => Some(token),
        // Some other scheme: not a session of ours.
        Err(_) => None,
    };
    if token.is_none() {
        return Outcome::NotThrough(NotThrough::SignedOut);
    }
    let meta = session::meta(parts, &edge.settings.trusted_proxies);
    let (backend, request_id) = (edge.backend.clone(), meta.request_id.clone());
    // In a task of its own, like every use of the driver.
    let until = Instant::now() + edge.settings.deadline;
    let task = edge
        .tasks
        .spawn(deadline::by(until, async move { backend.verify(token, meta, question.requirement).await }));
    match timeout(edge.settings.deadline + GRACE, task).await {
        Ok(Ok(Ok(Ok(identity)))) => Outcome::Through(Box::new(identity)),
        Ok(Ok(Ok(Err(why)))) => Outcome::NotThrough(why),
        Ok(Ok(Err(refusal))) => Outcome::Failed(refusal),
        Ok(Err(failed)) => {
            tracing::error!(request_id, %failed, "a verification's task failed");
            Outcome::Failed(Refusal::internal(&request_id))
        }
        Err(_) => Outcome::Failed(Refusal::unavailable("The answer took too long.")),
    }
}

enum Outcome {
    Through(Box<Identity>),
    NotThrough(NotThrough),
    /// A change that another site asks for with the person's cookie.
    Foreign,
    /// The proxy is not configured as it should be.
    Wrong(String),
    Failed(Refusal),
}

impl Outcome {
    fn into_response(self) -> (&'static str, Response) {
        match self {
            Self::Through(identity) => {
                ("through", (StatusCode::OK, identity_headers(&identity)).into_response())
            }
            Self::NotThrough(NotThrough::SignedOut) => {
                let mut response =
                    refused(StatusCode::UNAUTHORIZED, "signed-out", "Sign in: there is no live session.");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                ("signed_out", response)
            }
            Self::NotThrough(NotThrough::NotAMember) => {
                let says = "There is no such account, or you are not in it.";
                ("not_a_member", refused(StatusCode::FORBIDDEN, "not-a-member", says))
            }
            Self::NotThrough(NotThrough::Role) => (
                "role",
                refused(StatusCode::FORBIDDEN, "role", "Your role in the account does not allow this."),
            ),
            Self::NotThrough(NotThrough::MfaRequired) => {
                let says = "Log in with your second factor to go on.";
                ("mfa_required", refused(StatusCode::FORBIDDEN, "mfa-required", says))
            }
            Self::Foreign => {
                let says = "Another site asked for this change; a session cookie does not count there.";
                ("cross_site", refused(StatusCode::FORBIDDEN, "cross-site", says))
            }
            Self::Wrong(what) => {
                tracing::warn!(what, "a reverse proxy asks what cannot be answered");
                ("wrong", refused(StatusCode::BAD_REQUEST, "wrong-question", &what))
            }
            Self::Failed(failure) => {
                let status = failure.status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let mut response = refused(status, "not-available", &failure.message);
                if status == StatusCode::SERVICE_UNAVAILABLE {
                    let after = HeaderValue::from(refusal::code::RETRY_AFTER);
                    response.headers_mut().insert(header::RETRY_AFTER, after);
                }
                ("failed", response)
            }
        }
    }
}

fn refused(status: StatusCode, word: &'static str, says: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (REFUSAL, HeaderValue::from_static(word)),
    ];
    (status, headers, format!("{says}\n")).into_response()
}

/// All of them in every answer, empty where there is nothing to say: a proxy that copies them over leaves nothing of
/// what the client itself sent under these names.
fn identity_headers(identity: &Identity) -> HeaderMap {
    let (account, role) = match identity.account {
        Some((id, role)) => (id.to_string(), role.as_str()),
        None => (String::new(), ""),
    };
    let mfa = if identity.mfa { "true" } else { "false" };
    let mut headers = HeaderMap::with_capacity(8);
    for (name, value) in [
        (USER_ID, identity.user_id.to_string()),
        (USER_EMAIL, percent_encoded(&identity.email)),
        (USER_NAME, percent_encoded(&identity.name)),
        (SESSION_ID, identity.session_id.to_string()),
        (MFA, mfa.to_owned()),
        (ACCOUNT_ID, account),
        (ACCOUNT_ROLE, role.to_owned()),
    ] {
        // Ids, roles and percent-encoded text are all plain ASCII.
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    headers
}

/// UTF-8, with everything but a few plain characters as %XX: no name can end a header or begin another.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@+".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// `/.well-known/jwks.json`. Public, also for scripts of other origins. The next key is published weeks before it signs,
/// so caches may keep the set.
pub(super) async fn key_set(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let id = request.extensions().get::<RequestId>().map(|id| id.as_str().to_owned()).unwrap_or_default();
    let backend = edge.backend.clone();
    let task_id = id.clone();
    let until = Instant::now() + edge.settings.deadline;
    let task = edge.tasks.spawn(deadline::by(until, async move { backend.key_set(&task_id).await }));
    let failure = match timeout(edge.settings.deadline + GRACE, task).await {
        Ok(Ok(Ok(keys))) => {
            let headers = [
                (header::CONTENT_TYPE, "application/jwk-set+json"),
                (header::CACHE_CONTROL, "public, max-age=300"),
                (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
                (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
            ];
            return (headers, Json(keys)).into_response();
        }
        Ok(Ok(Err(refusal))) => refusal,
        Ok(Err(failed)) => {
            tracing::error!(request_id = id, %failed, "the task of a key set failed");
            Refusal::internal(&id)
        }
        Err(_) => Refusal::unavailable("The answer took too long."),
    };
    Outcome::Failed(failure).into_response().1
}
