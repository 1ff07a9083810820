//! MongoDB, and whether the keys are this database's.

use std::sync::Arc;

use time::OffsetDateTime;

use super::{Report, told};
use crate::clock::{Clock as _, SystemClock};
use crate::command::connect;
use crate::config::Config;
use crate::crypto::Keyring;
use crate::service::key_rotation::KeyRotation;
use crate::store::Store;
use crate::store::inspect::Server;
use crate::store::migration::SCHEMA_VERSION;

/// Clocks may differ by this much: the sealer of the audit log allows for two seconds.
const SKEW_WARN: time::Duration = time::Duration::seconds(2);
/// One step of an authenticator app.
const SKEW_FAIL: time::Duration = time::Duration::seconds(30);
/// Sealed values that are opened of each kind.
const OPENED_MOST: u64 = 100_000;

pub(super) async fn examine(config: &Config, keyring: Option<Keyring>, report: &mut Report) {
    let store = match connect(config).await {
        Ok(store) => store,
        Err(error) => {
            let advice = "start it, or set LATCHKEY_MONGODB_URI right; version, layout, clock and keys could not be checked";
            report.fail("MongoDB", told(error), advice);
            return;
        }
    };
    let asked = SystemClock.now();
    match store.server().await {
        Ok(server) => {
            let answered = SystemClock.now();
            about(&server, report);
            clock(&server, asked, answered, report);
            if server.has_transactions() {
                majority(&store, report).await;
                let migrated = layout(&store, config, report).await;
                match keyring {
                    Some(keyring) if migrated => keys(&store, keyring, report).await,
                    _ => {}
                }
            }
        }
        Err(error) => {
            report.fail("MongoDB", told(error), "see that the user of LATCHKEY_MONGODB_URI may run commands")
        }
    }
    store.close().await;
}

fn about(server: &Server, report: &mut Report) {
    let version = &server.version;
    match server.major() {
        0..6 => report.fail("MongoDB version", format!("{version} is too old"), "use MongoDB 6 or newer"),
        _ => report.ok("MongoDB version", version.clone()),
    }
    match (&server.replica_set, server.sharded) {
        (_, true) => report.ok("replica set", "a sharded cluster"),
        (Some(name), _) if server.members == 1 => {
            let says = format!("{name} has one member: its loss is the loss of everything");
            report.warn("replica set", says, "use three members in production");
        }
        (Some(name), _) => report.ok("replica set", format!("{name}, {} members", server.members)),
        (None, _) => report.fail(
            "replica set",
            "this MongoDB is none, so it has no transactions",
            "start mongod with --replSet, and run rs.initiate()",
        ),
    }
}

fn clock(server: &Server, asked: OffsetDateTime, answered: OffsetDateTime, report: &mut Report) {
    let Some(theirs) = server.time else {
        return report.warn("clock", "MongoDB does not say its time", "see that all machines run NTP");
    };
    // By how much theirs is surely before the question or past the answer.
    let off = if theirs < asked { asked - theirs } else { theirs - answered };
    let says = format!("{:.1} seconds from MongoDB's", off.as_seconds_f64().max(0.0));
    let advice = "run NTP on every machine";
    match off {
        off if off > SKEW_FAIL => report.fail("clock", says, advice),
        off if off > SKEW_WARN => report.warn("clock", says, advice),
        _ => report.ok("clock", says),
    }
}

async fn majority(store: &Store, report: &mut Report) {
    match store.acknowledged_by_majority().await {
        Ok(()) => report.ok("write concern", "a majority acknowledges writes, journal included"),
        Err(error) => report.fail(
            "write concern",
            told(error),
            "see that a majority of the members is up (rs.status()), and that the user may write",
        ),
    }
}

/// Whether the database has this version's layout.
async fn layout(store: &Store, config: &Config, report: &mut Report) -> bool {
    let name = &config.mongodb_database;
    let migrated = match store.schema_version().await {
        Ok(Some(version)) if version > SCHEMA_VERSION => {
            let says = format!(
                "version {version}, made by a newer gateway; this one is of version {SCHEMA_VERSION}"
            );
            report.warn("schema version", says, "bring this gateway up to date when the rollout is done");
            true
        }
        Ok(Some(SCHEMA_VERSION)) => {
            report.ok("schema version", SCHEMA_VERSION.to_string());
            true
        }
        Ok(found) => {
            let found =
                found.map_or("was never migrated".to_owned(), |version| format!("is of version {version}"));
            let says = format!("the database {name} {found}; this gateway needs version {SCHEMA_VERSION}");
            report.fail("schema version", says, "run latchkey migrate");
            false
        }
        Err(error) => {
            report.fail("schema version", told(error), "see that the user may read the database");
            false
        }
    };
    if migrated {
        match store.wrong_in_layout().await {
            Ok(wrong) if wrong.is_empty() => report.ok("indexes", "all there, and as they have to be"),
            Ok(wrong) => report.fail(
                "indexes",
                wrong.join("; "),
                "run latchkey migrate; drop an index of other options first (it is made anew)",
            ),
            Err(error) => report.fail("indexes", told(error), "see that the user may list indexes"),
        }
    }
    migrated
}

async fn keys(store: &Store, keyring: Keyring, report: &mut Report) {
    let rotation = KeyRotation { store: store.clone(), keyring: Arc::new(keyring) };
    match rotation.compare().await {
        Ok(_) => report.ok("keys", "this database's; none is missing"),
        Err(error) => {
            return report.fail("keys", told(error), "docs/OPERATIONS.md says which file is the right one");
        }
    }
    match rotation.newest_current().await {
        Ok(Some(newest)) if newest != rotation.keyring.current_id() => report.warn(
            "current key",
            format!("{} seals here, and gateways seal with {newest} by now", rotation.keyring.current_id()),
            "give this gateway the newest keys file, and restart it",
        ),
        Ok(_) => report.ok("current key", rotation.keyring.current_id().to_owned()),
        Err(error) => report.fail("current key", told(error), "see that the user may read the database"),
    }
    match rotation.open_all(OPENED_MOST).await {
        Ok(seen) if seen.unreadable > 0 => report.fail(
            "sealed values",
            format!(
                "{} of {} cannot be opened; the log names whose they are",
                seen.unreadable, seen.looked_at
            ),
            "put back the keys file that sealed them, or have these people set MFA up anew",
        ),
        Ok(seen) if seen.earlier > 0 => report.warn(
            "sealed values",
            format!("all {} open, {} of them under earlier keys", seen.looked_at, seen.earlier),
            "gateways seal them anew by themselves; latchkey keys reseal does it at once",
        ),
        Ok(seen) if seen.more => report.ok("sealed values", format!("the first {} open", seen.looked_at)),
        Ok(seen) => report.ok("sealed values", format!("all {} open", seen.looked_at)),
        Err(error) => report.fail("sealed values", told(error), "see that the user may read the database"),
    }
}
