//! Who is in an account: inviting, roles, removal, ownership.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use super::{Account, AccountRole};
use crate::domain::{Action, UserId};
use crate::graphql::context::{RequestContext, request};
use crate::graphql::custom_role::{CustomRole, chosen, one_role};
use crate::graphql::error::OrError;
use crate::graphql::guard::{OnAccount, RemovesUser};
use crate::graphql::ids::parse_id;
use crate::graphql::invitation::Invitation;
use crate::graphql::loader::expected;
use crate::graphql::scalar::DateTime;
use crate::graphql::user::User;
use crate::rejection;
use crate::service::change_user_role::ChangeUserRole;
use crate::service::give_role::RoleRefusal;
use crate::service::invite_user::InviteUser;
use crate::service::remove_user::RemoveUser;
use crate::service::transfer_account_ownership::TransferOwnership;

/// Whom to invite, and as what.
#[derive(InputObject)]
pub struct InviteUserInput {
    /// The account.
    account_id: ID,
    /// The address of the person, who may be a user already or not.
    email: String,
    /// The role; OWNER is refused. Either this or `customRoleId`.
    role: Option<AccountRole>,
    /// A custom role of the account.
    custom_role_id: Option<ID>,
}

/// The invitation waits, and its e-mail is under way. The answer is the same whether or not there is a user with the
/// address.
#[derive(SimpleObject)]
pub struct UserInvited {
    /// The invitation.
    invitation: Invitation,
}

rejection! {
    /// Nobody was invited.
    InviteUserRejected,
    /// Why somebody cannot be invited.
    InviteUserRejectionReason {
        /// The role is OWNER: ownership is transferred, never offered.
        RoleNotGrantable => "An account has exactly one Owner. Invite with another role, then transfer ownership.",
        /// The account has no such custom role.
        NoSuchRole => "This role does not exist any more. Choose another one.",
        /// The role holds what the viewer does not.
        MoreThanHeld => "This role holds permissions that you do not hold. Choose another one.",
        /// The person is a user of the account already.
        AlreadyMember => "This person belongs to the account already.",
        /// An invitation to this address waits already; it can be sent again.
        AlreadyInvited => "This person is invited already. Send the invitation again instead.",
        /// Five e-mails to this address within an hour, or 1,000 from this account within a day; see `retryAt`.
        TooManyInvitations => "Too many invitations were sent lately. Try again later.",
    }
}

/// What `inviteUser` gives.
#[derive(Union)]
pub enum InviteUserResult {
    /// Invited.
    Invited(UserInvited),
    /// Refused.
    Rejected(InviteUserRejected),
}

/// Whose role to change, and to what.
#[derive(InputObject)]
pub struct ChangeUserRoleInput {
    /// The account.
    account_id: ID,
    /// The user.
    user_id: ID,
    /// The new role; OWNER is refused. Either this or `customRoleId`.
    role: Option<AccountRole>,
    /// A custom role of the account.
    custom_role_id: Option<ID>,
}

/// The user has the role; it counts from the user's next request.
#[derive(SimpleObject)]
pub struct UserRoleChanged {
    /// The account.
    account: Account,
    /// The user.
    user: User,
    /// What the user is in the account now; for a holder of a custom role, its base.
    role: AccountRole,
    /// The custom role; null for a holder of a static one.
    custom_role: Option<CustomRole>,
    /// Since when the user belongs to the account.
    joined_at: DateTime,
}

rejection! {
    /// The role is unchanged.
    ChangeUserRoleRejected,
    /// Why a role cannot be changed.
    ChangeUserRoleRejectionReason {
        /// The user does not belong to the account.
        NotAMember => "This person does not belong to the account any more.",
        /// The user is the Owner, whose role nobody changes.
        IsOwner => "The Owner's role cannot be changed. Transfer ownership instead.",
        /// The role is OWNER: ownership is transferred, never given.
        RoleNotGrantable => "An account has exactly one Owner. Transfer ownership instead.",
        /// The account has no such custom role.
        NoSuchRole => "This role does not exist any more. Choose another one.",
        /// The new role holds what the viewer does not.
        MoreThanHeld => "This role holds permissions that you do not hold. Choose another one.",
        /// The user's present role holds what the viewer does not.
        HoldsMore => "This person holds permissions that you do not hold. Ask an Owner or Admin.",
    }
}

/// What `changeUserRole` gives.
#[derive(Union)]
pub enum ChangeUserRoleResult {
    /// Changed.
    Changed(UserRoleChanged),
    /// Refused.
    Rejected(ChangeUserRoleRejected),
}

/// Whom to take out of an account.
#[derive(InputObject)]
pub struct RemoveUserInput {
    /// The account.
    account_id: ID,
    /// The user; the viewer's own id to leave.
    user_id: ID,
}

/// The user does not belong to the account any more, from the next request on. The user as such stays.
#[derive(SimpleObject)]
pub struct UserRemoved {
    /// The user.
    user_id: ID,
    /// The account; null for a viewer who has left it.
    account: Option<Account>,
}

rejection! {
    /// The user is as before.
    RemoveUserRejected,
    /// Why a user cannot be taken out of an account.
    RemoveUserRejectionReason {
        /// The user does not belong to the account.
        NotAMember => "This person does not belong to the account any more.",
        /// The user is the Owner, who can be neither removed nor leave.
        IsOwner => "The Owner cannot be removed. Transfer ownership first.",
        /// The user's role holds what the viewer does not.
        HoldsMore => "This person holds permissions that you do not hold. Ask an Owner or Admin.",
    }
}

/// What `removeUser` gives.
#[derive(Union)]
pub enum RemoveUserResult {
    /// Removed.
    Removed(UserRemoved),
    /// Refused.
    Rejected(RemoveUserRejected),
}

/// To whom to hand an account over.
#[derive(InputObject)]
pub struct TransferAccountOwnershipInput {
    /// The account.
    account_id: ID,
    /// The new Owner, who must belong to the account.
    user_id: ID,
}

/// The user is the Owner; the viewer is an Admin now. Both are told by e-mail.
#[derive(SimpleObject)]
pub struct AccountOwnershipTransferred {
    /// The account.
    account: Account,
    /// The new Owner.
    owner: User,
}

rejection! {
    /// The Owner is the same as before.
    TransferAccountOwnershipRejected,
    /// Why an account cannot be handed over.
    TransferAccountOwnershipRejectionReason {
        /// The user does not belong to the account.
        NotAMember => "This person does not belong to the account. Invite them first.",
        /// The user is the Owner already.
        AlreadyOwner => "You are the Owner already.",
    } not_now
}

/// What `transferAccountOwnership` gives.
#[derive(Union)]
pub enum TransferAccountOwnershipResult {
    /// Handed over.
    Transferred(AccountOwnershipTransferred),
    /// Refused.
    Rejected(TransferAccountOwnershipRejected),
}

async fn person(request: &RequestContext, id: UserId) -> Result<User> {
    let found = request.loaders().users.one(id).await?;
    Ok(User::new(expected(found, "a user of an account", request)?))
}

/// Mutations of who is in an account.
#[derive(Default)]
pub struct MemberMutation;

#[Object]
impl MemberMutation {
    /// Sends somebody an invitation to an account; nothing else changes until the person accepts. Who may call: Owner or
    /// Admin of the account, and whoever holds USERS_MANAGE there and all that the role holds.
    #[graphql(guard = "OnAccount::new(Action::ManageAccountUsers, &input.account_id)")]
    async fn invite_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: InviteUserInput,
    ) -> Result<InviteUserResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.account_id, "accountId")?;
        let role = chosen(input.role, input.custom_role_id.as_ref(), "")?;
        let outcome = request.services.invite_user(&request.caller(), id, &input.email, role).await;
        use InviteUserRejectionReason as Reason;
        let outcome = match outcome.or_error(request)? {
            Ok(outcome) => outcome,
            Err(RoleRefusal::NoSuchRole) => return Ok(InviteUserResult::Rejected(Reason::NoSuchRole.into())),
            Err(RoleRefusal::MoreThanHeld) => {
                return Ok(InviteUserResult::Rejected(Reason::MoreThanHeld.into()));
            }
        };
        Ok(InviteUserResult::Rejected(match outcome {
            InviteUser::Invited(invitation) => {
                let invitation = Invitation::new(*invitation);
                return Ok(InviteUserResult::Invited(UserInvited { invitation }));
            }
            InviteUser::RoleNotGrantable => Reason::RoleNotGrantable.into(),
            InviteUser::AlreadyMember => Reason::AlreadyMember.into(),
            InviteUser::AlreadyInvited => Reason::AlreadyInvited.into(),
            InviteUser::TooManyInvitations { retry_at } => {
                InviteUserRejected::until(Reason::TooManyInvitations, retry_at)
            }
        }))
    }

    /// Gives a user of an account another role. Nobody changes the Owner's role. Who may call: Owner or Admin of the
    /// account, and whoever holds USERS_MANAGE there and all that the old and the new role hold.
    #[graphql(guard = "OnAccount::new(Action::ManageAccountUsers, &input.account_id)")]
    async fn change_user_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: ChangeUserRoleInput,
    ) -> Result<ChangeUserRoleResult> {
        let request = request(ctx)?;
        let account_id = parse_id(&input.account_id, "accountId")?;
        let user_id = parse_id(&input.user_id, "userId")?;
        let role = chosen(input.role, input.custom_role_id.as_ref(), "")?;
        let outcome = request.services.change_user_role(&request.caller(), account_id, user_id, role).await;
        use ChangeUserRoleRejectionReason as Reason;
        let reason = match outcome.or_error(request)? {
            ChangeUserRole::Changed(changed) => {
                let (account, place) = *changed;
                request.renew_caller().await?;
                return Ok(ChangeUserRoleResult::Changed(UserRoleChanged {
                    account: Account::new(account),
                    user: person(request, place.user_id).await?,
                    role: place.role.into(),
                    custom_role: one_role(ctx, place.custom_role_id).await?,
                    joined_at: place.joined_at.into(),
                }));
            }
            ChangeUserRole::NotAMember => Reason::NotAMember,
            ChangeUserRole::IsOwner => Reason::IsOwner,
            ChangeUserRole::RoleNotGrantable => Reason::RoleNotGrantable,
            ChangeUserRole::HoldsMore => Reason::HoldsMore,
            ChangeUserRole::Role(RoleRefusal::NoSuchRole) => Reason::NoSuchRole,
            ChangeUserRole::Role(RoleRefusal::MoreThanHeld) => Reason::MoreThanHeld,
        };
        Ok(ChangeUserRoleResult::Rejected(reason.into()))
    }

    /// Takes a user out of an account; the user as such stays, and so do other accounts. Who may call: Owner or Admin of
    /// the account, and whoever holds USERS_MANAGE there and all that the user holds; to leave it oneself, every member but
    /// the Owner.
    #[graphql(guard = "RemovesUser::new(&input.account_id, &input.user_id)")]
    async fn remove_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: RemoveUserInput,
    ) -> Result<RemoveUserResult> {
        let request = request(ctx)?;
        let account_id = parse_id(&input.account_id, "accountId")?;
        let user_id: UserId = parse_id(&input.user_id, "userId")?;
        let outcome = request.services.remove_user(&request.caller(), account_id, user_id).await;
        use RemoveUserRejectionReason as Reason;
        let reason = match outcome.or_error(request)? {
            RemoveUser::Removed(account) => {
                request.renew_caller().await?;
                let stays = request.caller().actor.user_id() != Some(user_id);
                let account = stays.then(|| Account::new(*account));
                let user_id = user_id.to_string().into();
                return Ok(RemoveUserResult::Removed(UserRemoved { user_id, account }));
            }
            RemoveUser::NotAMember => Reason::NotAMember,
            RemoveUser::IsOwner => Reason::IsOwner,
            RemoveUser::HoldsMore => Reason::HoldsMore,
        };
        Ok(RemoveUserResult::Rejected(reason.into()))
    }

    /// Makes another user of the account its Owner; the viewer is an Admin from then on. An account has exactly one Owner
    /// at every moment. Who may call: Owner of the account. Asks for a fresh proof (`stepUp`).
    #[graphql(guard = "OnAccount::new(Action::TransferAccountOwnership, &input.account_id)")]
    async fn transfer_account_ownership(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: TransferAccountOwnershipInput,
    ) -> Result<TransferAccountOwnershipResult> {
        let request = request(ctx)?;
        let account_id = parse_id(&input.account_id, "accountId")?;
        let user_id = parse_id(&input.user_id, "userId")?;
        let outcome =
            request.services.transfer_account_ownership(&request.caller(), account_id, user_id).await;
        use TransferAccountOwnershipRejectionReason as Reason;
        let reason = match outcome.or_error(request)? {
            TransferOwnership::Transferred(account) => {
                request.renew_caller().await?;
                return Ok(TransferAccountOwnershipResult::Transferred(AccountOwnershipTransferred {
                    account: Account::new(*account),
                    owner: person(request, user_id).await?,
                }));
            }
            TransferOwnership::NotNow(unready) => {
                return Ok(TransferAccountOwnershipResult::Rejected(unready.into()));
            }
            TransferOwnership::NotAMember => Reason::NotAMember,
            TransferOwnership::AlreadyOwner => Reason::AlreadyOwner,
        };
        Ok(TransferAccountOwnershipResult::Rejected(reason.into()))
    }
}
