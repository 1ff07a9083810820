//! What a resolver finds in its context: the caller, the services, the loaders of this request, and a slot through which
//! it asks for the session cookie to be set or cleared.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_graphql::ContextBase;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use super::error::OrError;
use super::loader::Loaders;
use crate::crypto::Token;
use crate::domain::Actor;
use crate::service::new_device::KnownDevice;
use crate::service::{Caller, Services};

/// How the session travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SessionCarrier {
    /// In `Authorization: Bearer`; log-in answers with the token.
    #[default]
    Bearer,
    /// In an HttpOnly cookie; log-in answers without the token, and no script ever holds it.
    Cookie,
}

/// What is to happen to the session cookie.
#[derive(Debug, Default)]
pub enum SessionCookie {
    /// Nothing.
    #[default]
    Keep,
    /// Set to this token, until then.
    Set(Token, OffsetDateTime),
    /// Taken away.
    Clear,
}

/// Everything that belongs to one operation. Put into the request's data as `Arc<RequestContext>`.
pub struct RequestContext {
    /// The use cases.
    pub services: Services,
    /// How the session travels.
    pub carrier: SessionCarrier,
    caller: RwLock<Arc<Caller>>,
    loaders: Mutex<Option<Arc<Loaders>>>,
    cookie: Mutex<SessionCookie>,
    device: Option<SecretString>,
    known_device: Mutex<Option<KnownDevice>>,
}

impl RequestContext {
    /// The context of one operation.
    pub fn new(services: Services, caller: Caller, carrier: SessionCarrier) -> Self {
        let caller = RwLock::new(Arc::new(caller));
        Self {
            services,
            carrier,
            caller,
            loaders: Mutex::default(),
            cookie: Mutex::default(),
            device: None,
            known_device: Mutex::default(),
        }
    }

    /// The same, from a browser that a cookie names.
    pub fn from_device(self, device: Option<SecretString>) -> Self {
        Self { device, ..self }
    }

    /// What names the browser: its cookie, or what the client says where the session travels in no cookie.
    pub fn device<'a>(&'a self, told: Option<&'a str>) -> Option<&'a str> {
        match self.carrier {
            SessionCarrier::Cookie => self.device.as_ref().map(ExposeSecret::expose_secret),
            SessionCarrier::Bearer => told,
        }
    }

    /// Hands the name of a browser that is known from now on to the client: as a cookie, or as a token to keep.
    pub fn keep_device(&self, device: KnownDevice) -> Option<String> {
        match self.carrier {
            SessionCarrier::Bearer => Some(device.token.expose().to_owned()),
            SessionCarrier::Cookie => {
                *self.known_device.lock().unwrap_or_else(PoisonError::into_inner) = Some(device);
                None
            }
        }
    }

    /// The name for the cookie of the browser; read by `http` once the operation is done.
    pub fn take_device(&self) -> Option<KnownDevice> {
        self.known_device.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Who asks, and from where.
    pub fn caller(&self) -> Arc<Caller> {
        self.caller.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes the person who has just logged in the caller of the fields below the log-in. Called by log-in mutations
    /// before any loader is used; a mutation has one root field, so nothing ran as somebody else before.
    pub fn become_caller(&self, actor: Actor) {
        let mut caller = self.caller.write().unwrap_or_else(PoisonError::into_inner);
        *caller = Arc::new(Caller { actor, meta: caller.meta.clone() });
    }

    /// Reads the caller's places anew, after a command that changed them, so that the fields below it tell the new
    /// state. Called before any loader is used. A session that the command ended leaves the caller as it was.
    pub async fn renew_caller(&self) -> async_graphql::Result<()> {
        if let Some(person) = self.caller().actor.present()
            && let Some(actor) = self.services.authenticate_again(person.session.id).await.or_error(self)?
        {
            self.become_caller(actor);
        }
        Ok(())
    }

    /// Batches look-ups of this operation, as its caller.
    pub fn loaders(&self) -> Arc<Loaders> {
        let mut loaders = self.loaders.lock().unwrap_or_else(PoisonError::into_inner);
        loaders.get_or_insert_with(|| Arc::new(Loaders::new(self.services.clone(), self.caller()))).clone()
    }

    /// Before each event of a subscription: what was looked up for an earlier one is looked up anew, as the person with
    /// the roles of now. Events of one operation are resolved one after the other.
    pub fn begin_event(&self, actor: Actor) {
        self.become_caller(actor);
        *self.loaders.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Asks for the session cookie to be changed when the answer goes out.
    pub fn change_cookie(&self, change: SessionCookie) {
        *self.cookie.lock().unwrap_or_else(PoisonError::into_inner) = change;
    }

    /// What became of the session cookie; read by `http` once the operation is done.
    pub fn take_cookie(&self) -> SessionCookie {
        std::mem::take(&mut *self.cookie.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The request's context, from a resolver's.
pub fn request<'a, T>(ctx: &ContextBase<'a, T>) -> async_graphql::Result<&'a RequestContext> {
    match ctx.data::<Arc<RequestContext>>() {
        Ok(context) => Ok(context.as_ref()),
        Err(_) => Err(super::error::internal("no request context", "")),
    }
}
