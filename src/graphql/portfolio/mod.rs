//! Portfolios: their accounts, their own users, and Manage > Users.

mod lists;
mod object;
mod people;
mod query;
mod role;

pub use lists::{AccountConnection, AccountEdge};
pub use object::Portfolio;
pub use people::{
    PortfolioAccountUserConnection, PortfolioAccountUserEdge, PortfolioUserConnection, PortfolioUserEdge,
};
pub use query::{PortfolioQuery, visible_portfolio};
pub use role::PortfolioRole;
