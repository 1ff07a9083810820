//! One POST to a receiver. The host's addresses are looked up once, looked at, and the one that was looked at is connected to:
//! a name that stands for another address a moment later (DNS rebinding) changes nothing. There is no proxy, no redirect is
//! followed, no connection is kept, and of an answer the status and `Retry-After` are all that is read into anything.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::domain::DeliveryFault;
use crate::domain::public_address::is_public;
use crate::domain::webhook::{Answer, checked_url};
use crate::outbound;

/// How long an attempt may take, as the specification recommends.
pub const TIMEOUT: Duration = Duration::from_secs(15);
/// How long connecting to one address may take; the next one is tried then.
const CONNECT: Duration = Duration::from_secs(5);
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 3;
/// The most of a response's head that is held.
const HEAD_MAX: usize = 16 * 1024;
/// The most of a response's body that is let pass by before the connection is closed, and for how long.
const BODY_MAX: usize = 64 * 1024;
const BODY_FOR: Duration = Duration::from_secs(1);
const AGENT: &str = concat!("Latchkey-Webhooks/", env!("CARGO_PKG_VERSION"));

/// Looks addresses of a host up.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// All of them.
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// The system's resolver.
struct System;

#[async_trait]
impl Resolve for System {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }
}

/// The client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// An authority's certificate that is none.
    #[error("the certificate of an authority cannot be read")]
    Authority,
    /// TLS cannot be set up.
    #[error("TLS to receivers of webhooks cannot be set up")]
    Tls(#[from] rustls::Error),
}

/// Sends to receivers.
pub struct Client {
    tls: TlsConnector,
    resolver: Arc<dyn Resolve>,
    /// Whether addresses that are not public may be connected to.
    private: bool,
    limit: Duration,
}

/// A request that is to be sent.
#[derive(Debug)]
pub struct Message {
    /// `webhook-id`, `webhook-timestamp` and `webhook-signature`.
    pub headers: [(&'static str, String); 3],
    /// JSON.
    pub body: Bytes,
}

impl Client {
    /// A client that trusts the system's authorities, or those of the file that `SSL_CERT_FILE` names, and one more, given
    /// as PEM. `private` lets it connect to any address.
    pub fn new(private: bool, authority: Option<&[u8]>) -> Result<Self, ClientError> {
        let (mut roots, unreadable) = outbound::system_authorities();
        if let Some(pem) = authority {
            let certificate = rustls::pki_types::CertificateDer::from_pem_slice(pem);
            roots
                .add(certificate.map_err(|_| ClientError::Authority)?)
                .map_err(|_| ClientError::Authority)?;
        }
        if roots.is_empty() {
            tracing::warn!(
                unreadable,
                "no authority is trusted, so no webhook can be sent: set SSL_CERT_FILE"
            );
        }
        let tls = outbound::tls(roots)?;
        Ok(Self { tls, resolver: Arc::new(System), private, limit: TIMEOUT })
    }

    /// Looks addresses up otherwise.
    #[must_use]
    pub fn resolving(mut self, resolver: Arc<dyn Resolve>) -> Self {
        self.resolver = resolver;
        self
    }

    /// Bounds an attempt otherwise than by [`TIMEOUT`].
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sends a message and gives what was answered.
    pub async fn post(&self, url: &str, message: Message) -> Result<Answer, DeliveryFault> {
        timeout(self.limit, self.attempt(url, message)).await.unwrap_or(Err(DeliveryFault::Timeout))
    }

    async fn attempt(&self, url: &str, message: Message) -> Result<Answer, DeliveryFault> {
        // Once more: the rules of this version, whichever one registered it.
        let url = checked_url(url, self.private).map_err(|_| DeliveryFault::PrivateAddress)?;
        let host = url.host().ok_or(DeliveryFault::Unreachable)?;
        let port = url.port_or_known_default().ok_or(DeliveryFault::Unreachable)?;
        let stream = self.connect(&host, port).await?;
        let request = request(&url, message)?;
        if url.scheme() != "https" {
            return exchange(stream, request).await;
        }
        let name = outbound::server_name(&host).ok_or(DeliveryFault::Tls)?;
        let stream = self.tls.connect(name, stream).await.map_err(|_| DeliveryFault::Tls)?;
        exchange(stream, request).await
    }

    /// Connects to an address of the host, all of which must be public: one that is not among them is somebody's trick.
    async fn connect(&self, host: &Host<&str>, port: u16) -> Result<TcpStream, DeliveryFault> {
        let addresses = match host {
            Host::Ipv4(address) => vec![SocketAddr::from((*address, port))],
            Host::Ipv6(address) => vec![SocketAddr::from((*address, port))],
            Host::Domain(name) => {
                self.resolver.resolve(name, port).await.map_err(|_| DeliveryFault::Unreachable)?
            }
        };
        if !self.private && addresses.iter().any(|address| !is_public(address.ip())) {
            return Err(DeliveryFault::PrivateAddress);
        }
        for address in addresses.into_iter().take(ADDRESSES_MAX) {
            if let Ok(Ok(stream)) = timeout(CONNECT, TcpStream::connect(address)).await {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
        }
        Err(DeliveryFault::Unreachable)
    }
}

fn request(url: &Url, message: Message) -> Result<Request<Full<Bytes>>, DeliveryFault> {
    let authority = outbound::authority(url).ok_or(DeliveryFault::Unreachable)?;
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(target)
        .header(HOST, authority)
        .header(USER_AGENT, AGENT)
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in message.headers {
        request = request.header(name, value);
    }
    request.body(Full::new(message.body)).map_err(|_| DeliveryFault::Unsendable)
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Answer, DeliveryFault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| DeliveryFault::Protocol)?;
    // Dropped with the answer, and with it the connection.
    let mut driving = tokio::spawn(connection);
    let _abort = AbortOnDrop(driving.abort_handle());
    let response = tokio::select! {
        response = sender.send_request(request) => response.map_err(|_| DeliveryFault::Protocol)?,
        _ = &mut driving => return Err(DeliveryFault::Protocol),
    };
    let answer = Answer {
        status: response.status().as_u16(),
        retry_after: response.headers().get(RETRY_AFTER).and_then(seconds),
    };
    // A receiver that has not been heard out may take the hang-up for an error.
    let rest: Limited<Incoming> = Limited::new(response.into_body(), BODY_MAX);
    let _ = timeout(BODY_FOR, drained(rest)).await;
    Ok(answer)
}

async fn drained(mut body: Limited<Incoming>) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// The form with seconds (RFC 9110, section 10.2.3); a date would depend on two clocks.
fn seconds(value: &HeaderValue) -> Option<time::Duration> {
    let seconds: u32 = value.to_str().ok()?.trim().parse().ok()?;
    Some(time::Duration::seconds(i64::from(seconds)))
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
