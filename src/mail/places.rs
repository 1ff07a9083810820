//! What mails about places in accounts and portfolios say, looked up as they are sent.

use super::carried::Carried;
use super::facts::{Facts, Missing, person, right};
use super::words::{Content, Person, PlaceNews, Right};
use crate::domain::{
    AccountId, Authority, Invitation, InvitationId, Notification, Offer, PortfolioId, UserId,
};
use crate::store::invitations::InvitationKey;
use crate::store::outbox::Mail;
use crate::store::{Store, StoreError};

/// The mail to an address that is invited, whether it is somebody's already or not. To somebody who is not known yet it is
/// written in the inviter's language: whoever invites writes it on their own behalf, and mostly to colleagues.
pub(super) async fn invitation(
    store: &Store,
    mail: &Mail,
    id: InvitationId,
) -> Result<Result<Facts, Missing>, StoreError> {
    let Some(invitation) = store.invitations.find(InvitationKey::Id(id)).await? else {
        return Ok(Err(Missing::Subject));
    };
    let known = store.users.find_by_email(&invitation.email_key).await?;
    let inviter = store.users.find(invitation.invited_by).await?;
    let preferences = known.as_ref().or(inviter.as_ref()).map(|user| user.preferences.clone());
    let news = PlaceNews::Invitation {
        inviter: inviter.map(person),
        right: offered(store, &invitation).await?,
        until: invitation.expires_at,
    };
    let reader =
        Person { name: known.map(|user| user.name).unwrap_or_default(), email: invitation.email.clone() };
    let (content, carries) = (Content::Place(news), Some(Carried::Invitation(invitation)));
    let preferences = preferences.unwrap_or_default();
    Ok(Ok(Facts { reader, preferences, content, at: mail.created_at, carries }))
}

/// What there is to say to somebody who is known; nothing when what it is about is gone.
pub(super) async fn news(store: &Store, what: Notification) -> Result<Option<PlaceNews>, StoreError> {
    Ok(Some(match what {
        Notification::InvitationAccepted { invitation_id } => {
            let found = store.invitations.find(InvitationKey::Id(invitation_id)).await?;
            let Some(invitation) = found else { return Ok(None) };
            let joined = store.users.find_by_email(&invitation.email_key).await?;
            PlaceNews::InvitationAccepted {
                person: joined.map(person),
                right: offered(store, &invitation).await?,
            }
        }
        Notification::AccountRoleChanged { account_id, role, custom_role_id } => {
            let now = Authority::Account { account_id, role, custom_role_id };
            PlaceNews::RoleChanged(right(store, now).await?)
        }
        Notification::RemovedFromAccount { account_id } => {
            PlaceNews::Removed { account: name_of(store, account_id).await? }
        }
        Notification::AccountOwnershipTransferred { account_id, from, to } => {
            PlaceNews::OwnershipTransferred {
                account: name_of(store, account_id).await?,
                from: somebody(store, from).await?,
                to: somebody(store, to).await?,
            }
        }
        Notification::SecurityContactChosen { account_id, from, to, by } => PlaceNews::ContactChosen {
            account: name_of(store, account_id).await?,
            from: whoever(store, from).await?,
            to: whoever(store, to).await?,
            by: somebody(store, by).await?,
        },
        Notification::SecurityContactFellBack { account_id, from, to } => PlaceNews::ContactFellBack {
            account: name_of(store, account_id).await?,
            from: somebody(store, from).await?,
            to: whoever(store, to).await?,
        },
        Notification::WebhookDisabled { account_id, webhook_id, gone } => {
            let Some(webhook) = store.webhooks.find(webhook_id).await? else { return Ok(None) };
            PlaceNews::WebhookDisabled {
                account: name_of(store, account_id).await?,
                host: webhook.host(),
                gone,
            }
        }
        Notification::AccountClosed { account_id, by } => {
            PlaceNews::Closed { account: name_of(store, account_id).await?, by: somebody(store, by).await? }
        }
        Notification::PortfolioRoleChanged { portfolio_id, role } => {
            PlaceNews::RoleChanged(right(store, Authority::Portfolio { portfolio_id, role }).await?)
        }
        Notification::RemovedFromPortfolio { portfolio_id } => {
            PlaceNews::RemovedFromPortfolio { portfolio: portfolio_name(store, portfolio_id).await? }
        }
        Notification::RemovedFromLinkedAccounts { portfolio_id } => {
            PlaceNews::RemovedFromLinkedAccounts { portfolio: portfolio_name(store, portfolio_id).await? }
        }
        Notification::PortfolioOwnershipTransferred { portfolio_id, from, to } => {
            PlaceNews::PortfolioOwnershipTransferred {
                portfolio: portfolio_name(store, portfolio_id).await?,
                from: somebody(store, from).await?,
                to: somebody(store, to).await?,
            }
        }
        Notification::PortfolioClosed { portfolio_id, by } => PlaceNews::PortfolioClosed {
            portfolio: portfolio_name(store, portfolio_id).await?,
            by: somebody(store, by).await?,
        },
        Notification::AccountLinked { account_id, portfolio_id, by } => PlaceNews::Linked {
            account: name_of(store, account_id).await?,
            portfolio: portfolio_name(store, portfolio_id).await?,
            by: somebody(store, by).await?,
        },
        Notification::AccountUnlinked { account_id, portfolio_id, by } => PlaceNews::Unlinked {
            account: name_of(store, account_id).await?,
            portfolio: portfolio_name(store, portfolio_id).await?,
            by: somebody(store, by).await?,
        },
        _ => return Ok(None),
    }))
}

async fn offered(store: &Store, invitation: &Invitation) -> Result<Right, StoreError> {
    let authority = match invitation.offer {
        Offer::Account { account_id, role, custom_role_id } => {
            Authority::Account { account_id, role, custom_role_id }
        }
        Offer::Portfolio { portfolio_id, role } => Authority::Portfolio { portfolio_id, role },
    };
    right(store, authority).await
}

async fn somebody(store: &Store, id: UserId) -> Result<Option<Person>, StoreError> {
    Ok(store.users.find(id).await?.map(person))
}

async fn whoever(store: &Store, id: Option<UserId>) -> Result<Option<Person>, StoreError> {
    match id {
        Some(id) => somebody(store, id).await,
        None => Ok(None),
    }
}

async fn name_of(store: &Store, id: AccountId) -> Result<Option<String>, StoreError> {
    Ok(store.accounts.find(id).await?.map(|account| account.name))
}

async fn portfolio_name(store: &Store, id: PortfolioId) -> Result<Option<String>, StoreError> {
    Ok(store.portfolios.find(id).await?.map(|portfolio| portfolio.name))
}
