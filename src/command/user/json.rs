//! Stored documents as plain JSON: ids as the API spells them, times as RFC 3339.

use bson::{Bson, Document};
use serde_json::Value;
use time::format_description::well_known::Rfc3339;

use crate::domain::{
    AccountId, AuditEventId, DeviceChallengeId, DeviceId, InvitationId, MailId, MailLinkId, MfaResetId,
    PortfolioId, RecoveryId, RoleId, SessionId, UserId, WebhookId,
};

/// A document of this kind: of a name in the list of what is stored about people.
pub(super) fn document(kind: &str, document: Document) -> Value {
    let field = |(name, value): (String, Bson)| match name.as_str() {
        "_id" => ("id".to_owned(), self::value(kind, value)),
        // Whose documents of this kind these are, once more.
        _ => (name.clone(), self::value(&name, value)),
    };
    Value::Object(document.into_iter().map(field).collect())
}

fn value(field: &str, value: Bson) -> Value {
    let inner = |(name, value): (String, Bson)| {
        let value = self::value(&name, value);
        (name, value)
    };
    match value {
        Bson::DateTime(at) => at.to_time_0_3().format(&Rfc3339).map_or(Value::Null, Value::String),
        Bson::Binary(binary) => binary.to_uuid().map_or(Value::Null, |id| Value::String(id_text(field, &id))),
        Bson::Document(document) => Value::Object(document.into_iter().map(inner).collect()),
        Bson::Array(items) => Value::Array(items.into_iter().map(|item| self::value(field, item)).collect()),
        Bson::Null => Value::Null,
        Bson::Boolean(yes) => Value::Bool(yes),
        Bson::Int32(number) => number.into(),
        Bson::Int64(number) => number.into(),
        Bson::String(text) => Value::String(text),
        other => Value::String(other.to_string()),
    }
}

/// An id as the API spells it, by the field that it stands in, or the kind of document that it is the id of.
fn id_text(field: &str, id: &bson::Uuid) -> String {
    fn of<T: serde::de::DeserializeOwned + ToString>(id: &bson::Uuid) -> String {
        bson::deserialize_from_bson::<T>(Bson::from(*id)).map_or_else(|_| id.to_string(), |id| id.to_string())
    }
    let spelt = match field {
        "users" | "user_id" | "owner_id" | "security_contact" | "contacts" | "requested_by"
        | "approved_by" | "recovered_by" | "invited_by" | "actor" | "target" | "from" | "to" | "by" => {
            of::<UserId>
        }
        "accounts" | "account_id" | "recovery_contacts" => of::<AccountId>,
        "portfolios" | "portfolio_id" => of::<PortfolioId>,
        "custom_role_id" => of::<RoleId>,
        "session" | "session_id" => of::<SessionId>,
        "mfa_resets" | "mfa_resets_of_others" | "reset_id" => of::<MfaResetId>,
        "invitations" | "invitations_sent" | "invitation_id" => of::<InvitationId>,
        "recoveries" | "recovery_id" => of::<RecoveryId>,
        "devices" => of::<DeviceId>,
        "device_challenges" | "challenge_id" => of::<DeviceChallengeId>,
        "mail_links" | "link_id" => of::<MailLinkId>,
        "outbox" => of::<MailId>,
        "webhooks_created" | "webhook_id" => of::<WebhookId>,
        "audit_events" => of::<AuditEventId>,
        _ => bson::Uuid::to_string,
    };
    spelt(id)
}
