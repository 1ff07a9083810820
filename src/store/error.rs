//! What can go wrong with MongoDB, sorted by what the caller can do about it.

use mongodb::error::{
    Error, ErrorKind, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT, WriteFailure,
};

/// What can go wrong with MongoDB.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No primary, no network, or too slow: trying again later may help.
    #[error("the database cannot be reached or takes too long")]
    Unavailable(#[source] Error),
    /// A transaction lost a race; the whole transaction may be tried again.
    #[error("a transaction lost a race")]
    Transient(#[source] Error),
    /// The time that the request had is over: nothing new is begun.
    #[error("the request's time is over")]
    TooLate,
    /// A unique index refused the write.
    #[error("a unique index refused the write")]
    Duplicate(#[source] Error),
    /// Anything else: a defect, or a database that is not ours.
    #[error("the database refused an operation")]
    Internal(#[source] Error),
    /// A stored document that does not say what it should.
    #[error("a stored document is not as expected: {0}")]
    Corrupt(&'static str),
}

/// The server's code for what a unique index refuses.
pub(super) const DUPLICATE_KEY: i32 = 11000;

/// Server codes that mean "not now": shutdown, stepdown, network, time-out, an ended session, no quorum.
const UNAVAILABLE_CODES: [i32; 19] =
    [6, 7, 50, 63, 64, 89, 91, 100, 134, 189, 202, 262, 9001, 10107, 11600, 11601, 11602, 13435, 13436];

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let code = match error.kind.as_ref() {
            ErrorKind::Command(command) => Some(command.code),
            ErrorKind::Write(WriteFailure::WriteError(write)) => Some(write.code),
            ErrorKind::Write(WriteFailure::WriteConcernError(concern)) => Some(concern.code),
            ErrorKind::InsertMany(many) => {
                many.write_errors.as_ref().and_then(|errors| errors.first()).map(|first| first.code)
            }
            _ => None,
        };
        if code == Some(DUPLICATE_KEY) {
            return Self::Duplicate(error);
        }
        if error.contains_label(TRANSIENT_TRANSACTION_ERROR)
            || error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT)
        {
            return Self::Transient(error);
        }
        let unreachable = matches!(
            error.kind.as_ref(),
            ErrorKind::Io(_)
                | ErrorKind::ServerSelection { .. }
                | ErrorKind::ConnectionPoolCleared { .. }
                | ErrorKind::DnsResolve { .. }
                | ErrorKind::Shutdown
        );
        if unreachable || code.is_some_and(|code| UNAVAILABLE_CODES.contains(&code)) {
            Self::Unavailable(error)
        } else {
            Self::Internal(error)
        }
    }
}
