//! Global ids: `node` and `nodes` (being written).

use async_graphql::{ID, Interface, Object};

use super::mfa_reset::MfaReset;

/// Anything with a global id. Ids are TypeIDs: user_01jd…, account_…, portfolio_…, mfareset_…
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The global id."))]
pub enum Node {
    /// A reset.
    MfaReset(MfaReset),
}

/// Root fields for global ids.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// (being written)
    async fn node(&self, id: ID) -> Option<Node> {
        let _ = id;
        None
    }
}
