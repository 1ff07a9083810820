//! Commands that arrive at the same moment: whatever is said and left is what some order of them would have said and left.

use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
use tokio::runtime::Runtime;

use super::check::stored;
use super::gateway::{Stage, start};
use super::state::Place::{Account, Portfolio};
use super::state::{Approval, Bulk, Command, Model, Place, Who};
use super::{command, step};
use crate::harness::{self, TestApp};
use crate::main_job::log_in;

/// Batches in an ordinary run.
const CASES: u32 = 16;
/// How often each named race is run.
const ROUNDS: usize = 4;

/// Every order of `count` things.
pub fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for next in 0..count {
        let longer = |order: &Vec<usize>| {
            (0..=order.len()).map(|at| [&order[..at], &[next], &order[at..]].concat()).collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    orders
}

/// Does what comes before one by one, and then all of a batch at once.
async fn race(app: &TestApp, before: &[Command], batch: &[Command]) -> Result<Vec<String>, TestCaseError> {
    let mut model = start();
    let mut stage = Stage::set(app, &model).await;
    for command in before {
        if model.makes_sense(command) {
            step(&mut model, &mut stage, command).await?;
        }
    }
    let batch: Vec<&Command> = batch.iter().filter(|command| model.makes_sense(command)).collect();
    stage.pause().await;
    model.pause();
    let mut ready = Vec::new();
    for command in &batch {
        ready.push(stage.ready(command).await);
    }
    let sent = ready.into_iter().map(|ready| tokio::spawn(ready.send()));
    let answers: Vec<_> = join_all(sent).await.into_iter().map(Result::unwrap).collect();
    for (command, answer) in batch.iter().zip(&answers) {
        stage.absorb(command, answer).await;
    }
    app.mail.drain().await.unwrap();
    let said: Vec<String> = answers.into_iter().map(|answer| answer.said).collect();
    let observed = stage.observed().await;
    match explained(&model, &batch, &said, &observed) {
        true => Ok(said),
        false => Err(TestCaseError::fail(format!(
            "no order explains it\n  commands: {batch:?}\n  said: {said:?}\n  from: {model:?}\n  left: {observed:?}"
        ))),
    }
}

fn explained(model: &Model, batch: &[&Command], said: &[String], observed: &Model) -> bool {
    orders(batch.len()).into_iter().any(|order| {
        let mut model = model.clone();
        let all = order.into_iter().all(|index| model.apply(batch[index]) == said[index]);
        all && stored(&model) == *observed
    })
}

async fn rounds(before: &[Command], batch: &[Command]) {
    harness::run_with(super::options(), async |app| {
        for _ in 0..ROUNDS {
            if let Err(error) = race(app, before, batch).await {
                panic!("{error}");
            }
        }
    })
    .await;
}

const ACCOUNT: Place = Account(0);
const OWNER: Who = 0;
const ADMIN: Who = 1;
const ANALYST: Who = 2;
/// Portfolio Admin, in no account.
const OUTSIDER: Who = 3;

#[test]
fn all_orders_are_tried() {
    let mut all = orders(3);
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accepts_of_one_invitation_make_one_membership() {
    let accept = Command::Accept(OUTSIDER, ACCOUNT, OUTSIDER);
    let invite = Command::Invite(OWNER, ACCOUNT, OUTSIDER, "ANALYST");
    rounds(&[invite], &[accept.clone(), accept.clone(), accept]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_taken_back_against_its_accept_leaves_one_of_both() {
    let invite = Command::Invite(OWNER, ACCOUNT, OUTSIDER, "ANALYST");
    let batch = [Command::Accept(OUTSIDER, ACCOUNT, OUTSIDER), Command::Revoke(ADMIN, ACCOUNT, OUTSIDER)];
    rounds(&[invite], &batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_removal_of_whoever_invited_against_the_accept_lets_both_stand_in_some_order() {
    let invite = Command::Invite(ADMIN, ACCOUNT, OUTSIDER, "ADMIN");
    let batch = [
        Command::Accept(OUTSIDER, ACCOUNT, OUTSIDER),
        Command::Remove(OWNER, ACCOUNT, ADMIN),
        Command::Remove(ADMIN, ACCOUNT, OUTSIDER),
    ];
    rounds(&[invite], &batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enforcement_against_switching_off_and_joining_leaves_no_way_around_it() {
    // Whoever switches MFA off must not be in the account where it is enforced: not even by joining at that moment.
    let before =
        [Command::Enforce(ADMIN, Account(1), true), Command::Invite(ADMIN, Account(1), ANALYST, "ANALYST")];
    rounds(&before, &[Command::Accept(ANALYST, Account(1), ANALYST), Command::Disable(ANALYST)]).await;
    let batch = [Command::Enforce(OWNER, ACCOUNT, true), Command::Disable(ANALYST)];
    rounds(&[], &batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enforcement_against_an_enrolment_and_a_reset_keeps_every_copy_true() {
    let batch = [
        Command::Enforce(ADMIN, Account(1), true),
        Command::Enrol(4),
        Command::ChangeRole(ADMIN, Account(1), 4, "ANALYST"),
    ];
    rounds(&[], &batch).await;
    let reset = Command::Reset(OWNER, ANALYST);
    let batch = [
        Command::AcceptReset(ANALYST),
        Command::Enforce(OWNER, ACCOUNT, true),
        Command::Transfer(OWNER, ACCOUNT, ANALYST),
    ];
    rounds(&[reset], &batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_accepted_declined_or_taken_back_once() {
    let batch =
        [Command::AcceptReset(ANALYST), Command::DeclineReset(ANALYST), Command::CancelReset(ADMIN, ANALYST)];
    rounds(&[Command::Reset(OWNER, ANALYST)], &batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_that_awaits_approval_is_approved_or_taken_back_once() {
    let demand = Command::Demand(OWNER, ACCOUNT, Approval::Always, false);
    let batch = [
        Command::Approve(OWNER, ANALYST),
        Command::Approve(OUTSIDER, ANALYST),
        Command::CancelReset(ADMIN, ANALYST),
    ];
    rounds(&[demand, Command::Reset(ADMIN, ANALYST)], &batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_that_cools_off_is_stopped_or_not_and_goes_on_as_one() {
    let before = [
        Command::Demand(OWNER, ACCOUNT, Approval::Never, true),
        Command::Reset(ADMIN, ANALYST),
        Command::AcceptReset(ANALYST),
    ];
    let batch =
        [Command::AcceptReset(ANALYST), Command::DeclineReset(ANALYST), Command::CancelReset(OWNER, ANALYST)];
    rounds(&before, &batch).await;
    // A policy that comes at the same moment as the answer.
    let batch = [Command::AcceptReset(ANALYST), Command::Demand(OWNER, ACCOUNT, Approval::Always, true)];
    rounds(&[Command::Reset(ADMIN, ANALYST)], &batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_off_against_a_reset_leaves_none_waiting() {
    let batch = [Command::Reset(OWNER, ANALYST), Command::Disable(ANALYST)];
    rounds(&[], &batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_change_against_a_removal_brings_nobody_back() {
    let batch = [
        Command::ChangeRole(ADMIN, ACCOUNT, ANALYST, "MANAGER"),
        Command::Remove(OWNER, ACCOUNT, ANALYST),
        Command::Bulk(OUTSIDER, 0, Bulk::ChangeRole(0, ANALYST, "ADMIN")),
    ];
    rounds(&[], &batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_against_a_close_leaves_an_owner_or_nobody() {
    let batch = [
        Command::Transfer(OWNER, ACCOUNT, ADMIN),
        Command::Close(OWNER, ACCOUNT),
        Command::Remove(ANALYST, ACCOUNT, ANALYST),
    ];
    rounds(&[], &batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_against_a_close_leaves_no_closed_account_in_a_portfolio() {
    let mine = Command::Create(OWNER, Account(2));
    rounds(&[mine], &[Command::Link(OWNER, 0, 2), Command::Close(OWNER, Account(2))]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_removed_from_everywhere_at_once_stays_nowhere() {
    let batch = [
        Command::Bulk(OUTSIDER, 0, Bulk::RemoveFromAll(ANALYST)),
        Command::ChangeRole(ADMIN, ACCOUNT, ANALYST, "ADMIN"),
        Command::Unlink(OWNER, 0, 0),
    ];
    rounds(&[], &batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_a_portfolio_against_its_transfer_and_a_role_keeps_one_owner() {
    let batch = [
        Command::Transfer(OWNER, Portfolio(0), OUTSIDER),
        Command::Remove(OUTSIDER, Portfolio(0), OUTSIDER),
        Command::ChangeRole(OWNER, Portfolio(0), OUTSIDER, "ANALYST"),
    ];
    rounds(&[], &batch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enforcement_against_a_log_in_without_mfa_counts_from_the_next_log_in_at_the_latest() {
    harness::run(async |app| {
        for _ in 0..ROUNDS {
            let mut stage = Stage::set(app, &start()).await;
            let enforce = stage.ready(&Command::Enforce(ADMIN, Account(1), true)).await;
            let client = app.client();
            let person = stage.people[4].clone();
            let (set, entered) = tokio::join!(enforce.send(), log_in(&client, &person));
            assert_eq!(set.said, "AccountMfaPolicySet");
            let entered = entered.text("/logIn/__typename").to_owned();
            assert!(["LoggedIn", "MfaEnrollmentRequired"].contains(&entered.as_str()), "{entered}");
            let again = log_in(&client, &person).await;
            assert_eq!(again.text("/logIn/__typename"), "MfaEnrollmentRequired");
        }
    })
    .await;
}

/// What cannot be told apart by the model when it comes at once: it knows the latest link only, creating is nobody's
/// rival, a code is good once and looks used when its factor goes at that moment, and closing a portfolio is many
/// transactions.
pub fn comparable(batch: &[Command]) -> bool {
    use Command::*;
    let of_place = |command: &Command| match *command {
        Invite(_, place, whom, _) => Some((place, whom, true)),
        Bulk(_, _, super::state::Bulk::Invite(account, whom, _)) => Some((Account(account), whom, true)),
        Accept(_, place, whom) | Revoke(_, place, whom) => Some((place, whom, false)),
        _ => None,
    };
    let of_person = |command: &Command| match *command {
        Reset(_, whom) | Approve(_, whom) => Some((whom, true)),
        AcceptReset(whom) | DeclineReset(whom) | CancelReset(_, whom) => Some((whom, false)),
        _ => None,
    };
    let own = |command: &Command| match *command {
        Enrol(who) | Disable(who) => Some(who),
        _ => None,
    };
    batch.iter().enumerate().all(|(index, one)| {
        let alone = !matches!(one, Create(..) | Close(_, Portfolio(_)));
        alone
            && batch[..index].iter().all(|other| {
                let links = of_place(one).zip(of_place(other));
                let resets = of_person(one).zip(of_person(other));
                let goes = |one: &Command, other: &Command| match (one, own(other)) {
                    (AcceptReset(whom), Some(who)) => who == *whom,
                    _ => false,
                };
                let clash = goes(one, other)
                    || goes(other, one)
                    || links.is_some_and(|((p, w, new), (q, v, old))| p == q && w == v && new != old)
                    || resets.is_some_and(|((w, new), (v, old))| w == v && new != old)
                    || own(one).zip(own(other)).is_some_and(|(w, v)| w == v);
                !clash
            })
    })
}

#[test]
fn random_commands_at_once_leave_what_some_order_of_them_leaves() {
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(TestApp::start(super::options()));
    let cases = std::env::var("LATCHKEY_MODEL_CASES").map_or(CASES, |text| text.parse().unwrap());
    let mut runner = TestRunner::new(Config {
        cases,
        max_shrink_time: 60_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/it/model/regressions.txt"))),
        ..Config::default()
    });
    let before = prop::collection::vec(command(), 0..=10);
    let batch = prop::collection::vec(command(), 2..=4).prop_filter("comparable", |batch| comparable(batch));
    let outcome = runner.run(&(before, batch), |(before, batch)| {
        runtime.block_on(async { race(&app, &before, &batch).await.map(|_| ()) })
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    runtime.block_on(app.finish());
}
