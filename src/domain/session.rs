//! A log-in that lasts, and what is known about the request that uses it.

use std::net::IpAddr;

use time::OffsetDateTime;

use super::{SessionId, UserId};

/// A log-in that lasts. Holds neither the token nor its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The id; not the token.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// When the person logged in.
    pub created_at: OffsetDateTime,
    /// Last use, to the minute.
    pub last_used_at: OffsetDateTime,
    /// When it ends whatever happens.
    pub expires_at: OffsetDateTime,
    /// When a second factor was last answered in it.
    pub mfa_at: Option<OffsetDateTime>,
    /// When the password was last proved in it; at the log-in, if not since.
    pub password_at: OffsetDateTime,
    /// The address it began from.
    pub ip: Option<IpAddr>,
    /// The browser or client it began from, at most 400 characters.
    pub user_agent: Option<String>,
}

/// What is known about the request itself; goes into audit events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestMeta {
    /// The client's address, seen through trusted proxies only.
    pub ip: Option<IpAddr>,
    /// The User-Agent header, at most 400 characters.
    pub user_agent: Option<String>,
    /// The id that stands in logs and in INTERNAL errors.
    pub request_id: String,
}
