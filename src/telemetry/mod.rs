//! How the process tells what it does: logs, metrics, traces, and which version it is. None of it holds names, addresses, tokens
//! or other personal data.

pub mod build;
pub mod logs;
pub mod metrics;
mod process;
pub mod traces;

pub use logs::init;
