//! The links of a hash chain: what is hashed, and in which encoding.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

const CONTEXT: &[u8] = b"latchkey audit event v1";

/// The hash of one link of a chain: SHA-256. Serialises as bytes: a generic binary in BSON.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainHash(#[serde(with = "super::hash_bytes")] pub [u8; 32]);

impl ChainHash {
    /// What stands in front of the first link.
    pub const START: Self = Self([0; 32]);

    /// The hash of the link with this number and content that follows `previous` in the chain of this scope.
    ///
    /// Each part has its length in front, so no two different links give the same bytes.
    pub fn of_link(scope: &str, seq: i64, previous: &Self, content: &[u8]) -> Self {
        let mut hash = Sha256::new();
        for part in [CONTEXT, scope.as_bytes(), &seq.to_be_bytes(), &previous.0, content] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        bytes.try_into().map(Self).ok()
    }
}

/// As hexadecimal digits.
impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainHash({self})")
    }
}

impl From<ChainHash> for bson::Bson {
    fn from(hash: ChainHash) -> Self {
        bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: hash.0.to_vec() }.into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn every_part_of_a_link_counts() {
        let link = |scope, seq, previous: &ChainHash, content: &[u8]| {
            ChainHash::of_link(scope, seq, previous, content)
        };
        let hash = link("deployment", 1, &ChainHash::START, b"content");
        assert_eq!(hash, link("deployment", 1, &ChainHash::START, b"content"));
        assert_ne!(hash, link("elsewhere", 1, &ChainHash::START, b"content"));
        assert_ne!(hash, link("deployment", 2, &ChainHash::START, b"content"));
        assert_ne!(hash, link("deployment", 1, &hash, b"content"));
        assert_ne!(hash, link("deployment", 1, &ChainHash::START, b"contents"));
    }

    #[test]
    fn a_link_hashes_as_docs_audit_md_says() {
        let mut bytes = Vec::new();
        for part in
            [b"latchkey audit event v1".as_slice(), b"deployment", &[0, 0, 0, 0, 0, 0, 0, 1], &[0; 32], b"x"]
        {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        let expected: [u8; 32] = Sha256::digest(&bytes).into();
        assert_eq!(ChainHash::of_link("deployment", 1, &ChainHash::START, b"x").0, expected);
    }

    #[test]
    fn a_hash_reads_back_from_its_text() {
        let hash = ChainHash::of_link("deployment", 1, &ChainHash::START, b"x");
        assert_eq!(ChainHash::parse(&hash.to_string()), Some(hash));
        assert_eq!(ChainHash::parse("00"), None);
        assert_eq!(ChainHash::parse(&"zz".repeat(32)), None);
    }
}
