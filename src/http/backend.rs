//! What the edge needs from the rest of the gateway, and nothing more.

use std::time::Duration;

use async_graphql::{Data, Request, Response};
use async_trait::async_trait;
use futures_util::stream::BoxStream;
use secrecy::SecretString;

use super::refusal::Refusal;
use super::session::{Caller, CookieChange};
use crate::domain::RequestMeta;
use crate::service::gateway::{Identity, NotThrough, Requirement};
use crate::service::signing_keys::KeySet;

/// The rest of the gateway, as the edge sees it.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Finds out who calls and prepares what one request carries.
    ///
    /// A bearer token that is no live session is refused; a cookie that is none leaves the caller signed out
    /// and is cleared, since no script could do that.
    async fn open(&self, caller: Caller) -> Result<Opened, Refusal>;

    /// Runs a query or a mutation.
    async fn execute(&self, request: Request) -> Response;

    /// Runs a subscription.
    fn subscribe(&self, request: Request) -> BoxStream<'static, Response>;

    /// Whether a reverse proxy may let a request through. `token` is what the request carries, if it carries one.
    async fn verify(
        &self,
        token: Option<SecretString>,
        meta: RequestMeta,
        requirement: Requirement,
    ) -> Result<Result<Identity, NotThrough>, Refusal>;

    /// The public keys by which services check access tokens.
    async fn key_set(&self, request_id: &str) -> Result<KeySet, Refusal>;

    /// Whether requests can be served: the database answers and has been migrated. The text says what is missing.
    async fn ready(&self) -> Result<(), String>;
}

/// What one request carries.
pub struct Opened {
    /// For the resolvers.
    pub data: Data,
    /// Whether somebody is signed in.
    pub signed_in: bool,
    /// What the resolvers want done with the session cookie.
    pub outgoing: Box<dyn Outgoing>,
}

/// Where resolvers leave what they want done with the session cookie.
pub trait Outgoing: Send + Sync {
    /// Takes it; nothing is left.
    fn take(&self) -> Option<CookieChange>;

    /// What the cookie that names the browser is to hold, and for how long; nothing when it stays as it is.
    fn take_device(&self) -> Option<(SecretString, Duration)> {
        None
    }
}

/// Wants nothing.
impl Outgoing for () {
    fn take(&self) -> Option<CookieChange> {
        None
    }
}
