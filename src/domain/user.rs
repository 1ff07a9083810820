//! A person and the state of their second factor.

use time::OffsetDateTime;

use super::UserId;

/// How a second factor is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MfaMethod {
    /// A code of an authenticator app (RFC 6238).
    Totp,
    /// One of the ten codes shown at enrolment; each works once.
    BackupCode,
}

/// The second factor of a person who has one. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MfaState {
    /// Since when.
    pub enabled_at: OffsetDateTime,
    /// Backup codes not used yet.
    pub backup_codes: usize,
}

/// A person, without any secret.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The address as typed.
    pub email: String,
    /// The name as typed.
    pub name: String,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// The last completed log-in.
    pub last_log_in_at: Option<OffsetDateTime>,
    /// The second factor, if there is one.
    pub mfa: Option<MfaState>,
}

impl User {
    /// The ways in which this person can answer a challenge now.
    pub fn mfa_methods(&self) -> Vec<MfaMethod> {
        match &self.mfa {
            None => Vec::new(),
            Some(mfa) if mfa.backup_codes == 0 => vec![MfaMethod::Totp],
            Some(_) => vec![MfaMethod::Totp, MfaMethod::BackupCode],
        }
    }
}

// Names and addresses are personal data: they stay out of logs even when a whole object is printed.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("mfa", &self.mfa).finish_non_exhaustive()
    }
}
