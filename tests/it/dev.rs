//! `latchkey dev` as a newcomer meets it: one command, something to log in with, a clean end, and the same
//! data at the next start.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

struct Dev {
    process: Child,
    url: String,
    printed: String,
    mongod_port: u16,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn command(data: &Path, port: u16) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command
        .args(["dev", "--data"])
        .arg(data)
        .env("LATCHKEY_LISTEN", format!("127.0.0.1:{port}"))
        .env("LATCHKEY_TOOLS_DIR", concat!(env!("CARGO_MANIFEST_DIR"), "/.tools"))
        .stdin(Stdio::null());
    command
}

/// Started, and read up to the last line that it prints before it serves.
fn start(data: &Path) -> Dev {
    let port = free_port();
    let mut process = command(data, port).stdout(Stdio::piped()).spawn().unwrap();
    let mut printed = String::new();
    let mut lines = BufReader::new(process.stdout.take().unwrap());
    while !printed.ends_with("\n}\n") {
        assert_ne!(lines.read_line(&mut printed).unwrap(), 0, "it ended: {printed}");
    }
    std::thread::spawn(move || lines.read_to_string(&mut String::new()));
    let uri = printed.split("mongodb://127.0.0.1:").nth(1).unwrap();
    let mongod_port = uri.split('/').next().unwrap().parse().unwrap();
    Dev { process, url: format!("http://127.0.0.1:{port}"), printed, mongod_port }
}

impl Dev {
    async fn graphql(&self, query: &str) -> Value {
        let body = json!({ "query": query });
        let answer = reqwest::Client::new().post(format!("{}/graphql", self.url)).json(&body).send().await;
        answer.unwrap().json().await.unwrap()
    }

    /// Ctrl-C; the exit code.
    fn interrupt(mut self) -> Option<i32> {
        Command::new("sh").args(["-c", "kill -INT $0", &self.process.id().to_string()]).status().unwrap();
        let deadline = Instant::now() + Duration::from_secs(40);
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                assert!(
                    TcpStream::connect(("127.0.0.1", self.mongod_port)).is_err(),
                    "mongod is still there"
                );
                return status.code();
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.process.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dev_is_ready_to_log_in_ends_cleanly_and_finds_its_data_again() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let dev = start(folder.path());
    // The very query that it prints.
    let query = dev.printed.split_once("mutation {").map(|(_, rest)| format!("mutation {{{rest}")).unwrap();
    let answer = dev.graphql(&query).await;
    assert_eq!(answer["data"]["logIn"]["__typename"], "LoggedIn", "{answer}");
    let account = answer["data"]["logIn"]["viewer"]["accounts"]["edges"][0].clone();
    assert_eq!(account["role"], "OWNER");
    assert_eq!(account["node"]["name"], "Lighthouse Books");
    let mailbox = reqwest::get(format!("{}/dev/mailbox", dev.url)).await.unwrap();
    assert!(mailbox.status().is_success());
    assert_eq!(dev.interrupt(), Some(0));

    let again = start(folder.path());
    let answer = again.graphql(&query).await;
    assert_eq!(answer["data"]["logIn"]["viewer"]["accounts"]["edges"][0], account);
    assert_eq!(again.interrupt(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mongod_does_not_outlive_a_killed_dev() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut dev = start(folder.path());
    dev.process.kill().unwrap();
    dev.process.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", dev.mongod_port)).is_ok() {
        assert!(Instant::now() < deadline, "mongod is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(start(folder.path()).interrupt(), Some(0));
}

#[test]
fn a_busy_port_is_one_line_that_says_what_to_do() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port();
    let output = command(folder.path(), port).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains(&format!("127.0.0.1:{port} is busy")) && text.contains("LATCHKEY_LISTEN"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1, "{text}");
}
