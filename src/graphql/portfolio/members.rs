//! Who is in a portfolio itself: inviting, roles, removal, ownership.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use super::guard::RemovesPortfolioUser;
use super::{Portfolio, PortfolioRole};
use crate::domain::{Action, UserId};
use crate::graphql::context::{RequestContext, request};
use crate::graphql::error::OrError;
use crate::graphql::guard::OnPortfolio;
use crate::graphql::ids::parse_id;
use crate::graphql::invitation::Invitation;
use crate::graphql::loader::expected;
use crate::graphql::scalar::DateTime;
use crate::graphql::user::User;
use crate::rejection;
use crate::service::change_portfolio_user_role::ChangePortfolioUserRole;
use crate::service::invite_user::InviteUser;
use crate::service::remove_portfolio_user::RemovePortfolioUser;
use crate::service::transfer_portfolio_ownership::TransferPortfolio;

/// Whom to invite to a portfolio itself, and as what.
#[derive(InputObject)]
pub struct InvitePortfolioUserInput {
    /// The portfolio.
    portfolio_id: ID,
    /// The address of the person, who may be a user already or not, and need not belong to a linked account.
    email: String,
    /// The role; OWNER is refused.
    role: PortfolioRole,
}

/// The invitation waits, and its e-mail is under way. The answer is the same whether or not there is a user with the
/// address.
#[derive(SimpleObject)]
pub struct PortfolioUserInvited {
    /// The invitation.
    invitation: Invitation,
}

rejection! {
    /// Nobody was invited.
    InvitePortfolioUserRejected,
    /// Why somebody cannot be invited to a portfolio.
    InvitePortfolioUserRejectionReason {
        /// The role is OWNER: ownership is transferred, never offered.
        RoleNotGrantable => "A portfolio has exactly one Owner. Invite with another role, then transfer ownership.",
        /// The person is a user of the portfolio already.
        AlreadyMember => "This person belongs to the portfolio already.",
        /// An invitation to this address waits already; it can be sent again.
        AlreadyInvited => "This person is invited already. Send the invitation again instead.",
        /// Five e-mails to this address within an hour, or 1,000 from this portfolio within a day; see `retryAt`.
        TooManyInvitations => "Too many invitations were sent lately. Try again later.",
    }
}

/// What `invitePortfolioUser` gives.
#[derive(Union)]
pub enum InvitePortfolioUserResult {
    /// Invited.
    Invited(PortfolioUserInvited),
    /// Refused.
    Rejected(InvitePortfolioUserRejected),
}

/// Whose role in a portfolio to change, and to what.
#[derive(InputObject)]
pub struct ChangePortfolioUserRoleInput {
    /// The portfolio.
    portfolio_id: ID,
    /// The user.
    user_id: ID,
    /// The new role; OWNER is refused.
    role: PortfolioRole,
}

/// The user has the role; it counts from the user's next request.
#[derive(SimpleObject)]
pub struct PortfolioUserRoleChanged {
    /// The portfolio.
    portfolio: Portfolio,
    /// The user.
    user: User,
    /// What the user is in the portfolio now.
    role: PortfolioRole,
    /// Since when the user belongs to the portfolio.
    joined_at: DateTime,
}

rejection! {
    /// The role is unchanged.
    ChangePortfolioUserRoleRejected,
    /// Why a role in a portfolio cannot be changed.
    ChangePortfolioUserRoleRejectionReason {
        /// The user does not belong to the portfolio itself.
        NotAMember => "This person does not belong to the portfolio any more.",
        /// The user is the Portfolio Owner, whose role nobody changes.
        IsOwner => "The Portfolio Owner's role cannot be changed. Transfer ownership instead.",
        /// The role is OWNER: ownership is transferred, never given.
        RoleNotGrantable => "A portfolio has exactly one Owner. Transfer ownership instead.",
    }
}

/// What `changePortfolioUserRole` gives.
#[derive(Union)]
pub enum ChangePortfolioUserRoleResult {
    /// Changed.
    Changed(PortfolioUserRoleChanged),
    /// Refused.
    Rejected(ChangePortfolioUserRoleRejected),
}

/// Whom to take out of a portfolio.
#[derive(InputObject)]
pub struct RemovePortfolioUserInput {
    /// The portfolio.
    portfolio_id: ID,
    /// The user; the viewer's own id to leave.
    user_id: ID,
}

/// The user does not belong to the portfolio itself any more, from the next request on. Places in linked accounts stay.
#[derive(SimpleObject)]
pub struct PortfolioUserRemoved {
    /// The user.
    user_id: ID,
    /// The portfolio; null for a viewer who has left it.
    portfolio: Option<Portfolio>,
}

rejection! {
    /// The user is as before.
    RemovePortfolioUserRejected,
    /// Why a user cannot be taken out of a portfolio.
    RemovePortfolioUserRejectionReason {
        /// The user does not belong to the portfolio itself.
        NotAMember => "This person does not belong to the portfolio any more.",
        /// The user is the Portfolio Owner, who can be neither removed nor leave.
        IsOwner => "The Portfolio Owner cannot be removed. Transfer ownership first.",
    }
}

/// What `removePortfolioUser` gives.
#[derive(Union)]
pub enum RemovePortfolioUserResult {
    /// Removed.
    Removed(PortfolioUserRemoved),
    /// Refused.
    Rejected(RemovePortfolioUserRejected),
}

/// To whom to hand a portfolio over.
#[derive(InputObject)]
pub struct TransferPortfolioOwnershipInput {
    /// The portfolio.
    portfolio_id: ID,
    /// The new Owner, who must belong to the portfolio itself.
    user_id: ID,
}

/// The user is the Portfolio Owner; the viewer is a Portfolio Admin now. Both are told by e-mail.
#[derive(SimpleObject)]
pub struct PortfolioOwnershipTransferred {
    /// The portfolio.
    portfolio: Portfolio,
    /// The new Owner.
    owner: User,
}

rejection! {
    /// The Portfolio Owner is the same as before.
    TransferPortfolioOwnershipRejected,
    /// Why a portfolio cannot be handed over.
    TransferPortfolioOwnershipRejectionReason {
        /// The user does not belong to the portfolio itself.
        NotAMember => "This person does not belong to the portfolio. Invite them first.",
        /// The user is the Portfolio Owner already.
        AlreadyOwner => "You are the Portfolio Owner already.",
    } not_now
}

/// What `transferPortfolioOwnership` gives.
#[derive(Union)]
pub enum TransferPortfolioOwnershipResult {
    /// Handed over.
    Transferred(PortfolioOwnershipTransferred),
    /// Refused.
    Rejected(TransferPortfolioOwnershipRejected),
}

async fn person(request: &RequestContext, id: UserId) -> Result<User> {
    let found = request.loaders().users.one(id).await?;
    Ok(User::new(expected(found, "a user of a portfolio", request)?))
}

/// Mutations of who is in a portfolio itself.
#[derive(Default)]
pub struct PortfolioMemberMutation;

#[Object]
impl PortfolioMemberMutation {
    /// Sends somebody an invitation to a portfolio itself; nothing else changes until the person accepts. Who may call:
    /// Portfolio Owner.
    #[graphql(guard = "OnPortfolio::new(Action::ManagePortfolioUsers, &input.portfolio_id)")]
    async fn invite_portfolio_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: InvitePortfolioUserInput,
    ) -> Result<InvitePortfolioUserResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.portfolio_id, "portfolioId")?;
        let (caller, role) = (request.caller(), input.role.into());
        let outcome = request.services.invite_portfolio_user(&caller, id, &input.email, role).await;
        use InvitePortfolioUserRejectionReason as Reason;
        Ok(InvitePortfolioUserResult::Rejected(match outcome.or_error(request)? {
            InviteUser::Invited(invitation) => {
                let invitation = Invitation::new(*invitation);
                return Ok(InvitePortfolioUserResult::Invited(PortfolioUserInvited { invitation }));
            }
            InviteUser::RoleNotGrantable => Reason::RoleNotGrantable.into(),
            InviteUser::AlreadyMember => Reason::AlreadyMember.into(),
            InviteUser::AlreadyInvited => Reason::AlreadyInvited.into(),
            InviteUser::TooManyInvitations { retry_at } => {
                InvitePortfolioUserRejected::until(Reason::TooManyInvitations, retry_at)
            }
        }))
    }

    /// Gives a user of a portfolio another role there. Nobody changes the Portfolio Owner's role. Who may call: Portfolio
    /// Owner.
    #[graphql(guard = "OnPortfolio::new(Action::ManagePortfolioUsers, &input.portfolio_id)")]
    async fn change_portfolio_user_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: ChangePortfolioUserRoleInput,
    ) -> Result<ChangePortfolioUserRoleResult> {
        let request = request(ctx)?;
        let portfolio = parse_id(&input.portfolio_id, "portfolioId")?;
        let user = parse_id(&input.user_id, "userId")?;
        let (caller, role) = (request.caller(), input.role.into());
        let outcome = request.services.change_portfolio_user_role(&caller, portfolio, user, role).await;
        use ChangePortfolioUserRoleRejectionReason as Reason;
        let reason = match outcome.or_error(request)? {
            ChangePortfolioUserRole::Changed(changed) => {
                let (portfolio, place) = *changed;
                request.renew_caller().await?;
                return Ok(ChangePortfolioUserRoleResult::Changed(PortfolioUserRoleChanged {
                    portfolio: Portfolio::new(portfolio),
                    user: person(request, place.user_id).await?,
                    role: place.role.into(),
                    joined_at: place.joined_at.into(),
                }));
            }
            ChangePortfolioUserRole::NotAMember => Reason::NotAMember,
            ChangePortfolioUserRole::IsOwner => Reason::IsOwner,
            ChangePortfolioUserRole::RoleNotGrantable => Reason::RoleNotGrantable,
        };
        Ok(ChangePortfolioUserRoleResult::Rejected(reason.into()))
    }

    /// Takes a user out of a portfolio itself; the user as such and places in linked accounts stay. Who may call: Portfolio
    /// Owner; to leave it oneself, every user of the portfolio but its Owner.
    #[graphql(guard = "RemovesPortfolioUser::new(&input.portfolio_id, &input.user_id)")]
    async fn remove_portfolio_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: RemovePortfolioUserInput,
    ) -> Result<RemovePortfolioUserResult> {
        let request = request(ctx)?;
        let portfolio = parse_id(&input.portfolio_id, "portfolioId")?;
        let user: UserId = parse_id(&input.user_id, "userId")?;
        let outcome = request.services.remove_portfolio_user(&request.caller(), portfolio, user).await;
        use RemovePortfolioUserRejectionReason as Reason;
        let reason = match outcome.or_error(request)? {
            RemovePortfolioUser::Removed(portfolio) => {
                request.renew_caller().await?;
                let stays = request.caller().actor.user_id() != Some(user);
                let portfolio = stays.then(|| Portfolio::new(*portfolio));
                let user_id = user.to_string().into();
                return Ok(RemovePortfolioUserResult::Removed(PortfolioUserRemoved { user_id, portfolio }));
            }
            RemovePortfolioUser::NotAMember => Reason::NotAMember,
            RemovePortfolioUser::IsOwner => Reason::IsOwner,
        };
        Ok(RemovePortfolioUserResult::Rejected(reason.into()))
    }

    /// Makes another user of the portfolio its Owner; the viewer is a Portfolio Admin from then on. A portfolio has exactly
    /// one Owner at every moment. Who may call: Portfolio Owner. Asks for a fresh proof (`stepUp`).
    #[graphql(guard = "OnPortfolio::new(Action::TransferPortfolioOwnership, &input.portfolio_id)")]
    async fn transfer_portfolio_ownership(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: TransferPortfolioOwnershipInput,
    ) -> Result<TransferPortfolioOwnershipResult> {
        let request = request(ctx)?;
        let portfolio = parse_id(&input.portfolio_id, "portfolioId")?;
        let user = parse_id(&input.user_id, "userId")?;
        let outcome = request.services.transfer_portfolio_ownership(&request.caller(), portfolio, user).await;
        use TransferPortfolioOwnershipRejectionReason as Reason;
        let reason = match outcome.or_error(request)? {
            TransferPortfolio::Transferred(portfolio) => {
                request.renew_caller().await?;
                return Ok(TransferPortfolioOwnershipResult::Transferred(PortfolioOwnershipTransferred {
                    portfolio: Portfolio::new(*portfolio),
                    owner: person(request, user).await?,
                }));
            }
            TransferPortfolio::NotNow(unready) => {
                return Ok(TransferPortfolioOwnershipResult::Rejected(unready.into()));
            }
            TransferPortfolio::NotAMember => Reason::NotAMember,
            TransferPortfolio::AlreadyOwner => Reason::AlreadyOwner,
        };
        Ok(TransferPortfolioOwnershipResult::Rejected(reason.into()))
    }
}
