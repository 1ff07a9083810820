//! The keyring: seals what must be readable again (TOTP secrets, signing keys) under one of several keys, so
//! that keys rotate, and authenticates what nobody else may write. It reads and writes its own file and stores nothing else.

mod mac;

mod file;

use std::fmt;
use std::io;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

pub use self::mac::Tag;
use super::{base32, random_bytes};

/// Length of a key, in bytes: 256 bits.
pub const KEY_BYTES: usize = 32;
/// Longest key id, in characters.
pub const MAX_KEY_ID: usize = 64;

const NONCE_BYTES: usize = 24;
const FORMAT: &str = "v1";
const CONTEXT: &[u8] = b"latchkey sealed v1";
const LOWER_CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

const HEADER: &str = "\
# Latchkey keyring. Whoever has this file and a copy of the database can read every TOTP secret, sign access
# tokens and write another audit log; whoever loses it has to reset everyone's MFA. Keep it out of the database's backups, and
# keep a copy of it.
#
# current   the id of the key that seals from now on
# [keys]    id = key; an id is 1 to 64 of a-z A-Z 0-9 _ -, a key is 256 random bits in base64url without
#           padding (`openssl rand -base64 32 | tr '+/' '-_' | tr -d =` makes one)
#
# Every key that is listed opens what it sealed and checks what it authenticated. To rotate: `latchkey keys add`, restart
# all gateways, `latchkey keys rotate --to`, restart them again. Remove a key with `latchkey keys retire`, which sees
# whether it is still needed: the audit log keeps needing every key that authenticated a part of it.
";

/// Why the keyring cannot be used, or something sealed cannot be opened. It never repeats a key or a text.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file cannot be read.
    #[error("cannot read the keys file {path}", path = path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write the keys file {path}", path = path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is a file already, and it may hold the only copy of a key.
    #[error("{path} exists already and is left as it is", path = .0.display())]
    Exists(PathBuf),
    /// The text is no keyring.
    #[error("the keys file is not valid: {0}")]
    Invalid(String),
    /// Changing the keyring with a key that it does not have.
    #[error("there is no key {0:?} in the keys file")]
    NoSuchKey(String),
    /// The key that sealed this is not in the keyring.
    #[error("the key {0:?} is not in the keyring: put it back into the keys file")]
    MissingKey(String),
    /// Not something that [`Keyring::seal`] wrote.
    #[error("not a sealed value (v1|key id|nonce|ciphertext)")]
    Malformed,
    /// Altered, moved to another place or owner, or sealed by another key of the same id.
    #[error(
        "the value sealed under the key {0:?} is not genuine here: altered, moved, or another key of that id"
    )]
    NotGenuine(String),
    /// The text is too long to be sealed (256 GiB).
    #[error("too long to be sealed")]
    TooLong,
}

struct Key {
    id: String,
    secret: Zeroizing<[u8; KEY_BYTES]>,
}

/// Several keys, one of them the current one.
///
/// XChaCha20-Poly1305 with a random nonce of 192 bits (safe to draw at random for any number of messages);
/// the associated data are the place, the owner and the key id, so that a value copied to another user or
/// another field does not open.
pub struct Keyring {
    current: Key,
    older: Vec<Key>,
}

impl Keyring {
    /// A keyring of one new key.
    pub fn generate() -> Self {
        Self { current: Key::generate(), older: Vec::new() }
    }

    /// The same keyring with one more new key, which does not seal yet; and its id.
    #[must_use]
    pub fn with_new_key(mut self) -> (Self, String) {
        let key = Key::generate();
        let id = key.id.clone();
        self.older.push(key);
        (self, id)
    }

    /// The same keyring with another of its keys as the current one.
    ///
    /// # Errors
    /// When it has no such key.
    pub fn with_current(mut self, id: &str) -> Result<Self, KeyringError> {
        if self.current.id != id {
            let other = self.take(id)?;
            self.older.push(std::mem::replace(&mut self.current, other));
        }
        Ok(self)
    }

    /// The same keyring without one of its keys.
    ///
    /// # Errors
    /// When it has no such key, or that is the current one.
    pub fn without(mut self, id: &str) -> Result<Self, KeyringError> {
        self.take(id)?;
        Ok(self)
    }

    fn take(&mut self, id: &str) -> Result<Key, KeyringError> {
        let place = self.older.iter().position(|key| key.id == id);
        place.map(|place| self.older.remove(place)).ok_or_else(|| KeyringError::NoSuchKey(id.to_owned()))
    }

    /// The same keyring with one more new key, which becomes the current one.
    #[must_use]
    pub fn rotated(self) -> Self {
        let mut older = self.older;
        older.push(self.current);
        Self { current: Key::generate(), older }
    }

    /// Reads the text of a keys file; its format is described in the header of every file that
    /// [`Keyring::write_new`] writes.
    ///
    /// # Errors
    /// When it is not TOML, names something unknown, a key is not 256 bits, two keys are equal, or the current
    /// one is missing. The message names the line or the key id, never a key.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let invalid = |message: String| KeyringError::Invalid(message);
        let table = DeTable::parse(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            // The error's own text would quote the line, and with it a key.
            invalid(format!("line {}: not TOML", before.matches('\n').count() + 1))
        })?;
        let (mut current, mut keys) = (None, Vec::<Key>::new());
        for (name, value) in table.get_ref() {
            match (name.get_ref().as_ref(), value.get_ref()) {
                ("current", DeValue::String(id)) => current = Some(id.to_string()),
                ("keys", DeValue::Table(listed)) => {
                    for (id, value) in listed {
                        keys.push(Key::parse(id.get_ref(), value.get_ref()).map_err(invalid)?);
                    }
                }
                ("current", _) => return Err(invalid("current must be the id of a key, in quotes".into())),
                ("keys", _) => return Err(invalid("keys must be a table".into())),
                (other, _) => return Err(invalid(format!("unknown entry {other:?}"))),
            }
        }
        let mut by_secret: Vec<_> = keys.iter().collect();
        by_secret.sort_by_key(|key| *key.secret);
        for pair in by_secret.windows(2) {
            if let [one, other] = pair
                && one.secret == other.secret
            {
                return Err(invalid(format!("the keys {:?} and {:?} are the same", one.id, other.id)));
            }
        }
        let id = current.ok_or_else(|| invalid("current is missing".into()))?;
        let place = keys.iter().position(|key| key.id == id);
        let place =
            place.ok_or_else(|| invalid(format!("current is {id:?}, which is not among the keys")))?;
        let current = keys.remove(place);
        Ok(Self { current, older: keys })
    }

    /// The text of the keys file.
    pub fn to_toml(&self) -> Zeroizing<String> {
        // Set aside at once: growing would leave copies of the keys behind.
        let mut text = Zeroizing::new(String::with_capacity(HEADER.len() + 256 * (self.older.len() + 2)));
        text.push_str(HEADER);
        text.push_str(&format!("\ncurrent = \"{}\"\n\n[keys]\n", self.current.id));
        for key in self.keys() {
            let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.secret.as_slice()));
            for part in [key.id.as_str(), " = \"", secret.as_str(), "\"\n"] {
                text.push_str(part);
            }
        }
        text
    }

    /// The id of the key that seals.
    pub fn current_id(&self) -> &str {
        &self.current.id
    }

    /// The ids of all keys, the current one first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys().map(|key| key.id.as_str())
    }

    /// The key that seals, with its id.
    pub(super) fn current_secret(&self) -> (&str, &[u8; KEY_BYTES]) {
        (&self.current.id, &self.current.secret)
    }

    /// A key by its id.
    pub(super) fn secret(&self, id: &str) -> Option<&[u8; KEY_BYTES]> {
        self.keys().find(|key| key.id == id).map(|key| &*key.secret)
    }

    /// Seals a text for one owner (a user's id, say) in one place (`"users.mfa.totp"`, say).
    ///
    /// # Errors
    /// When the text is longer than the cipher allows (256 GiB); never otherwise.
    pub fn seal(&self, place: &str, owner: &[u8], plain: &[u8]) -> Result<Sealed, KeyringError> {
        self.seal_under(&self.current.id, place, owner, plain)
    }

    /// Likewise, with a key that may not be the current one.
    ///
    /// # Errors
    /// When it is not in the keyring, or the text is too long.
    pub fn seal_under(
        &self,
        key_id: &str,
        place: &str,
        owner: &[u8],
        plain: &[u8],
    ) -> Result<Sealed, KeyringError> {
        let key = self.keys().find(|key| key.id == key_id);
        let key = key.ok_or_else(|| KeyringError::NoSuchKey(key_id.to_owned()))?;
        let nonce = random_bytes::<NONCE_BYTES>();
        let cipher = XChaCha20Poly1305::new((&*key.secret).into());
        let mut body = Vec::with_capacity(plain.len().saturating_add(16));
        body.extend_from_slice(plain);
        let context = associated_data(place, owner, &key.id);
        cipher
            .encrypt_in_place(&XNonce::from(*nonce), &context, &mut body)
            .map_err(|_| KeyringError::TooLong)?;
        let (nonce, body) = (URL_SAFE_NO_PAD.encode(nonce.as_slice()), URL_SAFE_NO_PAD.encode(&body));
        Ok(Sealed(format!("{FORMAT}|{}|{nonce}|{body}", key.id)))
    }

    /// Opens what was sealed for the same owner in the same place, by whichever key.
    ///
    /// # Errors
    /// When its key is not in the keyring, or it is not genuine.
    pub fn open(
        &self,
        place: &str,
        owner: &[u8],
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let (id, nonce, body) = sealed.parts().ok_or(KeyringError::Malformed)?;
        let nonce = URL_SAFE_NO_PAD.decode(nonce).map_err(|_| KeyringError::Malformed)?;
        let nonce = <[u8; NONCE_BYTES]>::try_from(nonce).map_err(|_| KeyringError::Malformed)?;
        let mut text = Zeroizing::new(URL_SAFE_NO_PAD.decode(body).map_err(|_| KeyringError::Malformed)?);
        let key =
            self.keys().find(|key| key.id == id).ok_or_else(|| KeyringError::MissingKey(id.to_owned()))?;
        XChaCha20Poly1305::new((&*key.secret).into())
            .decrypt_in_place(&XNonce::from(nonce), &associated_data(place, owner, id), &mut *text)
            .map_err(|_| KeyringError::NotGenuine(id.to_owned()))?;
        Ok(text)
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.older)
    }
}

impl Key {
    fn generate() -> Self {
        let id = format!("k{}", base32::encode(LOWER_CROCKFORD, random_bytes::<5>().as_slice()));
        Self { id, secret: random_bytes() }
    }

    fn parse(id: &str, value: &DeValue<'_>) -> Result<Self, String> {
        if !is_key_id(id) {
            return Err(format!("{id:?} is no key id: 1 to {MAX_KEY_ID} of a-z A-Z 0-9 _ -"));
        }
        let mut secret = Zeroizing::new([0; KEY_BYTES]);
        // One byte of room more, so that a longer key is seen as one.
        let mut bytes = Zeroizing::new([0; KEY_BYTES + 1]);
        let text = value.as_str().unwrap_or_default();
        match URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice()) {
            Ok(KEY_BYTES) => secret.copy_from_slice(bytes.get(..KEY_BYTES).unwrap_or_default()),
            _ => return Err(format!("the key {id:?} is not 256 bits in base64url without padding")),
        }
        Ok(Self { id: id.to_owned(), secret })
    }
}

fn is_key_id(id: &str) -> bool {
    (1..=MAX_KEY_ID).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Each part with its length in front: no two different triples give the same bytes.
fn associated_data(place: &str, owner: &[u8], key_id: &str) -> Vec<u8> {
    let parts = [CONTEXT, place.as_bytes(), owner, key_id.as_bytes()];
    let mut data = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        data.extend_from_slice(&(part.len() as u64).to_le_bytes());
        data.extend_from_slice(part);
    }
    data
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({}, keys redacted)", self.ids().collect::<Vec<_>>().join(", "))
    }
}

/// A sealed text: `v1|key id|nonce|ciphertext`, the last two in base64url without padding. Serialises as that
/// string. It may be stored and logged; nothing of the text but its length shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl Sealed {
    /// The string to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the key that sealed it, so that rotation finds what is left to seal anew.
    pub fn key_id(&self) -> Option<&str> {
        self.parts().map(|(id, _, _)| id)
    }

    fn parts(&self) -> Option<(&str, &str, &str)> {
        let mut parts = self.0.split('|');
        let (format, id, nonce, body) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        (format == FORMAT && is_key_id(id) && parts.next().is_none()).then_some((id, nonce, body))
    }
}

/// Takes over a stored string; whether it is genuine shows when it is opened.
impl From<String> for Sealed {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.key_id().unwrap_or("malformed"))
    }
}

#[cfg(test)]
#[path = "keyring_tests.rs"]
mod tests;
