//! Invitations to accounts and portfolios: inviting is the topic of each; accepting, taking back and sending again is
//! the same for both.

mod list;
mod mutation;
mod object;
mod query;

pub use list::{InvitationConnection, InvitationEdge, invitations};
pub use mutation::{
    AcceptInvitationRejected, InvitationMutation, ResendInvitationRejected, RevokeInvitationRejected,
};
pub use object::{AccountOffer, Invitation, InvitationOffer, InvitationState, PortfolioOffer};
pub use query::{InvitationPreview, InvitationQuery};
