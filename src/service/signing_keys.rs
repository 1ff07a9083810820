//! The keys that sign access tokens: one for each period of thirty days, sealed in MongoDB, made when first needed.
//!
//! The key of the next period is made together with the one in use, so that services have seen a public key long before
//! the first token that needs it. A key stays published for a day after its period. Public keys are worked out from what
//! the keyring opens, never read: whoever can write to the database cannot slip in a key of their own.

use std::sync::Arc;

use serde::Serialize;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use super::{Error, Services};
use crate::crypto::{Jwk, SigningKey};

/// How long one key signs.
pub const PERIOD: Duration = Duration::days(30);
/// How long a key stays published after its period: longer than any token lives.
const AFTERWARDS: Duration = Duration::days(1);
/// How long a process goes by what it has read. Keys that an operator deletes are out of use after that.
const REMEMBERED: Duration = Duration::MINUTE;
/// Where keys are sealed, for the keyring.
pub(super) const PLACE: &str = "signing_keys.ed25519";

/// The public keys, as `/.well-known/jwks.json` shows them (RFC 7517, section 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeySet {
    /// Earlier, current and next.
    pub keys: Vec<Jwk>,
}

/// What a process has read.
pub(super) struct ReadKeys {
    read_at: OffsetDateTime,
    period: i64,
    pub(super) current: SigningKey,
    pub(super) published: KeySet,
}

impl ReadKeys {
    fn is_fresh(&self, now: OffsetDateTime) -> bool {
        self.period == period_of(now) && self.read_at <= now && now < self.read_at + REMEMBERED
    }
}

/// One reader at a time; the others wait for what it finds.
#[derive(Default)]
pub(super) struct KeySetCache(Mutex<Option<Arc<ReadKeys>>>);

fn period_of(now: OffsetDateTime) -> i64 {
    now.unix_timestamp().div_euclid(PERIOD.whole_seconds())
}

fn end_of(period: i64) -> OffsetDateTime {
    let seconds = (period + 1).saturating_mul(PERIOD.whole_seconds());
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

impl Services {
    /// The public keys by which services check access tokens. Who may call: anybody.
    pub async fn key_set(&self) -> Result<KeySet, Error> {
        Ok(self.signing_keys().await?.published.clone())
    }

    pub(super) async fn signing_keys(&self) -> Result<Arc<ReadKeys>, Error> {
        let now = self.now();
        let mut remembered = self.signing.0.lock().await;
        if let Some(keys) = remembered.as_ref().filter(|keys| keys.is_fresh(now)) {
            return Ok(keys.clone());
        }
        let keys = Arc::new(self.read_keys(now).await?);
        *remembered = Some(keys.clone());
        Ok(keys)
    }

    async fn read_keys(&self, now: OffsetDateTime) -> Result<ReadKeys, Error> {
        let period = period_of(now);
        let (first, last) = (period_of(now - AFTERWARDS), period + 1);
        let store = &self.store().signing_keys;
        let mut found = store.of_periods(first, last).await?;
        let missing: Vec<i64> =
            [period, last].into_iter().filter(|wanted| found.iter().all(|(has, _)| has != wanted)).collect();
        for period in &missing {
            let seed = SigningKey::new_seed();
            let sealed = self.tools.keyring.seal(PLACE, &period.to_be_bytes(), seed.as_slice())?;
            // Another replica may have been first; its key counts then.
            store.claim_period(*period, &sealed, end_of(*period) + AFTERWARDS).await?;
        }
        if !missing.is_empty() {
            found = store.of_periods(first, last).await?;
        }
        let (mut current, mut published) = (None, Vec::with_capacity(found.len()));
        for (of, sealed) in found {
            let seed = self.tools.keyring.open(PLACE, &of.to_be_bytes(), &sealed)?;
            let key = SigningKey::from_seed(&seed).map_err(|_| Error::Defect("a signing key is none"))?;
            published.push(key.jwk());
            if of == period {
                current = Some(key);
            }
        }
        let current = current.ok_or(Error::Defect("the signing key has gone"))?;
        Ok(ReadKeys { read_at: now, period, current, published: KeySet { keys: published } })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn a_period_ends_where_the_next_begins() {
        let now = time::macros::datetime!(2026-11-24 12:00 UTC);
        let period = period_of(now);
        let end = end_of(period);
        assert!(now < end && end - now <= PERIOD);
        assert_eq!(period_of(end - Duration::SECOND), period);
        assert_eq!(period_of(end), period + 1);
    }
}
