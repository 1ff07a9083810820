//! Posts to the collector: one connection for each batch, no proxy, no redirect.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::wire;
use crate::config::Otlp;
use crate::outbound;

/// From looking the name up to the end of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The most of an answer that is read.
const ANSWER_MAX: usize = 64 * 1024;
const AGENT: &str = concat!("Latchkey/", env!("CARGO_PKG_VERSION"));

/// The client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No authority's certificate is there.
    #[error("no authority is trusted, so no https:// collector can be reached: set SSL_CERT_FILE")]
    NoAuthority,
    /// TLS cannot be set up.
    #[error("TLS to the collector cannot be set up")]
    Tls(#[from] rustls::Error),
}

/// A batch was not taken.
#[derive(Debug)]
pub(super) enum Failure {
    /// It may be the next time.
    Later { why: String, after: Option<Duration> },
    /// It would not be the next time either.
    Never { why: String },
}

impl Failure {
    fn later(why: impl Into<String>) -> Self {
        Self::Later { why: why.into(), after: None }
    }

    /// In our words, never the collector's.
    pub(super) fn why(&self) -> &str {
        match self {
            Self::Later { why, .. } | Self::Never { why } => why,
        }
    }
}

/// Posts batches.
pub(super) struct Client {
    traces: Url,
    headers: Vec<(HeaderName, HeaderValue)>,
    tls: Option<TlsConnector>,
}

impl Client {
    /// Trusts the system's authorities, or those of the file that `SSL_CERT_FILE` names.
    pub(super) fn new(otlp: &Otlp) -> Result<Self, ClientError> {
        let tls = (otlp.traces.scheme() == "https").then(connector).transpose()?;
        Ok(Self { traces: otlp.traces.clone(), headers: otlp.headers.clone(), tls })
    }

    /// Posts a batch; gives how many spans of it were refused.
    pub(super) async fn post(&self, body: Bytes) -> Result<u64, Failure> {
        let attempt = timeout(TIMEOUT, self.attempt(body)).await;
        attempt.unwrap_or_else(|_| Err(Failure::later("the collector took too long")))
    }

    async fn attempt(&self, body: Bytes) -> Result<u64, Failure> {
        let request = self.request(body)?;
        let unreachable = |error: std::io::Error| Failure::later(format!("no connection: {}", error.kind()));
        let port = self.traces.port_or_known_default().unwrap_or(4318);
        let no_host = || Failure::Never { why: "the address names no host".to_owned() };
        let host = self.traces.host().ok_or_else(no_host)?;
        let stream = match host {
            Host::Domain(name) => TcpStream::connect((name, port)).await,
            Host::Ipv4(ip) => TcpStream::connect((ip, port)).await,
            Host::Ipv6(ip) => TcpStream::connect((ip, port)).await,
        };
        let stream = stream.map_err(unreachable)?;
        match (&self.tls, outbound::server_name(&host)) {
            (None, _) => exchange(stream, request).await,
            (Some(tls), Some(name)) => {
                let stream = tls.connect(name, stream).await;
                exchange(stream.map_err(|_| Failure::later("no TLS with the collector"))?, request).await
            }
            (Some(_), None) => Err(Failure::Never { why: "no certificate can name the host".to_owned() }),
        }
    }

    fn request(&self, body: Bytes) -> Result<Request<Full<Bytes>>, Failure> {
        let authority = outbound::authority(&self.traces).unwrap_or_default();
        let mut request = Request::post(self.traces.path())
            .header(HOST, authority)
            .header(USER_AGENT, AGENT)
            .header(CONTENT_TYPE, "application/x-protobuf");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let never = |_| Failure::Never { why: "no request can be made of the configuration".to_owned() };
        request.body(Full::new(body)).map_err(never)
    }
}

fn connector() -> Result<TlsConnector, ClientError> {
    let (roots, _) = outbound::system_authorities();
    if roots.is_empty() {
        return Err(ClientError::NoAuthority);
    }
    Ok(outbound::tls(roots)?)
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<u64, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |_| Failure::later("the connection to the collector broke");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // Both in this task: when one is dropped, so is the other.
    let answer = async move {
        let response = sender.send_request(request).await.map_err(broken)?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_MAX).collect().await;
        Ok((parts, body.map(|body| body.to_bytes()).unwrap_or_default()))
    };
    let (parts, body) = tokio::select! {
        answer = answer => answer?,
        never = async { let _ = connection.await; std::future::pending().await } => never,
    };
    match parts.status {
        status if status.is_success() => Ok(wire::refused(&body)),
        // Those that OTLP/HTTP calls retryable.
        status @ (StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT) => {
            let after = parts.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            let why = format!("the collector answered {}", status.as_u16());
            Err(Failure::Later { why, after: after.map(Duration::from_secs) })
        }
        status => Err(Failure::Never { why: format!("the collector answered {}", status.as_u16()) }),
    }
}
