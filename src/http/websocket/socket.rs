//! One socket: reads what the client sends, keeps the protocol, and ends it with the right code.
//!
//! Two tasks: this one reads; the writer is the only one that writes, so that a client that takes nothing can
//! stop neither reading nor other sockets, and so that a message of an operation that has ended never goes out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use secrecy::SecretString;
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::message::{self, Close, Incoming, Outgoing};
use super::operation::Operation;
use crate::domain::RequestMeta;
use crate::http::Edge;
use crate::http::headers::logged;
use crate::http::refusal::{Refusal, code};
use crate::http::session::{self, Caller, Presented};
use crate::service::deadline;

/// Messages waiting for the client; operations wait when it is full.
const QUEUE: usize = 32;
/// How long a client may take to answer our close.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// An operation on this socket; ids are used again, so each use has a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) use_number: u64,
}

/// The operations that run, by id.
#[derive(Default)]
pub(super) struct Running(Mutex<HashMap<String, (u64, CancellationToken)>>);

impl Running {
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, (u64, CancellationToken)>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is(&self, key: &Key) -> bool {
        self.with(|map| map.get(&key.id).is_some_and(|(number, _)| *number == key.use_number))
    }

    /// Ends the operation of this id, if there is one.
    fn end(&self, id: &str) {
        if let Some((_, cancel)) = self.with(|map| map.remove(id)) {
            cancel.cancel();
        }
    }
}

enum Phase {
    /// `connection_init` has not come.
    Waiting,
    /// The session is being looked up.
    Opening(Presented, JoinHandle<Result<bool, Refusal>>),
    /// Acknowledged.
    Ready,
}

/// What stays the same for every operation of a socket.
#[derive(Clone)]
pub(super) struct Peer {
    pub(super) edge: Arc<Edge>,
    pub(super) out: mpsc::Sender<Outgoing>,
    pub(super) presented: Presented,
    /// Whether somebody was signed in when the socket was acknowledged.
    pub(super) signed_in: bool,
    pub(super) meta: RequestMeta,
}

impl Peer {
    pub(super) fn caller(&self) -> Caller {
        Caller {
            presented: self.presented.clone(),
            wants_cookie: false,
            device: None,
            meta: self.meta.clone(),
        }
    }
}

struct Socket {
    peer: Peer,
    cookie: Option<SecretString>,
    phase: Phase,
    running: Arc<Running>,
    uses: u64,
    /// Ends with the socket; its children are the operations.
    open: CancellationToken,
    /// Counts operations that were left but have not wound up yet, too.
    places: Arc<tokio::sync::Semaphore>,
}

/// Serves a socket until it ends.
pub(super) async fn run(edge: Arc<Edge>, socket: WebSocket, cookie: Option<SecretString>, meta: RequestMeta) {
    let agreed = socket.protocol().is_some_and(|protocol| protocol.as_bytes() == super::PROTOCOL.as_bytes());
    let (sink, stream) = socket.split();
    let (out, queue) = mpsc::channel(QUEUE);
    let running = Arc::new(Running::default());
    let open = CancellationToken::new();
    let writer = tokio::spawn(write(
        sink,
        queue,
        running.clone(),
        open.clone().drop_guard(),
        edge.settings.socket.write_timeout,
    ));
    metrics::gauge!("latchkey_websockets").increment(1);
    let places = Arc::new(tokio::sync::Semaphore::new(2 * edge.settings.socket.operations));
    let mut socket = Socket {
        peer: Peer { edge, out: out.clone(), presented: Presented::None, signed_in: false, meta },
        cookie,
        phase: Phase::Waiting,
        running,
        uses: 0,
        open: open.clone(),
        places,
    };
    let mut stream = stream;
    let end = if agreed { socket.read(&mut stream).await } else { Some(Close::PROTOCOL) };
    if let Some(close) = end {
        // The writer gives up on a client that takes nothing, so this ends.
        let _ = out.send(Outgoing::Close(close)).await;
    }
    drop((out, socket));
    // Reading to the end sends the answer to the client's close and takes the answer to ours; unread bytes would
    // reset the connection, and the code would be lost.
    let _ = timeout(CLOSE_WAIT, async { while let Some(Ok(_)) = stream.next().await {} }).await;
    open.cancel();
    let _ = writer.await;
    metrics::gauge!("latchkey_websockets").decrement(1);
}

impl Socket {
    /// Reads until the socket ends; gives the code to close with, or none where there is nobody to tell.
    async fn read(&mut self, stream: &mut SplitStream<WebSocket>) -> Option<Close> {
        let settings = self.peer.edge.settings.socket.clone();
        let init_until = Instant::now() + settings.init_timeout;
        let mut ticks = interval(settings.ping_every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.reset();
        let mut heard = Instant::now();
        let (open, stopping) = (self.open.clone(), self.peer.edge.stopping.clone());
        loop {
            tokio::select! {
                // The writer has ended: the client is gone, or an operation closed the socket.
                () = open.cancelled() => return None,
                () = stopping.ended() => return Some(Close::RESTART),
                () = sleep_until(init_until), if !matches!(self.phase, Phase::Ready) => {
                    return Some(Close::INIT_TIMEOUT);
                }
                opened = opened(&mut self.phase) => {
                    if let Err(close) = self.acknowledge(opened).await {
                        return Some(close);
                    }
                }
                _ = ticks.tick() => {
                    if heard.elapsed() > settings.ping_every * 2 {
                        return None;
                    }
                    let _ = self.peer.out.try_send(Outgoing::Ping);
                }
                frame = stream.next() => {
                    heard = Instant::now();
                    let done = match frame {
                        Some(Ok(Message::Text(text))) => self.text(&text).await,
                        Some(Ok(Message::Binary(_))) => Err(Close::bad_request("Messages must be text")),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
                        Some(Err(error)) if is_too_large(&error) => Err(Close::TOO_LARGE),
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    };
                    if let Err(close) = done {
                        return Some(close);
                    }
                }
            }
        }
    }

    async fn text(&mut self, text: &str) -> Result<(), Close> {
        match Incoming::parse(text).map_err(Close::bad_request)? {
            Incoming::Init(payload) => self.init(payload),
            Incoming::Ping(payload) => {
                self.send(message::pong(payload)).await;
                Ok(())
            }
            Incoming::Pong => Ok(()),
            Incoming::Subscribe { id, payload } => self.subscribe(id, payload).await,
            Incoming::Complete { id } => {
                self.running.end(&id);
                Ok(())
            }
        }
    }

    async fn send(&self, text: String) {
        let _ = self.peer.out.send(Outgoing::Text(text)).await;
    }

    fn init(&mut self, payload: Option<&RawValue>) -> Result<(), Close> {
        if !matches!(self.phase, Phase::Waiting) {
            return Err(Close::TOO_MANY_INITS);
        }
        let presented = presented(payload, self.cookie.take())?;
        let (backend, caller) =
            (self.peer.edge.backend.clone(), Caller { presented: presented.clone(), ..self.peer.caller() });
        let until = Instant::now() + self.peer.edge.settings.deadline;
        let open = async move { Ok(backend.open(caller).await?.signed_in) };
        let task = self.peer.edge.tasks.spawn(deadline::by(until, open));
        self.phase = Phase::Opening(presented, task);
        Ok(())
    }

    async fn acknowledge(&mut self, opened: (Presented, Result<bool, Refusal>)) -> Result<(), Close> {
        match opened {
            (presented, Ok(signed_in)) => {
                // A cookie that is no session leaves its holder signed out, as over HTTP.
                self.peer.presented = if signed_in { presented } else { Presented::None };
                self.peer.signed_in = signed_in;
                self.phase = Phase::Ready;
                self.send(message::ack()).await;
                Ok(())
            }
            (_, Err(refusal)) if matches!(refusal.code, code::UNAUTHENTICATED | code::FORBIDDEN) => {
                Err(Close::FORBIDDEN)
            }
            (_, Err(_)) => Err(Close::LATER),
        }
    }

    async fn subscribe(&mut self, id: String, payload: &RawValue) -> Result<(), Close> {
        if !matches!(self.phase, Phase::Ready) {
            return Err(Close::UNAUTHORIZED);
        }
        let asked = crate::http::over_http::parse(payload.get().as_bytes())
            .map_err(|_| Close::bad_request("The payload of subscribe is not a GraphQL request"))?;
        self.uses += 1;
        let key = Key { id, use_number: self.uses };
        let cancel = self.open.child_token();
        let most = self.peer.edge.settings.socket.operations;
        let busy = self.running.with(|map| {
            if map.contains_key(&key.id) {
                return Err(Close::BUSY_ID);
            }
            if map.len() >= most {
                return Ok(true);
            }
            map.insert(key.id.clone(), (key.use_number, cancel.clone()));
            Ok(false)
        })?;
        let place = if busy { None } else { self.places.clone().try_acquire_owned().ok() };
        let Some(place) = place else {
            self.running.end(&key.id);
            let refusal = Refusal::rate_limited("Too many operations on this socket; end some first.");
            self.send(message::error(&key.id, &[refusal.into_error()])).await;
            return Ok(());
        };
        let operation = Operation { peer: self.peer.clone(), key, cancel };
        let logged = logged(&self.peer.meta.request_id);
        let run = async move {
            operation.run(asked).await;
            drop(place);
        };
        self.peer.edge.tasks.spawn(run.instrument(logged));
        Ok(())
    }
}

/// Waits for the look-up of the session; for ever where none is under way.
async fn opened(phase: &mut Phase) -> (Presented, Result<bool, Refusal>) {
    let Phase::Opening(presented, task) = phase else { return std::future::pending().await };
    let result =
        task.await.unwrap_or_else(|_| Err(Refusal::unavailable("The session could not be looked up.")));
    (presented.clone(), result)
}

/// The session that `connection_init` presents: `{"authorization": "Bearer …"}`, else the upgrade's cookie.
fn presented(payload: Option<&RawValue>, cookie: Option<SecretString>) -> Result<Presented, Close> {
    use serde_json::Value;
    let payload: Value = match payload {
        Some(payload) => serde_json::from_str(payload.get()).unwrap_or_default(),
        None => Value::Null,
    };
    let Value::Object(map) = payload else {
        return if payload.is_null() {
            Ok(cookie.map_or(Presented::None, Presented::Cookie))
        } else {
            Err(Close::bad_request("The payload of connection_init is not an object"))
        };
    };
    let given = map.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    match given.map(|(_, value)| value) {
        None | Some(Value::Null) => Ok(cookie.map_or(Presented::None, Presented::Cookie)),
        Some(Value::String(value)) => {
            session::bearer(value).map(Presented::Bearer).map_err(|_| Close::FORBIDDEN)
        }
        Some(_) => Err(Close::FORBIDDEN),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    use tokio_tungstenite::tungstenite::Error;
    std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<Error>())
        .is_some_and(|error| matches!(error, Error::Capacity(_)))
}

/// Writes what is queued until there is nobody to write to, or until told to close.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut queue: mpsc::Receiver<Outgoing>,
    running: Arc<Running>,
    _open: tokio_util::sync::DropGuard,
    patience: Duration,
) {
    while let Some(outgoing) = queue.recv().await {
        let (message, close) = match outgoing {
            Outgoing::Text(text) => (Message::Text(text.into()), false),
            Outgoing::Operation { key, text, last } => {
                if !running.is(&key) {
                    continue;
                }
                if last {
                    // Before it is written: whoever has read it may use the id again.
                    running.end(&key.id);
                }
                (Message::Text(text.into()), false)
            }
            Outgoing::Ping => (Message::Ping(Default::default()), false),
            Outgoing::Close(close) => (close.frame(), true),
        };
        if !matches!(timeout(patience, sink.send(message)).await, Ok(Ok(()))) || close {
            break;
        }
    }
}
