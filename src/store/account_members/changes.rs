//! One membership at a time: looking it up in a transaction, changing its role, ending it. Whoever calls these also
//! touches the account (`Accounts::touch`), which counts its people and keeps commands on one account in a row.

use bson::doc;
use futures_util::TryStreamExt;

use super::{AccountMembers, PlaceDoc, by_key, place_fields};
use crate::domain::policy::Held;
use crate::domain::{AccountId, AccountMembership, UserId};
use crate::store::deadline::max_time;
use crate::store::{StoreError, Tx};

impl AccountMembers {
    /// One person's place in one account, as the transaction sees it.
    pub async fn find_in(
        &self,
        tx: &mut Tx,
        account: AccountId,
        user: UserId,
    ) -> Result<Option<AccountMembership>, StoreError> {
        let found = self
            .docs
            .clone_with_type::<PlaceDoc>()
            .find_one(by_key(account, user))
            .projection(place_fields())
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        let found = found.map(AccountMembership::from).into_iter().collect();
        Ok(self.held_in(tx, found).await?.pop())
    }

    /// The places of these people in these accounts, as the transaction sees them.
    pub async fn among_in(
        &self,
        tx: &mut Tx,
        accounts: &[AccountId],
        users: &[UserId],
    ) -> Result<Vec<AccountMembership>, StoreError> {
        let mut cursor = self
            .docs
            .clone_with_type::<PlaceDoc>()
            .find(doc! { "user_id": { "$in": users }, "account_id": { "$in": accounts } })
            .projection(place_fields())
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        let places: Vec<PlaceDoc> = cursor.stream(&mut tx.session).try_collect().await?;
        self.held_in(tx, places.into_iter().map(AccountMembership::from).collect()).await
    }

    /// Changes a role, but only the one that was looked at: true when this call did it.
    pub async fn claim_role(
        &self,
        tx: &mut Tx,
        account: AccountId,
        user: UserId,
        from: Held,
        to: Held,
    ) -> Result<bool, StoreError> {
        let mut filter = by_key(account, user);
        filter.insert("role", from.role.as_str());
        // Null stands for absence: the equality lets documents without the field through.
        filter.insert("custom_role_id", from.custom);
        let update = match to.custom {
            Some(id) => doc! { "$set": { "role": to.role.as_str(), "custom_role_id": id } },
            None => doc! { "$set": { "role": to.role.as_str() }, "$unset": { "custom_role_id": "" } },
        };
        let result = self.docs.update_one(filter, update).session(&mut tx.session).await?;
        Ok(result.modified_count == 1)
    }

    /// Takes a person out of an account: true when this call did it.
    pub async fn claim_removal(
        &self,
        tx: &mut Tx,
        account: AccountId,
        user: UserId,
    ) -> Result<bool, StoreError> {
        let result = self.docs.delete_one(by_key(account, user)).session(&mut tx.session).await?;
        Ok(result.deleted_count == 1)
    }

    /// Some of the people of an account, as the transaction sees it; at most `limit`.
    pub async fn some_in(
        &self,
        tx: &mut Tx,
        account: AccountId,
        limit: i64,
    ) -> Result<Vec<UserId>, StoreError> {
        let mut cursor = self
            .docs
            .clone_with_type::<PlaceDoc>()
            .find(doc! { "account_id": account })
            .sort(doc! { "name_key": 1, "user_id": 1 })
            .projection(place_fields())
            .limit(limit)
            .session(&mut tx.session)
            .max_time(max_time())
            .await?;
        let places: Vec<PlaceDoc> = cursor.stream(&mut tx.session).try_collect().await?;
        Ok(places.into_iter().map(|place| place.user_id).collect())
    }

    /// Takes these people out of an account: how many were in it.
    pub async fn remove_many(
        &self,
        tx: &mut Tx,
        account: AccountId,
        users: &[UserId],
    ) -> Result<u64, StoreError> {
        let filter = doc! { "user_id": { "$in": users }, "account_id": account };
        Ok(self.docs.delete_many(filter).session(&mut tx.session).await?.deleted_count)
    }
}
