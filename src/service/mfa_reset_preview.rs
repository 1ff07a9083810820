//! `mfaResetByToken`: what the accept page shows to whoever holds the link. Reading changes nothing.

use super::{Error, Services};
use crate::crypto::{Token, TokenKind};
use crate::domain::key::mask_email;
use crate::domain::{Authority, MfaReset, MfaResetId, MfaResetState, ResetAcceptance};
use crate::store::mfa_resets::ResetKey;

/// What the accept page shows.
#[derive(Debug, Clone)]
pub struct MfaResetPreview {
    /// The reset.
    pub reset: MfaReset,
    /// Its state now.
    pub state: MfaResetState,
    /// Whose, well enough hidden.
    pub masked_email: String,
    /// Who asked; the recovery contacts who confirmed, where it was them.
    pub requested_by_name: String,
    /// For which account or portfolio.
    pub scope_name: String,
    /// What accepting demands.
    pub acceptance: ResetAcceptance,
    /// Hours between accepting and its effect.
    pub cooling_off_hours: u8,
}

impl Services {
    /// One reset, for whoever was found to be allowed to see it.
    pub async fn find_mfa_reset(&self, id: MfaResetId) -> Result<Option<MfaReset>, Error> {
        Ok(self.store().mfa_resets.find(ResetKey::Id(id)).await?)
    }

    /// The reset behind a mailed token; nothing when the token is not genuine. Who may call: anybody.
    pub async fn mfa_reset_by_token(&self, token: &str) -> Result<Option<MfaResetPreview>, Error> {
        let Some(token) = Token::parse(TokenKind::MfaReset, token) else { return Ok(None) };
        let found = self.store().mfa_resets.find(ResetKey::Token(token.hash())).await?;
        let Some(reset) = found else { return Ok(None) };
        let asked_by = reset.asked_by();
        let people = self.store().users.find_many(&[&*asked_by, &[reset.user_id]].concat()).await?;
        let user = people.iter().find(|user| user.id == reset.user_id);
        let names: Vec<&str> = asked_by
            .iter()
            .filter_map(|asker| people.iter().find(|user| user.id == *asker))
            .map(|user| user.name.as_str())
            .collect();
        let scope_name = match reset.authority {
            Authority::Account { account_id, .. } => {
                self.store().accounts.find(account_id).await?.map(|account| account.name)
            }
            Authority::Portfolio { portfolio_id, .. } => {
                self.store().portfolios.find(portfolio_id).await?.map(|portfolio| portfolio.name)
            }
        };
        let (acceptance, cooling_off_hours) = self.acceptance_of(reset.user_id).await?;
        Ok(Some(MfaResetPreview {
            state: reset.state_at(self.now()),
            masked_email: user.map(|user| mask_email(&user.email)).unwrap_or_default(),
            requested_by_name: names.join(", "),
            scope_name: scope_name.unwrap_or_default(),
            acceptance,
            cooling_off_hours,
            reset,
        }))
    }
}
