//! Transactions: all or nothing, tried again when they lose a race, never for longer than a bound.

use std::time::{Duration, Instant};

use mongodb::ClientSession;
use mongodb::error::UNKNOWN_TRANSACTION_COMMIT_RESULT;

use super::deadline::{self, Watch, max_time};
use super::{Store, StoreError, measured};
use crate::domain::AuditAction;

/// How long a lost transaction is tried again; the last attempt may take a little longer.
pub const RETRY_FOR: Duration = Duration::from_secs(8);

/// An open transaction. Writes that take one cannot be made outside it. At the deadline of the request the server undoes
/// it.
pub struct Tx {
    pub(super) session: ClientSession,
    /// What is written into the audit log, counted once it stands there.
    pub(super) happened: Vec<AuditAction>,
    watch: Watch,
}

impl Store {
    /// Opens a transaction: snapshot reads, majority writes (see the client's options).
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let (mut session, watch) = deadline::session(&self.client).await?;
        session.start_transaction().max_commit_time(max_time()).await?;
        Ok(Tx { session, happened: Vec::new(), watch })
    }

    /// How often and how long a lost transaction is tried again.
    pub fn retry(&self) -> Retry {
        Retry { until: within(RETRY_FOR), pause: Duration::from_millis(2) }
    }
}

/// The end of this time, or of the request's.
fn within(time: Duration) -> Instant {
    let end = Instant::now() + time;
    deadline::current().map_or(end, |deadline| end.min(deadline.into_std()))
}

impl Tx {
    /// Makes everything in the transaction true at once.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        // Ended now, it would be unknown whether it was made; `maxTimeMS` of the commit itself bounds it.
        self.watch.call_off();
        // A commit is idempotent: asking again after an unknown result is how the specification resolves it.
        let until = within(Duration::from_secs(5));
        loop {
            match self.session.commit_transaction().await {
                Ok(()) => {
                    measured::happened(&self.happened);
                    return Ok(());
                }
                Err(error)
                    if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) && Instant::now() < until =>
                {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Undoes everything in the transaction. A failure is harmless: the server aborts what nobody commits.
    pub async fn abort(mut self) {
        if let Err(error) = self.session.abort_transaction().await {
            tracing::debug!(%error, "a transaction could not be aborted; the server will");
        }
    }
}

/// Errors that may say "the transaction lost a race".
pub trait Transient {
    /// Whether the whole transaction may be tried again.
    fn is_transient(&self) -> bool;
}

impl Transient for StoreError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Transient(_))
    }
}

/// Bounds the attempts of one transaction in time, with a growing and jittered pause between them.
pub struct Retry {
    until: Instant,
    pause: Duration,
}

impl Retry {
    /// Waits before the next attempt; false when there is no time for one.
    pub async fn again(&mut self) -> bool {
        if Instant::now() >= self.until {
            return false;
        }
        let jitter = rand::random_range(0.5..1.5);
        tokio::time::sleep(self.pause.mul_f64(jitter)).await;
        self.pause = (self.pause * 2).min(Duration::from_millis(200));
        true
    }
}

/// Runs `$body`, a future over `$tx`, in a transaction: commits when it gives `Ok`, aborts when it gives `Err`, and
/// starts again when the transaction lost a race. `$body` must have no effect outside the transaction.
#[macro_export]
macro_rules! transact {
    ($store:expr, |$tx:ident| $body:expr) => {{
        let store = &$store;
        let mut retry = store.retry();
        loop {
            let mut $tx = match store.begin().await {
                Ok(tx) => tx,
                Err(error) => break Err(error.into()),
            };
            let failed = match $body.await {
                Ok(value) => match $tx.commit().await {
                    Ok(()) => break Ok(value),
                    Err(error) => error.into(),
                },
                Err(error) => {
                    $tx.abort().await;
                    error
                }
            };
            if !$crate::store::Transient::is_transient(&failed) || !retry.again().await {
                break Err(failed);
            }
        }
    }};
}
