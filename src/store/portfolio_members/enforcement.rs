//! A person's places together with what is enforced there: one command, as without.

use bson::doc;
use futures_util::TryStreamExt;
use serde::Deserialize;

use super::{PlaceDoc, PortfolioMembers, place_fields};
use crate::domain::{MfaPolicy, PortfolioMembership, UserId};
use crate::store::StoreError;
use crate::store::accounts::PolicyDoc;
use crate::store::deadline::max_time;
use crate::store::portfolios;

#[derive(Deserialize)]
struct PlaceWithPolicy {
    #[serde(flatten)]
    place: PlaceDoc,
    enforcing: Vec<Enforcing>,
}

#[derive(Deserialize)]
struct Enforcing {
    mfa_policy: PolicyDoc,
}

impl PortfolioMembers {
    /// Every portfolio place of a person, and the MFA policies of those that enforce.
    pub async fn of_user_with_enforcement(
        &self,
        user: UserId,
    ) -> Result<(Vec<PortfolioMembership>, Vec<MfaPolicy>), StoreError> {
        let pipeline = [
            doc! { "$match": { "user_id": user } },
            doc! { "$project": place_fields() },
            doc! { "$lookup": {
                "from": portfolios::COLLECTION, "localField": "portfolio_id", "foreignField": "_id", "as": "enforcing",
                "pipeline": [{ "$match": { "mfa_policy.enforced": true } }, { "$project": { "_id": 0, "mfa_policy": 1 } }],
            } },
        ];
        let mut rows = self
            .docs
            .aggregate(pipeline)
            .batch_size(100_000)
            .max_time(max_time())
            .with_type::<PlaceWithPolicy>()
            .await?;
        let (mut found, mut policies) = (Vec::new(), Vec::new());
        while let Some(row) = rows.try_next().await? {
            found.push(row.place.into());
            policies.extend(row.enforcing.into_iter().map(|place| place.mfa_policy.into()));
        }
        Ok((found, policies))
    }
}
