//! Many things by their keys, each with one command however many keys there are. What is absent is left out.
//!
//! These do not ask who is asking: whoever uses them either shows a thing only where `sight` allows it, or reached it
//! from something that entitles to see it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::domain::mfa_reset::RESET_WINDOW;
use crate::domain::{
    Account, AccountId, AccountMembership, CustomRole, MfaReset, MfaResetId, Portfolio, PortfolioId,
    PortfolioMembership, RoleId, User, UserId,
};
use crate::service::{Caller, Error, Services};

fn by_key<K: Hash + Eq, V>(items: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, Arc<V>> {
    items.into_iter().map(|item| (key(&item), Arc::new(item))).collect()
}

fn grouped<V>(items: Vec<V>, user: impl Fn(&V) -> UserId) -> HashMap<UserId, Arc<Vec<V>>> {
    let mut groups: HashMap<UserId, Vec<V>> = HashMap::new();
    for item in items {
        groups.entry(user(&item)).or_default().push(item);
    }
    groups.into_iter().map(|(user, group)| (user, Arc::new(group))).collect()
}

/// The ids other than the caller's own: the caller's places were read when the request began.
fn others(caller: &Caller, ids: &[UserId]) -> Vec<UserId> {
    let own = caller.actor.user_id();
    ids.iter().copied().filter(|id| Some(*id) != own).collect()
}

impl Services {
    /// People.
    pub async fn users_by_id(&self, ids: &[UserId]) -> Result<HashMap<UserId, Arc<User>>, Error> {
        Ok(by_key(self.store().users.find_many(ids).await?, |user| user.id))
    }

    /// Accounts.
    pub async fn accounts_by_id(&self, ids: &[AccountId]) -> Result<HashMap<AccountId, Arc<Account>>, Error> {
        Ok(by_key(self.store().accounts.find_many(ids).await?, |account| account.id))
    }

    /// Portfolios.
    pub async fn portfolios_by_id(
        &self,
        ids: &[PortfolioId],
    ) -> Result<HashMap<PortfolioId, Arc<Portfolio>>, Error> {
        Ok(by_key(self.store().portfolios.find_many(ids).await?, |portfolio| portfolio.id))
    }

    /// Resets.
    pub async fn resets_by_id(
        &self,
        ids: &[MfaResetId],
    ) -> Result<HashMap<MfaResetId, Arc<MfaReset>>, Error> {
        Ok(by_key(self.store().mfa_resets.find_many(ids).await?, |reset| reset.id))
    }

    /// Custom roles.
    pub async fn roles_by_id(&self, ids: &[RoleId]) -> Result<HashMap<RoleId, Arc<CustomRole>>, Error> {
        Ok(by_key(self.store().account_roles.find_many(ids).await?, |role| role.id))
    }

    /// Every account place of these people.
    pub async fn account_places_of(
        &self,
        caller: &Caller,
        ids: &[UserId],
    ) -> Result<HashMap<UserId, Arc<Vec<AccountMembership>>>, Error> {
        let mut places = self.store().account_members.of_users(&others(caller, ids)).await?;
        if let Some(person) = caller.actor.present().filter(|person| ids.contains(&person.user_id)) {
            places.extend(person.memberships.accounts.iter().cloned());
        }
        Ok(grouped(places, |place| place.user_id))
    }

    /// Every portfolio place of these people.
    pub async fn portfolio_places_of(
        &self,
        caller: &Caller,
        ids: &[UserId],
    ) -> Result<HashMap<UserId, Arc<Vec<PortfolioMembership>>>, Error> {
        let mut places = self.store().portfolio_members.of_users(&others(caller, ids)).await?;
        if let Some(person) = caller.actor.present().filter(|person| ids.contains(&person.user_id)) {
            places.extend(person.memberships.portfolios.iter().cloned());
        }
        Ok(grouped(places, |place| place.user_id))
    }

    /// What waits for these people.
    pub async fn pending_resets_of(&self, ids: &[UserId]) -> Result<HashMap<UserId, Arc<MfaReset>>, Error> {
        let waiting = self.store().mfa_resets.pending_of(ids, self.now()).await?;
        Ok(by_key(waiting, |reset| reset.user_id))
    }

    /// How many resets of these people were asked for within the window that bounds them.
    pub async fn recent_resets_of(&self, ids: &[UserId]) -> Result<HashMap<UserId, u64>, Error> {
        let mut counts = HashMap::new();
        for user in self.store().mfa_resets.requested_of(ids, self.now() - RESET_WINDOW).await? {
            *counts.entry(user).or_default() += 1;
        }
        Ok(counts)
    }
}
