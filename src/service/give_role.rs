//! What giving a role takes, wherever one is given: the role exists in that account, and whoever gives it holds all that
//! it gives.

use super::audit::Happening;
use super::{Caller, Error, Services};
use crate::domain::policy::{AccountStanding, Held, decide};
use crate::domain::{
    Account, AccountId, AccountMembership, Action, AuditAction, Denial, Resource, RoleChoice, Scope,
};
use crate::store::Tx;

/// Why a role is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleRefusal {
    /// The account has no such custom role.
    NoSuchRole,
    /// The role gives more than the caller holds.
    MoreThanHeld,
}

impl RoleRefusal {
    /// The reason in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoSuchRole => "NO_SUCH_ROLE",
            Self::MoreThanHeld => "MORE_THAN_HELD",
        }
    }
}

impl Services {
    /// An account as the transaction sees it, for a command that needs this action; on the same snapshot what the caller
    /// holds there is looked up anew, and given back. `came` people are counted in, and the transaction conflicts with
    /// any other on the account: see `Accounts::touch`.
    pub(super) async fn acting_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        action: Action,
        id: AccountId,
        came: i64,
    ) -> Result<(Account, Option<Held>), Error> {
        let account = self.store().accounts.find_in(tx, id).await?.ok_or(Denial::Hidden)?;
        let actor = self.memberships_in(tx, caller.signed_in()?.user_id).await?;
        let standing = AccountStanding::of(&actor, id, account.portfolio_id);
        decide(true, action, &Resource::Account(standing)).ok()?;
        if !self.store().accounts.touch(tx, id, came).await? {
            return Err(Denial::Hidden.into());
        }
        Ok((account, standing.held))
    }

    /// The same for a command that only a member may give: what the caller holds decides about others.
    pub(super) async fn acting_member(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        action: Action,
        id: AccountId,
    ) -> Result<(Account, Held), Error> {
        let (account, held) = self.acting_in(tx, caller, action, id, 0).await?;
        Ok((account, held.ok_or(Denial::Forbidden)?))
    }

    /// The same for a command that decides by the action alone.
    pub(super) async fn managed_account(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        action: Action,
        id: AccountId,
        came: i64,
    ) -> Result<Account, Error> {
        Ok(self.acting_in(tx, caller, action, id, came).await?.0)
    }

    /// What a role that is to be given holds, as the transaction sees it; nothing for a custom role that the account does
    /// not have. The account was touched, so nobody deletes or changes the role at the same time.
    pub(super) async fn role_in(
        &self,
        tx: &mut Tx,
        account: AccountId,
        choice: RoleChoice,
    ) -> Result<Option<Held>, Error> {
        match choice {
            RoleChoice::Static(role) => Ok(Some(Held::of(role))),
            RoleChoice::Custom(id) => {
                let found = self.store().account_roles.find_in(tx, id).await?;
                Ok(found.filter(|role| role.account_id == account).map(|role| role.held()))
            }
        }
    }

    /// The same for a caller who holds `mine`: refused when the role gives more.
    pub(super) async fn role_to_give(
        &self,
        tx: &mut Tx,
        account: AccountId,
        choice: RoleChoice,
        mine: Held,
    ) -> Result<Result<Held, RoleRefusal>, Error> {
        Ok(match self.role_in(tx, account, choice).await? {
            None => Err(RoleRefusal::NoSuchRole),
            Some(role) if !mine.covers(role) => Err(RoleRefusal::MoreThanHeld),
            Some(role) => Ok(role),
        })
    }

    /// Gives somebody another role than the one that was looked at.
    pub(super) async fn replace_role(
        &self,
        tx: &mut Tx,
        place: &AccountMembership,
        role: Held,
    ) -> Result<AccountMembership, Error> {
        let (account, user, old) = (place.account_id, place.user_id, place.held());
        if !self.store().account_members.claim_role(tx, account, user, old, role).await? {
            return Err(Error::Defect("a role changed within a transaction"));
        }
        Ok(place.clone().holding(role))
    }

    /// Writes down that somebody tried to offer what is not theirs to offer.
    pub(super) async fn record_refused_offer(
        &self,
        caller: &Caller,
        scope: Scope,
        reason: &str,
    ) -> Result<(), Error> {
        let happening =
            Happening::new(caller, self.now(), AuditAction::UserChangeRefused).detail("reason", reason);
        self.record_refusal(&happening, &[scope]).await
    }
}
