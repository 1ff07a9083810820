//! A real nginx in front, configured by the very lines of docs/GATEWAY.md.
//!
//! nginx comes from Debian, not from a language's registry: `make test` runs these where it is root or nginx is there
//! already; elsewhere they show as ignored, by name.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use latchkey::domain::{AccountId, AccountRole};
use serde_json::{Value, json};

use crate::harness::{self, Client, Person, TestApp};
use crate::main_job::LOG_IN;

const GUIDE: &str = include_str!("../../docs/GATEWAY.md");

/// Debian's nobody and nogroup.
const NOBODY: u32 = 65534;

fn nginx() -> PathBuf {
    let fetched = concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/nginx/usr/sbin/nginx");
    let configured = std::env::var("LATCHKEY_NGINX").unwrap_or_default();
    let places = [configured.as_str(), fetched, "/usr/sbin/nginx", "/usr/local/sbin/nginx"];
    let found = places.into_iter().map(PathBuf::from).find(|path| path.is_file());
    found.expect("no nginx: run `make test` as root once, or apt-get install nginx")
}

/// The lines between ```nginx and ``` in the guide.
fn guide_lines() -> &'static str {
    GUIDE.split_once("```nginx\n").unwrap().1.split_once("```").unwrap().0
}

pub struct Nginx {
    process: Child,
    pub url: String,
    _folder: tempfile::TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn replaced(text: &str, pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from} is not in the guide");
        text.replace(from, to)
    })
}

/// With the guide's lines, on addresses of the test.
async fn start(app: &TestApp, upstream: SocketAddr, account: AccountId) -> Nginx {
    let gateway = app.url("").replace("http://", "");
    start_nginx(|listen| {
        replaced(
            guide_lines(),
            &[
                ("127.0.0.1:4000", gateway.as_str()),
                ("127.0.0.1:3000", &upstream.to_string()),
                ("listen 443 ssl;", &format!("listen {listen};")),
                ("ssl_certificate     /etc/nginx/example.com.pem;", ""),
                ("ssl_certificate_key /etc/nginx/example.com.key;", ""),
                ("account_01jd0000000000000000000000", &account.to_string()),
                ("__Host-latchkey", "latchkey"),
            ],
        )
    })
    .await
}

/// Runs nginx as nobody, in a folder of its own; `lines` says what it does on the address that it is given.
pub async fn start_nginx(lines: impl FnOnce(SocketAddr) -> String) -> Nginx {
    let folder = tempfile::tempdir().unwrap();
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let binary = folder.path().join("nginx");
    fs::copy(nginx(), &binary).unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let lines = lines(free);
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("  {name}_temp_path {name};\n"))
        .concat();
    let conf = format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr warn;\nevents {{}}\n\
         http {{\n  access_log off;\n{temporary}{lines}\n}}\n"
    );
    fs::write(folder.path().join("nginx.conf"), conf).unwrap();
    let mut command = Command::new(&binary);
    command.args(["-e", "stderr", "-c", "nginx.conf", "-p"]).arg(folder.path()).stdin(Stdio::null());
    if root {
        for path in [folder.path(), Path::new(&binary), &folder.path().join("nginx.conf")] {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        command.gid(NOBODY).uid(NOBODY);
    }
    let mut process = command.spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while std::net::TcpStream::connect(free).is_err() {
        assert_eq!(process.try_wait().unwrap(), None, "nginx has ended");
        assert!(Instant::now() < until, "nginx does not listen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Nginx { process, url: format!("http://{free}"), _folder: folder }
}

/// The service behind the proxy: says what it was asked, and with which headers.
async fn upstream() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let echo = |request: axum::extract::Request| async move {
        let headers: serde_json::Map<String, Value> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), json!(value.to_str().unwrap_or_default())))
            .collect();
        let asked = format!("{} {}", request.method(), request.uri());
        axum::Json(json!({ "asked": asked, "headers": headers }))
    };
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(echo)).await.unwrap() });
    address
}

struct Got {
    status: u16,
    body: Value,
    refusal: String,
}

impl Nginx {
    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Got {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut request = client.request(method.parse().unwrap(), format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let refusal =
            response.headers().get("latchkey-refusal").map(|value| value.to_str().unwrap().to_owned());
        let body = serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default();
        Got { status, body, refusal: refusal.unwrap_or_default() }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Got {
        self.send("GET", path, headers).await
    }

    /// Logs in through nginx like a browser; gives the cookie.
    async fn cookie_of(&self, person: &Person) -> String {
        let body =
            json!({ "query": LOG_IN, "variables": { "email": person.email, "password": harness::PASSWORD } });
        let request = reqwest::Client::new().post(format!("{}/graphql", self.url)).json(&body);
        let response = request.header("latchkey-session", "cookie").send().await.unwrap();
        let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
        cookie.split(';').next().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx, which make test runs it with"]
async fn with_nginx_a_service_is_reached_with_a_session_only() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let person = app.person("Zoë").email("zoe@example.test").create().await;
        let nginx = start(app, upstream().await, account).await;

        assert_eq!(nginx.get("/app/page", &[]).await.status, 401);
        assert_eq!(nginx.get("/app/page", &[("authorization", "Bearer lks_no")]).await.status, 401);
        assert_eq!(nginx.get("/_latchkey", &[]).await.status, 404, "the question itself is not for clients");

        let cookie = nginx.cookie_of(&person).await;
        let with_theme = format!("theme=dark; {cookie}; lang=de");
        let forged = ("latchkey-account-role", "OWNER");
        let got =
            nginx.get("/app/page?a=1", &[("cookie", &with_theme), forged, ("latchkey-user-id", "me")]).await;
        assert_eq!((got.status, &got.body["asked"]), (200, &json!("GET /app/page?a=1")));
        let headers = &got.body["headers"];
        assert_eq!(headers["latchkey-user-id"], person.gid());
        assert_eq!(headers["latchkey-user-email"], "zoe@example.test");
        assert_eq!(headers["latchkey-user-name"], "Zo%C3%AB");
        assert_eq!(headers["latchkey-mfa"], "false");
        assert_eq!(headers.get("latchkey-account-role"), None, "what a client claims does not get through");
        assert_eq!(headers["cookie"], "theme=dark; lang=de", "the service never holds the session");

        let token = app.session_token(&person).await;
        let bearer = format!("Bearer {token}");
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
            let got = nginx.send(method, "/app/x", &[("authorization", &bearer)]).await;
            assert_eq!(got.status, 200, "{method}");
            if method != "HEAD" {
                assert_eq!(got.body["asked"], format!("{method} /app/x"));
                assert_eq!(got.body["headers"].get("authorization"), None);
            }
        }
        let cross = ("sec-fetch-site", "cross-site");
        assert_eq!(nginx.send("POST", "/app/x", &[("cookie", &cookie), cross]).await.status, 403);
        assert_eq!(nginx.get("/app/x", &[("cookie", &cookie), cross]).await.status, 200);

        // Signed out elsewhere: the very next request stays outside.
        let gateway = Client::new(format!("{}/graphql", nginx.url)).with_token(&token);
        gateway.ask("mutation { revokeOtherSessions { __typename } }").await.data("/revokeOtherSessions");
        assert_eq!(nginx.get("/app/page", &[("cookie", &cookie)]).await.status, 401);
        assert_eq!(nginx.get("/app/page", &[("authorization", &bearer)]).await.status, 200);
        gateway.ask("mutation { logOut { __typename } }").await.data("/logOut");
        assert_eq!(nginx.get("/app/page", &[("authorization", &bearer)]).await.status, 401);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx, which make test runs it with"]
async fn with_nginx_a_part_is_for_admins_with_a_second_factor() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let admin = app.person("Ada").with_mfa().in_account(account, AccountRole::Admin).create().await;
        let weak = app.person("Bo").in_account(account, AccountRole::Admin).create().await;
        let analyst = app.person("Cy").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        let stranger = app.person("Di").with_mfa().create().await;
        let nginx = start(app, upstream().await, account).await;
        let mut found = Vec::new();
        for person in [&admin, &weak, &analyst, &stranger] {
            let bearer = format!("Bearer {}", app.session_token(person).await);
            let got = nginx.get("/admin/", &[("authorization", &bearer)]).await;
            found.push((got.status, got.refusal, got.body["headers"]["latchkey-account-role"].clone()));
        }
        let refused = |why: &str| (403, why.to_owned(), Value::Null);
        let through = (200, String::new(), json!("ADMIN"));
        assert_eq!(found, [through, refused("mfa-required"), refused("role"), refused("not-a-member")]);
        assert_eq!(nginx.get("/admin/", &[]).await.status, 401);
    })
    .await;
}
