//! What people are told by mail. A row of the outbox holds one of these: ids, never a token and never an address.

use serde::{Deserialize, Serialize};

use super::{MfaResetId, UserId};

/// One mail to one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Notification {
    /// "MFA reset request": the link to accept or decline. Its token is minted by the worker as it sends.
    MfaResetRequest {
        /// The reset.
        reset_id: MfaResetId,
    },
    /// To the person, the requester and Owners: it was accepted, MFA is off.
    MfaResetAccepted {
        /// The reset.
        reset_id: MfaResetId,
    },
    /// To the requester and Owners: the person said "this wasn't me".
    MfaResetDeclined {
        /// The reset.
        reset_id: MfaResetId,
    },
    /// To the person: the request was taken back.
    MfaResetCancelled {
        /// The reset.
        reset_id: MfaResetId,
    },
    /// To the person: MFA was set up.
    MfaEnrolled {
        /// The person.
        user_id: UserId,
    },
    /// To the person: MFA was switched off.
    MfaDisabled {
        /// The person.
        user_id: UserId,
    },
    /// To the person: new backup codes replaced the old ones.
    BackupCodesRegenerated {
        /// The person.
        user_id: UserId,
    },
    /// To the person: a backup code was used to log in.
    BackupCodeUsed {
        /// The person.
        user_id: UserId,
    },
}
