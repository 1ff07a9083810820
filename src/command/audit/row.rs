//! An event as it is exported: the same fields in both formats. `docs/AUDIT.md` describes them.

use serde::Serialize;
use time::format_description::well_known::Rfc3339;

use crate::domain::{AuditAction, AuditEvent, Credential};
use crate::store::audit_chain::{Seal, StoredEvent};

/// The names of the fields, in their order.
pub(super) const FIELDS: [&str; 14] = [
    "id",
    "scope",
    "at",
    "action",
    "actor",
    "target",
    "credential",
    "session",
    "ip",
    "user_agent",
    "details",
    "seq",
    "prev_hash",
    "hash",
];

#[derive(Debug, Serialize)]
struct Detail {
    name: String,
    value: String,
}

/// What is exported of an event.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    id: String,
    scope: String,
    at: String,
    action: AuditAction,
    actor: Option<String>,
    target: Option<String>,
    credential: Option<Credential>,
    session: Option<String>,
    ip: Option<String>,
    user_agent: Option<String>,
    details: Vec<Detail>,
    seq: Option<i64>,
    prev_hash: Option<String>,
    hash: Option<String>,
}

impl Row {
    /// Nothing where what is stored does not say what an event says.
    pub(super) fn of(stored: StoredEvent) -> Option<Self> {
        let seal = stored.seal;
        stored.event.map(|event| Self::of_event(event, seal.as_ref()))
    }

    fn of_event(event: AuditEvent, seal: Option<&Seal>) -> Self {
        Self {
            id: event.id.to_string(),
            scope: event.scope.to_string(),
            at: event.at.format(&Rfc3339).unwrap_or_default(),
            action: event.action,
            actor: event.actor_id.map(|id| id.to_string()),
            target: event.target_id.map(|id| id.to_string()),
            credential: event.credential,
            session: event.session_id.map(|id| id.to_string()),
            ip: event.ip.map(|ip| ip.to_string()),
            user_agent: event.user_agent,
            details: event.details.into_iter().map(|(name, value)| Detail { name, value }).collect(),
            seq: seal.map(|seal| seal.seq),
            prev_hash: seal.map(|seal| seal.previous.to_string()),
            hash: seal.map(|seal| seal.hash.to_string()),
        }
    }

    /// One line of JSON, without its end.
    pub(super) fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// The fields as texts, in the order of [`FIELDS`]; what is absent is empty.
    pub(super) fn cells(&self) -> serde_json::Result<[String; 14]> {
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        let details =
            if self.details.is_empty() { String::new() } else { serde_json::to_string(&self.details)? };
        let credential = serde_json::to_value(self.credential)?;
        Ok([
            self.id.clone(),
            self.scope.clone(),
            self.at.clone(),
            self.action.as_str().to_owned(),
            or_empty(&self.actor),
            or_empty(&self.target),
            credential.as_str().unwrap_or_default().to_owned(),
            or_empty(&self.session),
            or_empty(&self.ip),
            or_empty(&self.user_agent),
            details,
            self.seq.map(|seq| seq.to_string()).unwrap_or_default(),
            or_empty(&self.prev_hash),
            or_empty(&self.hash),
        ])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use time::macros::datetime;

    use super::*;
    use crate::domain::{AuditEventId, Scope, UserId};

    fn event() -> AuditEvent {
        let at = datetime!(2026-11-24 12:00:00.5 UTC);
        AuditEvent {
            id: AuditEventId::generate(at),
            at,
            scope: Scope::Deployment,
            action: AuditAction::LogInRefused,
            actor_id: None,
            target_id: Some(UserId::generate(at)),
            credential: Some(Credential::BackupCode),
            session_id: None,
            ip: Some("192.0.2.7".parse().unwrap()),
            user_agent: Some("=cmd".to_owned()),
            details: vec![("reason".to_owned(), "WRONG_CODE".to_owned())],
        }
    }

    #[test]
    fn both_formats_have_the_same_fields_in_the_same_order() {
        let row = Row::of_event(event(), None);
        let json = row.json().unwrap();
        let mut rest = json.as_str();
        for field in FIELDS {
            let name = format!("\"{field}\":");
            rest = &rest[rest.find(&name).unwrap_or_else(|| panic!("{field} is not next in {json}"))..];
        }
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value.as_object().unwrap().len(), FIELDS.len());
        let cells = row.cells().unwrap();
        for (field, cell) in FIELDS.iter().zip(&cells) {
            match &value[field] {
                serde_json::Value::Null => assert_eq!(cell, "", "{field}"),
                serde_json::Value::String(text) => assert_eq!(cell, text, "{field}"),
                other => assert_eq!(cell, &other.to_string(), "{field}"),
            }
        }
        assert_eq!(cells[2], "2026-11-24T12:00:00.5Z");
        assert_eq!((cells[3].as_str(), cells[6].as_str()), ("LOG_IN_REFUSED", "BACKUP_CODE"));
    }
}
