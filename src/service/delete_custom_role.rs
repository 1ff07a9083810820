//! `deleteCustomRole`: only a role that nobody holds or is invited to. To fall back to the base could give people more
//! than the role did, and nobody would have decided that.

use super::audit::{Happening, scopes_of_account};
use super::{Caller, Error, Services};
use crate::domain::{Account, AccountId, AuditAction, RoleId, Unready};
use crate::store::Tx;
use crate::transact;

/// Whoever holds a role or is invited to it is counted up to here.
pub const USED_MAX: u64 = 100;

/// What deleting a role gives.
#[derive(Debug)]
pub enum DeleteCustomRole {
    /// The account that had it.
    Deleted(Box<Account>),
    /// So many people hold it or are invited to it; counted up to [`USED_MAX`].
    InUse(u64),
    /// It holds more than the caller does.
    MoreThanHeld,
    /// Not at this moment.
    NotNow(Unready),
}

impl DeleteCustomRole {
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Deleted(_) => None,
            Self::InUse(_) => Some("ROLE_IN_USE"),
            Self::MoreThanHeld => Some("MORE_THAN_HELD"),
            Self::NotNow(unready) => Some(unready.as_str()),
        }
    }
}

impl Services {
    /// Deletes a role. Who may call: rule `AccountOwnerOrAdmin` with `roles.manage`.
    pub async fn delete_custom_role(&self, caller: &Caller, id: RoleId) -> Result<DeleteCustomRole, Error> {
        caller.signed_in()?;
        let (outcome, account) = transact!(self.store(), |tx| self.undefine(&mut tx, caller, id))?;
        if let Some(reason) = outcome.refusal() {
            self.record_refused_role(caller, account, Some(id), reason).await?;
        }
        Ok(outcome)
    }

    async fn undefine(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: RoleId,
    ) -> Result<(DeleteCustomRole, AccountId), Error> {
        let (store, now) = (self.store(), self.now());
        let (role, account, mine) = self.role_to_change(tx, caller, id).await?;
        if let Some(unready) = self.why_not_now(tx, caller).await? {
            return Ok((DeleteCustomRole::NotNow(unready), account.id));
        }
        if !mine.covers(role.held()) {
            return Ok((DeleteCustomRole::MoreThanHeld, account.id));
        }
        // Whoever gives the role or accepts an invitation to it touches the account as well, so neither happens meanwhile.
        let held = store.account_members.count_holding(tx, id, USED_MAX).await?;
        let offered = store.invitations.count_offering(tx, id, now, USED_MAX).await?;
        let used = held.saturating_add(offered).min(USED_MAX);
        if used > 0 {
            return Ok((DeleteCustomRole::InUse(used), account.id));
        }
        if !store.account_roles.claim_deletion(tx, id).await? {
            return Err(Error::Defect("a custom role was deleted within a transaction"));
        }
        let happening = Happening::new(caller, now, AuditAction::CustomRoleDeleted).detail("role", id);
        store.audit_events.insert(tx, &happening.events(&scopes_of_account(&account))).await?;
        let id = account.id;
        Ok((DeleteCustomRole::Deleted(Box::new(account)), id))
    }
}
