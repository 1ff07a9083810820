//! `/auth/verify` and the key set in front of the toy: methods, headers out and in, caching.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use axum::body::{Body, to_bytes};
use http::{HeaderMap, Method, Request, StatusCode};
use tower::ServiceExt;

use super::percent_encoded;
use crate::http::CookieStyle;
use crate::http::toy::{Bench, TOKEN};

const ACCOUNT: &str = "account_00000000000000000000000000";

async fn ask(method: &str, uri: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, String) {
    let bench = Bench::new(|settings| settings.cookie = CookieStyle { secure: true });
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = bench.edge.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
}

fn bearer() -> String {
    format!("Bearer {TOKEN}")
}

fn cookie() -> String {
    format!("theme=dark; __Host-latchkey={TOKEN}")
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
}

#[tokio::test]
async fn a_live_session_passes_by_bearer_or_cookie_whatever_the_method() {
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        for pair in [("authorization", bearer()), ("cookie", cookie())] {
            for uri in ["/auth/verify", "/auth/verify/", "/auth/verify/app/x%2Fy?role=any&mfa=1"] {
                let (status, headers, body) = ask(method, uri, &[(pair.0, &pair.1)]).await;
                assert_eq!((status, body.as_str()), (StatusCode::OK, ""), "{method} {uri} {}", pair.0);
                assert_eq!(text(&headers, "latchkey-user-id"), "user_00000000000000000000000000");
            }
        }
    }
}

#[tokio::test]
async fn nobody_else_passes() {
    let other = format!("Basic {TOKEN}");
    for headers in [
        vec![],
        vec![("authorization", "Bearer lks_other")],
        vec![("authorization", other.as_str())],
        vec![("cookie", "__Host-latchkey=lks_other")],
        vec![("cookie", "latchkey=lks_good")],
    ] {
        let (status, answer, body) = ask("GET", "/auth/verify", &headers).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{headers:?}");
        assert_eq!(text(&answer, "www-authenticate"), "Bearer");
        assert_eq!(text(&answer, "latchkey-refusal"), "signed-out");
        assert!(!answer.contains_key("latchkey-user-id") && body.contains("Sign in"), "{body}");
    }
}

#[tokio::test]
async fn names_and_addresses_cannot_leave_their_header() {
    let (_, headers, _) = ask("GET", "/auth/verify", &[("authorization", &bearer())]).await;
    assert_eq!(text(&headers, "latchkey-user-email"), "zo%C3%AB+x@ex%C3%A4mple.test");
    assert_eq!(text(&headers, "latchkey-user-name"), "Zo%C3%AB%0D%0ALatchkey-Mfa%3A%20true%20100%25");
    assert_eq!(headers.get_all("latchkey-mfa").iter().collect::<Vec<_>>(), ["false"]);
    for text in ["", "a\0b", "\u{7f}\u{80}\u{10ffff}", "100% \"sure\"; =?utf-8?q?x?="] {
        let encoded = percent_encoded(text);
        assert!(encoded.bytes().all(|b| b.is_ascii_graphic()), "{encoded}");
        let decoded = url::form_urlencoded::parse(format!("x={}", encoded.replace('+', "%2B")).as_bytes())
            .next()
            .unwrap()
            .1
            .into_owned();
        assert_eq!(decoded, text);
    }
}

#[tokio::test]
async fn every_identity_header_is_in_every_answer_so_that_a_client_s_own_never_survives() {
    let (_, without, _) = ask("GET", "/auth/verify", &[("authorization", &bearer())]).await;
    assert_eq!((text(&without, "latchkey-account-id"), text(&without, "latchkey-account-role")), ("", ""));
    let uri = format!("/auth/verify?account={ACCOUNT}");
    let (_, with, _) = ask("GET", &uri, &[("authorization", &bearer())]).await;
    assert_eq!(text(&with, "latchkey-account-id"), ACCOUNT);
    assert_eq!(text(&with, "latchkey-account-role"), "OWNER");
    assert_eq!(text(&with, "latchkey-session-id"), "session_00000000000000000000000000");
}

#[tokio::test]
async fn requirements_are_read_from_query_or_headers_and_never_from_a_client_s_query() {
    let bearer = bearer();
    let auth = ("authorization", bearer.as_str());
    let (status, headers, _) = ask("GET", "/auth/verify?mfa=required", &[auth]).await;
    assert_eq!((status, text(&headers, "latchkey-refusal")), (StatusCode::FORBIDDEN, "mfa-required"));
    let asked = [auth, ("latchkey-require-mfa", "required")];
    assert_eq!(ask("PUT", "/auth/verify/app?mfa=none", &asked).await.0, StatusCode::FORBIDDEN);
    for wrong in ["?mfa=yes", "?role=OWNER", "?account=a&account=b"] {
        let (status, headers, _) = ask("GET", &format!("/auth/verify{wrong}"), &[auth]).await;
        assert_eq!((status, text(&headers, "latchkey-refusal")), (StatusCode::BAD_REQUEST, "wrong-question"));
    }
}

#[tokio::test]
async fn a_cookie_does_not_count_for_a_change_that_another_site_asks_for() {
    let (cookie, bearer) = (cookie(), bearer());
    let cross = ("sec-fetch-site", "cross-site");
    let change = ("x-forwarded-method", "POST");
    let (status, headers, _) = ask("GET", "/auth/verify", &[("cookie", &cookie), cross, change]).await;
    assert_eq!((status, text(&headers, "latchkey-refusal")), (StatusCode::FORBIDDEN, "cross-site"));
    assert_eq!(ask("GET", "/auth/verify", &[("cookie", &cookie), cross]).await.0, StatusCode::OK);
    // No page of another site can make a browser send a bearer token.
    assert_eq!(ask("POST", "/auth/verify", &[("authorization", &bearer), cross]).await.0, StatusCode::OK);
}

#[tokio::test]
async fn answers_are_never_kept_but_the_key_set_is() {
    for headers in [vec![], vec![("authorization", bearer())]] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (_, answer, _) = ask("GET", "/auth/verify", &headers).await;
        assert_eq!(text(&answer, "cache-control"), "no-store");
        assert!(text(&answer, "vary").starts_with("Authorization, Cookie"));
        assert!(!answer.contains_key("set-cookie") && !answer.contains_key("access-control-allow-origin"));
    }
    let (status, headers, body) = ask("GET", "/.well-known/jwks.json", &[]).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, r#"{"keys":[]}"#));
    assert_eq!(text(&headers, "content-type"), "application/jwk-set+json");
    assert_eq!(text(&headers, "cache-control"), "public, max-age=300");
    assert_eq!(text(&headers, "access-control-allow-origin"), "*");
    let post = ask(Method::POST.as_str(), "/.well-known/jwks.json", &[]).await;
    assert_eq!(post.0, StatusCode::METHOD_NOT_ALLOWED);
}
