//! The places in each kind of list, as the parts of a cursor.

use time::OffsetDateTime;

use super::connection::CursorPlace;
use crate::domain::{AccountId, InvitationId, MfaResetId, PortfolioId, SessionId, WebhookDeliveryId};
use crate::service::directory::security::AuditPlace;
use crate::service::directory::{PersonPlace, PlaceByName, RolePlace};

impl CursorPlace for PersonPlace {
    fn parts(&self) -> Vec<String> {
        match self {
            Self::Name(key, id) => vec!["n".to_owned(), key.clone(), id.to_string()],
            Self::Email(key, id) => vec!["e".to_owned(), key.clone(), id.to_string()],
        }
    }

    fn from_parts(parts: &[String]) -> Option<Self> {
        let [kind, key, id] = parts else { return None };
        let id = id.parse().ok()?;
        match kind.as_str() {
            "n" => Some(Self::Name(key.clone(), id)),
            "e" => Some(Self::Email(key.clone(), id)),
            _ => None,
        }
    }
}

macro_rules! cursor_ids {
    ($($id:ty),*) => {$(
        impl CursorPlace for $id {
            fn parts(&self) -> Vec<String> {
                vec![self.to_string()]
            }

            fn from_parts(parts: &[String]) -> Option<Self> {
                let [id] = parts else { return None };
                id.parse().ok()
            }
        }
    )*};
}

macro_rules! cursor_names {
    ($($id:ty),*) => {$(
        impl CursorPlace for PlaceByName<$id> {
            fn parts(&self) -> Vec<String> {
                vec![self.0.clone(), self.1.to_string()]
            }

            fn from_parts(parts: &[String]) -> Option<Self> {
                let [key, id] = parts else { return None };
                Some(Self(key.clone(), id.parse().ok()?))
            }
        }
    )*};
}

impl CursorPlace for RolePlace {
    fn parts(&self) -> Vec<String> {
        vec![self.0.clone()]
    }

    fn from_parts(parts: &[String]) -> Option<Self> {
        let [key] = parts else { return None };
        Some(Self(key.clone()))
    }
}

impl CursorPlace for AuditPlace {
    fn parts(&self) -> Vec<String> {
        vec![(self.0.unix_timestamp_nanos() / 1_000_000).to_string(), self.1.to_string()]
    }

    fn from_parts(parts: &[String]) -> Option<Self> {
        let [millis, id] = parts else { return None };
        let millis: i64 = millis.parse().ok()?;
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).ok()?;
        Some(Self(at, id.parse().ok()?))
    }
}

cursor_ids!(SessionId, MfaResetId, InvitationId, WebhookDeliveryId);
cursor_names!(AccountId, PortfolioId);
