//! Root fields of the user topic (being written).

use async_graphql::{ID, Object};

use super::User;

/// Root fields.
#[derive(Default)]
pub struct UserQuery;

#[Object]
impl UserQuery {
    /// (being written)
    async fn user(&self, id: ID) -> Option<User> {
        let _ = id;
        None
    }
}
