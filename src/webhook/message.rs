//! What is sent: the event as it stands in the account's log, and nothing else. `docs/WEBHOOKS.md` describes it.

use bytes::Bytes;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::client::Message;
use crate::crypto::WebhookSecret;
use crate::domain::{AccountId, AuditEvent, Credential, WebhookDelivery};

#[derive(Serialize)]
struct Envelope<'a, T> {
    r#type: &'a str,
    timestamp: String,
    data: T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    name: &'a str,
    value: &'a str,
}

/// The fields of `AuditEvent` in the schema, people by their ids: who they are may have changed until somebody reads it, and
/// an id says nothing to whoever has no business with them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    id: String,
    account_id: String,
    at: String,
    action: &'static str,
    actor_id: Option<String>,
    target_id: Option<String>,
    credential: Option<Credential>,
    session_id: Option<String>,
    ip: Option<String>,
    user_agent: Option<&'a str>,
    details: Vec<Detail<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    account_id: String,
    webhook_id: String,
}

fn rfc3339(at: OffsetDateTime) -> String {
    // Cannot fail for the years that a clock shows.
    at.format(&Rfc3339).unwrap_or_default()
}

/// The body of an event's message.
pub fn of_event(
    account: AccountId,
    delivery: &WebhookDelivery,
    event: &AuditEvent,
) -> serde_json::Result<Vec<u8>> {
    let data = Event {
        id: event.id.to_string(),
        account_id: account.to_string(),
        at: rfc3339(event.at),
        action: event.action.as_str(),
        actor_id: event.actor_id.map(|id| id.to_string()),
        target_id: event.target_id.map(|id| id.to_string()),
        credential: event.credential,
        session_id: event.session_id.map(|id| id.to_string()),
        ip: event.ip.map(|ip| ip.to_string()),
        user_agent: event.user_agent.as_deref(),
        details: event.details.iter().map(|(name, value)| Detail { name, value }).collect(),
    };
    serde_json::to_vec(&Envelope { r#type: &delivery.message_type(), timestamp: rfc3339(event.at), data })
}

/// The body of a test.
pub fn of_test(account: AccountId, delivery: &WebhookDelivery) -> serde_json::Result<Vec<u8>> {
    let data = Test { account_id: account.to_string(), webhook_id: delivery.webhook_id.to_string() };
    let timestamp = rfc3339(delivery.created_at);
    serde_json::to_vec(&Envelope { r#type: &delivery.message_type(), timestamp, data })
}

/// A body with the headers of this attempt. Each secret signs.
pub fn signed(id: &str, now: OffsetDateTime, body: Vec<u8>, secrets: &[WebhookSecret]) -> Message {
    let at = now.unix_timestamp();
    let signatures: Vec<String> = secrets.iter().map(|secret| secret.sign(id, at, &body)).collect();
    Message {
        headers: [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", at.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ],
        body: Bytes::from(body),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use serde_json::json;
    use time::macros::datetime;

    use super::*;
    use crate::domain::{AuditAction, AuditEventId, Scope, SessionId, UserId, WebhookId};

    #[test]
    fn a_message_holds_what_the_log_shows() {
        let at = datetime!(2026-11-24 12:00:00.5 UTC);
        let (account, actor) = (AccountId::generate(at), UserId::generate(at));
        let event = AuditEvent {
            id: AuditEventId::generate(at),
            at,
            scope: Scope::Account(account),
            action: AuditAction::MfaResetRequested,
            actor_id: Some(actor),
            target_id: None,
            credential: Some(Credential::Session),
            session_id: Some(SessionId::generate(at)),
            ip: Some("192.0.2.7".parse().unwrap()),
            user_agent: Some("Some browser".to_owned()),
            details: vec![("reset".to_owned(), "mfareset_1".to_owned())],
        };
        let webhook = WebhookId::generate(at);
        let delivery = WebhookDelivery::new(webhook, Some((event.id, event.action)), at);
        let body: serde_json::Value =
            serde_json::from_slice(&of_event(account, &delivery, &event).unwrap()).unwrap();
        assert_eq!(
            body,
            json!({
                "type": "audit.MFA_RESET_REQUESTED",
                "timestamp": "2026-11-24T12:00:00.5Z",
                "data": {
                    "id": event.id.to_string(), "accountId": account.to_string(), "at": "2026-11-24T12:00:00.5Z",
                    "action": "MFA_RESET_REQUESTED", "actorId": actor.to_string(), "targetId": null,
                    "credential": "SESSION", "sessionId": event.session_id.unwrap().to_string(), "ip": "192.0.2.7",
                    "userAgent": "Some browser", "details": [{ "name": "reset", "value": "mfareset_1" }],
                },
            })
        );
        let test = WebhookDelivery::new(webhook, None, at);
        let body: serde_json::Value = serde_json::from_slice(&of_test(account, &test).unwrap()).unwrap();
        assert_eq!(body["type"], "webhook.TEST");
        assert_eq!(
            body["data"],
            json!({ "accountId": account.to_string(), "webhookId": webhook.to_string() })
        );
    }

    #[test]
    fn every_secret_signs() {
        let secrets = [WebhookSecret::generate(), WebhookSecret::generate()];
        let message = signed("audit_1", datetime!(2026-11-24 12:00 UTC), b"{}".to_vec(), &secrets);
        let [(_, id), (_, at), (_, signatures)] = &message.headers;
        assert_eq!((id.as_str(), at.as_str()), ("audit_1", "1795521600"));
        let both: Vec<String> = secrets.iter().map(|s| s.sign("audit_1", 1_795_521_600, b"{}")).collect();
        assert_eq!(signatures, &both.join(" "));
    }
}
