//! Every secret that the tests use, and everything that the gateways under test write. At the end of each test nothing
//! that was written meanwhile may hold any of them; nor may an error hold a secret of its request.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// Shorter texts occur by chance.
const SHORTEST: usize = 12;

/// By their first bytes.
static SECRETS: Mutex<Option<HashMap<[u8; 8], Vec<String>>>> = Mutex::new(None);
static WRITTEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on nothing that is written may hold this.
pub fn secret(text: &str) {
    if text.len() < SHORTEST {
        return;
    }
    let mut secrets = lock(&SECRETS);
    let of_prefix = secrets.get_or_insert_default().entry(prefix(text.as_bytes())).or_default();
    if !of_prefix.iter().any(|known| known == text) {
        of_prefix.push(text.to_owned());
    }
}

fn prefix(bytes: &[u8]) -> [u8; 8] {
    bytes[..8].try_into().unwrap()
}

/// The first secret in these bytes.
pub fn found_in(bytes: &[u8]) -> Option<String> {
    let secrets = lock(&SECRETS);
    let secrets = secrets.as_ref()?;
    for (at, window) in bytes.windows(8).enumerate() {
        let here = secrets.get(&prefix(window)).into_iter().flatten();
        if let Some(found) = here.into_iter().find(|secret| bytes[at..].starts_with(secret.as_bytes())) {
            return Some(found.clone());
        }
    }
    None
}

/// Takes note of the secrets in the variables of a request or in an answer: by the names of their fields, and tokens by
/// their looks.
pub fn notice(value: &Value) {
    match value {
        Value::String(text) if is_token(text) => secret(text),
        Value::Array(items) => items.iter().for_each(notice),
        Value::Object(fields) => {
            for (name, value) in fields {
                let secrets = ["password", "newPassword", "currentPassword", "secret", "otpauthUri", "code"];
                match value {
                    Value::String(text) if secrets.contains(&name.as_str()) => secret(text),
                    Value::Array(codes) if name == "backupCodes" => {
                        codes.iter().filter_map(Value::as_str).for_each(secret);
                    }
                    other => notice(other),
                }
            }
        }
        _ => {}
    }
}

/// `lks_…`, `lkr_…` and so on; access tokens are three parts of base64url.
fn is_token(text: &str) -> bool {
    let ours = text.len() > 40 && text.starts_with("lk") && text.as_bytes().get(3) == Some(&b'_');
    ours || (text.len() > 100 && text.starts_with("eyJ") && text.split('.').count() == 3)
}

/// Every token in a text, such as a mail's.
pub fn notice_text(text: &str) {
    text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c))
        .filter(|word| is_token(word))
        .for_each(secret);
}

/// How much has been written so far.
pub fn written() -> usize {
    lock(&WRITTEN).len()
}

/// Fails when what was written since holds a secret.
pub fn check_written_since(start: usize) {
    let written = lock(&WRITTEN)[start..].to_vec();
    check("the log of this test", &written);
}

/// Fails when these bytes hold a secret.
pub fn check(what: &str, bytes: &[u8]) {
    if let Some(found) = found_in(bytes) {
        let text = String::from_utf8_lossy(bytes);
        let line = text.lines().find(|line| line.contains(&found)).unwrap_or_default();
        panic!("{what} holds a secret: {line}");
    }
}

/// Where the log of all tests goes.
#[derive(Clone, Copy)]
pub struct ToAll;

impl std::io::Write for ToAll {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        lock(&WRITTEN).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_secret_that_is_written_is_found() {
    secret("lks_this-one-is-only-for-this-test-of-the-harness");
    notice(&serde_json::json!({ "input": { "password": "a-passphrase-of-this-test-only" } }));
    for leak in [
        "INFO log in token=lks_this-one-is-only-for-this-test-of-the-harness",
        "{\"password\":\"a-passphrase-of-this-test-only\"}",
    ] {
        assert!(found_in(leak.as_bytes()).is_some(), "{leak}");
    }
    assert!(found_in(b"INFO log in token=lks_this-one-is-only").is_none());
}
