//! Logging in and out, and the signed-in person's own view.

mod access_token;
mod device;
mod mutation;
mod object;
mod step_up;
mod subscription;
mod viewer;

pub use access_token::AccessToken;
pub use device::{AnswerDeviceChallengeRejected, DeviceMutation};
pub use mutation::{
    AnswerMfaChallengeRejected, LogInRejected, LoggedIn, MfaMethod, RevokeSessionRejected, SessionMutation,
};
pub use object::Session;
pub use step_up::{StepUpMutation, StepUpRejected};
pub use subscription::ServerTimeSubscription;
pub use viewer::{
    SessionConnection, SessionEdge, Viewer, ViewerAccountConnection, ViewerAccountEdge,
    ViewerPortfolioConnection, ViewerPortfolioEdge, ViewerQuery,
};
