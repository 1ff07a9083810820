//! Sessions that nobody plants, cookies that nobody else uses, and pages that lead nowhere else.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::harness::{self, Options, PASSWORD, Person, TestApp};
use crate::main_job::LOG_IN;

/// A browser with cookies of its own making.
struct Browser {
    http: reqwest::Client,
    url: String,
}

impl Browser {
    fn new(app: &TestApp) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, url: app.url("/graphql") }
    }

    async fn ask(&self, cookie: Option<&str>, query: &str, variables: Value) -> (HeaderMap, Value) {
        let mut request = self.http.post(&self.url).header("latchkey-session", "cookie");
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        let answer = request.json(&json!({ "query": query, "variables": variables })).send().await.unwrap();
        (answer.headers().clone(), answer.json().await.unwrap())
    }
}

fn cookie_of(headers: &HeaderMap) -> String {
    headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

const CODE: &str = "mutation($token: String!, $code: String!) {
  answerMfaChallenge(input: { challengeToken: $token, code: $code }) { __typename } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_never_adopts_a_session_that_the_browser_brings() {
    harness::run(async |app| {
        let (attacker, victim) =
            (app.person("Adam").create().await, app.person("Vera").with_mfa().create().await);
        let browser = Browser::new(app);
        let credentials = |person: &Person| json!({ "email": person.email, "password": PASSWORD });
        let (headers, _) = browser.ask(None, LOG_IN, credentials(&attacker)).await;
        let planted = cookie_of(&headers);
        let unknown = format!("latchkey=lks_{}", "A".repeat(43));
        for brought in [planted.as_str(), unknown.as_str(), "latchkey=anything"] {
            let (headers, answer) = browser.ask(Some(brought), LOG_IN, credentials(&victim)).await;
            let token = answer["data"]["logIn"]["challengeToken"].clone();
            assert!(token.is_string(), "{answer}");
            assert!(
                headers.get_all("set-cookie").iter().all(|one| !one.to_str().unwrap().contains("lks_")),
                "a password alone gives no session where MFA is on"
            );
            let variables = json!({ "token": token, "code": app.totp_code(&victim) });
            let (headers, answer) = browser.ask(Some(brought), CODE, variables).await;
            assert_eq!(answer["data"]["answerMfaChallenge"]["__typename"], "LoggedIn", "{answer}");
            let session = cookie_of(&headers);
            assert!(session.starts_with("latchkey=lks_") && session != brought, "{session}");
            let (_, viewer) = browser.ask(Some(&session), "{ viewer { user { email } } }", json!({})).await;
            assert_eq!(viewer["data"]["viewer"]["user"]["email"], victim.email.as_str());
            // Whoever planted the cookie is still who they were, or nobody.
            let (_, viewer) = browser.ask(Some(brought), "{ viewer { user { email } } }", json!({})).await;
            assert_ne!(viewer["data"]["viewer"]["user"]["email"], victim.email.as_str(), "{viewer}");
            app.advance(Duration::from_secs(31));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_cookie_has_exactly_these_flags() {
    for (public_url, name, flags) in [
        (None, "latchkey", vec!["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=86400"]),
        (
            Some("https://id.example.test"),
            "__Host-latchkey",
            vec!["HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=86400"],
        ),
    ] {
        let vars = public_url.map(|url| ("LATCHKEY_PUBLIC_URL".to_owned(), url.to_owned()));
        let options = Options { vars: vars.into_iter().collect(), ..Options::default() };
        harness::run_with(options, async |app| {
            let person = app.person("Bea").create().await;
            let variables = json!({ "email": person.email, "password": PASSWORD });
            let (headers, _) = Browser::new(app).ask(None, LOG_IN, variables).await;
            let set: Vec<_> = headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap()).collect();
            let mut parts = set[0].split("; ");
            assert!(parts.next().unwrap().starts_with(&format!("{name}=lks_")), "{set:?}");
            let mut found: Vec<_> = parts.collect();
            let mut flags = flags.clone();
            found.sort_unstable();
            flags.sort_unstable();
            assert_eq!((found, set.len()), (flags, 1));
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_another_site_can_send_acts_with_the_cookie() {
    harness::run(async |app| {
        let person = app.person("Bea").create().await;
        let browser = Browser::new(app);
        let variables = json!({ "email": person.email, "password": PASSWORD });
        let cookie = cookie_of(&browser.ask(None, LOG_IN, variables).await.0);
        let log_out = "mutation { logOut { __typename } }";
        let json_text = json!({ "query": log_out }).to_string();
        let post = |content: &str, body: String| {
            let request = browser.http.post(&browser.url).header("cookie", &cookie);
            let request =
                request.header("origin", "https://evil.example").header("sec-fetch-site", "cross-site");
            request.header("content-type", content).body(body)
        };
        let query = log_out.replace(' ', "%20").replace('{', "%7B").replace('}', "%7D");
        let get = browser.http.get(format!("{}?query={query}", browser.url)).header("cookie", &cookie);
        for (what, request) in [
            ("a form", post("application/x-www-form-urlencoded", format!("query={query}"))),
            ("plain text", post("text/plain", json_text.clone())),
            ("a file", post("multipart/form-data; boundary=x", format!("--x\r\n\r\n{json_text}\r\n--x--"))),
            ("JSON without the header", post("application/json", json_text.clone())),
            ("a form with the header", {
                post("application/x-www-form-urlencoded", format!("query={query}"))
                    .header("latchkey-session", "cookie")
            }),
            (
                "plain text with the header",
                post("text/plain", json_text.clone()).header("latchkey-session", "cookie"),
            ),
            ("a link", get.try_clone().unwrap()),
            ("a link with the header", get.header("latchkey-session", "cookie")),
        ] {
            let answer = request.send().await.unwrap();
            let status = answer.status();
            assert!(status.is_client_error(), "{what}: {status}");
            assert!(!answer.text().await.unwrap().contains("LoggedOut"), "{what}");
            let (_, viewer) = browser.ask(Some(&cookie), "{ viewer { user { id } } }", json!({})).await;
            assert_eq!(viewer["data"]["viewer"]["user"]["id"], person.gid(), "{what} ended the session");
        }
        // The header itself cannot be sent from elsewhere: it asks for leave first, and gets none.
        let ask = browser.http.request(reqwest::Method::OPTIONS, &browser.url);
        let ask =
            ask.header("origin", "https://evil.example").header("access-control-request-method", "POST");
        let leave = ask
            .header("access-control-request-headers", "latchkey-session, content-type")
            .send()
            .await
            .unwrap();
        assert!(!leave.headers().keys().any(|name| name.as_str().starts_with("access-control-allow")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_or_endpoint_leads_where_the_caller_says() {
    harness::run(async |app| {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let person = app.person("Bea").create().await;
        let token = app.session_token(&person).await;
        let pages = [
            "/",
            "/mfa-reset",
            "/invitation",
            "/verify-email",
            "/reset-password",
            "/log-in",
            "/playground",
            "/graphql",
            "/auth/verify",
            "/auth/verify/a/b",
            "/.well-known/jwks.json",
            "/healthz",
            "/dev/mailbox",
            "/nowhere",
            "//evil.example",
            "//evil.example/%2e%2e",
            "/%5Cevil.example",
            "/https://evil.example",
        ];
        let asks = [
            "",
            "?next=https://evil.example",
            "?redirect=//evil.example",
            "?return_to=%2F%2Fevil.example",
            "?url=https:evil.example",
            "?rd=https://evil.example/",
        ];
        for page in pages {
            for ask in asks {
                for signed_in in [false, true] {
                    let request = http
                        .get(app.url(&format!("{page}{ask}")))
                        .header("x-forwarded-host", "evil.example")
                        .header("x-forwarded-proto", "https")
                        .header("x-forwarded-uri", "//evil.example/")
                        .header("x-original-url", "https://evil.example/")
                        .header("forwarded", "host=evil.example;proto=https")
                        .header("referer", "https://evil.example/");
                    let request = if signed_in { request.bearer_auth(&token) } else { request };
                    let answer = request.send().await.unwrap();
                    let whither = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
                    assert!(
                        !whither.as_deref().unwrap_or_default().contains("evil"),
                        "{page}{ask}: {whither:?}"
                    );
                    assert!(
                        whither.is_none_or(|to| to.starts_with('/') && !to.starts_with("//")),
                        "{page}{ask}"
                    );
                    assert!(!answer.headers().contains_key("refresh"), "{page}{ask}");
                    assert!(!answer.text().await.unwrap().contains("evil.example"), "{page}{ask}");
                }
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_in_mail_lead_to_the_configured_place_whatever_host_was_asked() {
    harness::run(async |app| {
        let person = app.person("Bea").create().await;
        let ask = reqwest::Client::new().post(app.url("/graphql"));
        let ask = ask.header("x-forwarded-host", "evil.example").header("origin", app.url(""));
        let query = format!(
            "mutation {{ requestPasswordReset(input: {{ email: \"{}\" }}) {{ __typename }} }}",
            person.email
        );
        let answer = ask.json(&json!({ "query": query })).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let mail = app.latest_mail(&person).await;
        assert!(mail.text.contains(&app.url("/reset-password#token=")), "{}", mail.text);
        assert!(!mail.text.contains("evil"), "{}", mail.text);
    })
    .await;
}
