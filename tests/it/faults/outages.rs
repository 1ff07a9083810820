//! The network between the gateway and MongoDB fails: replies are lost, connections are reset, or nothing arrives and nobody
//! is told.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use latchkey::domain::{AccountId, AccountRole, AuditAction, MfaResetState, Scope};
use serde_json::json;

use super::network::Weather;
use super::replica_set::ReplicaSet;
use super::{RECOVER_WITHIN, insist, sound};
use crate::harness::{Client, Options, Person, TestApp};
use crate::main_job::{ACCEPT, RESET};

const APP: &str = "behind-a-network";
const DEADLINE: Duration = Duration::from_secs(5);
/// The deadline of a request, and what a busy machine does.
const ANSWER_WITHIN: Duration = Duration::from_secs(12);
const PEOPLE: usize = 24;
const ADMINS: usize = 8;

async fn gateway(set: &ReplicaSet) -> TestApp {
    let vars = [
        ("LATCHKEY_MONGODB_URI", format!("{}&appName={APP}", set.uri())),
        ("LATCHKEY_REQUEST_DEADLINE", format!("{}s", DEADLINE.as_secs())),
        // All of them within the hour of one account.
        ("LATCHKEY_RESET_BURST", "1000".to_owned()),
    ];
    let vars = vars.map(|(key, value)| (key.to_owned(), value)).to_vec();
    TestApp::start(Options { vars, ..Options::default() }).await
}

async fn people(app: &TestApp, account: AccountId, name: &str, count: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for n in 0..count {
        let person = app.person(&format!("{name} {n}")).with_mfa();
        people.push(person.in_account(account, AccountRole::Analyst).create().await);
    }
    people
}

async fn admins(app: &TestApp, account: AccountId, name: &str) -> Vec<Client> {
    let mut admins = Vec::new();
    for n in 0..ADMINS {
        let role = if n == 0 { AccountRole::Owner } else { AccountRole::Admin };
        let admin = app.person(&format!("{name} Admin {n}")).with_mfa().in_account(account, role);
        let admin = admin.create().await;
        admins.push(app.client_of(&admin).await);
    }
    admins
}

/// The commands that write, and how many of each kind may be in one request.
const WRITES: [(&str, usize); 4] =
    [("commitTransaction", 1), ("insert", 3), ("update", 3), ("findAndModify", 4)];

/// What was done is done once, though nobody heard that it was.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_reply_of_mongodb_is_lost_nothing_is_applied_twice() {
    let set = ReplicaSet::start_behind_a_network(APP).await;
    let app = gateway(&set).await;
    let account = app.account("Acme").await;
    let admin = app.person("Olga Owner").with_mfa().in_account(account, AccountRole::Owner).create().await;
    let owner = app.client_of(&admin).await;
    let network = set.network();
    let steps: Vec<(&str, usize)> =
        WRITES.iter().flat_map(|(command, most)| (0..*most).map(|after| (*command, after))).collect();
    let people = people(&app, account, "Person", steps.len()).await;
    let (mut commits_lost, mut refused) = (0, 0);
    for ((command, after), person) in steps.into_iter().zip(&people) {
        let before = network.replies_lost();
        network.loses_reply_to(command, after);
        let (reply, _) = insist(&owner, RESET, json!({ "userId": person.gid() }), ANSWER_WITHIN).await;
        assert_eq!(reply.said(), "MfaResetRequested", "{command} {after}");
        let lost = network.replies_lost() - before;
        commits_lost += if command == "commitTransaction" { lost } else { 0 };
        app.deliver().await;
        let token = app.reset_token(person).await;
        network.loses_reply_to(command, after);
        let (reply, unsure) = insist(&app.client(), ACCEPT, json!({ "token": token }), ANSWER_WITHIN).await;
        assert!(reply.said() == "MfaResetAccepted" || unsure, "{command} {after}: {:#}", reply.body);
        // A refusal is written down once, in one command of its own.
        network.loses_reply_to(command, after);
        let (reply, unsure) = insist(&owner, RESET, json!({ "userId": admin.gid() }), ANSWER_WITHIN).await;
        assert_eq!(reply.said(), "SELF_RESET");
        refused += 1;
        network.replies_lost();
        // Where the driver's own second try did not help, the client asked again.
        refused += u64::from(unsure);
        sound(app.store.database()).await;
    }
    assert!(commits_lost > 0 && network.replies_lost() >= 12, "{} replies were lost", network.replies_lost());
    let scope = Scope::Account(account);
    let accepted = app.audit_count(scope, AuditAction::MfaResetAccepted).await;
    assert_eq!(accepted, people.len() as u64);
    let written = app.audit_count(scope, AuditAction::MfaResetRefused).await;
    assert!(
        written <= refused && written >= people.len() as u64,
        "{written} refusals, {refused} were asked for"
    );
    app.deliver().await;
    app.finish().await;
}

/// The network goes while resets are asked for, and comes back; all that were acknowledged are there.
async fn outage(
    set: &ReplicaSet,
    app: &TestApp,
    name: &str,
    lasts: Duration,
    weather: Weather,
    end: impl Fn(),
) {
    let account = app.account(name).await;
    let (people, admins) = (people(app, account, name, PEOPLE).await, admins(app, account, name).await);
    let done = AtomicUsize::new(0);
    let asked = admins.iter().zip(people.chunks(PEOPLE / ADMINS)).map(async |(admin, theirs)| {
        let (mut acknowledged, mut told) = (Vec::new(), 0);
        for person in theirs {
            let (reply, unsure) =
                insist(admin, RESET, json!({ "userId": person.gid() }), ANSWER_WITHIN).await;
            acknowledged.push(reply.text("/resetUserMfa/mfaReset/id").to_owned());
            told += usize::from(unsure);
            done.fetch_add(1, Ordering::Relaxed);
        }
        (acknowledged, told)
    });
    let network = async {
        while done.load(Ordering::Relaxed) < ADMINS {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        set.network().turns(weather);
        assert!(done.load(Ordering::Relaxed) < PEOPLE, "the fault came too late");
        tokio::time::sleep(lasts).await;
        let (back, so_far) = (Instant::now(), done.load(Ordering::Relaxed));
        assert!(so_far < PEOPLE, "nobody noticed");
        end();
        while done.load(Ordering::Relaxed) == so_far {
            assert!(
                back.elapsed() < RECOVER_WITHIN,
                "nothing succeeds {RECOVER_WITHIN:?} after the network's return"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (asked, ()) = tokio::join!(join_all(asked), network);
    assert!(asked.iter().any(|(_, told)| *told > 0), "nobody was told that it is unavailable");
    let acknowledged: HashSet<String> = asked.into_iter().flat_map(|(ids, _)| ids).collect();
    let resets = sound(app.store.database()).await;
    let there: HashSet<String> = resets.iter().map(|reset| reset.id.to_string()).collect();
    assert!(acknowledged.is_subset(&there), "an acknowledged reset is lost");
    let waits = |person: &Person| {
        let theirs = |state: MfaResetState| {
            resets.iter().filter(|reset| reset.user_id == person.id && reset.state == state.as_str()).count()
        };
        theirs(MfaResetState::Pending)
    };
    assert!(people.iter().all(|person| waits(person) == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_and_nobody_hangs_when_the_network_fails() {
    let set = ReplicaSet::start_behind_a_network(APP).await;
    let app = gateway(&set).await;
    let network = set.network();
    let clears = || network.turns(Weather::Fine);
    outage(&set, &app, "Reset", Duration::from_secs(7), Weather::Refused, clears).await;
    outage(&set, &app, "Silent", Duration::from_secs(9), Weather::Silent, clears).await;
    // A firewall that forgot the connections: they are silent for ever.
    let forgets = || network.forgets_connections();
    outage(&set, &app, "Forgotten", Duration::from_secs(9), Weather::Silent, forgets).await;
    // Slow is not away.
    network.turns(Weather::Slow(Duration::from_millis(40)));
    let account = app.account("Slow").await;
    let (person, admins) =
        (people(&app, account, "Slow", 1).await.remove(0), admins(&app, account, "Slow").await);
    let (reply, unsure) = insist(&admins[0], RESET, json!({ "userId": person.gid() }), ANSWER_WITHIN).await;
    assert_eq!((reply.said().as_str(), unsure), ("MfaResetRequested", false));
    network.turns(Weather::Fine);
    app.deliver().await;
    app.finish().await;
}
