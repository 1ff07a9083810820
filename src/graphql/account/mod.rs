//! Accounts: the Users tab, resets and log of one.

mod lists;
mod members;
mod mutation;
mod object;
mod policy;
mod query;
mod role;
mod security_contact;

pub use lists::{AccountUserConnection, AccountUserEdge};
pub use members::{
    ChangeUserRoleRejected, InviteUserRejected, MemberMutation, RemoveUserRejected,
    TransferAccountOwnershipRejected,
};
pub use mutation::{AccountMutation, CloseAccountRejected, CreateAccountRejected};
pub use object::Account;
pub use policy::MfaPolicy;
pub use query::{AccountQuery, visible_account};
pub use role::AccountRole;
pub use security_contact::{SecurityContactMutation, SetAccountSecurityContactRejected};
