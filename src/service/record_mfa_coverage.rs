//! The daily count: for each account and portfolio one point a day, soon after the day begins (UTC), where the numbers
//! changed since the last point.
//!
//! One replica counts at a time, by lease. How far it has come is kept after each batch, so that whoever takes over goes
//! on from there. Whatever is counted twice is written once: a point never replaces that of its own or a later day.

use std::time::Duration as StdDuration;

use time::{Date, Duration};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Error, Services};
use crate::domain::Scope;
use crate::store::leases::Lease;
use crate::store::mfa_coverage::Progress;

/// The name of the lease.
const LEASE: &str = "mfa_coverage";
/// Longer than a batch takes; a holder that died is replaced after that.
const LEASE_TIME: Duration = Duration::minutes(10);
/// Longest time that the server counts one batch.
const COUNT_TIME: StdDuration = StdDuration::from_secs(300);
/// How often it is looked whether a day has begun; a look asks the clock, not the database.
const POLL: StdDuration = StdDuration::from_secs(5);
/// How long to wait after a failure, and while another replica counts.
const AGAIN: StdDuration = StdDuration::from_secs(60);
/// Accounts of one batch at most.
const BATCH: i64 = 500;
/// Members of the accounts of one batch, unless it is one account.
const BATCH_MEMBERS: u64 = 100_000;

/// Where a batch ends, and what it holds.
struct Batch {
    of: Vec<Scope>,
    next: Progress,
}

impl Services {
    /// Counts once a day until told to stop. A day's count that failed half-way goes on a minute later.
    pub async fn keep_mfa_coverage(&self, stop: CancellationToken) {
        let holder = uuid::Uuid::new_v4().to_string();
        let mut counted: Option<Date> = None;
        while !stop.is_cancelled() {
            if counted != Some(self.now().date()) {
                match self.count_today(&holder, Some(&stop)).await {
                    Ok(day) => counted = day,
                    Err(error) => {
                        counted = None;
                        tracing::warn!(%error, "MFA coverage cannot be counted; trying on");
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(if counted.is_some() { POLL } else { AGAIN }) => {}
            }
        }
    }

    /// Counts today, if that is to be done, without a pause. The day, where it is counted whole.
    pub async fn record_mfa_coverage(&self, holder: &str) -> Result<Option<Date>, Error> {
        self.count_today(holder, None).await
    }

    async fn count_today(
        &self,
        holder: &str,
        paced: Option<&CancellationToken>,
    ) -> Result<Option<Date>, Error> {
        let day = self.now().date();
        // Most looks end here, without a write.
        if self.store().mfa_coverage.progress(day).await? == Progress::Done {
            return Ok(Some(day));
        }
        let Some(lease) = self.store().leases.acquire(LEASE, holder, self.now(), LEASE_TIME).await? else {
            return Ok(None);
        };
        let outcome = self.count_under(&lease, day, paced).await;
        self.store().leases.release(&lease).await?;
        outcome
    }

    async fn count_under(
        &self,
        lease: &Lease,
        day: Date,
        paced: Option<&CancellationToken>,
    ) -> Result<Option<Date>, Error> {
        let coverage = &self.store().mfa_coverage;
        let mut at = coverage.progress(day).await?;
        while let Some(batch) = self.batch_behind(at).await? {
            let began = Instant::now();
            if let Err(error) = self.count_batch(day, &batch.of).await {
                if error.is_unavailable() {
                    return Err(error);
                }
                // Others must not wait for what cannot be counted; it shows the day before's numbers.
                tracing::error!(%error, first = ?batch.of.first(), "MFA coverage of a batch cannot be counted");
            }
            if !coverage.claim_progress(lease.fence, day, batch.next).await?
                || !self.store().leases.renew(lease, self.now(), LEASE_TIME).await?
            {
                return Ok(None);
            }
            at = batch.next;
            if let Some(stop) = paced {
                // Half the time at most: what people ask for comes first.
                tokio::select! {
                    () = stop.cancelled() => return Ok(None),
                    () = tokio::time::sleep(began.elapsed()) => {}
                }
            }
        }
        Ok(Some(day))
    }

    async fn batch_behind(&self, at: Progress) -> Result<Option<Batch>, Error> {
        let after = match at {
            Progress::Accounts(after) => {
                let mut sum = 0_u64;
                let rows = self.store().accounts.next(after, BATCH).await?;
                let fits = |(index, (_, members)): &(usize, (_, u64))| {
                    sum = sum.saturating_add(*members);
                    *index == 0 || sum <= BATCH_MEMBERS
                };
                let ids: Vec<_> =
                    rows.into_iter().enumerate().take_while(fits).map(|(_, (id, _))| id).collect();
                if let Some(last) = ids.last().copied() {
                    let of = ids.into_iter().map(Scope::Account).collect();
                    return Ok(Some(Batch { of, next: Progress::Accounts(Some(last)) }));
                }
                None
            }
            Progress::Portfolios(after) => after,
            Progress::Done => return Ok(None),
        };
        // One portfolio at a time: it may link any number of accounts.
        let next = self.store().portfolios.next(after, 1).await?.pop();
        Ok(Some(match next {
            Some(id) => Batch { of: vec![Scope::Portfolio(id)], next: Progress::Portfolios(Some(id)) },
            None => Batch { of: Vec::new(), next: Progress::Done },
        }))
    }

    async fn count_batch(&self, day: Date, of: &[Scope]) -> Result<(), Error> {
        let latest = self.store().mfa_coverage.latest(of).await?;
        let mut counts = self.count_coverage(of, COUNT_TIME).await?;
        // Closed ones have nobody, and are shown to nobody.
        counts.retain(|scope, count| {
            count.members > 0 && latest.get(scope).is_none_or(|point| point.count != *count)
        });
        let changed: Vec<_> = counts.into_iter().collect();
        Ok(self.store().mfa_coverage.record(day, &changed).await?)
    }
}
