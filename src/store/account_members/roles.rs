//! What the roles of memberships hold: static ones by the policy's table, custom ones looked up, all of a read with one
//! command, and none where nobody of it has one.

use bson::doc;

use super::{AccountMembers, PlaceDoc};
use crate::domain::policy::Held;
use crate::domain::{AccountMembership, Permissions, RoleId};
use crate::store::account_roles::HeldById;
use crate::store::deadline::max_time;
use crate::store::{StoreError, Tx};

impl From<PlaceDoc> for AccountMembership {
    /// The holder of a custom role may do nothing until `give` says what the role holds.
    fn from(doc: PlaceDoc) -> Self {
        let place = Self::new(doc.account_id, doc.user_id, doc.role, doc.portfolio_id, doc.joined_at);
        match doc.custom_role_id {
            Some(id) => place.holding(Held::custom(id, doc.role, Permissions::NONE)),
            None => place,
        }
    }
}

fn named(places: &[AccountMembership]) -> Vec<RoleId> {
    let mut ids: Vec<RoleId> = places.iter().filter_map(|place| place.custom_role_id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// A role that is not found (it was deleted behind the read) lets nobody do anything.
fn give(places: &mut [AccountMembership], held: &HeldById) {
    for place in places {
        if let Some(found) = place.custom_role_id.and_then(|id| held.get(&id)) {
            *place = place.clone().holding(*found);
        }
    }
}

impl AccountMembers {
    pub(super) async fn held(
        &self,
        mut places: Vec<AccountMembership>,
    ) -> Result<Vec<AccountMembership>, StoreError> {
        let held = self.roles.held_by(&named(&places)).await?;
        give(&mut places, &held);
        Ok(places)
    }

    pub(super) async fn held_in(
        &self,
        tx: &mut Tx,
        mut places: Vec<AccountMembership>,
    ) -> Result<Vec<AccountMembership>, StoreError> {
        let held = self.roles.held_by_in(tx, &named(&places)).await?;
        give(&mut places, &held);
        Ok(places)
    }

    /// How many people hold a custom role, as the transaction sees it; counted up to `bound`.
    pub async fn count_holding(&self, tx: &mut Tx, role: RoleId, bound: u64) -> Result<u64, StoreError> {
        let filter = doc! { "custom_role_id": role };
        Ok(self
            .docs
            .count_documents(filter)
            .limit(bound)
            .session(&mut tx.session)
            .max_time(max_time())
            .await?)
    }
}
