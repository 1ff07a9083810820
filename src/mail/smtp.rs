//! Mail over SMTP: plain, STARTTLS or TLS, with a few connections kept for the next mail.
//!
//! lettre's own pool is not used. It bounds no slow reply, and a send that is dropped in the middle goes back to it: the
//! next mail would then read the replies to the last one. Here a connection comes back only after a complete exchange.

use std::error::Error as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use secrecy::ExposeSecret as _;
use tokio::time::timeout;

use super::render::Rendered;
use super::transport::{SendError, Transport};
use crate::config::{Smtp, SmtpSecurity};

/// From connecting to the server's last word. Shorter than a worker's lease.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a kept connection may take to say that it is alive.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// Servers close connections that idle for minutes; nothing is gained by keeping one longer than a burst of mail.
const KEEP_IDLE: Duration = Duration::from_secs(15);
const KEEP_MOST: usize = 4;
/// Some servers limit the mails of one connection.
const MAILS_PER_CONNECTION: u32 = 50;

/// A mail server.
pub struct SmtpTransport {
    host: String,
    port: u16,
    security: SmtpSecurity,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    hello: ClientId,
    limit: Duration,
    idle: Mutex<Vec<Kept>>,
}

/// TLS cannot be set up: an authority's certificate that is none, or a system without any.
#[derive(Debug, thiserror::Error)]
#[error("TLS to the mail server cannot be set up")]
pub struct TlsError(#[source] Error);

struct Kept {
    connection: AsyncSmtpConnection,
    since: Instant,
    mails: u32,
}

impl SmtpTransport {
    /// Prepares to talk to a server; connects when there is mail. Certificates are checked against the system's
    /// authorities, or those of the file that `SSL_CERT_FILE` names.
    pub fn new(smtp: &Smtp) -> Result<Self, TlsError> {
        Self::trusting(smtp, None)
    }

    /// The same, trusting one more authority, given as PEM.
    pub fn trusting(smtp: &Smtp, authority: Option<&[u8]>) -> Result<Self, TlsError> {
        let tls = match smtp.security {
            SmtpSecurity::None => None,
            SmtpSecurity::StartTls | SmtpSecurity::Tls => {
                let mut tls = TlsParameters::builder(smtp.host.clone());
                if let Some(pem) = authority {
                    tls = tls.add_root_certificate(Certificate::from_pem(pem).map_err(TlsError)?);
                }
                Some(tls.build_rustls().map_err(TlsError)?)
            }
        };
        let credentials = smtp
            .credentials
            .as_ref()
            .map(|(user, password)| Credentials::new(user.clone(), password.expose_secret().to_owned()));
        Ok(Self {
            host: smtp.host.clone(),
            port: smtp.port,
            security: smtp.security,
            tls,
            credentials,
            hello: ClientId::default(),
            limit: SEND_TIMEOUT,
            idle: Mutex::default(),
        })
    }

    /// Bounds each send otherwise than by [`SEND_TIMEOUT`].
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    async fn attempt(&self, mail: &Rendered) -> Result<(), SendError> {
        let (mut connection, mails) = match self.kept().await {
            Some(kept) => (kept.connection, kept.mails),
            None => (self.connect().await?, 0),
        };
        // lettre ends the message with a line break of its own.
        let message = mail.message.strip_suffix(b"\r\n").unwrap_or(&mail.message);
        connection.send(&mail.envelope, message).await.map_err(|error| refused_mail(&error))?;
        self.keep(Kept { connection, since: Instant::now(), mails: mails + 1 });
        Ok(())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let opened = async {
            let wrapper = self.tls.clone().filter(|_| self.security == SmtpSecurity::Tls);
            let server = (self.host.as_str(), self.port);
            let mut connection = AsyncSmtpConnection::connect_tokio1(
                server,
                Some(CONNECT_TIMEOUT),
                &self.hello,
                wrapper,
                None,
            )
            .await?;
            if let (SmtpSecurity::StartTls, Some(tls)) = (self.security, &self.tls) {
                connection.starttls(tls.clone(), &self.hello).await?;
            }
            if let Some(credentials) = &self.credentials {
                connection.auth(DEFAULT_MECHANISMS, credentials).await?;
            }
            Ok(connection)
        };
        opened.await.map_err(|error| refused_connection(&error))
    }

    /// Connects as for a mail, TLS and user included, and hangs up: whether mail could be sent.
    pub async fn probe(&self) -> Result<(), SendError> {
        match timeout(self.limit, self.connect()).await {
            Ok(Ok(mut connection)) => {
                let _ = timeout(PROBE_TIMEOUT, connection.quit()).await;
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(SendError::Transient("the mail server took too long".to_owned())),
        }
    }

    /// A kept connection that is still alive.
    async fn kept(&self) -> Option<Kept> {
        loop {
            let mut kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            let fresh = kept.since.elapsed() < KEEP_IDLE && kept.mails < MAILS_PER_CONNECTION;
            if fresh && timeout(PROBE_TIMEOUT, kept.connection.test_connected()).await == Ok(true) {
                return Some(kept);
            }
        }
    }

    fn keep(&self, kept: Kept) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|kept| kept.since.elapsed() < KEEP_IDLE);
        if idle.len() < KEEP_MOST {
            idle.push(kept);
        }
    }
}

#[async_trait]
impl Transport for SmtpTransport {
    async fn send(&self, mail: &Rendered) -> Result<(), SendError> {
        match timeout(self.limit, self.attempt(mail)).await {
            Ok(sent) => sent,
            Err(_) => Err(SendError::Transient("the mail server took too long".to_owned())),
        }
    }
}

/// Nothing of a mail was said yet, so whatever went wrong is between the server and its operator, and can be mended.
fn refused_connection(error: &Error) -> SendError {
    let text = match reply(error) {
        Some(Reply { code: code @ (530 | 534 | 535 | 538), text }) => {
            tracing::error!(code, "the mail server refuses the user or the password of LATCHKEY_SMTP_URL");
            text
        }
        Some(Reply { code: code @ 500.., text }) => {
            tracing::error!(code, "the mail server refuses to talk");
            text
        }
        Some(Reply { text, .. }) => text,
        None if error.is_client() || error.is_tls() => {
            // lettre's own words or those of the TLS library, about certificates and extensions.
            let text = innermost(error);
            tracing::error!(reason = text, "the mail server and LATCHKEY_SMTP_URL do not fit together");
            text
        }
        None => broken(error),
    };
    SendError::Transient(text)
}

/// The server answered to this mail.
fn refused_mail(error: &Error) -> SendError {
    match reply(error) {
        // "Authentication required" and the like: about us, not about the mail (RFC 4954, section 6).
        Some(Reply { code: code @ (530 | 534 | 535 | 538), text }) => {
            tracing::error!(code, "the mail server wants a user and a password in LATCHKEY_SMTP_URL");
            SendError::Transient(text)
        }
        Some(Reply { code: 500.., text }) => SendError::Permanent(text),
        Some(Reply { text, .. }) => SendError::Transient(text),
        None if error.to_string().contains("SMTPUTF8") => {
            SendError::Permanent("the mail server does not take addresses beyond ASCII (SMTPUTF8)".to_owned())
        }
        None => SendError::Transient(broken(error)),
    }
}

struct Reply {
    code: u16,
    text: String,
}

/// What the server answered: its code and its enhanced code (RFC 3463), never its words.
fn reply(error: &Error) -> Option<Reply> {
    let code: u16 = error.status()?.to_string().parse().ok()?;
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    let enhanced = words.split_whitespace().next().filter(|word| is_enhanced_code(word));
    let text = match enhanced {
        Some(enhanced) => format!("the mail server answered {code} {enhanced}"),
        None => format!("the mail server answered {code}"),
    };
    Some(Reply { code, text })
}

fn is_enhanced_code(word: &str) -> bool {
    let parts: Vec<_> = word.split('.').collect();
    let short_number =
        |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(short_number)
}

fn broken(error: &Error) -> String {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return format!("no connection to the mail server: {}", io.kind());
        }
        source = cause.source();
    }
    "the connection to the mail server broke".to_owned()
}

fn innermost(error: &Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_enhanced_codes_are_taken_from_a_reply() {
        for word in ["5.1.1", "4.3.0", "5.7.120"] {
            assert!(is_enhanced_code(word), "{word}");
        }
        for word in ["", "5.1", "5.1.1.1", "a.b.c", "5..1", "<ada@acme.example>", "5.1.1234"] {
            assert!(!is_enhanced_code(word), "{word}");
        }
    }
}
