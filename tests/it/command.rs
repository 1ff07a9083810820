//! The built binary's commands, as whoever deploys it runs them.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use latchkey::command::mongod::{Mongod, MongodOptions};
use mongodb::{Client, bson::Document};

/// The binary with exactly these variables.
fn latchkey(args: &[&str], vars: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.args(args).env_clear().envs(vars.iter().copied()).stdin(Stdio::null());
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

async fn mongod(data: &Path) -> Mongod {
    let options = MongodOptions {
        binary: std::env::var_os("LATCHKEY_MONGOD").map(PathBuf::from),
        tools: concat!(env!("CARGO_MANIFEST_DIR"), "/.tools").into(),
        ..MongodOptions::for_tests(data.join("mongod"))
    };
    Mongod::start(options).await.unwrap()
}

#[test]
fn mistakes_in_the_configuration_are_told_together_and_end_with_2() {
    let output =
        latchkey(&["migrate"], &[("LATCHKEY_MONGODB_URL", "x"), ("LATCHKEY_MONGODB_DATABASE", "a b")]);
    assert_eq!(output.status.code(), Some(2));
    let text = said(&output);
    assert!(text.contains("3 mistakes"), "{text}");
    assert!(text.contains("did you mean LATCHKEY_MONGODB_URI?"), "{text}");
}

#[test]
fn keys_init_writes_a_keyring_once_and_never_shows_a_key() {
    let folder = folder();
    let file = folder.path().join("keys.toml");
    let path = file.to_str().unwrap();
    let first = latchkey(&["keys", "init", path], &[]);
    assert!(first.status.success(), "{}", said(&first));
    let keys = std::fs::read_to_string(&file).unwrap();
    let secret = keys.lines().last().unwrap().split('"').nth(1).unwrap();
    assert!(secret.len() > 40 && !String::from_utf8(first.stdout).unwrap().contains(secret));
    let again = latchkey(&["keys", "init", path], &[]);
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).contains("exists already"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), keys);
}

#[test]
fn a_database_that_does_not_answer_is_one_line() {
    let uri = "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=300";
    let output = latchkey(&["migrate"], &[("LATCHKEY_MONGODB_URI", uri), ("LATCHKEY_LOG", "off")]);
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output);
    assert!(text.starts_with("latchkey: MongoDB does not answer at LATCHKEY_MONGODB_URI"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_runs_twice_and_at_once_and_bootstrap_creates_the_first_account_only() {
    let folder = folder();
    let mongod = mongod(folder.path()).await;
    let uri = mongod.uri();
    let vars = [("LATCHKEY_MONGODB_URI", uri.as_str()), ("LATCHKEY_LOG", "warn")];
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..3).map(|_| scope.spawn(|| latchkey(&["migrate"], &vars))).collect();
        for run in runs {
            let output = run.join().unwrap();
            assert!(output.status.success(), "{}", said(&output));
        }
    });

    let bootstrap = |email: &str, more: &[&str], password: &str| {
        let args = ["bootstrap", "--account", "Harbor Coffee", "--email", email, "--name", "Olivia"];
        let mut vars = vars.to_vec();
        vars.push(("LATCHKEY_BOOTSTRAP_PASSWORD", password));
        latchkey(&[&args, more].concat(), &vars)
    };
    let good = "lantern-orbit-seven-moss";
    assert!(said(&bootstrap("olivia@harbor.example", &[], "short")).contains("at least 12 characters"));
    let first = bootstrap("olivia@harbor.example", &[], good);
    assert!(first.status.success(), "{}", said(&first));
    assert!(said(&bootstrap("oscar@harbor.example", &[], good)).contains("there are accounts already"));
    assert!(said(&bootstrap("Olivia@Harbor.example", &["--another"], good)).contains("exists already"));
    assert!(bootstrap("oscar@harbor.example", &["--another"], good).status.success());

    let client = Client::with_uri_str(&uri).await.unwrap();
    let database = client.database("latchkey");
    for (collection, expected) in [("users", 2), ("accounts", 2), ("account_members", 2), ("audit_events", 2)]
    {
        let found = database.collection::<Document>(collection).estimated_document_count().await.unwrap();
        assert_eq!(found, expected, "{collection}");
    }
    mongod.stop().await;
}
