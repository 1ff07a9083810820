//! Manage > Users in bulk.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, Union};

use crate::domain::Action;
use crate::graphql::account::AccountRole;
use crate::graphql::context::request;
use crate::graphql::custom_role::chosen;
use crate::graphql::error::OrError;
use crate::graphql::guard::OnPortfolio;
use crate::graphql::ids::parse_id;
use crate::rejection;
use crate::service::update_portfolio_user_access::{
    AccessChange, AccessOutcome, AccessRefusal, UpdateAccess,
};

/// Somebody to invite to a linked account.
#[derive(InputObject)]
pub struct PortfolioAccessInvite {
    /// The account.
    account_id: ID,
    /// The address of the person, who may be a user already or not.
    email: String,
    /// The role; OWNER is refused. Either this or `customRoleId`.
    role: Option<AccountRole>,
    /// A custom role of the account.
    custom_role_id: Option<ID>,
}

/// Somebody in a linked account who gets another role there.
#[derive(InputObject)]
pub struct PortfolioAccessRoleChange {
    /// The account.
    account_id: ID,
    /// The user.
    user_id: ID,
    /// The new role; OWNER is refused. Either this or `customRoleId`.
    role: Option<AccountRole>,
    /// A custom role of the account.
    custom_role_id: Option<ID>,
}

/// Somebody to take out of a linked account.
#[derive(InputObject)]
pub struct PortfolioAccessRemoval {
    /// The account.
    account_id: ID,
    /// The user.
    user_id: ID,
}

/// What to change: 500 changes at most, all lists together. They are made list by list, in the order of the fields here.
#[derive(InputObject)]
pub struct UpdatePortfolioUserAccessInput {
    /// The portfolio.
    portfolio_id: ID,
    /// Users to take out of all linked accounts; invitations that wait for them there are taken back.
    #[graphql(default)]
    remove_from_all: Vec<ID>,
    /// Users to take out of one account each.
    #[graphql(default)]
    remove: Vec<PortfolioAccessRemoval>,
    /// Roles to change.
    #[graphql(default)]
    change_role: Vec<PortfolioAccessRoleChange>,
    /// People to invite.
    #[graphql(default)]
    invite: Vec<PortfolioAccessInvite>,
}

/// What a change of many was.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortfolioAccessChangeKind {
    /// Of `removeFromAll`.
    RemoveFromAll,
    /// Of `remove`.
    Remove,
    /// Of `changeRole`.
    ChangeRole,
    /// Of `invite`.
    Invite,
}

rejection! {
    /// One of many changes was not made, or not everywhere; the others stand.
    PortfolioAccessChangeRejected,
    /// Why one of many changes was not made, or not everywhere.
    PortfolioAccessChangeRejectionReason {
        /// The portfolio does not link this account.
        NotLinked => "The account is not in this portfolio.",
        /// The user is not there.
        NotAMember => "This person does not belong there any more.",
        /// The user is Owner of the account, or of one of them, and stays there.
        IsOwner => "The Owner of an account can be neither removed nor changed. Transfer ownership first.",
        /// The role is OWNER: ownership is transferred, never given.
        RoleNotGrantable => "An account has exactly one Owner. Transfer ownership instead.",
        /// The account has no such custom role.
        NoSuchRole => "This role does not exist any more. Choose another one.",
        /// The address is not of the form name@example.com.
        NotAnAddress => "This is not an e-mail address.",
        /// The person is a user of the account already.
        AlreadyMember => "This person belongs to the account already.",
        /// An invitation to this address waits already.
        AlreadyInvited => "This person is invited already.",
        /// Five e-mails to this address within an hour, or 1,000 from this account within a day; see `retryAt`.
        TooManyInvitations => "Too many invitations were sent lately. Try again later.",
        /// The viewer lost the role while the changes were being made.
        NotPermitted => "Your role in the portfolio does not allow this any more.",
        /// The service was not available; repeating the call makes what is missing.
        Unavailable => "The service was not available for a moment. Send the same changes again.",
    }
}

/// What became of one change. Its ids and address are those of the input.
#[derive(SimpleObject)]
pub struct PortfolioAccessOutcome {
    /// Which list it was in.
    kind: PortfolioAccessChangeKind,
    /// Where in its list it was, from 0.
    index: usize,
    /// The account; null for `removeFromAll`.
    account_id: Option<ID>,
    /// The user; null for an invitation.
    user_id: Option<ID>,
    /// The address of an invitation.
    email: Option<String>,
    /// In how many accounts something changed; 0 also when everything was so already.
    accounts_changed: u32,
    /// Why it was not made, or not everywhere; null when it was.
    rejected: Option<PortfolioAccessChangeRejected>,
}

/// The changes were gone through, each by itself.
#[derive(SimpleObject)]
pub struct PortfolioUserAccessUpdated {
    /// One for each change, in the order in which they were made.
    outcomes: Vec<PortfolioAccessOutcome>,
}

rejection! {
    /// Nothing has changed.
    UpdatePortfolioUserAccessRejected,
    /// Why none of the changes was made.
    UpdatePortfolioUserAccessRejectionReason {
        /// More than 500 changes.
        TooManyChanges => "One call takes 500 changes at most. Send them in several calls.",
    }
}

/// What `updatePortfolioUserAccess` gives.
#[derive(Union)]
pub enum UpdatePortfolioUserAccessResult {
    /// Gone through.
    Updated(PortfolioUserAccessUpdated),
    /// Refused as a whole.
    Rejected(UpdatePortfolioUserAccessRejected),
}

fn rejected(refusal: AccessRefusal) -> PortfolioAccessChangeRejected {
    use PortfolioAccessChangeRejectionReason as Reason;
    match refusal {
        AccessRefusal::NotLinked => Reason::NotLinked.into(),
        AccessRefusal::NotAMember => Reason::NotAMember.into(),
        AccessRefusal::IsOwner => Reason::IsOwner.into(),
        AccessRefusal::RoleNotGrantable => Reason::RoleNotGrantable.into(),
        AccessRefusal::NoSuchRole => Reason::NoSuchRole.into(),
        AccessRefusal::NotAnAddress => Reason::NotAnAddress.into(),
        AccessRefusal::AlreadyMember => Reason::AlreadyMember.into(),
        AccessRefusal::AlreadyInvited => Reason::AlreadyInvited.into(),
        AccessRefusal::TooManyInvitations { retry_at } => {
            PortfolioAccessChangeRejected::until(Reason::TooManyInvitations, retry_at)
        }
        AccessRefusal::NotPermitted => Reason::NotPermitted.into(),
        AccessRefusal::Unavailable => Reason::Unavailable.into(),
    }
}

/// A change with the outcome that it is going to have, all but what became of it.
type Numbered = (AccessChange, PortfolioAccessOutcome);

fn numbered(kind: PortfolioAccessChangeKind, index: usize, change: AccessChange) -> Numbered {
    let (account, user, email) = match &change {
        AccessChange::Invite { account_id, email, .. } => (Some(*account_id), None, Some(email.clone())),
        AccessChange::ChangeRole { account_id, user_id, .. }
        | AccessChange::Remove { account_id, user_id } => (Some(*account_id), Some(*user_id), None),
        AccessChange::RemoveFromAll { user_id } => (None, Some(*user_id), None),
    };
    let outcome = PortfolioAccessOutcome {
        kind,
        index,
        account_id: account.map(|id| id.to_string().into()),
        user_id: user.map(|id| id.to_string().into()),
        email,
        accounts_changed: 0,
        rejected: None,
    };
    (change, outcome)
}

/// The changes in their order. A malformed id is an error of the whole call and names its place.
fn changes(input: UpdatePortfolioUserAccessInput) -> Result<Vec<Numbered>> {
    use PortfolioAccessChangeKind as Kind;
    let mut all = Vec::new();
    for (i, id) in input.remove_from_all.iter().enumerate() {
        let user_id = parse_id(id, &format!("removeFromAll[{i}]"))?;
        all.push(numbered(Kind::RemoveFromAll, i, AccessChange::RemoveFromAll { user_id }));
    }
    for (i, item) in input.remove.iter().enumerate() {
        let account_id = parse_id(&item.account_id, &format!("remove[{i}].accountId"))?;
        let user_id = parse_id(&item.user_id, &format!("remove[{i}].userId"))?;
        all.push(numbered(Kind::Remove, i, AccessChange::Remove { account_id, user_id }));
    }
    for (i, item) in input.change_role.iter().enumerate() {
        let account_id = parse_id(&item.account_id, &format!("changeRole[{i}].accountId"))?;
        let user_id = parse_id(&item.user_id, &format!("changeRole[{i}].userId"))?;
        let role = chosen(item.role, item.custom_role_id.as_ref(), &format!("changeRole[{i}]."))?;
        all.push(numbered(Kind::ChangeRole, i, AccessChange::ChangeRole { account_id, user_id, role }));
    }
    for (i, item) in input.invite.into_iter().enumerate() {
        let account_id = parse_id(&item.account_id, &format!("invite[{i}].accountId"))?;
        let role = chosen(item.role, item.custom_role_id.as_ref(), &format!("invite[{i}]."))?;
        let email = item.email;
        all.push(numbered(Kind::Invite, i, AccessChange::Invite { account_id, email, role }));
    }
    Ok(all)
}

fn told(mut told: PortfolioAccessOutcome, outcome: AccessOutcome) -> PortfolioAccessOutcome {
    told.accounts_changed = outcome.accounts;
    told.rejected = outcome.refusal.map(rejected);
    told
}

/// The mutation of many places at once.
#[derive(Default)]
pub struct PortfolioAccessMutation;

#[Object]
impl PortfolioAccessMutation {
    /// Manage > Users in bulk: invites, changes and removes many users across many linked accounts in one call, and takes
    /// users out of all linked accounts at once. Each change has its own outcome; one that is rejected stops no other. Who
    /// may call: Portfolio Owner or Portfolio Admin.
    #[graphql(guard = "OnPortfolio::new(Action::ManagePortfolioAccountUsers, &input.portfolio_id)")]
    async fn update_portfolio_user_access(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: UpdatePortfolioUserAccessInput,
    ) -> Result<UpdatePortfolioUserAccessResult> {
        let request = request(ctx)?;
        let portfolio = parse_id(&input.portfolio_id, "portfolioId")?;
        let (changes, outcomes): (Vec<_>, Vec<_>) = changes(input)?.into_iter().unzip();
        let caller = request.caller();
        let outcome = request.services.update_portfolio_user_access(&caller, portfolio, &changes).await;
        Ok(match outcome.or_error(request)? {
            UpdateAccess::Done(done) => {
                let outcomes = outcomes.into_iter().zip(done).map(|(about, what)| told(about, what));
                UpdatePortfolioUserAccessResult::Updated(PortfolioUserAccessUpdated {
                    outcomes: outcomes.collect(),
                })
            }
            UpdateAccess::TooManyChanges => UpdatePortfolioUserAccessResult::Rejected(
                UpdatePortfolioUserAccessRejectionReason::TooManyChanges.into(),
            ),
        })
    }
}
