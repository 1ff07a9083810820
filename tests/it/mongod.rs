//! The embedded mongod: what `latchkey dev` and every other test stand on.

use std::{net::TcpListener, path::PathBuf, process::Command};

use latchkey::command::mongod::{Mongod, MongodError, MongodOptions};
use mongodb::{
    Client,
    bson::{Document, doc},
};

fn options(data: &tempfile::TempDir) -> MongodOptions {
    MongodOptions {
        binary: std::env::var_os("LATCHKEY_MONGOD").map(PathBuf::from),
        tools: concat!(env!("CARGO_MANIFEST_DIR"), "/.tools").into(),
        ..MongodOptions::new(data.path().join("mongod"))
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

const STATE: usize = 0;
const GROUP: usize = 2;

/// A field behind the command's name in `/proc/PID/stat`; nothing when there is no such process.
fn field_of_stat(pid: &str, field: usize) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(field).map(str::to_owned)
}

fn is_running(pid: &str) -> bool {
    field_of_stat(pid, STATE).is_some_and(|state| state != "Z")
}

async fn write_in_a_transaction(uri: &str) {
    let client = Client::with_uri_str(uri).await.unwrap();
    let people = client.database("t").collection::<Document>("people");
    let mut session = client.start_session().await.unwrap();
    session.start_transaction().await.unwrap();
    people.insert_one(doc! { "name": "Ada" }).session(&mut session).await.unwrap();
    session.commit_transaction().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn mongod_takes_transactions_and_keeps_its_data_on_another_port() {
    let data = folder();
    let first = Mongod::start(options(&data)).await.unwrap();
    write_in_a_transaction(&first.uri()).await;

    let again = Mongod::start(options(&data)).await.unwrap_err().to_string();
    assert!(again.contains("is in use by latchkey process"), "{again}");
    let pid = std::fs::read_to_string(data.path().join("mongod/db/mongod.lock")).unwrap();
    first.stop().await;
    assert!(!is_running(pid.trim()));

    let second = Mongod::start(MongodOptions { port: Some(free_port()), ..options(&data) }).await.unwrap();
    let client = Client::with_uri_str(second.uri()).await.unwrap();
    let people = client.database("t").collection::<Document>("people");
    assert_eq!(people.count_documents(doc! {}).await.unwrap(), 1);
    write_in_a_transaction(&second.uri()).await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mongod_whose_owner_and_guard_were_killed_is_taken_over() {
    let data = folder();
    let first = Mongod::start(options(&data)).await.unwrap();
    write_in_a_transaction(&first.uri()).await;
    let pid = std::fs::read_to_string(data.path().join("mongod/db/mongod.lock")).unwrap();
    // The whole guard goes; mongod is spared.
    let group = field_of_stat(pid.trim(), GROUP);
    for process in
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok())
    {
        if process != pid.trim() && process.parse::<u32>().is_ok() && field_of_stat(&process, GROUP) == group
        {
            Command::new("sh").args(["-c", "kill -KILL $0", &process]).status().unwrap();
        }
    }
    drop(first);
    assert!(is_running(pid.trim()));

    let second = Mongod::start(options(&data)).await.unwrap();
    assert!(!is_running(pid.trim()));
    write_in_a_transaction(&second.uri()).await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mongod_without_table_scans_leaves_nothing_behind() {
    let data = folder();
    let at = data.path().join("tests");
    let mongod =
        Mongod::start(MongodOptions { tools: options(&data).tools, ..MongodOptions::for_tests(&at) })
            .await
            .unwrap();
    let client = Client::with_uri_str(mongod.uri()).await.unwrap();
    let people = client.database("t").collection::<Document>("people");
    people.insert_one(doc! { "name": "Ada" }).await.unwrap();
    let scan = people.find_one(doc! { "name": "Ada" }).await.unwrap_err().to_string();
    assert!(scan.contains("notablescan"), "{scan}");
    mongod.stop().await;
    assert!(!at.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_at_start_are_one_line() {
    let data = folder();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port();
    let error = Mongod::start(MongodOptions { port: Some(port), ..options(&data) }).await.unwrap_err();
    assert!(matches!(error, MongodError::PortBusy(busy) if busy == port), "{error}");

    let mut bad = options(&data);
    bad.set_parameters.push(("noSuchParameter".to_owned(), "1".to_owned()));
    let error = Mongod::start(bad).await.unwrap_err().to_string();
    assert!(error.contains("mongod ended at start") && error.contains("noSuchParameter"), "{error}");
    assert_eq!(error.lines().count(), 1);
}
