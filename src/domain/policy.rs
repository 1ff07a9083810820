//! Every permission rule, as one pure function of facts: [`decide`]. Default deny.
//!
//! Guards and services both ask it: guards build the action before the work, services ask again after loading the
//! object. What an actor may not see is [`Denial::Hidden`], and looks exactly like what does not exist.

use super::{AccountId, AccountMembership, AccountRole, Authority, Memberships};
use super::{PortfolioId, PortfolioMembership, PortfolioRole, Restriction, UserId};

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
    /// Know that an account exists: name and policy.
    ViewAccount,
    /// The Users tab of an account.
    ListAccountUsers,
    /// Be let through to what belongs to an account, and carry a token that names it.
    UseAccount,
    /// Know of somebody's place in an account.
    ViewMembership,
    /// Resets, invitations and audit log of an account.
    ViewAccountSecurity,
    /// Change an account's MFA policy.
    SetAccountMfaPolicy,
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

/// The rules by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Any live session.
    SignedIn,
    /// Oneself, whoever shares an account or portfolio, and whoever manages the user.
    SeesUser,
    /// Oneself, and whoever manages the user.
    OneselfOrManagesUser,
    /// Owner/Admin of an account the user belongs to; Portfolio Owner/Admin of a portfolio the user belongs to or that
    /// links such an account. Never oneself.
    ManagesUser,
    /// Members of the account and of its portfolio.
    SeesAccount,
    /// Members of the account.
    AccountMember,
    /// Owner of the account.
    AccountOwner,
    /// Owner or Admin of the account.
    AccountOwnerOrAdmin,
    /// Owner of the account, or Portfolio Owner of its portfolio.
    AccountOrPortfolioOwner,
    /// Members of the account, Portfolio Owner or Portfolio Admin of its portfolio.
    AccountMemberOrPortfolioAdmin,
    /// Owner or Admin of the account, Portfolio Owner or Portfolio Admin of its portfolio.
    AccountOrPortfolioAdmin,
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
    pub const ALL: [Self; 32] = [
        Self::UseOwnAccount,
        Self::ViewOneself,
        Self::SetUpMfa,
        Self::EndOwnSessions,
        Self::ViewUser,
        Self::ViewUserSecurity,
        Self::ResetUserMfa,
        Self::ViewAccount,
        Self::ListAccountUsers,
        Self::UseAccount,
        Self::ViewMembership,
        Self::ViewAccountSecurity,
        Self::SetAccountMfaPolicy,
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

    /// The rule that the action needs. This table is the whole permission model.
    pub const fn rule(self) -> Rule {
        match self {
            Self::UseOwnAccount => Rule::SignedIn,
            Self::ViewOneself => Rule::SignedIn,
            Self::SetUpMfa => Rule::SignedIn,
            Self::EndOwnSessions => Rule::SignedIn,
            Self::ViewUser => Rule::SeesUser,
            Self::ViewUserSecurity => Rule::OneselfOrManagesUser,
            Self::ResetUserMfa => Rule::ManagesUser,
            Self::ViewAccount => Rule::SeesAccount,
            Self::ListAccountUsers => Rule::AccountMember,
            Self::UseAccount => Rule::AccountMember,
            Self::ViewMembership => Rule::AccountMemberOrPortfolioAdmin,
            Self::ViewAccountSecurity => Rule::AccountOrPortfolioAdmin,
            Self::SetAccountMfaPolicy => Rule::AccountOwnerOrAdmin,
            Self::CreateAccount => Rule::SignedIn,
            Self::ManageAccountUsers => Rule::AccountOwnerOrAdmin,
            Self::LeaveAccount => Rule::AccountMember,
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
            Self::JoinPortfolio => Rule::AccountOwnerOrAdmin,
            Self::UnlinkAccount => Rule::AccountOrPortfolioOwner,
            Self::ManagePortfolioAccountUsers => Rule::PortfolioOwnerOrAdmin,
        }
    }
}

/// What the actor is to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountStanding {
    /// The role in the account.
    pub role: Option<AccountRole>,
    /// The role in the portfolio that links it.
    pub portfolio_role: Option<PortfolioRole>,
}

impl AccountStanding {
    /// The standing of somebody with these memberships.
    pub fn of(actor: &Memberships, account: AccountId, portfolio: Option<PortfolioId>) -> Self {
        Self {
            role: actor.account_role(account),
            portfolio_role: portfolio.and_then(|id| actor.portfolio_role(id)),
        }
    }
}

/// What the actor is to a portfolio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PortfolioStanding {
    /// The role in the portfolio itself.
    pub role: Option<PortfolioRole>,
    /// Whether the actor is in an account that it links.
    pub in_linked_account: bool,
}

impl PortfolioStanding {
    /// The standing of somebody with these memberships.
    pub fn of(actor: &Memberships, portfolio: PortfolioId) -> Self {
        Self { role: actor.portfolio_role(portfolio), in_linked_account: actor.in_account_of(portfolio) }
    }
}

/// What the actor is to another person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserStanding {
    /// The actor is that person.
    pub oneself: bool,
    /// Both are in one account, or both are users of one portfolio.
    pub shares: bool,
    /// The highest right by which the actor manages the person. Never set for oneself.
    pub authority: Option<Authority>,
}

impl UserStanding {
    /// The standing of `actor` towards `target`. The highest authority wins: account Owner, account Admin, Portfolio
    /// Owner, Portfolio Admin; then the oldest account or portfolio, so that the answer does not depend on the order.
    pub fn of(actor_id: UserId, actor: &Memberships, target_id: UserId, target: &Memberships) -> Self {
        Self::of_places(actor_id, actor, target_id, &target.accounts, &target.portfolios)
    }

    /// The same, with the target's places apart.
    pub fn of_places(
        actor_id: UserId,
        actor: &Memberships,
        target_id: UserId,
        accounts: &[AccountMembership],
        portfolios: &[PortfolioMembership],
    ) -> Self {
        if actor_id == target_id {
            return Self { oneself: true, shares: true, authority: None };
        }
        let mut shares = false;
        let mut authorities = Vec::new();
        for theirs in accounts {
            if let Some(role) = actor.account_role(theirs.account_id) {
                shares = true;
                if role.is_owner_or_admin() {
                    authorities.push(Authority::Account { account_id: theirs.account_id, role });
                }
            }
            let over = theirs.portfolio_id.and_then(|id| actor.portfolio_role(id).map(|role| (id, role)));
            if let Some((portfolio_id, role)) = over.filter(|(_, role)| role.is_owner_or_admin()) {
                authorities.push(Authority::Portfolio { portfolio_id, role });
            }
        }
        for theirs in portfolios {
            if let Some(role) = actor.portfolio_role(theirs.portfolio_id) {
                shares = true;
                if role.is_owner_or_admin() {
                    authorities.push(Authority::Portfolio { portfolio_id: theirs.portfolio_id, role });
                }
            }
        }
        let rank = |authority: &Authority| match *authority {
            Authority::Account { account_id, role } => (0, role as u8, account_id.uuid()),
            Authority::Portfolio { portfolio_id, role } => (1, role as u8, portfolio_id.uuid()),
        };
        Self { oneself: false, shares, authority: authorities.into_iter().min_by_key(rank) }
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
            let visible = to.oneself || to.shares || to.authority.is_some();
            let allowed = match rule {
                Rule::SeesUser => visible,
                Rule::OneselfOrManagesUser => to.oneself || to.authority.is_some(),
                Rule::ManagesUser => !to.oneself && to.authority.is_some(),
                _ => false,
            };
            (visible, allowed)
        }

        (rule, Resource::Account(to)) => {
            let visible = to.role.is_some() || to.portfolio_role.is_some();
            let admin = to.role.is_some_and(AccountRole::is_owner_or_admin);
            let portfolio_admin = to.portfolio_role.is_some_and(PortfolioRole::is_owner_or_admin);
            let allowed = match rule {
                Rule::SeesAccount => visible,
                Rule::AccountMember => to.role.is_some(),
                Rule::AccountOwner => to.role == Some(AccountRole::Owner),
                Rule::AccountOwnerOrAdmin => admin,
                Rule::AccountOrPortfolioOwner => {
                    to.role == Some(AccountRole::Owner) || to.portfolio_role == Some(PortfolioRole::Owner)
                }
                Rule::AccountMemberOrPortfolioAdmin => to.role.is_some() || portfolio_admin,
                Rule::AccountOrPortfolioAdmin => admin || portfolio_admin,
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
