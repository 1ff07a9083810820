//! One membership of a portfolio at a time: changing its role, ending it. Whoever calls these also touches the portfolio
//! (`Portfolios::touch`), which counts its people and keeps commands on one portfolio in a row.

use bson::{Document, doc};
use futures_util::TryStreamExt;

use super::{PlaceDoc, PortfolioMembers, place_fields};
use crate::domain::{PortfolioId, PortfolioRole, UserId};
use crate::store::deadline::max_time;
use crate::store::{StoreError, Tx};

fn by_key(portfolio: PortfolioId, user: UserId) -> Document {
    doc! { "_id": { "portfolio": portfolio, "user": user } }
}

impl PortfolioMembers {
    /// Changes a role, but only the one that was looked at: true when this call did it.
    pub async fn claim_role(
        &self,
        tx: &mut Tx,
        portfolio: PortfolioId,
        user: UserId,
        from: PortfolioRole,
        to: PortfolioRole,
    ) -> Result<bool, StoreError> {
        let mut filter = by_key(portfolio, user);
        filter.insert("role", from.as_str());
        let update = doc! { "$set": { "role": to.as_str() } };
        let result = self.docs.update_one(filter, update).session(&mut tx.session).await?;
        Ok(result.modified_count == 1)
    }

    /// Takes a person out of a portfolio: true when this call did it.
    pub async fn claim_removal(
        &self,
        tx: &mut Tx,
        portfolio: PortfolioId,
        user: UserId,
    ) -> Result<bool, StoreError> {
        let result = self.docs.delete_one(by_key(portfolio, user)).session(&mut tx.session).await?;
        Ok(result.deleted_count == 1)
    }

    /// Some of the people of a portfolio, as the transaction sees it; at most `limit`.
    pub async fn some_in(
        &self,
        tx: &mut Tx,
        portfolio: PortfolioId,
        limit: i64,
    ) -> Result<Vec<UserId>, StoreError> {
        let mut cursor = self
            .docs
            .clone_with_type::<PlaceDoc>()
            .find(doc! { "portfolio_id": portfolio })
            .sort(doc! { "name_key": 1, "user_id": 1 })
            .projection(place_fields())
            .limit(limit)
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        let places: Vec<PlaceDoc> = cursor.stream(&mut tx.session).try_collect().await?;
        Ok(places.into_iter().map(|place| place.user_id).collect())
    }

    /// Takes these people out of a portfolio: how many were in it.
    pub async fn remove_many(
        &self,
        tx: &mut Tx,
        portfolio: PortfolioId,
        users: &[UserId],
    ) -> Result<u64, StoreError> {
        let filter = doc! { "user_id": { "$in": users }, "portfolio_id": portfolio };
        Ok(self.docs.delete_many(filter).session(&mut tx.session).await?.deleted_count)
    }
}
