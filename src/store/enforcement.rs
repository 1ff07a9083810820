//! A person's places together with what is enforced there: one command, as without.

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::Collection;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::accounts::PolicyDoc;
use super::deadline::max_time;
use crate::domain::{MfaPolicy, UserId};

/// Where the policies of places stand.
pub(super) struct Policies {
    /// The accounts or the portfolios.
    pub collection: &'static str,
    /// The field of a membership that names its account or portfolio.
    pub field: &'static str,
}

#[derive(Deserialize)]
struct PlaceWithPolicy<P> {
    #[serde(flatten)]
    place: P,
    enforcing: Vec<Enforcing>,
}

#[derive(Deserialize)]
struct Enforcing {
    mfa_policy: PolicyDoc,
}

impl Policies {
    /// Every place of a person among these memberships, read as `fields`, and the MFA policies of those that enforce.
    pub async fn with_places_of<P: DeserializeOwned + Send + Sync + Unpin>(
        &self,
        memberships: &Collection<Document>,
        fields: Document,
        user: UserId,
    ) -> Result<(Vec<P>, Vec<MfaPolicy>), StoreError> {
        let pipeline = [
            doc! { "$match": { "user_id": user } },
            doc! { "$project": fields },
            doc! { "$lookup": {
                "from": self.collection, "localField": self.field, "foreignField": "_id", "as": "enforcing",
                "pipeline": [{ "$match": { "mfa_policy.enforced": true } }, { "$project": { "_id": 0, "mfa_policy": 1 } }],
            } },
        ];
        let mut rows = memberships
            .aggregate(pipeline)
            .batch_size(100_000)
            .max_time(max_time())
            .with_type::<PlaceWithPolicy<P>>()
            .await?;
        let (mut places, mut policies) = (Vec::new(), Vec::new());
        while let Some(row) = rows.try_next().await? {
            places.push(row.place);
            policies.extend(row.enforcing.into_iter().map(|place| place.mfa_policy.into()));
        }
        Ok((places, policies))
    }
}
