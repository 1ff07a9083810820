//! From text to typed values. A parser answers with the end of the sentence "LATCHKEY_X …"; those of
//! secrets never repeat what they read.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use ipnet::IpNet;
use lettre::message::Mailbox;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

pub(super) type Parsed<T> = Result<T, String>;

/// Where people reach the gateway: an origin, https unless it is this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(Url);

impl PublicUrl {
    pub fn parse(text: &str) -> Parsed<Self> {
        let url = Url::parse(text).map_err(|e| format!("{text:?} is no URL: {e}"))?;
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let this = Self(url);
        match this.0.scheme() {
            "https" | "http" if !bare => {
                Err(format!("{text:?} must be a scheme, a host and a port, nothing else"))
            }
            "https" => Ok(this),
            "http" if this.is_loopback() => Ok(this),
            "http" => Err(format!("{text:?} must be https; plain http is for loopback only")),
            _ => Err(format!("{text:?} must begin with https://")),
        }
    }

    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }

    /// As browsers write it in `Origin`, such as `https://id.example.com`.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// `path` begins with a slash and may hold a query or a fragment.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// `smtp://`: no encryption.
    None,
    /// `smtp+starttls://`: STARTTLS is demanded before anything else is said.
    StartTls,
    /// `smtps://`: TLS from the first byte.
    Tls,
}

/// The mail server and how to talk to it.
#[derive(Clone, Debug)]
pub struct Smtp {
    pub security: SmtpSecurity,
    pub host: String,
    pub port: u16,
    /// User name and password.
    pub credentials: Option<(String, SecretString)>,
}

impl Smtp {
    pub fn parse(text: &SecretString) -> Parsed<Self> {
        let url = Url::parse(text.expose_secret().trim()).map_err(|e| format!("is no URL: {e}"))?;
        let (security, port) = match url.scheme() {
            "smtp" => (SmtpSecurity::None, 25),
            "smtp+starttls" => (SmtpSecurity::StartTls, 587),
            "smtps" => (SmtpSecurity::Tls, 465),
            _ => return Err("must begin with smtp://, smtp+starttls:// or smtps://".to_owned()),
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err("must end after host and port".to_owned());
        }
        let host = match url.host() {
            Some(Host::Ipv6(ip)) => ip.to_string(),
            Some(host) if !host.to_string().is_empty() => host.to_string(),
            _ => return Err("names no host".to_owned()),
        };
        let credentials = match (percent_decoded(url.username())?, url.password()) {
            (user, None) if user.is_empty() => None,
            (user, Some(password)) if !user.is_empty() => {
                Some((user, SecretString::from(percent_decoded(password)?)))
            }
            _ => return Err("needs both a user and a password, or neither".to_owned()),
        };
        Ok(Self { security, host, port: url.port().unwrap_or(port), credentials })
    }
}

pub(super) fn percent_decoded(text: &str) -> Parsed<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        match rest {
            [] => break,
            [b'%', high, low, tail @ ..] => {
                let digit = |d: u8| char::from(d).to_digit(16).and_then(|d| u8::try_from(d).ok());
                match (digit(*high), digit(*low)) {
                    (Some(high), Some(low)) => bytes.push(high * 16 + low),
                    _ => return Err("holds a % that is not an escape; write %25".to_owned()),
                }
                rest = tail;
            }
            [b'%', ..] => return Err("holds a % that is not an escape; write %25".to_owned()),
            [byte, tail @ ..] => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| "holds escapes that are not UTF-8".to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Pretty,
}

impl LogFormat {
    pub(super) fn parse(text: &str) -> Parsed<Self> {
        match text {
            "json" => Ok(Self::Json),
            "pretty" => Ok(Self::Pretty),
            _ => Err(format!("{text:?} must be json or pretty")),
        }
    }
}

pub(super) fn mongodb_uri(text: &SecretString) -> Parsed<SecretString> {
    let uri = text.expose_secret().trim();
    if uri.starts_with("mongodb://") || uri.starts_with("mongodb+srv://") {
        Ok(SecretString::from(uri))
    } else {
        Err("must begin with mongodb:// or mongodb+srv://".to_owned())
    }
}

pub(super) fn any_text(text: &SecretString) -> Parsed<SecretString> {
    Ok(text.clone())
}

pub(super) fn folder(text: &str) -> Parsed<PathBuf> {
    Ok(PathBuf::from(text))
}

pub(super) fn paths(text: &str) -> Parsed<Vec<PathBuf>> {
    Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(PathBuf::from).collect())
}

/// MongoDB's own rule for database names.
pub(super) fn database_name(text: &str) -> Parsed<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !text.is_empty() && text.len() <= 63 && text.chars().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(format!("{text:?} must be 1 to 63 letters, digits, _ or -"))
    }
}

pub(super) fn socket_address(text: &str) -> Parsed<SocketAddr> {
    text.parse().map_err(|_| format!("{text:?} is no address and port; write 127.0.0.1:4000 or [::]:4000"))
}

pub(super) fn mailbox(text: &str) -> Parsed<Mailbox> {
    text.parse().map_err(|_| format!("{text:?} is no mail address; write Acme <security@acme.example>"))
}

pub(super) fn short_name(text: &str) -> Parsed<String> {
    // A colon would split the label of an otpauth URI.
    if (1..=40).contains(&text.chars().count()) && !text.contains(|c: char| c.is_control() || c == ':') {
        Ok(text.to_owned())
    } else {
        Err(format!("{text:?} must be 1 to 40 characters without a colon"))
    }
}

pub(super) fn switch(text: &str) -> Parsed<bool> {
    match text {
        "true" | "on" | "yes" | "1" => Ok(true),
        "false" | "off" | "no" | "0" => Ok(false),
        _ => Err(format!("{text:?} must be true or false")),
    }
}

pub(super) fn between(least: &'static str, most: &'static str) -> impl Fn(&str) -> Parsed<Duration> {
    move |text| {
        let read = |text| humantime::parse_duration(text).ok();
        let value =
            read(text).ok_or_else(|| format!("{text:?} is no duration; write for example 12h or 30m"))?;
        if read(least).is_some_and(|least| value < least) || read(most).is_some_and(|most| value > most) {
            return Err(format!("{text:?} must be between {least} and {most}"));
        }
        Ok(value)
    }
}

pub(super) fn count<N>(least: N, most: N) -> impl Fn(&str) -> Parsed<N>
where
    N: std::str::FromStr + PartialOrd + fmt::Display,
{
    move |text| match text.parse() {
        Ok(n) if n >= least && n <= most => Ok(n),
        _ => Err(format!("{text:?} must be a number from {least} to {most}")),
    }
}

pub(super) fn networks(text: &str) -> Parsed<Vec<IpNet>> {
    let one = |item: &str| {
        item.parse::<IpNet>()
            .or_else(|_| item.parse::<IpAddr>().map(IpNet::from))
            .map_err(|_| format!("{item:?} is neither an address nor a network such as 10.0.0.0/8"))
    };
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(one).collect()
}

pub(super) fn log_filter(text: &str) -> Parsed<String> {
    text.parse::<tracing_subscriber::filter::EnvFilter>()
        .map(|_| text.to_owned())
        .map_err(|e| format!("{text:?} is no log filter: {e}"))
}
