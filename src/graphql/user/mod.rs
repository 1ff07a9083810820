//! People, as the viewer may see them.

mod membership;
mod mfa;
mod object;
mod query;
mod standing;

pub use membership::{AccountMembership, visible_memberships};
pub use mfa::{MfaResetEligibility, UserMfa};
pub use object::User;
pub use query::{UserQuery, visible_user};
pub use standing::may;
