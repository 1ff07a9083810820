//! What the tests of reading share: crowds put into the database at once, and MongoDB's own account of what a request
//! cost it.

use futures_util::TryStreamExt;
use latchkey::domain::key::EmailKey;
use latchkey::domain::{AccountId, AccountMembership, AccountRole, PortfolioId, UserId};
use latchkey::store::account_members::NewMember;
use latchkey::store::users::NewUser;
use mongodb::bson::{Bson, Document, doc};

use crate::harness::TestApp;

/// A crowd to be: every person in every one of the accounts.
pub struct Crowd<'a> {
    pub accounts: &'a [(AccountId, Option<PortfolioId>)],
    pub names: Vec<String>,
    pub role: AccountRole,
}

/// Puts a crowd into the database. Addresses are `p000@crowd.test` and so on, in the order of the names.
pub async fn crowd(app: &TestApp, crowd: Crowd<'_>) -> Vec<UserId> {
    let now = app.now();
    let (mut users, mut members, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    let start = app.store.database().collection::<Document>("users").count_documents(doc! {}).await.unwrap();
    for (index, name) in crowd.names.iter().enumerate() {
        let id = UserId::generate(now);
        let email = format!("p{:03}@crowd.test", start + index as u64);
        let email_key = EmailKey::parse(&email).unwrap();
        let user = NewUser {
            id,
            email,
            email_key: email_key.clone(),
            name: name.clone(),
            created_at: now,
            password: None,
            mfa: None,
        };
        users.push(user.into_document().unwrap());
        for (account_id, portfolio_id) in crowd.accounts {
            let membership = AccountMembership::new(*account_id, id, crowd.role, *portfolio_id, now);
            let email_key = email_key.clone();
            let member = NewMember { membership, name, email_key, mfa_enabled: false };
            members.push(member.into_document().unwrap());
        }
        ids.push(id);
    }
    let db = app.store.database();
    db.collection::<Document>("users").insert_many(users).await.unwrap();
    db.collection::<Document>("account_members").insert_many(members).await.unwrap();
    let people = i64::try_from(ids.len()).unwrap();
    for (account_id, _) in crowd.accounts {
        let update = doc! { "$inc": { "member_count": people } };
        app.update("accounts", doc! { "_id": *account_id }, update).await;
    }
    ids
}

/// One command, as MongoDB's profiler saw it.
#[derive(Debug)]
pub struct Seen {
    pub command: String,
    pub collection: String,
    pub keys: i64,
    pub docs: i64,
    pub plan: String,
    /// Sorted in memory.
    pub sorted: bool,
}

fn number(doc: &Document, field: &str) -> i64 {
    match doc.get(field) {
        Some(Bson::Int32(value)) => i64::from(*value),
        Some(Bson::Int64(value)) => *value,
        _ => 0,
    }
}

/// What MongoDB did while `work` ran.
pub async fn profiled<T>(app: &TestApp, work: impl Future<Output = T>) -> (T, Vec<Seen>) {
    let db = app.store.database();
    db.run_command(doc! { "profile": 0 }).await.unwrap();
    db.collection::<Document>("system.profile").drop().await.unwrap();
    db.run_command(doc! { "create": "system.profile", "capped": true, "size": 16_000_000 }).await.unwrap();
    db.run_command(doc! { "profile": 2 }).await.unwrap();
    let result = work.await;
    db.run_command(doc! { "profile": 0 }).await.unwrap();
    let rows = db.collection::<Document>("system.profile").find(doc! {}).await.unwrap();
    let rows: Vec<Document> = rows.try_collect().await.unwrap();
    let seen = rows.into_iter().filter_map(|row| {
        let (_, collection) = row.get_str("ns").ok()?.split_once('.')?;
        let command = match row.get_str("op").ok()? {
            "query" => "find".to_owned(),
            "command" => row.get_document("command").ok()?.keys().next()?.clone(),
            other => other.to_owned(),
        };
        let ours = !collection.starts_with("system.") && command != "profile";
        ours.then(|| Seen {
            command,
            collection: collection.to_owned(),
            keys: number(&row, "keysExamined"),
            docs: number(&row, "docsExamined"),
            plan: row.get_str("planSummary").unwrap_or_default().to_owned(),
            sorted: row.get_bool("hasSortStage").unwrap_or(false),
        })
    });
    (result, seen.collect())
}
