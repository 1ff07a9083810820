//! `recoveryByToken`: what the page shows to a recovery contact, or to the Owner, who holds the link. Reading changes nothing.

use super::{Error, Services};
use crate::crypto::{Token, TokenKind};
use crate::domain::key::mask_email;
use crate::domain::{Recovery, RecoveryState};

/// What the page shows.
#[derive(Debug, Clone)]
pub struct RecoveryPreview {
    /// The recovery.
    pub recovery: Recovery,
    /// Its state now.
    pub state: RecoveryState,
    /// The Owner's address, well enough hidden.
    pub masked_email: String,
    /// The Owner's name.
    pub owner_name: String,
    /// The account's name.
    pub account_name: String,
    /// Whether the holder of the link is a contact who has confirmed.
    pub confirmed: bool,
}

impl Services {
    /// The recovery behind a mailed token, of either kind; nothing when the token is not genuine. Who may call: anybody.
    pub async fn recovery_by_token(&self, token: &str) -> Result<Option<RecoveryPreview>, Error> {
        let store = self.store();
        let asked = Token::parse(TokenKind::RecoveryConfirm, token).map(|token| token.hash());
        let told = Token::parse(TokenKind::RecoveryStop, token).map(|token| token.hash());
        let (found, contact) = match (asked, told) {
            (Some(hash), _) => match store.recoveries.find_asked(hash).await? {
                Some((recovery, contact)) => (Some(recovery), Some(contact)),
                None => (None, None),
            },
            (None, Some(hash)) => (store.recoveries.find_told(hash).await?, None),
            (None, None) => (None, None),
        };
        let Some(recovery) = found else { return Ok(None) };
        let (owner, account) =
            tokio::try_join!(store.users.find(recovery.user_id), store.accounts.find(recovery.account_id))?;
        Ok(Some(RecoveryPreview {
            state: recovery.state_at(self.now()),
            masked_email: owner.as_ref().map(|owner| mask_email(&owner.email)).unwrap_or_default(),
            owner_name: owner.map(|owner| owner.name).unwrap_or_default(),
            account_name: account.map(|account| account.name).unwrap_or_default(),
            confirmed: contact.is_some_and(|contact| recovery.confirmed().contains(&contact)),
            recovery,
        }))
    }
}
