//! Logging in and out, and the signed-in person's own view.

mod mutation;
mod object;
mod subscription;

pub use mutation::{
    AnswerMfaChallengeRejected, LogInRejected, LoggedIn, RevokeSessionRejected, SessionMutation,
};
pub use object::{Session, Viewer};
pub use subscription::ServerTimeSubscription;
