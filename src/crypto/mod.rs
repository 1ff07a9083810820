//! The room of secrets: one-time tokens, passwords, TOTP secrets, backup codes and the keyring that seals
//! what must be readable again.
//!
//! It makes, parses, hashes, checks and seals; it imports no other room, reads no clock (the time is an
//! argument) and stores nothing. Every type that carries a secret wipes it when dropped and shows nothing of
//! it in `Debug`. Randomness comes straight from the operating system.

mod base32;
mod hash_bytes;

pub mod backup_code;
pub mod chain;
pub mod keyring;
pub mod mail_code;
pub mod password;
pub mod qr;
pub mod signing;
pub mod token;
pub mod totp;
pub mod webhook_secret;

pub use backup_code::{BackupCode, BackupCodeHash, BackupCodes};
pub use chain::ChainHash;
pub use keyring::{Keyring, KeyringError, Sealed, Tag};
pub use mail_code::{MailCode, MailCodeHash};
pub use password::{PasswordError, PasswordHash, Passwords};
pub use qr::qr_svg;
pub use signing::{Jwk, SigningKey, SigningKeyError};
pub use token::{Token, TokenHash, TokenKind};
pub use totp::{TotpSecret, TotpSecretError};
pub use webhook_secret::WebhookSecret;

use rand::Rng as _;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

/// Random bytes from the operating system. A system without randomness cannot run an identity gateway:
/// `UnwrapErr` stops the task then, rather than going on with something guessable.
fn random_bytes<const N: usize>() -> Zeroizing<[u8; N]> {
    let mut bytes = Zeroizing::new([0; N]);
    UnwrapErr(SysRng).fill_bytes(bytes.as_mut_slice());
    bytes
}
