//! Every permission rule, as one pure function of facts: [`decide`]. Default deny.
//!
//! Guards and services both ask it: guards build the action before the work, services ask again after loading the
//! object. What an actor may not see is [`Denial::Hidden`], and looks exactly like what does not exist.

mod held;
mod standing;

pub use held::{Held, barred, permissions_of};
pub use standing::{AccountStanding, PortfolioStanding, UserStanding};

use super::{AccountRole, Permission, Permissions, PortfolioRole, Restriction};

/// What somebody wants to do, with the rule that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Anything about oneself that only needs a live session.
    UseOwnAccount,
    /// Read about oneself: name, address, second factor, sessions, one's places and what they demand.
    ViewOneself,
    /// Set up one's second factor.
    SetUpMfa,
    /// End sessions of one's own.
    EndOwnSessions,
    /// Know that a user exists: name and address.
    ViewUser,
    /// A user's last log-in, second factor and waiting reset.
    ViewUserSecurity,
    /// Ask to reset a user's MFA, or take such a request back.
    ResetUserMfa,
    /// Lift the freeze of resets of a user's MFA, or of those that the user may ask for.
    LiftMfaResetFreeze,
    /// Know that an account exists: name and policy.
    ViewAccount,
    /// The Users tab of an account.
    ListAccountUsers,
    /// Be let through to what belongs to an account, and carry a token that names it.
    UseAccount,
    /// Know of somebody's place in an account.
    ViewMembership,
    /// Resets of an account's people, and who of them has MFA.
    ViewAccountSecurity,
    /// Invitations to an account that wait.
    ViewAccountInvitations,
    /// The audit log of an account.
    ViewAccountLog,
    /// The custom roles of an account.
    ViewAccountRoles,
    /// Define, change and delete custom roles of an account.
    ManageAccountRoles,
    /// See, register, change and delete the webhooks of an account.
    ManageAccountWebhooks,
    /// Change an account's MFA policy.
    SetAccountMfaPolicy,
    /// Choose who gets the mail about an account's security.
    SetAccountSecurityContact,
    /// Know and name the recovery contacts of an account's Owner.
    ManageRecoveryContacts,
    /// Create an account and become its Owner.
    CreateAccount,
    /// Invite people to an account, change their roles, take them out of it.
    ManageAccountUsers,
    /// Leave an account oneself.
    LeaveAccount,
    /// Make somebody else the Owner of an account.
    TransferAccountOwnership,
    /// Close an account.
    CloseAccount,
    /// Know that a portfolio exists: name and policy.
    ViewPortfolio,
    /// The portfolio's own users.
    ListPortfolioUsers,
    /// Manage > Users: the users of all linked accounts.
    ListPortfolioAccountUsers,
    /// Resets and audit log of a portfolio.
    ViewPortfolioSecurity,
    /// Change a portfolio's MFA policy.
    SetPortfolioMfaPolicy,
    /// Invite people to a portfolio itself, change their roles, take them out of it.
    ManagePortfolioUsers,
    /// Create a portfolio and become its Owner.
    CreatePortfolio,
    /// Leave a portfolio oneself.
    LeavePortfolio,
    /// Make somebody else the Owner of a portfolio.
    TransferPortfolioOwnership,
    /// Close a portfolio; its accounts stay.
    ClosePortfolio,
    /// Let a portfolio link an account; asked of the portfolio.
    LinkAccount,
    /// Let a portfolio link an account; asked of the account.
    JoinPortfolio,
    /// Take an account out of the portfolio that links it.
    UnlinkAccount,
    /// Invite people to linked accounts, change their roles there, take them out.
    ManagePortfolioAccountUsers,
}

/// The rules by name. Those of accounts say what the role must let its holder do: a custom role that holds it passes as
/// well. For the static roles, whose permissions stand in [`permissions_of`], the names say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Any live session.
    SignedIn,
    /// Oneself, whoever shares an account or portfolio, and whoever manages the user.
    SeesUser,
    /// Oneself, whoever manages the user, and whoever holds `mfa.reset` in an account the user belongs to.
    OneselfOrManagesUser,
    /// Owner/Admin of an account the user belongs to; Portfolio Owner/Admin of a portfolio the user belongs to or that
    /// links such an account; whoever holds `mfa.reset` by a custom role in an account where the user holds no more than
    /// they do. Never oneself.
    ManagesUser,
    /// Owner of an account the user belongs to; Portfolio Owner of a portfolio the user belongs to or that links such an
    /// account. Never oneself.
    OwnsPlaceOfUser,
    /// Members of the account and of its portfolio.
    SeesAccount,
    /// Members of the account whose role holds these.
    AccountMember(Permissions),
    /// Owner of the account.
    AccountOwner,
    /// Owner or Admin of the account, and whoever holds these there.
    AccountOwnerOrAdmin(Permissions),
    /// Owner or Admin of the account, and whoever holds all there that an Admin does.
    HoldsAllOfAdmin,
    /// Owner of the account, or Portfolio Owner of its portfolio.
    AccountOrPortfolioOwner,
    /// Members of the account whose role holds these, Portfolio Owner or Portfolio Admin of its portfolio.
    AccountMemberOrPortfolioAdmin(Permissions),
    /// Owner or Admin of the account, whoever holds these there, Portfolio Owner or Portfolio Admin of its portfolio.
    AccountOrPortfolioAdmin(Permissions),
    /// Users of the portfolio, and members of an account that it links.
    SeesPortfolio,
    /// Users of the portfolio itself.
    PortfolioMember,
    /// Portfolio Owner.
    PortfolioOwner,
    /// Portfolio Owner or Portfolio Admin.
    PortfolioOwnerOrAdmin,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 40] = [
        Self::UseOwnAccount,
        Self::ViewOneself,
        Self::SetUpMfa,
        Self::EndOwnSessions,
        Self::ViewUser,
        Self::ViewUserSecurity,
        Self::ResetUserMfa,
        Self::LiftMfaResetFreeze,
        Self::ViewAccount,
        Self::ListAccountUsers,
        Self::UseAccount,
        Self::ViewMembership,
        Self::ViewAccountSecurity,
        Self::ViewAccountInvitations,
        Self::ViewAccountLog,
        Self::ViewAccountRoles,
        Self::ManageAccountRoles,
        Self::ManageAccountWebhooks,
        Self::SetAccountMfaPolicy,
        Self::SetAccountSecurityContact,
        Self::ManageRecoveryContacts,
        Self::CreateAccount,
        Self::ManageAccountUsers,
        Self::LeaveAccount,
        Self::TransferAccountOwnership,
        Self::CloseAccount,
        Self::ViewPortfolio,
        Self::ListPortfolioUsers,
        Self::ListPortfolioAccountUsers,
        Self::ViewPortfolioSecurity,
        Self::SetPortfolioMfaPolicy,
        Self::ManagePortfolioUsers,
        Self::CreatePortfolio,
        Self::LeavePortfolio,
        Self::TransferPortfolioOwnership,
        Self::ClosePortfolio,
        Self::LinkAccount,
        Self::JoinPortfolio,
        Self::UnlinkAccount,
        Self::ManagePortfolioAccountUsers,
    ];

    /// The rule that the action needs. With [`permissions_of`] this table is the whole permission model.
    pub const fn rule(self) -> Rule {
        const NONE: Permissions = Permissions::NONE;
        const VIEW: Permissions = Permissions::of(&[Permission::UsersView]);
        const MANAGE: Permissions = Permissions::of(&[Permission::UsersManage]);
        const RESET: Permissions = Permissions::of(&[Permission::MfaReset]);
        const POLICY: Permissions = Permissions::of(&[Permission::MfaPolicy]);
        const SETTINGS: Permissions = Permissions::of(&[Permission::AccountSettings]);
        const LOG: Permissions = Permissions::of(&[Permission::AuditView]);
        const ROLES: Permissions = Permissions::of(&[Permission::RolesManage]);
        // A webhook carries the log away.
        const WEBHOOKS: Permissions = Permissions::of(&[Permission::WebhooksManage, Permission::AuditView]);
        match self {
            Self::UseOwnAccount => Rule::SignedIn,
            Self::ViewOneself => Rule::SignedIn,
            Self::SetUpMfa => Rule::SignedIn,
            Self::EndOwnSessions => Rule::SignedIn,
            Self::ViewUser => Rule::SeesUser,
            Self::ViewUserSecurity => Rule::OneselfOrManagesUser,
            Self::ResetUserMfa => Rule::ManagesUser,
            Self::LiftMfaResetFreeze => Rule::OwnsPlaceOfUser,
            Self::ViewAccount => Rule::SeesAccount,
            Self::ListAccountUsers => Rule::AccountMember(VIEW),
            Self::UseAccount => Rule::AccountMember(NONE),
            Self::ViewMembership => Rule::AccountMemberOrPortfolioAdmin(VIEW),
            Self::ViewAccountSecurity => Rule::AccountOrPortfolioAdmin(RESET),
            Self::ViewAccountInvitations => Rule::AccountOrPortfolioAdmin(MANAGE),
            Self::ViewAccountLog => Rule::AccountOrPortfolioAdmin(LOG),
            Self::ViewAccountRoles => Rule::AccountMemberOrPortfolioAdmin(NONE),
            Self::ManageAccountRoles => Rule::AccountOwnerOrAdmin(ROLES),
            Self::ManageAccountWebhooks => Rule::AccountOwnerOrAdmin(WEBHOOKS),
            Self::SetAccountMfaPolicy => Rule::AccountOwnerOrAdmin(POLICY),
            Self::SetAccountSecurityContact => Rule::AccountOwnerOrAdmin(SETTINGS),
            Self::ManageRecoveryContacts => Rule::AccountOwner,
            Self::CreateAccount => Rule::SignedIn,
            Self::ManageAccountUsers => Rule::AccountOwnerOrAdmin(MANAGE),
            Self::LeaveAccount => Rule::AccountMember(NONE),
            Self::TransferAccountOwnership => Rule::AccountOwner,
            Self::CloseAccount => Rule::AccountOwner,
            Self::ViewPortfolio => Rule::SeesPortfolio,
            Self::ListPortfolioUsers => Rule::PortfolioMember,
            Self::ListPortfolioAccountUsers => Rule::PortfolioOwnerOrAdmin,
            Self::ViewPortfolioSecurity => Rule::PortfolioOwnerOrAdmin,
            Self::SetPortfolioMfaPolicy => Rule::PortfolioOwnerOrAdmin,
            Self::ManagePortfolioUsers => Rule::PortfolioOwner,
            Self::CreatePortfolio => Rule::SignedIn,
            Self::LeavePortfolio => Rule::PortfolioMember,
            Self::TransferPortfolioOwnership => Rule::PortfolioOwner,
            Self::ClosePortfolio => Rule::PortfolioOwner,
            Self::LinkAccount => Rule::PortfolioOwner,
            // A portfolio's Owner and Admins appoint Admins in the accounts that it links: that is given away.
            Self::JoinPortfolio => Rule::HoldsAllOfAdmin,
            Self::UnlinkAccount => Rule::AccountOrPortfolioOwner,
            Self::ManagePortfolioAccountUsers => Rule::PortfolioOwnerOrAdmin,
        }
    }
}

/// What an action is about, as seen by the actor.
#[derive(Debug, Clone)]
pub enum Resource<'a> {
    /// Nothing but the actor.
    Oneself,
    /// An account.
    Account(AccountStanding),
    /// A portfolio.
    Portfolio(PortfolioStanding),
    /// A person.
    User(&'a UserStanding),
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Go on.
    Allow,
    /// Stop.
    Deny(Denial),
}

/// How a denial looks from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Denial {
    /// No live session.
    #[error("sign in first")]
    SignedOut,
    /// The actor may not know that the thing exists.
    #[error("there is no such thing, or it is not visible to you")]
    Hidden,
    /// The actor sees the thing, and may not do this with it.
    #[error("your role does not allow this")]
    Forbidden,
    /// An account or portfolio of the actor enforces MFA, and the session is without.
    #[error("an account or portfolio that you belong to enforces MFA: {}", .0.advice())]
    Restricted(Restriction),
}

impl Decision {
    /// The answer as a `Result`.
    pub fn ok(self) -> Result<(), Denial> {
        match self {
            Self::Allow => Ok(()),
            Self::Deny(denial) => Err(denial),
        }
    }
}

/// Decides whether somebody may do something. `signed_in` is whether
/// [`admit`](super::presence::admit) let a session through.
pub fn decide(signed_in: bool, action: Action, resource: &Resource<'_>) -> Decision {
    if !signed_in {
        return Decision::Deny(Denial::SignedOut);
    }
    let (visible, allowed) = match (action.rule(), resource) {
        (Rule::SignedIn, _) => (true, true),

        (rule, Resource::User(to)) => {
            let visible = to.oneself || to.shares || to.watches || to.authority.is_some();
            let allowed = match rule {
                Rule::SeesUser => visible,
                Rule::OneselfOrManagesUser => to.oneself || to.watches || to.authority.is_some(),
                Rule::ManagesUser => !to.oneself && to.authority.is_some(),
                Rule::OwnsPlaceOfUser => !to.oneself && to.owns,
                _ => false,
            };
            (visible, allowed)
        }

        (rule, Resource::Account(to)) => {
            let visible = to.held.is_some() || to.portfolio_role.is_some();
            let owner = to.role() == Some(AccountRole::Owner);
            let holds = |needed| to.held.is_some_and(|held| held.permissions.include(needed));
            let portfolio_admin = to.portfolio_role.is_some_and(PortfolioRole::is_owner_or_admin);
            let allowed = match rule {
                Rule::SeesAccount => visible,
                Rule::AccountMember(needed) | Rule::AccountOwnerOrAdmin(needed) => holds(needed),
                Rule::AccountOwner => owner,
                Rule::HoldsAllOfAdmin => {
                    to.held.is_some_and(|held| held.covers(Held::of(AccountRole::Admin)))
                }
                Rule::AccountOrPortfolioOwner => owner || to.portfolio_role == Some(PortfolioRole::Owner),
                Rule::AccountMemberOrPortfolioAdmin(needed) | Rule::AccountOrPortfolioAdmin(needed) => {
                    holds(needed) || portfolio_admin
                }
                _ => false,
            };
            (visible, allowed)
        }

        (rule, Resource::Portfolio(to)) => {
            let visible = to.role.is_some() || to.in_linked_account;
            let allowed = match rule {
                Rule::SeesPortfolio => visible,
                Rule::PortfolioMember => to.role.is_some(),
                Rule::PortfolioOwner => to.role == Some(PortfolioRole::Owner),
                Rule::PortfolioOwnerOrAdmin => to.role.is_some_and(PortfolioRole::is_owner_or_admin),
                _ => false,
            };
            (visible, allowed)
        }

        (_, Resource::Oneself) => (true, false),
    };
    match (visible, allowed) {
        (_, true) => Decision::Allow,
        (true, false) => Decision::Deny(Denial::Forbidden),
        (false, false) => Decision::Deny(Denial::Hidden),
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
