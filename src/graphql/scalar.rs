//! Scalars of the schema.

use async_graphql::{ContextSelectionSet, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::ready::AtOnce;

/// A moment as RFC 3339 text in UTC, to the millisecond: `2026-11-24T12:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime(pub OffsetDateTime);

impl From<OffsetDateTime> for DateTime {
    fn from(at: OffsetDateTime) -> Self {
        Self(at)
    }
}

impl AtOnce for DateTime {
    fn at_once(&self, _: &ContextSelectionSet<'_>) -> Option<Value> {
        Some(self.to_value())
    }
}

/// A moment as RFC 3339 text in UTC, to the millisecond: `2026-11-24T12:00:00Z`.
#[Scalar(name = "DateTime", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let at = OffsetDateTime::parse(text, &Rfc3339)
            .map_err(|_| InputValueError::custom("expected RFC 3339 text such as 2026-11-24T12:00:00Z"))?;
        let at = at.to_offset(time::UtcOffset::UTC);
        // MongoDB keeps milliseconds: what is finer would not come back.
        at.replace_millisecond(at.millisecond())
            .map(Self)
            .map_err(|_| InputValueError::custom("out of range"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format(&Rfc3339).unwrap_or_default())
    }
}
