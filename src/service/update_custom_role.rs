//! `updateCustomRole`: another name or other permissions. Whoever changes a role holds all that it holds before and after;
//! its holders have the new permissions from their next request on.

use super::audit::{Happening, scopes_of_account};
use super::create_account::checked_name;
use super::create_custom_role::{RoleFault, fault};
use super::{Caller, Error, Services};
use crate::domain::policy::Held;
use crate::domain::{Account, AccountId, AuditAction, CustomRole, Permissions, RoleId, Unready};
use crate::store::Tx;
use crate::transact;

/// What is to change about a role; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct RoleChange {
    /// The name as typed.
    pub name: Option<String>,
    /// What it holds.
    pub permissions: Option<Permissions>,
    /// The version that the caller looked at; whichever it is when absent.
    pub version: Option<i64>,
}

/// What changing a role gives.
#[derive(Debug)]
pub enum UpdateCustomRole {
    /// The role as it is now.
    Updated(Box<CustomRole>),
    /// Somebody changed it since the caller looked.
    ChangedMeanwhile,
    /// It cannot be like this.
    Faulty(RoleFault),
    /// Not at this moment.
    NotNow(Unready),
}

impl UpdateCustomRole {
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Updated(_) => None,
            Self::ChangedMeanwhile => Some("CHANGED_MEANWHILE"),
            Self::Faulty(fault) => Some(fault.as_str()),
            Self::NotNow(unready) => Some(unready.as_str()),
        }
    }
}

impl Services {
    /// Changes a role. Who may call: rule `AccountOwnerOrAdmin` with `roles.manage`.
    pub async fn update_custom_role(
        &self,
        caller: &Caller,
        id: RoleId,
        change: &RoleChange,
    ) -> Result<UpdateCustomRole, Error> {
        caller.signed_in()?;
        let name = change.name.as_deref().map(|name| checked_name("name", name)).transpose()?;
        let change = RoleChange { name: name.map(str::to_owned), ..change.clone() };
        let outcome = transact!(self.store(), |tx| self.redefine(&mut tx, caller, id, &change))?;
        let (outcome, account) = outcome;
        if let Some(reason) = outcome.refusal() {
            self.record_refused_role(caller, account, Some(id), reason).await?;
        }
        Ok(outcome)
    }

    async fn redefine(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: RoleId,
        change: &RoleChange,
    ) -> Result<(UpdateCustomRole, AccountId), Error> {
        let (old, account, mine) = self.role_to_change(tx, caller, id).await?;
        let outcome = self.redefined(tx, caller, (&old, mine), &account, change).await?;
        Ok((outcome, account.id))
    }

    async fn redefined(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        (old, mine): (&CustomRole, Held),
        account: &Account,
        change: &RoleChange,
    ) -> Result<UpdateCustomRole, Error> {
        let (store, now, id) = (self.store(), self.now(), old.id);
        if let Some(unready) = self.why_not_now(tx, caller).await? {
            return Ok(UpdateCustomRole::NotNow(unready));
        }
        if change.version.is_some_and(|version| version != old.version) {
            return Ok(UpdateCustomRole::ChangedMeanwhile);
        }
        let new = CustomRole {
            name: change.name.clone().unwrap_or_else(|| old.name.clone()),
            permissions: change.permissions.unwrap_or(old.permissions),
            version: old.version.saturating_add(1),
            ..old.clone()
        };
        if !mine.covers(old.held()) {
            return Ok(UpdateCustomRole::Faulty(RoleFault::MoreThanHeld));
        }
        if let Some(fault) = fault(mine, id, new.base, new.permissions) {
            return Ok(UpdateCustomRole::Faulty(fault));
        }
        if (&new.name, new.permissions) == (&old.name, old.permissions) {
            return Ok(UpdateCustomRole::Updated(Box::new(old.clone())));
        }
        if self.name_is_taken(tx, account.id, &new.name, Some(id)).await? {
            return Ok(UpdateCustomRole::Faulty(RoleFault::NameTaken));
        }
        if !store.account_roles.claim_change(tx, &new).await? {
            return Err(Error::Defect("a custom role changed within a transaction"));
        }
        let mut happening = Happening::new(caller, now, AuditAction::CustomRoleChanged).detail("role", id);
        if new.name != old.name {
            happening = happening.detail("name", "changed");
        }
        for (name, list) in [
            ("given", new.permissions.without(old.permissions)),
            ("taken", old.permissions.without(new.permissions)),
        ] {
            if !list.is_empty() {
                happening = happening.detail(name, list);
            }
        }
        store.audit_events.insert(tx, &happening.events(&scopes_of_account(account))).await?;
        Ok(UpdateCustomRole::Updated(Box::new(new)))
    }
}
