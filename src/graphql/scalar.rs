//! Scalars of the schema.

use async_graphql::{ContextSelectionSet, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::ready::AtOnce;
use crate::domain::moment;

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
        let expected =
            "expected RFC 3339 text such as 2026-11-24T12:00:00Z, of the years 0000 to 9999 in UTC";
        let at = moment::read(text).ok_or_else(|| InputValueError::custom(expected))?;
        // MongoDB keeps milliseconds: what is finer would not come back.
        at.replace_millisecond(at.millisecond()).map(Self).map_err(|_| InputValueError::custom(expected))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format(&Rfc3339).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_comes_back_in_utc_to_the_millisecond() {
        let moment = DateTime::parse(Value::from("9999-12-31T23:59:59.9999-00:00")).unwrap();
        assert_eq!(moment.to_value(), Value::from("9999-12-31T23:59:59.999Z"));
        assert!(DateTime::parse(Value::from("9999-12-31T23:59:59-23:59")).is_err());
    }
}
