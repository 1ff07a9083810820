//! Typed identifiers: UUIDv7 in the database (BSON binary, subtype 4), TypeID text on the wire
//! (`user_01jd…`, see <https://github.com/jetify-com/typeid>). A wrong prefix never parses.

use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use type_safe_id::{StaticType, TypeSafeId};
use uuid::{ContextV7, Timestamp, Uuid};

/// Keeps identifiers of one process in order within a millisecond (RFC 9562, section 6.2, method 1).
static ORDER: Mutex<ContextV7> = Mutex::new(ContextV7::new());

fn uuid_at(now: OffsetDateTime) -> Uuid {
    let seconds = u64::try_from(now.unix_timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(&ORDER, seconds, now.nanosecond()))
}

/// Text that is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id of the form {expected}_…")]
pub struct IdError {
    /// The prefix that was expected.
    pub expected: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $marker:ident, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        #[derive(Default)]
        struct $marker;

        impl StaticType for $marker {
            const TYPE: &'static str = $prefix;
        }

        impl $name {
            /// The prefix of the text form.
            pub const PREFIX: &'static str = $prefix;

            /// A new identifier; later ones sort after earlier ones.
            pub fn generate(now: OffsetDateTime) -> Self {
                Self(uuid_at(now))
            }

            /// The lowest identifier of a moment's millisecond: those of earlier moments are lower.
            pub fn first_at(at: OffsetDateTime) -> Self {
                let millis = u128::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
                Self(Uuid::from_u128(millis << 80))
            }

            /// Wraps a stored UUID.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID as it is stored.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                TypeSafeId::<$marker>::from_uuid(self.0).fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let id: TypeSafeId<$marker> = text.parse().map_err(|_| IdError { expected: $prefix })?;
                // TypeIDs have exactly one spelling; accepting others would make two ids of one thing.
                if id.to_string() == text { Ok(Self(id.uuid())) } else { Err(IdError { expected: $prefix }) }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                bson::Uuid::from_uuid_1(self.0).serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                bson::Uuid::deserialize(deserializer).map(|uuid| Self(uuid.to_uuid_1()))
            }
        }

        impl From<$name> for bson::Bson {
            fn from(id: $name) -> Self {
                bson::Uuid::from_uuid_1(id.0).into()
            }
        }
    )*};
}

ids! {
    /// A person.
    UserId, UserMarker, "user";
    /// A customer's account.
    AccountId, AccountMarker, "account";
    /// A group of accounts.
    PortfolioId, PortfolioMarker, "portfolio";
    /// One request to reset a user's MFA.
    MfaResetId, MfaResetMarker, "mfareset";
    /// A log-in that lasts; never the token itself.
    SessionId, SessionMarker, "session";
    /// One entry of the audit log.
    AuditEventId, AuditEventMarker, "audit";
    /// One mail in the outbox.
    MailId, MailMarker, "mail";
    /// An invitation to an account or portfolio.
    InvitationId, InvitationMarker, "invitation";
    /// A one-time link that travels by mail; never its token.
    MailLinkId, MailLinkMarker, "link";
    /// A role that an account has defined.
    RoleId, RoleMarker, "role";
    /// A log-in from an unknown browser that waits for a mailed code; never its token.
    DeviceChallengeId, DeviceChallengeMarker, "devicechallenge";
    /// A browser that somebody has logged in from; never its token.
    DeviceId, DeviceMarker, "device";
    /// An Owner who is locked out asks their recovery contacts; never a token.
    RecoveryId, RecoveryMarker, "recovery";
    /// An endpoint that an account has its audit events sent to.
    WebhookId, WebhookMarker, "webhook";
    /// One audit event on its way to one webhook.
    WebhookDeliveryId, WebhookDeliveryMarker, "delivery";
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

    #[test]
    fn text_form_round_trips() {
        let id = UserId::generate(NOW);
        assert!(id.to_string().starts_with("user_01"));
        assert_eq!(id.to_string().parse::<UserId>().unwrap(), id);
    }

    #[test]
    fn a_wrong_prefix_or_spelling_is_refused() {
        let id = UserId::generate(NOW).to_string();
        assert!(id.parse::<AccountId>().is_err());
        assert!(id.to_uppercase().parse::<UserId>().is_err());
        assert!(id.replace("user_", "").parse::<UserId>().is_err());
        for text in ["", "user_", "user", "user_zzzzzzzzzzzzzzzzzzzzzzzzzz", "user_01jd\u{0}"] {
            assert!(text.parse::<UserId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn ids_of_one_millisecond_keep_their_order() {
        let ids: Vec<_> = (0..1000).map(|_| AuditEventId::generate(NOW)).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn ids_are_stored_as_binary_subtype_4() {
        let bson::Bson::Binary(binary) = bson::Bson::from(UserId::generate(NOW)) else {
            panic!("not binary")
        };
        assert_eq!(binary.subtype, bson::spec::BinarySubtype::Uuid);
    }
}
