//! What a role in an account may let its holder do.

use async_graphql::Enum;

use crate::domain;

/// What a role in an account lets its holder do. Ownership is no permission: handing an account over and closing it are
/// bound to the role OWNER.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Permission")]
pub enum Permission {
    /// `users.view`: see who is in the account. Every static role has it.
    UsersView,
    /// `users.manage`: see invitations, invite people, change their roles and take them out, as far as neither they nor the
    /// role hold more than the holder.
    UsersManage,
    /// `mfa.reset`: see everybody's second factor and resets, and call `resetUserMfa` on whoever holds no more than the
    /// holder. No role made of SUPPORT has it.
    MfaReset,
    /// `mfa.policy`: change the account's MFA policy.
    MfaPolicy,
    /// `audit.view`: read the account's audit log.
    AuditView,
    /// `account.settings`: change what the account is and belongs to. Adding it to a portfolio takes all permissions, since
    /// the portfolio's Owner and Admins appoint Admins of the account.
    AccountSettings,
    /// `roles.manage`: define, change and delete custom roles that hold no more than the holder.
    RolesManage,
    /// `webhooks.manage`: register, change and delete webhooks. It takes AUDIT_VIEW as well, since they carry the audit log
    /// away.
    WebhooksManage,
}

/// A set as a list, in the order of the enum.
pub fn listed(permissions: domain::Permissions) -> Vec<Permission> {
    permissions.iter().map(Permission::from).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use async_graphql::resolver_utils::EnumType;

    use super::*;

    #[test]
    fn permissions_are_called_in_the_schema_as_they_are_stored() {
        let items = Permission::items();
        assert_eq!(items.len(), domain::Permission::ALL.len());
        for permission in domain::Permission::ALL {
            let item = items.iter().find(|item| item.value == Permission::from(*permission)).unwrap();
            assert_eq!(item.name.to_lowercase().replace('_', "."), permission.as_str());
        }
    }
}
