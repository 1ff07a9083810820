//! `latchkey audit export`: what is written, in which order, from how little memory.

use std::collections::BTreeMap;

use latchkey::domain::{AuditAction, AuditEvent, AuditEventId, Credential, Scope, SessionId};
use mongodb::bson::doc;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use super::{complained, event, happen, latchkey, people, printed, seal, stored};
use crate::directory::profiled;
use crate::harness::{self, TestApp};

fn exported(app: &TestApp, args: &[&str]) -> String {
    let output = latchkey(app, &[["audit", "export"].as_slice(), args].concat());
    assert!(output.status.success(), "{}", complained(&output));
    printed(&output)
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

/// Reads RFC 4180, by somebody else's eyes than the writer's.
fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quoted, c) {
            (true, '"') if chars.peek() == Some(&'"') => cell.push(chars.next().unwrap()),
            (_, '"') => quoted = !quoted,
            (false, ',') => row.push(std::mem::take(&mut cell)),
            (false, '\r') => {
                assert_eq!(chars.next(), Some('\n'), "lines end in CR LF");
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            (_, c) => cell.push(c),
        }
    }
    assert!(row.is_empty() && cell.is_empty(), "the last line has an end");
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_comes_whole_and_in_order_a_page_at_a_time() {
    harness::run(async |app| {
        let account = Scope::Account(app.account("Acme").await);
        let events = happen(app, account, 2500).await;
        happen(app, Scope::Deployment, 3).await;
        let (text, seen) = profiled(app, async { exported(app, &[]) }).await;
        let rows = rows(&text);
        let expected: Vec<_> = events.iter().map(|event| event.id.to_string()).collect();
        assert_eq!(ids(&rows[..2500]), expected, "the account's first, the oldest first");
        assert!(rows[2500..].iter().all(|row| row["scope"] == "deployment"));
        assert_eq!(rows.len(), 2503);
        let reads: Vec<_> = seen.iter().filter(|seen| seen.collection == "audit_events").collect();
        assert!(reads.iter().all(|read| read.docs <= 1001 && read.command != "getmore"), "{reads:?}");
        assert!(seen.iter().all(|seen| ["find", "ping"].contains(&seen.command.as_str())), "{seen:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_formats_say_everything_that_the_log_holds() {
    harness::run(async |app| {
        let account = Scope::Account(app.account("Acme").await);
        let people = people(app, 2);
        let at = app.now();
        let session = SessionId::generate(at);
        let full = AuditEvent {
            actor_id: Some(people[0]),
            target_id: Some(people[1]),
            credential: Some(Credential::EnrollmentToken),
            session_id: Some(session),
            ip: Some("2001:db8::7".parse().unwrap()),
            user_agent: Some("=HYPERLINK(\"http://evil.example\",\"x\")\nnext".to_owned()),
            details: vec![("reason".to_owned(), "WRONG_CODE, again".to_owned())],
            ..event(account, at, AuditAction::MfaEnrollmentRefused)
        };
        app.store.audit_events.insert_alone(std::slice::from_ref(&full)).await.unwrap();
        let unsealed = rows(&exported(app, &["--scope", &account.to_string()]));
        assert_eq!((&unsealed[0]["seq"], &unsealed[0]["hash"]), (&Value::Null, &Value::Null));
        seal(app).await;

        let rows = rows(&exported(app, &["--scope", &account.to_string(), "--format", "jsonl"]));
        let hash = rows[0]["hash"].as_str().unwrap();
        assert!(hash.len() == 64 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{hash}");
        let expected = json!({
            "id": full.id.to_string(), "scope": account.to_string(), "at": at.format(&Rfc3339).unwrap(),
            "action": "MFA_ENROLLMENT_REFUSED", "actor": people[0].to_string(), "target": people[1].to_string(),
            "credential": "ENROLLMENT_TOKEN", "session": session.to_string(), "ip": "2001:db8::7",
            "user_agent": full.user_agent, "details": [{ "name": "reason", "value": "WRONG_CODE, again" }],
            "seq": 1, "prev_hash": "0".repeat(64), "hash": hash,
        });
        assert_eq!((rows.len(), &rows[0]), (1, &expected));

        let table = csv(&exported(app, &["--format", "csv"]));
        assert_eq!(table.len(), 2);
        let cells: BTreeMap<_, _> = table[0].iter().zip(&table[1]).collect();
        for (field, value) in expected.as_object().unwrap() {
            let expected = match value {
                Value::String(text) if field == "user_agent" => format!("'{text}"),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(cells[field], &expected, "{field}");
        }
        assert_eq!(table[0].len(), expected.as_object().unwrap().len());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_narrowed_like_the_log() {
    harness::run(async |app| {
        let account = Scope::Account(app.account("Acme").await);
        let people = people(app, 2);
        let now = app.now();
        let at = |seconds: i64| now + time::Duration::seconds(seconds);
        let events = [
            event(account, at(0), AuditAction::LoggedIn),
            AuditEvent { actor_id: Some(people[0]), ..event(account, at(1), AuditAction::LoggedIn) },
            AuditEvent { target_id: Some(people[1]), ..event(account, at(2), AuditAction::LoggedOut) },
            AuditEvent {
                actor_id: Some(people[0]),
                target_id: Some(people[1]),
                ..event(account, at(3), AuditAction::UserRemoved)
            },
        ];
        app.store.audit_events.insert_alone(&events).await.unwrap();
        let export = |args: &[&str]| {
            let rows = rows(&exported(app, args));
            let of = |id: &AuditEventId| events.iter().position(|event| event.id == *id).unwrap();
            ids(&rows).iter().map(|id| of(&id.parse().unwrap())).collect::<Vec<_>>()
        };
        let (who, whom) = (people[0].to_string(), people[1].to_string());
        let (from, to) = (at(1).format(&Rfc3339).unwrap(), at(3).format(&Rfc3339).unwrap());
        assert_eq!(export(&["--action", "LOGGED_IN"]), [0, 1]);
        assert_eq!(export(&["--action", "LOGGED_IN", "--action", "USER_REMOVED"]), [0, 1, 3]);
        assert_eq!(export(&["--actor", &who]), [1, 3]);
        assert_eq!(export(&["--target", &whom]), [2, 3]);
        assert_eq!(export(&["--actor", &who, "--target", &whom]), [3]);
        assert_eq!(export(&["--since", &from, "--until", &to]), [1, 2]);
        assert_eq!(export(&["--scope", "deployment"]), [0_usize; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_into_a_file_is_whole_and_mistakes_are_told() {
    harness::run(async |app| {
        happen(app, Scope::Deployment, 2).await;
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = folder.path().join("log.jsonl");
        let name = path.to_str().unwrap();
        assert_eq!(exported(app, &["--output", name]), format!("2 events are in {name}.\n"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), exported(app, &[]));

        // An event that nobody can read is left out, named, and not passed over in silence.
        let odd = doc! { "scope": "deployment", "at": mongodb::bson::DateTime::now(), "action": "GONE" };
        stored(app).insert_one(odd).bypass_document_validation(true).await.unwrap();
        let output = latchkey(app, &["audit", "export"]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(printed(&output).lines().count(), 2);
        assert!(complained(&output).contains("1 events cannot be read"), "{}", complained(&output));

        for (args, expected) in [
            (["--scope", "acme"], "account_…"),
            (["--action", "SLEPT"], "LOGGED_IN"),
            (["--since", "yesterday"], "RFC 3339"),
            (["--actor", "account_x"], "user_…"),
        ] {
            let output = latchkey(app, &["audit", "export", args[0], args[1]]);
            assert_eq!(output.status.code(), Some(2));
            assert!(complained(&output).contains(expected), "{}", complained(&output));
        }
        let span = ["audit", "export", "--since", "2026-11-24T12:00:00Z", "--until", "2026-11-24T11:00:00Z"];
        assert!(complained(&latchkey(app, &span)).contains("--since is after --until"));
    })
    .await;
}
