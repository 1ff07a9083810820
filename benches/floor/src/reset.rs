//! The bare transaction of a reset request: what has to be read to decide it, and everything that it writes. Before it, the
//! four counters that bound how many resets one person, one place and one network address may ask for, at the same time:
//! they stand outside the transaction, since what is counted must outlive one that is undone.

use std::time::Duration;

use bson::spec::BinarySubtype;
use bson::{Binary, DateTime, Document, Uuid, doc};
use futures_util::TryStreamExt as _;
use mongodb::ClientSession;
use mongodb::error::TRANSIENT_TRANSACTION_ERROR;
use mongodb::options::ReturnDocument;
use sha2::{Digest as _, Sha256};

use crate::{Failure, Floor, text_id};

fn new_id() -> Uuid {
    Uuid::from_uuid_1(uuid::Uuid::now_v7())
}

async fn places(
    floor: &Floor,
    session: &mut ClientSession,
    collection: &str,
    user: Uuid,
) -> mongodb::error::Result<Vec<Document>> {
    let fields =
        doc! { "_id": 0, "account_id": 1, "user_id": 1, "role": 1, "portfolio_id": 1, "joined_at": 1 };
    let docs = floor.docs::<Document>(collection);
    let mut found = docs.find(doc! { "user_id": user }).projection(fields).session(&mut *session).await?;
    found.stream(session).try_collect().await
}

async fn count(floor: &Floor, purpose: &str, subject: &[u8], hours: i64) -> Result<(), mongodb::error::Error> {
    let digest = Sha256::new_with_prefix(purpose).chain_update([0]).chain_update(subject).finalize();
    let digest = Binary { subtype: BinarySubtype::Generic, bytes: digest.to_vec() };
    let now = DateTime::now();
    let end = DateTime::from_millis(now.timestamp_millis() + hours * 3_600_000);
    let over = doc! { "$lte": [{ "$ifNull": ["$window_end", DateTime::from_millis(0)] }, now] };
    let update = vec![doc! { "$set": {
        "count": { "$cond": [over.clone(), 1_i64, { "$add": ["$count", 1_i64] }] },
        "window_end": { "$cond": [over, end, "$window_end"] },
    } }];
    // Beside the gateway's own counters, so that neither waits for the other's.
    let id = doc! { "_id": { "purpose": format!("floor_{purpose}"), "key": digest } };
    let docs = floor.docs::<Document>("throttles");
    docs.find_one_and_update(id, update).upsert(true).return_document(ReturnDocument::After).await?;
    Ok(())
}

async fn count_all(floor: &Floor, viewer: Uuid) -> Result<(), mongodb::error::Error> {
    let viewer = viewer.bytes();
    let (hour, day, place, ip) = tokio::join!(
        count(floor, "reset_actor_hour", &viewer, 1),
        count(floor, "reset_actor_day", &viewer, 24),
        count(floor, "reset_place", &viewer, 1),
        count(floor, "reset_ip", b"127.0.0.1", 1),
    );
    hour.and(day).and(place).and(ip)
}

async fn once(
    floor: &Floor,
    session: &mut ClientSession,
    viewer: Uuid,
    user: Uuid,
) -> mongodb::error::Result<(Uuid, DateTime)> {
    let now = DateTime::now();
    let later = DateTime::from_millis(now.timestamp_millis() + 12 * 3_600_000);
    session.start_transaction().await?;
    places(floor, session, "account_members", viewer).await?;
    places(floor, session, "portfolio_members", viewer).await?;
    let target = places(floor, session, "account_members", user).await?;
    places(floor, session, "portfolio_members", user).await?;
    let resets = floor.docs::<Document>("mfa_resets");
    let since = DateTime::from_millis(now.timestamp_millis() - 3_600_000);
    let mut recent = resets
        .find(doc! { "user_id": user, "requested_at": { "$gt": since } })
        .sort(doc! { "requested_at": -1 })
        .limit(5)
        .session(&mut *session)
        .await?;
    let _recent: Vec<Document> = recent.stream(session).try_collect().await?;
    let asked = doc! { "$set": { "mfa_reset_asked_at": now }, "$inc": { "version": 1 } };
    let with_mfa = doc! { "_id": user, "mfa": { "$exists": true } };
    floor.docs::<Document>("users").update_one(with_mfa, asked).session(&mut *session).await?;
    resets
        .find_one_and_update(
            doc! { "user_id": user, "state": "PENDING" },
            doc! { "$set": { "state": "SUPERSEDED", "closed_at": now } },
        )
        .session(&mut *session)
        .await?;
    let mut scopes: Vec<String> = Vec::new();
    for place in &target {
        for (field, prefix) in [("account_id", "account"), ("portfolio_id", "portfolio")] {
            let id = place.get(field).cloned().and_then(|id| bson::deserialize_from_bson::<Uuid>(id).ok());
            scopes.extend(id.and_then(|id| text_id(prefix, id).ok()));
        }
    }
    scopes.sort_unstable();
    scopes.dedup();
    let account = target.first().and_then(|place| place.get("account_id")).cloned();
    let id = new_id();
    let reset = doc! {
        "_id": id, "user_id": user, "requested_by": viewer,
        "authority": { "kind": "ACCOUNT", "account_id": account, "role": "ADMIN" }, "reason": "lost phone",
        "state": "PENDING", "requested_at": now, "expires_at": later, "delivery": "QUEUED",
        "scopes": scopes.clone(), "token_hashes": [],
    };
    resets.insert_one(reset).session(&mut *session).await?;
    let mail = doc! {
        "_id": new_id(), "to": user, "what": { "kind": "MFA_RESET_REQUEST", "reset_id": id }, "state": "QUEUED",
        "attempts": 0, "created_at": now, "next_at": now,
    };
    floor.docs::<Document>("outbox").insert_one(mail).session(&mut *session).await?;
    let event = |scope: &String| {
        doc! {
            "_id": new_id(), "at": now, "scope": scope, "action": "MFA_RESET_REQUESTED", "actor": viewer, "target": user,
            "ip": "127.0.0.1", "details": [{ "name": "mfaReset", "value": id.to_string() }],
        }
    };
    let events: Vec<Document> = scopes.iter().map(event).collect();
    floor.docs::<Document>("audit_events").insert_many(events).session(&mut *session).await?;
    session.commit_transaction().await?;
    Ok((id, later))
}

pub(crate) async fn ask(floor: &Floor, viewer: Uuid, user: Uuid) -> Result<Vec<u8>, Failure> {
    count_all(floor, viewer).await?;
    let mut session = floor.client.start_session().await?;
    for _ in 0..50 {
        match once(floor, &mut session, viewer, user).await {
            Ok((id, later)) => {
                let reset = serde_json::json!({
                    "id": text_id("mfareset", id)?, "state": "PENDING", "expiresAt": later.try_to_rfc3339_string()?,
                });
                let asked = serde_json::json!({ "__typename": "MfaResetRequested", "mfaReset": reset });
                return Ok(serde_json::to_vec(&serde_json::json!({ "data": { "resetUserMfa": asked } }))?);
            }
            Err(error) if error.contains_label(TRANSIENT_TRANSACTION_ERROR) => {
                drop(session.abort_transaction().await);
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err("lost every race".into())
}
