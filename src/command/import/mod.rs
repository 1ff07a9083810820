//! `latchkey import`: loads portfolios, accounts, people and memberships from JSON Lines.
//!
//! Only what is absent is inserted: what exists, however it came and whatever became of it, stays as it is. That
//! makes a rerun harmless, and it makes a killed import one that is run again. The file is read once for portfolios
//! and people, once for accounts, once for memberships, so its rows may stand in any order; nothing is kept of a row
//! once its batch is written. At the end counts and Owners are taken from the memberships.
//!
//! Ids of accounts and portfolios are derived from their keys and a namespace drawn once for the database. People
//! are known by their addresses and get ids like everybody else.

#[cfg(any(test, fuzzing))]
pub(crate) mod bad_input;
mod batches;
mod fields;
mod groups;
mod hashing;
mod input;
mod members;
mod people;
mod progress;
mod row;

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::input::Input;
pub use self::progress::{Counts, Progress, Rejection, Summary};
pub use self::row::Kind;

use self::hashing::Hashing;
use super::{clock_of, configure, connect, output::say};
use crate::clock::Clock;
use crate::config::Purpose;
use crate::crypto::{Keyring, KeyringError, PasswordError, Passwords};
use crate::store::import::Group;
use crate::store::{Store, StoreError};

/// How many accounts or portfolios are counted in one transaction.
const COUNTED_AT_ONCE: usize = 50;

/// Why an import stopped. What it had loaded stays; a rerun continues.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("the rows cannot be read")]
    Read(#[from] io::Error),
    /// The database does not answer, or not as it should.
    #[error("the database failed")]
    Store(#[from] StoreError),
    /// Memory is short, or the process is shutting down.
    #[error("a password cannot be hashed")]
    Password(#[from] PasswordError),
    /// A secret cannot be sealed.
    #[error("a TOTP secret cannot be sealed")]
    Seal(#[from] KeyringError),
    /// A part of the import ended before its time.
    #[error("the import was interrupted")]
    Interrupted,
}

#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// A file of JSON Lines; - reads standard input.
    file: PathBuf,
}

pub async fn run_command(args: ImportArgs) -> anyhow::Result<()> {
    let config = configure(Purpose::Import)?;
    let keys = config.keys_file.as_deref().context("LATCHKEY_KEYS_FILE is missing")?;
    let keyring = Arc::new(Keyring::load(keys)?);
    let store = connect(&config).await?;
    let file = args.file.clone();
    let input = tokio::task::spawn_blocking(move || Input::open(&file))
        .await?
        .with_context(|| format!("{} cannot be read", args.file.display()))?;
    let passwords = Passwords::new(config.password_parallelism);
    let summary = run(&store, keyring, passwords, clock_of(&config)?, input, Progress::shown())
        .await
        .context("the import stopped; run it again and it continues")?;
    store.close().await;
    say(&summary.text())?;
    anyhow::ensure!(summary.rejected == 0, "{} rows were rejected, all others are loaded", summary.rejected);
    Ok(())
}

/// Loads everything that `input` holds and `store` does not. Migrates first.
pub async fn run(
    store: &Store,
    keyring: Arc<Keyring>,
    passwords: Passwords,
    clock: Arc<dyn Clock>,
    input: Input,
    progress: Progress,
) -> Result<Summary, ImportError> {
    store.migrate().await?;
    let import = Arc::new(Import {
        namespace: store.import_namespace().await?,
        store: store.clone(),
        keyring,
        hashing: Hashing::new(passwords),
        clock,
        progress,
        touched: Mutex::default(),
    });
    let mut input = input;
    for (pass, what) in ["portfolios and users", "accounts", "memberships"].into_iter().enumerate() {
        import.progress.begin(input.length(), what);
        input = batches::load(&import, input, pass).await?;
    }
    import.recount().await?;
    Ok(import.progress.finish())
}

/// What every batch needs.
struct Import {
    store: Store,
    keyring: Arc<Keyring>,
    hashing: Hashing,
    clock: Arc<dyn Clock>,
    progress: Progress,
    namespace: Uuid,
    /// Whose counts may be wrong: everything that a row refers to, since an earlier run may have been killed before
    /// it counted. Accounts and portfolios only, never people.
    touched: Mutex<HashSet<(Group, Uuid)>>,
}

impl Import {
    fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// The id of an account or a portfolio, from its key.
    fn id_of(&self, group: Group, key: &str) -> Uuid {
        let kind: &[u8] = match group {
            Group::Account => b"account/",
            Group::Portfolio => b"portfolio/",
        };
        let hash = Sha256::new().chain_update(self.namespace).chain_update(kind).chain_update(key).finalize();
        let hash: [u8; 32] = hash.into();
        let mut first = [0; 16];
        first.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        // Version 8 is for such ids of one's own making (RFC 9562, section 5.8).
        uuid::Builder::from_custom_bytes(first).into_uuid()
    }

    fn touch(&self, touched: impl IntoIterator<Item = (Group, Uuid)>) {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).extend(touched);
    }

    async fn recount(&self) -> Result<(), ImportError> {
        let mut touched: Vec<_> =
            std::mem::take(&mut *self.touched.lock().unwrap_or_else(PoisonError::into_inner))
                .into_iter()
                .collect();
        touched.sort_unstable();
        self.progress.begin(u64::try_from(touched.len()).unwrap_or(u64::MAX), "counts");
        let (mut accounts, mut portfolios) = (0, 0);
        for (group, without_owner) in [(Group::Account, &mut accounts), (Group::Portfolio, &mut portfolios)] {
            let ids: Vec<Uuid> = touched.iter().filter(|(of, _)| *of == group).map(|(_, id)| *id).collect();
            for some in ids.chunks(COUNTED_AT_ONCE) {
                let missing = Box::pin(self.store.recount(group, some)).await?;
                *without_owner += u64::try_from(missing).unwrap_or(u64::MAX);
                self.progress.advance(u64::try_from(some.len()).unwrap_or(u64::MAX));
            }
        }
        self.progress.without_owner(accounts, portfolios);
        Ok(())
    }
}
