//! Times as BSON dates (milliseconds), for `#[serde(with = …)]`.

use bson::DateTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;

pub fn serialize<S: Serializer>(at: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    DateTime::from_time_0_3(*at).serialize(serializer)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OffsetDateTime, D::Error> {
    DateTime::deserialize(deserializer).map(DateTime::to_time_0_3)
}

/// The same for a time that may be absent; absent times are left out of the document.
pub mod option {
    use super::{DateTime, Deserialize, Deserializer, OffsetDateTime, Serialize, Serializer};

    pub fn serialize<S: Serializer>(at: &Option<OffsetDateTime>, serializer: S) -> Result<S::Ok, S::Error> {
        at.map(DateTime::from_time_0_3).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<OffsetDateTime>, D::Error> {
        Ok(Option::<DateTime>::deserialize(deserializer)?.map(DateTime::to_time_0_3))
    }
}

/// A time as a BSON value, for filters and updates.
pub fn date(at: OffsetDateTime) -> bson::Bson {
    DateTime::from_time_0_3(at).into()
}
