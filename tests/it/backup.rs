//! Backup and restore as `docs/OPERATIONS.md` walks through them: the files of a locked member, without mongodump.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bson::{Document, doc};
use latchkey::command::mongod::{Mongod, MongodOptions};
use mongodb::Client;

use crate::harness::tools;
use crate::mail::server::SmtpServer;
use crate::serve::{ROWS, done, latchkey};

async fn mongod(data: &Path) -> Mongod {
    let options = MongodOptions {
        binary: std::env::var_os("LATCHKEY_MONGOD").map(PathBuf::from),
        tools: tools(),
        ..MongodOptions::new(data)
    };
    Mongod::start(options).await.unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// People by address, and the events of the log.
async fn held(uri: &str) -> (Vec<String>, u64) {
    let client = Client::with_uri_str(uri).await.unwrap();
    let database = client.database("latchkey");
    let mut people = Vec::new();
    let users = database.collection::<Document>("users");
    let mut cursor = users.find(doc! {}).sort(doc! { "email_key": 1 }).await.unwrap();
    while cursor.advance().await.unwrap() {
        people.push(cursor.current().get_str("email_key").unwrap().to_owned());
    }
    (people, database.collection::<Document>("audit_events").count_documents(doc! {}).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_of_a_locked_member_are_a_backup_that_a_gateway_runs_on() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (folder, smtp) = (folder.path(), SmtpServer::start());
    fs::write(folder.join("rows.jsonl"), ROWS).unwrap();
    fs::write(folder.join("clock"), "+0s").unwrap();
    done(Command::new(env!("CARGO_BIN_EXE_latchkey")).args(["keys", "init"]).arg(folder.join("keys.toml")));
    let (live, restored) = (folder.join("live"), folder.join("restored"));
    let running = mongod(&live).await;
    let gateway = |uri: &str| {
        let mut command = latchkey(folder, "latchkey", &smtp.url(""), "127.0.0.1:0");
        command.env("LATCHKEY_MONGODB_URI", uri);
        command
    };
    done(gateway(&running.uri()).args(["import", "rows.jsonl"]));
    let before = held(&running.uri()).await;
    assert_eq!(before.0, ["mina@harbor.test", "olivia@harbor.test"]);

    // Locked: everything is on disk, and nothing changes there while it is copied.
    let client = Client::with_uri_str(running.uri()).await.unwrap();
    let admin = client.database("admin");
    let locked = admin.run_command(doc! { "fsync": 1, "lock": true }).await.unwrap();
    assert_eq!(locked.get("lockCount").and_then(|count| count.as_i64()), Some(1), "{locked}");
    copy(&live.join("db"), &restored.join("db"));
    admin.run_command(doc! { "fsyncUnlock": 1 }).await.unwrap();

    // What is written afterwards is not in it.
    let later =
        r#"{"kind":"user","email":"late@harbor.test","name":"Late","password":"glacier-violin-anchor-42"}"#;
    fs::write(folder.join("later.jsonl"), later).unwrap();
    done(gateway(&running.uri()).args(["import", "later.jsonl"]));
    assert_eq!(held(&running.uri()).await.0.len(), 3);
    running.stop().await;

    // The lock file names the process that the files were copied from.
    let _ = fs::remove_file(restored.join("db").join("mongod.lock"));
    let again = mongod(&restored).await;
    assert_eq!(held(&again.uri()).await, before);
    // Layout, indexes, keys and sealed values are as a gateway needs them.
    done(gateway(&again.uri()).arg("doctor"));
    done(gateway(&again.uri()).args(["audit", "verify"]));
    again.stop().await;
}
