//! The only room that speaks MongoDB. One file per collection; documents are private, what goes in and comes out are
//! domain types. It decides nothing: conditions that decide a race are part of one conditional update (`claim_*`).
//!
//! Writes that belong together take `&mut Tx`. From `crypto` it takes the opaque types of secrets only.

pub mod account_members;
pub mod account_roles;
pub mod accounts;
pub mod audit_chain;
pub mod audit_events;
mod change;
pub mod deadline;
pub mod device_challenges;
pub mod devices;
mod enforcement;
pub mod erasure;
pub mod error;
pub mod holdings;
pub mod import;
pub mod inspect;
pub mod invitations;
mod ip_text;
pub mod key_marks;
pub mod keyset;
mod layout;
pub mod leases;
pub mod mail_links;
pub mod measured;
pub mod mfa_coverage;
pub mod mfa_resets;
pub mod migration;
pub mod mongo;
pub mod outbox;
pub mod people;
pub mod portfolio_members;
pub mod portfolios;
mod raw;
pub mod recoveries;
pub mod recovery_contacts;
pub mod sealed;
pub mod sessions;
pub mod signing_keys;
pub mod throttles;
pub mod tickets;
pub mod transaction;
pub mod users;
pub mod webhook_deliveries;
pub mod webhooks;
mod when;

pub use error::StoreError;
pub use mongo::{Store, StoreOptions};
pub use transaction::{Retry, Transient, Tx};
