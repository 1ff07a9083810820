//! The protocol's cases against the toy schema. The published client's own cases run in the project's suites.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::http::Settings;
use crate::http::server::{ServerSettings, serve};
use crate::http::toy::{Bench, TOKEN};

const LONG: &str = "subscription { counter }";
const SOON: Duration = Duration::from_secs(5);

struct Server {
    bench: Bench,
    url: String,
}

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

async fn server(change: impl FnOnce(&mut Settings)) -> Server {
    let bench = Bench::new(change);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/graphql/ws", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, bench.edge.router(), ServerSettings::default(), bench.stopping.clone()));
    Server { bench, url }
}

impl Server {
    async fn open(&self, headers: &[(&'static str, &str)]) -> Result<Client, Error> {
        let mut request = self.url.as_str().into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        connect_async(request).await.map(|(stream, _)| Client(stream))
    }

    /// Waits until no socket and no operation is left.
    async fn idle(&self) {
        let all = async {
            while !self.bench.edge.tasks.is_empty() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(SOON, all).await.expect("something stays");
    }

    async fn raw(&self) -> Client {
        self.open(&[("sec-websocket-protocol", "graphql-transport-ws")]).await.unwrap()
    }

    async fn ready(&self, payload: Value) -> Client {
        let mut client = self.raw().await;
        client.send(json!({"type": "connection_init", "payload": payload})).await;
        assert_eq!(client.next().await, json!({"type": "connection_ack"}));
        client
    }
}

impl Client {
    async fn send(&mut self, message: Value) {
        self.text(message.to_string()).await;
    }

    async fn text(&mut self, text: String) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        self.send(json!({"id": id, "type": "subscribe", "payload": {"query": query}})).await;
    }

    async fn frame(&mut self) -> Option<Message> {
        loop {
            match timeout(SOON, self.0.next()).await.expect("nothing came") {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return Some(message),
                Some(Err(_)) | None => return None,
            }
        }
    }

    async fn next(&mut self) -> Value {
        match self.frame().await {
            Some(Message::Text(text)) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    async fn code(&mut self) -> u16 {
        loop {
            match self.frame().await {
                Some(Message::Close(Some(frame))) => return frame.code.into(),
                Some(Message::Text(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_query_gives_one_result_then_complete() {
    let server = server(|_| {}).await;
    let mut client = server.ready(json!({"authorization": format!("Bearer {TOKEN}")})).await;
    client.subscribe("1", "{ who }").await;
    assert_eq!(
        client.next().await,
        json!({"id": "1", "type": "next", "payload": {"data": {"who": "bearer"}}})
    );
    assert_eq!(client.next().await, json!({"id": "1", "type": "complete"}));
    client.subscribe("1", "mutation { set(value: 4) }").await;
    assert_eq!(client.next().await["payload"]["data"]["set"], 4);
}

#[tokio::test]
async fn a_document_that_is_wrong_gives_error() {
    let server = server(|_| {}).await;
    let mut client = server.ready(json!(null)).await;
    for query in
        ["{ nothing }", "{ ", "subscription { nothing }", "subscription { guarded }", &"[".repeat(5000)]
    {
        client.subscribe("1", query).await;
        let answer = client.next().await;
        assert_eq!((&answer["type"], &answer["id"]), (&json!("error"), &json!("1")), "{answer}");
        assert!(answer["payload"][0]["extensions"]["code"].is_string(), "{answer}");
    }
}

#[tokio::test]
async fn a_subscription_streams_until_it_ends_or_is_left() {
    let server = server(|_| {}).await;
    let mut client = server.ready(json!({})).await;
    client.subscribe("a", "subscription { counter(to: 3) }").await;
    for n in 0..3 {
        assert_eq!(client.next().await["payload"]["data"]["counter"], n);
    }
    assert_eq!(client.next().await["type"], "complete");
    client.subscribe("a", LONG).await;
    assert_eq!(client.next().await["type"], "next");
    client.send(json!({"id": "a", "type": "complete"})).await;
    client.subscribe("a", "{ hello }").await;
    // Results that were on their way may still come; then the id belongs to the query.
    loop {
        let message = client.next().await;
        if message["payload"]["data"]["hello"] == "world" {
            break;
        }
        assert_eq!(message["type"], "next");
    }
    assert_eq!(client.next().await, json!({"id": "a", "type": "complete"}));
}

#[tokio::test]
async fn every_misuse_has_its_close_code() {
    let server = server(|settings| settings.socket.init_timeout = Duration::from_millis(300)).await;
    for (message, code) in [
        ("{".to_owned(), 4400),
        ("[]".to_owned(), 4400),
        (json!({"type": "nonsense"}).to_string(), 4400),
        (json!({"type": "subscribe", "payload": {"query": "{ hello }"}}).to_string(), 4400),
        (json!({"type": "subscribe", "id": "1", "payload": {"query": 1}}).to_string(), 4400),
        (json!({"type": "subscribe", "id": "1"}).to_string(), 4400),
        (json!({"type": "complete"}).to_string(), 4400),
        (json!({"type": "connection_init"}).to_string(), 4429),
    ] {
        let mut client = server.ready(json!({})).await;
        client.text(message.clone()).await;
        assert_eq!(client.code().await, code, "{message}");
    }
    let mut client = server.ready(json!({})).await;
    client.0.send(Message::binary("{}")).await.unwrap();
    assert_eq!(client.code().await, 4400);

    let mut client = server.raw().await;
    client.subscribe("1", "{ hello }").await;
    assert_eq!(client.code().await, 4401);

    let mut client = server.raw().await;
    assert_eq!(client.code().await, 4408);

    let mut client = server.ready(json!({})).await;
    client.subscribe("1", LONG).await;
    client.subscribe("1", LONG).await;
    assert_eq!(client.code().await, 4409);

    let mut client = server.open(&[]).await.unwrap();
    assert_eq!(client.code().await, 4406);
}

#[tokio::test]
async fn connection_init_presents_the_session() {
    let server = server(|_| {}).await;
    for payload in [
        json!({"authorization": "Bearer lks_bad"}),
        json!({"authorization": 1}),
        json!({"Authorization": TOKEN}),
    ] {
        let mut client = server.raw().await;
        client.send(json!({"type": "connection_init", "payload": payload})).await;
        assert_eq!(client.code().await, 4403, "{payload}");
    }
    let cookie = format!("__Host-latchkey={TOKEN}");
    let headers = [
        ("sec-websocket-protocol", "graphql-transport-ws"),
        ("cookie", &cookie),
        ("origin", "https://id.example.com"),
    ];
    let mut client = server.open(&headers).await.unwrap();
    client.send(json!({"type": "connection_init"})).await;
    client.next().await;
    client.subscribe("1", "{ who }").await;
    assert_eq!(client.next().await["payload"]["data"]["who"], "cookie");
}

#[tokio::test]
async fn a_page_of_another_origin_opens_no_socket() {
    let server = server(|_| {}).await;
    for origin in ["https://evil.example", "null", "https://id.example.com.evil.example"] {
        let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("origin", origin)];
        match server.open(&headers).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 403),
            other => panic!("{:?}", other.is_ok()),
        }
    }
}

#[tokio::test]
async fn ping_gives_pong_with_its_payload_also_before_the_ack() {
    let server = server(|_| {}).await;
    let mut client = server.raw().await;
    client.send(json!({"type": "ping", "payload": {"a": [1]}})).await;
    assert_eq!(client.next().await, json!({"type": "pong", "payload": {"a": [1]}}));
}

#[tokio::test]
async fn a_session_that_ends_takes_its_socket_with_it() {
    let server = server(|_| {}).await;
    let token = json!({"authorization": format!("Bearer {TOKEN}")});
    let mut client = server.ready(token.clone()).await;
    client.subscribe("1", "subscription { revoked }").await;
    assert_eq!(client.next().await["payload"]["data"]["revoked"], 1);
    assert_eq!(client.code().await, 4403);

    let mut client = server.ready(token).await;
    server.bench.toy.live.store(false, std::sync::atomic::Ordering::SeqCst);
    client.subscribe("1", "{ who }").await;
    assert_eq!(client.code().await, 4403);
}

#[tokio::test]
async fn operations_at_once_are_bounded() {
    let server = server(|settings| settings.socket.operations = 3).await;
    let mut client = server.ready(json!({})).await;
    for id in ["a", "b", "c", "d"] {
        client.subscribe(id, "subscription { revoked }").await;
    }
    loop {
        let message = client.next().await;
        if message["type"] == "error" && message["id"] == "d" {
            assert_eq!(message["payload"][0]["extensions"]["code"], "RATE_LIMITED");
            break;
        }
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_only_its_own_socket() {
    let server = server(|_| {}).await;
    let mut client = server.ready(json!({})).await;
    let text = json!({"id": "1", "type": "subscribe", "payload": {"query": "#".repeat(4 << 20)}}).to_string();
    let _ = client.0.send(Message::text(text)).await;
    assert_eq!(client.code().await, 1009);
    server.ready(json!({})).await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_given_up_and_stops_nobody() {
    let server = server(|settings| settings.socket.write_timeout = Duration::from_millis(300)).await;
    let mut lazy = server.ready(json!({})).await;
    lazy.subscribe("1", "subscription { flood }").await;
    let mut other = server.ready(json!({})).await;
    other.subscribe("1", "{ hello }").await;
    assert_eq!(other.next().await["payload"]["data"]["hello"], "world");
    drop(other);
    // The socket and its operation end although the client neither reads nor closes.
    server.idle().await;
}

#[tokio::test]
async fn stopping_tells_clients_to_come_back() {
    let server = server(|_| {}).await;
    let mut client = server.ready(json!({})).await;
    client.subscribe("1", LONG).await;
    client.next().await;
    server.bench.stopping.end();
    assert_eq!(client.code().await, 1012);
    server.bench.edge.finish(SOON).await;
    assert!(server.bench.edge.tasks.is_empty());
}

#[tokio::test]
async fn a_silent_client_is_pinged_and_then_given_up() {
    let server = server(|settings| settings.socket.ping_every = Duration::from_millis(100)).await;
    let mut client = server.ready(json!({})).await;
    // Reading answers the pings, so the socket lives on.
    let alive = timeout(Duration::from_millis(600), client.0.next()).await;
    assert!(matches!(alive, Ok(Some(Ok(Message::Ping(_))))), "{alive:?}");
    // Not reading does not.
    server.idle().await;
}

#[tokio::test]
async fn a_client_that_closes_is_answered() {
    let server = server(|_| {}).await;
    let mut client = server.ready(json!({})).await;
    client.subscribe("1", LONG).await;
    client.0.close(None).await.unwrap();
    loop {
        match timeout(SOON, client.0.next()).await.expect("no answer") {
            Some(Ok(Message::Close(_))) | None => break,
            Some(Ok(_)) => {}
            Some(Err(error)) => panic!("{error}"),
        }
    }
}
