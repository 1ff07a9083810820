//! Latchkey: a self-hosted GraphQL identity gateway for multi-tenant SaaS.
//!
//! This page is the architecture. Each module is a *room*; data flows one way between them:
//!
//! ```text
//! command ─► app ─► http ─► graphql ─► service ─► domain
//!                    │                    │  └───► store ─► domain
//!                    │                    └──────► crypto
//!                    └─ (workers run beside it)  mail, webhook ─► domain, store, crypto
//! ```
//!
//! - `domain` holds pure types and pure rules; `crypto` holds secrets. Neither imports another room.
//! - `store` is the only room that speaks MongoDB; `graphql` never imports it.
//! - `app` is the composition root, the only room that knows every other.
//!
//! `tests/architecture.rs` reads every `use crate::…` and fails on an arrow that is not listed there.

pub mod app;
#[cfg(any(test, fuzzing))]
pub mod bad_input;
pub mod clock;
pub mod command;
pub mod config;
pub mod crypto;
pub mod domain;
pub mod graphql;
pub mod http;
pub mod mail;
pub mod outbound;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod webhook;
