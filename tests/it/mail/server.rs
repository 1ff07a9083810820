//! A real SMTP server, `tests/smtp/server.py`, for as long as a test holds it.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use latchkey::config::Smtp;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value;

/// How it is reached.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Security {
    Plain,
    StartTls,
    Tls,
}

pub struct SmtpServer {
    folder: tempfile::TempDir,
    port: u16,
    security: Security,
    authority: Option<Vec<u8>>,
    process: Child,
    /// The server ends when this is closed, also when the test process is killed.
    _stdin: ChildStdin,
}

/// A mail that the server took.
pub struct TakenMail {
    pub message: Vec<u8>,
    pub envelope: Value,
}

impl SmtpServer {
    pub fn start() -> Self {
        Self::with(Security::Plain, &[])
    }

    /// On this port, as a server that comes back.
    pub fn on_port(port: u16) -> Self {
        Self::with(Security::Plain, &["--port", &port.to_string()])
    }

    pub fn with(security: Security, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut authority = None;
        let mut command = Command::new("python3");
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp/server.py")).arg(folder.path());
        if security != Security::Plain {
            authority = Some(certificates(folder.path()));
            command.arg(if security == Security::Tls { "--tls" } else { "--starttls" });
            command.arg("--cert").arg(folder.path().join("cert.pem"));
            command.arg("--key").arg(folder.path().join("key.pem"));
        }
        let mut process = command
            .args(arguments)
            .env("PYTHONPATH", python_path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 runs the mail server of the tests");
        let stdin = process.stdin.take().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("listening ").and_then(|port| port.parse().ok());
        let port = port.expect("the mail server needs aiosmtpd: run `make tools`");
        Self { folder, port, security, authority, process, _stdin: stdin }
    }

    pub fn url(&self, user_info: &str) -> String {
        if let Some((_, password)) = user_info.trim_end_matches('@').split_once(':') {
            let decoded = password.replace("%40", "@").replace("%3A", ":").replace("%20", " ");
            [password, &decoded].into_iter().for_each(crate::harness::secrets::secret);
        }
        let scheme = match self.security {
            Security::Plain => "smtp",
            Security::StartTls => "smtp+starttls",
            Security::Tls => "smtps",
        };
        format!("{scheme}://{user_info}127.0.0.1:{}", self.port)
    }

    /// The server as the configuration names it; `user_info` is empty or `user:password@`.
    pub fn smtp(&self, user_info: &str) -> Smtp {
        Smtp::parse(&self.url(user_info).into()).unwrap()
    }

    /// The authority that signed the server's certificate, as PEM.
    pub fn authority(&self) -> Option<&[u8]> {
        self.authority.as_deref()
    }

    /// From now on it takes connections and says nothing, until it is told to go on.
    pub fn freezes(&self, frozen: bool) {
        let signal = if frozen { "STOP" } else { "CONT" };
        let kill = ["-c", "kill -s \"$0\" \"$1\"", signal, &self.process.id().to_string()];
        assert!(Command::new("sh").args(kill).status().unwrap().success());
    }

    /// What it took so far, in order.
    pub fn taken(&self) -> Vec<TakenMail> {
        let mut paths: Vec<_> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        paths.sort();
        let read = |path: &PathBuf| TakenMail {
            message: std::fs::read(path).unwrap(),
            envelope: serde_json::from_slice(&std::fs::read(path.with_extension("json")).unwrap()).unwrap(),
        };
        paths.iter().map(read).collect()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `make tools` installs aiosmtpd here; `LATCHKEY_TEST_PYTHONPATH` names another folder.
fn python_path() -> PathBuf {
    match std::env::var_os("LATCHKEY_TEST_PYTHONPATH") {
        Some(path) => path.into(),
        None => concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/py").into(),
    }
}

/// Writes `cert.pem` and `key.pem` for 127.0.0.1 and gives the authority that signed them: rustls takes no authority's
/// own certificate for a server's.
fn certificates(folder: &std::path::Path) -> Vec<u8> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let leaf_key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let leaf = CertificateParams::new(names).unwrap().signed_by(&leaf_key, &issuer).unwrap();
    std::fs::write(folder.join("cert.pem"), leaf.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), leaf_key.serialize_pem()).unwrap();
    authority.pem().into_bytes()
}
