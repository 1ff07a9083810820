//! Figures of the database that no use case counts: how many resets wait.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Error, Services};
use crate::domain::MfaResetState;
use crate::store::measured;

/// How often it is counted.
const EVERY: Duration = Duration::from_secs(15);
/// Up to how many.
const BOUND: u64 = 10_000;

/// States that wait.
const WAITING: [MfaResetState; 3] =
    [MfaResetState::AwaitingApproval, MfaResetState::Pending, MfaResetState::CoolingOff];

impl Services {
    /// Has every figure begin at nothing. Once, before anything is counted.
    pub fn begin_measuring(&self) {
        measured::begin();
        for state in WAITING {
            metrics::gauge!("latchkey_mfa_resets_waiting", "state" => state.as_str()).set(0.0);
        }
        let parallel = u32::try_from(self.tools.passwords.parallel()).unwrap_or(u32::MAX);
        metrics::gauge!("latchkey_passwords_parallel").set(f64::from(parallel));
    }

    /// Measures until told to stop.
    pub async fn keep_measuring(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            // While MongoDB is away the figures stay what they were; others tell that it is.
            if let Err(error) = self.measure().await {
                tracing::debug!(%error, "waiting resets cannot be counted");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    async fn measure(&self) -> Result<(), Error> {
        for state in WAITING {
            let waiting = self.store().mfa_resets.count_waiting(state, self.now(), BOUND).await?;
            let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
            metrics::gauge!("latchkey_mfa_resets_waiting", "state" => state.as_str()).set(f64::from(waiting));
        }
        Ok(())
    }
}
