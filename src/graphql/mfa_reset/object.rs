//! The MfaReset object (being written).

use std::sync::Arc;

use async_graphql::{ID, Object};

use crate::domain;

/// (being written)
#[derive(Clone)]
pub struct MfaReset(Arc<domain::MfaReset>);

impl MfaReset {
    /// Shows what was loaded. Whoever may see a reset may see its requester and the place of its authority.
    pub fn new(inner: impl Into<Arc<domain::MfaReset>>) -> Self {
        Self(inner.into())
    }
}

#[Object]
impl MfaReset {
    /// The global id.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }
}

/// Where a reset is in its life.
#[derive(async_graphql::Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::MfaResetState")]
pub enum MfaResetState {
    /// Waits for the user.
    Pending,
    /// The user accepted; MFA went off.
    Accepted,
    /// The user said "this wasn't me".
    Declined,
    /// An Owner or Admin took it back.
    Cancelled,
    /// A newer one replaced it.
    Superseded,
    /// Nobody accepted in time.
    Expired,
}
