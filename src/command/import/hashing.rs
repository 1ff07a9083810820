//! Plain passwords, each hashed once a run. Passwords are remembered under a keyed digest, never in clear.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::crypto::{PasswordError, PasswordHash, Passwords};

/// How many passwords are remembered: some 25 MB, and over half an hour of hashing on two cores.
const REMEMBERED: usize = 100_000;

type Digest = [u8; 16];

#[derive(Default)]
struct Known {
    hashes: HashMap<Digest, Arc<OnceCell<PasswordHash>>>,
    /// Which password a hash was made of.
    made_of: HashMap<Digest, Digest>,
    oldest: VecDeque<Digest>,
}

/// Hashes plain passwords.
pub struct Hashing {
    passwords: Passwords,
    key: [u8; 32],
    known: Mutex<Known>,
}

impl Hashing {
    pub fn new(passwords: Passwords) -> Self {
        let mut key = [0; 32];
        let random = Uuid::new_v4().into_bytes().into_iter().chain(Uuid::new_v4().into_bytes());
        key.iter_mut().zip(random).for_each(|(to, from)| *to = from);
        Self { passwords, key, known: Mutex::default() }
    }

    fn digest(&self, text: &str) -> Digest {
        let hash: [u8; 32] = Sha256::new().chain_update(self.key).chain_update(text).finalize().into();
        let mut first = [0; 16];
        first.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        first
    }

    /// The hash of a password; the same one for the same password.
    pub async fn hash(&self, plain: &str) -> Result<PasswordHash, PasswordError> {
        let digest = self.digest(plain);
        let cell = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(cell) = known.hashes.get(&digest) {
                Arc::clone(cell)
            } else {
                if known.oldest.len() >= REMEMBERED {
                    known.forget_oldest(|hash| self.digest(hash.as_str()));
                }
                known.oldest.push_back(digest);
                Arc::clone(known.hashes.entry(digest).or_default())
            }
        };
        let hash = cell.get_or_try_init(|| self.passwords.hash(plain)).await?;
        let of = self.digest(hash.as_str());
        self.known.lock().unwrap_or_else(PoisonError::into_inner).made_of.insert(of, digest);
        Ok(hash.clone())
    }

    /// Whether this run made that hash of another password.
    pub fn contradicts(&self, plain: &str, hash: &str) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.made_of.get(&self.digest(hash)).is_some_and(|of| *of != self.digest(plain))
    }
}

impl Known {
    fn forget_oldest(&mut self, digest: impl Fn(&PasswordHash) -> Digest) {
        let oldest = self.oldest.pop_front().and_then(|oldest| self.hashes.remove(&oldest));
        if let Some(hash) = oldest.as_ref().and_then(|cell| cell.get()) {
            self.made_of.remove(&digest(hash));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_password_is_hashed_once_even_at_the_same_time() {
        let hashing = Hashing::new(Passwords::for_tests());
        let (one, two) = tokio::join!(hashing.hash("sesame"), hashing.hash("sesame"));
        let (one, other) = (one.unwrap(), hashing.hash("other").await.unwrap());
        assert_eq!(one, two.unwrap());
        assert_ne!(one, other);
        assert!(!hashing.contradicts("sesame", one.as_str()));
        assert!(hashing.contradicts("sesame", other.as_str()));
        assert!(!hashing.contradicts("sesame", "$argon2id$elsewhere"));
    }
}
