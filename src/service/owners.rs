//! Who is told about the security of a place: the security contact of an account, and where it matters to the account as a
//! whole its Owner as well; the Portfolio Owner of a portfolio.

use super::{Error, Services};
use crate::domain::{Account, AccountId, Authority, Memberships, PortfolioId, UserId};
use crate::store::Tx;

/// Places whose people are told at once, at most: a mail to more says nothing more.
const PLACES_TOLD: usize = 100;

/// Who of an account is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// The security contact.
    Contact,
    /// The security contact and the Owner: where somebody may be abusing a role, or who manages the account's people
    /// changes.
    ContactAndOwner,
}

impl Told {
    /// The people of an account, each once.
    pub(super) fn of(self, account: &Account) -> Vec<UserId> {
        let owner = account.owner_id.filter(|_| self == Self::ContactAndOwner);
        let mut told: Vec<UserId> = account.security_contact().into_iter().chain(owner).collect();
        told.dedup();
        told
    }
}

impl Services {
    /// The people told for the place whose role entitled the requester; for a portfolio its Owner, and the people told
    /// for the person's accounts in it.
    pub(super) async fn people_concerned(
        &self,
        tx: &mut Tx,
        authority: Authority,
        target: &Memberships,
        told: Told,
    ) -> Result<Vec<UserId>, Error> {
        let mut people = Vec::new();
        let accounts: Vec<_> = match authority {
            Authority::Account { account_id, .. } => vec![account_id],
            Authority::Portfolio { portfolio_id, .. } => {
                let portfolio = self.store().portfolios.find_in(tx, portfolio_id).await?;
                people.extend(portfolio.and_then(|portfolio| portfolio.owner_id));
                let linked = target.accounts.iter().filter(|m| m.portfolio_id == Some(portfolio_id));
                linked.map(|place| place.account_id).collect()
            }
        };
        for account_id in accounts {
            if let Some(account) = self.store().accounts.find_in(tx, account_id).await? {
                people.extend(told.of(&account));
            }
        }
        people.sort_unstable();
        people.dedup();
        Ok(people)
    }

    /// The people told for all places of a person, each once; at most a hundred accounts and a hundred portfolios.
    pub(super) async fn people_of_places(
        &self,
        tx: &mut Tx,
        places: &Memberships,
        told: Told,
    ) -> Result<Vec<UserId>, Error> {
        let accounts: Vec<AccountId> =
            places.accounts.iter().map(|place| place.account_id).take(PLACES_TOLD).collect();
        let portfolios: Vec<PortfolioId> =
            places.portfolios.iter().map(|place| place.portfolio_id).take(PLACES_TOLD).collect();
        let accounts = self.store().accounts.find_many_in(tx, &accounts).await?;
        let portfolios = self.store().portfolios.find_many_in(tx, &portfolios).await?;
        let mut people: Vec<UserId> = accounts.iter().flat_map(|account| told.of(account)).collect();
        people.extend(portfolios.iter().filter_map(|portfolio| portfolio.owner_id));
        people.sort_unstable();
        people.dedup();
        Ok(people)
    }

    /// The people told for the places of a person that had nothing to do with a reset: whoever is told of it anyway, and the
    /// person, left out.
    pub(super) async fn people_elsewhere(
        &self,
        tx: &mut Tx,
        person: UserId,
        places: &Memberships,
        anyway: &[UserId],
        told: Told,
    ) -> Result<Vec<UserId>, Error> {
        let mut people = self.people_of_places(tx, places, told).await?;
        people.retain(|one| *one != person && !anyway.contains(one));
        Ok(people)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AccountId, MfaPolicy};
    use time::macros::datetime;

    #[test]
    fn the_chosen_contact_is_told_and_the_owner_by_default() {
        let now = datetime!(2026-11-24 12:00 UTC);
        let (owner, admin) = (UserId::generate(now), UserId::generate(now));
        let account = |owner_id, chosen_contact| Account {
            id: AccountId::generate(now),
            name: "Acme".to_owned(),
            name_key: "acme".to_owned(),
            created_at: now,
            portfolio_id: None,
            mfa_policy: MfaPolicy::default(),
            member_count: 2,
            owner_id,
            chosen_contact,
        };
        for (account, contact, both) in [
            (account(Some(owner), None), vec![owner], vec![owner]),
            (account(Some(owner), Some(admin)), vec![admin], vec![admin, owner]),
            (account(None, Some(admin)), vec![admin], vec![admin]),
            (account(None, None), vec![], vec![]),
        ] {
            assert_eq!(Told::Contact.of(&account), contact);
            assert_eq!(Told::ContactAndOwner.of(&account), both);
        }
    }
}
