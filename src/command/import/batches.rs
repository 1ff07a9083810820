//! One pass over the lines: a thread reads and checks rows, a few batches at a time are being written.
//!
//! Rows about the same thing keep their order, so that it is always the later one that is rejected: within a batch
//! its loader sees to that, and a batch that shares a thing with one in flight waits.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{Id, JoinSet};

use super::fields::Fields;
use super::input::Input;
use super::row::{GroupRow, Kind, MemberRow, UserRow};
use super::{Import, ImportError};
use crate::store::import::Group;

const ROWS: usize = 1000;
const MAX_IN_FLIGHT: usize = 4;

/// A row with its line.
pub struct At<T> {
    pub line: u64,
    pub row: T,
}

/// Rows of one kind.
enum Batch {
    Groups(Vec<At<GroupRow>>),
    Users(Vec<At<UserRow>>),
    Members(Vec<At<MemberRow>>),
}

fn number(value: impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Batch {
    /// What the rows are about, as numbers; two things of one number only cost a wait.
    fn subjects(&self) -> HashSet<u64> {
        match self {
            Self::Groups(rows) => rows.iter().map(|at| number(&at.row.key)).collect(),
            Self::Users(rows) => rows.iter().map(|at| number(&at.row.email_key)).collect(),
            Self::Members(rows) => rows
                .iter()
                .flat_map(|At { row, .. }| {
                    // An account has one Owner: such a row is about the whole account.
                    let place = row.role.is_owner().then(|| number(&row.key));
                    [Some(number((&row.key, &row.email_key))), place]
                })
                .flatten()
                .collect(),
        }
    }

    async fn load(self, import: &Import) -> Result<(), ImportError> {
        match self {
            Self::Groups(rows) => Box::pin(super::groups::load(import, rows)).await,
            Self::Users(rows) => Box::pin(super::people::load(import, rows)).await,
            Self::Members(rows) => Box::pin(super::members::load(import, rows)).await,
        }
    }
}

/// Loads the rows of one pass and gives the input back.
pub async fn load(import: &Arc<Import>, input: Input, pass: usize) -> Result<Input, ImportError> {
    let (send, mut batches) = mpsc::channel(2);
    let reader = {
        let import = Arc::clone(import);
        tokio::task::spawn_blocking(move || read(&import, input, pass, &send))
    };
    let mut flight = Flight::default();
    let mut outcome = Ok(());
    while outcome.is_ok() {
        let Some(batch) = batches.recv().await else { break };
        outcome = flight.launch(import, batch).await;
    }
    drop(batches);
    // What is under way is seen through even after a failure.
    let landed = flight.land_all().await;
    let input = reader.await.map_err(|_| ImportError::Interrupted)?;
    outcome.and(landed)?;
    Ok(input?)
}

/// The batches being written.
#[derive(Default)]
struct Flight {
    tasks: JoinSet<Result<(), ImportError>>,
    subjects: Vec<(Id, HashSet<u64>)>,
}

impl Flight {
    async fn launch(&mut self, import: &Arc<Import>, batch: Batch) -> Result<(), ImportError> {
        let subjects = batch.subjects();
        if self.subjects.iter().any(|(_, flying)| !flying.is_disjoint(&subjects)) {
            self.land_all().await?;
        }
        while self.tasks.len() >= MAX_IN_FLIGHT {
            self.land_one().await?;
        }
        let import = Arc::clone(import);
        let task = self.tasks.spawn(async move { batch.load(&import).await });
        self.subjects.push((task.id(), subjects));
        Ok(())
    }

    async fn land_one(&mut self) -> Result<(), ImportError> {
        match self.tasks.join_next_with_id().await {
            None => Ok(()),
            Some(Err(_)) => Err(ImportError::Interrupted),
            Some(Ok((landed, outcome))) => {
                self.subjects.retain(|(id, _)| *id != landed);
                outcome
            }
        }
    }

    async fn land_all(&mut self) -> Result<(), ImportError> {
        let mut outcome = Ok(());
        while !self.tasks.is_empty() {
            outcome = outcome.and(self.land_one().await);
        }
        outcome
    }
}

/// The rows read and not sent yet, by kind.
#[derive(Default)]
struct Pending {
    groups: Vec<At<GroupRow>>,
    users: Vec<At<UserRow>>,
    members: [Vec<At<MemberRow>>; 2],
}

impl Pending {
    fn add(&mut self, kind: Kind, line: u64, fields: Fields<'_>) -> Result<Option<Batch>, String> {
        let [account_members, portfolio_members] = &mut self.members;
        Ok(match kind {
            Kind::Portfolio | Kind::Account => {
                let group = if kind == Kind::Account { Group::Account } else { Group::Portfolio };
                full(&mut self.groups, At { line, row: GroupRow::parse(group, fields)? }).map(Batch::Groups)
            }
            Kind::User => full(&mut self.users, At { line, row: UserRow::parse(fields)? }).map(Batch::Users),
            Kind::AccountUser => {
                let row = MemberRow::parse(Group::Account, fields)?;
                full(account_members, At { line, row }).map(Batch::Members)
            }
            Kind::PortfolioUser => {
                let row = MemberRow::parse(Group::Portfolio, fields)?;
                full(portfolio_members, At { line, row }).map(Batch::Members)
            }
        })
    }

    fn rest(self) -> Vec<Batch> {
        let [account_members, portfolio_members] = self.members;
        let mut rest = Vec::new();
        if !self.groups.is_empty() {
            rest.push(Batch::Groups(self.groups));
        }
        if !self.users.is_empty() {
            rest.push(Batch::Users(self.users));
        }
        let members = [account_members, portfolio_members];
        rest.extend(members.into_iter().filter(|rows| !rows.is_empty()).map(Batch::Members));
        rest
    }
}

/// Adds a row, and gives the rows away when there are enough of them.
fn full<T>(rows: &mut Vec<T>, row: T) -> Option<Vec<T>> {
    rows.push(row);
    (rows.len() >= ROWS).then(|| std::mem::replace(rows, Vec::with_capacity(ROWS)))
}

/// Reads every line; rows of other passes are passed over. What no pass would take is rejected in the first.
fn read(
    import: &Import,
    mut input: Input,
    pass: usize,
    send: &mpsc::Sender<Batch>,
) -> std::io::Result<Input> {
    let mut pending = Pending::default();
    let mut lines = input.lines()?;
    while let Some(line) = lines.next()? {
        import.progress.advance(line.bytes);
        let taken = match line.text {
            None => Err((0, format!("longer than {} bytes", super::input::LINE_MAX))),
            Some([]) => continue,
            Some(text) => match Fields::parse(text)
                .and_then(|mut fields| Kind::take(&mut fields).map(|kind| (kind, fields)))
            {
                Err(reason) => Err((0, reason)),
                Ok((kind, _)) if kind.pass() != pass => continue,
                Ok((kind, fields)) => pending.add(kind, line.number, fields).map_err(|reason| (pass, reason)),
            },
        };
        match taken {
            Ok(None) => {}
            Ok(Some(batch)) => {
                if send.blocking_send(batch).is_err() {
                    break;
                }
            }
            Err((of_pass, reason)) if of_pass == pass => import.progress.reject(line.number, reason),
            Err(_) => {}
        }
    }
    drop(lines);
    for batch in pending.rest() {
        // When nobody receives any more, the reason is told there.
        let _ = send.blocking_send(batch);
    }
    Ok(input)
}
