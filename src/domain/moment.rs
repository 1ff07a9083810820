//! Moments as text.

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// A moment that RFC 3339 text tells, in UTC. Offsets move the ends of the years 0000 and 9999 to years that it has no text
/// for; those are no moments.
pub fn read(text: &str) -> Option<OffsetDateTime> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    at.checked_to_offset(UtcOffset::UTC).filter(|at| (0..=9999).contains(&at.year()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("9999-12-31T23:59:59.999999999-23:59")]
    #[case("9999-12-31T23:59:59-00:01")]
    #[case("0000-01-01T00:00:00+00:01")]
    #[case("+10000-01-01T00:00:00Z")]
    #[case("2026-11-24")]
    fn a_moment_that_utc_has_no_text_for_is_refused(#[case] text: &str) {
        assert_eq!(read(text), None);
    }

    #[rstest]
    #[case("9999-12-31T23:59:59.9999Z", "9999-12-31T23:59:59.9999Z")]
    #[case("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z")]
    #[case("2026-11-24T13:00:00+01:00", "2026-11-24T12:00:00Z")]
    fn a_moment_is_told_in_utc(#[case] given: &str, #[case] told: &str) {
        assert_eq!(read(given).unwrap().format(&Rfc3339).unwrap(), told);
    }
}
