//! Freezes: nobody may ask to reset a person's MFA for a while, or a person may ask for no resets for a while.

use bson::doc;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Users;
use crate::domain::{Disavowal, MfaResetId, UserId};
use crate::store::when::{self, date};
use crate::store::{StoreError, Tx};

#[derive(Serialize, Deserialize)]
pub(super) struct DisavowalDoc {
    #[serde(with = "when")]
    until: OffsetDateTime,
    reset_id: MfaResetId,
    requested_by: UserId,
}

impl From<DisavowalDoc> for Disavowal {
    fn from(doc: DisavowalDoc) -> Self {
        Self { until: doc.until, reset_id: doc.reset_id, requested_by: doc.requested_by }
    }
}

impl Users {
    /// Nobody may ask to reset a person's MFA until then.
    pub async fn freeze_resets(&self, tx: &mut Tx, id: UserId, why: Disavowal) -> Result<(), StoreError> {
        let frozen = doc! {
            "until": date(why.until), "reset_id": why.reset_id, "requested_by": why.requested_by,
        };
        self.change(tx, doc! { "_id": id }, doc! { "$set": { "disavowal": frozen } }).await?;
        Ok(())
    }

    /// Lifts that: true when this call did it.
    pub async fn claim_unfreeze_resets(
        &self,
        tx: &mut Tx,
        id: UserId,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let filter = doc! { "_id": id, "disavowal.until": { "$gt": date(now) } };
        self.change(tx, filter, doc! { "$unset": { "disavowal": "" } }).await
    }

    /// A person may ask for no resets until then: true when this call did it.
    pub async fn claim_freeze_asking(
        &self,
        tx: &mut Tx,
        id: UserId,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let filter = doc! { "_id": id, "asking_frozen_until": { "$not": { "$gt": date(now) } } };
        self.change(tx, filter, doc! { "$set": { "asking_frozen_until": date(until) } }).await
    }

    /// Lifts that: true when this call did it.
    pub async fn claim_unfreeze_asking(
        &self,
        tx: &mut Tx,
        id: UserId,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let filter = doc! { "_id": id, "asking_frozen_until": { "$gt": date(now) } };
        self.change(tx, filter, doc! { "$unset": { "asking_frozen_until": "" } }).await
    }
}
