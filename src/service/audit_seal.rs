//! The sealer: gives events that were written down their places in their scopes' chains. One replica does it at a time.
//!
//! Events are inserted without a seal, so that what happens at once in a large account does not queue for one number. A
//! little later they are sealed in the order of their times, many at a time, in one transaction that also renews the
//! sealer's lease and moves the heads. A transaction that began earlier may still commit after that; its events are then
//! sealed behind younger ones: the chain is in the order of sealing, and no event is left out.
//!
//! What webhooks are to be sent is written down in the same transaction: an event is sealed once, so it is handed over
//! once, and none is left out; what happens in the gateway's own transactions pays nothing for it.
//!
//! A chain whose head is not genuine is not continued: that would vouch for what somebody else wrote.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Error, Services, audit_chain};
use crate::crypto::ChainHash;
use crate::store::audit_chain::{Head, Seal, Step, StoredEvent, StoredHead};
use crate::store::transaction::RETRY_FOR;
use crate::store::{StoreError, Tx};
use crate::transact;

/// The lease's name.
const LEASE: &str = "audit_sealer";
/// How long a lease lasts that is not renewed.
const LEASE_FOR: time::Duration = time::Duration::seconds(15);
/// How often events are looked for.
const POLL: Duration = Duration::from_secs(1);
/// How often it is measured what waits.
const MEASURE: Duration = Duration::from_secs(15);
/// How long a chain that cannot be continued is left alone.
const LEAVE_ALONE: Duration = Duration::from_secs(60);
/// How many events are sealed in one transaction.
const BATCH: u32 = 500;
/// Most events that are counted as waiting.
const COUNT_BOUND: u64 = 10_000;

/// How old an event is when it is sealed: as long as its transaction is tried again, and two seconds for clocks that
/// differ.
pub fn settling() -> Duration {
    RETRY_FOR + Duration::from_secs(2)
}

/// What a look for events gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// So many events were sealed.
    Sealed(usize),
    /// Another replica seals.
    NotOurs,
}

/// Seals events. One a process.
pub struct AuditSealer {
    services: Services,
    holder: String,
    /// Chains that cannot be continued, and since when.
    broken: Mutex<HashMap<String, Instant>>,
    /// Whether the database knows that this key authenticates the log. The keyring never changes in a process.
    noted: AtomicBool,
}

/// What became of a batch.
#[derive(Default)]
struct Batch {
    sealed: usize,
    broken: Vec<(String, String)>,
}

impl AuditSealer {
    /// A sealer that does nothing yet.
    pub fn new(services: Services) -> Self {
        Self {
            services,
            holder: Uuid::new_v4().to_string(),
            broken: Mutex::default(),
            noted: AtomicBool::new(false),
        }
    }

    /// Seals until told to stop, then leaves the lease to another replica.
    pub async fn run(&self, stop: CancellationToken) {
        let mut measured: Option<Instant> = None;
        let mut away = false;
        while !stop.is_cancelled() {
            if measured.is_none_or(|at| at.elapsed() >= MEASURE) {
                measured = Some(Instant::now());
                self.measure().await;
            }
            match self.pass_until(&stop).await {
                Ok(_) => away = false,
                Err(error) => {
                    if !away {
                        tracing::warn!(error = chain_of(&error), "the audit log cannot be sealed; trying on");
                    }
                    away = true;
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(POLL) => {}
            }
        }
        // If this fails, the lease ends by itself.
        let _ = self.services.store().leases.leave(LEASE, &self.holder).await;
    }

    /// Seals every event that has settled, if no other replica does. Where nothing waits, nothing is written.
    pub async fn pass(&self) -> Result<Pass, Error> {
        self.pass_until(&CancellationToken::new()).await
    }

    async fn pass_until(&self, stop: &CancellationToken) -> Result<Pass, Error> {
        let (store, now) = (self.services.store(), self.services.now());
        if store.audit_chain.unsealed_until(now - settling(), &self.left_alone(), 1).await?.is_empty() {
            return Ok(Pass::Sealed(0));
        }
        if store.leases.acquire(LEASE, &self.holder, now, LEASE_FOR).await?.is_none() {
            return Ok(Pass::NotOurs);
        }
        self.seal_settled(stop).await
    }

    /// Seals every event that has settled, under a lease that was claimed before. Whoever has lost it meanwhile seals
    /// nothing: the lease is renewed in each sealing transaction. Stops between two of them.
    pub async fn seal_settled(&self, stop: &CancellationToken) -> Result<Pass, Error> {
        let store = self.services.store();
        let mut sealed = 0;
        while !stop.is_cancelled() {
            let (until, left_alone) = (self.services.now() - settling(), self.left_alone());
            let rows = store.audit_chain.unsealed_until(until, &left_alone, BATCH).await?;
            if rows.is_empty() {
                break;
            }
            if !self.noted.load(Ordering::Relaxed) {
                // Before the first seal: nobody retires a key that is needed to check the log.
                store.note_log_key(self.services.tools.keyring.current_id()).await?;
                self.noted.store(true, Ordering::Relaxed);
            }
            let batch = match Box::pin(self.seal(&rows)).await {
                Err(Error::Undone) => return Ok(Pass::NotOurs),
                batch => batch?,
            };
            sealed += batch.sealed;
            metrics::counter!("latchkey_audit_sealed_total")
                .increment(u64::try_from(batch.sealed).unwrap_or(u64::MAX));
            self.leave_alone(batch.broken);
        }
        Ok(Pass::Sealed(sealed))
    }

    /// All of them at once or, where one chain turns out to be another than was read, each chain by itself.
    async fn seal(&self, rows: &[StoredEvent]) -> Result<Batch, Error> {
        match self.seal_at_once(rows).await {
            Err(Error::Store(StoreError::Duplicate(_) | StoreError::Corrupt(_))) => {}
            batch => return batch,
        }
        let mut all = Batch::default();
        for (scope, of_one) in by_scope(rows) {
            let of_one: Vec<StoredEvent> = of_one.into_iter().cloned().collect();
            match self.seal_at_once(&of_one).await {
                Ok(batch) => {
                    all.sealed += batch.sealed;
                    all.broken.extend(batch.broken);
                }
                Err(Error::Store(error @ (StoreError::Duplicate(_) | StoreError::Corrupt(_)))) => {
                    all.broken.push((scope.to_owned(), error.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    async fn seal_at_once(&self, rows: &[StoredEvent]) -> Result<Batch, Error> {
        transact!(self.services.store(), |tx| self.seal_in(&mut tx, rows))
    }

    async fn seal_in(&self, tx: &mut Tx, rows: &[StoredEvent]) -> Result<Batch, Error> {
        let (store, now) = (self.services.store(), self.services.now());
        if !store.leases.hold(tx, LEASE, &self.holder, now, LEASE_FOR).await? {
            return Err(Error::Undone);
        }
        let scopes = by_scope(rows);
        let names: Vec<String> = scopes.keys().map(|scope| (*scope).to_owned()).collect();
        let mut heads: HashMap<String, StoredHead> =
            store.audit_chain.heads_in(tx, &names).await?.into_iter().map(|h| (h.scope.clone(), h)).collect();
        let mut batch = Batch::default();
        let listening = self.services.listening_in(tx, scopes.keys().copied()).await?;
        let (mut seals, mut steps, mut deliveries) = (Vec::with_capacity(rows.len()), Vec::new(), Vec::new());
        for (scope, events) in scopes {
            let from = match heads.remove(scope).map(|stored| self.genuine(stored)).transpose() {
                Ok(from) => from,
                Err(why) => {
                    batch.broken.push((scope.to_owned(), why));
                    continue;
                }
            };
            if let Some((links, to)) = self.links(from.as_ref(), &events, scope) {
                batch.sealed += links.len();
                deliveries.extend(listening.deliveries(events.iter().copied(), now));
                seals.extend(links);
                steps.push(Step { scope: scope.to_owned(), from, to });
            }
        }
        store.audit_chain.seal(tx, &seals).await?;
        store.audit_chain.advance(tx, &steps).await?;
        store.webhook_deliveries.insert(tx, &deliveries).await?;
        Ok(batch)
    }

    fn genuine(&self, stored: StoredHead) -> Result<Head, String> {
        let head = stored.head.ok_or("the head cannot be read")?;
        match audit_chain::check_head(&self.services.tools.keyring, &stored.scope, &head) {
            Ok(()) => Ok(head),
            Err(flaw) => Err(format!("the head: {flaw}")),
        }
    }

    /// The next links of one chain, and where it ends then.
    fn links(
        &self,
        from: Option<&Head>,
        events: &[&StoredEvent],
        scope: &str,
    ) -> Option<(Vec<(StoredEvent, Seal)>, Head)> {
        let keyring = &self.services.tools.keyring;
        let (mut seq, mut previous) = from.map_or((0, ChainHash::START), |head| (head.seq, head.hash));
        let mut links = Vec::with_capacity(events.len());
        for event in events {
            seq += 1;
            let seal = audit_chain::seal(keyring, event, seq, previous);
            previous = seal.hash;
            links.push(((*event).clone(), seal));
        }
        let to = links.last().map(|(_, last)| audit_chain::head(keyring, scope, last))?;
        Some((links, to))
    }

    fn left_alone(&self) -> Vec<String> {
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.retain(|_, since| since.elapsed() < LEAVE_ALONE);
        broken.keys().cloned().collect()
    }

    fn leave_alone(&self, broken: Vec<(String, String)>) {
        for (scope, why) in broken {
            tracing::error!(
                scope,
                why,
                "an audit chain is not continued: `latchkey audit verify` says what became of it"
            );
            metrics::counter!("latchkey_audit_chains_refused_total").increment(1);
            let mut all = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(scope, Instant::now());
        }
    }

    async fn measure(&self) {
        if let Ok((waiting, oldest)) =
            self.services.store().audit_chain.count_unsealed(None, COUNT_BOUND).await
        {
            let age = oldest.map_or(0.0, |at: OffsetDateTime| (self.services.now() - at).as_seconds_f64());
            metrics::gauge!("latchkey_audit_unsealed")
                .set(f64::from(u32::try_from(waiting).unwrap_or(u32::MAX)));
            metrics::gauge!("latchkey_audit_unsealed_age_seconds").set(age.max(0.0));
        }
    }
}

/// Each scope's events, in the order that they came in.
fn by_scope(rows: &[StoredEvent]) -> BTreeMap<&str, Vec<&StoredEvent>> {
    let mut scopes: BTreeMap<&str, Vec<&StoredEvent>> = BTreeMap::new();
    for row in rows {
        scopes.entry(row.scope.as_str()).or_default().push(row);
    }
    scopes
}

fn chain_of(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
