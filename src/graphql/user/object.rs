//! The User object (being written).

use std::sync::Arc;

use async_graphql::{ID, Object};

use crate::domain;

/// (being written)
#[derive(Clone)]
pub struct User(Arc<domain::User>);

impl User {
    /// Shows what was loaded; fields below are guarded by themselves.
    pub fn new(inner: impl Into<Arc<domain::User>>) -> Self {
        Self(inner.into())
    }
}

#[Object]
impl User {
    /// The global id.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }
}
