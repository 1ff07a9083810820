//! The pages: what they carry, what they never carry, and that reading them changes nothing.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode};
use time::OffsetDateTime;
use tower::ServiceExt;

use super::mailbox::CapturedMail;
use super::*;
use crate::http::toy::Bench;

struct Mails;

impl Mailbox for Mails {
    fn mails(&self) -> Vec<CapturedMail> {
        vec![CapturedMail {
            number: 7,
            at: OffsetDateTime::UNIX_EPOCH,
            recipient: "Ann <ann@example.org>".into(),
            subject: "MFA reset request".into(),
            text: "Open https://id.example/mfa-reset#token=lkr_x".into(),
            html: "<p onclick=\"x()\">Hi <script>alert(1)</script></p>".into(),
            raw: b"Subject: MFA reset request\r\n".to_vec(),
        }]
    }
}

struct Page {
    status: StatusCode,
    headers: http::HeaderMap,
    text: String,
}

impl Page {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn get_from(pages: Pages, path: &str) -> Page {
    let bench = Bench::new(|settings| settings.pages = pages);
    let request = Request::builder().method(Method::GET).uri(path).body(Body::empty()).unwrap();
    let (parts, body) = bench.edge.router().oneshot(request).await.unwrap().into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    Page { status: parts.status, headers: parts.headers, text }
}

fn all(web_dir: Option<&std::path::Path>) -> Pages {
    Pages {
        service_name: "Latch<key>".into(),
        playground: true,
        trusted_only: false,
        web_dir: web_dir.map(Into::into),
        mailbox: Some(Arc::new(Mails)),
    }
}

#[tokio::test]
async fn every_page_forbids_inline_scripts_and_framing() {
    for path in [
        "/",
        "/mfa-reset",
        "/invitation",
        "/verify-email",
        "/reset-password",
        "/recovery",
        "/playground",
        "/dev/mailbox",
        "/dev/mailbox/7",
    ] {
        let page = get_from(all(None), path).await;
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(
            !policy.contains("script-src 'self' 'unsafe") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(page.header("content-type").contains("charset=utf-8"), "{path}");
        assert!(page.text.contains("<html lang=\"en\">") && page.text.contains("<title>"), "{path}");
        assert!(!page.text.contains("<script>") && !page.text.contains("style="), "{path}");
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn pages_behind_links_take_the_token_from_the_fragment_only() {
    for path in ["/mfa-reset", "/invitation"] {
        let page = get_from(Pages::default(), &format!("{path}?token=lkx_seen")).await;
        assert_eq!(page.status, 200);
        assert!(!page.text.contains("lkx_seen"));
        let script = get_from(Pages::default(), &format!("{path}.js")).await;
        assert!(script.header("content-type").starts_with("text/javascript"));
        assert!(!script.text.contains("innerHTML") && !script.text.contains("location.search"));
        // Every element that the script looks for is on the page.
        for id in ids(&script.text) {
            assert!(page.text.contains(&format!("id=\"{id}\"")), "{id}");
        }
    }
}

#[tokio::test]
async fn the_pages_of_other_links_take_the_token_from_the_fragment_only() {
    let shared = get_from(Pages::default(), "/form.js").await;
    assert!(shared.header("content-type").starts_with("text/javascript"));
    for (path, script) in
        [("/verify-email", "/link.js"), ("/reset-password", "/link.js"), ("/recovery", "/recovery.js")]
    {
        let page = get_from(Pages::default(), &format!("{path}?token=lkv_seen")).await;
        assert_eq!(page.status, 200);
        assert!(
            !page.text.contains("lkv_seen") && page.text.contains(&format!("src=\"{script}\"")),
            "{path}"
        );
        let own = get_from(Pages::default(), script).await;
        let (names, _) =
            own.text.split_once("import { ").unwrap().1.split_once(" } from '/form.js';").unwrap();
        for name in names.split(", ") {
            let exported = [format!("export const {name} "), format!("export function {name}(")];
            assert!(exported.iter().any(|text| shared.text.contains(text)), "{script}: {name}");
        }
        for text in [&shared.text, &own.text] {
            assert!(!text.contains("innerHTML") && !text.contains("location.search"), "{path}");
        }
        // Every element that the scripts look for is on the page; link.js is for two pages, see below.
        for id in ids(&shared.text).chain(ids(&own.text).filter(|_| script == "/recovery.js")) {
            assert!(page.text.contains(&format!("id=\"{id}\"")), "{path}: {id}");
        }
    }
    let links = get_from(Pages::default(), "/link.js").await.text;
    assert!(links.contains("'/verify-email'") && links.contains("'/reset-password'"));
    let password = get_from(Pages::default(), "/reset-password").await.text;
    assert!(ids(&links).all(|id| password.contains(&format!("id=\"{id}\""))));
}

fn ids(script: &str) -> impl Iterator<Item = &str> {
    script.split("at('").skip(1).filter_map(|rest| rest.split('\'').next())
}

#[tokio::test]
async fn pages_that_are_switched_off_are_not_there() {
    for path in ["/playground", "/assets/a.js", "/dev/mailbox", "/dev/mailbox.json", "/dev/mailbox/7"] {
        assert_eq!(get_from(Pages::default(), path).await.status, 404, "{path}");
    }
    let landing = get_from(all(None), "/").await;
    assert!(landing.text.contains("Latch&lt;key&gt;") && landing.text.contains("/dev/mailbox"));
}

#[tokio::test]
async fn the_playground_comes_from_the_bundle_or_says_how_to_build_it() {
    let missing = get_from(all(None), "/playground").await;
    assert_eq!(missing.status, 404);
    assert!(missing.text.contains("npm run build"));

    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("playground.html"), "<html lang=\"en\">GraphiQL").unwrap();
    std::fs::create_dir(dir.path().join("assets")).unwrap();
    std::fs::write(dir.path().join("assets/a-1b2c.js"), "1").unwrap();
    std::fs::write(dir.path().join("secret"), "1").unwrap();
    let page = get_from(all(Some(dir.path())), "/playground").await;
    assert_eq!((page.status.as_u16(), page.text.as_str()), (200, "<html lang=\"en\">GraphiQL"));
    let asset = get_from(all(Some(dir.path())), "/assets/a-1b2c.js").await;
    assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
    for path in ["/assets/none.js", "/assets/../secret", "/assets/%2e%2e/secret", "/assets/"] {
        let page = get_from(all(Some(dir.path())), path).await;
        assert_eq!(page.status, 404, "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn the_playground_says_so_where_only_trusted_documents_are_executed() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("playground.html"), "GraphiQL").unwrap();
    for web_dir in [None, Some(dir.path())] {
        let pages = || Pages { trusted_only: true, ..all(web_dir) };
        let page = get_from(pages(), "/playground").await;
        assert_eq!(page.status, 404);
        assert!(page.text.contains("LATCHKEY_TRUSTED_DOCUMENTS_ONLY"), "{}", page.text);
        assert!(!get_from(pages(), "/").await.text.contains("/playground"));
    }
}

#[test]
fn the_documents_of_every_script_are_found() {
    let names: Vec<&str> = documents()
        .into_iter()
        .filter_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()).nth(1))
        .collect();
    assert_eq!(
        names,
        [
            "InvitationPreview",
            "AcceptInvitation",
            "VerifyEmail",
            "ResetPassword",
            "MfaResetPreview",
            "AcceptMfaReset",
            "DeclineMfaReset",
            "RequestRecovery",
            "ConfirmRecovery",
            "StopRecovery"
        ]
    );
}

#[tokio::test]
async fn captured_mail_is_shown_and_its_html_has_no_rights() {
    let list = get_from(all(None), "/dev/mailbox").await;
    assert!(list.text.contains("MFA reset request") && list.text.contains("Ann &lt;ann@example.org&gt;"));
    let one = get_from(all(None), "/dev/mailbox/7").await;
    assert!(one.text.contains("<a href=\"https://id.example/mfa-reset#token=lkr_x\""));
    assert!(one.text.contains("sandbox=\"allow-popups"));
    let framed = get_from(all(None), "/dev/mailbox/7/html").await;
    assert!(framed.header("content-security-policy").starts_with("sandbox "));
    assert!(!framed.header("content-security-policy").contains("allow-scripts"));
    assert_eq!(framed.header("x-frame-options"), "SAMEORIGIN");
    let json: serde_json::Value =
        serde_json::from_str(&get_from(all(None), "/dev/mailbox.json").await.text).unwrap();
    assert_eq!(json[0]["number"], 7);
    assert_eq!(json[0]["recipient"], "Ann <ann@example.org>");
    assert_eq!(json[0]["text"], "Open https://id.example/mfa-reset#token=lkr_x");
    assert!(json[0]["html"].as_str().unwrap().starts_with("<p"));
    assert_eq!(get_from(all(None), "/dev/mailbox/8").await.status, 404);
}

#[tokio::test]
async fn the_dashboard_takes_the_place_of_the_plain_pages_where_it_is_built() {
    let dir = tempfile::tempdir().unwrap();
    let pages = || all(Some(dir.path()));
    assert!(get_from(pages(), "/mfa-reset").await.text.contains("/mfa-reset.js"));
    assert!(get_from(pages(), "/invitation").await.text.contains("/invitation.js"));
    assert!(get_from(pages(), "/verify-email").await.text.contains("/link.js"));
    assert!(get_from(pages(), "/reset-password").await.text.contains("/link.js"));
    assert_eq!(get_from(pages(), "/login").await.status, 404);
    std::fs::write(dir.path().join("index.html"), "dashboard").unwrap();
    for path in [
        "/",
        "/login",
        "/sign-up",
        "/forgot-password",
        "/profile",
        "/create",
        "/invitation",
        "/security",
        "/mfa-reset",
        "/verify-email",
        "/reset-password",
        "/accounts/account_1/users",
        "/portfolios/p/audit",
    ] {
        let page = get_from(pages(), path).await;
        assert_eq!((page.status.as_u16(), page.text.as_str()), (200, "dashboard"), "{path}");
        assert!(page.header("content-security-policy").contains("script-src 'self';"), "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
    }
    assert_eq!(get_from(pages(), "/no/such/path").await.status, 404);
}
