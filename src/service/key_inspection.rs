//! What an operator wants to know of the keys: whether they open what is sealed. Nothing here changes anything.

use super::key_rotation::{BATCH, KeyRotation, KeysError};
use crate::crypto::Sealed;
use crate::store::sealed::SealedIn;

/// What a look at sealed values saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Opened {
    /// Values that were opened, or tried to.
    pub looked_at: u64,
    /// Values under another key than the current one.
    pub earlier: u64,
    /// Values that no key of the keyring opens; the log names them.
    pub unreadable: u64,
    /// Whether there are more than were looked at.
    pub more: bool,
}

impl KeyRotation {
    /// The key that became current last, of any gateway.
    pub async fn newest_current(&self) -> Result<Option<String>, KeysError> {
        Ok(self.store.newest_current_key().await?)
    }

    /// Opens what is sealed, up to so many values of each kind, and keeps nothing of it.
    pub async fn open_all(&self, most: u64) -> Result<Opened, KeysError> {
        let mut all = Opened::default();
        for place in SealedIn::ALL {
            let (mut after, mut of_place): (Option<Sealed>, u64) = (None, 0);
            loop {
                // Behind every id that a key can have, so that nothing is left out.
                let batch = self.store.sealed_under_others(place, "~", after.as_ref(), BATCH).await?;
                let Some(last) = batch.last() else { break };
                if of_place >= most {
                    all.more = true;
                    break;
                }
                after = Some(last.sealed.clone());
                for value in &batch {
                    of_place += 1;
                    all.looked_at += 1;
                    let earlier = value.sealed.key_id() != Some(self.keyring.current_id());
                    all.earlier += u64::from(earlier);
                    if let Err(error) = self.opened(value) {
                        tracing::error!(%error, owner = ?value.owner, "a sealed value cannot be opened");
                        all.unreadable += 1;
                    }
                }
            }
        }
        Ok(all)
    }
}
