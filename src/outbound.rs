//! What everything shares that posts to somebody else's server: whom TLS trusts, and how a server is named to itself.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// The system's authorities, or those of the file that `SSL_CERT_FILE` names, and how many of them cannot be read.
pub fn system_authorities() -> (RootCertStore, usize) {
    let mut roots = RootCertStore::empty();
    let (_, unreadable) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    (roots, unreadable)
}

/// TLS for HTTP/1.1 with servers that one of these authorities vouches for.
///
/// # Errors
/// When the provider of cryptography has no version of TLS in common with rustls' defaults.
pub fn tls(roots: RootCertStore) -> Result<TlsConnector, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(tls)))
}

/// Whom a certificate must name; nothing for what no certificate can name.
pub fn server_name(host: &Host<&str>) -> Option<ServerName<'static>> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.trim_end_matches('.').to_owned()).ok(),
        Host::Ipv4(address) => Some(ServerName::from(IpAddr::from(*address))),
        Host::Ipv6(address) => Some(ServerName::from(IpAddr::from(*address))),
    }
}

/// The value of `Host`: the port where it is not the scheme's own.
pub fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_server_is_named_as_it_names_itself() {
        for (url, named, sent) in [
            ("https://Hooks.example./x", "hooks.example", "hooks.example."),
            ("https://hooks.example:8443/x", "hooks.example", "hooks.example:8443"),
            ("https://192.0.2.7:443/", "192.0.2.7", "192.0.2.7"),
            ("https://[2001:db8::7]:4318/", "2001:db8::7", "[2001:db8::7]:4318"),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(server_name(&url.host().unwrap()).unwrap().to_str(), named);
            assert_eq!(authority(&url).unwrap(), sent);
        }
        let nothing = Url::parse("https://a_b..c/").unwrap();
        assert_eq!(server_name(&nothing.host().unwrap()), None);
    }
}
