//! Random commands against a gateway and a model of it: after each command both say the same, and in the end the database
//! holds what the model holds. `LATCHKEY_MODEL_CASES` asks for more sequences than an ordinary run makes.

pub mod check;
pub mod gateway;
mod post;
pub mod races;
mod rules;
pub mod state;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
use tokio::runtime::Runtime;

use crate::harness::{Options, TestApp};
use check::stored;
use gateway::{Stage, start};
use state::{ACCOUNTS, Approval, Bulk, Command, Model, PEOPLE, PORTFOLIOS, Place, Slot, Who, actor};

/// Sequences in an ordinary run.
const CASES: u32 = 14;

fn who() -> impl Strategy<Value = Who> {
    // Some do more than others, so that places fill up and things get done.
    prop_oneof![3 => 0..2_usize, 2 => 0..PEOPLE]
}

fn account() -> impl Strategy<Value = Slot> {
    prop_oneof![3 => Just(0_usize), 2 => 0..ACCOUNTS]
}

fn portfolio() -> impl Strategy<Value = Slot> {
    prop_oneof![3 => Just(0_usize), 1 => 0..PORTFOLIOS]
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![3 => account().prop_map(Place::Account), 1 => portfolio().prop_map(Place::Portfolio)]
}

fn role() -> impl Strategy<Value = &'static str> {
    prop_oneof![1 => Just("OWNER"), 6 => select(vec!["ADMIN", "MANAGER", "ANALYST"])]
}

fn bulk() -> impl Strategy<Value = Bulk> {
    prop_oneof![
        (account(), who(), role()).prop_map(|(a, w, r)| Bulk::Invite(a, w, r)),
        (account(), who(), role()).prop_map(|(a, w, r)| Bulk::ChangeRole(a, w, r)),
        (account(), who()).prop_map(|(a, w)| Bulk::Remove(a, w)),
        who().prop_map(Bulk::RemoveFromAll),
    ]
}

pub fn command() -> impl Strategy<Value = Command> {
    let somebody = || 0..PEOPLE;
    prop_oneof![
        2 => (who(), place()).prop_map(|(w, p)| Command::Create(w, p)),
        1 => (who(), place()).prop_map(|(w, p)| Command::Close(w, p)),
        4 => (who(), place(), somebody(), role()).prop_map(|(w, p, o, r)| Command::Invite(w, p, o, r)),
        // Mostly whoever was invited.
        4 => (place(), somebody()).prop_map(|(p, o)| Command::Accept(o, p, o)),
        1 => (who(), place(), somebody()).prop_map(|(w, p, o)| Command::Accept(w, p, o)),
        1 => (who(), place(), somebody()).prop_map(|(w, p, o)| Command::Revoke(w, p, o)),
        2 => (who(), place(), somebody(), role()).prop_map(|(w, p, o, r)| Command::ChangeRole(w, p, o, r)),
        2 => (who(), place(), somebody()).prop_map(|(w, p, o)| Command::Remove(w, p, o)),
        1 => (somebody(), place()).prop_map(|(w, p)| Command::Remove(w, p, w)),
        2 => (who(), place(), somebody()).prop_map(|(w, p, o)| Command::Transfer(w, p, o)),
        2 => (who(), place(), any::<bool>()).prop_map(|(w, p, e)| Command::Enforce(w, p, e)),
        2 => (who(), place(), select(Approval::ALL.to_vec()), any::<bool>())
            .prop_map(|(w, p, approval, cooling)| Command::Demand(w, p, approval, cooling)),
        2 => (who(), portfolio(), account()).prop_map(|(w, p, a)| Command::Link(w, p, a)),
        1 => (who(), portfolio(), account()).prop_map(|(w, p, a)| Command::Unlink(w, p, a)),
        3 => (who(), portfolio(), bulk()).prop_map(|(w, p, b)| Command::Bulk(w, p, b)),
        2 => somebody().prop_map(Command::Enrol),
        1 => somebody().prop_map(Command::Disable),
        3 => (who(), somebody()).prop_map(|(w, o)| Command::Reset(w, o)),
        2 => (who(), somebody()).prop_map(|(w, o)| Command::Approve(w, o)),
        2 => somebody().prop_map(Command::AcceptReset),
        1 => somebody().prop_map(Command::DeclineReset),
        1 => (who(), somebody()).prop_map(|(w, o)| Command::CancelReset(w, o)),
    ]
}

/// Nobody's session ends by itself within a sequence.
pub fn options() -> Options {
    Options {
        vars: ["IDLE", "MAX"].map(|key| (format!("LATCHKEY_SESSION_{key}"), "7d".to_owned())).to_vec(),
        ..Options::default()
    }
}

fn differs<T: std::fmt::Debug + PartialEq>(what: &str, is: &T, should: &T) -> Result<(), TestCaseError> {
    match is == should {
        true => Ok(()),
        false => Err(TestCaseError::fail(format!("{what}\n  gateway: {is:?}\n  model:   {should:?}"))),
    }
}

/// One command: the gateway says what the model says, and writes down what was changed or denied.
async fn step(model: &mut Model, stage: &mut Stage<'_>, command: &Command) -> Result<(), TestCaseError> {
    stage.pause().await;
    model.pause();
    let (before, events) = (stored(model), stage.events().await);
    let should = model.apply(command);
    let answer = stage.ready(command).await.send().await;
    differs(&format!("{command:?}"), &answer.said.as_str(), &should)?;
    stage.absorb(command, &answer).await;
    let denied = ["FORBIDDEN", "NOT_FOUND"].contains(&should);
    if (denied || before != stored(model)) && stage.events().await == events {
        return Err(TestCaseError::fail(format!("{command:?}: {should}, and nothing in the audit log")));
    }
    if let Some(who) = actor(command).filter(|who| model.signed_out.remove(who)) {
        stage.sign_in(who, model.mfa.contains(&who)).await;
    }
    Ok(())
}

/// One sequence, on a stage of its own.
async fn sequence(app: &TestApp, commands: &[Command]) -> Result<(), TestCaseError> {
    let mut model = start();
    let mut stage = Stage::set(app, &model).await;
    for command in commands {
        if model.makes_sense(command) {
            step(&mut model, &mut stage, command).await?;
        }
    }
    app.mail.drain().await.unwrap();
    differs("the database", &stage.observed().await, &stored(&model))
}

#[test]
fn random_commands_say_and_leave_what_the_model_says() {
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(TestApp::start(options()));
    let cases = std::env::var("LATCHKEY_MODEL_CASES").map_or(CASES, |text| text.parse().unwrap());
    let mut runner = TestRunner::new(Config {
        cases,
        // Shrinking runs real commands.
        max_shrink_time: 60_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/it/model/regressions.txt"))),
        ..Config::default()
    });
    let commands = prop::collection::vec(command(), 20..=40);
    let outcome = runner.run(&commands, |commands| runtime.block_on(sequence(&app, &commands)));
    if let Err(error) = outcome {
        panic!("{error}");
    }
    runtime.block_on(app.finish());
}
