//! The conditional update behind a `claim_*`.

use bson::Document;
use mongodb::Collection;
use mongodb::options::ReturnDocument;
use serde::de::DeserializeOwned;

use super::deadline::max_time;
use super::{StoreError, Tx};

/// The one document that the condition holds for, changed; nothing when there is none. Of two calls at once that both would make
/// the condition false, one gets it.
pub(super) async fn change_one<D>(
    docs: &Collection<D>,
    tx: &mut Tx,
    condition: Document,
    update: Document,
) -> Result<Option<D>, StoreError>
where
    D: DeserializeOwned + Send + Sync,
{
    let changed = docs
        .find_one_and_update(condition, update)
        .return_document(ReturnDocument::After)
        .session(&mut tx.session)
        .max_time(max_time())
        .await?;
    Ok(changed)
}
