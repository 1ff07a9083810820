//! Trusted documents and automatic persisted queries, over HTTP and WebSocket.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::harness::{self, Client, Event, Options, PASSWORD, Reply, Socket, TestApp};

const WHO: &str = "query Who {\n  viewer {\n    user {\n      name\n    }\n  }\n}";
const TIME: &str = "subscription Time($count: Int) { serverTime(count: $count) }";
const LOG_IN: &str = "mutation LogIn($email: String!, $password: String!) {
  logIn(input: { email: $email, password: $password }) { __typename ... on LoggedIn { sessionToken } } }";

fn sha(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn persisted(text: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": sha(text) } })
}

async fn with_manifest(only: bool, test: impl AsyncFnOnce(&TestApp)) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let codegen = json!({ (sha(WHO)): WHO, (sha(TIME)): TIME });
    fs::write(folder.path().join("codegen.json"), codegen.to_string()).unwrap();
    let relay = json!({ "0f1e2d3c4b5a69788796a5b4c3d2e1f0": LOG_IN });
    fs::write(folder.path().join("relay.json"), relay.to_string()).unwrap();
    let vars = vec![
        ("LATCHKEY_TRUSTED_DOCUMENTS".to_owned(), folder.path().to_str().unwrap().to_owned()),
        ("LATCHKEY_TRUSTED_DOCUMENTS_ONLY".to_owned(), if only { "on" } else { "off" }.to_owned()),
    ];
    harness::run_with(Options { vars, ..Options::default() }, test).await;
}

fn is_not_trusted(reply: &Reply) -> bool {
    reply.code() == "BAD_USER_INPUT"
        && reply.body["errors"][0]["extensions"]["reason"] == "DOCUMENT_NOT_TRUSTED"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_document_is_executed_by_whatever_name_and_nothing_else_is() {
    with_manifest(true, async |app| {
        let olga = app.person("Olga Owner").create().await;
        let log_in = json!({ "doc_id": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
            "variables": { "email": olga.email, "password": PASSWORD } });
        let token = app.client().post(log_in).await.text("/logIn/sessionToken").to_owned();
        let client = app.client().with_token(&token);
        for request in [
            json!({ "documentId": sha(WHO) }),
            json!({ "documentId": format!("sha256:{}", sha(WHO)), "operationName": "Who" }),
            json!({ "id": sha(WHO) }),
            json!({ "extensions": persisted(WHO) }),
            json!({ "query": WHO }),
            json!({ "query": "query Who{viewer{user{name}}}" }),
            json!({ "query": WHO, "extensions": persisted(WHO) }),
        ] {
            let reply = client.post(request.clone()).await;
            assert_eq!(reply.text("/viewer/user/name"), "Olga Owner", "{request}");
        }
        let other = "query Who { viewer { user { name email } } }";
        for request in [
            json!({ "query": other }),
            json!({ "query": "{ __typename }" }),
            json!({ "query": other, "extensions": persisted(other) }),
            json!({ "extensions": persisted(other) }),
            json!({ "documentId": "who" }),
            json!({ "documentId": sha(other) }),
        ] {
            let reply = client.post(request.clone()).await;
            assert!(is_not_trusted(&reply), "{request}: {:#}", reply.body);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn get_names_a_trusted_query_and_never_a_mutation() {
    with_manifest(true, async |app| {
        let olga = app.person("Olga Owner").create().await;
        let token = app.session_token(&olga).await;
        let get = async |query: String| {
            let request = reqwest::Client::new().get(app.url(&format!("/graphql?{query}"))).bearer_auth(&token);
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        };
        let extensions: String =
            url::form_urlencoded::byte_serialize(persisted(WHO).to_string().as_bytes()).collect();
        for query in [
            format!("documentId=sha256:{}", sha(WHO)),
            format!("doc_id={}", sha(WHO)),
            format!("id={}&operationName=Who", sha(WHO)),
            format!("extensions={extensions}"),
        ] {
            let (status, answer) = get(query.clone()).await;
            assert_eq!((status, &answer["data"]["viewer"]["user"]["name"]), (200, &json!("Olga Owner")), "{query}");
        }
        let (status, _) = get("doc_id=0f1e2d3c4b5a69788796a5b4c3d2e1f0&variables=%7B%22email%22%3A%22a%22%2C%22password%22%3A%22b%22%7D".to_owned()).await;
        assert_eq!(status, 405);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_names_documents_alike() {
    with_manifest(true, async |app| {
        let olga = app.person("Olga Owner").create().await;
        let mut socket = Socket::signed_in(&app.ws_url(), &app.session_token(&olga).await).await;
        let mut send = async |id: &str, payload: Value| {
            socket.send(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
            let Event::Message(first) = socket.next().await else { panic!("closed") };
            if first["type"] == "next" {
                assert_eq!(socket.next().await, Event::Message(json!({ "id": id, "type": "complete" })));
            }
            first
        };
        let once = json!({ "count": 1 });
        for (id, payload) in [
            ("1", json!({ "documentId": sha(TIME), "variables": once })),
            ("2", json!({ "extensions": persisted(TIME), "variables": once })),
            ("3", json!({ "query": TIME, "variables": once })),
        ] {
            let first = send(id, payload).await;
            assert!(first["payload"]["data"]["serverTime"].is_string(), "{first:#}");
        }
        let first = send("4", json!({ "documentId": sha(WHO) })).await;
        assert_eq!(first["payload"]["data"]["viewer"]["user"]["name"], "Olga Owner");
        let refused = send("5", json!({ "query": "subscription { serverTime(count: 1) }" })).await;
        assert_eq!(refused["type"], "error");
        assert_eq!(refused["payload"][0]["extensions"]["reason"], "DOCUMENT_NOT_TRUSTED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_the_gateway_work_where_only_trusted_documents_are_executed() {
    with_manifest(true, async |app| {
        let documents = latchkey::http::pages::documents();
        assert_eq!(documents.len(), 10);
        for text in documents {
            // Without variables: what is said of them shows that the document was found.
            let reply = app.client().ask(text).await;
            let message = reply.body["errors"][0]["message"].as_str().unwrap();
            assert!(message.starts_with("Variable \"$"), "{text}: {message}");
        }
    })
    .await;
    // And they fit the schema.
    harness::run(async |app| {
        for text in latchkey::http::pages::documents() {
            let variables =
                if text.contains("$token") { json!({ "token": "lkx_x" }) } else { json!({ "input": {} }) };
            let reply = app.client().send(text, variables).await;
            let message = reply.body["errors"][0]["message"].as_str().unwrap_or_default();
            assert!(message.is_empty() || message.contains("input"), "{text}: {message}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_with_a_document_that_cannot_be_trusted_does_not_start() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let start = |manifest: &Path, only: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        let keys = folder.path().join("keys.toml");
        let _ =
            Command::new(env!("CARGO_BIN_EXE_latchkey")).args(["keys", "init"]).arg(&keys).output().unwrap();
        let output = command
            .arg("serve")
            .env_clear()
            .env("LATCHKEY_MONGODB_URI", harness::mongod_uri())
            .env("LATCHKEY_KEYS_FILE", keys)
            .env("LATCHKEY_LISTEN", "127.0.0.1:0")
            .env("LATCHKEY_PUBLIC_URL", "http://127.0.0.1:4000")
            .env("LATCHKEY_SMTP_URL", "smtp://127.0.0.1:2525")
            .env("LATCHKEY_MAIL_FROM", "a@b.test")
            .env("LATCHKEY_TRUSTED_DOCUMENTS", manifest)
            .env("LATCHKEY_TRUSTED_DOCUMENTS_ONLY", only)
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let manifest = folder.path().join("clients.json");
    fs::write(&manifest, json!({ (sha("{ a }")): "{ b }" }).to_string()).unwrap();
    let says = start(&manifest, "on");
    assert!(
        says.contains("clients.json") && says.contains(&sha("{ a }")) && says.contains("changed"),
        "{says}"
    );
    let says = start(Path::new(""), "on");
    assert!(says.contains("LATCHKEY_TRUSTED_DOCUMENTS_ONLY") && says.contains("no document"), "{says}");
}

#[tokio::test(flavor = "multi_thread")]
async fn automatic_persisted_queries_follow_the_protocol() {
    harness::run(async |app| {
        let stranger = app.client();
        let text = "query Kind { __typename }";
        let by_hash =
            async |client: &Client, text: &str| client.post(json!({ "extensions": persisted(text) })).await;
        let missing = by_hash(&stranger, text).await;
        assert_eq!(missing.status, 200);
        assert_eq!(missing.body["errors"][0]["message"], "PersistedQueryNotFound");
        assert_eq!(missing.code(), "PERSISTED_QUERY_NOT_FOUND");
        assert_eq!(missing.body.get("data"), None);

        let sent = stranger.post(json!({ "query": text, "extensions": persisted(text) })).await;
        assert_eq!(sent.text("/__typename"), "Query");
        assert_eq!(by_hash(&stranger, text).await.text("/__typename"), "Query");
        let extensions: String =
            url::form_urlencoded::byte_serialize(persisted(text).to_string().as_bytes()).collect();
        let answer = reqwest::get(app.url(&format!("/graphql?extensions={extensions}"))).await.unwrap();
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "data": { "__typename": "Query" } }));

        // A document under another's hash would be executed in its place.
        let lie = json!({ "query": "{ __typename x: __typename }", "extensions": persisted(text) });
        assert_eq!(stranger.post(lie).await.code(), "BAD_USER_INPUT");
        assert_eq!(by_hash(&stranger, text).await.body, json!({ "data": { "__typename": "Query" } }));

        // What does not fit the schema is not kept.
        let wrong = "{ noSuchField }";
        let refused = stranger.post(json!({ "query": wrong, "extensions": persisted(wrong) })).await;
        assert_eq!(refused.code(), "BAD_USER_INPUT");
        assert_eq!(by_hash(&stranger, wrong).await.code(), "PERSISTED_QUERY_NOT_FOUND");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_cannot_push_out_the_persisted_queries_of_people_who_are_signed_in() {
    harness::run(async |app| {
        let olga = app.person("Olga Owner").create().await;
        let client = app.client_of(&olga).await;
        client.post(json!({ "query": WHO, "extensions": persisted(WHO) })).await;
        for n in 0..600 {
            let text = format!("query Flood{n} {{ __typename }}");
            let reply = app.client().post(json!({ "query": text, "extensions": persisted(&text) })).await;
            assert_eq!(reply.status, 200);
        }
        let reply = client.post(json!({ "extensions": persisted(WHO) })).await;
        assert_eq!(reply.text("/viewer/user/name"), "Olga Owner");
        let first = "query Flood0 { __typename }";
        let reply = app.client().post(json!({ "extensions": persisted(first) })).await;
        assert_eq!(reply.code(), "PERSISTED_QUERY_NOT_FOUND", "the strangers' part is bounded");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_refused() {
    harness::run(async |app| {
        let reply =
            app.client().post(json!([{ "query": "{ __typename }" }, { "query": "{ __typename }" }])).await;
        assert_eq!((reply.status, reply.code()), (400, "BAD_USER_INPUT"));
        assert!(reply.body["errors"][0]["message"].as_str().unwrap().contains("Batches"));
    })
    .await;
}
