//! What the edge reads before it knows anybody: documents, the JSON around them, and headers.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use axum::extract::ConnectInfo;
use http::{HeaderValue, Request, header};
use ipnet::IpNet;

use super::gate::{Asked, Gate, Limits, Named, TrustedDocuments};
use super::session::{self, CookieStyle};
use super::{negotiation, over_http};
use crate::domain::RequestMeta;

fn gate() -> &'static Gate {
    static GATE: OnceLock<Gate> = OnceLock::new();
    GATE.get_or_init(|| Gate::new(Limits::default(), true, Arc::new(TrustedDocuments::default())))
}

/// Any text passes the gate within its bounds, or is refused with a message.
pub(crate) fn documents(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let asked = Asked { document: Named::Text(text.to_owned()), ..Asked::default() };
    match gate().admit(asked) {
        Ok(_) => assert!(text.len() <= Limits::default().text),
        Err(refusal) => assert!(!refusal.message.is_empty()),
    }
}

/// The same for any body of a request.
pub(crate) fn requests(bytes: &[u8]) {
    let admitted = over_http::parse(bytes).and_then(|asked| gate().admit(asked));
    if let Err(refusal) = admitted {
        assert!(!refusal.message.is_empty());
        assert!(refusal.status.is_none_or(|status| status.is_client_error()), "{refusal:?}");
    }
}

/// Any headers: who calls is the peer, unless a proxy that is trusted says otherwise. The first line is the peer, the second
/// a trusted network; the third to the fifth are credentials and the media types; every other one is an X-Forwarded-For.
pub(crate) fn forwarded(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut line = || std::str::from_utf8(lines.next().unwrap_or_default()).unwrap_or_default();
    let peer: IpAddr = line().parse().unwrap_or(IpAddr::from([127, 0, 0, 1]));
    let trusted: Vec<IpNet> = line().parse().into_iter().collect();
    let mut request = Request::new(());
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer, 1)));
    for name in [header::AUTHORIZATION, header::COOKIE, header::ACCEPT] {
        if let Ok(value) = HeaderValue::from_str(line()) {
            request.headers_mut().append(name, value);
        }
    }
    for hop in lines {
        if let Ok(value) = HeaderValue::from_bytes(hop) {
            request.headers_mut().append("x-forwarded-for", value);
        }
    }
    let (parts, ()) = request.into_parts();
    let RequestMeta { ip, .. } = session::meta(&parts, &trusted);
    let believed = trusted.iter().any(|network| network.contains(&peer.to_canonical()));
    assert!(ip.is_some());
    assert!(believed || ip == Some(peer.to_canonical()), "a stranger's word about its address was taken");
    assert_eq!(ip, ip.map(|ip| ip.to_canonical()), "an address has two spellings");
    for secure in [false, true] {
        let _ = session::presented(&parts, CookieStyle { secure });
    }
    let _ = negotiation::Media::negotiate(&parts.headers);
}
