//! The user topic: objects and root fields (being written).

mod object;
mod query;

pub use object::User;
pub use query::UserQuery;
