//! Naming recovery contacts.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};
use time::OffsetDateTime;

use crate::domain;
use crate::domain::recovery::NamedContacts;
use crate::domain::{Action, UserId};
use crate::graphql::account::Account;
use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::guard::OnAccount;
use crate::graphql::ids::parse_id;
use crate::graphql::scalar::DateTime;
use crate::graphql::user::User;
use crate::rejection;
use crate::service::set_recovery_contacts::{KeepRecoveryContacts, SetRecoveryContacts};

/// Whom the Owner of an account named in advance: where the Owner is locked out, two of them confirm that it is the Owner who
/// asks for a reset. Only the Owner sees it.
pub struct RecoveryContacts {
    contacts: Vec<UserId>,
    next: Option<NamedContacts>,
}

impl RecoveryContacts {
    /// Those who count now, and those who will.
    pub fn at(found: Option<&domain::RecoveryContacts>, now: OffsetDateTime) -> Self {
        Self {
            contacts: found.map(|found| found.at(now).to_vec()).unwrap_or_default(),
            next: found.and_then(|found| found.waiting_at(now)).cloned(),
        }
    }
}

async fn people(ctx: &Context<'_>, ids: &[UserId]) -> Result<Vec<User>> {
    let found = request(ctx)?.loaders().users.many(ids.to_vec()).await?;
    // In the order in which they were named; whoever is gone is left out.
    Ok(ids.iter().filter_map(|id| found.get(id).cloned().flatten()).map(User::new).collect())
}

/// Whom the Owner of an account named in advance: where the Owner is locked out, two of them confirm that it is the Owner who
/// asks for a reset. Only the Owner sees it.
#[Object]
impl RecoveryContacts {
    /// Those who count now: nobody, or two or three.
    async fn contacts(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        people(ctx, &self.contacts).await
    }

    /// What was named and does not count yet; null where nothing waits.
    async fn change(&self) -> Option<RecoveryContactsChange> {
        self.next.clone().map(|next| RecoveryContactsChange { next })
    }
}

/// Recovery contacts who were named and do not count yet.
pub struct RecoveryContactsChange {
    next: NamedContacts,
}

/// Recovery contacts who were named and do not count yet.
#[Object]
impl RecoveryContactsChange {
    /// Who they will be; nobody where they are to be taken away.
    async fn contacts(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        people(ctx, &self.next.contacts).await
    }

    /// When they count: 24 hours after they were named where there were none before, else 72 hours.
    async fn effective_at(&self) -> DateTime {
        self.next.effective_at.into()
    }
}

/// Whom to name.
#[derive(InputObject)]
pub struct SetRecoveryContactsInput {
    /// The account.
    account_id: ID,
    /// Two or three users of the account; none to take the contacts away.
    user_ids: Vec<ID>,
}

/// The contacts are as wanted, or will be (`recoveryContacts`). Where anything changes, the Owner and everybody who is, was to
/// be or is to be a contact were told.
#[derive(SimpleObject)]
pub struct RecoveryContactsSet {
    /// The account.
    account: Account,
}

rejection! {
    /// The contacts are as they were.
    SetRecoveryContactsRejected,
    /// Why somebody cannot be named.
    SetRecoveryContactsRejectionReason {
        /// One of the users does not belong to the account.
        NotAMember => "Recovery contacts must belong to the account. Invite them first.",
        /// The Owner is locked out when it matters.
        Oneself => "You cannot be a recovery contact of your own.",
        /// One of the users is SUPPORT.
        Support => "Support manages nobody, so it cannot be a recovery contact.",
    } not_now
}

/// What `setRecoveryContacts` gives.
#[derive(Union)]
pub enum SetRecoveryContactsResult {
    /// Done.
    Set(RecoveryContactsSet),
    /// Refused.
    Rejected(SetRecoveryContactsRejected),
}

/// Of which account.
#[derive(InputObject)]
pub struct CancelRecoveryContactsChangeInput {
    /// The account.
    account_id: ID,
}

/// The contacts stay as they are. The Owner and everybody who is or was to be a contact were told.
#[derive(SimpleObject)]
pub struct RecoveryContactsChangeCancelled {
    /// The account.
    account: Account,
}

rejection! {
    /// Nothing was taken back.
    CancelRecoveryContactsChangeRejected,
    /// Why nothing can be taken back.
    CancelRecoveryContactsChangeRejectionReason {
        /// No change waits: it counts already, or there was none.
        NothingWaits => "No change waits any more. Name other contacts instead.",
    }
}

/// What `cancelRecoveryContactsChange` gives.
#[derive(Union)]
pub enum CancelRecoveryContactsChangeResult {
    /// Done.
    Cancelled(RecoveryContactsChangeCancelled),
    /// Refused.
    Rejected(CancelRecoveryContactsChangeRejected),
}

/// Mutations of recovery contacts.
#[derive(Default)]
pub struct RecoveryContactsMutation;

#[Object]
impl RecoveryContactsMutation {
    /// Names who can vouch for the Owner when the Owner is locked out. A change counts 24 hours later where there were no
    /// contacts before, else 72 hours later; until then those from before do, and `cancelRecoveryContactsChange` takes it
    /// back. MFA stays as it is. Who may call: the Owner of the account. Asks for a fresh proof (`stepUp`).
    #[graphql(guard = "OnAccount::new(Action::ManageRecoveryContacts, &input.account_id)")]
    async fn set_recovery_contacts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: SetRecoveryContactsInput,
    ) -> Result<SetRecoveryContactsResult> {
        let request = request(ctx)?;
        let account_id = parse_id(&input.account_id, "accountId")?;
        let users: Vec<UserId> =
            input.user_ids.iter().map(|id| parse_id(id, "userIds")).collect::<Result<_>>()?;
        let outcome = request.services.set_recovery_contacts(&request.caller(), account_id, &users).await;
        use SetRecoveryContactsRejectionReason as Reason;
        let reason = match outcome.or_error(request)? {
            SetRecoveryContacts::Set(account) => {
                let account = Account::new(*account);
                return Ok(SetRecoveryContactsResult::Set(RecoveryContactsSet { account }));
            }
            SetRecoveryContacts::NotNow(unready) => {
                return Ok(SetRecoveryContactsResult::Rejected(unready.into()));
            }
            SetRecoveryContacts::NotAMember => Reason::NotAMember,
            SetRecoveryContacts::Oneself => Reason::Oneself,
            SetRecoveryContacts::Support => Reason::Support,
        };
        Ok(SetRecoveryContactsResult::Rejected(reason.into()))
    }

    /// Takes a change of the recovery contacts back that does not count yet. MFA stays as it is. Who may call: the Owner of
    /// the account, without a fresh proof: whoever reads that a thief named contacts must be able to act at once.
    #[graphql(guard = "OnAccount::new(Action::ManageRecoveryContacts, &input.account_id)")]
    async fn cancel_recovery_contacts_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: CancelRecoveryContactsChangeInput,
    ) -> Result<CancelRecoveryContactsChangeResult> {
        let request = request(ctx)?;
        let account_id = parse_id(&input.account_id, "accountId")?;
        let outcome = request.services.keep_recovery_contacts(&request.caller(), account_id).await;
        Ok(match outcome.or_error(request)? {
            KeepRecoveryContacts::Kept(account) => {
                let account = Account::new(*account);
                CancelRecoveryContactsChangeResult::Cancelled(RecoveryContactsChangeCancelled { account })
            }
            KeepRecoveryContacts::NothingWaits => CancelRecoveryContactsChangeResult::Rejected(
                CancelRecoveryContactsChangeRejectionReason::NothingWaits.into(),
            ),
        })
    }
}
