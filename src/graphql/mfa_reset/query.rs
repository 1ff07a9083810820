//! `mfaResetByToken` (being written).

use async_graphql::Object;

/// Root fields.
#[derive(Default)]
pub struct MfaResetQuery;

#[Object]
impl MfaResetQuery {
    /// (being written)
    async fn mfa_reset_by_token(&self, token: String) -> Option<bool> {
        let _ = token;
        None
    }
}
