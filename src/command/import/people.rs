//! Loads a batch of people.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bson::Document;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::batches::At;
use super::row::{Kind, Password, UserRow};
use super::{Import, ImportError};
use crate::domain::UserId;
use crate::store::import::{IMPORTED, KnownUser, Refused};
use crate::store::users::{self, MfaSecrets, NewUser, TOTP_PLACE};

/// How many passwords wait for a free core; the rest of the batch waits its turn.
const HASHED_AT_ONCE: usize = 64;
/// How often a batch looks for what is said to exist.
const MAX_COLLISIONS: u32 = 50;

pub async fn load(import: &Import, rows: Vec<At<UserRow>>) -> Result<(), ImportError> {
    let mut waiting = rows;
    let mut collisions = 0;
    while !waiting.is_empty() {
        let with_passwords = waiting.iter().any(|at| matches!(at.row.password, Password::Plain(_)));
        let emails = waiting.iter().map(|at| &at.row.email_key);
        let known = import.store.known_users(emails, with_passwords).await?;
        let (mut absent, mut seen, mut later) = (Vec::new(), HashSet::new(), Vec::new());
        for at in waiting {
            if let Some(known) = known.get(&at.row.email_key) {
                if differs(import, &at.row, known) {
                    import
                        .progress
                        .reject(at.line, "the user of this e-mail was imported with other content");
                } else {
                    import.progress.unchanged(Kind::User, 1);
                }
            } else if seen.insert(at.row.email_key.clone()) {
                absent.push(at);
            } else {
                later.push(at);
            }
        }
        let preparing: Vec<_> = absent.iter().map(|at| document(import, &at.row)).collect();
        let documents: Vec<Document> = stream::iter(preparing).buffered(HASHED_AT_ONCE).try_collect().await?;
        let refused = import.store.insert_unordered(users::COLLECTION, documents).await?;
        import.progress.added(Kind::User, absent.len().saturating_sub(refused.len()));
        later.extend(refused_again(import, absent, &refused, &mut collisions).await);
        later.sort_by_key(|at| at.line);
        waiting = later;
    }
    Ok(())
}

/// Rejects what the database will never take, and gives back what somebody else inserted at the same time.
pub(super) async fn refused_again<T>(
    import: &Import,
    rows: Vec<At<T>>,
    refused: &[Refused],
    collisions: &mut u32,
) -> Vec<At<T>> {
    if refused.is_empty() {
        return Vec::new();
    }
    let refused: HashMap<usize, bool> = refused.iter().map(|one| (one.index, one.exists)).collect();
    // What exists is found by the next look-up, as soon as a majority has it.
    *collisions += 1;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let mut again = Vec::new();
    for (index, at) in rows.into_iter().enumerate() {
        match refused.get(&index) {
            None => {}
            Some(true) if *collisions <= MAX_COLLISIONS => again.push(at),
            Some(_) => import.progress.reject(at.line, "the database does not take the row"),
        }
    }
    again
}

/// Whether the row contradicts the one that the person came from. People who came otherwise contradict nothing, and
/// neither does what became of a person since.
fn differs(import: &Import, row: &UserRow, known: &KnownUser) -> bool {
    let Some(digest) = known.imported else { return false };
    if digest != row.digest {
        return true;
    }
    match (&row.password, known.password_hash()) {
        (Password::Plain(plain), Some(hash)) => import.hashing.contradicts(plain, hash),
        _ => false,
    }
}

async fn document(import: &Import, row: &UserRow) -> Result<Document, ImportError> {
    let password = match &row.password {
        Password::None => None,
        Password::Plain(plain) => Some(import.hashing.hash(plain).await?),
        Password::Hash(hash) => Some(hash.clone()),
    };
    let now = import.now();
    let id = UserId::generate(now);
    let created_at = row.created_at.unwrap_or(now);
    let mfa = match &row.totp {
        None => None,
        Some(secret) => Some(MfaSecrets {
            enabled_at: created_at,
            totp: import.keyring.seal(TOTP_PLACE, id.uuid().as_bytes(), secret.as_bytes())?,
            last_step: 0,
            backup_codes: row.backup_codes.clone(),
        }),
    };
    let user = NewUser {
        id,
        email: row.email.clone(),
        email_key: row.email_key.clone(),
        name: row.name.clone(),
        created_at,
        password,
        mfa,
    };
    let mut document = user.into_document()?;
    document.insert(IMPORTED, row.digest);
    Ok(document)
}
