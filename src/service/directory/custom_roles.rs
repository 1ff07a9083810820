//! The custom roles of an account.

use super::COUNT_BOUND;
use crate::domain::key::name_key;
use crate::domain::{Account, Action, CustomRole, Page, PageRequest};
use crate::service::{Caller, Error, Services};

/// A place in a list of custom roles: the name's key, which is unique in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolePlace(pub String);

impl Services {
    /// A page of an account's custom roles, by name. Who may call: rule `AccountMemberOrPortfolioAdmin`.
    pub async fn list_custom_roles(
        &self,
        caller: &Caller,
        account: &Account,
        request: &PageRequest<RolePlace>,
    ) -> Result<Page<(CustomRole, RolePlace)>, Error> {
        caller.over_account(Action::ViewAccountRoles, account)?;
        let request = request.clone().map_places(|RolePlace(key)| key);
        let page = self.store().account_roles.list(account.id, &request).await?;
        Ok(page.map(|role| {
            let place = RolePlace(name_key(&role.name));
            (role, place)
        }))
    }

    /// How many there are. Who may call: rule `AccountMemberOrPortfolioAdmin`.
    pub async fn count_custom_roles(&self, caller: &Caller, account: &Account) -> Result<u64, Error> {
        caller.over_account(Action::ViewAccountRoles, account)?;
        Ok(self.store().account_roles.count(account.id, COUNT_BOUND).await?)
    }
}
