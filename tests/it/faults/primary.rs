//! The primary is killed or frozen while resets are asked for and accepted.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use latchkey::domain::{AccountRole, MfaResetState};
use serde_json::json;

use super::replica_set::ReplicaSet;
use super::{RECOVER_WITHIN, insist, sound};
use crate::harness::{Options, Person, TestApp};
use crate::main_job::{ACCEPT, RESET};

/// The deadline of a request, what the gateway adds to it, and what a busy machine does.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
const PEOPLE: usize = 96;
const ADMINS: usize = 16;

pub(super) async fn survives(
    fault: impl AsyncFn(&mut ReplicaSet, usize),
    mend: impl AsyncFn(&mut ReplicaSet, usize),
) {
    let mut set = ReplicaSet::start().await;
    let vars = vec![
        ("LATCHKEY_MONGODB_URI".to_owned(), set.uri()),
        // All of them within the hour of one account.
        ("LATCHKEY_RESET_BURST".to_owned(), "1000".to_owned()),
    ];
    let app = TestApp::start(Options { vars, ..Options::default() }).await;
    let account = app.account("Acme").await;
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        let person = app.person(&format!("Person {n}")).with_mfa().in_account(account, AccountRole::Analyst);
        people.push(person.create().await);
    }
    let mut admins = Vec::new();
    for n in 0..ADMINS {
        let role = if n == 0 { AccountRole::Owner } else { AccountRole::Admin };
        let admin = app.person(&format!("Admin {n}")).with_mfa().in_account(account, role).create().await;
        admins.push(app.client_of(&admin).await);
    }

    // Resets, and the fault in the middle of them.
    let done = AtomicUsize::new(0);
    let each_admin = admins.iter().zip(people.chunks(PEOPLE / ADMINS)).map(async |(admin, theirs)| {
        let mut acknowledged = Vec::new();
        for person in theirs {
            let (reply, _) = insist(admin, RESET, json!({ "userId": person.gid() }), ANSWER_WITHIN).await;
            assert_eq!(reply.text("/resetUserMfa/__typename"), "MfaResetRequested", "{:#}", reply.body);
            acknowledged.push(reply.text("/resetUserMfa/mfaReset/id").to_owned());
            done.fetch_add(1, Ordering::Relaxed);
        }
        acknowledged
    });
    let (acknowledged, first) =
        tokio::join!(join_all(each_admin), disturb(&mut set, &done, PEOPLE / 12, &fault));
    let acknowledged: HashSet<String> = acknowledged.into_iter().flatten().collect();
    assert_eq!(acknowledged.len(), PEOPLE);
    mend(&mut set, first).await;
    let database = app.store.database();
    let resets = sound(database).await;
    let there: HashSet<String> = resets.iter().map(|reset| reset.id.to_string()).collect();
    assert!(acknowledged.is_subset(&there), "an acknowledged reset is lost");
    let state = |state: MfaResetState| resets.iter().filter(|reset| reset.state == state.as_str()).count();
    assert_eq!(state(MfaResetState::Pending), PEOPLE);

    // Each accepts, and another fault in the middle.
    app.deliver().await;
    let mut tokens = Vec::new();
    for person in &people {
        tokens.push(app.reset_token(person).await);
    }
    let client = app.client();
    let done = AtomicUsize::new(0);
    let each_token = tokens.chunks(PEOPLE / ADMINS).map(async |theirs| {
        for token in theirs {
            let (reply, unsure) = insist(&client, ACCEPT, json!({ "token": token }), ANSWER_WITHIN).await;
            let kind = reply.text("/acceptMfaReset/__typename");
            // Where an answer was lost, the one before may have done it.
            assert!(kind == "MfaResetAccepted" || unsure, "{:#}", reply.body);
            done.fetch_add(1, Ordering::Relaxed);
        }
    });
    let (_, second) = tokio::join!(join_all(each_token), disturb(&mut set, &done, PEOPLE / 12, &fault));
    mend(&mut set, second).await;
    let resets = sound(database).await;
    let accepted = resets.iter().filter(|reset| reset.state == MfaResetState::Accepted.as_str()).count();
    assert_eq!(accepted, PEOPLE);
    sessions_stay_revoked(&app, &mut set, &people[0], &fault, &mend).await;
    app.deliver().await;
    app.finish().await;
}

/// Once so much is done, the primary suffers; then the gateway must work again soon after there is another one.
async fn disturb(
    set: &mut ReplicaSet,
    done: &AtomicUsize,
    after: usize,
    fault: &impl AsyncFn(&mut ReplicaSet, usize),
) -> usize {
    let primary = set.primary().await;
    while done.load(Ordering::Relaxed) < after {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    fault(set, primary).await;
    assert!(done.load(Ordering::Relaxed) < PEOPLE, "the fault came too late");
    set.primary_but(primary).await;
    let (elected, so_far) = (Instant::now(), done.load(Ordering::Relaxed));
    while done.load(Ordering::Relaxed) <= so_far.min(PEOPLE - 1) {
        assert!(elected.elapsed() < RECOVER_WITHIN, "nothing succeeds {RECOVER_WITHIN:?} after the election");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    primary
}

/// An acknowledged log-out holds on whatever member is the next primary.
async fn sessions_stay_revoked(
    app: &TestApp,
    set: &mut ReplicaSet,
    person: &Person,
    fault: &impl AsyncFn(&mut ReplicaSet, usize),
    mend: &impl AsyncFn(&mut ReplicaSet, usize),
) {
    let client = app.client_of(person).await;
    let (out, unsure) = insist(&client, "mutation { logOut { __typename } }", json!({}), ANSWER_WITHIN).await;
    assert!(out.code().is_empty() || unsure, "{:#}", out.body);
    let primary = set.primary().await;
    fault(set, primary).await;
    set.primary_but(primary).await;
    let (reply, _) = insist(&client, "{ viewer { user { name } } }", json!({}), ANSWER_WITHIN).await;
    assert_eq!(reply.body["data"]["viewer"], json!(null), "{:#}", reply.body);
    mend(set, primary).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_and_nothing_happens_twice_when_the_primary_is_killed() {
    survives(async |set, member| set.kill(member), async |set, member| set.start_again(member)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_and_nobody_hangs_when_the_primary_freezes() {
    survives(async |set, member| set.freeze(member), async |set, member| set.thaw(member)).await;
}
