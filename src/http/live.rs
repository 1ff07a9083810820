//! The real backend: sessions looked up by the services, operations run by the schema.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Data, Request, Response};
use async_trait::async_trait;
use futures_util::stream::BoxStream;
use secrecy::{ExposeSecret, SecretString};

use super::backend::{Backend, Opened, Outgoing};
use super::refusal::{Refusal, code};
use super::session::{Caller, CookieChange, Presented};
use crate::domain::{Actor, RequestMeta};
use crate::graphql::context::{SessionCarrier, SessionCookie};
use crate::graphql::error::from_service;
use crate::graphql::{LatchkeySchema, RequestContext};
use crate::service::gateway::{Identity, NotThrough, Requirement};
use crate::service::signing_keys::KeySet;
use crate::service::{self, Services};

/// The real backend.
pub struct LiveBackend {
    schema: LatchkeySchema,
    services: Services,
}

impl LiveBackend {
    /// The schema over the services.
    pub fn new(schema: LatchkeySchema, services: Services) -> Self {
        Self { schema, services }
    }

    async fn find(&self, token: &SecretString, request_id: &str) -> Result<Option<Actor>, Refusal> {
        self.services.authenticate(token.expose_secret()).await.map_err(|error| refusal(&error, request_id))
    }
}

/// Logged and put into words by the one map of errors; here only the status is chosen.
fn refusal(error: &service::Error, request_id: &str) -> Refusal {
    let error = from_service(error, request_id);
    let unavailable = error
        .extensions
        .as_ref()
        .and_then(|extensions| extensions.get("code"))
        .is_some_and(|value| *value == async_graphql::Value::from(code::UNAVAILABLE));
    if unavailable { Refusal::unavailable(error.message) } else { Refusal::internal(request_id) }
}

#[async_trait]
impl Backend for LiveBackend {
    async fn open(&self, caller: Caller) -> Result<Opened, Refusal> {
        let Caller { presented, wants_cookie, device, meta } = caller;
        let mut stale = false;
        let (actor, carrier) = match &presented {
            Presented::None if wants_cookie => (Actor::SignedOut, SessionCarrier::Cookie),
            Presented::None => (Actor::SignedOut, SessionCarrier::Bearer),
            Presented::Bearer(token) => match self.find(token, &meta.request_id).await? {
                Some(actor) => (actor, SessionCarrier::Bearer),
                None => {
                    return Err(Refusal::unauthenticated(
                        "The session has ended or never was. Log in again, or send no Authorization header.",
                    ));
                }
            },
            Presented::Cookie(token) => {
                let actor = self.find(token, &meta.request_id).await?;
                stale = actor.is_none();
                (actor.unwrap_or_default(), SessionCarrier::Cookie)
            }
        };
        let signed_in = actor.present().is_some();
        let caller = service::Caller { actor, meta };
        let context = RequestContext::new(self.services.clone(), caller, carrier).from_device(device);
        let context = Arc::new(context);
        if stale {
            context.change_cookie(SessionCookie::Clear);
        }
        let mut data = Data::default();
        data.insert(context.clone());
        Ok(Opened { data, signed_in, outgoing: Box::new(Slot(context)) })
    }

    async fn execute(&self, request: Request) -> Response {
        self.schema.execute(request).await
    }

    fn subscribe(&self, request: Request) -> BoxStream<'static, Response> {
        self.schema.execute_stream(request)
    }

    async fn verify(
        &self,
        token: Option<SecretString>,
        meta: RequestMeta,
        requirement: Requirement,
    ) -> Result<Result<Identity, NotThrough>, Refusal> {
        let token = token.as_ref().map(ExposeSecret::expose_secret);
        let answer = self.services.verify(token, &meta, &requirement).await;
        answer.map_err(|error| refusal(&error, &meta.request_id))
    }

    async fn key_set(&self, request_id: &str) -> Result<KeySet, Refusal> {
        self.services.key_set().await.map_err(|error| refusal(&error, request_id))
    }

    async fn ready(&self) -> Result<(), String> {
        self.services.ready().await.map_err(|error| error.to_string())
    }
}

struct Slot(Arc<RequestContext>);

impl Outgoing for Slot {
    fn take(&self) -> Option<CookieChange> {
        match self.0.take_cookie() {
            SessionCookie::Keep => None,
            SessionCookie::Clear => Some(CookieChange::Clear),
            SessionCookie::Set(token, until) => {
                let left = until - self.0.services.clock_now();
                let left = Duration::try_from(left).unwrap_or_default();
                Some(CookieChange::Set(token.expose().into(), left))
            }
        }
    }

    fn take_device(&self) -> Option<(SecretString, Duration)> {
        let device = self.0.take_device()?;
        let left = device.until - self.0.services.clock_now();
        Some((device.token.expose().into(), Duration::try_from(left).unwrap_or_default()))
    }
}
