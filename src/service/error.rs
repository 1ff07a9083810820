//! Why a use case gave no outcome.

use crate::crypto::{KeyringError, PasswordError};
use crate::domain::Denial;
use crate::store::{StoreError, Transient};

/// Why a use case gave no outcome.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The actor may not; how that looks from outside is part of the denial.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The input is not what it should be.
    #[error("{field}: expected {expected}")]
    BadInput {
        /// The input field, as the client knows it.
        field: &'static str,
        /// What was expected, as a phrase.
        expected: String,
    },
    /// The database was never migrated.
    #[error("the database has no layout yet: run `latchkey migrate`")]
    NotMigrated,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A sealed secret cannot be opened or made.
    #[error("a sealed secret cannot be used")]
    Keyring(#[from] KeyringError),
    /// A password cannot be hashed.
    #[error("a password cannot be hashed")]
    Password(#[from] PasswordError),
    /// What had been checked did not hold any more inside the transaction, which was therefore undone. The use case
    /// turns this into an outcome; it never reaches a client.
    #[error("a transaction was undone because what it relied on had changed")]
    Undone,
    /// Something that cannot be, short of a defect.
    #[error("{0}")]
    Defect(&'static str),
}

impl Error {
    /// Whether trying again later may help.
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::NotMigrated
                | Self::Store(StoreError::Unavailable(_) | StoreError::Transient(_) | StoreError::TooLate)
        )
    }

    /// A malformed input field.
    pub fn bad_input(field: &'static str, expected: impl Into<String>) -> Self {
        Self::BadInput { field, expected: expected.into() }
    }
}

impl Transient for Error {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }
}
