//! The messages of the protocol, and the reasons to close.

use async_graphql::{Response as Answer, ServerError};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::http::negotiation;

/// What a client sent.
pub(super) enum Incoming<'a> {
    Init(Option<&'a RawValue>),
    Ping(Option<&'a RawValue>),
    Pong,
    Subscribe { id: String, payload: &'a RawValue },
    Complete { id: String },
}

/// Ids are the client's own; nobody needs more of one.
const LONGEST_ID: usize = 128;

#[derive(Deserialize)]
struct Envelope<'a> {
    r#type: String,
    id: Option<String>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

impl<'a> Incoming<'a> {
    /// Reads a text message; the error is the reason to close with 4400.
    pub(super) fn parse(text: &'a str) -> Result<Self, &'static str> {
        let envelope: Envelope<'a> =
            serde_json::from_str(text).map_err(|_| "The message is not a JSON object with a type")?;
        let id = match envelope.id {
            Some(id) if id.is_empty() || id.len() > LONGEST_ID => return Err("The id is empty or too long"),
            id => id,
        };
        match envelope.r#type.as_str() {
            "connection_init" => Ok(Self::Init(envelope.payload)),
            "ping" => Ok(Self::Ping(envelope.payload)),
            "pong" => Ok(Self::Pong),
            "subscribe" => Ok(Self::Subscribe {
                id: id.ok_or("A subscribe message needs an id")?,
                payload: envelope.payload.ok_or("A subscribe message needs a payload")?,
            }),
            "complete" => Ok(Self::Complete { id: id.ok_or("A complete message needs an id")? }),
            _ => Err("Unknown message type"),
        }
    }
}

/// What goes out.
pub(super) enum Outgoing {
    /// Belongs to no operation.
    Text(String),
    /// Belongs to an operation and is dropped when that has ended; `last` ends it.
    Operation {
        key: super::socket::Key,
        text: String,
        last: bool,
    },
    /// A ping of the WebSocket itself, which browsers answer by themselves.
    Ping,
    Close(Close),
}

/// Why the server closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Close(pub(super) u16, pub(super) &'static str);

impl Close {
    pub(super) const RESTART: Self = Self(1012, "The server restarts; connect again");
    pub(super) const LATER: Self = Self(1013, "Try again later");
    pub(super) const TOO_LARGE: Self = Self(1009, "Message too large");
    pub(super) const UNAUTHORIZED: Self = Self(4401, "Unauthorized");
    pub(super) const FORBIDDEN: Self = Self(4403, "Forbidden");
    pub(super) const PROTOCOL: Self = Self(4406, "Subprotocol not acceptable");
    pub(super) const INIT_TIMEOUT: Self = Self(4408, "Connection initialisation timeout");
    pub(super) const TOO_MANY_INITS: Self = Self(4429, "Too many initialisation requests");
    pub(super) const BUSY_ID: Self = Self(4409, "Subscriber for this id already exists");

    pub(super) fn bad_request(reason: &'static str) -> Self {
        Self(4400, reason)
    }

    pub(super) fn frame(self) -> Message {
        Message::Close(Some(CloseFrame { code: self.0, reason: Utf8Bytes::from_static(self.1) }))
    }
}

/// The acknowledgement of `connection_init`.
pub(super) fn ack() -> String {
    r#"{"type":"connection_ack"}"#.into()
}

/// The answer to a ping.
pub(super) fn pong(payload: Option<&RawValue>) -> String {
    match payload {
        Some(payload) => format!(r#"{{"type":"pong","payload":{}}}"#, payload.get()),
        None => r#"{"type":"pong"}"#.into(),
    }
}

/// One result.
pub(super) fn next(id: &str, answer: &Answer) -> String {
    let payload = String::from_utf8(negotiation::to_json(answer)).unwrap_or_default();
    format!(r#"{{"id":{},"type":"next","payload":{payload}}}"#, quoted(id))
}

/// The operation ends with these errors.
pub(super) fn error(id: &str, errors: &[ServerError]) -> String {
    let payload = serde_json::to_string(errors).unwrap_or_default();
    format!(r#"{{"id":{},"type":"error","payload":{payload}}}"#, quoted(id))
}

/// The operation has ended.
pub(super) fn complete(id: &str) -> String {
    format!(r#"{{"id":{},"type":"complete"}}"#, quoted(id))
}

fn quoted(id: &str) -> String {
    serde_json::Value::from(id).to_string()
}
