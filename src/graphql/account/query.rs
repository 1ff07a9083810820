//! Root fields of the account topic (being written).

use async_graphql::{ID, Object};

use super::Account;

/// Root fields.
#[derive(Default)]
pub struct AccountQuery;

#[Object]
impl AccountQuery {
    /// (being written)
    async fn account(&self, id: ID) -> Option<Account> {
        let _ = id;
        None
    }
}
