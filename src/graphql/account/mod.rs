//! The account topic: objects and root fields (being written).

mod object;
mod query;

pub use object::Account;
pub use query::AccountQuery;
