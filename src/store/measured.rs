//! What the store measures: connections, commands, and what was written into the audit log.
//!
//! Commands are measured by how long they had a connection, which in this driver is one command each. The driver's command
//! events would say which command it was, but turn every command and every answer into a document of its own for that.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use metrics::{Counter, Gauge, Histogram};
use mongodb::event::EventHandler;
use mongodb::event::cmap::{CmapEvent, ConnectionCheckoutFailedReason, ConnectionClosedReason};

use crate::domain::AuditAction;

/// Counts what stands in the audit log from now on.
pub(super) fn happened(actions: &[AuditAction]) {
    for action in actions {
        metrics::counter!("latchkey_events_total", "action" => action.as_str()).increment(1);
    }
}

/// Has every action's counter begin at nothing.
pub fn begin() {
    for action in AuditAction::ALL {
        metrics::counter!("latchkey_events_total", "action" => action.as_str()).increment(0);
    }
}

/// One client's connections.
struct Pool {
    open: Gauge,
    in_use: Gauge,
    waiting: Gauge,
    checkout: Histogram,
    command: Histogram,
    cleared: Counter,
    timeouts: Counter,
    failures: Counter,
    pool_closed: Counter,
    /// Since when each connection is in use.
    since: Mutex<HashMap<u32, Instant>>,
}

fn closed(reason: &'static str) -> Counter {
    metrics::counter!("latchkey_mongodb_connections_closed_total", "reason" => reason)
}

fn failed(reason: &'static str) -> Counter {
    metrics::counter!("latchkey_mongodb_checkouts_failed_total", "reason" => reason)
}

/// Measures a client's connections, at most `size` to each member.
pub(super) fn pool(size: u32) -> EventHandler<CmapEvent> {
    metrics::gauge!("latchkey_mongodb_pool_size").set(f64::from(size));
    for reason in ["error", "idle", "stale", "pool_closed", "dropped", "other"] {
        closed(reason).increment(0);
    }
    let pool = Pool {
        open: metrics::gauge!("latchkey_mongodb_connections", "state" => "open"),
        in_use: metrics::gauge!("latchkey_mongodb_connections", "state" => "in_use"),
        waiting: metrics::gauge!("latchkey_mongodb_waiting"),
        checkout: metrics::histogram!("latchkey_mongodb_checkout_seconds"),
        command: metrics::histogram!("latchkey_mongodb_command_seconds"),
        cleared: metrics::counter!("latchkey_mongodb_pools_cleared_total"),
        timeouts: failed("timeout"),
        failures: failed("connection_error"),
        pool_closed: failed("pool_closed"),
        since: Mutex::default(),
    };
    for counter in [&pool.timeouts, &pool.failures, &pool.pool_closed] {
        counter.increment(0);
    }
    pool.open.increment(0);
    pool.in_use.increment(0);
    EventHandler::callback(move |event| pool.take(event))
}

impl Pool {
    fn take(&self, event: CmapEvent) {
        match event {
            CmapEvent::ConnectionCreated(_) => self.open.increment(1),
            CmapEvent::ConnectionClosed(event) => {
                self.open.decrement(1);
                // One that breaks at work is closed without having been given back.
                self.given_back(event.connection_id);
                closed(match event.reason {
                    ConnectionClosedReason::Error => "error",
                    ConnectionClosedReason::Idle => "idle",
                    ConnectionClosedReason::Stale => "stale",
                    ConnectionClosedReason::PoolClosed => "pool_closed",
                    ConnectionClosedReason::Dropped => "dropped",
                    _ => "other",
                })
                .increment(1);
            }
            CmapEvent::PoolCleared(_) => self.cleared.increment(1),
            CmapEvent::ConnectionCheckoutStarted(_) => self.waiting.increment(1),
            CmapEvent::ConnectionCheckoutFailed(event) => {
                self.waiting.decrement(1);
                match event.reason {
                    ConnectionCheckoutFailedReason::Timeout => self.timeouts.increment(1),
                    ConnectionCheckoutFailedReason::ConnectionError => self.failures.increment(1),
                    _ => self.pool_closed.increment(1),
                }
            }
            CmapEvent::ConnectionCheckedOut(event) => {
                self.waiting.decrement(1);
                self.in_use.increment(1);
                self.checkout.record(event.duration);
                self.lock().insert(event.connection_id, Instant::now());
            }
            CmapEvent::ConnectionCheckedIn(event) => self.given_back(event.connection_id),
            _ => {}
        }
    }

    fn given_back(&self, connection: u32) {
        if let Some(since) = self.lock().remove(&connection) {
            self.in_use.decrement(1);
            self.command.record(since.elapsed());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Instant>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
