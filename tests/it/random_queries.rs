//! Random documents from the schema, with hostile values, against the built gateway with its demo people. What is asked and what
//! an answer must be is in `tests/suites/random_queries.py`; hypothesis-graphql writes the documents.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Variables of this test, and what they are to the script: other documents, more of them, of one root field.
const SETTINGS: [(&str, &str); 3] = [
    ("LATCHKEY_RANDOM_SEED", "--seed"),
    ("LATCHKEY_RANDOM_SECONDS", "--seconds"),
    ("LATCHKEY_RANDOM_ONLY", "--only"),
];

struct Gateway {
    process: Child,
    url: String,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `latchkey dev` on the tests' own mongod, which refuses whatever no index serves.
async fn start(data: &Path) -> Gateway {
    let mongodb = harness::mongod_uri();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let log = std::fs::File::create(data.join("log")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    // The gateway refuses keys that it does not know.
    for (variable, _) in SETTINGS {
        command.env_remove(variable);
    }
    let process = command
        .args(["dev", "--data"])
        .arg(data)
        .env("LATCHKEY_LISTEN", format!("127.0.0.1:{port}"))
        .env("LATCHKEY_MONGODB_URI", mongodb)
        .env("LATCHKEY_MONGODB_DATABASE", format!("random_{}", uuid::Uuid::now_v7().simple()))
        .env("LATCHKEY_LOG", "error")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let gateway = Gateway { process, url };
    let deadline = Instant::now() + Duration::from_secs(120);
    while !reqwest::get(format!("{}/readyz", gateway.url))
        .await
        .is_ok_and(|answer| answer.status().is_success())
    {
        assert!(Instant::now() < deadline, "it does not get ready: {}", logged(data));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    gateway
}

fn logged(data: &Path) -> String {
    std::fs::read_to_string(data.join("log")).unwrap_or_default()
}

/// hypothesis-graphql out of PyPI, unless `make test` has fetched it.
fn install() {
    let made =
        Command::new("make").args(["--silent", ".tools/queries/.installed"]).current_dir(ROOT).status();
    assert!(made.expect("make is missing").success(), "hypothesis-graphql cannot be installed from PyPI");
}

#[tokio::test(flavor = "multi_thread")]
async fn random_documents_from_the_schema_get_answers_that_the_schema_promises() {
    tokio::task::spawn_blocking(install).await.unwrap();
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut gateway = start(data.path()).await;
    let mut command = tokio::process::Command::new("python3");
    command.arg("tests/suites/random_queries.py").arg(&gateway.url).current_dir(ROOT);
    command.env("PYTHONPATH", ".tools/queries").env("PYTHONDONTWRITEBYTECODE", "1");
    for (variable, option) in SETTINGS {
        let value = std::env::var(variable).unwrap_or_default();
        if !value.is_empty() {
            command.args([option, &value]);
        }
    }
    let output = command.output().await.expect("python3 is missing");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{said}");
    assert!(
        output.status.success() && said.ends_with("random queries: ok\n"),
        "{said}{}\nthe gateway logged: {}",
        String::from_utf8_lossy(&output.stderr),
        logged(data.path())
    );
    assert_eq!(gateway.process.try_wait().unwrap(), None, "the gateway has ended");
    assert!(!logged(data.path()).contains("panicked"), "{}", logged(data.path()));
}
