//! People, as the viewer may see them.

mod membership;
mod mfa;
mod object;
mod password;
mod profile;
mod query;
mod sign_up;
mod standing;

pub use membership::{AccountMembership, visible_memberships};
pub use mfa::{MfaResetEligibility, UserMfa};
pub use object::User;
pub use password::{
    ChangePasswordRejected, PasswordMutation, RequestPasswordResetRejected, ResetPasswordRejected,
};
pub use profile::{ProfileMutation, UpdateProfileRejected};
pub use query::{UserQuery, visible_user};
pub use sign_up::{SignUpMutation, SignUpRejected, VerifyEmailRejected};
pub use standing::may;

use async_graphql::MergedObject;

/// Mutations of people: signing up, passwords, profiles.
#[derive(MergedObject, Default)]
pub struct UserMutation(SignUpMutation, PasswordMutation, ProfileMutation);
