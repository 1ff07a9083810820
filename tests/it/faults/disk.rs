//! MongoDB's disks are full. A limit on the size of files stands for it, which needs no rights: writing fails in the same
//! place with another number, and mongod gives up as it does on a full disk.

use std::time::{Duration, Instant};

use latchkey::domain::{AccountRole, MfaResetState};
use serde_json::json;

use super::primary::survives;
use super::replica_set::ReplicaSet;
use super::{RECOVER_WITHIN, insist, sound};
use crate::harness::{Options, TestApp};
use crate::main_job::RESET;

const ANSWER_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_the_disk_of_the_primary_is_full() {
    survives(
        async |set, member| set.fill_disk(member),
        async |set, member| {
            set.ends(member).await;
            set.start_again(member);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_every_disk_is_full_clients_are_told_and_what_was_acknowledged_is_there_afterwards() {
    let mut set = ReplicaSet::start().await;
    let vars = [
        ("LATCHKEY_MONGODB_URI", set.uri()),
        ("LATCHKEY_RESET_BURST", "1000".to_owned()),
        ("LATCHKEY_REQUEST_DEADLINE", "5s".to_owned()),
    ];
    let vars = vars.map(|(key, value)| (key.to_owned(), value)).to_vec();
    let app = TestApp::start(Options { vars, ..Options::default() }).await;
    let account = app.account("Acme").await;
    let owner = app.person("Olga Owner").with_mfa().in_account(account, AccountRole::Owner).create().await;
    let owner = app.client_of(&owner).await;
    let mut people = Vec::new();
    for n in 0..12 {
        let person = app.person(&format!("Person {n}")).with_mfa().in_account(account, AccountRole::Analyst);
        people.push(person.create().await);
    }
    let (before, during) = people.split_at(6);
    for person in before {
        let (reply, _) = insist(&owner, RESET, json!({ "userId": person.gid() }), ANSWER_WITHIN).await;
        assert_eq!(reply.said(), "MfaResetRequested");
    }
    (0..3).for_each(|member| set.fill_disk(member));
    let asking = async {
        let mut told = false;
        for person in during {
            let (reply, unsure) =
                insist(&owner, RESET, json!({ "userId": person.gid() }), ANSWER_WITHIN).await;
            assert_eq!(reply.said(), "MfaResetRequested");
            told |= unsure;
        }
        told
    };
    let mending = async {
        for member in 0..3 {
            set.ends(member).await;
        }
        // Nobody is left: whoever asks is told so.
        tokio::time::sleep(Duration::from_secs(2)).await;
        (0..3).for_each(|member| set.start_again(member));
        set.primary().await;
        Instant::now()
    };
    let (told, elected) = tokio::join!(
        async {
            let told = asking.await;
            (told, Instant::now())
        },
        mending
    );
    let (told, answered) = told;
    assert!(told, "nobody was told that it is unavailable");
    assert!(answered.saturating_duration_since(elected) < RECOVER_WITHIN + RECOVER_WITHIN / 2);
    let resets = sound(app.store.database()).await;
    for person in &people {
        let theirs = resets.iter().filter(|reset| reset.user_id == person.id);
        let waiting = theirs.filter(|reset| reset.state == MfaResetState::Pending.as_str()).count();
        assert_eq!(waiting, 1, "{person:?}");
    }
    app.deliver().await;
    app.finish().await;
}
