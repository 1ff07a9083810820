//! `latchkey doctor` on set-ups that work and on broken ones.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use bson::doc;
use mongodb::{Client, Database};
use serde_json::Value;

use crate::harness::{mongod_uri, secrets};
use crate::mail::server::{Security, SmtpServer};
use crate::serve::{ROWS, done, latchkey};

/// A migrated database with people, and their keys.
async fn set_up(folder: &Path, smtp: &str) -> (String, Database) {
    let name = format!("test_{}", uuid::Uuid::now_v7().simple());
    fs::write(folder.join("rows.jsonl"), ROWS).unwrap();
    fs::write(folder.join("clock"), "+0s").unwrap();
    done(Command::new(env!("CARGO_BIN_EXE_latchkey")).args(["keys", "init"]).arg(folder.join("keys.toml")));
    done(latchkey(folder, &name, smtp, "127.0.0.1:0").args(["import", "rows.jsonl"]));
    let keys = fs::read_to_string(folder.join("keys.toml")).unwrap();
    keys.lines().filter_map(|line| line.split_once(" = ")?.1.split('"').nth(1)).for_each(secrets::secret);
    let database = Client::with_uri_str(mongod_uri()).await.unwrap().database(&name);
    (name, database)
}

fn doctor(command: &mut Command) -> (Option<i32>, Vec<Value>) {
    let output: Output = command.args(["doctor", "--json"]).output().unwrap();
    let said = [output.stdout.as_slice(), &output.stderr].concat();
    assert_eq!(secrets::found_in(&said), None, "a secret is shown");
    let checks = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&said)));
    (output.status.code(), checks)
}

/// The status, words and advice of one check.
fn of<'a>(checks: &'a [Value], name: &str) -> (&'a str, &'a str, &'a str) {
    let check = checks.iter().find(|check| check["check"] == name);
    let check = check.unwrap_or_else(|| panic!("no check {name} in {checks:#?}"));
    let text = |field: &str| check[field].as_str().unwrap_or_default();
    (text("status"), text("says"), text("do"))
}

fn failed(checks: &[Value]) -> Vec<&str> {
    checks
        .iter()
        .filter(|check| check["status"] == "fail")
        .filter_map(|check| check["check"].as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_finds_nothing_wrong_where_nothing_is_and_writes_nothing() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (folder, smtp) =
        (folder.path(), SmtpServer::with(Security::Plain, &["--auth", "harbor:opensesame-4711"]));
    let url = smtp.url("harbor:opensesame-4711@");
    let (name, database) = set_up(folder, &url).await;
    let metas =
        || async { database.collection::<bson::Document>("meta").count_documents(doc! {}).await.unwrap() };
    let before = metas().await;
    let (code, checks) = doctor(&mut latchkey(folder, &name, &url, "127.0.0.1:0"));
    assert_eq!((code, failed(&checks)), (Some(0), vec![]), "{checks:#?}");
    for check in
        ["configuration", "MongoDB version", "write concern", "clock", "schema version", "indexes", "keys"]
    {
        assert_eq!(of(&checks, check).0, "ok", "{check}");
    }
    assert_eq!(of(&checks, "sealed values"), ("ok", "all 2 open", ""));
    assert!(of(&checks, "mail server").1.contains("its user is accepted"));
    // One member, a test clock, no metrics: it works, and somebody should know.
    for check in ["replica set", "test clock", "metrics"] {
        assert_eq!(of(&checks, check).0, "warn", "{check}");
    }
    assert!(smtp.taken().is_empty(), "a mail was sent");
    assert_eq!(metas().await, before, "something was written");

    let lines = latchkey(folder, &name, &url, "127.0.0.1:0").arg("doctor").output().unwrap();
    let lines = String::from_utf8(lines.stdout).unwrap();
    assert!(lines.contains("\nok    schema version: "), "{lines}");
    assert!(lines.contains("\nwarn  metrics: none are served → set LATCHKEY_METRICS_LISTEN"), "{lines}");
    database.drop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_what_is_broken_and_what_to_do() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (folder, smtp) =
        (folder.path(), SmtpServer::with(Security::Plain, &["--auth", "harbor:opensesame-4711"]));
    let right = smtp.url("harbor:opensesame-4711@");
    let (name, database) = set_up(folder, &right).await;
    let gateway = |smtp: &str| latchkey(folder, &name, smtp, "127.0.0.1:0");

    let days = |days| (time::OffsetDateTime::now_utc() + time::Duration::days(days)).date().to_string();
    for (expires, status) in [(-1, "warn"), (10, "warn"), (200, "ok"), (400, "warn")] {
        let mut told = gateway(&right);
        told.env("LATCHKEY_SECURITY_CONTACT", "mailto:security@harbor.test");
        let (_, checks) = doctor(told.env("LATCHKEY_SECURITY_EXPIRES", days(expires)));
        assert_eq!(of(&checks, "security.txt").0, status, "{expires} days: {checks:#?}");
    }

    let mut wrong = gateway(&right);
    wrong.env("LATCHKEY_MONGODB_POOL", "many").env("LATCHKEY_LISSEN", "x");
    let (code, checks) = doctor(&mut wrong);
    assert_eq!((code, failed(&checks)), (Some(1), vec!["configuration"; 2]));

    let mut away = gateway(&right);
    away.env(
        "LATCHKEY_MONGODB_URI",
        "mongodb://harbor:opensesame-4711@127.0.0.1:9/?serverSelectionTimeoutMS=300",
    );
    let (code, checks) = doctor(&mut away);
    assert_eq!((code, failed(&checks)), (Some(1), vec!["MongoDB"]));

    // A password that the mail server does not take; a mail server that is not there.
    let (code, checks) = doctor(&mut gateway(&smtp.url("harbor:something-else-0815@")));
    assert_eq!((code, failed(&checks)), (Some(1), vec!["mail server"]));
    assert!(of(&checks, "mail server").1.contains("535"), "{checks:#?}");
    assert_eq!(failed(&doctor(&mut gateway("smtp://127.0.0.1:9")).1), ["mail server"]);

    // A folder that is no dashboard.
    let mut web = gateway(&right);
    web.env("LATCHKEY_WEB_DIR", folder);
    assert_eq!(failed(&doctor(&mut web).1), ["dashboard"]);

    // Indexes that somebody dropped, or made otherwise.
    let users = database.collection::<bson::Document>("users");
    users.drop_index("email_key_1").await.unwrap();
    let sessions = database.collection::<bson::Document>("sessions");
    sessions.drop_index("session_id_1").await.unwrap();
    sessions
        .create_index(mongodb::IndexModel::builder().keys(doc! { "session_id": 1 }).build())
        .await
        .unwrap();
    let (code, checks) = doctor(&mut gateway(&right));
    assert_eq!((code, failed(&checks)), (Some(1), vec!["indexes"]));
    let says = of(&checks, "indexes").1;
    assert!(says.contains("users lacks the index { email_key: 1 }"), "{says}");
    assert!(says.contains("the index { session_id: 1 } of sessions has other options"), "{says}");
    sessions.drop_index("session_id_1").await.unwrap();
    done(gateway(&right).arg("migrate"));
    assert_eq!(failed(&doctor(&mut gateway(&right)).1), Vec::<&str>::new());

    // A value that somebody wrote over, and then another deployment's keys.
    let marks =
        users.find_one(doc! { "mfa": { "$exists": true }, "email_key": "mina@harbor.test" }).await.unwrap();
    let sealed = marks
        .unwrap()
        .get_document("mfa")
        .unwrap()
        .get_document("totp")
        .unwrap()
        .get_str("sealed")
        .unwrap()
        .to_owned();
    let filter = doc! { "email_key": "olivia@harbor.test" };
    users.update_one(filter, doc! { "$set": { "mfa.totp.sealed": sealed } }).await.unwrap();
    let (_, checks) = doctor(&mut gateway(&right));
    assert_eq!(failed(&checks), ["sealed values"]);
    assert!(of(&checks, "sealed values").1.starts_with("1 of 2 cannot be opened"));
    let other = folder.join("other.toml");
    done(Command::new(env!("CARGO_BIN_EXE_latchkey")).args(["keys", "init"]).arg(&other));
    let mut keys = gateway(&right);
    keys.env("LATCHKEY_KEYS_FILE", &other);
    assert_eq!(failed(&doctor(&mut keys).1), ["keys"]);

    // A database that was never migrated.
    let mut bare = gateway(&right);
    bare.env("LATCHKEY_MONGODB_DATABASE", format!("{name}_bare"));
    let (_, checks) = doctor(&mut bare);
    assert_eq!(failed(&checks), ["schema version"]);
    assert_eq!(of(&checks, "schema version").2, "run latchkey migrate");
    database.drop().await.unwrap();
}
