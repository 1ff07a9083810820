//! How many people have MFA, over time. A day's point is stored only where the numbers changed; reading carries the last
//! one forward.

use time::Date;

/// Points that a history shows at most: a leap year's.
pub const DAYS_MAX: u16 = 366;

/// How many people there are, and how many of them have MFA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CoverageCount {
    /// People.
    pub members: u64,
    /// People with MFA.
    pub with_mfa: u64,
}

/// How it stood on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoveragePoint {
    /// The day, in UTC.
    pub day: Date,
    /// How it stood when the day's count was made, soon after the day began.
    pub count: CoverageCount,
}

/// One point for each of the last `days` days up to `today`, the earliest first. `stored` is in order of days; days before
/// the first one have no point, and a day without one of its own repeats the one before.
pub fn history(stored: &[CoveragePoint], today: Date, days: u16) -> Vec<CoveragePoint> {
    let mut points = Vec::with_capacity(usize::from(days));
    let mut stored = stored.iter().peekable();
    let mut last = None;
    for back in (0..i64::from(days)).rev() {
        let Some(day) = today.checked_sub(time::Duration::days(back)) else { continue };
        while let Some(point) = stored.next_if(|point| point.day <= day) {
            last = Some(point.count);
        }
        points.extend(last.map(|count| CoveragePoint { day, count }));
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use time::macros::date;

    const TODAY: Date = date!(2026 - 11 - 24);

    fn point(day: Date, with_mfa: u64) -> CoveragePoint {
        CoveragePoint { day, count: CoverageCount { members: 10, with_mfa } }
    }

    #[rstest]
    #[case::nothing_was_counted_yet(&[], 3, &[])]
    #[case::days_before_the_first_count_have_no_point(&[(24, 5)], 3, &[(24, 5)])]
    #[case::a_day_without_a_count_repeats_the_one_before(&[(21, 4), (23, 5)], 4, &[(21, 4), (22, 4), (23, 5), (24, 5)])]
    #[case::what_was_counted_before_the_window_is_carried_into_it(&[(1, 2), (3, 4)], 2, &[(23, 4), (24, 4)])]
    #[case::the_first_day_of_the_window_belongs_to_it(&[(1, 2), (23, 4)], 2, &[(23, 4), (24, 4)])]
    #[case::a_day_that_has_not_begun_is_not_shown(&[(24, 4), (25, 9)], 1, &[(24, 4)])]
    fn a_history_has_one_point_a_day(
        #[case] stored: &[(u8, u64)],
        #[case] days: u16,
        #[case] shown: &[(u8, u64)],
    ) {
        let points = |of: &[(u8, u64)]| -> Vec<_> {
            of.iter().map(|(day, with_mfa)| point(TODAY.replace_day(*day).unwrap(), *with_mfa)).collect()
        };
        assert_eq!(history(&points(stored), TODAY, days), points(shown));
    }

    #[test]
    fn a_history_is_no_longer_than_asked_for() {
        let points = history(&[point(date!(2020 - 01 - 01), 1)], TODAY, DAYS_MAX);
        assert_eq!(points.len(), usize::from(DAYS_MAX));
        assert_eq!(points.first().map(|point| point.day), Some(date!(2025 - 11 - 24)));
        assert_eq!(points.last().map(|point| point.day), Some(TODAY));
    }
}
