//! The portfolio topic: objects and root fields (being written).

mod object;
mod query;

pub use object::Portfolio;
pub use query::PortfolioQuery;
