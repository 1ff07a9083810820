//! Root fields of the portfolio topic (being written).

use async_graphql::{ID, Object};

use super::Portfolio;

/// Root fields.
#[derive(Default)]
pub struct PortfolioQuery;

#[Object]
impl PortfolioQuery {
    /// (being written)
    async fn portfolio(&self, id: ID) -> Option<Portfolio> {
        let _ = id;
        None
    }
}
