//! Webhooks on their way out: the HTTP client ([`client`]), which connects to public addresses only, what is sent
//! ([`message`]), and the worker that empties the queue ([`worker`]).
//!
//! It decides nothing about who may register one, and what a receiver sees is what stands in the account's log. Addresses of
//! receivers, secrets and answers never reach a log.

pub mod client;
pub mod message;
mod off;
pub mod worker;

pub use client::{Client, ClientError, Resolve};
pub use worker::WebhookWorker;
