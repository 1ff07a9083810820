//! What mails about freezes, and about resets elsewhere, say: looked up as they are sent.

use time::OffsetDateTime;

use super::facts::person;
use super::words::{FreezeNews, Person};
use crate::domain::{MfaResetId, Notification, User, UserId};
use crate::store::mfa_resets::ResetKey;
use crate::store::outbox::Mail;
use crate::store::{Store, StoreError};

/// What the mail says, and when it happened; nothing where its subject is gone, or is another one.
pub async fn news(store: &Store, mail: &Mail) -> Result<Option<(FreezeNews, OffsetDateTime)>, StoreError> {
    let at = mail.created_at;
    let user = async |id: UserId| store.users.find(id).await;
    Ok(match mail.what {
        Notification::MfaResetAcceptedElsewhere { reset_id } => (of_reset(store, reset_id).await?)
            .map(|(user, closed)| (FreezeNews::AcceptedElsewhere(named(user)), closed.unwrap_or(at))),
        Notification::MfaResetDeclinedElsewhere { reset_id } => {
            of_reset(store, reset_id).await?.map(|(user, closed)| {
                let until = frozen(user.as_ref(), reset_id);
                (FreezeNews::DeclinedElsewhere { person: named(user), until }, closed.unwrap_or(at))
            })
        }
        Notification::MfaResetDisavowed { reset_id } => {
            of_reset(store, reset_id).await?.map(|(user, closed)| {
                let until = frozen(user.as_ref(), reset_id);
                (FreezeNews::Disavowed { until }, closed.unwrap_or(at))
            })
        }
        Notification::MfaResetBurst { user_id } => {
            let user = user(user_id).await?;
            let until = user.as_ref().and_then(|user| user.asking_frozen_until);
            Some((FreezeNews::Burst { person: named(user), until }, at))
        }
        Notification::MfaResetFreezeLifted { user_id, by, asking } => {
            let (person, by) = (named(user(user_id).await?), named(user(by).await?));
            Some((FreezeNews::Lifted { person, by, asking }, at))
        }
        _ => None,
    })
}

async fn of_reset(
    store: &Store,
    id: MfaResetId,
) -> Result<Option<(Option<User>, Option<OffsetDateTime>)>, StoreError> {
    let Some(reset) = store.mfa_resets.find(ResetKey::Id(id)).await? else { return Ok(None) };
    Ok(Some((store.users.find(reset.user_id).await?, reset.closed_at)))
}

/// Until when resets are frozen by this one; lifted or frozen anew by another one, it is not told.
fn frozen(user: Option<&User>, reset: MfaResetId) -> Option<OffsetDateTime> {
    user?.disavowal.filter(|why| why.reset_id == reset).map(|why| why.until)
}

fn named(user: Option<User>) -> Option<Person> {
    user.map(person)
}
