//! Global ids: the Node interface, `node` and `nodes`.

use async_graphql::{Context, Guard, ID, Interface, Object, Result};

use super::account::{Account, visible_account};
use super::custom_role::{CustomRole, visible_role};
use super::error::bad_input;
use super::guard::SignedIn;
use super::mfa_reset::{MfaReset, visible_reset};
use super::portfolio::{Portfolio, visible_portfolio};
use super::user::{User, visible_user};
use super::webhook::{Webhook, visible_webhook};
use crate::domain::{AccountId, MfaResetId, PortfolioId, RoleId, UserId, WebhookId};

/// Ids that one `nodes` takes at most.
const NODES_MAX: usize = 100;
/// What an id of a node looks like.
const KINDS: &str = "an id of the form user_…, account_…, portfolio_…, mfareset_…, role_… or webhook_…";

/// Anything with a global id. Ids are TypeIDs: user_01jd…, account_…, portfolio_…, mfareset_…, role_…, webhook_…
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The global id."))]
pub enum Node {
    /// A person.
    User(User),
    /// An account.
    Account(Account),
    /// A portfolio.
    Portfolio(Portfolio),
    /// A reset.
    MfaReset(MfaReset),
    /// A custom role.
    CustomRole(CustomRole),
    /// A webhook.
    Webhook(Webhook),
}

/// An id of any kind that has nodes.
enum NodeId {
    User(UserId),
    Account(AccountId),
    Portfolio(PortfolioId),
    MfaReset(MfaResetId),
    CustomRole(RoleId),
    Webhook(WebhookId),
}

fn parse(id: &ID, field: &str) -> Result<NodeId> {
    let kind = id.rsplit_once('_').map(|(kind, _)| kind);
    let parsed = match kind {
        Some(UserId::PREFIX) => id.parse().map(NodeId::User),
        Some(AccountId::PREFIX) => id.parse().map(NodeId::Account),
        Some(PortfolioId::PREFIX) => id.parse().map(NodeId::Portfolio),
        Some(MfaResetId::PREFIX) => id.parse().map(NodeId::MfaReset),
        Some(RoleId::PREFIX) => id.parse().map(NodeId::CustomRole),
        Some(WebhookId::PREFIX) => id.parse().map(NodeId::Webhook),
        _ => return Err(bad_input(field, KINDS)),
    };
    parsed.map_err(|error| bad_input(field, &format!("an id of the form {}_…", error.expected)))
}

async fn visible(ctx: &Context<'_>, id: NodeId) -> Result<Option<Node>> {
    Ok(match id {
        NodeId::User(id) => visible_user(ctx, id).await?.map(Node::User),
        NodeId::Account(id) => visible_account(ctx, id).await?.map(Node::Account),
        NodeId::Portfolio(id) => visible_portfolio(ctx, id).await?.map(Node::Portfolio),
        NodeId::MfaReset(id) => visible_reset(ctx, id).await?.map(Node::MfaReset),
        NodeId::CustomRole(id) => visible_role(ctx, id).await?.map(Node::CustomRole),
        NodeId::Webhook(id) => visible_webhook(ctx, id).await?.map(Node::Webhook),
    })
}

async fn one(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    SignedIn.check(ctx).await?;
    visible(ctx, parse(id, "id")?).await
}

/// Root fields of global ids.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The thing with a global id; null when there is none that the viewer may see. Who may call: anybody who is signed in.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> Option<Result<Node>> {
        one(ctx, &id).await.transpose()
    }

    /// The things with these global ids, in the same order; null in the place of each that does not exist or that the
    /// viewer may not see. Who may call: anybody who is signed in.
    #[graphql(guard = "SignedIn")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global ids, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Result<Node>>>> {
        if ids.len() > NODES_MAX {
            return Err(bad_input("ids", "at most 100 ids"));
        }
        let found = ids.iter().enumerate().map(|(index, id)| async move {
            match parse(id, &format!("ids[{index}]")) {
                Ok(id) => visible(ctx, id).await.transpose(),
                Err(error) => Some(Err(error)),
            }
        });
        Ok(futures_util::future::join_all(found).await)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn a_malformed_id_is_refused_by_name() {
        let message = |id: &str| parse(&id.into(), "id").err().map(|error| error.message);
        let any =
            "id: expected an id of the form user_…, account_…, portfolio_…, mfareset_…, role_… or webhook_…";
        for id in ["", "x", "session_01jd0000000000000000000000", "USER_01jd0000000000000000000000"] {
            assert_eq!(message(id).as_deref(), Some(any), "{id}");
        }
        assert_eq!(message("user_x").as_deref(), Some("id: expected an id of the form user_…"));
        assert_eq!(message("user_01jd0000000000000000000000"), None);
    }
}
