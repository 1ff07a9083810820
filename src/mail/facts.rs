//! What a mail of the outbox is about, looked up as it is sent: rows hold ids only, so a mail never tells what was true
//! yesterday. It writes nothing.

use time::OffsetDateTime;

use super::carried::Carried;
use super::words::{Content, Person, PersonNews, ResetFacts, Right};
use super::{freezes, places, recovery};
use crate::domain::erasure::is_erased;
use crate::domain::key::mask_email;
use crate::domain::{
    Authority, MailLink, MailLinkKind, MfaReset, MfaResetId, Notification, Preferences, User, UserId,
};
use crate::store::mfa_resets::ResetKey;
use crate::store::outbox::Mail;
use crate::store::{Store, StoreError};

/// A mail with everything that it says.
pub struct Facts {
    /// To whom.
    pub reader: Person,
    /// The language and time zone to write it in.
    pub preferences: Preferences,
    /// What it says.
    pub content: Content,
    /// When what it tells happened.
    pub at: OffsetDateTime,
    /// What its link hangs on, if it carries one.
    pub carries: Option<Carried>,
}

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The user who should read it.
    Reader,
    /// What it is about.
    Subject,
}

/// Looks everything up.
pub async fn of(store: &Store, mail: &Mail) -> Result<Result<Facts, Missing>, StoreError> {
    if let Notification::Invitation { invitation_id } = mail.what {
        return places::invitation(store, mail, invitation_id).await;
    }
    let Some(to) = mail.to else { return Ok(Err(Missing::Reader)) };
    let Some(user) = store.users.find(to).await? else { return Ok(Err(Missing::Reader)) };
    if is_erased(&user.email) {
        return Ok(Err(Missing::Reader));
    }
    let mut carries = None;
    let mut at = mail.created_at;
    let mut reader = person(user.clone());
    let content = match mail.what {
        Notification::MfaEnrolled { .. } => Content::Enrolled,
        Notification::MfaDisabled { .. } => Content::Disabled,
        Notification::BackupCodesRegenerated { .. } => Content::BackupCodesRegenerated,
        Notification::BackupCodeUsed { .. } => {
            Content::BackupCodeUsed { left: user.mfa.as_ref().map_or(0, |mfa| mfa.backup_codes) }
        }
        Notification::Invitation { .. }
        | Notification::InvitationAccepted { .. }
        | Notification::AccountRoleChanged { .. }
        | Notification::RemovedFromAccount { .. }
        | Notification::AccountOwnershipTransferred { .. }
        | Notification::AccountClosed { .. }
        | Notification::WebhookDisabled { .. }
        | Notification::SecurityContactChosen { .. }
        | Notification::SecurityContactFellBack { .. }
        | Notification::PortfolioRoleChanged { .. }
        | Notification::RemovedFromPortfolio { .. }
        | Notification::RemovedFromLinkedAccounts { .. }
        | Notification::PortfolioOwnershipTransferred { .. }
        | Notification::PortfolioClosed { .. }
        | Notification::AccountLinked { .. }
        | Notification::AccountUnlinked { .. } => match places::news(store, mail.what).await? {
            Some(news) => Content::Place(news),
            None => return Ok(Err(Missing::Subject)),
        },
        Notification::PasswordChanged { .. } => Content::Person(PersonNews::PasswordChanged),
        Notification::MfaResetAcceptedElsewhere { .. }
        | Notification::MfaResetDeclinedElsewhere { .. }
        | Notification::MfaResetDisavowed { .. }
        | Notification::MfaResetBurst { .. }
        | Notification::MfaResetFreezeLifted { .. } => match freezes::news(store, mail).await? {
            Some((news, happened)) => {
                at = happened;
                Content::Freeze(news)
            }
            None => return Ok(Err(Missing::Subject)),
        },
        Notification::RecoveryContactsNamed { .. }
        | Notification::RecoveryContactsKept { .. }
        | Notification::RecoveryRequested { .. }
        | Notification::RecoveryAsked { .. }
        | Notification::RecoveryStopped { .. } => match recovery::news(store, mail.what, to).await? {
            Some((news, carried)) => {
                carries = carried;
                Content::Recovery(news)
            }
            None => return Ok(Err(Missing::Subject)),
        },
        Notification::NewDeviceCode { challenge_id } => {
            let Some(challenge) = store.device_challenges.find(challenge_id).await? else {
                return Ok(Err(Missing::Subject));
            };
            at = challenge.created_at;
            let news = PersonNews::NewDeviceCode {
                until: challenge.expires_at,
                ip: challenge.ip.map(|ip| ip.to_string()),
                user_agent: challenge.user_agent.clone(),
            };
            carries = Some(Carried::Device(challenge));
            Content::Person(news)
        }
        Notification::EmailVerification { link_id }
        | Notification::EmailChangeRequested { link_id }
        | Notification::EmailChanged { link_id }
        | Notification::PasswordReset { link_id }
        | Notification::SignedUpAgain { link_id } => {
            let Some(link) = store.mail_links.find(link_id).await? else {
                return Ok(Err(Missing::Subject));
            };
            let news = about_link(mail.what, &link);
            let to_old =
                matches!(news, PersonNews::EmailChangeRequested { .. } | PersonNews::EmailChanged { .. });
            let to_new = matches!(news, PersonNews::VerifyEmail { .. } | PersonNews::ConfirmNewEmail { .. });
            // Nobody knows yet who reads it: a name would be whatever somebody wants a stranger to read.
            if to_new || !user.email_verified {
                reader.name = String::new();
            }
            reader.email = link.old_email.as_ref().filter(|_| to_old).unwrap_or(&link.email).clone();
            carries = (!to_old && link.held_until.is_none()).then_some(Carried::Link(link));
            Content::Person(news)
        }
        Notification::MfaResetRequest { reset_id }
        | Notification::MfaResetApprovalAsked { reset_id }
        | Notification::MfaResetCoolingOff { reset_id }
        | Notification::MfaResetAccepted { reset_id }
        | Notification::MfaResetDeclined { reset_id }
        | Notification::MfaResetCancelled { reset_id } => {
            let Some((reset, facts)) = reset_facts(store, reset_id).await? else {
                return Ok(Err(Missing::Subject));
            };
            at = reset.closed_at.unwrap_or(at);
            match mail.what {
                Notification::MfaResetRequest { .. } => {
                    carries = Some(Carried::Reset(reset));
                    Content::ResetRequest(facts)
                }
                Notification::MfaResetCoolingOff { .. } => {
                    let Some(effective_at) = reset.effective_at else { return Ok(Err(Missing::Subject)) };
                    let own = reset.user_id == to;
                    carries = own.then_some(Carried::Reset(reset));
                    Content::ResetCoolingOff { reset: facts, own, effective_at }
                }
                Notification::MfaResetAccepted { .. } => {
                    Content::ResetAccepted { reset: facts, own: reset.user_id == to }
                }
                Notification::MfaResetApprovalAsked { .. } => Content::ResetApprovalAsked(facts),
                Notification::MfaResetDeclined { .. } => Content::ResetDeclined(facts),
                _ => Content::ResetCancelled(facts),
            }
        }
    };
    Ok(Ok(Facts { reader, preferences: user.preferences, content, at, carries }))
}

fn about_link(what: Notification, link: &MailLink) -> PersonNews {
    let masked = || mask_email(&link.email);
    match what {
        Notification::EmailChangeRequested { .. } => PersonNews::EmailChangeRequested { new: masked() },
        Notification::EmailChanged { .. } => PersonNews::EmailChanged { new: masked() },
        Notification::SignedUpAgain { .. } => {
            PersonNews::SignedUpAgain { link_until: link.held_until.is_none().then_some(link.expires_at) }
        }
        _ => match (link.kind, link.held_until) {
            (MailLinkKind::VerifyEmail, _) => PersonNews::VerifyEmail { until: link.expires_at },
            (MailLinkKind::ChangeEmail, _) => PersonNews::ConfirmNewEmail { until: link.expires_at },
            (MailLinkKind::ResetPassword, None) => PersonNews::PasswordReset { until: link.expires_at },
            (MailLinkKind::ResetPassword, Some(until)) => PersonNews::PasswordResetHeld { until },
        },
    }
}

async fn reset_facts(store: &Store, id: MfaResetId) -> Result<Option<(MfaReset, ResetFacts)>, StoreError> {
    let Some(reset) = store.mfa_resets.find(ResetKey::Id(id)).await? else { return Ok(None) };
    let asked_by = reset.asked_by();
    let mut people = asked_by.clone();
    people.push(reset.user_id);
    let users = store.users.find_many(&people).await?;
    let named = |id: UserId| users.iter().find(|user| user.id == id).cloned().map(person);
    let right = match (reset.recovered_by, right(store, reset.authority).await?) {
        (Some(_), Right::Account(_, account) | Right::Custom(_, account)) => Right::RecoveryContacts(account),
        (_, right) => right,
    };
    let facts = ResetFacts {
        person: named(reset.user_id),
        requester: named(reset.requested_by),
        second: asked_by.get(1).copied().and_then(named),
        right,
        reason: reset.reason.clone(),
        requested_at: reset.requested_at,
        valid_since: reset.approved.map_or(reset.requested_at, |(_, at)| at),
        expires_at: reset.expires_at,
    };
    Ok(Some((reset, facts)))
}

/// The role by which somebody asked, or which is offered, with the name of its place.
pub(super) async fn right(store: &Store, authority: Authority) -> Result<Right, StoreError> {
    Ok(match authority {
        Authority::Account { account_id, role, custom_role_id } => {
            let account = store.accounts.find(account_id).await?.map(|account| account.name);
            let custom = match custom_role_id {
                Some(id) => store.account_roles.find(id).await?,
                None => None,
            };
            match custom {
                Some(custom) => Right::Custom(custom.name, account),
                None => Right::Account(role, account),
            }
        }
        Authority::Portfolio { portfolio_id, role } => {
            let portfolio = store.portfolios.find(portfolio_id).await?;
            Right::Portfolio(role, portfolio.map(|portfolio| portfolio.name))
        }
    })
}

pub(super) fn person(user: User) -> Person {
    Person { name: user.name, email: user.email }
}
