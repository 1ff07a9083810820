//! Which session a request presents, and how a browser's session cookie comes and goes.
//!
//! Only the outside of a session is known here: where its token stands in a request. A cookie travels by itself,
//! so a request that relies on one must be a JSON post with a header that no form and no foreign page can send.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum_extra::extract::cookie::{Cookie, SameSite};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, header};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};

use super::headers::RequestId;
use super::refusal::Refusal;
use crate::domain::RequestMeta;

/// A browser sends `Latchkey-Session: cookie` to have its session travel in a cookie.
pub const SESSION_HEADER: &str = "latchkey-session";

/// User agents are kept for the audit log; nobody needs more of one.
const LONGEST_USER_AGENT: usize = 400;

/// Who calls, before anybody has looked the session up.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The session presented.
    pub presented: Presented,
    /// Whether a new session should travel in a cookie.
    pub wants_cookie: bool,
    /// What names the browser, from its cookie; only where the session travels in one as well.
    pub device: Option<SecretString>,
    /// For the audit log.
    pub meta: RequestMeta,
}

/// The session that a request presents.
#[derive(Debug, Clone)]
pub enum Presented {
    /// None.
    None,
    /// A token in `Authorization: Bearer`.
    Bearer(SecretString),
    /// A token in the session cookie.
    Cookie(SecretString),
}

/// What is to be done with the session cookie.
#[derive(Debug, Clone)]
pub enum CookieChange {
    /// The session lives in it from now on, for so long.
    Set(SecretString, Duration),
    /// It goes.
    Clear,
}

/// How the cookie looks here.
#[derive(Debug, Clone, Copy)]
pub struct CookieStyle {
    /// Whether browsers reach the gateway over https; without it (loopback only) the cookie cannot be `Secure`.
    pub secure: bool,
}

impl CookieStyle {
    /// The name; the prefix makes browsers refuse it from another host, over http or with a narrower path.
    pub fn name(self) -> &'static str {
        if self.secure { "__Host-latchkey" } else { "latchkey" }
    }

    /// The `Set-Cookie` header of a change.
    pub fn header(self, change: &CookieChange) -> Option<HeaderValue> {
        let (value, age) = match change {
            CookieChange::Set(token, age) => (token.expose_secret(), *age),
            CookieChange::Clear => ("", Duration::ZERO),
        };
        let cookie = Cookie::build((self.name(), value))
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .path("/")
            .max_age(time::Duration::try_from(age).unwrap_or(time::Duration::ZERO));
        let mut header = HeaderValue::from_str(&cookie.to_string()).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// The name of the cookie that names the browser.
    pub fn device_name(self) -> &'static str {
        if self.secure { "__Host-latchkey-device" } else { "latchkey-device" }
    }

    /// The `Set-Cookie` header that names the browser from now on, for so long. No other site ever needs it sent.
    pub fn device_header(self, token: &SecretString, age: Duration) -> Option<HeaderValue> {
        let cookie = Cookie::build((self.device_name(), token.expose_secret()))
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Strict)
            .path("/")
            .max_age(time::Duration::try_from(age).unwrap_or(time::Duration::ZERO));
        let mut header = HeaderValue::from_str(&cookie.to_string()).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// What names the browser; several cookies of that name are none.
    pub fn device(self, headers: &HeaderMap) -> Option<SecretString> {
        only(headers, self.device_name())
    }

    /// The token in the session cookie; several cookies of that name are none.
    pub fn token(self, headers: &HeaderMap) -> Option<SecretString> {
        only(headers, self.name())
    }
}

fn only(headers: &HeaderMap, name: &str) -> Option<SecretString> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .filter(|cookie| cookie.name() == name);
    match (found.next(), found.next()) {
        (Some(one), None) if !one.value().is_empty() => Some(SecretString::from(one.value())),
        _ => None,
    }
}

/// The token of an `Authorization` value, which must be `Bearer <token>`.
pub fn bearer(value: &str) -> Result<SecretString, Refusal> {
    let token = value
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty());
    token
        .map(SecretString::from)
        .ok_or_else(|| Refusal::unauthenticated("The Authorization header must be 'Bearer <session token>'."))
}

/// The session that an HTTP request presents. A bearer token goes before a cookie.
pub fn presented(parts: &Parts, style: CookieStyle) -> Result<Presented, Refusal> {
    let presented = carried(&parts.headers, style)?;
    let by_cookie = matches!(presented, Presented::Cookie(_));
    if by_cookie && (parts.method != Method::POST || !wants_cookie(&parts.headers)) {
        return Err(Refusal::forbidden(
            "A request with the session cookie must be a JSON post with the header 'Latchkey-Session: cookie'.",
        ));
    }
    Ok(presented)
}

/// The same for a question that changes nothing: the cookie counts in whichever request carries it.
pub fn carried(headers: &HeaderMap, style: CookieStyle) -> Result<Presented, Refusal> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        return bearer(value.to_str().unwrap_or_default()).map(Presented::Bearer);
    }
    Ok(style.token(headers).map_or(Presented::None, Presented::Cookie))
}

/// Whether the client is a browser that wants its session in a cookie.
pub fn wants_cookie(headers: &HeaderMap) -> bool {
    headers.get(SESSION_HEADER).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"cookie"))
}

/// What is known about the request itself.
pub fn meta(parts: &Parts, trusted: &[IpNet]) -> RequestMeta {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let user_agent = parts
        .headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.chars().take(LONGEST_USER_AGENT).collect());
    let request_id = parts.extensions.get::<RequestId>().map(|id| id.as_str().to_owned()).unwrap_or_default();
    RequestMeta { ip: peer.map(|peer| client_ip(peer, &parts.headers, trusted)), user_agent, request_id }
}

/// The nearest address that is not one of our own proxies. What stands left of it is the client's own claim.
fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|network| network.contains(ip));
    let mut client = peer.to_canonical();
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in hops.into_iter().rev() {
        if !is_trusted(&client) {
            break;
        }
        match parse_hop(hop) {
            Some(ip) => client = ip.to_canonical(),
            // Whatever is left of something unreadable is not to be believed either.
            None => break,
        }
    }
    client
}

/// Some proxies write a port, or brackets around IPv6.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    hop.parse()
        .ok()
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .or_else(|| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const HTTPS: CookieStyle = CookieStyle { secure: true };

    fn parts(method: Method, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri("/graphql");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_bearer_token_goes_before_a_cookie() {
        let parts =
            parts(Method::POST, &[("authorization", "bearer lks_a"), ("cookie", "__Host-latchkey=lks_b")]);
        match presented(&parts, HTTPS).unwrap() {
            Presented::Bearer(token) => assert_eq!(token.expose_secret(), "lks_a"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_malformed_authorization_header_is_refused() {
        for value in ["Basic abc", "Bearer", "Bearer ", "lks_a"] {
            let refusal = presented(&parts(Method::POST, &[("authorization", value)]), HTTPS).unwrap_err();
            assert_eq!(refusal.code, "UNAUTHENTICATED", "{value}");
        }
    }

    #[test]
    fn a_cookie_needs_a_post_with_the_header() {
        let cookie = ("cookie", "a=b; __Host-latchkey=lks_b");
        let header = (SESSION_HEADER, "cookie");
        assert!(matches!(
            presented(&parts(Method::POST, &[cookie, header]), HTTPS),
            Ok(Presented::Cookie(token)) if token.expose_secret() == "lks_b"
        ));
        for bad in [parts(Method::POST, &[cookie]), parts(Method::GET, &[cookie, header])] {
            assert_eq!(presented(&bad, HTTPS).unwrap_err().code, "FORBIDDEN");
        }
        assert!(matches!(presented(&parts(Method::GET, &[]), HTTPS), Ok(Presented::None)));
    }

    #[test]
    fn the_plain_cookie_name_counts_only_without_https() {
        let plain = parts(Method::POST, &[("cookie", "latchkey=lks_b"), (SESSION_HEADER, "cookie")]);
        assert!(matches!(presented(&plain, HTTPS), Ok(Presented::None)));
        assert!(matches!(presented(&plain, CookieStyle { secure: false }), Ok(Presented::Cookie(_))));
    }

    #[test]
    fn two_session_cookies_are_none() {
        let two = parts(Method::POST, &[("cookie", "__Host-latchkey=a; __Host-latchkey=b")]);
        assert!(matches!(presented(&two, HTTPS), Ok(Presented::None)));
    }

    #[test]
    fn the_cookie_carries_every_flag() {
        let change = CookieChange::Set("lks_x".to_owned().into(), Duration::from_secs(60));
        let header = HTTPS.header(&change).unwrap();
        assert!(header.is_sensitive());
        assert_eq!(
            header.to_str().unwrap(),
            "__Host-latchkey=lks_x; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"
        );
        let device = HTTPS.device_header(&"lkd_x".to_owned().into(), Duration::from_secs(60)).unwrap();
        assert!(device.is_sensitive());
        assert_eq!(
            device.to_str().unwrap(),
            "__Host-latchkey-device=lkd_x; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=60"
        );
        let cleared = CookieStyle { secure: false }.header(&CookieChange::Clear).unwrap();
        assert_eq!(cleared.to_str().unwrap(), "latchkey=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    }

    #[test]
    fn the_client_is_the_first_address_that_is_not_a_trusted_proxy() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let ip = |peer: &str, forwarded: &str| {
            let parts = parts(Method::GET, &[("x-forwarded-for", forwarded)]);
            client_ip(peer.parse().unwrap(), &parts.headers, &trusted).to_string()
        };
        assert_eq!(ip("192.0.2.1", "198.51.100.7"), "192.0.2.1", "an untrusted peer speaks for itself");
        assert_eq!(ip("10.0.0.1", "198.51.100.7"), "198.51.100.7");
        assert_eq!(ip("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2"), "198.51.100.7");
        assert_eq!(ip("::1", "[2001:db8::1]:443"), "2001:db8::1");
        assert_eq!(ip("::ffff:10.0.0.1", "198.51.100.7:8080"), "198.51.100.7");
        assert_eq!(ip("10.0.0.1", "203.0.113.9, unknown"), "10.0.0.1");
        assert_eq!(ip("10.0.0.1", ""), "10.0.0.1");
    }
}
