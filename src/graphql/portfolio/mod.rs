//! Portfolios: their accounts, their own users, and Manage > Users.

mod access;
mod guard;
mod lists;
mod members;
mod mutation;
mod object;
mod people;
mod query;
mod role;

pub use access::{PortfolioAccessChangeRejected, PortfolioAccessMutation, UpdatePortfolioUserAccessRejected};
pub use lists::{AccountConnection, AccountEdge};
pub use members::{
    ChangePortfolioUserRoleRejected, InvitePortfolioUserRejected, PortfolioMemberMutation,
    RemovePortfolioUserRejected, TransferPortfolioOwnershipRejected,
};
pub use mutation::{
    AddAccountToPortfolioRejected, ClosePortfolioRejected, CreatePortfolioRejected, PortfolioMutation,
    RemoveAccountFromPortfolioRejected,
};
pub use object::Portfolio;
pub use people::{
    PortfolioAccountUserConnection, PortfolioAccountUserEdge, PortfolioUserConnection, PortfolioUserEdge,
};
pub use query::{PortfolioQuery, portfolio_at_once, visible_portfolio};
pub use role::PortfolioRole;
