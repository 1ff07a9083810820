//! One-time and bearer tokens: drawn here, shown once, kept as a hash only. What a token is good for and
//! until when is not this room's matter.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::random_bytes;

/// The random part of a token, in bytes: 256 bits. NIST SP 800-63B-4 asks session secrets for at least 64 bits.
pub const TOKEN_BYTES: usize = 32;

/// What a token is for. Each kind has a prefix of its own, so that one cannot pass for another and secret
/// scanners recognise a leaked one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TokenKind {
    /// A signed-in session: `lks_`.
    Session,
    /// The second step of a log-in: `lkc_`.
    Challenge,
    /// Setting MFA up before the log-in is complete: `lke_`.
    Enrollment,
    /// The link in an "MFA reset request" mail: `lkr_`.
    MfaReset,
    /// The link in an invitation mail: `lki_`.
    Invitation,
    /// The link in an e-mail verification mail: `lkv_`.
    EmailVerification,
    /// The link in a password reset mail: `lkp_`.
    PasswordReset,
    /// A browser that somebody has logged in from: `lkd_`.
    Device,
    /// The link in a mail that asks a recovery contact: `lkn_`.
    RecoveryConfirm,
    /// The link in the mail that tells an Owner of a recovery: `lkx_`.
    RecoveryStop,
}

impl TokenKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Session,
        Self::Challenge,
        Self::Enrollment,
        Self::MfaReset,
        Self::Invitation,
        Self::EmailVerification,
        Self::PasswordReset,
        Self::Device,
        Self::RecoveryConfirm,
        Self::RecoveryStop,
    ];

    /// The four characters in front of the random part.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "lks_",
            Self::Challenge => "lkc_",
            Self::Enrollment => "lke_",
            Self::MfaReset => "lkr_",
            Self::Invitation => "lki_",
            Self::EmailVerification => "lkv_",
            Self::PasswordReset => "lkp_",
            Self::Device => "lkd_",
            Self::RecoveryConfirm => "lkn_",
            Self::RecoveryStop => "lkx_",
        }
    }
}

/// A token in clear: the kind's prefix and 256 random bits in base64url without padding, 47 characters.
#[derive(Clone)]
pub struct Token {
    kind: TokenKind,
    text: SecretString,
}

impl Token {
    /// Draws a new token.
    pub fn generate(kind: TokenKind) -> Self {
        let random = Zeroizing::new(URL_SAFE_NO_PAD.encode(random_bytes::<TOKEN_BYTES>().as_slice()));
        Self { kind, text: [kind.prefix(), random.as_str()].concat().into() }
    }

    /// Reads a token of this kind as it was shown. `None` for another kind and for anything that
    /// [`Token::generate`] could not have written.
    pub fn parse(kind: TokenKind, text: &str) -> Option<Self> {
        let random = text.strip_prefix(kind.prefix())?;
        // Decoding is strict: one byte string has one spelling, hence one hash.
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES + 1]);
        let length = URL_SAFE_NO_PAD.decode_slice(random, bytes.as_mut_slice()).ok()?;
        (length == TOKEN_BYTES).then(|| Self { kind, text: text.into() })
    }

    /// What the token is for.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The token in clear, for the one person it is for.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// What is stored in place of the token: SHA-256 of the whole text. With 256 random bits there is
    /// nothing to guess, so neither a salt nor a slow hash would add anything.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.expose()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({:?}, redacted)", self.kind)
    }
}

/// SHA-256 of a [`Token`]. Serialises as bytes: a generic binary in BSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(#[serde(with = "super::hash_bytes")] pub [u8; 32]);

impl TokenHash {
    /// The 32 bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

// Enough to tell two apart in a log; the hash is not a secret, the token cannot be found from it.
impl From<TokenHash> for bson::Bson {
    fn from(hash: TokenHash) -> Self {
        bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: hash.0.to_vec() }.into()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "TokenHash({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_token_is_its_prefix_and_256_bits_in_base64url() {
        for kind in TokenKind::ALL {
            let token = Token::generate(kind);
            assert_eq!(token.expose().len(), 47);
            assert_eq!(&token.expose()[..4], kind.prefix());
            assert_eq!(URL_SAFE_NO_PAD.decode(&token.expose()[4..]).unwrap().len(), 32);
            assert_eq!(token.kind(), kind);
        }
    }

    #[test]
    fn a_token_parses_as_its_own_kind_only() {
        for kind in TokenKind::ALL {
            let token = Token::generate(kind);
            for other in TokenKind::ALL {
                let parsed = Token::parse(other, token.expose());
                assert_eq!(parsed.is_some(), other == kind);
                assert!(parsed.is_none_or(|p| p.hash() == token.hash()));
            }
        }
    }

    #[test]
    fn prefixes_are_distinct() {
        let prefixes: HashSet<_> = TokenKind::ALL.map(TokenKind::prefix).into_iter().collect();
        assert_eq!(prefixes.len(), TokenKind::ALL.len());
    }

    #[test]
    fn parse_refuses_what_generate_could_not_have_written() {
        let token = Token::generate(TokenKind::MfaReset);
        let text = token.expose();
        let mut other_spelling = text.to_owned();
        // 43 symbols hold 258 bits: the last symbol's two low bits must be zero.
        other_spelling.pop();
        other_spelling.push('B');
        let long = text.repeat(100);
        for bad in [
            "",
            "lkr_",
            "lkr_AAAA",
            &text[4..],
            &text[..46],
            &format!("{text}A"),
            &format!("{text}AA"),
            &format!("{text}="),
            &format!(" {text}"),
            &format!("{text}\n"),
            &text.to_uppercase(),
            &other_spelling,
            &long,
            "lkr_ééééééééééééééééééééé_",
        ] {
            assert!(Token::parse(TokenKind::MfaReset, bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_hash_is_sha_256_of_the_whole_text() {
        let text = format!("lks_{}", "A".repeat(43));
        let token = Token::parse(TokenKind::Session, &text).unwrap();
        assert_eq!(token.hash().0, <[u8; 32]>::from(Sha256::digest(&text)));
        // `printf 'lks_AAA…' | sha256sum`, computed apart from this code.
        assert_eq!(data_encoding::HEXLOWER.encode(&token.hash().0), HASH_OF_ZEROES);
    }

    const HASH_OF_ZEROES: &str = "77f7881dd92e297739b31cfff415667b697adeef3f846646b233458e047cfae6";

    #[test]
    fn tokens_never_repeat_and_every_bit_is_drawn() {
        let mut seen = HashSet::new();
        let mut ones = [0u32; 256];
        for _ in 0..2000 {
            let token = Token::generate(TokenKind::Session);
            assert!(seen.insert(token.hash()));
            let bytes = URL_SAFE_NO_PAD.decode(&token.expose()[4..]).unwrap();
            for (i, count) in ones.iter_mut().enumerate() {
                *count += u32::from(bytes[i / 8] >> (i % 8) & 1);
            }
        }
        // Each bit is a fair coin tossed 2000 times: 8 standard deviations are 179.
        assert!(ones.iter().all(|n| n.abs_diff(1000) < 179), "{ones:?}");
    }

    #[test]
    fn debug_shows_nothing_of_a_token() {
        let token = Token::generate(TokenKind::Session);
        let shown = format!("{token:?}");
        assert_eq!(shown, "Token(Session, redacted)");
    }

    #[test]
    fn a_hash_is_a_generic_binary_in_bson_and_comes_back() {
        #[derive(Serialize, Deserialize, PartialEq, Debug)]
        struct Row {
            #[serde(rename = "_id")]
            id: TokenHash,
            more: Vec<TokenHash>,
        }
        let hash = Token::generate(TokenKind::Session).hash();
        let row = Row { id: hash, more: vec![hash] };

        let document = bson::serialize_to_document(&row).unwrap();
        let bson::Bson::Binary(binary) = document.get("_id").unwrap() else { panic!("{document}") };
        assert_eq!(binary.subtype, bson::spec::BinarySubtype::Generic);
        assert_eq!(binary.bytes, hash.as_bytes());
        assert_eq!(bson::deserialize_from_document::<Row>(document).unwrap(), row);

        let bytes = bson::serialize_to_vec(&row).unwrap();
        assert_eq!(bson::deserialize_from_slice::<Row>(&bytes).unwrap(), row);

        let json = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<Row>(&json).unwrap(), row);
        let short = bson::doc! { "_id": bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: vec![0; 31] }, "more": [] };
        assert!(bson::deserialize_from_document::<Row>(short).is_err());
    }
}
