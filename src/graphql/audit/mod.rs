//! The audit log of an account or portfolio.

mod action;
mod object;

pub use action::{AuditAction, Credential};
pub use object::{AuditDetail, AuditEvent, AuditEventConnection, AuditEventEdge, LogArgs, audit_log};
