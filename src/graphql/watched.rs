//! The account or portfolio whose resets or log a connection shows.

use std::sync::Arc;

use crate::domain::{Account, Portfolio};
use crate::service::directory::security;

/// The account or portfolio whose resets or log a connection shows.
#[derive(Clone)]
pub enum Watched {
    /// An account.
    Account(Arc<Account>),
    /// A portfolio.
    Portfolio(Arc<Portfolio>),
}

impl Watched {
    /// The same for the services.
    pub fn of(&self) -> security::Watched<'_> {
        match self {
            Self::Account(account) => security::Watched::Account(account),
            Self::Portfolio(portfolio) => security::Watched::Portfolio(portfolio),
        }
    }
}
