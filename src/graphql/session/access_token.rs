//! The AccessToken object.

use async_graphql::SimpleObject;

use crate::graphql::scalar::DateTime;
use crate::service::access_token;

/// A token by which one service knows the viewer without asking the gateway: a JWT signed with Ed25519 (`alg` EdDSA), to
/// be checked with the keys at `/.well-known/jwks.json`. Its claims: iss (the gateway), sub (the user's id), aud, iat,
/// exp, jti, sid (the session's id), amr (pwd; otp and mfa with a second factor), and with an account `account` and
/// `account_role`. It cannot be taken back. Who may see it: only the user.
#[derive(SimpleObject)]
pub struct AccessToken {
    /// The token, for `Authorization: Bearer` at that service; the gateway itself does not take it.
    token: String,
    /// Until when it is valid: five minutes.
    expires_at: DateTime,
}

impl From<access_token::AccessToken> for AccessToken {
    fn from(made: access_token::AccessToken) -> Self {
        Self { token: made.token, expires_at: made.expires_at.into() }
    }
}
