//! `updatePortfolioUserAccess`: Manage > Users in bulk. Invites, changes and removes people across the accounts that a
//! portfolio links, up to [`CHANGES_MAX`] changes a call.
//!
//! Each change is a transaction of its own with an outcome of its own, in the order given: one that is refused stops no
//! other, and a call that was cut off can be repeated. Permission is asked anew for each, on the change's own snapshot, so
//! whoever loses the role halfway changes nothing from then on. A portfolio's Owner and Admins appoint Admins of linked
//! accounts, so any custom role of an account is theirs to give as well.

mod off_board;

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of_account};
use super::invite_user::{Address, InviteUser};
use super::{Caller, Error, Services};
use crate::domain::key::EmailKey;
use crate::domain::policy::{PortfolioStanding, decide};
use crate::domain::{
    Account, AccountId, AccountMembership, AccountRole, Action, AuditAction, Notification, Offer,
    PortfolioId, Resource, RoleChoice, Scope, UserId,
};
use crate::store::Tx;
use crate::transact;

/// Changes that one call may hold.
pub const CHANGES_MAX: usize = 500;
const OWNERSHIP: RoleChoice = RoleChoice::Static(AccountRole::Owner);

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessChange {
    /// Invite somebody to a linked account.
    Invite {
        /// The account.
        account_id: AccountId,
        /// The address as typed.
        email: String,
        /// The role; ownership is refused.
        role: RoleChoice,
    },
    /// Give somebody in a linked account another role.
    ChangeRole {
        /// The account.
        account_id: AccountId,
        /// The person.
        user_id: UserId,
        /// The role; ownership is refused.
        role: RoleChoice,
    },
    /// Take somebody out of a linked account.
    Remove {
        /// The account.
        account_id: AccountId,
        /// The person.
        user_id: UserId,
    },
    /// Take somebody out of all linked accounts.
    RemoveFromAll {
        /// The person.
        user_id: UserId,
    },
}

/// Why a change was not made, or not everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessRefusal {
    /// The portfolio does not link the account.
    NotLinked,
    /// The person is not there.
    NotAMember,
    /// The person is Owner there.
    IsOwner,
    /// Ownership is handed over, never given as a role.
    RoleNotGrantable,
    /// The account has no such custom role.
    NoSuchRole,
    /// The address is none.
    NotAnAddress,
    /// The person is there already.
    AlreadyMember,
    /// An invitation waits for this address already.
    AlreadyInvited,
    /// Too many mails to this address, or from this account.
    TooManyInvitations {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
    /// The caller lost the role meanwhile.
    NotPermitted,
    /// The database was away.
    Unavailable,
}

/// What became of one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccessOutcome {
    /// In how many accounts something changed.
    pub accounts: u32,
    /// Why nothing changed, or not everywhere.
    pub refusal: Option<AccessRefusal>,
}

impl AccessOutcome {
    const DONE: Self = Self { accounts: 1, refusal: None };

    fn refused(refusal: AccessRefusal) -> Self {
        Self { accounts: 0, refusal: Some(refusal) }
    }
}

/// What a bulk change gives.
#[derive(Debug)]
pub enum UpdateAccess {
    /// One outcome for each change, in their order.
    Done(Vec<AccessOutcome>),
    /// More changes than one call may hold; none was made.
    TooManyChanges,
}

impl Services {
    /// Makes many changes. Who may call: rule `PortfolioOwnerOrAdmin`.
    pub async fn update_portfolio_user_access(
        &self,
        caller: &Caller,
        portfolio: PortfolioId,
        changes: &[AccessChange],
    ) -> Result<UpdateAccess, Error> {
        caller.signed_in()?;
        if changes.len() > CHANGES_MAX {
            let (change, scopes) = ("updatePortfolioUserAccess", [Scope::Portfolio(portfolio)]);
            self.record_refused_change(caller, change, "TOO_MANY_CHANGES", &scopes).await?;
            return Ok(UpdateAccess::TooManyChanges);
        }
        let mut outcomes = Vec::with_capacity(changes.len());
        for change in changes {
            let outcome = match self.change_access(caller, portfolio, change).await {
                Ok(outcome) => outcome,
                // What was done before must be told, so this is no error of the call.
                Err(Error::Denied(_)) => AccessOutcome::refused(AccessRefusal::NotPermitted),
                Err(error) if error.is_unavailable() => {
                    tracing::warn!(%error, "a change of many could not be made");
                    AccessOutcome::refused(AccessRefusal::Unavailable)
                }
                Err(error) => return Err(error),
            };
            self.record_refused_access(caller, portfolio, change, outcome).await?;
            outcomes.push(outcome);
        }
        self.wake_mail();
        Ok(UpdateAccess::Done(outcomes))
    }

    async fn change_access(
        &self,
        caller: &Caller,
        portfolio: PortfolioId,
        change: &AccessChange,
    ) -> Result<AccessOutcome, Error> {
        match change {
            AccessChange::Invite { account_id, email, role } => {
                self.invite_to_linked(caller, portfolio, *account_id, email, *role).await
            }
            AccessChange::ChangeRole { account_id, user_id, role } => {
                let (account, user, role) = (*account_id, *user_id, *role);
                if role == OWNERSHIP {
                    return Ok(AccessOutcome::refused(AccessRefusal::RoleNotGrantable));
                }
                transact!(self.store(), |tx| self
                    .change_linked_role(&mut tx, caller, portfolio, account, user, role))
            }
            AccessChange::Remove { account_id, user_id } => {
                let (account, user) = (*account_id, *user_id);
                transact!(self.store(), |tx| self.remove_linked(&mut tx, caller, portfolio, account, user))
            }
            AccessChange::RemoveFromAll { user_id } => self.off_board(caller, portfolio, *user_id).await,
        }
    }

    async fn invite_to_linked(
        &self,
        caller: &Caller,
        portfolio: PortfolioId,
        account_id: AccountId,
        email: &str,
        role: RoleChoice,
    ) -> Result<AccessOutcome, Error> {
        let Ok(address) = Address::parse("email", email) else {
            return Ok(AccessOutcome::refused(AccessRefusal::NotAnAddress));
        };
        if role == OWNERSHIP {
            return Ok(AccessOutcome::refused(AccessRefusal::RoleNotGrantable));
        }
        // Before anything is counted: nobody uses up what another account may send.
        let account = self.store().accounts.find(account_id).await?;
        if account.is_none_or(|account| account.portfolio_id != Some(portfolio)) {
            return Ok(AccessOutcome::refused(AccessRefusal::NotLinked));
        }
        if let Some(retry_at) = self.too_many_invitations(Scope::Account(account_id), &address.key).await? {
            return Ok(AccessOutcome::refused(AccessRefusal::TooManyInvitations { retry_at }));
        }
        let invited: Result<_, Error> = transact!(self.store(), |tx| self
            .invite_linked_in(&mut tx, caller, portfolio, account_id, role, &address));
        let refusal = match invited? {
            Err(refusal) => refusal,
            Ok(InviteUser::Invited(_)) => return Ok(AccessOutcome::DONE),
            Ok(InviteUser::RoleNotGrantable) => AccessRefusal::RoleNotGrantable,
            Ok(InviteUser::AlreadyMember) => AccessRefusal::AlreadyMember,
            Ok(InviteUser::AlreadyInvited) => AccessRefusal::AlreadyInvited,
            Ok(InviteUser::TooManyInvitations { retry_at }) => AccessRefusal::TooManyInvitations { retry_at },
        };
        Ok(AccessOutcome::refused(refusal))
    }

    async fn invite_linked_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        portfolio: PortfolioId,
        account_id: AccountId,
        role: RoleChoice,
        address: &Address<'_>,
    ) -> Result<Result<InviteUser, AccessRefusal>, Error> {
        let Some(account) = self.linked_account(tx, caller, portfolio, account_id).await? else {
            return Ok(Err(AccessRefusal::NotLinked));
        };
        let Some(role) = self.role_in(tx, account_id, role).await? else {
            return Ok(Err(AccessRefusal::NoSuchRole));
        };
        let (offer, scopes) = (Offer::in_account(account_id, role), scopes_of_account(&account));
        Ok(Ok(self.offer_place(tx, caller, offer, address, &scopes).await?))
    }

    async fn change_linked_role(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        portfolio: PortfolioId,
        account_id: AccountId,
        user_id: UserId,
        role: RoleChoice,
    ) -> Result<AccessOutcome, Error> {
        let (mut account, place) = match self.linked_place(tx, caller, portfolio, account_id, user_id).await?
        {
            Ok(found) => found,
            Err(refusal) => return Ok(AccessOutcome::refused(refusal)),
        };
        let Some(role) = self.role_in(tx, account_id, role).await? else {
            return Ok(AccessOutcome::refused(AccessRefusal::NoSuchRole));
        };
        if place.held() == role {
            return Ok(AccessOutcome::default());
        }
        self.give_other_role(tx, caller, &mut account, &place, role).await?;
        Ok(AccessOutcome::DONE)
    }

    async fn remove_linked(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        portfolio: PortfolioId,
        account_id: AccountId,
        user_id: UserId,
    ) -> Result<AccessOutcome, Error> {
        let (store, now) = (self.store(), self.now());
        let mut account = match self.linked_place(tx, caller, portfolio, account_id, user_id).await? {
            Ok((account, _)) => account,
            Err(refusal) => return Ok(AccessOutcome::refused(refusal)),
        };
        store.account_members.claim_removal(tx, account_id, user_id).await?;
        store.accounts.touch(tx, account_id, -1).await?;
        self.drop_contact(tx, caller, &mut account, user_id).await?;
        if let Some(key) = self.address_of(tx, user_id).await? {
            store.invitations.revoke_of(tx, Scope::Account(account_id), &key).await?;
        }
        if caller.actor.user_id() != Some(user_id) {
            let notice = Notification::RemovedFromAccount { account_id };
            store.outbox.insert(tx, user_id, notice, now).await?;
        }
        let happening = Happening::new(caller, now, AuditAction::UserRemoved).about(user_id);
        store.audit_events.insert(tx, &happening.events(&scopes_of_account(&account))).await?;
        Ok(AccessOutcome::DONE)
    }

    async fn address_of(&self, tx: &mut Tx, user: UserId) -> Result<Option<EmailKey>, Error> {
        let Some(user) = self.store().users.find_in(tx, user).await? else { return Ok(None) };
        let key = EmailKey::parse(&user.email).map_err(|_| Error::Defect("a stored address is none"))?;
        Ok(Some(key))
    }

    /// Asks anew, on the transaction's snapshot, whether the caller manages the users of the linked accounts.
    async fn still_manages(&self, tx: &mut Tx, caller: &Caller, portfolio: PortfolioId) -> Result<(), Error> {
        let actor = self.memberships_in(tx, caller.signed_in()?.user_id).await?;
        let standing = PortfolioStanding::of(&actor, portfolio);
        Ok(decide(true, Action::ManagePortfolioAccountUsers, &Resource::Portfolio(standing)).ok()?)
    }

    /// A linked account, touched; nothing for one that the portfolio does not link, whether it exists or not.
    async fn linked_account(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        portfolio: PortfolioId,
        account: AccountId,
    ) -> Result<Option<Account>, Error> {
        self.still_manages(tx, caller, portfolio).await?;
        if !self.store().accounts.touch_linked(tx, account, portfolio).await? {
            return Ok(None);
        }
        Ok(self.store().accounts.find_in(tx, account).await?)
    }

    /// The place of somebody in a linked account, which is touched; refused for its Owner, whose place nobody changes.
    async fn linked_place(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        portfolio: PortfolioId,
        account: AccountId,
        user: UserId,
    ) -> Result<Result<(Account, AccountMembership), AccessRefusal>, Error> {
        let Some(account) = self.linked_account(tx, caller, portfolio, account).await? else {
            return Ok(Err(AccessRefusal::NotLinked));
        };
        Ok(match self.store().account_members.find_in(tx, account.id, user).await? {
            None => Err(AccessRefusal::NotAMember),
            Some(place) if place.role == AccountRole::Owner => Err(AccessRefusal::IsOwner),
            Some(place) => Ok((account, place)),
        })
    }

    /// Writes down what somebody tried and may not.
    async fn record_refused_access(
        &self,
        caller: &Caller,
        portfolio: PortfolioId,
        change: &AccessChange,
        outcome: AccessOutcome,
    ) -> Result<(), Error> {
        let Some(refusal) = outcome.refusal else { return Ok(()) };
        let (action, reason) = match refusal {
            AccessRefusal::IsOwner => (AuditAction::UserChangeRefused, "IS_OWNER"),
            AccessRefusal::RoleNotGrantable => (AuditAction::UserChangeRefused, "ROLE_NOT_GRANTABLE"),
            AccessRefusal::NoSuchRole => (AuditAction::UserChangeRefused, "NO_SUCH_ROLE"),
            AccessRefusal::NotPermitted => (AuditAction::UserChangeRefused, "NOT_PERMITTED"),
            AccessRefusal::NotLinked => (AuditAction::ChangeRefused, "NOT_LINKED"),
            AccessRefusal::NotAMember => (AuditAction::ChangeRefused, "NOT_A_MEMBER"),
            AccessRefusal::NotAnAddress => (AuditAction::ChangeRefused, "NOT_AN_ADDRESS"),
            AccessRefusal::AlreadyMember => (AuditAction::ChangeRefused, "ALREADY_MEMBER"),
            AccessRefusal::AlreadyInvited => (AuditAction::ChangeRefused, "ALREADY_INVITED"),
            AccessRefusal::TooManyInvitations { .. } => (AuditAction::ChangeRefused, "TOO_MANY_INVITATIONS"),
            // Nobody refused it; the database was away.
            AccessRefusal::Unavailable => return Ok(()),
        };
        let mut happening = Happening::new(caller, self.now(), action)
            .detail("change", "updatePortfolioUserAccess")
            .detail("reason", reason);
        if let AccessChange::ChangeRole { user_id, .. }
        | AccessChange::Remove { user_id, .. }
        | AccessChange::RemoveFromAll { user_id } = change
        {
            happening = happening.about(*user_id);
        }
        self.record_refusal(&happening, &[Scope::Portfolio(portfolio)]).await
    }
}
