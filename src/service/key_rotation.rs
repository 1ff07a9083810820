//! Rotating the keys of the keyring: whether the keyring is the database's, sealing anew what an earlier key sealed, and
//! whether a key may go.
//!
//! There is no actor and no GraphQL field for it: whoever can run it holds the keys. Nothing here writes the keys file.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::crypto::{Keyring, KeyringError, Sealed};
use crate::store::migration::SCHEMA_VERSION;
use crate::store::sealed::{SealedIn, SealedOwner, SealedValue};
use crate::store::users::TOTP_PLACE;
use crate::store::webhooks::SECRET_PLACE;
use crate::store::{Store, StoreError};

use super::signing_keys;

/// Values that are read at once.
pub(super) const BATCH: i64 = 200;
/// Gateways that were not restarted yet go on sealing with an earlier key, so a look now and then is needed.
const EVERY: Duration = Duration::from_secs(60);
/// The same while MongoDB is away.
const AGAIN: Duration = Duration::from_secs(2);
/// The place of a key's mark, for the keyring.
const MARK_PLACE: &str = "meta.key";
const MARK: &[u8] = b"latchkey";

/// Why keys cannot be used or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] StoreError),
    /// The database has not the layout of this version.
    #[error("the database has not the layout of this version: run `latchkey migrate`")]
    NotMigrated,
    /// Something cannot be sealed.
    #[error("a value cannot be sealed anew")]
    Keyring(#[from] KeyringError),
    /// A key of this id sealed things here, with other bits.
    #[error(
        "LATCHKEY_KEYS_FILE is not the keyring of this database: its key {0:?} is another than the one that sealed here. \
         Put the right keys file back"
    )]
    AnotherKey(String),
    /// Not one key of the database is in the keyring.
    #[error(
        "LATCHKEY_KEYS_FILE is not the keyring of this database: it has none of the keys that sealed here ({0}). Put the \
         right keys file back"
    )]
    AnotherKeyring(String),
    /// Values that nobody could read.
    #[error(
        "LATCHKEY_KEYS_FILE lacks the key {0:?}, under which values of this database are sealed. Put it back from a copy of \
         the keys file, under [keys]"
    )]
    MissingKey(String),
    /// Retiring the key that seals.
    #[error("{0:?} is the key that seals now; make another one current first (latchkey keys rotate)")]
    IsCurrent(String),
    /// Retiring a key that gateways seal with.
    #[error(
        "gateways that run seal with {0:?}; restart them with the keys file that has another current key"
    )]
    IsInUse(String),
    /// Retiring a key that is still needed.
    #[error("{count} values are still sealed under {key:?}; run latchkey keys reseal, and try again")]
    StillNeeded {
        /// The key.
        key: String,
        /// Values under it.
        count: u64,
    },
    /// Retiring a key without which part of the audit log cannot be checked.
    #[error(
        "{0:?} authenticates a part of the audit log, which could not be checked without it; leave it in the keys file, \
         where it seals nothing any more"
    )]
    AuthenticatesLog(String),
    /// Part of the audit log could not be checked.
    #[error(
        "LATCHKEY_KEYS_FILE lacks the key {0:?}, which authenticates a part of this database's audit log. Put it back \
         from a copy of the keys file, under [keys]"
    )]
    MissingLogKey(String),
    /// No such key.
    #[error("{0:?} is not in the keys file")]
    NoSuchKey(String),
}

impl KeysError {
    /// Whether trying again later may help.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::NotMigrated | Self::Store(StoreError::Unavailable(_) | StoreError::Transient(_)))
    }
}

/// What a run of sealing anew did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Values under the current key now.
    pub done: u64,
    /// Values that changed meanwhile; whoever changed them sealed them.
    pub changed: u64,
    /// Values that no key of the keyring opens; the log names them.
    pub unreadable: u64,
}

/// The place and the owner that a value is sealed for.
fn belongs(value: &SealedValue) -> (&'static str, Vec<u8>) {
    match value.owner {
        SealedOwner::User(id) => (TOTP_PLACE, id.uuid().as_bytes().to_vec()),
        SealedOwner::Webhook(id) => (SECRET_PLACE, id.uuid().as_bytes().to_vec()),
        SealedOwner::Period(period) => (signing_keys::PLACE, period.to_be_bytes().to_vec()),
    }
}

/// Values under one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// The key.
    pub id: String,
    /// Whether it seals.
    pub current: bool,
    /// TOTP secrets of people.
    pub users: u64,
    /// TOTP secrets that wait for a first code.
    pub tickets: u64,
    /// Keys that sign access tokens.
    pub signing_keys: u64,
    /// Secrets of webhooks, those that were replaced included.
    pub webhooks: u64,
    /// Whether it authenticates a part of the audit log.
    pub audit_log: bool,
}

/// Looks after the keys of a database.
#[derive(Clone)]
pub struct KeyRotation {
    /// MongoDB.
    pub store: Store,
    /// The keys.
    pub keyring: Arc<Keyring>,
}

impl KeyRotation {
    /// Whether this is the keyring of this database, and has every key that is needed. Gives the ids that have marks.
    pub async fn compare(&self) -> Result<Vec<String>, KeysError> {
        if self.store.schema_version().await?.is_none_or(|version| version < SCHEMA_VERSION) {
            return Err(KeysError::NotMigrated);
        }
        let known: Vec<&str> = self.keyring.ids().collect();
        let marks = self.store.key_marks().await?;
        let mut opened = 0;
        for (id, sealed) in marks.iter().filter(|(id, _)| known.contains(&id.as_str())) {
            match self.keyring.open(MARK_PLACE, id.as_bytes(), sealed) {
                Ok(text) if text.as_slice() == MARK => opened += 1,
                _ => return Err(KeysError::AnotherKey(id.clone())),
            }
        }
        if opened == 0 && !marks.is_empty() {
            let ids: Vec<&str> = marks.iter().map(|(id, _)| id.as_str()).collect();
            return Err(KeysError::AnotherKeyring(ids.join(", ")));
        }
        if let Some(id) = self.store.key_unknown_to(&known).await? {
            return Err(KeysError::MissingKey(id));
        }
        let log_keys = self.store.log_keys().await?;
        if let Some(id) = log_keys.into_iter().find(|id| !known.contains(&id.as_str())) {
            return Err(KeysError::MissingLogKey(id));
        }
        Ok(marks.into_iter().map(|(id, _)| id).collect())
    }

    /// The same; leaves a mark of each new key and writes down which one seals now.
    pub async fn check(&self) -> Result<(), KeysError> {
        let marked = self.compare().await?;
        for id in self.keyring.ids() {
            if !marked.iter().any(|marked| marked == id) {
                let sealed = self.keyring.seal_under(id, MARK_PLACE, id.as_bytes(), MARK)?;
                self.store.claim_key_mark(id, &sealed).await?;
            }
        }
        self.store.note_current_key(self.keyring.current_id()).await?;
        Ok(())
    }

    /// Seals anew, under the current key, whatever another key sealed. May be stopped and run again at any time, also
    /// from several replicas at once: each value is put in place only where the old one still is. `go_on` is asked after
    /// each page.
    ///
    /// Does nothing where another key became current after this one: this process was not restarted yet, and would undo
    /// what the others do.
    pub async fn reseal(&self, mut go_on: impl FnMut(Resealed) -> bool) -> Result<Resealed, KeysError> {
        let mut all = Resealed::default();
        let current = self.keyring.current_id();
        if let Some(newest) = self.store.newest_current_key().await?.filter(|newest| newest != current) {
            tracing::info!(
                current,
                newest,
                "another key seals by now; this gateway needs a restart with its keys file"
            );
            return Ok(all);
        }
        for place in SealedIn::ALL {
            let mut after: Option<Sealed> = None;
            loop {
                let batch = self.store.sealed_under_others(place, current, after.as_ref(), BATCH).await?;
                let Some(last) = batch.last() else { break };
                after = Some(last.sealed.clone());
                for value in &batch {
                    match self.sealed_anew(value) {
                        Ok(sealed) if self.store.claim_reseal(value, &sealed).await? => all.done += 1,
                        Ok(_) => all.changed += 1,
                        Err(error) => {
                            tracing::error!(%error, owner = ?value.owner, "a sealed value cannot be opened");
                            all.unreadable += 1;
                        }
                    }
                }
                if !go_on(all) {
                    return Ok(all);
                }
            }
        }
        Ok(all)
    }

    fn sealed_anew(&self, value: &SealedValue) -> Result<Sealed, KeyringError> {
        let (place, owner) = belongs(value);
        self.keyring.seal(place, &owner, &self.opened(value)?)
    }

    pub(super) fn opened(&self, value: &SealedValue) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let (place, owner) = belongs(value);
        self.keyring.open(place, &owner, &value.sealed)
    }

    /// Looks after the keys of a gateway until `stopping`: sees whether they are the right ones as soon as MongoDB says
    /// so, and seals anew what earlier keys sealed.
    ///
    /// # Errors
    /// When they are not the right ones.
    pub async fn run(self, stopping: CancellationToken) -> Result<(), KeysError> {
        let mut checked = false;
        while !stopping.is_cancelled() {
            let pause = match self.turn(&mut checked, &stopping).await {
                Ok(all) => {
                    if all.done > 0 {
                        tracing::info!(values = all.done, key = self.keyring.current_id(), "sealed anew");
                    }
                    EVERY
                }
                Err(error) if error.is_unavailable() => {
                    tracing::warn!(%error, "the keys cannot be looked after yet");
                    AGAIN
                }
                Err(error) if !checked => return Err(error),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "values cannot be sealed anew");
                    EVERY
                }
            };
            let _ = timeout(pause, stopping.cancelled()).await;
        }
        Ok(())
    }

    async fn turn(&self, checked: &mut bool, stopping: &CancellationToken) -> Result<Resealed, KeysError> {
        if !*checked {
            self.check().await?;
            *checked = true;
        }
        self.reseal(|_| !stopping.is_cancelled()).await
    }

    /// How much each key has sealed.
    pub async fn status(&self) -> Result<Vec<KeyUse>, KeysError> {
        let log_keys = self.store.log_keys().await?;
        let mut uses = Vec::new();
        for id in self.keyring.ids() {
            let count = async |place| self.store.count_sealed_under(place, id).await;
            uses.push(KeyUse {
                id: id.to_owned(),
                current: id == self.keyring.current_id(),
                users: count(SealedIn::Users).await?,
                tickets: count(SealedIn::Tickets).await?,
                signing_keys: count(SealedIn::SigningKeys).await?,
                webhooks: count(SealedIn::Webhooks).await? + count(SealedIn::OldWebhookSecrets).await?,
                audit_log: log_keys.iter().any(|log_key| log_key == id),
            });
        }
        Ok(uses)
    }

    /// Whether a key may be taken out of the keys file: it is neither current here nor for any gateway, nothing is
    /// sealed under it, and it authenticates no part of the audit log.
    pub async fn may_retire(&self, id: &str) -> Result<(), KeysError> {
        if !self.keyring.ids().any(|known| known == id) {
            return Err(KeysError::NoSuchKey(id.to_owned()));
        }
        if id == self.keyring.current_id() {
            return Err(KeysError::IsCurrent(id.to_owned()));
        }
        if self.store.newest_current_key().await?.as_deref() == Some(id) {
            return Err(KeysError::IsInUse(id.to_owned()));
        }
        let mut count = 0;
        for place in SealedIn::ALL {
            count += self.store.count_sealed_under(place, id).await?;
        }
        if count > 0 {
            return Err(KeysError::StillNeeded { key: id.to_owned(), count });
        }
        if self.store.log_keys().await?.iter().any(|log_key| log_key == id) {
            return Err(KeysError::AuthenticatesLog(id.to_owned()));
        }
        Ok(())
    }

    /// Forgets a key that has left the keys file.
    pub async fn forget(&self, id: &str) -> Result<(), KeysError> {
        Ok(self.store.forget_key(id).await?)
    }
}
