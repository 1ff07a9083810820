//! The accept loop: HTTP/1 and HTTP/2 on one port, with bounds on what a connection may hold without asking
//! anything, and an end that lets requests under way finish.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::{HeaderValue, StatusCode, Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use super::{Edge, Stopping};

/// Connections that the kernel holds for us (what the standard library asks for, and more than Linux gave for long).
const BACKLOG: usize = 4096;
/// How long connections that were just accepted have for their first request once the gateway ends.
const LAST_REQUESTS: Duration = Duration::from_millis(100);

/// Bounds of a listener.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// How long a request's head may take, counted from the end of the one before: a silent connection ends then.
    pub head_timeout: Duration,
    /// Bytes of a request's head.
    pub head_limit: u32,
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// How long requests under way may take to finish once the gateway stops.
    pub grace: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(20),
            head_limit: 32 * 1024,
            connections: 20_000,
            grace: Duration::from_secs(20),
        }
    }
}

/// Serves until `stopping`, then lets requests under way finish.
pub async fn serve(listener: TcpListener, router: Router, settings: ServerSettings, stopping: Stopping) {
    let places = Arc::new(Semaphore::new(settings.connections));
    let graceful = GracefulShutdown::new();
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.head_timeout)
        .max_headers(100)
        .max_buf_size(settings.head_limit as usize)
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(settings.head_timeout)
        .keep_alive_timeout(settings.head_timeout)
        .max_concurrent_streams(128)
        .max_header_list_size(settings.head_limit);
    let builder = Arc::new(builder);
    let mut waiting = BACKLOG;
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { break };
        // Whoever has connected before the end is served: closing the listener would reset connections that the kernel
        // has taken already, and with them requests that were sent. Of a flood, no more than was waiting then.
        let stream = tokio::select! {
            biased;
            accepted = listener.accept(), if waiting > 0 => accepted,
            () = stopping.ended() => break,
        };
        if stopping.has_ended() {
            waiting -= 1;
        }
        match stream {
            Ok((stream, peer)) => {
                let (router, builder) = (router.clone(), builder.clone());
                let (watcher, head_timeout) = (graceful.watcher(), settings.head_timeout);
                let stopping = stopping.clone();
                tokio::spawn(async move {
                    let asked = Asked { peer: ConnectInfo(peer), router, stopping };
                    connection(stream, asked, &builder, watcher, head_timeout).await;
                    drop(place);
                });
            }
            Err(error) => pause(&error).await,
        }
    }
    drop(listener);
    // hyper closes a connection whose first request it has not seen, even where that has arrived.
    sleep(LAST_REQUESTS).await;
    if timeout(settings.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections did not finish in time");
    }
}

/// A connection that failed before it was accepted is nobody's fault; a lack of file handles passes.
async fn pause(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "cannot accept connections");
        sleep(Duration::from_millis(500)).await;
    }
}

/// What the requests of a connection meet.
#[derive(Clone)]
struct Asked {
    peer: ConnectInfo<std::net::SocketAddr>,
    router: Router,
    stopping: Stopping,
}

impl Asked {
    async fn answer(self, mut request: hyper::Request<Incoming>) -> Result<Response, Infallible> {
        let old = request.version() <= Version::HTTP_11;
        request.extensions_mut().insert(self.peer);
        let mut response = self.router.oneshot(request.map(Body::new)).await?;
        // A pooled connection that is closed while the next request is on its way loses that request, and a proxy does
        // not send a POST twice. HTTP/2 has GOAWAY for this.
        if old && self.stopping.is_leaving() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }
}

async fn connection(
    stream: TcpStream,
    of: Asked,
    builder: &auto::Builder<TokioExecutor>,
    watcher: Watcher,
    head_timeout: Duration,
) {
    let _ = stream.set_nodelay(true);
    let asked = Arc::new(AtomicBool::new(false));
    let service = service_fn({
        let asked = asked.clone();
        move |request: hyper::Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            of.clone().answer(request)
        }
    });
    let serving = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
    let mut serving = std::pin::pin!(watcher.watch(serving));
    // Before it knows which HTTP is spoken, hyper-util waits without a limit.
    tokio::select! {
        _ = &mut serving => return,
        () = sleep(head_timeout) => {}
    }
    if asked.load(Ordering::Relaxed) {
        let _ = serving.await;
    }
}

impl Edge {
    /// Waits for what outlives the connections: requests whose clients hung up, and WebSockets.
    pub async fn finish(&self, grace: Duration) {
        self.tasks.close();
        if timeout(grace, self.tasks.wait()).await.is_err() {
            tracing::warn!("some requests did not finish in time");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinHandle;

    use super::*;
    use crate::http::toy::Bench;

    async fn start(head_timeout: Duration) -> (Bench, std::net::SocketAddr, JoinHandle<()>) {
        let bench = Bench::new(|_| {});
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let settings = ServerSettings { head_timeout, ..ServerSettings::default() };
        let server = tokio::spawn(serve(listener, bench.edge.router(), settings, bench.stopping.clone()));
        (bench, address, server)
    }

    async fn closed_within(stream: &mut TcpStream, limit: Duration) -> bool {
        let mut rest = Vec::new();
        timeout(limit, stream.read_to_end(&mut rest)).await.is_ok()
    }

    #[tokio::test]
    async fn a_half_sent_request_does_not_stay() {
        let (_bench, address, _server) = start(Duration::from_millis(200)).await;
        for sent in ["", "P", "PRI * HTT", "POST /graphql HTTP/1.1\r\nhost: x\r\n"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(sent.as_bytes()).await.unwrap();
            assert!(closed_within(&mut stream, Duration::from_secs(3)).await, "{sent:?} stays open");
        }
    }

    #[tokio::test]
    async fn stopping_lets_a_request_finish_and_takes_no_more() {
        let (bench, address, server) = start(Duration::from_secs(5)).await;
        let ask = |millis: u64| {
            let body = format!(r#"{{"query":"{{ slow(millis: {millis}) }}"}}"#);
            reqwest::Client::new()
                .post(format!("http://{address}/graphql"))
                .header("content-type", "application/json")
                .body(body)
                .send()
        };
        let slow = tokio::spawn(ask(500));
        sleep(Duration::from_millis(200)).await;
        bench.stopping.end();
        let answer = slow.await.unwrap().unwrap().text().await.unwrap();
        assert_eq!(answer, r#"{"data":{"slow":500}}"#);
        timeout(Duration::from_secs(3), server).await.unwrap().unwrap();
        assert!(ask(0).await.is_err());
    }

    #[tokio::test]
    async fn leaving_serves_on_once_a_connection_and_says_so_to_balancers() {
        let (bench, address, server) = start(Duration::from_secs(5)).await;
        let client = reqwest::Client::new();
        let get = |path: &str| client.get(format!("http://{address}{path}")).send();
        assert_eq!(get("/livez").await.unwrap().headers().get("connection"), None);
        let leaving = tokio::spawn({
            let stopping = bench.stopping.clone();
            async move { stopping.leave(Duration::from_secs(600)).await }
        });
        while !bench.stopping.is_leaving() {
            tokio::task::yield_now().await;
        }
        assert_eq!(get("/readyz").await.unwrap().status(), 503);
        for _ in 0..2 {
            let reply = get("/livez").await.unwrap();
            assert_eq!(
                (reply.status().as_u16(), &reply.headers()["connection"]),
                (200, &HeaderValue::from_static("close"))
            );
        }
        bench.stopping.end();
        leaving.await.unwrap();
        timeout(Duration::from_secs(3), server).await.unwrap().unwrap();
        assert!(get("/livez").await.is_err());
    }

    #[tokio::test]
    async fn http_2_is_spoken_without_tls() {
        let (_bench, address, _server) = start(Duration::from_secs(5)).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        let mut frame = [0_u8; 9];
        timeout(Duration::from_secs(3), stream.read_exact(&mut frame)).await.unwrap().unwrap();
        assert_eq!(frame[3], 4, "the first frame is SETTINGS");
    }

    #[tokio::test]
    async fn a_client_that_hangs_up_does_not_stop_what_it_asked_for() {
        let (bench, address, _server) = start(Duration::from_secs(5)).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let body = r#"{"query":"{ slow(millis: 300) }"}"#;
        let request = format!(
            "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        sleep(Duration::from_millis(100)).await;
        drop(stream);
        sleep(Duration::from_millis(50)).await;
        assert_eq!(bench.edge.tasks.len(), 1, "the task goes on");
        let start = Instant::now();
        bench.edge.finish(Duration::from_secs(3)).await;
        assert!(start.elapsed() > Duration::from_millis(50), "and is waited for");
    }
}
