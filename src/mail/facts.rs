//! What a mail of the outbox is about, looked up as it is sent: rows hold ids only, so a mail never tells what was true
//! yesterday. It writes nothing.

use time::OffsetDateTime;

use super::words::{Content, Person, ResetFacts, Right};
use crate::domain::{Authority, MfaReset, MfaResetId, Notification, User, UserId};
use crate::store::mfa_resets::ResetKey;
use crate::store::outbox::Mail;
use crate::store::{Store, StoreError};

/// A mail with everything that it says.
pub struct Facts {
    /// To whom.
    pub reader: Person,
    /// What it says.
    pub content: Content,
    /// When what it tells happened.
    pub at: OffsetDateTime,
    /// The reset whose link it carries.
    pub carries_link_of: Option<MfaReset>,
}

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The user who should read it.
    Reader,
    /// The reset that it is about.
    Reset,
}

/// Looks everything up.
pub async fn of(store: &Store, mail: &Mail) -> Result<Result<Facts, Missing>, StoreError> {
    let Some(user) = store.users.find(mail.to).await? else { return Ok(Err(Missing::Reader)) };
    let mut carries_link_of = None;
    let mut at = mail.created_at;
    let content = match mail.what {
        Notification::MfaEnrolled { .. } => Content::Enrolled,
        Notification::MfaDisabled { .. } => Content::Disabled,
        Notification::BackupCodesRegenerated { .. } => Content::BackupCodesRegenerated,
        Notification::BackupCodeUsed { .. } => {
            Content::BackupCodeUsed { left: user.mfa.as_ref().map_or(0, |mfa| mfa.backup_codes) }
        }
        Notification::MfaResetRequest { reset_id }
        | Notification::MfaResetAccepted { reset_id }
        | Notification::MfaResetDeclined { reset_id }
        | Notification::MfaResetCancelled { reset_id } => {
            let Some((reset, facts)) = reset_facts(store, reset_id).await? else {
                return Ok(Err(Missing::Reset));
            };
            at = reset.closed_at.unwrap_or(at);
            match mail.what {
                Notification::MfaResetRequest { .. } => {
                    carries_link_of = Some(reset);
                    Content::ResetRequest(facts)
                }
                Notification::MfaResetAccepted { .. } => {
                    Content::ResetAccepted { reset: facts, own: reset.user_id == mail.to }
                }
                Notification::MfaResetDeclined { .. } => Content::ResetDeclined(facts),
                _ => Content::ResetCancelled(facts),
            }
        }
    };
    Ok(Ok(Facts { reader: person(user), content, at, carries_link_of }))
}

async fn reset_facts(store: &Store, id: MfaResetId) -> Result<Option<(MfaReset, ResetFacts)>, StoreError> {
    let Some(reset) = store.mfa_resets.find(ResetKey::Id(id)).await? else { return Ok(None) };
    let users = store.users.find_many(&[reset.user_id, reset.requested_by]).await?;
    let named = |id: UserId| users.iter().find(|user| user.id == id).cloned().map(person);
    let right = match reset.authority {
        Authority::Account { account_id, role } => {
            let account = store.accounts.find(account_id).await?;
            Right::Account(role, account.map(|account| account.name))
        }
        Authority::Portfolio { portfolio_id, role } => {
            let portfolio = store.portfolios.find(portfolio_id).await?;
            Right::Portfolio(role, portfolio.map(|portfolio| portfolio.name))
        }
    };
    let facts = ResetFacts {
        person: named(reset.user_id),
        requester: named(reset.requested_by),
        right,
        reason: reset.reason.clone(),
        requested_at: reset.requested_at,
        expires_at: reset.expires_at,
    };
    Ok(Some((reset, facts)))
}

fn person(user: User) -> Person {
    Person { name: user.name, email: user.email }
}
