//! The public schema: thin fields over the services. Parses ids, reads the caller, calls one service, maps the outcome.
//!
//! This room decides nothing and never imports `store`. Every mutation and guarded field names its rule in a guard;
//! the service behind it asks the same question again.

pub mod account;
pub mod audit;
pub mod connection;
pub mod context;
mod cursor_places;
pub mod custom_role;
pub mod error;
pub mod guard;
pub mod ids;
pub mod invitation;
pub mod loader;
pub mod mfa;
pub mod mfa_reset;
pub mod node;
pub mod portfolio;
pub mod prefetch;
pub mod ready;
pub mod recovery;
pub mod rejection;
pub mod scalar;
pub mod session;
pub mod user;
pub mod watched;
pub mod webhook;

use async_graphql::{MergedObject, MergedSubscription, Schema};

pub use context::RequestContext;

/// Reading.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    session::ViewerQuery,
    user::UserQuery,
    account::AccountQuery,
    portfolio::PortfolioQuery,
    mfa_reset::MfaResetQuery,
    recovery::RecoveryQuery,
    invitation::InvitationQuery,
    custom_role::RoleQuery,
);

/// Changing. One field a request.
#[derive(MergedObject, Default)]
pub struct Mutation(
    mfa_reset::MfaResetMutation,
    mfa_reset::MfaResetFreezeMutation,
    mfa_reset::PolicyMutation,
    mfa_reset::ApprovalMutation,
    account::AccountMutation,
    account::MemberMutation,
    custom_role::CustomRoleMutation,
    account::SecurityContactMutation,
    recovery::RecoveryContactsMutation,
    recovery::RecoveryMutation,
    webhook::WebhookMutation,
    webhook::WebhookReplayMutation,
    invitation::InvitationMutation,
    portfolio::PortfolioMutation,
    portfolio::PortfolioMemberMutation,
    portfolio::PortfolioAccessMutation,
    session::SessionMutation,
    session::DeviceMutation,
    session::StepUpMutation,
    mfa::MfaMutation,
    user::UserMutation,
);

/// Watching, over graphql-transport-ws on /graphql/ws.
#[derive(MergedSubscription, Default)]
pub struct Subscription(mfa_reset::MfaResetSubscription, session::ServerTimeSubscription);

/// The schema of the gateway.
pub type LatchkeySchema = Schema<Query, Mutation, Subscription>;

/// Builds the schema. Limits on documents stand in front of it (`http::gate`), shared by HTTP and WebSocket; services
/// and the caller come with each request's [`RequestContext`].
pub fn schema(suggestions: bool) -> LatchkeySchema {
    let mut builder = Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .register_output_type::<node::Node>()
        .register_output_type::<rejection::Rejection>()
        // The gate bounds expanded depth; this one only keeps the library's own recursion in check.
        .limit_recursive_depth(64);
    if !suggestions {
        builder = builder.disable_suggestions();
    }
    builder.finish()
}
