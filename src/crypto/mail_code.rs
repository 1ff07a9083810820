//! Codes that travel by mail and are typed: eight digits, drawn here, shown once, kept as a keyed hash only. So few digits
//! are found by trying them all, unless the hash takes a key that is not in the database. What a code is good for and how
//! often it may be tried is not this room's matter.

use std::fmt;

use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::{Keyring, random_bytes};

/// How many digits a code has.
pub const MAIL_CODE_DIGITS: usize = 8;

const CODES: u32 = 100_000_000;
const FORMAT: &str = "v1";
const CONTEXT: &[u8] = b"latchkey mail code v1";
/// Longest text that is read at all, in bytes: a code with generous blanks.
const MAX_TEXT: usize = 64;

/// A code in clear.
#[derive(Clone)]
pub struct MailCode {
    digits: SecretString,
}

impl MailCode {
    /// Draws a new code. Numbers behind the last whole round of codes are drawn again, so that none is likelier.
    pub fn generate() -> Self {
        let rounds = u32::MAX / CODES;
        loop {
            let number = u32::from_le_bytes(*random_bytes::<4>());
            if number < rounds * CODES {
                return Self { digits: format!("{:08}", number % CODES).into() };
            }
        }
    }

    /// Reads a code as people type it, with or without blanks.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let whole = digits.len() == MAIL_CODE_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        whole.then(|| Self { digits: digits.into() })
    }

    /// The code as it is mailed: two groups of four.
    pub fn expose(&self) -> String {
        let digits = self.digits.expose_secret();
        match digits.split_at_checked(MAIL_CODE_DIGITS / 2) {
            Some((front, back)) => format!("{front} {back}"),
            None => digits.to_owned(),
        }
    }

    /// What is stored in place of the code, by the current key, for one owner.
    pub fn hash(&self, keyring: &Keyring, owner: &[u8]) -> MailCodeHash {
        let (id, secret) = keyring.current_secret();
        let tag = hmac::sign(&derived(secret), &self.message(owner));
        MailCodeHash(format!("{FORMAT}|{id}|{}", data_encoding::HEXLOWER.encode(tag.as_ref())))
    }

    /// Whether this is the code behind a hash, for the same owner, by whichever key. Takes the same time for every wrong
    /// code.
    pub fn matches(&self, keyring: &Keyring, owner: &[u8], hash: &MailCodeHash) -> bool {
        let mut parts = hash.0.splitn(3, '|');
        let (Some(FORMAT), Some(id), Some(tag)) = (parts.next(), parts.next(), parts.next()) else {
            return false;
        };
        let (Some(secret), Ok(tag)) = (keyring.secret(id), data_encoding::HEXLOWER.decode(tag.as_bytes()))
        else {
            return false;
        };
        hmac::verify(&derived(secret), &self.message(owner), &tag).is_ok()
    }

    fn message(&self, owner: &[u8]) -> Vec<u8> {
        // The code has a fixed length, so no owner and code can be read as another pair.
        [owner, self.digits.expose_secret().as_bytes()].concat()
    }
}

/// A key for this purpose alone, so that nothing that another one seals helps with it.
fn derived(secret: &[u8]) -> hmac::Key {
    let purpose = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), CONTEXT);
    hmac::Key::new(hmac::HMAC_SHA256, purpose.as_ref())
}

impl fmt::Debug for MailCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailCode(redacted)")
    }
}

/// HMAC-SHA-256 of a [`MailCode`] and its owner, as `v1|key id|tag`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MailCodeHash(String);

impl From<MailCodeHash> for bson::Bson {
    fn from(hash: MailCodeHash) -> Self {
        hash.0.into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn a_code_is_eight_digits_in_two_groups_and_is_read_with_or_without_blanks() {
        for _ in 0..200 {
            let shown = MailCode::generate().expose();
            assert_eq!(shown.len(), 9);
            let digits = shown.replace(' ', "");
            assert!(digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() == 8);
            for typed in [shown.as_str(), &digits, &format!(" {digits}\n")] {
                assert_eq!(MailCode::parse(typed).unwrap().expose(), shown);
            }
        }
        for bad in ["", "1234567", "123456789", "1234567a", "１２３４５６７８", &" ".repeat(65)] {
            assert!(MailCode::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(format!("{:?}", MailCode::generate()), "MailCode(redacted)");
    }

    #[test]
    fn a_hash_matches_its_code_owner_and_key_only() {
        let keyring = Keyring::generate();
        let code = MailCode::parse("12345678").unwrap();
        let hash = code.hash(&keyring, b"one");
        assert!(code.matches(&keyring, b"one", &hash));
        assert!(!code.matches(&keyring, b"two", &hash));
        assert!(!MailCode::parse("12345679").unwrap().matches(&keyring, b"one", &hash));
        assert!(!code.matches(&Keyring::generate(), b"one", &hash));
        assert!(!hash.0.contains("12345678"));
        assert!(!code.matches(&keyring, b"one", &MailCodeHash("v1|x".to_owned())));
        let rotated = keyring.rotated();
        assert!(code.matches(&rotated, b"one", &hash), "an older key still opens what it made");
        assert_ne!(code.hash(&rotated, b"one"), hash);
    }

    #[test]
    fn every_digit_is_drawn_about_equally_often() {
        let mut seen = [[0u32; 10]; 8];
        for _ in 0..4000 {
            let digits = MailCode::generate().expose().replace(' ', "");
            for (place, digit) in digits.bytes().enumerate() {
                seen[place][usize::from(digit - b'0')] += 1;
            }
        }
        // 4000 draws of one in ten: 8 standard deviations are 152.
        assert!(seen.iter().flatten().all(|count| count.abs_diff(400) < 152), "{seen:?}");
    }
}
