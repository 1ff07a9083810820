//! Random commands, several at once, and a random fault in the middle of them, against real processes: three mongods, the
//! network in front of them, the gateway and a mail server. Whatever was said must be explained, by some order of the commands
//! in which those without a sure answer were done once or not at all, by what the database holds afterwards.
//!
//! Every round draws from a seed of its own, so that one round's chances do not change the next one's. The seed and the steps
//! are printed; `make soak SEED=… MINUTES=…` runs the same again, and longer.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use mail_parser::MessageParser;
use mongodb::bson::{Bson, Document, doc};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use time::OffsetDateTime;

use super::network::Weather;
use super::replica_set::ReplicaSet;
use super::{RECOVER_WITHIN, every, sound};
use crate::harness::{Client, TestApp};
use crate::mail::server::SmtpServer;
use crate::model::check::stored;
use crate::model::gateway::{BETWEEN, Stage, start};
use crate::model::races::{comparable, orders};
use crate::model::state::{Command, Model};
use crate::model::{command, options};
use crate::serve::{Gateway, done, latchkey, serve_with};

const APP: &str = "under-faults";
const DEADLINE: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// How long a run lasts that nobody asked to last longer.
const BRIEFLY: Duration = Duration::from_secs(30);
/// Rounds until people and places are new ones.
const ROUNDS: u64 = 20;

#[derive(Debug, Clone, Copy)]
enum Fault {
    KillPrimary,
    FreezePrimary,
    ResetConnections,
    SilenceNetwork,
    ForgetConnections,
    LoseReply(&'static str, usize),
    KillGateway,
    FreezeMail,
}

impl Fault {
    fn draw(rng: &mut StdRng) -> Self {
        match rng.random_range(0..10) {
            0 => Self::KillPrimary,
            1 => Self::FreezePrimary,
            2 => Self::ResetConnections,
            3 => Self::SilenceNetwork,
            4 => Self::ForgetConnections,
            5 | 6 => Self::KillGateway,
            7 => Self::FreezeMail,
            n => {
                let commands = ["commitTransaction", "insert", "update", "findAndModify"];
                Self::LoseReply(commands[rng.random_range(0..commands.len())], n - 8)
            }
        }
    }
}

struct Scene<'a> {
    set: ReplicaSet,
    app: &'a TestApp,
    smtp: &'a SmtpServer,
    folder: tempfile::TempDir,
    gateway: Option<Gateway>,
    offset: Duration,
}

impl<'a> Scene<'a> {
    async fn start(set: ReplicaSet, app: &'a TestApp, smtp: &'a SmtpServer) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        fs::write(folder.path().join("keys.toml"), app.keyring.to_toml()).unwrap();
        fs::write(folder.path().join("clock"), "+0s").unwrap();
        let mut scene = Self { set, app, smtp, folder, gateway: None, offset: Duration::ZERO };
        scene.serve().await;
        scene
    }

    fn uri(&self) -> String {
        format!("{}&appName={APP}", self.set.uri())
    }

    async fn serve(&mut self) {
        let (uri, deadline) = (self.uri(), format!("{}s", DEADLINE.as_secs()));
        let vars = [
            ("LATCHKEY_MONGODB_URI", uri.as_str()),
            ("LATCHKEY_REQUEST_DEADLINE", &deadline),
            ("LATCHKEY_SESSION_IDLE", "7d"),
            ("LATCHKEY_SESSION_MAX", "7d"),
        ];
        let url = self.smtp.url("");
        self.gateway = Some(serve_with(self.folder.path(), &self.app.database, &url, &vars).await);
    }

    fn client(&self) -> Client {
        Client::new(format!("http://{}/graphql", self.gateway.as_ref().unwrap().address))
    }

    /// Time goes on for the gateway and for whoever looks on.
    async fn pause(&mut self) {
        self.offset += BETWEEN;
        fs::write(self.folder.path().join("clock"), format!("+{}s", self.offset.as_secs())).unwrap();
        self.app.clock.set(OffsetDateTime::now_utc() + self.offset);
        self.app.services.apply_due_resets("looks on").await.unwrap();
        self.app.freshen().await;
    }

    /// The fault, and its end: a moment later, or when another member is the primary.
    async fn strikes(&mut self, fault: Fault, lasts: Duration) {
        let clears = async |set: &ReplicaSet| {
            tokio::time::sleep(lasts).await;
            set.network().turns(Weather::Fine);
        };
        match fault {
            Fault::KillPrimary | Fault::FreezePrimary => {
                let primary = self.set.primary().await;
                let kills = matches!(fault, Fault::KillPrimary);
                if kills {
                    self.set.kill(primary)
                } else {
                    self.set.freeze(primary)
                }
                self.set.primary_but(primary).await;
                self.recovers(fault).await;
                if kills {
                    self.set.start_again(primary)
                } else {
                    self.set.thaw(primary)
                }
                self.set.primary().await;
            }
            Fault::ResetConnections => {
                self.set.network().turns(Weather::Refused);
                clears(&self.set).await;
            }
            Fault::SilenceNetwork => {
                self.set.network().turns(Weather::Silent);
                clears(&self.set).await;
            }
            Fault::ForgetConnections => {
                self.set.network().turns(Weather::Silent);
                tokio::time::sleep(lasts).await;
                self.set.network().forgets_connections();
            }
            // Armed before anything is sent.
            Fault::LoseReply(..) => {}
            Fault::KillGateway => {
                let gateway = self.gateway.as_mut().unwrap();
                gateway.process.kill().unwrap();
                gateway.process.wait().unwrap();
                self.gateway = None;
                self.serve().await;
            }
            Fault::FreezeMail => {
                self.smtp.freezes(true);
                tokio::time::sleep(lasts).await;
                self.smtp.freezes(false);
            }
        }
        self.recovers(fault).await;
    }

    /// Reads and writes work again soon after what was away is back.
    async fn recovers(&self, fault: Fault) {
        let (back, client) = (Instant::now(), self.client());
        // Nobody's log-in: it is counted, and written down as refused.
        let nobody = "mutation { logIn(input: { email: \"nobody@nowhere.test\", password: \"of nobody at all\" }) { __typename } }";
        loop {
            let reply = client.try_post(serde_json::json!({ "query": nobody })).await;
            if reply.is_ok_and(|reply| reply.code() != "UNAVAILABLE") {
                return;
            }
            assert!(back.elapsed() < RECOVER_WITHIN, "nothing works {RECOVER_WITHIN:?} after {fault:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Lets mail arrive that waits for the end of a lease or for another attempt.
    async fn mail_arrives(&self) {
        let (end, mut again) = (Instant::now() + Duration::from_secs(60), Instant::now());
        while self.app.store.outbox.count_queued(100).await.unwrap() > 0 {
            assert!(Instant::now() < end, "mail does not go out");
            if again.elapsed() > Duration::from_secs(2) {
                again = Instant::now();
                let now = mongodb::bson::DateTime::from_time_0_3(self.app.now());
                let waiting = doc! { "state": "QUEUED", "next_at": { "$gt": now } };
                self.app.update("outbox", waiting, doc! { "$set": { "next_at": now } }).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Creating and closing places gives ids that only the answer tells; the model's own tests do that.
fn wanted(command: &Command) -> bool {
    use Command::{Bulk, Close, Create};
    !matches!(command, Create(..) | Close(..) | Bulk(..))
}

fn of_reset(command: &Command) -> bool {
    use Command::{AcceptReset, Approve, CancelReset, DeclineReset, Demand, Disable, Enrol, Reset};
    matches!(
        command,
        Reset(..)
            | Approve(..)
            | AcceptReset(_)
            | DeclineReset(_)
            | CancelReset(..)
            | Demand(..)
            | Enrol(_)
            | Disable(_)
    )
}

/// The model after some order of the commands that says what was said, where those without an answer were done or not.
fn explained(model: &Model, batch: &[&Command], said: &[Option<String>], observed: &Model) -> Option<Model> {
    for order in orders(batch.len()) {
        for done in 0..1_usize << batch.len() {
            let mut model = model.clone();
            let fits = order.iter().all(|&index| match &said[index] {
                Some(said) => model.apply(batch[index]) == said,
                None => {
                    if done & (1 << index) != 0 {
                        model.apply(batch[index]);
                    }
                    true
                }
            });
            if fits && stored(&model) == *observed {
                return Some(model);
            }
        }
    }
    None
}

/// What an answer leaves open: there was none, or it said so.
fn sure(said: Option<String>) -> Option<String> {
    said.filter(|said| !["UNAVAILABLE", "INTERNAL"].contains(&said.as_str()))
}

/// How many audit events there are; MongoDB's own estimate is off after a member was killed.
async fn events(app: &TestApp) -> usize {
    every::<Document>(app.store.database(), "audit_events").await.len()
}

async fn round(scene: &mut Scene<'_>, stage: &mut Stage<'_>, model: &mut Model, (seed, number): (u64, u64)) {
    let mut rng = StdRng::seed_from_u64(seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    let bytes: [u8; 32] = rng.random();
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let mut draw = || command().new_tree(&mut runner).unwrap().current();
    scene.pause().await;
    model.pause();
    let size = rng.random_range(2..=3);
    let mut batch: Vec<Command> = Vec::new();
    while batch.len() < size {
        // Mostly what a reset is about.
        let next = match rng.random_bool(0.6) {
            true => std::iter::repeat_with(&mut draw).find(of_reset).unwrap(),
            false => draw(),
        };
        let fits = wanted(&next) && model.makes_sense(&next);
        batch.push(next);
        if !fits || !comparable(&batch) {
            batch.pop();
        }
    }
    let (fault, wait) = (Fault::draw(&mut rng), Duration::from_millis(rng.random_range(0..60)));
    let lasts = Duration::from_millis(rng.random_range(300..4_000));
    println!("round {number}: {batch:?}, after {wait:?} {fault:?} for {lasts:?}");

    let batch: Vec<&Command> = batch.iter().collect();
    let mut ready = Vec::new();
    for command in &batch {
        ready.push(stage.ready(command).await);
    }
    let (events, begun) = (events(scene.app).await, Instant::now());
    if let Fault::LoseReply(command, after) = fault {
        scene.set.network().loses_reply_to(command, after);
    }
    let sent: Vec<_> = ready
        .into_iter()
        .map(|ready| tokio::spawn(tokio::time::timeout(ANSWER_WITHIN, ready.try_send())))
        .collect();
    tokio::time::sleep(wait).await;
    let (answers, ()) = tokio::join!(join_all(sent), scene.strikes(fault, lasts));
    let said: Vec<Option<String>> =
        answers.into_iter().map(|answer| sure(answer.unwrap().expect("an answer hangs"))).collect();
    scene.set.network().replies_lost();
    if said.iter().any(Option::is_none) {
        // What was begun ends: at the deadline, with a commit that may be asked for again.
        let over = begun + DEADLINE + Duration::from_secs(6);
        tokio::time::sleep_until(over.into()).await;
    }
    stage.client = scene.client();
    scene.mail_arrives().await;

    println!("round {number}: {said:?}");
    let observed = stage.observed().await;
    let explanation = explained(model, &batch, &said, &observed);
    *model = explanation.unwrap_or_else(|| {
        panic!("nothing explains it\n  commands: {batch:?}\n  said: {said:?}\n  from: {model:?}\n  left: {observed:?}")
    });
    let changed = |said: &String| said.chars().any(char::is_lowercase);
    let changes = batch.iter().zip(&said).filter(|(command, said)| {
        !matches!(command, Command::Enforce(..) | Command::Demand(..)) && said.as_ref().is_some_and(changed)
    });
    // An accepted reset that cools off already is accepted again without an event.
    let again = batch.iter().filter(|command| matches!(command, Command::AcceptReset(_))).count();
    let written = self::events(scene.app).await - events;
    assert!(written + again >= changes.count(), "what was acknowledged is not in the audit log");
    sound(scene.app.store.database()).await;
    stage.absorb_all().await;
    for who in std::mem::take(&mut model.signed_out) {
        stage.sign_in(who, model.mfa.contains(&who)).await;
    }
}

/// Every mail that was to be sent is there, and nothing that was not; the audit log is whole.
async fn everything_is_told(scene: &Scene<'_>) {
    let rows: Vec<Document> = every(scene.app.store.database(), "outbox").await;
    let id = |row: &Document| {
        let id: latchkey::domain::MailId =
            mongodb::bson::deserialize_from_bson(row.get("_id").unwrap().clone()).unwrap();
        id.to_string()
    };
    let arrived: BTreeSet<String> = scene
        .smtp
        .taken()
        .iter()
        .map(|mail| {
            let message = MessageParser::default().parse(&mail.message).unwrap();
            message.message_id().unwrap().split('@').next().unwrap().to_owned()
        })
        .collect();
    for row in &rows {
        let sent = row.get("state") == Some(&Bson::from("SENT"));
        // A reset that was answered by an earlier link needs no other mail.
        assert!(
            !sent || arrived.contains(&id(row)) || row.contains_key("last_error"),
            "a mail is lost: {row:?}"
        );
    }
    let known: BTreeSet<String> = rows.iter().map(id).collect();
    assert!(arrived.is_subset(&known), "mail that nobody queued");
    let mut verify = latchkey(scene.folder.path(), &scene.app.database, &scene.smtp.url(""), "127.0.0.1:0");
    done(verify.args(["audit", "verify"]).env("LATCHKEY_MONGODB_URI", scene.uri()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn random_faults_leave_what_some_order_of_the_acknowledged_commands_leaves() {
    let given = |key: &str| std::env::var(key).ok().filter(|text| !text.is_empty());
    let seed =
        given("LATCHKEY_SOAK_SEED").map_or_else(rand::random, |text| text.parse().expect("SEED is a number"));
    let minutes =
        given("LATCHKEY_SOAK_MINUTES").map(|text| text.parse::<u64>().expect("MINUTES is a number"));
    let lasts = minutes.map_or(BRIEFLY, |minutes| Duration::from_secs(60 * minutes));
    println!("seed {seed}: make soak SEED={seed}");
    let set = ReplicaSet::start_behind_a_network(APP).await;
    let mut usual = options();
    usual.vars.push(("LATCHKEY_MONGODB_URI".to_owned(), set.uri()));
    let (app, smtp) = (TestApp::start(usual).await, SmtpServer::start());
    let mut scene = Scene::start(set, &app, &smtp).await;
    let (end, mut number) = (Instant::now() + lasts, 0);
    while Instant::now() < end || number == 0 {
        let mut model = start();
        let mut stage = Stage::set(&app, &model).await;
        stage.server = Some(&smtp);
        stage.client = scene.client();
        for _ in 0..ROUNDS {
            if Instant::now() >= end && number > 0 {
                break;
            }
            round(&mut scene, &mut stage, &mut model, (seed, number)).await;
            number += 1;
        }
    }
    everything_is_told(&scene).await;
    println!("{number} rounds");
    drop(scene.gateway.take());
    let Scene { set, .. } = scene;
    app.finish().await;
    drop(set);
}
