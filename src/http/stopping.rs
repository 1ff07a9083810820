//! How the gateway stops, in two steps: it serves on while balancers learn that it leaves, then it ends.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Where the gateway is on its way out.
#[derive(Debug, Clone, Default)]
pub struct Stopping {
    leaving: CancellationToken,
    ended: CancellationToken,
}

impl Stopping {
    /// Nobody has said to stop.
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves on for `delay`: `/readyz` refuses and connections are used for one more request each, so that whoever
    /// pools them opens the next one elsewhere. Then everything ends.
    pub async fn leave(&self, delay: Duration) {
        self.leaving.cancel();
        if !delay.is_zero() {
            tracing::info!(?delay, "leaving: not ready any more, and serving on meanwhile");
        }
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = self.ended.cancelled() => {}
        }
        self.end();
    }

    /// Ends everything now.
    pub fn end(&self) {
        self.leaving.cancel();
        self.ended.cancel();
    }

    /// Whether balancers should look elsewhere.
    pub fn is_leaving(&self) -> bool {
        self.leaving.is_cancelled()
    }

    /// Whether it has ended serving on.
    pub fn has_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// Waits until it has ended serving on.
    pub async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// For what goes on until the end.
    pub fn end_token(&self) -> CancellationToken {
        self.ended.clone()
    }
}
