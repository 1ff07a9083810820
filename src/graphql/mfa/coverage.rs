//! How many people of an account or portfolio have MFA, now and over time.

use async_graphql::{Context, Result, SimpleObject};
use time::Time;

use crate::domain::{CoverageCount, CoveragePoint, Scope};
use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::scalar::DateTime;
use crate::service::mfa_coverage::checked_days;

/// How many people there are, and how many of them have MFA.
#[derive(SimpleObject)]
pub struct MfaCoverageCount {
    /// People.
    members: i32,
    /// People with MFA.
    with_mfa: i32,
    /// When they were counted: now, or within the last minute where there are more than 1,000 people.
    counted_at: DateTime,
}

/// How many people there were on a day, and how many of them had MFA.
#[derive(SimpleObject)]
pub struct MfaCoveragePoint {
    /// The day, as the moment at which it begins in UTC.
    day: DateTime,
    /// People.
    members: i32,
    /// People with MFA.
    with_mfa: i32,
}

/// How many people have MFA, now and over time. Who may see it: Owner and Admin of the account, Portfolio Owner and
/// Portfolio Admin.
#[derive(SimpleObject)]
pub struct MfaCoverage {
    /// As it stands.
    current: MfaCoverageCount,
    /// One point for each day, the earliest first, today's last: as counted soon after the day began. A day on which
    /// nothing was counted repeats the one before; days before the first count have none.
    history: Vec<MfaCoveragePoint>,
}

fn number(of: u64) -> i32 {
    i32::try_from(of).unwrap_or(i32::MAX)
}

impl From<CoveragePoint> for MfaCoveragePoint {
    fn from(point: CoveragePoint) -> Self {
        let CoverageCount { members, with_mfa } = point.count;
        let day = point.day.with_time(Time::MIDNIGHT).assume_utc().into();
        Self { day, members: number(members), with_mfa: number(with_mfa) }
    }
}

/// The coverage, for whoever was found to be allowed to see it.
pub async fn mfa_coverage(ctx: &Context<'_>, of: Scope, days: i32) -> Result<MfaCoverage> {
    let request = request(ctx)?;
    let days = checked_days(days).or_error(request)?;
    let found = request.loaders().mfa_coverage.one(of).await?;
    let now = request.services.clock_now();
    let CoverageCount { members, with_mfa } = found.current();
    let counted_at = found.counted_at(now).into();
    let current = MfaCoverageCount { members: number(members), with_mfa: number(with_mfa), counted_at };
    let history = found.history(now, days).into_iter().map(MfaCoveragePoint::from).collect();
    Ok(MfaCoverage { current, history })
}
