//! `confirmRecovery`: a recovery contact says by a mailed link that it is the Owner who asks. The second one who does makes an
//! ordinary reset of it: it goes to the Owner's mailbox, and every policy that other resets follow counts for it.
//!
//! One conditional update makes each contact count once, another one makes the reset one.

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of};
use super::file_reset::{Asked, CannotAsk};
use super::{Caller, Error, Services};
use crate::crypto::{Token, TokenHash, TokenKind};
use crate::domain::recovery::{CONFIRMATIONS, NotCounted};
use crate::domain::{AccountRole, AuditAction, Authority, Credential, RecoveryState, UserId};
use crate::store::Tx;
use crate::transact;

/// What confirming gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmRecovery {
    /// It counts.
    Confirmed {
        /// Whether it was enough: a reset goes to the Owner.
        complete: bool,
    },
    /// Too late.
    Expired,
    /// Unknown, forged, stopped or done already: which one is not told.
    Invalid,
    /// This contact has confirmed.
    AlreadyConfirmed,
    /// This contact does not count.
    NotCounted {
        /// Not before then; nothing where time does not help.
        retry_at: Option<OffsetDateTime>,
    },
    /// It would be enough, and no reset of the Owner can be asked for now.
    CannotAsk(CannotAsk),
}

impl ConfirmRecovery {
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Confirmed { .. } => None,
            Self::Expired => Some("EXPIRED"),
            Self::Invalid => Some("INVALID"),
            Self::AlreadyConfirmed => Some("ALREADY_CONFIRMED"),
            Self::NotCounted { .. } => Some("NOT_COUNTED"),
            Self::CannotAsk(why) => Some(why.as_str()),
        }
    }
}

impl Services {
    /// Confirms a recovery. Who may call: whoever holds the mailed token.
    pub async fn confirm_recovery(&self, caller: &Caller, token: &str) -> Result<ConfirmRecovery, Error> {
        let hash = Token::parse(TokenKind::RecoveryConfirm, token).map(|token| token.hash());
        let outcome = match hash {
            Some(hash) => transact!(self.store(), |tx| self.take_word(&mut tx, caller, hash))?,
            None => ConfirmRecovery::Invalid,
        };
        match outcome.refusal() {
            None => self.wake_mail(),
            Some(reason) => {
                let found = match hash {
                    Some(hash) => self.store().recoveries.find_asked(hash).await?,
                    None => None,
                };
                let recovery = found.map(|(recovery, _)| recovery);
                self.record_refused_recovery(caller, recovery.as_ref(), "CONFIRM", reason).await?;
            }
        }
        Ok(outcome)
    }

    async fn take_word(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        hash: TokenHash,
    ) -> Result<ConfirmRecovery, Error> {
        let (store, now) = (self.store(), self.now());
        let Some((recovery, contact)) = store.recoveries.find_asked_in(tx, hash).await? else {
            return Ok(ConfirmRecovery::Invalid);
        };
        if recovery.confirmed().contains(&contact) {
            return Ok(ConfirmRecovery::AlreadyConfirmed);
        }
        match recovery.state_at(now) {
            RecoveryState::Pending => {}
            RecoveryState::Expired => return Ok(ConfirmRecovery::Expired),
            RecoveryState::Confirmed | RecoveryState::Stopped => return Ok(ConfirmRecovery::Invalid),
        }
        let (owner, account_id) = (recovery.user_id, recovery.account_id);
        let found = store.recovery_contacts.find_many_in(tx, &[account_id]).await?.pop();
        let named = found.filter(|found| found.owner_id == owner);
        // All of it on the snapshot: a contact who was taken out a moment ago, or an Owner who is none any more.
        let target = self.memberships_in(tx, owner).await?;
        let Some(named) = named.filter(|_| target.account_role(account_id) == Some(AccountRole::Owner))
        else {
            return Ok(ConfirmRecovery::Invalid);
        };
        let words = self.words_of(tx, std::slice::from_ref(&named)).await?;
        match words.iter().find(|word| word.contact == contact).map(|word| word.counts) {
            Some(Ok(())) => {}
            None | Some(Err(NotCounted::NoContact)) => {
                return Ok(ConfirmRecovery::NotCounted { retry_at: None });
            }
            Some(Err(NotCounted::Unproven { retry_at })) => {
                return Ok(ConfirmRecovery::NotCounted { retry_at });
            }
        }
        // Whoever confirmed before, and counts no more, does not count.
        let counting = |user| words.iter().find(|word| word.contact == user && word.counts.is_ok());
        let mut confirmed = recovery.confirmed();
        confirmed.retain(|earlier| counting(*earlier).is_some());
        confirmed.push(contact);
        let enough =
            <[UserId; CONFIRMATIONS]>::try_from(confirmed.get(..CONFIRMATIONS).unwrap_or_default()).ok();
        if enough.is_some()
            && let Some(why) = self.claim_asking(tx, owner).await?
        {
            return Ok(ConfirmRecovery::CannotAsk(why));
        }
        let claimed = store.recoveries.claim_confirmation(tx, recovery.id, contact, now).await?;
        claimed.ok_or(Error::Defect("a recovery changed within a transaction"))?;
        let happening = |action| Happening::new(caller, now, action).by(contact, Credential::MailLink);
        let confirmation =
            happening(AuditAction::RecoveryConfirmed).about(owner).detail("recovery", recovery.id);
        store.audit_events.insert(tx, &confirmation.events(&scopes_of(owner, &target))).await?;
        let Some(contacts) = enough else { return Ok(ConfirmRecovery::Confirmed { complete: false }) };

        let [first, _] = contacts;
        let held = counting(first).and_then(|word| word.held);
        let held = held.ok_or(Error::Defect("whose word counts has no role"))?;
        let asked = Asked {
            user_id: owner,
            requested_by: first,
            authority: Authority::Account { account_id, role: held.role, custom_role_id: held.custom },
            recovered_by: Some(contacts),
            reason: None,
        };
        let requested = happening(AuditAction::MfaResetRequested).detail("recovery", recovery.id);
        let reset = self.file_reset(tx, asked, &target, requested).await?;
        let done = store.recoveries.claim_confirmed(tx, recovery.id, reset.id, now).await?;
        done.ok_or(Error::Defect("a recovery changed within a transaction"))?;
        Ok(ConfirmRecovery::Confirmed { complete: true })
    }
}
