//! What an actor is to an account, to a portfolio and to another person, from their memberships.

use super::Held;
use crate::domain::{
    AccountId, AccountMembership, AccountRole, Authority, Memberships, Permission, PortfolioId,
    PortfolioMembership, PortfolioRole, UserId,
};

/// What the actor is to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountStanding {
    /// What the actor holds in the account.
    pub held: Option<Held>,
    /// The role in the portfolio that links it.
    pub portfolio_role: Option<PortfolioRole>,
}

impl AccountStanding {
    /// The standing of somebody with these memberships.
    pub fn of(actor: &Memberships, account: AccountId, portfolio: Option<PortfolioId>) -> Self {
        Self {
            held: actor.account(account).map(AccountMembership::held),
            portfolio_role: portfolio.and_then(|id| actor.portfolio_role(id)),
        }
    }

    /// The static role in the account; that of a custom role is its base.
    pub fn role(&self) -> Option<AccountRole> {
        self.held.map(|held| held.role)
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
    /// Both are in one account where the actor may see who is in it, or both are users of one portfolio.
    pub shares: bool,
    /// The actor holds `mfa.reset` in an account that the person belongs to.
    pub watches: bool,
    /// The actor is Owner of an account that the person belongs to, or Portfolio Owner over the person. Never set for
    /// oneself.
    pub owns: bool,
    /// The highest right by which the actor manages the person. Never set for oneself.
    pub authority: Option<Authority>,
}

impl UserStanding {
    /// The standing of `actor` towards `target`. The highest authority wins: account Owner, account Admin, custom roles in
    /// the order of their bases, Portfolio Owner, Portfolio Admin; then the oldest account or portfolio, so that the answer does not depend on the order.
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
            return Self { oneself: true, shares: true, watches: false, owns: false, authority: None };
        }
        let (mut shares, mut watches, mut owns) = (false, false, false);
        let mut authorities = Vec::new();
        for theirs in accounts {
            if let Some(mine) = actor.account(theirs.account_id).map(AccountMembership::held) {
                shares |= mine.permissions.has(Permission::UsersView);
                owns |= mine.role == AccountRole::Owner;
                let resets = mine.permissions.has(Permission::MfaReset);
                watches |= resets;
                if resets && mine.covers(theirs.held()) {
                    authorities.push(Authority::Account {
                        account_id: theirs.account_id,
                        role: mine.role,
                        custom_role_id: mine.custom,
                    });
                }
            }
            let over = theirs.portfolio_id.and_then(|id| actor.portfolio_role(id).map(|role| (id, role)));
            if let Some((portfolio_id, role)) = over.filter(|(_, role)| role.is_owner_or_admin()) {
                owns |= role == PortfolioRole::Owner;
                authorities.push(Authority::Portfolio { portfolio_id, role });
            }
        }
        for theirs in portfolios {
            if let Some(role) = actor.portfolio_role(theirs.portfolio_id) {
                shares = true;
                if role.is_owner_or_admin() {
                    owns |= role == PortfolioRole::Owner;
                    authorities.push(Authority::Portfolio { portfolio_id: theirs.portfolio_id, role });
                }
            }
        }
        let rank = |authority: &Authority| match *authority {
            Authority::Account { account_id, role, .. } => (0, role as u8, account_id.uuid()),
            Authority::Portfolio { portfolio_id, role } => (1, role as u8, portfolio_id.uuid()),
        };
        let authority = authorities.into_iter().min_by_key(rank);
        Self { oneself: false, shares, watches, owns, authority }
    }
}
