//! Changes of resets as they happen: one change stream for each process, fanned out to every subscription.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use tokio::sync::{Mutex, broadcast};
use tokio_stream::wrappers::BroadcastStream;

use super::Tools;
use crate::domain::MfaResetId;
use crate::store::Store;

/// Changes that a slow subscriber may lag behind before it is told to look at everything again.
const BACKLOG: usize = 4096;

/// What a subscriber is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetChange {
    /// This reset was made or changed.
    Changed(MfaResetId),
    /// Some changes were missed; whoever wants to be sure reads again.
    Missed,
}

/// The process's change stream, opened when somebody first subscribes.
#[derive(Clone)]
pub struct ResetWatch {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    sender: broadcast::Sender<ResetChange>,
    running: Mutex<bool>,
}

impl ResetWatch {
    pub(super) fn new(tools: &Tools) -> Self {
        let (sender, _) = broadcast::channel(BACKLOG);
        let shared = Shared { store: tools.store.clone(), sender, running: Mutex::new(false) };
        Self { shared: Arc::new(shared) }
    }

    /// Every change from now on.
    pub async fn subscribe(&self) -> Result<impl Stream<Item = ResetChange> + Send + use<>, super::Error> {
        let receiver = self.shared.sender.subscribe();
        let mut running = self.shared.running.lock().await;
        if !*running {
            // Opened before anything is promised: what happens after this call returns is in the stream.
            let stream = self.shared.store.mfa_resets.watch().await?;
            *running = true;
            tokio::spawn(run(Arc::downgrade(&self.shared), stream));
        }
        drop(running);
        Ok(BroadcastStream::new(receiver).map(|item| match item {
            Ok(change) => change,
            Err(_) => ResetChange::Missed,
        }))
    }
}

/// Forwards changes until nobody listens any more or the process forgets the watch.
async fn run<S>(shared: Weak<Shared>, first: S)
where
    S: Stream<Item = Result<MfaResetId, crate::store::StoreError>> + Send + 'static,
{
    let mut stream = first.boxed();
    loop {
        let item = tokio::time::timeout(Duration::from_secs(30), stream.next()).await;
        let Some(shared) = shared.upgrade() else { return };
        match item {
            // Nothing happened for a while: a good moment to see whether anybody still listens.
            Err(_) => {
                let mut running = shared.running.lock().await;
                if shared.sender.receiver_count() == 0 {
                    *running = false;
                    return;
                }
            }
            Ok(Some(Ok(id))) => drop(shared.sender.send(ResetChange::Changed(id))),
            Ok(failed) => {
                if let Some(Err(error)) = failed {
                    tracing::warn!(%error, "the change stream of resets broke; opening it again");
                }
                match reopen(&shared).await {
                    Some(reopened) => {
                        stream = reopened;
                        drop(shared.sender.send(ResetChange::Missed));
                    }
                    None => return,
                }
            }
        }
    }
}

type Changes = futures_util::stream::BoxStream<'static, Result<MfaResetId, crate::store::StoreError>>;

async fn reopen(shared: &Arc<Shared>) -> Option<Changes> {
    let mut pause = Duration::from_millis(200);
    loop {
        match shared.store.mfa_resets.watch().await {
            Ok(stream) => return Some(stream.boxed()),
            Err(error) => tracing::warn!(%error, "the change stream of resets cannot be opened yet"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(10));
        if shared.sender.receiver_count() == 0 {
            *shared.running.lock().await = false;
            return None;
        }
    }
}
