//! Reading: who and what there is, as the caller may see it.
//!
//! - `batches`: many things by their keys in one go, for the loaders. They do not ask who is asking.
//! - `sight`: what the caller may see of a thing in hand. Pure questions to the policy.
//! - `people`, `places`, `custom_roles`, `security`, `webhooks`: pages and counts. Each asks the policy again before it reads.

pub mod batches;
pub mod custom_roles;
pub mod people;
pub mod places;
pub mod security;
pub mod sight;
pub mod webhooks;

pub use custom_roles::RolePlace;
pub use people::{LinkedPeopleFilter, PeopleFilter, PortfolioPeopleFilter};
pub use places::PlaceByName;
pub use sight::{Answer, DeniedRead};

pub use crate::store::people::PersonPlace;

/// Filtered totals are counted up to here, so that no question costs more than an index range of this length.
pub const COUNT_BOUND: u64 = 10_000;
