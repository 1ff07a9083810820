//! What mails about recovery contacts and recoveries say: looked up as they are sent.

use super::carried::Carried;
use super::facts::person;
use super::words::{Person, RecoveryNews};
use crate::domain::{AccountId, Notification, Recovery, RecoveryId, UserId};
use crate::store::{Store, StoreError};

/// What the mail says to `reader`, and what its link hangs on; nothing where its subject is gone, or is another one.
pub(super) async fn news(
    store: &Store,
    what: Notification,
    reader: UserId,
) -> Result<Option<(RecoveryNews, Option<Carried>)>, StoreError> {
    Ok(match what {
        Notification::RecoveryContactsNamed { account_id, contacts } => {
            let Some((account, owner)) = account(store, account_id).await? else { return Ok(None) };
            let found = store.recovery_contacts.find(account_id).await?;
            let named: Vec<UserId> = contacts.into_iter().flatten().collect();
            // Named anew or taken back meanwhile: then another mail tells from when.
            let next = found.and_then(|found| found.next).filter(|next| next.contacts == named);
            let news = RecoveryNews::ContactsNamed {
                account,
                contacts: people(store, &named).await?,
                effective_at: next.map(|next| next.effective_at),
                own: owner == Some(reader),
                owner: named_person(store, owner).await?,
            };
            Some((news, None))
        }
        Notification::RecoveryContactsKept { account_id } => {
            let Some((account, owner)) = account(store, account_id).await? else { return Ok(None) };
            let news = RecoveryNews::ContactsKept {
                account,
                own: owner == Some(reader),
                owner: named_person(store, owner).await?,
            };
            Some((news, None))
        }
        Notification::RecoveryRequested { recovery_id } => {
            let Some((recovery, account, _)) = recovery(store, recovery_id).await? else { return Ok(None) };
            let asked: Vec<UserId> = recovery.contacts.iter().map(|asked| asked.user_id).collect();
            let contacts = people(store, &asked).await?;
            let news = RecoveryNews::Requested { account, contacts, until: recovery.expires_at };
            Some((news, Some(Carried::RecoveryTold(recovery))))
        }
        Notification::RecoveryAsked { recovery_id } => {
            let Some((recovery, account, owner)) = recovery(store, recovery_id).await? else {
                return Ok(None);
            };
            let news = RecoveryNews::Asked { owner, account, until: recovery.expires_at };
            Some((news, Some(Carried::RecoveryAsked(recovery, reader))))
        }
        Notification::RecoveryStopped { recovery_id } => recovery(store, recovery_id)
            .await?
            .map(|(_, account, owner)| (RecoveryNews::Stopped { owner, account }, None)),
        _ => None,
    })
}

async fn account(
    store: &Store,
    id: AccountId,
) -> Result<Option<(Option<String>, Option<UserId>)>, StoreError> {
    Ok(store.accounts.find(id).await?.map(|account| (Some(account.name), account.owner_id)))
}

async fn recovery(
    store: &Store,
    id: RecoveryId,
) -> Result<Option<(Recovery, Option<String>, Option<Person>)>, StoreError> {
    let Some(recovery) = store.recoveries.find(id).await? else { return Ok(None) };
    let name = store.accounts.find(recovery.account_id).await?.map(|account| account.name);
    let owner = store.users.find(recovery.user_id).await?.map(person);
    Ok(Some((recovery, name, owner)))
}

async fn named_person(store: &Store, id: Option<UserId>) -> Result<Option<Person>, StoreError> {
    match id {
        Some(id) => Ok(store.users.find(id).await?.map(person)),
        None => Ok(None),
    }
}

/// People in the order of their ids as given; whoever is gone is nobody.
async fn people(store: &Store, ids: &[UserId]) -> Result<Vec<Option<Person>>, StoreError> {
    let found = store.users.find_many(ids).await?;
    Ok(ids.iter().map(|id| found.iter().find(|user| user.id == *id).cloned().map(person)).collect())
}
