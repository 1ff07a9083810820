//! What the caller may see of a thing in hand. Asks the policy; reads nothing.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::mfa_reset::RESETS_PER_WINDOW;
use crate::domain::policy::{AccountStanding, PortfolioStanding, UserStanding, decide};
use crate::domain::{
    Account, AccountId, AccountMembership, Action, AuditAction, Authority, Decision, Denial, Memberships,
    MfaReset, PortfolioId, PortfolioMembership, PortfolioRole, Resource, Scope, SignedIn, UserId,
};
use crate::service::audit::Happening;
use crate::service::{Caller, Error, Services};

/// An answer about a person, from what is known so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Allowed.
    Yes,
    /// Not allowed.
    No(Denial),
    /// The person's account places do not decide it; ask again with the portfolio places.
    AskPortfolios,
}

/// A field that was refused, for the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeniedRead {
    /// Of an account.
    Account(Action, AccountId),
    /// Of a portfolio.
    Portfolio(Action, PortfolioId),
    /// Of a person.
    User(Action, UserId),
}

impl DeniedRead {
    /// What was asked for.
    pub fn action(self) -> Action {
        match self {
            Self::Account(action, _) | Self::Portfolio(action, _) | Self::User(action, _) => action,
        }
    }
}

/// What is in hand is visible: a denial says so instead of hiding it.
fn shown(denial: Denial) -> Denial {
    match denial {
        Denial::Hidden => Denial::Forbidden,
        other => other,
    }
}

fn places(caller: &Caller, action: Action) -> Result<&Memberships, Denial> {
    caller.admitted(action).map(|person| &person.memberships)
}

impl Caller {
    /// The caller's standing in an account decides.
    pub fn over_account(&self, action: Action, account: &Account) -> Result<(), Denial> {
        let mine = places(self, action)?;
        let standing = AccountStanding::of(mine, account.id, account.portfolio_id);
        decide(true, action, &Resource::Account(standing)).ok().map_err(shown)
    }

    /// The caller's standing in a portfolio decides.
    pub fn over_portfolio(&self, action: Action, id: PortfolioId) -> Result<(), Denial> {
        let mine = places(self, action)?;
        let standing = PortfolioStanding::of(mine, id);
        decide(true, action, &Resource::Portfolio(standing)).ok().map_err(shown)
    }

    /// Whether the caller sees an account.
    pub fn sees_account(&self, account: &Account) -> bool {
        self.over_account(Action::ViewAccount, account).is_ok()
    }

    /// Whether the caller sees a portfolio.
    pub fn sees_portfolio(&self, id: PortfolioId) -> bool {
        self.over_portfolio(Action::ViewPortfolio, id).is_ok()
    }

    /// Whether the caller may know of somebody's place in an account. One's own are always known.
    pub fn sees_membership(&self, place: &AccountMembership) -> bool {
        if self.actor.user_id() == Some(place.user_id) {
            return self.admitted(Action::ViewOneself).is_ok();
        }
        let Ok(mine) = places(self, Action::ViewMembership) else { return false };
        let standing = AccountStanding::of(mine, place.account_id, place.portfolio_id);
        decide(true, Action::ViewMembership, &Resource::Account(standing)) == Decision::Allow
    }

    /// Whether the caller sees a reset by a role in a place that it concerns. Whoever manages the person now sees
    /// it as well: that is a question about the person.
    pub fn sees_reset_by_scope(&self, reset: &MfaReset) -> bool {
        let Ok(mine) = places(self, Action::ViewAccountSecurity) else { return false };
        reset.scopes.iter().any(|scope| match *scope {
            Scope::Account(id) => {
                let standing = AccountStanding::of(mine, id, None);
                decide(true, Action::ViewAccountSecurity, &Resource::Account(standing)) == Decision::Allow
            }
            Scope::Portfolio(id) => {
                let standing = PortfolioStanding::of(mine, id);
                decide(true, Action::ViewPortfolioSecurity, &Resource::Portfolio(standing)) == Decision::Allow
            }
            Scope::User(_) | Scope::Deployment => false,
        })
    }

    /// Whether the caller's session may be used for an action about a person at all. Reading oneself takes less than the
    /// same about others.
    pub fn admitted_about(&self, action: Action, user_id: UserId) -> Result<&Arc<SignedIn>, Denial> {
        let oneself = self.actor.user_id() == Some(user_id);
        let reads = matches!(action, Action::ViewUser | Action::ViewUserSecurity);
        self.admitted(if oneself && reads { Action::ViewOneself } else { action })
    }

    /// Whether the caller may do something about a person, from the person's places. A first question without the
    /// portfolio places spares reading them where the account places decide already.
    pub fn over_user(
        &self,
        action: Action,
        user_id: UserId,
        accounts: &[AccountMembership],
        portfolios: Option<&[PortfolioMembership]>,
    ) -> Answer {
        let person = match self.admitted_about(action, user_id) {
            Ok(person) => person,
            Err(denial) => return Answer::No(denial),
        };
        let standing = UserStanding::of_places(
            person.user_id,
            &person.memberships,
            user_id,
            accounts,
            portfolios.unwrap_or_default(),
        );
        match decide(true, action, &Resource::User(&standing)) {
            Decision::Allow => Answer::Yes,
            Decision::Deny(denial) => {
                // Only a role in a portfolio that both belong to could still change the answer.
                let mine = &person.memberships.portfolios;
                let could_matter = match action {
                    Action::ViewUser => !mine.is_empty(),
                    _ => mine.iter().map(|m| m.role).any(PortfolioRole::is_owner_or_admin),
                };
                if portfolios.is_none() && could_matter && !standing.oneself {
                    Answer::AskPortfolios
                } else {
                    Answer::No(denial)
                }
            }
        }
    }
}

impl Caller {
    /// The portfolio by whose right the caller manages a person, where it is one, from the person's places.
    pub fn portfolio_over(
        &self,
        user_id: UserId,
        accounts: &[AccountMembership],
        portfolios: &[PortfolioMembership],
    ) -> Option<PortfolioId> {
        let person = self.actor.present()?;
        let mine = &person.memberships;
        let standing = UserStanding::of_places(person.user_id, mine, user_id, accounts, portfolios);
        match standing.authority? {
            Authority::Portfolio { portfolio_id, .. } => Some(portfolio_id),
            Authority::Account { .. } => None,
        }
    }
}

/// Whether so many recent resets of one person forbid another one.
pub fn too_many_resets(recent: u64) -> bool {
    recent >= RESETS_PER_WINDOW
}

impl Services {
    /// Writes refused fields down, all of a batch with one insert: an entry in the log of the account or portfolio; for
    /// a person, in the logs of the places that both belong to.
    pub async fn record_denied_reads(&self, caller: &Caller, denied: &[DeniedRead]) -> Result<(), Error> {
        let person = caller.signed_in()?;
        let users: Vec<UserId> = denied
            .iter()
            .filter_map(|read| match read {
                DeniedRead::User(_, id) => Some(*id),
                _ => None,
            })
            .collect();
        let (accounts, portfolios) = if users.is_empty() {
            (HashMap::new(), HashMap::new())
        } else {
            tokio::try_join!(
                self.account_places_of(caller, &users),
                self.portfolio_places_of(caller, &users)
            )?
        };
        let now = self.now();
        let mut events = Vec::new();
        for read in denied {
            let happening = Happening::new(caller, now, AuditAction::AccessDenied);
            let (happening, action, scopes) = match *read {
                DeniedRead::Account(action, id) => (happening, action, vec![Scope::Account(id)]),
                DeniedRead::Portfolio(action, id) => (happening, action, vec![Scope::Portfolio(id)]),
                DeniedRead::User(action, id) => {
                    let theirs = accounts.get(&id).into_iter().flat_map(|places| places.iter());
                    let shared = theirs.filter(|m| person.memberships.account_role(m.account_id).is_some());
                    let mut scopes: Vec<_> = shared.map(|m| Scope::Account(m.account_id)).collect();
                    let theirs = portfolios.get(&id).into_iter().flat_map(|places| places.iter());
                    let shared =
                        theirs.filter(|m| person.memberships.portfolio_role(m.portfolio_id).is_some());
                    scopes.extend(shared.map(|m| Scope::Portfolio(m.portfolio_id)));
                    if scopes.is_empty() {
                        scopes.push(Scope::User(id));
                    }
                    (happening.about(id), action, scopes)
                }
            };
            events.extend(happening.detail("action", format!("{action:?}")).events(&scopes));
        }
        Ok(self.store().audit_events.insert_alone(&events).await?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use std::sync::Arc;

    use time::OffsetDateTime;
    use time::macros::datetime;

    use super::*;
    use crate::domain::{AccountRole, Actor, RequestMeta, Session, SessionId, SignedIn};

    const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

    fn caller(memberships: Memberships) -> Caller {
        let user_id = UserId::generate(NOW);
        let session = Session {
            id: SessionId::generate(NOW),
            user_id,
            created_at: NOW,
            last_used_at: NOW,
            expires_at: NOW,
            mfa_at: None,
            password_at: NOW,
            ip: None,
            user_agent: None,
        };
        let actor = Actor::SignedIn(Arc::new(SignedIn { user_id, session, memberships }));
        Caller { actor, meta: RequestMeta::default() }
    }

    fn account(
        user_id: UserId,
        account_id: AccountId,
        role: AccountRole,
        portfolio_id: Option<PortfolioId>,
    ) -> AccountMembership {
        AccountMembership::new(account_id, user_id, role, portfolio_id, NOW)
    }

    fn portfolio(user_id: UserId, portfolio_id: PortfolioId, role: PortfolioRole) -> PortfolioMembership {
        PortfolioMembership { portfolio_id, user_id, role, joined_at: NOW }
    }

    #[test]
    fn portfolio_places_are_asked_for_only_where_they_can_matter() {
        let (me, other) = (UserId::generate(NOW), UserId::generate(NOW));
        let (here, group) = (AccountId::generate(NOW), PortfolioId::generate(NOW));
        let theirs = [account(other, here, AccountRole::Analyst, None)];
        let in_group = [portfolio(other, group, PortfolioRole::Analyst)];
        let admin = caller(Memberships {
            accounts: vec![account(me, here, AccountRole::Admin, None)],
            portfolios: vec![portfolio(me, group, PortfolioRole::Admin)],
        });
        assert_eq!(admin.over_user(Action::ResetUserMfa, other, &theirs, None), Answer::Yes);

        let group_admin = caller(Memberships {
            accounts: vec![account(me, here, AccountRole::Analyst, None)],
            portfolios: vec![portfolio(me, group, PortfolioRole::Admin)],
        });
        let ask = |portfolios| group_admin.over_user(Action::ResetUserMfa, other, &theirs, portfolios);
        assert_eq!(ask(None), Answer::AskPortfolios);
        assert_eq!(ask(Some(&in_group)), Answer::Yes);
        assert_eq!(ask(Some(&[])), Answer::No(Denial::Forbidden));

        let analyst = caller(Memberships {
            accounts: vec![account(me, here, AccountRole::Analyst, None)],
            portfolios: vec![portfolio(me, group, PortfolioRole::Analyst)],
        });
        let answer = analyst.over_user(Action::ResetUserMfa, other, &theirs, None);
        assert_eq!(answer, Answer::No(Denial::Forbidden));
        assert_eq!(analyst.over_user(Action::ViewUser, other, &[], None), Answer::AskPortfolios);
        assert_eq!(analyst.over_user(Action::ViewUser, other, &[], Some(&in_group)), Answer::Yes);
        assert_eq!(analyst.over_user(Action::ViewUser, other, &[], Some(&[])), Answer::No(Denial::Hidden));
    }

    #[test]
    fn memberships_are_seen_by_members_and_by_portfolio_admins() {
        let (me, other) = (UserId::generate(NOW), UserId::generate(NOW));
        let (here, group) = (AccountId::generate(NOW), PortfolioId::generate(NOW));
        let theirs = account(other, here, AccountRole::Owner, Some(group));
        let member =
            |role| Memberships { accounts: vec![account(me, here, role, Some(group))], ..Default::default() };
        let of_group =
            |role| Memberships { portfolios: vec![portfolio(me, group, role)], ..Default::default() };
        for role in AccountRole::ALL {
            assert!(caller(member(role)).sees_membership(&theirs), "{role:?}");
        }
        for role in PortfolioRole::ALL {
            let sees = caller(of_group(role)).sees_membership(&theirs);
            assert_eq!(sees, role.is_owner_or_admin(), "{role:?}");
        }
        assert!(!caller(Memberships::default()).sees_membership(&theirs));
        assert!(!Caller::default().sees_membership(&theirs));
    }
}
