//! Faults of MongoDB, of the network, of the mail server, of clocks and of the gateway itself, on a real replica set of three
//! where MongoDB is concerned: what was acknowledged stays, nothing is applied twice, and nobody waits for ever.

mod clocks;
#[cfg(target_os = "linux")]
mod disk;
mod killed;
mod mail_server;
mod network;
mod outages;
mod primary;
mod random;
mod replica_set;

use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use latchkey::domain::{AuditAction, MfaResetId, MfaResetState, Notification, UserId};
use mongodb::Database;
use mongodb::bson::{Bson, DateTime, doc};
use mongodb::options::Hint;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::harness::{Client, Reply};

/// From the return of what was away to work that succeeds.
const RECOVER_WITHIN: Duration = Duration::from_secs(15);

/// Asks until the gateway does not say any more that it is unavailable; each answer comes in time and says when to try again.
/// True when some answer was that.
async fn insist(client: &Client, query: &str, variables: Value, within: Duration) -> (Reply, bool) {
    let end = Instant::now() + Duration::from_secs(90);
    let mut unsure = false;
    loop {
        let start = Instant::now();
        let reply = client.send(query, variables.clone()).await;
        assert!(start.elapsed() < within, "an answer took {:?}", start.elapsed());
        if reply.code() != "UNAVAILABLE" {
            return (reply, unsure);
        }
        assert!(reply.body["errors"][0]["extensions"]["retryAfter"].as_u64().is_some(), "{:#}", reply.body);
        assert!(Instant::now() < end, "unavailable for ever: {:#}", reply.body);
        unsure = true;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Reset {
    #[serde(rename = "_id")]
    pub id: MfaResetId,
    pub user_id: UserId,
    pub state: String,
    /// Its mail goes out with the approval.
    #[serde(default)]
    pub awaiting_approval: bool,
    #[serde(default)]
    closed_at: Option<DateTime>,
}

#[derive(Deserialize)]
struct Event {
    scope: String,
    action: String,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Deserialize)]
struct Detail {
    value: String,
}

#[derive(Deserialize)]
struct Mail {
    to: Option<UserId>,
    what: Notification,
}

#[derive(Deserialize)]
struct User {
    #[serde(rename = "_id")]
    id: UserId,
    mfa: Option<Factor>,
}

#[derive(Deserialize)]
struct Factor {
    enabled_at: DateTime,
}

async fn every<T: DeserializeOwned + Send + Sync + Unpin>(database: &Database, collection: &str) -> Vec<T> {
    let all = doc! { "_id": { "$gt": Bson::MinKey } };
    let collection = database.collection::<T>(collection);
    let found = collection.find(all).hint(Hint::Keys(doc! { "_id": 1 }));
    found.await.unwrap().try_collect().await.unwrap()
}

/// Every reset, where what must hold whatever happened does hold: each has its events once in each log and its mail once,
/// nobody has two that wait, and MFA is off exactly where one was accepted.
pub async fn sound(database: &Database) -> Vec<Reset> {
    let resets: Vec<Reset> = every(database, "mfa_resets").await;
    let events: Vec<Event> = every(database, "audit_events").await;
    let mails: Vec<Mail> = every(database, "outbox").await;
    let users: Vec<User> = every(database, "users").await;
    for reset in &resets {
        let id = reset.id.to_string();
        let logs = |action: AuditAction| {
            let about = events.iter().filter(|event| {
                event.action == action.as_str() && event.details.iter().any(|detail| detail.value == id)
            });
            let mut logs: Vec<&str> = about.map(|event| event.scope.as_str()).collect();
            let all = logs.len();
            logs.sort_unstable();
            logs.dedup();
            assert_eq!(logs.len(), all, "{} twice in one log: {reset:?}", action.as_str());
            all
        };
        let accepted = reset.state == MfaResetState::Accepted.as_str();
        assert!(logs(AuditAction::MfaResetRequested) > 0, "no event of {reset:?}");
        assert_eq!(logs(AuditAction::MfaResetAccepted) > 0, accepted, "{reset:?}");
        let sent = |wanted: Notification| {
            mails.iter().filter(|mail| mail.what == wanted && mail.to == Some(reset.user_id)).count()
        };
        let asked = usize::from(!reset.awaiting_approval);
        assert_eq!(sent(Notification::MfaResetRequest { reset_id: reset.id }), asked, "mail of {reset:?}");
        let told = sent(Notification::MfaResetAccepted { reset_id: reset.id });
        assert_eq!(told, usize::from(accepted), "mail of {reset:?}");
        let waiting = resets
            .iter()
            .filter(|other| other.user_id == reset.user_id && other.state == MfaResetState::Pending.as_str());
        assert!(waiting.count() <= 1, "two wait for one person: {reset:?}");
    }
    for user in &users {
        let off = resets
            .iter()
            .filter(|reset| reset.user_id == user.id && reset.state == MfaResetState::Accepted.as_str())
            .filter_map(|reset| reset.closed_at)
            .max();
        let on = user.mfa.as_ref().map(|factor| factor.enabled_at);
        assert!(
            on.is_none_or(|on| off.is_none_or(|off| on > off)),
            "MFA is on after an accepted reset: {:?}",
            user.id
        );
    }
    resets
}
