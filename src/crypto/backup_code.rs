//! Backup codes: ten single-use codes for the day the authenticator app is gone. Drawn, read back from what
//! people type, and hashed here; that a code works once is the store's conditional update.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{base32, random_bytes};

/// How many codes one set has.
pub const BACKUP_CODES: usize = 10;
/// The random bytes of one code: 80 bits. NIST SP 800-63B-4 calls these look-up secrets and wants them
/// hashed; guesses are throttled by the caller.
pub const BACKUP_CODE_BYTES: usize = 10;

/// Fewest symbols of a code; a TOTP code has six.
const MIN_SYMBOLS: usize = 8;
/// Most symbols of a code.
const MAX_SYMBOLS: usize = 64;
/// Longest text that is read at all, in bytes: a code with generous decoration.
const MAX_TEXT: usize = 128;

/// Crockford's base 32: no I, L, O or U.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Makes whole sets of codes.
pub struct BackupCodes;

impl BackupCodes {
    /// Ten new codes.
    pub fn generate() -> Vec<BackupCode> {
        let mut codes = Vec::with_capacity(BACKUP_CODES);
        codes.resize_with(BACKUP_CODES, BackupCode::generate);
        codes
    }
}

/// One code in clear. Those drawn here are 80 random bits in Crockford base 32, as `XXXX-XXXX-XXXX-XXXX`.
#[derive(Clone)]
pub struct BackupCode {
    text: SecretString,
}

impl BackupCode {
    /// Draws one new code. 32 symbols divide the bits evenly, so no symbol is likelier than another.
    pub fn generate() -> Self {
        Self::from_bytes(random_bytes::<BACKUP_CODE_BYTES>().as_slice())
    }

    /// Reads a code as people type it: any case, with or without dashes and blanks, O for 0, I or L for 1.
    /// Codes of other systems come by import, so 8 to 64 letters and digits are taken; a TOTP code is shorter
    /// and never passes for one.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let mut symbols = Zeroizing::new(String::with_capacity(MAX_SYMBOLS));
        for symbol in text.chars().filter(|c| !is_decoration(*c)).map(folded) {
            if symbols.len() == MAX_SYMBOLS {
                return None;
            }
            symbols.push(symbol?);
        }
        (symbols.len() >= MIN_SYMBOLS).then(|| Self::from_symbols(&symbols))
    }

    /// The code in clear, for the one person it is for.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// What is stored in place of the code: SHA-256 of the canonical text that [`BackupCode::expose`] shows.
    pub fn hash(&self) -> BackupCodeHash {
        BackupCodeHash(Sha256::digest(self.expose()).into())
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        Self::from_symbols(&Zeroizing::new(base32::encode(CROCKFORD, bytes)))
    }

    /// The one spelling of a code: folded symbols in groups of four.
    fn from_symbols(symbols: &str) -> Self {
        let mut text = String::with_capacity(symbols.len() + symbols.len() / 4);
        for (i, symbol) in symbols.chars().enumerate() {
            if i > 0 && i % 4 == 0 {
                text.push('-');
            }
            text.push(symbol);
        }
        Self { text: text.into() }
    }
}

/// Blanks, and whatever a mail program or a word processor makes of a dash.
fn is_decoration(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '_' | '.' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{200b}' | '\u{feff}')
}

/// A letter or digit with its case and its look-alikes folded away.
fn folded(symbol: char) -> Option<char> {
    match symbol.to_ascii_uppercase() {
        'O' => Some('0'),
        'I' | 'L' => Some('1'),
        other => other.is_ascii_alphanumeric().then_some(other),
    }
}

impl fmt::Debug for BackupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackupCode(redacted)")
    }
}

/// SHA-256 of a [`BackupCode`]. Serialises as bytes: a generic binary in BSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BackupCodeHash(#[serde(with = "super::hash_bytes")] pub [u8; 32]);

impl BackupCodeHash {
    /// The 32 bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

// 80 bits are fewer than a token's 256: not even the hash belongs into a log.
impl fmt::Debug for BackupCodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackupCodeHash(redacted)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_set_is_ten_distinct_codes_in_groups_of_four() {
        let codes = BackupCodes::generate();
        assert_eq!(codes.len(), 10);
        assert_eq!(codes.iter().map(BackupCode::hash).collect::<HashSet<_>>().len(), 10);
        for code in codes {
            let groups: Vec<_> = code.expose().split('-').collect();
            assert_eq!(groups.len(), 4);
            assert!(groups.iter().all(|g| g.len() == 4 && g.bytes().all(|b| CROCKFORD.contains(&b))));
        }
    }

    #[test]
    fn a_code_is_the_crockford_spelling_of_its_bits() {
        assert_eq!(BackupCode::from_bytes(&[0; 10]).expose(), "0000-0000-0000-0000");
        assert_eq!(BackupCode::from_bytes(&[0xff; 10]).expose(), "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        // 00000 00001 00010 … 01111
        let counting = [0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf];
        assert_eq!(BackupCode::from_bytes(&counting).expose(), "0123-4567-89AB-CDEF");
    }

    #[test]
    fn parse_takes_a_code_as_people_type_it() {
        let code = BackupCode::parse("0123-4567-89AB-CDEF").unwrap();
        for typed in [
            "0123456789ABCDEF",
            "0123-4567-89ab-cdef",
            "  0123 4567 89ab cdef\r\n",
            "O123-4567-89AB-CDEF",
            "oI23-4567-89ab-cdef",
            "ol23 – 4567 – 89ab — cdef",
            "oL23_4567.89ab\u{2212}cdef",
            "0-1-2-3-4-5-6-7-8-9-A-B-C-D-E-F",
        ] {
            let parsed = BackupCode::parse(typed).unwrap_or_else(|| panic!("{typed}"));
            assert_eq!(parsed.hash(), code.hash(), "{typed}");
            assert_eq!(parsed.expose(), "0123-4567-89AB-CDEF");
        }
    }

    #[test]
    fn parse_refuses_everything_else() {
        let long = "-".repeat(200) + "0123-4567-89AB-CDEF";
        for bad in [
            "",
            "-",
            "123456",
            "123 456",
            "ABCD-123",
            "0123-4567-89AB-CDE!",
            "0123-4567-89AB-CDEÉ",
            &"A".repeat(65),
            &long,
        ] {
            assert!(BackupCode::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn parse_takes_the_codes_of_other_systems_in_one_spelling() {
        for (typed, canonical) in [
            ("12345678", "1234-5678"),
            ("1234 5678", "1234-5678"),
            ("a1b2c-d3e4f", "A1B2-CD3E-4F"),
            ("0123-4567-89AB-CDE", "0123-4567-89AB-CDE"),
            ("unicornsU", "UN1C-0RNS-U"),
            (&"f".repeat(64), &["FFFF"; 16].join("-")),
        ] {
            let code = BackupCode::parse(typed).unwrap_or_else(|| panic!("{typed}"));
            assert_eq!(code.expose(), canonical);
            assert_eq!(BackupCode::parse(canonical).unwrap().hash(), code.hash());
        }
    }

    #[test]
    fn every_generated_code_comes_back() {
        for code in BackupCodes::generate() {
            assert_eq!(BackupCode::parse(code.expose()).unwrap().hash(), code.hash());
            assert_eq!(BackupCode::parse(&code.expose().to_lowercase()).unwrap().hash(), code.hash());
        }
    }

    #[test]
    fn the_hash_is_sha_256_of_the_canonical_text() {
        let code = BackupCode::parse("0123456789abcdef").unwrap();
        assert_eq!(code.hash().0, <[u8; 32]>::from(Sha256::digest("0123-4567-89AB-CDEF")));
    }

    #[test]
    fn every_symbol_is_equally_likely_in_every_place() {
        let mut counts = vec![[0u32; 32]; BACKUP_CODE_BYTES * 8 / 5];
        let draws = 6400;
        for _ in 0..draws {
            let code = BackupCode::generate();
            for (place, symbol) in code.expose().chars().filter(|c| *c != '-').enumerate() {
                counts[place][CROCKFORD.iter().position(|c| char::from(*c) == symbol).unwrap()] += 1;
            }
        }
        // 200 expected in each of the 16 × 32 cells, standard deviation 14: 7 of them are 98.
        assert!(counts.iter().flatten().all(|n| n.abs_diff(200) < 98), "{counts:?}");
    }

    #[test]
    fn debug_shows_nothing_of_a_code() {
        let code = BackupCode::generate();
        assert_eq!(format!("{code:?} {:?}", code.hash()), "BackupCode(redacted) BackupCodeHash(redacted)");
    }

    #[test]
    fn a_hash_is_a_generic_binary_in_bson_and_comes_back() {
        let hash = BackupCode::generate().hash();
        let value = bson::serialize_to_bson(&hash).unwrap();
        let bson::Bson::Binary(binary) = &value else { panic!("{value}") };
        assert_eq!(binary.subtype, bson::spec::BinarySubtype::Generic);
        assert_eq!(bson::deserialize_from_bson::<BackupCodeHash>(value).unwrap(), hash);
    }
}
