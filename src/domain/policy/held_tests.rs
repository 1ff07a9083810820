//! The table of the rules for custom roles: each account action × each permission, and who may act on whom.

use time::macros::datetime;

use super::*;
use crate::domain::policy::{AccountStanding, Action, Decision, Denial, Resource, UserStanding, decide};
use crate::domain::{
    AccountId, AccountMembership, Authority, Memberships, PortfolioId, PortfolioMembership, PortfolioRole,
    UserId,
};

const NOW: time::OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

fn custom(base: AccountRole, list: &[Permission]) -> Held {
    Held::custom(RoleId::generate(NOW), base, Permissions::of(list))
}

fn on_account(action: Action, held: Held) -> bool {
    let standing = AccountStanding { held: Some(held), portfolio_role: None };
    match decide(true, action, &Resource::Account(standing)) {
        Decision::Allow => true,
        Decision::Deny(denial) => {
            assert_eq!(denial, Denial::Forbidden, "a member sees the account");
            false
        }
    }
}

#[test]
fn a_custom_role_opens_what_its_permissions_name_and_nothing_else() {
    use Permission::*;
    // (action, the permissions that open it; none for what takes more or other than one permission)
    let table: [(Action, &[Permission]); 16] = [
        (Action::ViewAccount, Permission::ALL),
        (Action::UseAccount, Permission::ALL),
        (Action::LeaveAccount, Permission::ALL),
        (Action::ViewAccountRoles, Permission::ALL),
        (Action::ListAccountUsers, &[UsersView]),
        (Action::ViewMembership, &[UsersView]),
        (Action::ManageAccountUsers, &[UsersManage]),
        (Action::ViewAccountInvitations, &[UsersManage]),
        (Action::ViewAccountSecurity, &[MfaReset]),
        (Action::SetAccountMfaPolicy, &[MfaPolicy]),
        (Action::ViewAccountLog, &[AuditView]),
        (Action::ManageAccountRoles, &[RolesManage]),
        (Action::JoinPortfolio, &[]),
        (Action::TransferAccountOwnership, &[]),
        (Action::CloseAccount, &[]),
        (Action::UnlinkAccount, &[]),
    ];
    for base in AccountRole::ALL {
        for (action, opened_by) in table {
            for permission in Permission::ALL {
                let opens =
                    opened_by.contains(permission) && (opened_by.len() > 1 || !barred(base).has(*permission));
                let held = custom(base, &[*permission]);
                if base != AccountRole::Owner {
                    assert_eq!(on_account(action, held), opens, "{action:?} by {permission:?} on {base:?}");
                }
            }
            let bare = custom(base, &[]);
            if base != AccountRole::Owner {
                assert_eq!(
                    on_account(action, bare),
                    opened_by.len() > 1,
                    "{action:?} by nothing on {base:?}"
                );
            }
        }
    }
}

#[test]
fn letting_a_portfolio_in_takes_all_that_an_admin_holds() {
    assert!(on_account(Action::JoinPortfolio, custom(AccountRole::Admin, Permission::ALL)));
    assert!(!on_account(Action::JoinPortfolio, custom(AccountRole::Analyst, Permission::ALL)));
    let most = &Permission::ALL[1..];
    assert!(!on_account(Action::JoinPortfolio, custom(AccountRole::Admin, most)));
}

#[test]
fn nobody_gives_or_manages_what_they_do_not_hold() {
    use AccountRole::*;
    use Permission::*;
    let people = [UsersView, UsersManage];
    let desk = custom(Analyst, &people);
    // (who, whose or what, whether)
    let table = [
        (Held::of(Owner), Held::of(Owner), true),
        (Held::of(Admin), Held::of(Owner), true),
        (Held::of(Admin), custom(Admin, Permission::ALL), true),
        (desk, Held::of(Analyst), true),
        (desk, Held::of(Manager), true),
        (desk, Held::of(Support), true),
        (desk, Held::of(Admin), false),
        (desk, Held::of(Owner), false),
        (desk, desk, true),
        (desk, custom(Manager, &people), true),
        (desk, custom(Manager, &[UsersView, MfaReset]), false),
        (desk, custom(Admin, &[UsersView]), false),
        (custom(Admin, &people), custom(Admin, &[UsersView]), true),
        (custom(Admin, &people), Held::of(Admin), false),
        (custom(Admin, Permission::ALL), Held::of(Admin), true),
        (custom(Admin, Permission::ALL), Held::of(Owner), false),
        (custom(Analyst, Permission::ALL), Held::of(Admin), false),
        (custom(Analyst, &[UsersManage]), Held::of(Analyst), false),
        (Held::of(Manager), Held::of(Analyst), true),
        (Held::of(Manager), desk, false),
    ];
    for (who, what, may) in table {
        assert_eq!(who.covers(what), may, "{who:?} over {what:?}");
    }
}

#[test]
fn a_role_made_of_support_manages_nobody_whatever_is_stored() {
    let support = custom(AccountRole::Support, Permission::ALL);
    let left = [
        Permission::UsersView,
        Permission::MfaPolicy,
        Permission::AuditView,
        Permission::AccountSettings,
        Permission::WebhooksManage,
    ];
    assert_eq!(support.permissions, Permissions::of(&left));
    for action in [Action::ManageAccountUsers, Action::ManageAccountRoles, Action::ViewAccountSecurity] {
        assert!(!on_account(action, support), "{action:?}");
    }
}

struct Pair {
    actor: UserId,
    target: UserId,
    here: AccountId,
    group: PortfolioId,
}

impl Pair {
    fn new() -> Self {
        Self {
            actor: UserId::generate(NOW),
            target: UserId::generate(NOW),
            here: AccountId::generate(NOW),
            group: PortfolioId::generate(NOW),
        }
    }

    fn place(&self, user: UserId, held: Held) -> AccountMembership {
        AccountMembership::new(self.here, user, held.role, Some(self.group), NOW).holding(held)
    }

    fn standing(&self, actor: Memberships, target: Held) -> UserStanding {
        let target = Memberships { accounts: vec![self.place(self.target, target)], portfolios: vec![] };
        UserStanding::of(self.actor, &actor, self.target, &target)
    }

    fn in_account(&self, held: Held) -> Memberships {
        Memberships { accounts: vec![self.place(self.actor, held)], portfolios: vec![] }
    }
}

fn answers(standing: &UserStanding) -> [Decision; 3] {
    [Action::ViewUser, Action::ViewUserSecurity, Action::ResetUserMfa]
        .map(|action| decide(true, action, &Resource::User(standing)))
}

#[test]
fn a_custom_role_resets_those_who_hold_no_more() {
    use Permission::*;
    const YES: Decision = Decision::Allow;
    const NO: Decision = Decision::Deny(Denial::Forbidden);
    const HIDDEN: Decision = Decision::Deny(Denial::Hidden);
    let pair = Pair::new();
    let help = custom(AccountRole::Analyst, &[UsersView, MfaReset]);
    let analyst = Held::of(AccountRole::Analyst);
    // (actor, target, [sees, sees the second factor, resets])
    let table = [
        (help, analyst, [YES, YES, YES]),
        (help, Held::of(AccountRole::Manager), [YES, YES, YES]),
        (help, help, [YES, YES, YES]),
        (help, Held::of(AccountRole::Owner), [YES, YES, NO]),
        (help, Held::of(AccountRole::Admin), [YES, YES, NO]),
        (help, custom(AccountRole::ContentCreator, &[AuditView]), [YES, YES, NO]),
        (custom(AccountRole::Analyst, &[MfaReset]), analyst, [YES, YES, NO]),
        (custom(AccountRole::Manager, &[UsersView, UsersManage]), analyst, [YES, NO, NO]),
        (custom(AccountRole::Manager, &[AuditView]), analyst, [HIDDEN, HIDDEN, HIDDEN]),
        (custom(AccountRole::Support, Permission::ALL), analyst, [YES, NO, NO]),
        (Held::of(AccountRole::Admin), help, [YES, YES, YES]),
        (Held::of(AccountRole::Manager), help, [YES, NO, NO]),
    ];
    for (actor, target, expected) in table {
        let standing = pair.standing(pair.in_account(actor), target);
        assert_eq!(answers(&standing), expected, "{actor:?} on {target:?}");
    }
    let standing = pair.standing(pair.in_account(help), analyst);
    let (role, custom_role_id) = (AccountRole::Analyst, help.custom);
    assert_eq!(
        standing.authority,
        Some(Authority::Account { account_id: pair.here, role, custom_role_id }),
        "the base is named, and the role"
    );
}

#[test]
fn a_custom_role_takes_nothing_from_what_a_portfolio_gives() {
    let pair = Pair::new();
    let mut actor = pair.in_account(custom(AccountRole::Analyst, &[]));
    let role = PortfolioRole::Admin;
    actor.portfolios =
        vec![PortfolioMembership { portfolio_id: pair.group, user_id: pair.actor, role, joined_at: NOW }];
    let standing = pair.standing(actor, Held::of(AccountRole::Owner));
    assert_eq!(standing.authority, Some(Authority::Portfolio { portfolio_id: pair.group, role }));
}
