//! Taking away what is stored about one person, but for an id: `holdings` says where that is.

use std::time::Duration;

use bson::{Bson, Document, doc};
use futures_util::TryStreamExt;
use time::OffsetDateTime;

use super::deadline::{max_time, max_time_of};
use super::holdings::look_through;
use super::when::date;
use super::{
    Store, StoreError, Tx, device_challenges, devices, invitations, mail_links, mfa_resets, outbox,
    recoveries, recovery_contacts, sessions, tickets, users,
};
use crate::domain::erasure::{ERASED_NAME, erased_email};
use crate::domain::key::{EmailKey, name_key};
use crate::domain::{InvitationState, MfaResetState, RecoveryState, Scope, UserId};

/// Documents that are a person's own and nobody else's.
const OWN: [&str; 5] = [
    sessions::COLLECTION,
    tickets::COLLECTION,
    device_challenges::COLLECTION,
    devices::COLLECTION,
    mail_links::COLLECTION,
];

/// What tells that a person was not erased; log-ins ask for it.
pub(super) fn not_erased(mut filter: Document) -> Document {
    filter.insert("erased_at", doc! { "$exists": false });
    filter
}

/// Looking through a collection may take as long as a transaction lives (`transactionLifetimeLimitSeconds`).
const LOOK_THROUGH: Duration = Duration::from_secs(60);

impl Store {
    /// Takes back the invitations to a place that somebody sent and nobody has answered.
    pub async fn revoke_invitations_by(
        &self,
        tx: &mut Tx,
        scope: Scope,
        by: UserId,
    ) -> Result<(), StoreError> {
        let pending = InvitationState::Pending.as_str();
        let filter = doc! { "scope": scope.to_string(), "state": pending, "invited_by": by };
        let update = doc! { "$set": { "state": InvitationState::Revoked.as_str() } };
        let invitations = self.db.collection::<Document>(invitations::COLLECTION);
        invitations.update_many(filter, update).session(&mut tx.session).await?;
        Ok(())
    }

    /// Puts a place-holder in the place of a person and takes away what hangs on them: false when that was done before. The
    /// person must be in no place any more.
    pub async fn claim_erasure(
        &self,
        tx: &mut Tx,
        user: UserId,
        email: &EmailKey,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let nowhere = erased_email(user);
        let people = self.db.collection::<Document>(users::COLLECTION);
        // All of it, not only the fields that this version knows: whatever a person's document holds is about them.
        let left = vec![doc! { "$replaceWith": {
            "_id": "$_id", "created_at": "$created_at", "email": &nowhere, "email_key": &nowhere,
            "name": ERASED_NAME, "name_key": name_key(ERASED_NAME), "erased_at": date(now),
        } }];
        let filter = not_erased(doc! { "_id": user, "email_key": email.as_str() });
        let done = people.update_one(filter, left).session(&mut tx.session).await?;
        if done.modified_count == 0 {
            return Ok(false);
        }
        let of_user = doc! { "user_id": user };
        for collection in OWN {
            let documents = self.db.collection::<Document>(collection);
            documents.delete_many(of_user.clone()).session(&mut tx.session).await?;
        }
        let resets = self.db.collection::<Document>(mfa_resets::COLLECTION);
        // Words of others about them.
        let words = doc! { "$unset": { "reason": "" } };
        resets.update_many(of_user.clone(), words).session(&mut tx.session).await?;
        let waiting = doc! { "user_id": user, "state": MfaResetState::Pending.as_str() };
        let closed = doc! { "$set": { "state": MfaResetState::Cancelled.as_str(), "closed_at": date(now) } };
        resets.update_many(waiting, closed).session(&mut tx.session).await?;
        let recoveries = self.db.collection::<Document>(recoveries::COLLECTION);
        let waiting = doc! { "user_id": user, "state": RecoveryState::Pending.as_str() };
        let closed = doc! { "$set": { "state": RecoveryState::Stopped.as_str(), "closed_at": date(now) } };
        recoveries.update_many(waiting, closed).session(&mut tx.session).await?;
        self.forget_invitations_to(tx, email).await?;
        Ok(true)
    }

    /// Deletes the invitations to an address, with their mail, which may have noted what a mail server said of it.
    async fn forget_invitations_to(&self, tx: &mut Tx, email: &EmailKey) -> Result<(), StoreError> {
        let invitations = self.db.collection::<Document>(invitations::COLLECTION);
        let to_them = doc! { "email_key": email.as_str() };
        let mut found = invitations
            .find(to_them.clone())
            .projection(doc! { "_id": 1 })
            .hint(look_through())
            .max_time(max_time_of(LOOK_THROUGH))
            .session(&mut tx.session)
            .await?;
        let found: Vec<Document> = found.stream(&mut tx.session).try_collect().await?;
        if found.is_empty() {
            return Ok(());
        }
        let ids: Vec<&Bson> = found.iter().filter_map(|invitation| invitation.get("_id")).collect();
        let mail = self.db.collection::<Document>(outbox::COLLECTION);
        let their_mail = doc! { "what.invitation_id": { "$in": ids } };
        mail.delete_many(their_mail).hint(look_through()).session(&mut tx.session).await?;
        invitations.delete_many(to_them).hint(look_through()).session(&mut tx.session).await?;
        Ok(())
    }

    /// Takes away what requests under way at the moment of erasing wrote, mail to the person, and the person as a recovery
    /// contact. May run as often as one likes, for somebody who was erased.
    pub async fn sweep_erased(&self, user: UserId) -> Result<(), StoreError> {
        let of_user = doc! { "user_id": user };
        for collection in OWN {
            self.db.collection::<Document>(collection).delete_many(of_user.clone()).await?;
        }
        let people = self.db.collection::<Document>(users::COLLECTION);
        let erased = doc! { "_id": user, "erased_at": { "$exists": true } };
        people.update_one(erased, doc! { "$unset": { "password": "", "mfa": "" } }).await?;
        let mail = self.db.collection::<Document>(outbox::COLLECTION);
        mail.delete_many(doc! { "to": user }).hint(look_through()).await?;
        let contacts = self.db.collection::<Document>(recovery_contacts::COLLECTION);
        for list in ["contacts", "next.contacts"] {
            let named = doc! { list: user };
            contacts.update_many(named, doc! { "$pull": { list: user } }).hint(look_through()).await?;
        }
        Ok(())
    }

    /// When a person was erased.
    pub async fn erased_at(&self, user: UserId) -> Result<Option<OffsetDateTime>, StoreError> {
        let people = self.db.collection::<Document>(users::COLLECTION);
        let found = people.find_one(doc! { "_id": user }).projection(doc! { "erased_at": 1 });
        let found = found.max_time(max_time()).await?;
        Ok(found.and_then(|person| match person.get("erased_at") {
            Some(Bson::DateTime(at)) => Some(at.to_time_0_3()),
            _ => None,
        }))
    }
}
