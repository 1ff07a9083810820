//! A toy schema behind the real edge, for this room's own tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_graphql::{Context, Error, ErrorExtensions, Object, Request, Response, Schema, Subscription};
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream, Stream};
use secrecy::{ExposeSecret, SecretString};

use super::*;
use crate::domain::{AccountRole, RequestMeta, SessionId, UserId};
use crate::service::gateway::{Identity, NotThrough, Requirement};
use crate::service::signing_keys::KeySet;

/// The only token that opens a session.
pub(crate) const TOKEN: &str = "lks_good";

pub(crate) struct Query;
pub(crate) struct Mutation;
pub(crate) struct Changes;
pub(crate) struct Who(Option<&'static str>);

#[Object]
impl Query {
    async fn hello(&self) -> &str {
        "world"
    }
    async fn who(&self, ctx: &Context<'_>) -> Option<&'static str> {
        ctx.data_unchecked::<Who>().0
    }
    async fn echo(&self, text: String) -> String {
        text
    }
    async fn broken(&self) -> Option<Result<String, Error>> {
        Some(Err(Error::new("mongodb://user:secret@10.0.0.7 refused")))
    }
    async fn broken_root(&self) -> Result<String, Error> {
        Err(Error::new("no").extend_with(|_, e| e.set("code", "NOT_FOUND")))
    }
    async fn slow(&self, millis: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        millis
    }
    /// Goes on until nobody waits for the answer.
    async fn abandoned(&self) -> bool {
        while !crate::service::deadline::abandoned() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        true
    }
    async fn panics(&self, really: bool) -> bool {
        assert!(!really, "on purpose");
        really
    }
}

#[Object]
impl Mutation {
    async fn set(&self, value: i32) -> i32 {
        value
    }
    async fn log_in(&self, ctx: &Context<'_>) -> bool {
        ctx.data_unchecked::<Arc<Slot>>().0.store(true, Ordering::SeqCst);
        true
    }
}

#[Subscription]
impl Changes {
    /// Counts up to a number, for ever without one.
    async fn counter(&self, to: Option<u64>) -> impl Stream<Item = u64> {
        stream::unfold(0, move |n| async move {
            if to.is_some_and(|to| n >= to) {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((n, n + 1))
        })
    }
    /// Refused at once.
    async fn guarded(&self) -> Result<stream::Empty<u64>, Error> {
        Err(Error::new("no").extend_with(|_, e| e.set("code", "FORBIDDEN")))
    }
    /// The session ends after one event.
    async fn revoked(&self) -> impl Stream<Item = Result<u64, Error>> {
        let ended = Error::new("over").extend_with(|_, e| e.set("code", "UNAUTHENTICATED"));
        stream::iter([Ok(1), Err(ended)]).chain(stream::pending())
    }
    /// Large events without a pause.
    async fn flood(&self) -> impl Stream<Item = String> {
        stream::repeat_with(|| "x".repeat(64 * 1024))
    }
}

#[derive(Default)]
pub(crate) struct Slot(AtomicBool);

impl Outgoing for Arc<Slot> {
    fn take(&self) -> Option<CookieChange> {
        let set = self.0.swap(false, Ordering::SeqCst);
        set.then(|| CookieChange::Set(TOKEN.to_owned().into(), Duration::from_secs(60)))
    }
}

pub(crate) struct Toy {
    schema: Schema<Query, Mutation, Changes>,
    /// Whether the token still opens the session.
    pub(crate) live: AtomicBool,
}

#[async_trait]
impl Backend for Toy {
    async fn open(&self, caller: Caller) -> Result<Opened, Refusal> {
        let good = |token: &str| token == TOKEN && self.live.load(Ordering::SeqCst);
        let who = match &caller.presented {
            Presented::None => None,
            Presented::Bearer(token) if good(token.expose_secret()) => Some("bearer"),
            Presented::Bearer(_) => return Err(Refusal::unauthenticated("No such session.")),
            Presented::Cookie(token) => good(token.expose_secret()).then_some("cookie"),
        };
        let slot = Arc::new(Slot::default());
        let mut data = async_graphql::Data::default();
        data.insert(Who(who));
        data.insert(slot.clone());
        Ok(Opened { data, signed_in: who.is_some(), outgoing: Box::new(slot) })
    }

    async fn execute(&self, request: Request) -> Response {
        self.schema.execute(request).await
    }

    fn subscribe(&self, request: Request) -> BoxStream<'static, Response> {
        self.schema.execute_stream(request)
    }

    /// Somebody with a name that no header could hold, Owner of whatever account is asked for.
    async fn verify(
        &self,
        token: Option<SecretString>,
        _meta: RequestMeta,
        requirement: Requirement,
    ) -> Result<Result<Identity, NotThrough>, Refusal> {
        let live = self.live.load(Ordering::SeqCst);
        if !token.is_some_and(|token| token.expose_secret() == TOKEN && live) {
            return Ok(Err(NotThrough::SignedOut));
        }
        if requirement.mfa {
            return Ok(Err(NotThrough::MfaRequired));
        }
        Ok(Ok(Identity {
            user_id: UserId::from_uuid(uuid::Uuid::nil()),
            email: "zoë+x@exämple.test".to_owned(),
            name: "Zoë\r\nLatchkey-Mfa: true 100%".to_owned(),
            session_id: SessionId::from_uuid(uuid::Uuid::nil()),
            mfa: false,
            account: requirement.account.map(|id| (id.parse().unwrap(), AccountRole::Owner)),
        }))
    }

    async fn key_set(&self, _request_id: &str) -> Result<KeySet, Refusal> {
        Ok(KeySet { keys: Vec::new() })
    }

    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The edge in front of the toy.
pub(crate) struct Bench {
    pub(crate) toy: Arc<Toy>,
    pub(crate) edge: Arc<Edge>,
    pub(crate) stopping: Stopping,
}

impl Bench {
    pub(crate) fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings { introspection: true, ..Settings::default() };
        settings.socket.origins = vec!["https://id.example.com".into()];
        change(&mut settings);
        let toy = Arc::new(Toy { schema: Schema::new(Query, Mutation, Changes), live: true.into() });
        let stopping = Stopping::new();
        Self { edge: Edge::new(settings, toy.clone(), stopping.clone()), toy, stopping }
    }
}
