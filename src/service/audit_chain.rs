//! What makes an event a link of its scope's chain, and what shows that this gateway wrote it.
//!
//! The hash of an event covers its number, the hash before it and everything that is stored of it. Whoever can write to
//! MongoDB can work hashes out anew, so each hash, and each head, also carries a MAC under the keyring.

use crate::crypto::{ChainHash, Keyring, KeyringError};
use crate::store::audit_chain::{Head, Seal, StoredEvent};

/// Where tags of events belong, for the keyring.
const EVENTS: &str = "audit_events.chain";
/// Where tags of heads belong.
const HEADS: &str = "audit_heads";

/// The seal that makes an event the next link after a hash.
pub fn seal(keyring: &Keyring, event: &StoredEvent, seq: i64, previous: ChainHash) -> Seal {
    let hash = ChainHash::of_link(&event.scope, seq, &previous, &event.content);
    Seal { seq, previous, hash, tag: keyring.authenticate(EVENTS, hash.as_bytes()) }
}

/// What is wrong with a seal.
#[derive(Debug, thiserror::Error)]
pub enum Flaw {
    /// The hash is another one.
    #[error("the hash is another one")]
    Changed,
    /// The hash fits, and this gateway did not make it.
    #[error("the hash was not made by this gateway")]
    Forged,
    /// It was made with a key that the keyring has no more.
    #[error("the key {0:?} is not in the keyring")]
    KeyMissing(String),
}

/// Looks whether this gateway gave an event its seal.
pub fn check_seal(keyring: &Keyring, event: &StoredEvent, seal: &Seal) -> Result<(), Flaw> {
    if ChainHash::of_link(&event.scope, seal.seq, &seal.previous, &event.content) != seal.hash {
        return Err(Flaw::Changed);
    }
    checked(keyring.check(EVENTS, seal.hash.as_bytes(), &seal.tag))
}

fn checked(checked: Result<(), KeyringError>) -> Result<(), Flaw> {
    match checked {
        Ok(()) => Ok(()),
        Err(KeyringError::MissingKey(key)) => Err(Flaw::KeyMissing(key)),
        Err(_) => Err(Flaw::Forged),
    }
}

fn head_message(scope: &str, seq: i64, hash: &ChainHash) -> Vec<u8> {
    // The number and the hash have fixed lengths: no two heads give the same bytes.
    [seq.to_be_bytes().as_slice(), hash.as_bytes(), scope.as_bytes()].concat()
}

/// The head of a chain that ends with this event.
pub fn head(keyring: &Keyring, scope: &str, last: &Seal) -> Head {
    let tag = keyring.authenticate(HEADS, &head_message(scope, last.seq, &last.hash));
    Head { seq: last.seq, hash: last.hash, tag }
}

/// Looks whether this gateway wrote a head.
pub fn check_head(keyring: &Keyring, scope: &str, head: &Head) -> Result<(), Flaw> {
    checked(keyring.check(HEADS, &head_message(scope, head.seq, &head.hash), &head.tag))
}
