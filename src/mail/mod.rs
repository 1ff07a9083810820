//! Mail: what it says ([`words`]), how it looks ([`letter`], `templates/`), the bytes that travel ([`render`]), the way
//! out ([`transport`], [`smtp`], [`capture`]) and the worker that empties the outbox ([`worker`]).
//!
//! It decides nothing about resets: it reads facts through `store` and mints the token of a link as it sends. Text that
//! a user wrote reaches a mail only through [`clean`]; names, addresses, tokens and bodies never reach a log.

pub mod backoff;
pub mod capture;
pub mod carried;
pub mod clean;
pub mod facts;
mod freezes;
pub mod letter;
mod places;
mod recovery;
pub mod render;
pub mod smtp;
mod traced;
pub mod transport;
pub mod words;
pub mod worker;

#[cfg(test)]
mod render_tests;
pub use capture::{Capture, CapturedMail};
pub use render::{RenderError, Rendered, Renderer};
pub use smtp::{SmtpTransport, TlsError};
pub use transport::{SendError, Transport};
pub use worker::{Counts, MailWorker};
