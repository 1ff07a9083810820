//! Authenticating what anybody may read and nobody but this gateway may write: HMAC-SHA256 under keys derived from the
//! keyring's, one for each place.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Key, Keyring, KeyringError};

const CONTEXT: &[u8] = b"latchkey mac v1";

/// What [`Keyring::authenticate`] gives, and the id of the key that it was made with. Without the keyring it can neither
/// be made nor checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Tag {
    /// The key's id in the keyring.
    pub key_id: String,
    mac: [u8; 32],
}

impl Tag {
    /// A stored tag; whether it is genuine shows when it is checked.
    pub fn from_stored(key_id: String, mac: [u8; 32]) -> Self {
        Self { key_id, mac }
    }

    /// What is stored beside the key's id. It is no secret.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.mac
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({})", self.key_id)
    }
}

impl Keyring {
    /// Authenticates a message that belongs in one place (`"audit_heads"`, say), under the current key.
    pub fn authenticate(&self, place: &str, message: &[u8]) -> Tag {
        let key = &self.current;
        Tag { key_id: key.id.clone(), mac: mac(key, place, message).finalize().into_bytes().into() }
    }

    /// Checks a tag of the same message in the same place, by whichever key made it; in constant time.
    ///
    /// # Errors
    /// When its key is not in the keyring, or it is not genuine.
    pub fn check(&self, place: &str, message: &[u8], tag: &Tag) -> Result<(), KeyringError> {
        let key = self.keys().find(|key| key.id == tag.key_id);
        let key = key.ok_or_else(|| KeyringError::MissingKey(tag.key_id.clone()))?;
        mac(key, place, message)
            .verify_slice(&tag.mac)
            .map_err(|_| KeyringError::NotGenuine(tag.key_id.clone()))
    }
}

/// The keyring's keys seal; what authenticates is derived from them, so that no key serves two algorithms (NIST SP 800-57
/// part 1, section 5.2).
fn mac(key: &Key, place: &str, message: &[u8]) -> Hmac<Sha256> {
    let mut derive = keyed(&key.secret);
    for part in [CONTEXT, place.as_bytes(), key.id.as_bytes()] {
        derive.update(&(part.len() as u64).to_le_bytes());
        derive.update(part);
    }
    let derived: Zeroizing<[u8; 32]> = Zeroizing::new(derive.finalize().into_bytes().into());
    let mut mac = keyed(&derived);
    mac.update(message);
    mac
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // A key of 32 bytes is shorter than HMAC's block of 64, which zeros fill up (RFC 2104, section 2).
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    Hmac::new((&*block).into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn a_tag_holds_for_its_message_and_place_only() {
        let keyring = Keyring::generate();
        let tag = keyring.authenticate("here", b"message");
        assert!(keyring.check("here", b"message", &tag).is_ok());
        assert!(matches!(keyring.check("here", b"massage", &tag), Err(KeyringError::NotGenuine(_))));
        assert!(matches!(keyring.check("there", b"message", &tag), Err(KeyringError::NotGenuine(_))));
        let mut bytes = *tag.as_bytes();
        bytes[0] ^= 1;
        let other = Tag::from_stored(tag.key_id, bytes);
        assert!(matches!(keyring.check("here", b"message", &other), Err(KeyringError::NotGenuine(_))));
    }

    #[test]
    fn tags_of_an_earlier_key_are_checked_by_it_and_name_a_key_that_is_gone() {
        let keyring = Keyring::generate();
        let tag = keyring.authenticate("here", b"message");
        assert_eq!(tag.key_id, keyring.current_id());
        let rotated = keyring.rotated();
        assert!(rotated.check("here", b"message", &tag).is_ok());
        assert_ne!(rotated.authenticate("here", b"message").key_id, tag.key_id);
        let gone = Keyring::generate().check("here", b"message", &tag);
        assert!(matches!(gone, Err(KeyringError::MissingKey(id)) if id == tag.key_id));
    }

    #[test]
    fn a_short_key_is_filled_up_with_zeros_as_the_standard_says() {
        let key = [7; 32];
        let mut standard: Hmac<Sha256> = Hmac::new_from_slice(&key).unwrap();
        standard.update(b"message");
        let mut ours = keyed(&key);
        ours.update(b"message");
        assert_eq!(ours.finalize().into_bytes(), standard.finalize().into_bytes());
    }
}
