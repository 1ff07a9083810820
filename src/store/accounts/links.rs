//! Which portfolio links an account: at most one, and each step on the condition that it is the one that was looked at.

use bson::doc;

use super::Accounts;
use crate::domain::{AccountId, PortfolioId};
use crate::store::deadline::max_time;
use crate::store::{StoreError, Tx};

impl Accounts {
    /// Lets a portfolio link an account that none links: true when this call did it.
    pub async fn claim_link(
        &self,
        tx: &mut Tx,
        id: AccountId,
        portfolio: PortfolioId,
    ) -> Result<bool, StoreError> {
        let filter = doc! {
            "_id": id,
            "portfolio_id": { "$exists": false },
            "closed_at": { "$exists": false },
        };
        let update = doc! { "$set": { "portfolio_id": portfolio }, "$inc": { "version": 1_i64 } };
        self.claim(tx, filter, update).await
    }

    /// Takes an account out of a portfolio: true when the portfolio linked it and this call did it.
    pub async fn claim_unlink(
        &self,
        tx: &mut Tx,
        id: AccountId,
        portfolio: PortfolioId,
    ) -> Result<bool, StoreError> {
        let update = doc! { "$unset": { "portfolio_id": "" }, "$inc": { "version": 1_i64 } };
        self.claim(tx, doc! { "_id": id, "portfolio_id": portfolio }, update).await
    }

    /// Touches an account that a portfolio links: false when it does not link it (any more). See `Accounts::touch`.
    pub async fn touch_linked(
        &self,
        tx: &mut Tx,
        id: AccountId,
        portfolio: PortfolioId,
    ) -> Result<bool, StoreError> {
        let update = doc! { "$inc": { "version": 1_i64 } };
        self.claim(tx, doc! { "_id": id, "portfolio_id": portfolio }, update).await
    }

    /// Whether a portfolio links any account, as the transaction sees it.
    pub async fn any_linked_in(&self, tx: &mut Tx, portfolio: PortfolioId) -> Result<bool, StoreError> {
        let found = self
            .docs
            .find_one(doc! { "portfolio_id": portfolio })
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        Ok(found.is_some())
    }
}
