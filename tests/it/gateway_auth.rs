//! `/auth/verify`, `/.well-known/jwks.json` and `viewer.accessToken`, without a proxy in front.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use latchkey::domain::{AccountRole, AuditAction, PortfolioRole, Scope};
use mongodb::bson::{Document, doc};
use reqwest::header::HeaderMap;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::harness::{self, Client, TestApp};

const DAY: Duration = Duration::from_secs(24 * 3600);

struct Answer {
    status: u16,
    headers: HeaderMap,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("(none)", |value| value.to_str().unwrap())
    }

    /// The status, and the one word that says why not.
    fn verdict(&self) -> (u16, &str) {
        (self.status, self.header("latchkey-refusal"))
    }
}

async fn verify_with(app: &TestApp, query: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = reqwest::Client::new().get(app.url(&format!("/auth/verify{query}")));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    Answer { status: response.status().as_u16(), headers: response.headers().clone() }
}

async fn verify(app: &TestApp, query: &str, token: &str) -> Answer {
    verify_with(app, query, &[("authorization", &format!("Bearer {token}"))]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_session_passes_until_it_is_signed_out() {
    harness::run(async |app| {
        let person = app.person("Zoë Ünal").email("zoë@exämple.test").with_mfa().create().await;
        let token = app.session_token(&person).await;
        let answer = verify(app, "", &token).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("latchkey-user-id"), person.gid());
        assert_eq!(answer.header("latchkey-user-email"), "zo%C3%AB@ex%C3%A4mple.test");
        assert_eq!(answer.header("latchkey-user-name"), "Zo%C3%AB%20%C3%9Cnal");
        assert_eq!(answer.header("latchkey-mfa"), "true");
        assert_eq!(answer.header("latchkey-account-role"), "");
        assert!(answer.header("latchkey-session-id").starts_with("session_"));
        let by_cookie = verify_with(app, "", &[("cookie", &format!("latchkey={token}"))]).await;
        assert_eq!((by_cookie.status, by_cookie.header("latchkey-user-id")), (200, person.gid().as_str()));

        assert_eq!(verify_with(app, "", &[]).await.verdict(), (401, "signed-out"));
        assert_eq!(verify(app, "", "lks_nobody").await.verdict(), (401, "signed-out"));
        let out = app.client().with_token(&token).ask("mutation { logOut { __typename } }").await;
        out.data("/logOut");
        assert_eq!(verify(app, "", &token).await.verdict(), (401, "signed-out"));
        let by_cookie = verify_with(app, "", &[("cookie", &format!("latchkey={token}"))]).await;
        assert_eq!(by_cookie.verdict(), (401, "signed-out"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn being_verified_is_a_use_of_the_session() {
    harness::run(async |app| {
        let person = app.person("Una").create().await;
        let token = app.log_in(&person).await;
        for _ in 0..3 {
            app.advance(Duration::from_secs(40 * 60));
            assert_eq!(verify(app, "", &token).await.status, 200);
        }
        app.advance(Duration::from_secs(61 * 60));
        assert_eq!(verify(app, "", &token).await.verdict(), (401, "signed-out"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_and_a_role_are_asked_for_anew_each_time() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let account = app.account_in("Acme", Some(portfolio)).await;
        let person = app.person("Ana").in_account(account, AccountRole::Analyst).create().await;
        let boss = app.person("Pia").in_portfolio(portfolio, PortfolioRole::Owner).create().await;
        let token = app.session_token(&person).await;
        let within = format!("?account={account}");
        let answer = verify(app, &within, &token).await;
        assert_eq!(answer.header("latchkey-account-id"), account.to_string());
        assert_eq!(answer.header("latchkey-account-role"), "ANALYST");
        let by_header =
            [("authorization", format!("Bearer {token}")), ("latchkey-require-account", account.to_string())];
        let by_header = by_header.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(
            verify_with(app, "/app/page?account=x", &by_header).await.header("latchkey-account-role"),
            "ANALYST"
        );

        let owners = format!("{within}&roles=OWNER,ADMIN");
        assert_eq!(verify(app, &owners, &token).await.verdict(), (403, "role"));
        app.set_account_role(&person, account, Some(AccountRole::Admin)).await;
        assert_eq!(verify(app, &owners, &token).await.header("latchkey-account-role"), "ADMIN");
        app.set_account_role(&person, account, None).await;
        assert_eq!(verify(app, &owners, &token).await.verdict(), (403, "not-a-member"));
        assert_eq!(verify(app, "", &token).await.status, 200);

        // A right over an account is no place in it, and an account that is none looks the same.
        let boss = app.session_token(&boss).await;
        assert_eq!(verify(app, &within, &boss).await.verdict(), (403, "not-a-member"));
        let unknown = latchkey::domain::AccountId::generate(app.now()).to_string();
        for none in [unknown.as_str(), "", "acme", &person.gid()] {
            let answer = verify(app, &format!("?account={none}"), &token).await;
            assert_eq!(answer.verdict(), (403, "not-a-member"), "{none}");
        }
        assert_eq!(verify(app, "?roles=OWNER", &token).await.verdict(), (403, "not-a-member"));
        assert_eq!(
            verify(app, &format!("{within}&roles=BOSS"), &token).await.verdict(),
            (400, "wrong-question")
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_written_down_once_however_many_files_a_page_has() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let person = app.person("Ana").in_account(account, AccountRole::Analyst).create().await;
        let token = app.session_token(&person).await;
        let query = format!("?account={account}&roles=OWNER");
        let denied = async || app.audit_count(Scope::Account(account), AuditAction::AccessDenied).await;
        for _ in 0..5 {
            assert_eq!(verify(app, &query, &token).await.verdict(), (403, "role"));
        }
        assert_eq!(denied().await, 1);
        app.advance(Duration::from_secs(301));
        verify(app, &query, &token).await;
        assert_eq!(denied().await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_demanded_by_the_proxy_or_by_the_account() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let plain = app.person("Ana").in_account(account, AccountRole::Analyst).create().await;
        let strong = app.person("Mia").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        let (plain, strong) = (app.session_token(&plain).await, app.session_token(&strong).await);
        let within = format!("?account={account}");
        assert_eq!(verify(app, &within, &plain).await.header("latchkey-mfa"), "false");
        assert_eq!(verify(app, "?mfa=required", &plain).await.verdict(), (403, "mfa-required"));
        assert_eq!(verify(app, "?mfa=required", &strong).await.header("latchkey-mfa"), "true");
        // Enforcement counts at the next request, whatever the proxy asks for.
        app.enforce_mfa(account).await;
        assert_eq!(verify(app, &within, &plain).await.verdict(), (403, "mfa-required"));
        assert_eq!(verify(app, &within, &strong).await.status, 200);
        let refused =
            app.client().with_token(&plain).send(TOKEN_IN, json!({ "account": account.to_string() })).await;
        assert_eq!(refused.code(), "FORBIDDEN");
    })
    .await;
}

const TOKEN: &str = "{ viewer { accessToken(audience: \"https://api.test\") { token expiresAt } } }";
const TOKEN_IN: &str = "query($account: ID) {
  viewer { accessToken(audience: \"https://api.test\", accountId: $account) { token expiresAt } } }";

async fn key_set(app: &TestApp) -> Vec<Value> {
    let response = reqwest::get(app.url("/.well-known/jwks.json")).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/jwk-set+json");
    let body: Value = response.json().await.unwrap();
    body["keys"].as_array().unwrap().clone()
}

fn ids(keys: &[Value]) -> Vec<String> {
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn json_part(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Checks a token as a service does that has nothing but the key set; gives header and claims.
fn checked(token: &str, keys: &[Value]) -> (Value, Value) {
    let parts: Vec<_> = token.split('.').collect();
    let header = json_part(parts[0]);
    assert_eq!((header["alg"].as_str(), header["typ"].as_str()), (Some("EdDSA"), Some("JWT")));
    let key = keys.iter().find(|key| key["kid"] == header["kid"]).expect("the key is not published");
    assert_eq!((key["kty"].as_str(), key["crv"].as_str()), (Some("OKP"), Some("Ed25519")));
    let public = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
    let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
    let signed = format!("{}.{}", parts[0], parts[1]);
    UnparsedPublicKey::new(&ED25519, public).verify(signed.as_bytes(), &signature).expect("not genuine");
    (header, json_part(parts[1]))
}

async fn a_token(client: &Client) -> String {
    client.ask(TOKEN).await.text("/viewer/accessToken/token").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_knows_the_person_from_the_token_and_the_key_set_alone() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let person = app.person("Ana").with_mfa().in_account(account, AccountRole::Manager).create().await;
        let client = app.client_of(&person).await;
        let reply = client.send(TOKEN_IN, json!({ "account": account.to_string() })).await;
        let (_, claims) = checked(reply.text("/viewer/accessToken/token"), &key_set(app).await);
        let now = app.now().unix_timestamp();
        let session = client.ask("{ viewer { session { id } } }").await;
        assert!(claims["jti"].as_str().unwrap().len() >= 32);
        assert_eq!(
            claims,
            json!({
                "iss": app.url(""), "sub": person.gid(), "aud": "https://api.test", "iat": now, "exp": now + 300,
                "jti": claims["jti"], "sid": session.text("/viewer/session/id"), "amr": ["pwd", "otp", "mfa"],
                "account": account.to_string(), "account_role": "MANAGER",
            })
        );
        let until = reply.text("/viewer/accessToken/expiresAt");
        let until = time::OffsetDateTime::parse(until, &time::format_description::well_known::Rfc3339).unwrap();
        assert_eq!(until.unix_timestamp(), now + 300);

        let plain = app.person("Bea").create().await;
        let (_, claims) = checked(&a_token(&app.client_of(&plain).await).await, &key_set(app).await);
        assert_eq!((&claims["amr"], claims.get("account")), (&json!(["pwd"]), None));
        // The gateway takes none of its own back.
        assert_eq!(verify(app, "", reply.text("/viewer/accessToken/token")).await.status, 401);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_for_an_audience_and_for_an_account_of_one_s_own() {
    harness::run(async |app| {
        let account = app.account("Acme").await;
        let client = app.client_of(&app.person("Ana").create().await).await;
        for bad in ["", "a b", "ä", &"x".repeat(201)] {
            let query = "query($audience: String!) { viewer { accessToken(audience: $audience) { token } } }";
            assert_eq!(
                client.send(query, json!({ "audience": bad })).await.code(),
                "BAD_USER_INPUT",
                "{bad:?}"
            );
        }
        let of = async |id: String| client.send(TOKEN_IN, json!({ "account": id })).await.code().to_owned();
        assert_eq!(of(account.to_string()).await, "NOT_FOUND");
        assert_eq!(of("acme".to_owned()).await, "BAD_USER_INPUT");
        assert_eq!(app.client().ask(TOKEN).await.data("/viewer"), &Value::Null);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_change_by_themselves_and_are_published_before_and_after_they_sign() {
    let vars = [("LATCHKEY_SESSION_IDLE", "80d"), ("LATCHKEY_SESSION_MAX", "90d")];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    harness::run_with(harness::Options { vars, ..Default::default() }, async |app| {
        let client = app.client().with_token(&app.log_in(&app.person("Ana").create().await).await);
        let replica = app.replica(harness::Options::default()).await;
        // Both make keys at once, and end with the same.
        let (first, same) = tokio::join!(key_set(app), key_set(&replica));
        assert_eq!((first.len(), &first), (2, &same));
        replica.stop();

        let old = a_token(&client).await;
        let (header, _) = checked(&old, &first);
        assert_eq!(header["kid"], first[0]["kid"], "the earlier of the two signs");
        let mut days = 0;
        let (new, keys) = loop {
            app.advance(DAY / 2);
            days += 1;
            let (token, keys) = (a_token(&client).await, key_set(app).await);
            if checked(&token, &keys).0["kid"] != header["kid"] {
                break (token, keys);
            }
            assert!(days <= 62, "the key never changes");
        };
        assert_eq!(checked(&new, &first).0["kid"], first[1]["kid"], "it was published before");
        checked(&old, &keys);
        assert_eq!(keys.len(), 3);
        app.advance(DAY);
        assert_eq!(ids(&key_set(app).await), ids(&keys)[1..], "and is gone a day later");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_in_the_database_are_sealed_bound_to_their_period_and_can_be_thrown_away() {
    harness::run(async |app| {
        let before = key_set(app).await;
        let stored = app.store.database().collection::<Document>("signing_keys");
        let one = stored.find_one(doc! { "_id": { "$gt": 0 } }).await.unwrap().unwrap();
        let shown = format!("{one:?}");
        assert!(one.get_str("sealed").unwrap().starts_with(&format!("v1|{}|", app.keyring.current_id())));
        assert!(before.iter().all(|key| !shown.contains(key["x"].as_str().unwrap())));

        // After a leak: delete them all; within a minute no process goes by them any more.
        stored.delete_many(doc! { "_id": { "$gt": 0 } }).await.unwrap();
        app.advance(Duration::from_secs(61));
        let after = key_set(app).await;
        assert!(ids(&after).iter().all(|id| !ids(&before).contains(id)));

        // A key moved to another period, by whoever can write to the database, does not sign.
        let sealed = one.get_str("sealed").unwrap();
        app.update("signing_keys", doc! { "_id": { "$gt": 0 } }, doc! { "$set": { "sealed": sealed } }).await;
        app.advance(Duration::from_secs(61));
        assert_eq!(reqwest::get(app.url("/.well-known/jwks.json")).await.unwrap().status().as_u16(), 500);
        let client = app.client_of(&app.person("Ana").create().await).await;
        assert_eq!(client.ask(TOKEN).await.code(), "INTERNAL");
    })
    .await;
}
