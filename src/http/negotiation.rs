//! Which media type goes out and whether the one that came in can be read: GraphQL over HTTP, sections 5 and 6.

use async_graphql::{Response as Answer, ServerError, Value};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::refusal::{self, Refusal};

/// The media type of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/graphql-response+json`: the HTTP status says whether the document was good.
    GraphQl,
    /// `application/json`: 200 for every well-formed request, as clients of old expect.
    Json,
}

impl Media {
    /// The `Content-Type` header.
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphQl => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }

    /// The status of an answer without data.
    pub fn request_error(self) -> StatusCode {
        match self {
            Self::GraphQl => StatusCode::BAD_REQUEST,
            Self::Json => StatusCode::OK,
        }
    }

    /// The best of the types that `Accept` lists; without `Accept`, and for `*/*`, JSON.
    pub fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let mut listed = headers.get_all(header::ACCEPT).iter().peekable();
        if listed.peek().is_none_or(|first| first.is_empty()) {
            return Some(Self::Json);
        }
        let mut ranges = Vec::new();
        for range in listed.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')) {
            ranges.extend(Range::parse(range));
        }
        let graphql = quality(&ranges, "graphql-response+json");
        let json = quality(&ranges, "json");
        match (graphql.0, json.0) {
            (0, 0) => None,
            // Of two wanted alike, the one that was named; of two named, the one that says more.
            (g, j) if g > j || (g == j && graphql.1 && graphql.1 >= json.1) => Some(Self::GraphQl),
            (_, 0) => Some(Self::GraphQl),
            _ => Some(Self::Json),
        }
    }
}

struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// In thousandths.
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut quality = 1000;
        for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim() {
                name if name.eq_ignore_ascii_case("q") => {
                    let number: f32 = value.parse().ok().filter(|q| (0.0..=1.0).contains(q))?;
                    // In range by the line above.
                    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                    let thousandths = (number * 1000.0) as u16;
                    quality = thousandths;
                }
                name if name.eq_ignore_ascii_case("charset") && !value.eq_ignore_ascii_case("utf-8") => {
                    return None;
                }
                _ => {}
            }
        }
        Some(Self { kind, subtype, quality })
    }
}

/// The quality of `application/{subtype}` and whether it is named rather than meant by a wildcard.
fn quality(ranges: &[Range<'_>], subtype: &str) -> (u16, bool) {
    let find = |kind: &str, subtype: &str| {
        ranges.iter().find(|range| {
            range.kind.eq_ignore_ascii_case(kind) && range.subtype.eq_ignore_ascii_case(subtype)
        })
    };
    if let Some(named) = find("application", subtype) {
        return (named.quality, true);
    }
    let wild = find("application", "*").or_else(|| find("*", "*"));
    (wild.map_or(0, |range| range.quality), false)
}

/// Refuses a body that is not JSON in UTF-8 as it stands.
pub fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let unsupported = |message: &str| Err(Refusal::http(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return unsupported("Send the header 'Content-Type: application/json'.");
    };
    let mut parts = value.split(';').map(str::trim);
    if !parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")) {
        return unsupported("The Content-Type must be application/json.");
    }
    for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
        if name.trim().eq_ignore_ascii_case("charset")
            && !value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        {
            return unsupported("The charset must be utf-8.");
        }
    }
    match headers.get(header::CONTENT_ENCODING) {
        Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            unsupported("Send the body without Content-Encoding.")
        }
        _ => Ok(()),
    }
}

/// An answer as it goes over the wire: without `data` where execution never began.
pub fn to_json(answer: &Answer) -> Vec<u8> {
    #[derive(Serialize)]
    struct Wire<'a> {
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        errors: &'a [ServerError],
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'a Value>,
    }
    let data = (!refusal::is_request_error(answer)).then_some(&answer.data);
    serde_json::to_vec(&Wire { errors: &answer.errors, data }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &str) -> Option<Media> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(value).unwrap());
        Media::negotiate(&headers)
    }

    #[test]
    fn accept_is_obeyed() {
        let graphql = "application/graphql-response+json";
        assert_eq!(Media::negotiate(&HeaderMap::new()), Some(Media::Json));
        assert_eq!(accept(""), Some(Media::Json));
        assert_eq!(accept("*/*"), Some(Media::Json));
        assert_eq!(accept("application/*"), Some(Media::Json));
        assert_eq!(accept(graphql), Some(Media::GraphQl));
        assert_eq!(accept("application/json"), Some(Media::Json));
        assert_eq!(
            accept(&format!("{graphql}; charset=utf-8, application/json; charset=utf-8")),
            Some(Media::GraphQl)
        );
        assert_eq!(accept(&format!("application/json, {graphql}")), Some(Media::GraphQl));
        assert_eq!(accept(&format!("{graphql};q=0.5, application/json;q=0.9")), Some(Media::Json));
        assert_eq!(accept(&format!("{graphql}, */*;q=0.1")), Some(Media::GraphQl));
        assert_eq!(accept(&format!("{graphql}, */*")), Some(Media::GraphQl));
        assert_eq!(accept("text/html, application/json;q=0, */*;q=0.1"), Some(Media::GraphQl));
        assert_eq!(
            accept("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            Some(Media::Json)
        );
        assert_eq!(accept("text/html"), None);
        assert_eq!(accept("application/json; charset=latin1"), None);
        assert_eq!(accept("application/json;q=0"), None);
        assert_eq!(accept("nonsense"), None);
    }

    #[test]
    fn only_json_in_utf_8_comes_in() {
        let check = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(value).unwrap());
            check_content_type(&headers).is_ok()
        };
        assert!(check("application/json"));
        assert!(check("Application/JSON; charset=UTF-8"));
        for bad in ["text/plain", "application/json; charset=latin1", "multipart/form-data; boundary=x", ""] {
            assert!(!check(bad), "{bad}");
        }
        assert!(check_content_type(&HeaderMap::new()).is_err());
    }
}
