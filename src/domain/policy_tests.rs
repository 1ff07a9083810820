//! The table of the permission rules: every action × every role, written out.

use time::macros::datetime;

use super::*;
use crate::domain::{
    AccountId, AccountMembership, Authority, Memberships, PortfolioId, PortfolioMembership, UserId,
};

const NOW: time::OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

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
fn nobody_who_is_signed_out_may_do_anything() {
    let everything = UserStanding { oneself: true, shares: true, watches: true, owns: true, authority: None };
    for action in Action::ALL {
        for resource in [
            Resource::Oneself,
            Resource::User(&everything),
            Resource::Account(AccountStanding {
                held: Some(Held::of(AccountRole::Owner)),
                portfolio_role: Some(PortfolioRole::Owner),
            }),
            Resource::Portfolio(PortfolioStanding {
                role: Some(PortfolioRole::Owner),
                in_linked_account: true,
            }),
        ] {
            assert_eq!(decide(false, action, &resource), Decision::Deny(Denial::SignedOut), "{action:?}");
        }
    }
}

#[test]
fn an_action_on_the_wrong_kind_of_thing_is_denied() {
    let account = Resource::Account(AccountStanding {
        held: Some(Held::of(AccountRole::Owner)),
        portfolio_role: Some(PortfolioRole::Owner),
    });
    for action in
        [Action::ResetUserMfa, Action::ViewUser, Action::SetPortfolioMfaPolicy, Action::ViewPortfolio]
    {
        assert_eq!(decide(true, action, &account), Decision::Deny(Denial::Forbidden), "{action:?}");
    }
    assert_eq!(decide(true, Action::ResetUserMfa, &Resource::Oneself), Decision::Deny(Denial::Forbidden));
}

#[test]
fn account_actions_by_role() {
    use AccountRole::*;
    // (action, account roles that may, portfolio roles that may)
    let table: [(Action, &[AccountRole], &[PortfolioRole]); 18] = [
        (Action::ViewAccount, &AccountRole::ALL, &PortfolioRole::ALL),
        (Action::ListAccountUsers, &AccountRole::ALL, &[]),
        (Action::UseAccount, &AccountRole::ALL, &[]),
        (Action::ViewMembership, &AccountRole::ALL, &[PortfolioRole::Owner, PortfolioRole::Admin]),
        (Action::ViewAccountSecurity, &[Owner, Admin], &[PortfolioRole::Owner, PortfolioRole::Admin]),
        (Action::ViewAccountInvitations, &[Owner, Admin], &[PortfolioRole::Owner, PortfolioRole::Admin]),
        (Action::ViewAccountLog, &[Owner, Admin], &[PortfolioRole::Owner, PortfolioRole::Admin]),
        (Action::ViewAccountRoles, &AccountRole::ALL, &[PortfolioRole::Owner, PortfolioRole::Admin]),
        (Action::ManageAccountRoles, &[Owner, Admin], &[]),
        (Action::SetAccountMfaPolicy, &[Owner, Admin], &[]),
        (Action::SetAccountSecurityContact, &[Owner, Admin], &[]),
        (Action::ManageRecoveryContacts, &[Owner], &[]),
        (Action::ManageAccountUsers, &[Owner, Admin], &[]),
        (Action::LeaveAccount, &AccountRole::ALL, &[]),
        (Action::TransferAccountOwnership, &[Owner], &[]),
        (Action::CloseAccount, &[Owner], &[]),
        (Action::JoinPortfolio, &[Owner, Admin], &[]),
        (Action::UnlinkAccount, &[Owner], &[PortfolioRole::Owner]),
    ];
    for (action, roles, portfolio_roles) in table {
        for role in AccountRole::ALL {
            let resource =
                Resource::Account(AccountStanding { held: Some(Held::of(role)), portfolio_role: None });
            let expected =
                if roles.contains(&role) { Decision::Allow } else { Decision::Deny(Denial::Forbidden) };
            assert_eq!(decide(true, action, &resource), expected, "{action:?} as {role:?}");
        }
        for role in PortfolioRole::ALL {
            let resource = Resource::Account(AccountStanding { held: None, portfolio_role: Some(role) });
            let expected = if portfolio_roles.contains(&role) {
                Decision::Allow
            } else {
                Decision::Deny(Denial::Forbidden)
            };
            assert_eq!(decide(true, action, &resource), expected, "{action:?} as portfolio {role:?}");
        }
        let stranger = Resource::Account(AccountStanding::default());
        assert_eq!(decide(true, action, &stranger), Decision::Deny(Denial::Hidden), "{action:?} as stranger");
    }
}

#[test]
fn portfolio_actions_by_role() {
    use PortfolioRole::*;
    let table: [(Action, &[PortfolioRole], bool); 11] = [
        (Action::ViewPortfolio, &PortfolioRole::ALL, true),
        (Action::ListPortfolioUsers, &PortfolioRole::ALL, false),
        (Action::ListPortfolioAccountUsers, &[Owner, Admin], false),
        (Action::ViewPortfolioSecurity, &[Owner, Admin], false),
        (Action::SetPortfolioMfaPolicy, &[Owner, Admin], false),
        (Action::ManagePortfolioUsers, &[Owner], false),
        (Action::LeavePortfolio, &PortfolioRole::ALL, false),
        (Action::TransferPortfolioOwnership, &[Owner], false),
        (Action::ClosePortfolio, &[Owner], false),
        (Action::LinkAccount, &[Owner], false),
        (Action::ManagePortfolioAccountUsers, &[Owner, Admin], false),
    ];
    for (action, roles, linked) in table {
        for role in PortfolioRole::ALL {
            let resource =
                Resource::Portfolio(PortfolioStanding { role: Some(role), in_linked_account: false });
            let expected =
                if roles.contains(&role) { Decision::Allow } else { Decision::Deny(Denial::Forbidden) };
            assert_eq!(decide(true, action, &resource), expected, "{action:?} as {role:?}");
        }
        let resource = Resource::Portfolio(PortfolioStanding { role: None, in_linked_account: true });
        let expected = if linked { Decision::Allow } else { Decision::Deny(Denial::Forbidden) };
        assert_eq!(decide(true, action, &resource), expected, "{action:?} from a linked account");
        let stranger = Resource::Portfolio(PortfolioStanding::default());
        assert_eq!(decide(true, action, &stranger), Decision::Deny(Denial::Hidden), "{action:?} as stranger");
    }
}

struct People {
    actor: UserId,
    target: UserId,
    here: AccountId,
    elsewhere: AccountId,
    group: PortfolioId,
    other_group: PortfolioId,
}

fn people() -> People {
    People {
        actor: UserId::generate(NOW),
        target: UserId::generate(NOW),
        here: AccountId::generate(NOW),
        elsewhere: AccountId::generate(NOW),
        group: PortfolioId::generate(NOW),
        other_group: PortfolioId::generate(NOW),
    }
}

fn reset_decision(p: &People, actor: &Memberships, target: &Memberships) -> (Decision, Option<Authority>) {
    let standing = UserStanding::of(p.actor, actor, p.target, target);
    (decide(true, Action::ResetUserMfa, &Resource::User(&standing)), standing.authority)
}

#[test]
fn only_owner_and_admin_of_a_shared_account_reset_mfa() {
    let p = people();
    for target_role in AccountRole::ALL {
        let target =
            Memberships { accounts: vec![account(p.target, p.here, target_role, None)], portfolios: vec![] };
        for role in AccountRole::ALL {
            let actor =
                Memberships { accounts: vec![account(p.actor, p.here, role, None)], portfolios: vec![] };
            let expected = match role {
                AccountRole::Owner | AccountRole::Admin => Decision::Allow,
                _ => Decision::Deny(Denial::Forbidden),
            };
            assert_eq!(reset_decision(&p, &actor, &target).0, expected, "{role:?} on {target_role:?}");
            let elsewhere =
                Memberships { accounts: vec![account(p.actor, p.elsewhere, role, None)], portfolios: vec![] };
            assert_eq!(
                reset_decision(&p, &elsewhere, &target).0,
                Decision::Deny(Denial::Hidden),
                "{role:?} elsewhere"
            );
        }
    }
}

#[test]
fn portfolio_owner_and_admin_reset_users_of_the_portfolio_and_of_linked_accounts() {
    let p = people();
    let in_account = |group| Memberships {
        accounts: vec![account(p.target, p.here, AccountRole::Owner, group)],
        portfolios: vec![],
    };
    let in_group = Memberships {
        accounts: vec![],
        portfolios: vec![portfolio(p.target, p.group, PortfolioRole::Owner)],
    };
    for role in PortfolioRole::ALL {
        let actor = Memberships { accounts: vec![], portfolios: vec![portfolio(p.actor, p.group, role)] };
        let admin = role.is_owner_or_admin();
        let (linked, authority) = reset_decision(&p, &actor, &in_account(Some(p.group)));
        assert_eq!(linked, if admin { Decision::Allow } else { Decision::Deny(Denial::Hidden) }, "{role:?}");
        assert_eq!(authority, admin.then_some(Authority::Portfolio { portfolio_id: p.group, role }));
        let (own, _) = reset_decision(&p, &actor, &in_group);
        assert_eq!(own, if admin { Decision::Allow } else { Decision::Deny(Denial::Forbidden) }, "{role:?}");
        for unrelated in [in_account(None), in_account(Some(p.other_group))] {
            assert_eq!(reset_decision(&p, &actor, &unrelated).0, Decision::Deny(Denial::Hidden), "{role:?}");
        }
    }
}

#[test]
fn nobody_manages_oneself() {
    let p = people();
    let both = Memberships {
        accounts: vec![account(p.actor, p.here, AccountRole::Owner, Some(p.group))],
        portfolios: vec![portfolio(p.actor, p.group, PortfolioRole::Owner)],
    };
    let standing = UserStanding::of(p.actor, &both, p.actor, &both);
    assert_eq!(standing.authority, None);
    let decision = |action| decide(true, action, &Resource::User(&standing));
    assert_eq!(decision(Action::ResetUserMfa), Decision::Deny(Denial::Forbidden));
    assert_eq!(decision(Action::ViewUserSecurity), Decision::Allow);
    assert_eq!(decision(Action::ViewUser), Decision::Allow);
}

#[test]
fn the_highest_authority_is_named() {
    let p = people();
    let target = Memberships {
        accounts: vec![
            account(p.target, p.elsewhere, AccountRole::Analyst, None),
            account(p.target, p.here, AccountRole::Analyst, Some(p.group)),
        ],
        portfolios: vec![],
    };
    let mut actor = Memberships {
        accounts: vec![
            account(p.actor, p.here, AccountRole::Admin, Some(p.group)),
            account(p.actor, p.elsewhere, AccountRole::Owner, None),
        ],
        portfolios: vec![portfolio(p.actor, p.group, PortfolioRole::Owner)],
    };
    let named = |actor: &Memberships| UserStanding::of(p.actor, actor, p.target, &target).authority;
    assert_eq!(
        named(&actor),
        Some(Authority::Account { account_id: p.elsewhere, role: AccountRole::Owner, custom_role_id: None })
    );
    actor.accounts.pop();
    assert_eq!(
        named(&actor),
        Some(Authority::Account { account_id: p.here, role: AccountRole::Admin, custom_role_id: None })
    );
    actor.accounts.clear();
    assert_eq!(
        named(&actor),
        Some(Authority::Portfolio { portfolio_id: p.group, role: PortfolioRole::Owner })
    );
}

#[test]
fn support_manages_nobody_wherever_else_it_sits() {
    let p = people();
    let target = Memberships {
        accounts: vec![account(p.target, p.here, AccountRole::Analyst, None)],
        portfolios: vec![],
    };
    let actor = Memberships {
        accounts: vec![
            account(p.actor, p.here, AccountRole::Support, None),
            account(p.actor, p.elsewhere, AccountRole::Owner, None),
        ],
        portfolios: vec![],
    };
    assert_eq!(reset_decision(&p, &actor, &target).0, Decision::Deny(Denial::Forbidden));
}

#[test]
fn only_owners_lift_a_freeze_and_never_their_own() {
    let p = people();
    let target = Memberships {
        accounts: vec![account(p.target, p.here, AccountRole::Admin, Some(p.group))],
        portfolios: vec![portfolio(p.target, p.other_group, PortfolioRole::Analyst)],
    };
    let decision = |actor: &Memberships| {
        let standing = UserStanding::of(p.actor, actor, p.target, &target);
        decide(true, Action::LiftMfaResetFreeze, &Resource::User(&standing))
    };
    for role in AccountRole::ALL {
        let actor = Memberships { accounts: vec![account(p.actor, p.here, role, None)], portfolios: vec![] };
        let owner = role == AccountRole::Owner;
        assert_eq!(decision(&actor) == Decision::Allow, owner, "{role:?}");
    }
    for role in PortfolioRole::ALL {
        for group in [p.group, p.other_group] {
            let actor = Memberships { accounts: vec![], portfolios: vec![portfolio(p.actor, group, role)] };
            let owner = role == PortfolioRole::Owner;
            assert_eq!(decision(&actor) == Decision::Allow, owner, "{role:?}");
        }
    }
    let elsewhere = vec![account(p.actor, p.elsewhere, AccountRole::Owner, None)];
    let elsewhere = Memberships { accounts: elsewhere, portfolios: vec![] };
    assert_eq!(decision(&elsewhere), Decision::Deny(Denial::Hidden));
    let own = UserStanding::of(p.target, &target, p.target, &target);
    let own = decide(true, Action::LiftMfaResetFreeze, &Resource::User(&own));
    assert_eq!(own, Decision::Deny(Denial::Forbidden));
}
