//! Time-based one-time passwords (RFC 6238): SHA-1, six digits, steps of 30 seconds, the one combination that
//! every authenticator app understands. The time is an argument; that a step is accepted only once is the
//! store's conditional update on the step this room reports.

use std::fmt;
use std::fmt::Write as _;

use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use time::OffsetDateTime;
use totp_rs::{Algorithm, Builder, Secret};
use zeroize::Zeroizing;

use super::{base32, random_bytes};

/// Length of a step, in seconds.
pub const STEP_SECONDS: i64 = 30;
/// Digits of a code.
pub const DIGITS: usize = 6;
/// Steps before and after the current one that still count (RFC 6238, section 5.2, allows one for the network).
pub const SKEW_STEPS: i64 = 1;
/// Bytes of a secret that is drawn here: 160 bits (RFC 4226, requirement R6, recommends them).
pub const SECRET_BYTES: usize = 20;
/// Shortest secret that is taken over from elsewhere, in bytes. RFC 4226 asks for 128 bits, but the 80 bits
/// of early Google Authenticator set-ups are in use everywhere, and refusing them would lock people out.
pub const MIN_IMPORTED_BYTES: usize = 10;
/// Longest secret that is taken over from elsewhere, in bytes: beyond SHA-1's block HMAC gains nothing.
pub const MAX_IMPORTED_BYTES: usize = 64;

const RFC_4648: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Why something is no TOTP secret. It never repeats the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TotpSecretError {
    /// Not base 32 as RFC 4648 has it.
    #[error("the TOTP secret is not base 32 (A to Z and 2 to 7)")]
    NotBase32,
    /// Too short or too long.
    #[error(
        "the TOTP secret has {0} bytes instead of {min} to {max}",
        min = MIN_IMPORTED_BYTES,
        max = MAX_IMPORTED_BYTES
    )]
    WrongLength(usize),
}

/// The secret that a user's authenticator app and the gateway share.
#[derive(Clone)]
pub struct TotpSecret {
    bytes: Zeroizing<Vec<u8>>,
}

impl TotpSecret {
    /// Draws a new secret of 160 bits.
    pub fn generate() -> Self {
        Self { bytes: Zeroizing::new(random_bytes::<SECRET_BYTES>().to_vec()) }
    }

    /// Takes over the raw bytes of a secret.
    ///
    /// # Errors
    /// When it is shorter than [`MIN_IMPORTED_BYTES`] or longer than [`MAX_IMPORTED_BYTES`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TotpSecretError> {
        if !(MIN_IMPORTED_BYTES..=MAX_IMPORTED_BYTES).contains(&bytes.len()) {
            return Err(TotpSecretError::WrongLength(bytes.len()));
        }
        Ok(Self { bytes: Zeroizing::new(bytes.to_vec()) })
    }

    /// Takes over a secret in base 32, as set-up screens show it: any case, blanks, dashes and padding are
    /// ignored.
    ///
    /// # Errors
    /// When it is not base 32, or of a length that [`TotpSecret::from_bytes`] refuses.
    pub fn from_base32(text: &str) -> Result<Self, TotpSecretError> {
        let text = text.trim().trim_end_matches('=');
        let symbols = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let bytes = base32::decode(symbols.map(value_of)).ok_or(TotpSecretError::NotBase32)?;
        Self::from_bytes(&bytes)
    }

    /// The raw bytes, to be sealed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The secret in base 32 without padding, for people who cannot scan.
    pub fn to_base32(&self) -> String {
        base32::encode(RFC_4648, &self.bytes)
    }

    /// The key URI behind the QR code. The label must not hold a colon of its own, so colons in either part
    /// become blanks.
    /// Format: <https://github.com/google/google-authenticator/wiki/Key-Uri-Format>.
    pub fn otpauth_uri(&self, issuer: &str, account: &str) -> String {
        let issuer = percent_encode(&issuer.replace(':', " "));
        let account = percent_encode(&account.replace(':', " "));
        let secret = Zeroizing::new(self.to_base32());
        format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
            secret = secret.as_str(),
        )
    }

    /// The step that a code belongs to, if it is right at this moment, give or take [`SKEW_STEPS`]. Blanks in
    /// the code are ignored. Takes the same time whichever step matches, and whether one does.
    pub fn matching_step(&self, code: &str, now: OffsetDateTime) -> Option<i64> {
        let mut typed = Zeroizing::new([0u8; DIGITS]);
        let mut digits = code.bytes().filter(|b| !b.is_ascii_whitespace());
        for slot in typed.iter_mut() {
            *slot = digits.next().filter(u8::is_ascii_digit)?;
        }
        if digits.next().is_some() {
            return None;
        }
        let current = step_at(now);
        let (mut found, mut step_found) = (Choice::from(0), 0i64);
        for step in current.saturating_sub(SKEW_STEPS)..=current.saturating_add(SKEW_STEPS) {
            let right = Zeroizing::new(self.code_of(step));
            // A step before 1970 has no code, and an empty one equals nothing.
            let same = right.as_bytes().ct_eq(typed.as_slice());
            step_found.conditional_assign(&step, same);
            found |= same;
        }
        bool::from(found).then_some(step_found)
    }

    /// The code that an authenticator app shows at this moment.
    pub fn code_at(&self, now: OffsetDateTime) -> String {
        self.code_of(step_at(now))
    }

    /// The code of a step; empty for a step before 1970.
    fn code_of(&self, step: i64) -> String {
        let Ok(seconds) = u64::try_from(step.saturating_mul(STEP_SECONDS)) else { return String::new() };
        let totp = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS as u8)
            .with_step_duration(STEP_SECONDS.unsigned_abs())
            .with_secret(Secret::from(self.bytes.as_slice()))
            // The compliant constructor refuses secrets under 128 bits.
            .build_noncompliant();
        totp.generate(seconds).to_string()
    }
}

/// The number of whole steps since 1970.
fn step_at(now: OffsetDateTime) -> i64 {
    now.unix_timestamp().div_euclid(STEP_SECONDS)
}

fn value_of(symbol: char) -> Option<u8> {
    let symbol = symbol.to_ascii_uppercase();
    RFC_4648.iter().position(|c| char::from(*c) == symbol).and_then(|value| u8::try_from(value).ok())
}

/// RFC 3986: everything but the unreserved characters. A `+` for a blank would show up as `+` in many apps.
fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    fn rfc_secret() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890").unwrap()
    }

    /// RFC 6238, appendix B, SHA-1; the six digits used here are the last six of its eight.
    const RFC_6238: [(i64, &str); 6] = [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ];

    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        for (seconds, code) in RFC_6238 {
            assert_eq!(rfc_secret().code_at(at(seconds)), code[2..]);
            assert_eq!(rfc_secret().matching_step(&code[2..], at(seconds)), Some(seconds / 30));
        }
    }

    /// RFC 4226, appendix D: the code of each counter from 0 to 9.
    #[test]
    fn the_vectors_of_rfc_4226_hold() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ];
        for (step, code) in (0..).zip(codes) {
            assert_eq!(rfc_secret().code_at(at(step * 30)), code);
        }
    }

    #[test]
    fn one_step_of_skew_is_accepted_either_way_and_two_are_not() {
        let secret = rfc_secret();
        let now = 1_800_000_015;
        let step = now / 30;
        for skew in -1..=1 {
            let code = secret.code_at(at(now + skew * 30));
            assert_eq!(secret.matching_step(&code, at(now)), Some(step + skew));
        }
        for skew in [-3, -2, 2, 3] {
            let code = secret.code_at(at(now + skew * 30));
            assert_eq!(secret.matching_step(&code, at(now)), None);
        }
    }

    #[test]
    fn a_step_is_the_same_from_its_first_second_to_its_last() {
        let secret = rfc_secret();
        let code = secret.code_at(at(1_800_000_000));
        assert_eq!(secret.code_at(at(1_800_000_029)), code);
        assert_ne!(secret.code_at(at(1_800_000_030)), code);
        assert_eq!(secret.matching_step(&code, at(1_799_999_970)), Some(60_000_000));
        assert_eq!(secret.matching_step(&code, at(1_800_000_059)), Some(60_000_000));
        assert_eq!(secret.matching_step(&code, at(1_800_000_060)), None);
        assert_eq!(secret.matching_step(&code, at(1_799_999_969)), None);
    }

    #[test]
    fn the_edge_of_time_is_no_trouble() {
        let secret = rfc_secret();
        assert_eq!(secret.matching_step("755224", at(0)), Some(0));
        assert_eq!(secret.matching_step("755224", at(-1)), Some(0));
        assert_eq!(secret.matching_step("755224", at(-10_000)), None);
        assert_eq!(secret.code_at(at(-31)), "");
    }

    #[test]
    fn a_code_is_six_ascii_digits_with_blanks_ignored() {
        let secret = rfc_secret();
        for good in ["287082", " 287 082\n", "2 8 7 0 8 2"] {
            assert_eq!(secret.matching_step(good, at(59)), Some(1), "{good}");
        }
        for bad in
            ["", "28708", "2870820", "94287082", "+87082", "28708x", "２８７０８２", "287-082", "287083"]
        {
            assert_eq!(secret.matching_step(bad, at(59)), None, "{bad}");
        }
    }

    #[test]
    fn base_32_goes_both_ways() {
        assert_eq!(rfc_secret().to_base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for text in [
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            " gezd gnbv gy3t qojq gezd gnbv gy3t qojq ",
            "GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ",
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ====",
        ] {
            assert_eq!(TotpSecret::from_base32(text).unwrap().as_bytes(), b"12345678901234567890", "{text}");
        }
        let drawn = TotpSecret::generate();
        assert_eq!(drawn.as_bytes().len(), 20);
        assert_eq!(TotpSecret::from_base32(&drawn.to_base32()).unwrap().as_bytes(), drawn.as_bytes());
        for length in MIN_IMPORTED_BYTES..=MAX_IMPORTED_BYTES {
            let secret = TotpSecret::from_bytes(&vec![0xa5; length]).unwrap();
            let ours = secret.to_base32();
            assert_eq!(ours, data_encoding::BASE32_NOPAD.encode(secret.as_bytes()));
            assert_eq!(TotpSecret::from_base32(&ours).unwrap().as_bytes(), secret.as_bytes());
        }
    }

    #[test]
    fn secrets_from_elsewhere_are_taken_over() {
        // 80 bits, the length of early set-ups.
        assert_eq!(TotpSecret::from_base32("JBSWY3DPEHPK3PXP").unwrap().as_bytes().len(), 10);
        // 26 symbols drawn one by one: two bits are left over and are not zero.
        assert_eq!(TotpSecret::from_base32("ZZZZZZZZZZZZZZZZZZZZZZZZZZ").unwrap().as_bytes().len(), 16);
    }

    #[test]
    fn what_is_no_secret_is_refused_without_repeating_it() {
        use TotpSecretError::{NotBase32, WrongLength};
        for (text, error) in [
            ("", WrongLength(0)),
            ("JBSWY3DP", WrongLength(5)),
            ("JBSWY3DPEHPK3PX1", NotBase32),
            ("JBSWY3DPEHPK3PXé", NotBase32),
            ("JBSWY3DPEHPK3PXPA", NotBase32),
        ] {
            assert_eq!(TotpSecret::from_base32(text).unwrap_err(), error, "{text}");
        }
        assert_eq!(TotpSecret::from_bytes(&[0; 65]).unwrap_err(), WrongLength(65));
        assert_eq!(WrongLength(5).to_string(), "the TOTP secret has 5 bytes instead of 10 to 64");
    }

    #[test]
    fn the_uri_is_what_authenticator_apps_read() {
        assert_eq!(
            rfc_secret().otpauth_uri("Acme & Söhne: Login", "ada+x@example.com"),
            "otpauth://totp/Acme%20%26%20S%C3%B6hne%20%20Login:ada%2Bx%40example.com\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme%20%26%20S%C3%B6hne%20%20Login\
             &algorithm=SHA1&digits=6&period=30"
        );
        // Another implementation reads the same secret out of it.
        let uri = rfc_secret().otpauth_uri("Latchkey", "ada@example.com");
        let read = totp_rs::Totp::from_url(&uri).unwrap();
        assert_eq!(read.secret().as_bytes(), rfc_secret().as_bytes());
        assert_eq!((read.issuer(), read.account_name()), (Some("Latchkey"), "ada@example.com"));
        assert_eq!(read.generate(59).to_string(), "287082");
    }

    #[test]
    fn debug_shows_nothing_of_a_secret() {
        assert_eq!(format!("{:?}", rfc_secret()), "TotpSecret(redacted)");
    }
}
