//! `viewer.accessToken`: a short-lived token by which a service knows the person without asking the gateway.
//!
//! It cannot be taken back: it outlives a sign-out by five minutes at most. What must end at once goes through
//! `/auth/verify`.

use serde::Serialize;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Caller, Error, Services};
use crate::domain::{AccountId, Action, Denial, Session};

/// How long a token is valid.
pub const LIFETIME: Duration = Duration::minutes(5);
/// Longest audience, in bytes.
const LONGEST_AUDIENCE: usize = 200;

/// A signed token.
pub struct AccessToken {
    /// The JWT.
    pub token: String,
    /// Until when it is valid.
    pub expires_at: OffsetDateTime,
}

/// What a token says (RFC 7519; `amr` by RFC 8176).
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
    sid: String,
    amr: &'static [&'static str],
    #[serde(flatten)]
    account: Option<AccountClaims>,
}

#[derive(Serialize)]
struct AccountClaims {
    account: String,
    account_role: &'static str,
}

/// How the person of a session proved who they are.
fn methods(session: &Session) -> &'static [&'static str] {
    if session.mfa_at.is_some() { &["pwd", "otp", "mfa"] } else { &["pwd"] }
}

/// Visible ASCII: it goes into a JSON string that others compare byte by byte.
fn checked_audience(audience: &str) -> Result<&str, Error> {
    let visible = audience.bytes().all(|byte| byte.is_ascii_graphic());
    if audience.is_empty() || audience.len() > LONGEST_AUDIENCE || !visible {
        let expected =
            format!("1 to {LONGEST_AUDIENCE} visible ASCII characters, such as https://api.example.com");
        return Err(Error::bad_input("audience", expected));
    }
    Ok(audience)
}

impl Services {
    /// A token for one service. Who may call: rule `SignedIn`; with an account, rule `AccountMember`, and where the
    /// account enforces MFA only in a session with a second factor.
    pub async fn access_token(
        &self,
        caller: &Caller,
        audience: &str,
        account: Option<AccountId>,
    ) -> Result<AccessToken, Error> {
        let person = caller.signed_in()?;
        let audience = checked_audience(audience)?;
        let now = self.now();
        let account = match account {
            None => None,
            Some(id) => {
                self.authorize_account(caller, Action::UseAccount, id).await?;
                let found = self.store().accounts.find(id).await?.ok_or(Denial::Hidden)?;
                if found.mfa_policy.demands_enrollment(now) && person.session.mfa_at.is_none() {
                    return Err(Denial::Forbidden.into());
                }
                let role = person.memberships.account_role(id).ok_or(Denial::Forbidden)?;
                Some(AccountClaims { account: id.to_string(), account_role: role.as_str() })
            }
        };
        // A token does not outlive its session's last moment.
        let expires_at = (now + LIFETIME).min(person.session.expires_at);
        let claims = Claims {
            iss: &self.tools.settings.issuer,
            sub: person.user_id.to_string(),
            aud: audience,
            iat: now.unix_timestamp(),
            exp: expires_at.unix_timestamp(),
            jti: Uuid::new_v4().to_string(),
            sid: person.session.id.to_string(),
            amr: methods(&person.session),
            account,
        };
        let claims = serde_json::to_vec(&claims).map_err(|_| Error::Defect("claims are no JSON"))?;
        let token = self.signing_keys().await?.current.sign(&claims);
        let expires_at = expires_at.replace_nanosecond(0).unwrap_or(expires_at);
        Ok(AccessToken { token, expires_at })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn an_audience_is_short_and_visible() {
        for good in ["a", "https://api.example.com", "urn:example:reports", &"x".repeat(200)] {
            assert_eq!(checked_audience(good).unwrap(), good);
        }
        for bad in ["", " ", "a b", "a\nb", "ä", "a\u{7f}", &"x".repeat(201)] {
            assert!(matches!(checked_audience(bad), Err(Error::BadInput { .. })), "{bad:?}");
        }
    }
}
