//! Who is told: the people who answer for a place.

use super::{Error, Services};
use crate::domain::{Authority, Memberships, UserId};
use crate::store::Tx;

impl Services {
    /// The Owner of the place whose role entitled the requester; for a portfolio also the Owners of the person's
    /// accounts in it.
    pub(super) async fn owners_concerned(
        &self,
        tx: &mut Tx,
        authority: Authority,
        target: &Memberships,
    ) -> Result<Vec<UserId>, Error> {
        let mut owners = Vec::new();
        match authority {
            Authority::Account { account_id, .. } => {
                let account = self.store().accounts.find_in(tx, account_id).await?;
                owners.extend(account.and_then(|account| account.owner_id));
            }
            Authority::Portfolio { portfolio_id, .. } => {
                let portfolio = self.store().portfolios.find_in(tx, portfolio_id).await?;
                owners.extend(portfolio.and_then(|portfolio| portfolio.owner_id));
                for place in target.accounts.iter().filter(|m| m.portfolio_id == Some(portfolio_id)) {
                    let account = self.store().accounts.find_in(tx, place.account_id).await?;
                    owners.extend(account.and_then(|account| account.owner_id));
                }
            }
        }
        owners.sort_unstable();
        owners.dedup();
        Ok(owners)
    }
}
