//! A receiver of webhooks: a real HTTPS server with a certificate of its own authority, that answers what it is told to.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use latchkey::clock::Clock;
use latchkey::webhook::{Client, WebhookWorker};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::harness::TestApp;

/// What it answers.
#[derive(Debug, Clone)]
pub enum Reply {
    Status(u16),
    RetryAfter(u16, &'static str),
    Redirect(String),
    /// Nothing, ever.
    Silence,
    /// 200, and a body without an end.
    Endless,
}

/// A message that it took.
#[derive(Debug, Clone)]
pub struct Taken {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Taken {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether one of the signatures is by this secret, as the specification's own library makes it.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let theirs = standardwebhooks::Webhook::new(secret).unwrap();
        let at = self.header("webhook-timestamp").parse().unwrap();
        let expected = theirs.sign(self.id(), at, &self.body).unwrap();
        self.header("webhook-signature").split(' ').any(|signature| signature == expected)
    }
}

pub struct Receiver {
    address: SocketAddr,
    authority: Vec<u8>,
    taken: Arc<Mutex<Vec<Taken>>>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    connections: Arc<Mutex<usize>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

type Body = BoxBody<Bytes, Infallible>;

fn response(reply: Reply) -> Response<Body> {
    let builder = Response::builder();
    let empty = || Full::new(Bytes::from_static(b"thanks")).boxed();
    match reply {
        Reply::Status(status) => builder.status(status).body(empty()),
        Reply::RetryAfter(status, after) => builder.status(status).header("retry-after", after).body(empty()),
        Reply::Redirect(to) => builder.status(302).header("location", to).body(empty()),
        Reply::Silence => unreachable!("it says nothing"),
        Reply::Endless => {
            let frames =
                futures_util::stream::repeat_with(|| Ok(Frame::data(Bytes::from_static(&[b'x'; 16 * 1024]))));
            builder.status(200).body(StreamBody::new(frames).boxed())
        }
    }
    .unwrap()
}

fn certificates() -> (Vec<u8>, CertificateDer<'static>, PrivateKeyDer<'static>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let leaf_key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned(), "hooks.example.com".to_owned()];
    let leaf = CertificateParams::new(names).unwrap().signed_by(&leaf_key, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(leaf_key.serialize_der()).unwrap();
    (authority.pem().into_bytes(), leaf.der().clone(), key)
}

impl Receiver {
    pub async fn start() -> Self {
        let (authority, certificate, key) = certificates();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let taken: Arc<Mutex<Vec<Taken>>> = Arc::default();
        let replies: Arc<Mutex<VecDeque<Reply>>> = Arc::default();
        let connections: Arc<Mutex<usize>> = Arc::default();
        let (into, from, counted) = (taken.clone(), replies.clone(), connections.clone());
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *counted.lock().unwrap() += 1;
                let (acceptor, into, from) = (acceptor.clone(), into.clone(), from.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let service = service_fn(move |request: Request<Incoming>| {
                        let (into, from) = (into.clone(), from.clone());
                        async move {
                            let (head, body) = request.into_parts();
                            let body = body.collect().await.unwrap().to_bytes();
                            let path = head.uri.to_string();
                            into.lock().unwrap().push(Taken { path, headers: head.headers, body });
                            let reply = from.lock().unwrap().pop_front().unwrap_or(Reply::Status(200));
                            if matches!(reply, Reply::Silence) {
                                std::future::pending::<()>().await;
                            }
                            Ok::<_, Infallible>(response(reply))
                        }
                    });
                    let serving = hyper::server::conn::http1::Builder::new();
                    let _ = serving.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, authority, taken, replies, connections, serving }
    }

    /// What it is registered as.
    pub fn url(&self) -> String {
        self.url_of("127.0.0.1")
    }

    pub fn url_of(&self, host: &str) -> String {
        format!("https://{host}:{}/in?key=of-the-receiver", self.address.port())
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it answers next, one after the other; 200 from then on.
    pub fn answers(&self, replies: &[Reply]) {
        self.replies.lock().unwrap().extend(replies.iter().cloned());
    }

    /// What it took, in order.
    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    pub fn ids(&self) -> Vec<String> {
        self.taken().iter().map(|taken| taken.id().to_owned()).collect()
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    /// Waits until it has taken so many.
    pub async fn has_taken(&self, count: usize) {
        let looking = async {
            while self.taken().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), looking).await.expect("it took less");
    }

    /// A client that trusts it, and connects to any address.
    pub fn client(&self) -> Client {
        Client::new(true, Some(&self.authority)).unwrap()
    }

    /// The same, for the public internet only.
    pub fn public_client(&self) -> Client {
        Client::new(false, Some(&self.authority)).unwrap()
    }

    pub fn worker(&self, app: &TestApp) -> WebhookWorker {
        worker(app, self.client())
    }
}

pub fn worker(app: &TestApp, client: Client) -> WebhookWorker {
    let clock: Arc<dyn Clock> = Arc::new(app.clock.clone());
    WebhookWorker::new(app.store.clone(), clock, app.keyring.clone(), client)
}
