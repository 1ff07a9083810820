//! What can happen, and what proves who did it: the enums of the log.

use async_graphql::Enum;

use crate::domain;

macro_rules! audit_action_enum {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What happened.
        #[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
        #[graphql(remote = "domain::AuditAction")]
        pub enum AuditAction {
            $($(#[$doc])* $name,)*
        }
    };
}

crate::audit_actions!(audit_action_enum);

/// What somebody proved who they are with.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Credential")]
pub enum Credential {
    /// A password.
    Password,
    /// A code of an authenticator app.
    Totp,
    /// A backup code.
    BackupCode,
    /// A live session.
    Session,
    /// The link of an e-mail.
    MailLink,
    /// The token that log-in gives to whoever must set MFA up.
    EnrollmentToken,
    /// A code of an e-mail.
    MailCode,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use async_graphql::resolver_utils::EnumType;

    use super::*;

    #[test]
    fn actions_are_called_in_the_schema_as_they_are_stored() {
        let items = AuditAction::items();
        assert_eq!(items.len(), domain::AuditAction::ALL.len());
        for action in domain::AuditAction::ALL {
            let item = items.iter().find(|item| item.value == AuditAction::from(*action)).unwrap();
            assert_eq!(item.name, action.as_str());
        }
    }
}
