//! What a role in an account may let its holder do: names, and sets of them. Which static role holds what stands in
//! `policy.rs`, nowhere else.

use std::fmt;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// One thing that a role in an account may let its holder do. Ownership is none: it is bound to the role OWNER.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Permission {$($(#[$doc])* $name,)*}

        impl Permission {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name as stored and written down.
            pub const fn as_str(self) -> &'static str {
                match self {$(Self::$name => $text,)*}
            }
        }
    };
}

permissions! {
    /// See who is in the account.
    UsersView = "users.view",
    /// Invite people, change their roles, take them out.
    UsersManage = "users.manage",
    /// See everybody's second factor and resets; ask to reset the MFA of whoever holds no more.
    MfaReset = "mfa.reset",
    /// Change the MFA policy.
    MfaPolicy = "mfa.policy",
    /// Read the audit log.
    AuditView = "audit.view",
    /// Change what the account is and belongs to.
    AccountSettings = "account.settings",
    /// Define custom roles.
    RolesManage = "roles.manage",
    /// Have the account's audit events sent elsewhere.
    WebhooksManage = "webhooks.manage",
}

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Permissions(u32);

impl Permissions {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything.
    pub const ALL: Self = Self::of(Permission::ALL);

    /// These.
    pub const fn of(list: &[Permission]) -> Self {
        let (mut bits, mut rest) = (0, list);
        while let [first, others @ ..] = rest {
            bits |= 1 << *first as u32;
            rest = others;
        }
        Self(bits)
    }

    /// Those of these names that are known. One that a later version knows lets nobody do anything here.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let known = |name: &str| Permission::ALL.iter().find(|known| known.as_str() == name).copied();
        names.into_iter().filter_map(known).collect()
    }

    /// Whether it is one of them.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// Whether all of `others` are among them.
    pub const fn include(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Those that are not among `others`.
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Those that are in both.
    pub const fn common(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// One after the other, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.has(*permission))
    }

    /// The names.
    pub fn names(self) -> Vec<&'static str> {
        self.iter().map(Permission::as_str).collect()
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<T: IntoIterator<Item = Permission>>(iter: T) -> Self {
        iter.into_iter().fold(Self::NONE, |all, one| Self(all.0 | Self::of(&[one]).0))
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(" "))
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_a_name_and_a_bit_of_its_own() {
        for permission in Permission::ALL {
            let alone = Permissions::of(&[*permission]);
            assert_eq!(alone.names(), [permission.as_str()]);
            assert_eq!(Permissions::named([permission.as_str()]), alone);
            assert_eq!(Permission::ALL.iter().filter(|other| alone.has(**other)).count(), 1);
        }
        assert_eq!(Permissions::ALL.iter().count(), Permission::ALL.len());
    }

    #[test]
    fn an_unknown_name_grants_nothing() {
        assert_eq!(Permissions::named(["users.delete", "", "USERS_VIEW"]), Permissions::NONE);
        let some = Permissions::named(["mfa.reset", "later.thing"]);
        assert_eq!(some, Permissions::of(&[Permission::MfaReset]));
    }

    #[test]
    fn sets_compare_as_sets() {
        let view = Permissions::of(&[Permission::UsersView]);
        let both = Permissions::of(&[Permission::AuditView, Permission::UsersView]);
        assert!(both.include(view) && !view.include(both));
        assert!(view.include(Permissions::NONE) && Permissions::NONE.is_empty());
        assert_eq!(both.without(view).to_string(), "audit.view");
        assert_eq!(both.common(view), view);
    }
}
