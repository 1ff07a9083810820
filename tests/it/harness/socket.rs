//! A graphql-transport-ws client over a real WebSocket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// An open socket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Message(Value),
    Closed(u16),
}

impl Socket {
    /// Connects without a `connection_init`.
    pub async fn open(url: &str) -> Self {
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let (stream, _) = connect_async(request).await.unwrap();
        Self { stream }
    }

    /// Connects and signs in with a session token.
    pub async fn signed_in(url: &str, token: &str) -> Self {
        let mut socket = Self::open(url).await;
        socket.init(json!({ "authorization": format!("Bearer {token}") })).await;
        assert_eq!(socket.next().await, Event::Message(json!({ "type": "connection_ack" })));
        socket
    }

    pub async fn init(&mut self, payload: Value) {
        self.send(json!({ "type": "connection_init", "payload": payload })).await;
    }

    pub async fn send(&mut self, message: Value) {
        self.stream.send(Message::text(message.to_string())).await.unwrap();
    }

    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    /// The next message that is no ping or pong; fails when none comes within ten seconds.
    pub async fn next(&mut self) -> Event {
        self.next_within(Duration::from_secs(10)).await.expect("nothing came within ten seconds")
    }

    /// The same; nothing when none comes in time.
    pub async fn next_within(&mut self, limit: Duration) -> Option<Event> {
        tokio::time::timeout(limit, async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Text(text))) => {
                        let value: Value = serde_json::from_str(&text).unwrap();
                        match value["type"].as_str() {
                            Some("ping") => self.send(json!({ "type": "pong" })).await,
                            Some("pong") => {}
                            _ => return Event::Message(value),
                        }
                    }
                    Some(Ok(Message::Close(frame))) => {
                        return Event::Closed(frame.map_or(1005, |frame| frame.code.into()));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Event::Closed(1006),
                }
            }
        })
        .await
        .ok()
    }

    /// The `data` of the next `next` message.
    pub async fn next_data(&mut self) -> Value {
        match self.next().await {
            Event::Message(value) if value["type"] == "next" => {
                assert_eq!(value["payload"].get("errors"), None, "{value:#}");
                value["payload"]["data"].clone()
            }
            other => panic!("no next: {other:?}"),
        }
    }
}
