//! How many people of an account or portfolio have MFA: now, and on each day.
//!
//! There is no counter that enrolments and joins would keep: it would be one document that everybody of a large account
//! writes on the morning on which MFA is enforced. Instead the index is counted, a minute's worth at a time where that is
//! many keys; the history comes from the daily count (`record_mfa_coverage`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration as StdDuration;

use time::{Duration, OffsetDateTime};

use super::{Error, Services};
use crate::domain::mfa_coverage::{DAYS_MAX, history};
use crate::domain::{CoverageCount, CoveragePoint, Scope};

/// People up to whom a count is made anew each time: fewer keys than a page of a large list may read.
const ALWAYS_COUNTED: u64 = 1_000;
/// How long the count of more people is good enough.
const REMEMBERED: Duration = Duration::MINUTE;
/// Counts that a process remembers at most.
const REMEMBERED_MAX: usize = 10_000;
/// Longest time that the server counts for a reader.
const COUNT_TIME: StdDuration = StdDuration::from_secs(10);

/// How many people have MFA, now and over time.
#[derive(Debug, Clone, Default)]
pub struct MfaCoverage {
    current: CoverageCount,
    counted_at: Option<OffsetDateTime>,
    points: Vec<CoveragePoint>,
}

impl MfaCoverage {
    /// As it stands.
    pub fn current(&self) -> CoverageCount {
        self.current
    }

    /// When that was counted.
    pub fn counted_at(&self, now: OffsetDateTime) -> OffsetDateTime {
        self.counted_at.unwrap_or(now)
    }

    /// One point for each of the last days, today included, from the first day that was counted.
    pub fn history(&self, now: OffsetDateTime, days: u16) -> Vec<CoveragePoint> {
        history(&self.points, now.date(), days)
    }
}

/// A number of days as asked for.
pub fn checked_days(days: i32) -> Result<u16, Error> {
    let bad = || Error::bad_input("days", format!("a number of days from 1 to {DAYS_MAX}"));
    u16::try_from(days).ok().filter(|days| (1..=DAYS_MAX).contains(days)).ok_or_else(bad)
}

/// Counts of many people, as this process made them lately.
#[derive(Default)]
pub(super) struct RecentCounts(Mutex<HashMap<Scope, (OffsetDateTime, CoverageCount)>>);

impl RecentCounts {
    fn get(&self, scope: Scope, now: OffsetDateTime) -> Option<(OffsetDateTime, CoverageCount)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(&scope).copied().filter(|(at, _)| fresh(*at, now))
    }

    fn keep(&self, scope: Scope, now: OffsetDateTime, count: CoverageCount) {
        if count.members <= ALWAYS_COUNTED {
            return;
        }
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= REMEMBERED_MAX {
            counts.retain(|_, (at, _)| fresh(*at, now));
        }
        if counts.len() < REMEMBERED_MAX {
            counts.insert(scope, (now, count));
        }
    }
}

fn fresh(at: OffsetDateTime, now: OffsetDateTime) -> bool {
    at <= now && now < at + REMEMBERED
}

impl Services {
    /// The coverage of accounts and portfolios, for the loaders: it does not ask who is asking.
    pub async fn mfa_coverage_of(&self, of: &[Scope]) -> Result<HashMap<Scope, Arc<MfaCoverage>>, Error> {
        let now = self.now();
        let mut counts = HashMap::new();
        let mut missing = Vec::new();
        for &scope in of {
            match self.coverage.get(scope, now) {
                Some(found) => drop(counts.insert(scope, found)),
                None => missing.push(scope),
            }
        }
        let (counted, mut points) = tokio::try_join!(self.count_coverage(&missing, COUNT_TIME), async {
            Ok(self.store().mfa_coverage.points(of).await?)
        })?;
        for scope in missing {
            let count = counted.get(&scope).copied().unwrap_or_default();
            self.coverage.keep(scope, now, count);
            counts.insert(scope, (now, count));
        }
        let coverage = |(scope, (at, current))| {
            let points = points.remove(&scope).unwrap_or_default();
            (scope, Arc::new(MfaCoverage { current, counted_at: Some(at), points }))
        };
        Ok(counts.into_iter().map(coverage).collect())
    }

    /// Counts over the indexes.
    pub(super) async fn count_coverage(
        &self,
        of: &[Scope],
        max_time: StdDuration,
    ) -> Result<HashMap<Scope, CoverageCount>, Error> {
        let (mut accounts, mut portfolios) = (Vec::new(), Vec::new());
        for scope in of {
            match *scope {
                Scope::Account(id) => accounts.push(id),
                Scope::Portfolio(id) => portfolios.push(id),
                Scope::User(_) | Scope::Deployment => {}
            }
        }
        let members = &self.store().account_members;
        let (accounts, portfolios) = tokio::try_join!(
            members.coverage_of_accounts(&accounts, max_time),
            members.coverage_of_portfolios(&portfolios, max_time),
        )?;
        let accounts = accounts.into_iter().map(|(id, count)| (Scope::Account(id), count));
        let portfolios = portfolios.into_iter().map(|(id, count)| (Scope::Portfolio(id), count));
        Ok(accounts.chain(portfolios).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::domain::AccountId;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

    fn many(members: u64) -> CoverageCount {
        CoverageCount { members, with_mfa: 1 }
    }

    #[test]
    fn only_counts_of_many_people_are_remembered_and_for_a_minute() {
        let (counts, large, small) = (
            RecentCounts::default(),
            Scope::Account(AccountId::generate(NOW)),
            Scope::Account(AccountId::generate(NOW)),
        );
        counts.keep(large, NOW, many(ALWAYS_COUNTED + 1));
        counts.keep(small, NOW, many(ALWAYS_COUNTED));
        let later = NOW + Duration::SECOND * 59;
        assert_eq!(counts.get(large, later), Some((NOW, many(ALWAYS_COUNTED + 1))));
        assert_eq!(counts.get(small, later), None);
        assert_eq!(counts.get(large, NOW + Duration::MINUTE), None);
        assert_eq!(counts.get(large, NOW - Duration::SECOND), None, "a clock that went back");
    }

    #[test]
    fn no_more_counts_are_remembered_than_fit_and_old_ones_make_room() {
        let counts = RecentCounts::default();
        let scope = || Scope::Account(AccountId::generate(NOW));
        for _ in 0..=REMEMBERED_MAX {
            counts.keep(scope(), NOW, many(5_000));
        }
        assert_eq!(counts.0.lock().unwrap().len(), REMEMBERED_MAX);
        let (late, newcomer) = (NOW + Duration::MINUTE, scope());
        counts.keep(newcomer, late, many(5_000));
        assert!(counts.get(newcomer, late).is_some());
    }

    #[test]
    fn days_are_between_one_and_a_leap_year() {
        for days in [-1, 0, 367, i32::MAX] {
            let refused = checked_days(days).unwrap_err().to_string();
            assert_eq!(refused, "days: expected a number of days from 1 to 366");
        }
        assert_eq!((checked_days(1).unwrap(), checked_days(366).unwrap()), (1, 366));
    }
}
