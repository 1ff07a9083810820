//! How the process tells what it does: logs, metrics, and which version it is. None of it holds names, addresses, tokens
//! or other personal data.

pub mod build;
pub mod logs;
pub mod metrics;
mod process;

pub use logs::init;
