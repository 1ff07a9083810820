//! Endpoints that accounts have their audit events sent to. Their secrets are sealed; nothing but the worker reads them.

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::deadline::max_time;
use super::when::{self, date};
use super::{StoreError, Tx};
use crate::crypto::Sealed;
use crate::domain::{AccountId, AuditAction, UserId, Webhook, WebhookId, WebhookState};

/// The collection's name.
pub const COLLECTION: &str = "webhooks";
/// Where secrets are sealed, for the keyring; the owner is the webhook.
pub const SECRET_PLACE: &str = "webhooks.secret";

#[derive(Serialize, Deserialize)]
struct WebhookDoc {
    #[serde(rename = "_id")]
    id: WebhookId,
    account_id: AccountId,
    url: String,
    /// Absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actions: Option<Vec<String>>,
    state: WebhookState,
    sealed: Sealed,
    /// The secret that was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    old_sealed: Option<Sealed>,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    old_until: Option<OffsetDateTime>,
    created_by: UserId,
    #[serde(with = "when")]
    created_at: OffsetDateTime,
    #[serde(default, with = "when::option", skip_serializing_if = "Option::is_none")]
    failing_since: Option<OffsetDateTime>,
    version: i64,
}

/// Names that this version does not know mean nothing to it: a later one may have written them.
fn known(names: &[String]) -> Vec<AuditAction> {
    AuditAction::ALL
        .iter()
        .filter(|action| names.iter().any(|name| name == action.as_str()))
        .copied()
        .collect()
}

fn names(actions: &[AuditAction]) -> Vec<&'static str> {
    actions.iter().map(|action| action.as_str()).collect()
}

impl From<WebhookDoc> for Webhook {
    fn from(doc: WebhookDoc) -> Self {
        Self {
            id: doc.id,
            account_id: doc.account_id,
            url: doc.url,
            actions: doc.actions.as_deref().map(known),
            state: doc.state,
            created_by: doc.created_by,
            created_at: doc.created_at,
            failing_since: doc.failing_since,
            old_secret_until: doc.old_until,
            version: doc.version,
        }
    }
}

/// A webhook with what signs.
#[derive(Debug, Clone)]
pub struct SignedWebhook {
    /// The webhook.
    pub webhook: Webhook,
    /// Its secret.
    pub secret: Sealed,
    /// The one that was replaced, whether it still signs or not.
    pub old_secret: Option<Sealed>,
}

/// Endpoints that accounts have their audit events sent to.
#[derive(Clone)]
pub struct Webhooks {
    docs: Collection<WebhookDoc>,
}

impl Webhooks {
    pub(super) fn new(db: &Database) -> Self {
        Self { docs: db.collection(COLLECTION) }
    }

    /// One webhook.
    pub async fn find(&self, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        Ok(self.docs.find_one(doc! { "_id": id }).max_time(max_time()).await?.map(Webhook::from))
    }

    /// One webhook as the transaction sees it.
    pub async fn find_in(&self, tx: &mut Tx, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        let found = self.docs.find_one(doc! { "_id": id }).session(&mut tx.session).max_time(max_time());
        Ok(found.await?.map(Webhook::from))
    }

    /// One webhook with its secrets, to send to it.
    pub async fn find_signed(&self, id: WebhookId) -> Result<Option<SignedWebhook>, StoreError> {
        let found = self.docs.find_one(doc! { "_id": id }).max_time(max_time()).await?;
        Ok(found.map(|doc| SignedWebhook {
            secret: doc.sealed.clone(),
            old_secret: doc.old_sealed.clone(),
            webhook: doc.into(),
        }))
    }

    /// All webhooks of an account, the oldest first; they are few.
    pub async fn of_account(&self, account: AccountId) -> Result<Vec<Webhook>, StoreError> {
        let found = self.docs.find(doc! { "account_id": account }).sort(doc! { "_id": 1 });
        Ok(found.max_time(max_time()).await?.map_ok(Webhook::from).try_collect().await?)
    }

    /// How many an account has, as the transaction sees it; counted up to `bound`.
    pub async fn count_in(&self, tx: &mut Tx, account: AccountId, bound: u64) -> Result<u64, StoreError> {
        let counting = self.docs.count_documents(doc! { "account_id": account }).limit(bound);
        Ok(counting.session(&mut tx.session).max_time(max_time()).await?)
    }

    /// The webhooks of these accounts to which events go, as the transaction sees them.
    pub async fn enabled_in(&self, tx: &mut Tx, accounts: &[AccountId]) -> Result<Vec<Webhook>, StoreError> {
        if accounts.is_empty() {
            return Ok(Vec::new());
        }
        let filter = doc! { "account_id": { "$in": accounts }, "state": WebhookState::Enabled.as_str() };
        let mut found = self.docs.find(filter).session(&mut tx.session).max_time(max_time()).await?;
        Ok(found.stream(&mut tx.session).map_ok(Webhook::from).try_collect().await?)
    }

    /// Stores a webhook.
    pub async fn insert(&self, tx: &mut Tx, webhook: &Webhook, secret: &Sealed) -> Result<(), StoreError> {
        let w = webhook.clone();
        let doc = WebhookDoc {
            id: w.id,
            account_id: w.account_id,
            url: w.url,
            actions: w.actions.map(|actions| names(&actions).into_iter().map(str::to_owned).collect()),
            state: w.state,
            sealed: secret.clone(),
            old_sealed: None,
            old_until: None,
            created_by: w.created_by,
            created_at: w.created_at,
            failing_since: None,
            version: w.version,
        };
        self.docs.insert_one(doc).session(&mut tx.session).await?;
        Ok(())
    }

    /// Changes where a webhook goes, what it is for and whether it is enabled to those of `new`, but only of the version
    /// before it: true when this call did it. How it fared so far is forgotten.
    pub async fn claim_change(&self, tx: &mut Tx, new: &Webhook) -> Result<bool, StoreError> {
        let mut set = doc! { "url": &new.url, "state": new.state.as_str(), "version": new.version };
        let mut unset = doc! { "failing_since": "" };
        match &new.actions {
            Some(actions) => set.insert("actions", names(actions)),
            None => unset.insert("actions", ""),
        };
        self.claim(tx, before(new), doc! { "$set": set, "$unset": unset }).await
    }

    /// Gives a webhook another secret, but only of the version before it: true when this call did it. The one until now
    /// goes on signing until then.
    pub async fn claim_secret(
        &self,
        tx: &mut Tx,
        new: &Webhook,
        secret: &Sealed,
        old_until: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        // A pipeline: the secret of now is moved as it is stored, also when it was sealed anew meanwhile.
        let update = vec![doc! { "$set": {
            "old_sealed": "$sealed", "old_until": date(old_until), "sealed": { "$literal": secret.as_str() },
            "version": new.version,
        } }];
        let result = self.docs.update_one(before(new), update).session(&mut tx.session).await?;
        Ok(result.modified_count == 1)
    }

    /// Drops a secret that was replaced and signs no more.
    pub async fn forget_old_secret(&self, id: WebhookId, now: OffsetDateTime) -> Result<(), StoreError> {
        let filter = doc! { "_id": id, "old_until": { "$lte": date(now) } };
        self.docs.update_one(filter, doc! { "$unset": { "old_sealed": "", "old_until": "" } }).await?;
        Ok(())
    }

    /// Deletes a webhook: true when this call did it. Its deliveries are closed when their turn comes.
    pub async fn claim_deletion(&self, tx: &mut Tx, id: WebhookId) -> Result<bool, StoreError> {
        let result = self.docs.delete_one(doc! { "_id": id }).session(&mut tx.session).await?;
        Ok(result.deleted_count == 1)
    }

    /// Deletes every webhook of an account that is being closed.
    pub async fn delete_all(&self, tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
        self.docs.delete_many(doc! { "account_id": account }).session(&mut tx.session).await?;
        Ok(())
    }

    /// Notes that an attempt failed, if the one before did not.
    pub async fn note_failing(&self, id: WebhookId, now: OffsetDateTime) -> Result<(), StoreError> {
        let filter = doc! { "_id": id, "failing_since": { "$exists": false } };
        self.docs.update_one(filter, doc! { "$set": { "failing_since": date(now) } }).await?;
        Ok(())
    }

    /// Notes that an attempt succeeded.
    pub async fn note_working(&self, id: WebhookId) -> Result<(), StoreError> {
        let filter = doc! { "_id": id, "failing_since": { "$exists": true } };
        self.docs.update_one(filter, doc! { "$unset": { "failing_since": "" } }).await?;
        Ok(())
    }

    /// Switches off a webhook that is enabled: true when this call did it. With `failing_since`, only one that has been
    /// failing since then or longer.
    pub async fn claim_stop(
        &self,
        tx: &mut Tx,
        id: WebhookId,
        state: WebhookState,
        failing_since: Option<OffsetDateTime>,
    ) -> Result<bool, StoreError> {
        let mut filter = doc! { "_id": id, "state": WebhookState::Enabled.as_str() };
        if let Some(since) = failing_since {
            filter.insert("failing_since", doc! { "$lte": date(since) });
        }
        let update = doc! { "$set": { "state": state.as_str() }, "$inc": { "version": 1_i64 } };
        self.claim(tx, filter, update).await
    }

    async fn claim(&self, tx: &mut Tx, filter: Document, update: Document) -> Result<bool, StoreError> {
        let result = self.docs.update_one(filter, update).session(&mut tx.session).await?;
        Ok(result.modified_count == 1)
    }
}

fn before(new: &Webhook) -> Document {
    doc! { "_id": new.id, "version": new.version.saturating_sub(1) }
}
