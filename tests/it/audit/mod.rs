//! The audit log: narrowing it, its chains, taking it out, and that everything is in it.

mod chain;
mod export;
mod filters;
mod recorded;
mod tampering;

use std::process::{Command, Output, Stdio};

use latchkey::domain::{AuditAction, AuditEvent, AuditEventId, Scope, UserId};
use latchkey::service::audit_seal::{AuditSealer, Pass, settling};
use mongodb::Collection;
use mongodb::bson::Document;
use time::OffsetDateTime;

use crate::harness::{TestApp, mongod_uri};

/// An event that says little.
pub fn event(scope: Scope, at: OffsetDateTime, action: AuditAction) -> AuditEvent {
    AuditEvent {
        id: AuditEventId::generate(at),
        at,
        scope,
        action,
        actor_id: None,
        target_id: None,
        credential: None,
        session_id: None,
        ip: None,
        user_agent: None,
        details: Vec::new(),
    }
}

/// Ids of people who need not exist.
pub fn people(app: &TestApp, count: usize) -> Vec<UserId> {
    (0..count).map(|_| UserId::generate(app.now())).collect()
}

/// So many events of a scope, a second apart, the last one now.
pub async fn happen(app: &TestApp, scope: Scope, count: u32) -> Vec<AuditEvent> {
    let now = app.now();
    let at = |i: u32| now - time::Duration::seconds(i64::from(count - 1 - i));
    let events: Vec<_> = (0..count).map(|i| event(scope, at(i), AuditAction::LoggedIn)).collect();
    app.store.audit_events.insert_alone(&events).await.unwrap();
    events
}

/// Lets everything settle, and seals it.
pub async fn seal(app: &TestApp) -> usize {
    app.advance(settling());
    match AuditSealer::new(app.services.clone()).pass().await.unwrap() {
        Pass::Sealed(count) => {
            // The next sealer is another one.
            app.advance(std::time::Duration::from_secs(60));
            count
        }
        Pass::NotOurs => panic!("another sealer holds the lease"),
    }
}

/// The events as MongoDB has them.
pub fn stored(app: &TestApp) -> Collection<Document> {
    app.store.database().collection("audit_events")
}

/// The built binary on the test's database and keyring.
pub fn latchkey(app: &TestApp, args: &[&str]) -> Output {
    let (mut command, _keys) = latchkey_command(app, args);
    command.output().unwrap()
}

/// The same, not run yet; the folder holds the keyring.
pub fn latchkey_command(app: &TestApp, args: &[&str]) -> (Command, tempfile::TempDir) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let keys = folder.path().join("keys.toml");
    app.keyring.write_new(&keys).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.args(args).env_clear().stdin(Stdio::null());
    command.env("LATCHKEY_MONGODB_URI", mongod_uri()).env("LATCHKEY_MONGODB_DATABASE", &app.database);
    command
        .env("LATCHKEY_KEYS_FILE", &keys)
        .env("LATCHKEY_LOG", "error")
        .env("LATCHKEY_LOG_FORMAT", "pretty");
    (command, folder)
}

/// Standard output.
pub fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Standard error.
pub fn complained(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
