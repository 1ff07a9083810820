//! Defining, changing and deleting custom roles.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use super::{CustomRole, Permission};
use crate::domain;
use crate::domain::Action;
use crate::graphql::account::{Account, AccountRole};
use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::guard::{OnAccount, OnRole};
use crate::graphql::ids::parse_id;
use crate::rejection;
use crate::service::create_custom_role::{CreateCustomRole, RoleDraft, RoleFault};
use crate::service::delete_custom_role::{DeleteCustomRole, USED_MAX};
use crate::service::update_custom_role::{RoleChange, UpdateCustomRole};

fn set(permissions: Vec<Permission>) -> domain::Permissions {
    permissions.into_iter().map(domain::Permission::from).collect()
}

/// The role to define.
#[derive(InputObject)]
pub struct CreateCustomRoleInput {
    /// The account.
    account_id: ID,
    /// Its name: 1 to 200 characters, unlike those of all other roles of the account, compared without case.
    name: String,
    /// The static role that its holders have for whoever knows no custom roles; never OWNER. It cannot be changed later.
    base: AccountRole,
    /// What its holders may do; whatever is not listed they may not. The viewer must hold all of it.
    permissions: Vec<Permission>,
}

/// The role exists and can be given.
#[derive(SimpleObject)]
pub struct CustomRoleCreated {
    /// The role.
    custom_role: CustomRole,
}

rejection! {
    /// No role was defined.
    CreateCustomRoleRejected,
    /// Why a role cannot be defined.
    CreateCustomRoleRejectionReason {
        /// A role of the account, static or not, is called so already.
        NameTaken => "This account has a role of this name already. Choose another name.",
        /// The base is OWNER: an account has exactly one Owner.
        BaseIsOwner => "An account has exactly one Owner. Choose another base.",
        /// USERS_MANAGE, MFA_RESET or ROLES_MANAGE on the base SUPPORT: vendor support manages nobody.
        NotForSupport => "A role made of Support cannot manage users, reset MFA or define roles.",
        /// A permission that the viewer does not hold; or the base ADMIN, and the viewer is no Admin.
        MoreThanHeld => "You can only give permissions that you hold yourself.",
        /// The account has 50 custom roles.
        TooManyRoles => "An account has 50 custom roles at most. Delete one first.",
    } not_now
}

impl From<RoleFault> for CreateCustomRoleRejectionReason {
    fn from(fault: RoleFault) -> Self {
        match fault {
            RoleFault::NameTaken => Self::NameTaken,
            RoleFault::NotForSupport => Self::NotForSupport,
            RoleFault::MoreThanHeld => Self::MoreThanHeld,
        }
    }
}

/// What `createCustomRole` gives.
#[derive(Union)]
pub enum CreateCustomRoleResult {
    /// Defined.
    Created(CustomRoleCreated),
    /// Refused.
    Rejected(CreateCustomRoleRejected),
}

/// What to change about a role; what is left out stays.
#[derive(InputObject)]
pub struct UpdateCustomRoleInput {
    /// The role.
    custom_role_id: ID,
    /// Another name.
    name: Option<String>,
    /// All that its holders may do from now on, instead of what they may now.
    permissions: Option<Vec<Permission>>,
    /// The version that the viewer has seen: the change is refused when somebody has changed the role since. Whichever
    /// version it is when left out.
    version: Option<i64>,
}

/// The role is changed; it counts from its holders' next requests.
#[derive(SimpleObject)]
pub struct CustomRoleUpdated {
    /// The role.
    custom_role: CustomRole,
}

rejection! {
    /// The role is as it was.
    UpdateCustomRoleRejected,
    /// Why a role cannot be changed.
    UpdateCustomRoleRejectionReason {
        /// A role of the account, static or not, is called so already.
        NameTaken => "This account has a role of this name already. Choose another name.",
        /// USERS_MANAGE, MFA_RESET or ROLES_MANAGE on the base SUPPORT: vendor support manages nobody.
        NotForSupport => "A role made of Support cannot manage users, reset MFA or define roles.",
        /// The role holds, or would hold, what the viewer does not.
        MoreThanHeld => "You can only give or take permissions that you hold yourself.",
        /// Somebody has changed the role since the version that was given.
        ChangedMeanwhile => "Somebody has changed this role meanwhile. Look at it again.",
    } not_now
}

impl From<RoleFault> for UpdateCustomRoleRejectionReason {
    fn from(fault: RoleFault) -> Self {
        match fault {
            RoleFault::NameTaken => Self::NameTaken,
            RoleFault::NotForSupport => Self::NotForSupport,
            RoleFault::MoreThanHeld => Self::MoreThanHeld,
        }
    }
}

/// What `updateCustomRole` gives.
#[derive(Union)]
pub enum UpdateCustomRoleResult {
    /// Changed.
    Updated(CustomRoleUpdated),
    /// Refused.
    Rejected(UpdateCustomRoleRejected),
}

/// The role to delete.
#[derive(InputObject)]
pub struct DeleteCustomRoleInput {
    /// The role.
    custom_role_id: ID,
}

/// The role is gone.
#[derive(SimpleObject)]
pub struct CustomRoleDeleted {
    /// The role that there was.
    custom_role_id: ID,
    /// The account.
    account: Account,
}

rejection! {
    /// The role is as it was.
    DeleteCustomRoleRejected,
    /// Why a role cannot be deleted.
    DeleteCustomRoleRejectionReason {
        /// Somebody holds the role or is invited to it. The message says how many, counted up to 100.
        RoleInUse => "Somebody holds this role or is invited to it. Give them another one first.",
        /// The role holds what the viewer does not.
        MoreThanHeld => "You can only delete roles whose permissions you hold yourself.",
    } not_now
}

fn in_use(count: u64) -> DeleteCustomRoleRejected {
    let people = match count {
        1 => "One person holds this role or is invited to it.".to_owned(),
        USED_MAX.. => format!("{USED_MAX} people or more hold this role or are invited to it."),
        _ => format!("{count} people hold this role or are invited to it."),
    };
    let message = format!("{people} Give them another one first.");
    DeleteCustomRoleRejected { message, ..DeleteCustomRoleRejectionReason::RoleInUse.into() }
}

/// What `deleteCustomRole` gives.
#[derive(Union)]
pub enum DeleteCustomRoleResult {
    /// Deleted.
    Deleted(CustomRoleDeleted),
    /// Refused.
    Rejected(DeleteCustomRoleRejected),
}

/// Mutations of custom roles.
#[derive(Default)]
pub struct CustomRoleMutation;

#[Object]
impl CustomRoleMutation {
    /// Defines a role of an account out of permissions. Who may call: Owner or Admin of the account, and whoever holds
    /// ROLES_MANAGE there; nobody gives what they do not hold. Asks for a fresh proof (`stepUp`).
    #[graphql(guard = "OnAccount::new(Action::ManageAccountRoles, &input.account_id)")]
    async fn create_custom_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: CreateCustomRoleInput,
    ) -> Result<CreateCustomRoleResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.account_id, "accountId")?;
        let (base, permissions) = (input.base.into(), set(input.permissions));
        let draft = RoleDraft { name: &input.name, base, permissions };
        let outcome = request.services.create_custom_role(&request.caller(), id, &draft).await;
        use CreateCustomRoleRejectionReason as Reason;
        let reason = match outcome.or_error(request)? {
            CreateCustomRole::Created(role) => {
                let custom_role = CustomRole::new(*role);
                return Ok(CreateCustomRoleResult::Created(CustomRoleCreated { custom_role }));
            }
            CreateCustomRole::NotNow(unready) => return Ok(CreateCustomRoleResult::Rejected(unready.into())),
            CreateCustomRole::BaseIsOwner => Reason::BaseIsOwner,
            CreateCustomRole::TooManyRoles => Reason::TooManyRoles,
            CreateCustomRole::Faulty(fault) => fault.into(),
        };
        Ok(CreateCustomRoleResult::Rejected(reason.into()))
    }

    /// Changes the name or the permissions of a role. It counts for all its holders from their next request on. Who may
    /// call: Owner or Admin of the account, and whoever holds ROLES_MANAGE there and all that the role holds before and
    /// after. Asks for a fresh proof (`stepUp`).
    #[graphql(guard = "OnRole::new(&input.custom_role_id)")]
    async fn update_custom_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: UpdateCustomRoleInput,
    ) -> Result<UpdateCustomRoleResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.custom_role_id, "customRoleId")?;
        let change =
            RoleChange { name: input.name, permissions: input.permissions.map(set), version: input.version };
        let outcome = request.services.update_custom_role(&request.caller(), id, &change).await;
        let reason = match outcome.or_error(request)? {
            UpdateCustomRole::Updated(role) => {
                request.renew_caller().await?;
                let custom_role = CustomRole::new(*role);
                return Ok(UpdateCustomRoleResult::Updated(CustomRoleUpdated { custom_role }));
            }
            UpdateCustomRole::NotNow(unready) => return Ok(UpdateCustomRoleResult::Rejected(unready.into())),
            UpdateCustomRole::ChangedMeanwhile => UpdateCustomRoleRejectionReason::ChangedMeanwhile,
            UpdateCustomRole::Faulty(fault) => fault.into(),
        };
        Ok(UpdateCustomRoleResult::Rejected(reason.into()))
    }

    /// Deletes a role that nobody holds or is invited to. Who may call: Owner or Admin of the account, and whoever holds
    /// ROLES_MANAGE there and all that the role holds. Asks for a fresh proof (`stepUp`).
    #[graphql(guard = "OnRole::new(&input.custom_role_id)")]
    async fn delete_custom_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: DeleteCustomRoleInput,
    ) -> Result<DeleteCustomRoleResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.custom_role_id, "customRoleId")?;
        let outcome = request.services.delete_custom_role(&request.caller(), id).await;
        Ok(DeleteCustomRoleResult::Rejected(match outcome.or_error(request)? {
            DeleteCustomRole::Deleted(account) => {
                let custom_role_id = id.to_string().into();
                let account = Account::new(*account);
                return Ok(DeleteCustomRoleResult::Deleted(CustomRoleDeleted { custom_role_id, account }));
            }
            DeleteCustomRole::NotNow(unready) => unready.into(),
            DeleteCustomRole::InUse(count) => in_use(count),
            DeleteCustomRole::MoreThanHeld => DeleteCustomRoleRejectionReason::MoreThanHeld.into(),
        }))
    }
}
