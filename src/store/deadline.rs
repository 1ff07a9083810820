//! Until when a request may work, and what ends its work in MongoDB then.
//!
//! The deadline travels with the task, not through every call, and with it what logs and traces call the request. A read
//! takes what is left of it as `maxTimeMS`, so the server ends it; the driver's future then resolves by itself, for a driver
//! future that is dropped stalls its connections. Writes have no `maxTimeMS` in this driver: they run in a session that the
//! server is told to end (`killSessions`), which undoes an open transaction, too.
//!
//! Work without a deadline (the mail worker, `import`) is bounded as before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bson::doc;
use futures_util::future::Either;
use mongodb::{Client, ClientSession};
use opentelemetry::Context;
use opentelemetry::context::FutureExt as _;
use opentelemetry::trace::TraceContextExt as _;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use super::StoreError;

/// Longest time that the server works on one read.
const LONGEST: Duration = Duration::from_secs(10);

tokio::task_local! {
    static DEADLINE: Deadline;
}

/// Until when a request may work, and whether somebody waits for its answer.
#[derive(Debug, Clone)]
pub struct Deadline {
    at: Instant,
    abandoned: Arc<AtomicBool>,
}

impl From<Instant> for Deadline {
    fn from(at: Instant) -> Self {
        Self { at, abandoned: Arc::default() }
    }
}

impl Deadline {
    /// While this lives, somebody waits. Afterwards no batch of look-ups begins any more; what MongoDB has begun ends by
    /// itself.
    pub fn waiting(&self) -> Waiting {
        Waiting(self.abandoned.clone())
    }
}

/// Somebody who waits for an answer.
#[derive(Debug)]
pub struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Whether nobody waits any more for what this task works on.
pub fn abandoned() -> bool {
    DEADLINE.try_with(|deadline| deadline.abandoned.load(Ordering::Relaxed)).unwrap_or(false)
}

/// Runs `work`, whose use of MongoDB ends at `deadline`, under the names that the caller has in logs and traces, in
/// whichever task.
pub fn by<T>(deadline: impl Into<Deadline>, work: impl Future<Output = T>) -> impl Future<Output = T> {
    DEADLINE.scope(deadline.into(), named(work))
}

/// The same deadline and names for work in another task.
pub fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let (deadline, work) = (DEADLINE.try_get().ok(), named(work));
    match deadline {
        Some(deadline) => Either::Left(DEADLINE.scope(deadline, work)),
        None => Either::Right(work),
    }
}

/// Where nothing is traced, a trace costs nothing. No `async` block: it would hold the work twice.
fn named<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let trace = Context::map_current(|context| context.has_active_span().then(|| context.clone()));
    let work = work.in_current_span();
    match trace {
        Some(trace) => Either::Left(work.with_context(trace)),
        None => Either::Right(work),
    }
}

/// The deadline of the request that this task works for.
pub(super) fn current() -> Option<Instant> {
    DEADLINE.try_with(|deadline| deadline.at).ok()
}

/// Longest time that the server may work on one read from now on.
pub(super) fn max_time() -> Duration {
    max_time_of(LONGEST)
}

/// Likewise, for reads that may take another time where there is no request, or it has that long.
pub(super) fn max_time_of(longest: Duration) -> Duration {
    let left = current().map_or(longest, |deadline| deadline.saturating_duration_since(Instant::now()));
    // None at all would mean without a limit.
    left.clamp(Duration::from_millis(1), longest.max(Duration::from_millis(1)))
}

/// Ends a session at the deadline, unless it is dropped before.
pub(super) struct Watch(Option<oneshot::Sender<()>>);

/// A session of this client whose work the server ends at the deadline; none once that has passed.
pub(super) async fn session(client: &Client) -> Result<(ClientSession, Watch), StoreError> {
    let Some(deadline) = current() else { return Ok((client.start_session().await?, Watch(None))) };
    if deadline <= Instant::now() {
        return Err(StoreError::TooLate);
    }
    let session = client.start_session().await?;
    let (watch, called_off) = oneshot::channel::<()>();
    let (client, id) = (client.clone(), session.id().clone());
    // Never dropped half way: once the command is sent, the task sees it through.
    tokio::spawn(async move {
        if timeout_at(deadline, called_off).await.is_ok() {
            return;
        }
        tracing::warn!("a request ran into its deadline; its session is ended");
        let command = doc! { "killSessions": [id], "maxTimeMS": 5000 };
        if let Err(error) = client.database("admin").run_command(command).await {
            tracing::warn!(%error, "a session could not be ended");
        }
    });
    Ok((session, Watch(Some(watch))))
}

impl Watch {
    /// From here on the session's work is left to end by itself.
    pub(super) fn call_off(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_left_bounds_a_read_and_never_means_without_a_limit() {
        assert_eq!(max_time(), LONGEST);
        let now = Instant::now();
        let left = by(now + Duration::from_secs(3), async { max_time() }).await;
        assert!(left <= Duration::from_secs(3) && left > Duration::from_secs(1), "{left:?}");
        assert_eq!(by(now, async { max_time() }).await, Duration::from_millis(1));
        assert_eq!(by(now + Duration::from_secs(3600), async { max_time() }).await, LONGEST);
    }

    #[tokio::test]
    async fn the_deadline_goes_along_into_another_task() {
        let deadline = Instant::now() + Duration::from_secs(3);
        let seen = by(deadline, async { tokio::spawn(carried(async { current() })).await }).await.unwrap();
        assert_eq!(seen, Some(deadline));
        assert_eq!(tokio::spawn(carried(async { current() })).await.unwrap(), None);
    }

    #[tokio::test]
    async fn work_is_abandoned_when_whoever_waits_is_gone_and_not_before() {
        let deadline = Deadline::from(Instant::now());
        let waiting = deadline.waiting();
        by(deadline, async {
            assert!(!abandoned());
            drop(waiting);
            assert!(abandoned());
            assert!(tokio::spawn(carried(async { abandoned() })).await.is_ok_and(|abandoned| abandoned));
        })
        .await;
        assert!(!abandoned());
    }
}
