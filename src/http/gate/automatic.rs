//! Automatic persisted queries, in the protocol that Apollo's clients speak: a client sends the SHA-256 of a document;
//! where it is not known the client sends the text once, and from then on the hash is enough.
//!
//! The memory is this process's own and bounded: a miss only makes the client send the text again. It has two parts.
//! What signed-in people send is kept apart from what strangers send, so strangers can push out no more than each
//! other's documents. A document is kept only after it was executed: it passed the gate and fits the schema.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::Document;
use super::documents::{Bounds, Memory};

/// The SHA-256 of a text.
pub(super) type Hash = [u8; 32];

const SIGNED_IN: Bounds = Bounds { documents: 1024, text: 1024 * 1024, longest: 32 * 1024 };
const STRANGERS: Bounds = Bounds { documents: 256, text: 256 * 1024, longest: 16 * 1024 };

/// The hash that clients send.
pub(super) fn hash_of(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}

/// Reads the 64 hexadecimal characters of a hash.
pub(super) fn parse_hash(text: &str) -> Option<Hash> {
    let lower = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if !lower {
        return None;
    }
    data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// A document that came with its hash, or was found by it among the strangers'.
#[derive(Debug)]
pub struct Keepable {
    hash: Hash,
    document: Arc<Document>,
}

impl Keepable {
    pub(super) fn new(hash: Hash, document: Arc<Document>) -> Self {
        Self { hash, document }
    }
}

/// The two memories.
pub(super) struct Automatic {
    signed_in: Memory<Hash>,
    strangers: Memory<Hash>,
}

impl Automatic {
    pub(super) fn new() -> Self {
        Self { signed_in: Memory::new(SIGNED_IN), strangers: Memory::new(STRANGERS) }
    }

    /// The document of this hash. What only strangers have sent is given for keeping as well, in case that whoever asks
    /// now is signed in.
    pub(super) fn get(&self, hash: &Hash) -> Option<(Arc<Document>, Option<Keepable>)> {
        if let Some(document) = self.signed_in.get(hash) {
            return Some((document, None));
        }
        let document = self.strangers.get(hash)?;
        Some((document.clone(), Some(Keepable::new(*hash, document))))
    }

    /// Keeps a document that was executed.
    pub(super) fn keep(&self, it: Keepable, signed_in: bool) {
        let memory = if signed_in { &self.signed_in } else { &self.strangers };
        memory.put(it.hash, it.document);
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn keepable(text: &str) -> Keepable {
        let parsed = parse_query("{ a }").unwrap();
        Keepable::new(hash_of(text), Arc::new(Document { text: text.into(), parsed, introspects: false }))
    }

    #[test]
    fn strangers_push_out_no_document_of_signed_in_people() {
        let automatic = Automatic::new();
        automatic.keep(keepable("theirs"), true);
        automatic.keep(keepable("a stranger's"), false);
        for n in 0..10 * STRANGERS.documents {
            automatic.keep(keepable(&format!("flood {n}")), false);
        }
        assert!(automatic.get(&hash_of("theirs")).is_some());
        assert!(automatic.get(&hash_of("a stranger's")).is_none(), "the strangers' part is bounded");
    }

    #[test]
    fn what_a_signed_in_person_uses_moves_out_of_the_strangers_reach() {
        let automatic = Automatic::new();
        automatic.keep(keepable("log-in page"), false);
        let (_, again) = automatic.get(&hash_of("log-in page")).unwrap();
        automatic.keep(again.unwrap(), true);
        for n in 0..10 * STRANGERS.documents {
            automatic.keep(keepable(&format!("flood {n}")), false);
        }
        assert!(matches!(automatic.get(&hash_of("log-in page")), Some((_, None))));
    }

    #[test]
    fn a_hash_is_64_hexadecimal_characters_in_lower_case() {
        let text = "7dba4bd717b41f10434822356a93c32b1fb4907b983e854300ad839f84cdcd6e";
        let hash = parse_hash(text).unwrap();
        // The example of the appendix on persisted documents of GraphQL over HTTP.
        assert_eq!(hash_of("query ($id: ID!) {\n  user(id: $id) {\n    name\n  }\n}"), hash);
        let upper = text.to_uppercase();
        for bad in ["", "7d", &text[1..], &format!("{text}0"), upper.as_str(), &"g".repeat(64)] {
            assert!(parse_hash(bad).is_none(), "{bad}");
        }
    }
}
