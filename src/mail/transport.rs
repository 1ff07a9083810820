//! The way out. Besides the clock the only thing that tests may put a stand-in for.

use async_trait::async_trait;

use super::render::Rendered;

/// Why a mail did not go out. The text is kept with the mail and logged: it never holds an address, a token or words of
/// the other side, which may repeat either.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Trying again later may help.
    #[error("{0}")]
    Transient(String),
    /// It will not.
    #[error("{0}")]
    Permanent(String),
}

/// Takes mail and brings it on its way.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// `Ok` only once somebody else is responsible for the mail (RFC 5321, section 6.1). Bounded in time.
    async fn send(&self, mail: &Rendered) -> Result<(), SendError>;
}
