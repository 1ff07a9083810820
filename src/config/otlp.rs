//! Where traces go.

use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::values::{Parsed, percent_decoded};

/// A collector of traces that speaks OTLP over HTTP.
#[derive(Clone, Debug)]
pub struct Otlp {
    /// Where traces are posted to.
    pub traces: Url,
    /// Marked as sensitive, so that nothing shows their values.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The share of requests that is traced at most.
    pub ratio: f64,
}

impl Otlp {
    pub(super) fn of(
        traces: Option<Url>,
        headers: Option<Vec<(HeaderName, HeaderValue)>>,
        ratio: f64,
    ) -> Option<Self> {
        Some(Self { traces: traces?, headers: headers.unwrap_or_default(), ratio })
    }
}

/// The path of traces is put behind what is given, as the specification of OTLP has it for a base address.
pub(super) fn endpoint(text: &str) -> Parsed<Url> {
    const PATH: &str = "/v1/traces";
    let mut url =
        Url::parse(text).map_err(|e| format!("{text:?} is no URL: {e}; write http://collector:4318"))?;
    // First: what follows repeats the text.
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must hold no user and no password; put them into LATCHKEY_OTLP_HEADERS".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must end with the path; put keys into LATCHKEY_OTLP_HEADERS".to_owned());
    }
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(format!("{text:?} must begin with http:// or https:// and name a host"));
    }
    let base = url.path().trim_end_matches('/').to_owned();
    if !base.ends_with(PATH) {
        url.set_path(&format!("{base}{PATH}"));
    }
    Ok(url)
}

/// `name=value,name=value`, as in the variable of the specification.
pub(super) fn headers(text: &SecretString) -> Parsed<Vec<(HeaderName, HeaderValue)>> {
    const OURS: [HeaderName; 5] = [CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING];
    let one = |item: &str| {
        let (name, value) = item.split_once('=').ok_or("must be name=value, separated by commas")?;
        let name: HeaderName =
            name.trim().parse().map_err(|_| "has something before a = that is no name of a header")?;
        if OURS.contains(&name) {
            return Err(format!("must not set {name}"));
        }
        let value = percent_decoded(value.trim())?;
        let mut value = HeaderValue::try_from(value).map_err(|_| "has a value that no header can hold")?;
        value.set_sensitive(true);
        Ok((name, value))
    };
    text.expose_secret().split(',').map(str::trim).filter(|item| !item.is_empty()).map(one).collect()
}

pub(super) fn ratio(text: &str) -> Parsed<f64> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(format!("{text:?} must be a number from 0 to 1, such as 0.1")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_http_or_https_and_gets_the_path_of_traces() {
        for (given, posted_to) in [
            ("http://collector:4318", "http://collector:4318/v1/traces"),
            ("https://otel.example.com/", "https://otel.example.com/v1/traces"),
            ("https://otel.example.com/otlp", "https://otel.example.com/otlp/v1/traces"),
            ("http://[::1]:4318/v1/traces", "http://[::1]:4318/v1/traces"),
        ] {
            assert_eq!(endpoint(given).unwrap().as_str(), posted_to);
        }
        for (bad, says) in [
            ("collector:4318", "must begin with http:// or https://"),
            ("grpc://collector:4317", "must begin with http:// or https://"),
            ("4318", "is no URL"),
            ("http://", "is no URL"),
        ] {
            let error = endpoint(bad).unwrap_err();
            assert!(error.contains(says) && error.contains(bad), "{error}");
        }
        for secret in
            ["https://me:hunter2@otel.example.com", "grpc://me:hunter2@otel", "https://otel/?key=hunter2"]
        {
            let error = endpoint(secret).unwrap_err();
            assert!(error.contains("LATCHKEY_OTLP_HEADERS") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn headers_are_read_as_the_specification_writes_them_and_never_shown() {
        let read = |text: &str| headers(&SecretString::from(text));
        let found = read("Authorization=Bearer%20s3cret, x-tenant = acme").unwrap();
        let found: Vec<_> = found.iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap())).collect();
        assert_eq!(found, [("authorization", "Bearer s3cret"), ("x-tenant", "acme")]);
        assert!(!format!("{:?}", read("authorization=s3cret").unwrap()).contains("s3cret"));
        for bad in
            ["s3cret", "s3c ret=x", "host=s3cret", "content-type=s3cret", "x=s3cret%0d%0a", "x=s3cret%"]
        {
            let error = read(bad).unwrap_err();
            assert!(!error.contains("s3c"), "{error}");
        }
    }

    #[test]
    fn a_ratio_is_from_0_to_1() {
        assert_eq!(ratio("0.25"), Ok(0.25));
        assert_eq!((ratio("0"), ratio("1")), (Ok(0.0), Ok(1.0)));
        for bad in ["", "-0.1", "1.01", "10%", "NaN", "inf"] {
            assert!(ratio(bad).unwrap_err().contains("0 to 1"), "{bad}");
        }
    }
}
