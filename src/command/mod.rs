//! The commands of the binary, one file each: they read the configuration, build the app and report.
//! A command decides nothing about people, accounts or resets; services do.

pub mod audit;
pub mod bootstrap;
pub mod dev;
pub mod doctor;
pub mod import;
pub mod keys;
mod listen;
pub mod migrate;
pub mod mongod;
mod mongod_only;
mod output;
pub mod schema;
pub mod serve;
mod signals;
pub mod user;

use std::{process::ExitCode, sync::Arc};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use secrecy::ExposeSecret as _;

use crate::{
    clock::{Clock, OffsetFileClock, SystemClock},
    config::{Config, ConfigError, KEYS, Purpose},
    store::{Store, StoreOptions},
    telemetry::build::LINE,
};

/// A self-hosted GraphQL identity gateway.
#[derive(Debug, Parser)]
#[command(name = "latchkey", version = LINE, about, propagate_version = true, after_help = environment())]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the gateway.
    Serve,
    /// Runs everything on one embedded default, with demo people, on loopback.
    Dev(dev::DevArgs),
    /// Prints the GraphQL schema.
    Schema,
    /// Brings the database up to date: collections, validators, indexes.
    Migrate,
    /// Looks whether the gateway can do its work here, and says what to do where it cannot.
    Doctor(doctor::DoctorArgs),
    /// Loads portfolios, accounts, people and memberships in bulk; a rerun changes nothing.
    Import(import::ImportArgs),
    /// Creates the first account and its Owner.
    Bootstrap(bootstrap::BootstrapArgs),
    /// Makes, rotates and looks after the keys that seal TOTP secrets and signing keys.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Takes the audit log out, and finds what was changed in it.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Hands out what is stored about a person, or erases it.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Runs the embedded mongod alone.
    #[command(hide = true)]
    Mongod(mongod_only::MongodArgs),
}

/// The configuration belongs to every command's help.
fn environment() -> String {
    let width = KEYS.iter().map(|key| key.env().len()).max().unwrap_or(0);
    let mut text = String::from(
        "Configuration, by environment or by a TOML file of the same keys in lower case without LATCHKEY_;\n\
         a key marked * is a secret and may also come from the file that KEY_FILE names:\n",
    );
    for key in KEYS {
        let mark = if key.secret { '*' } else { ' ' };
        let default = if key.default.is_empty() { String::new() } else { format!(" [{}]", key.default) };
        text.push_str(&format!("  {:width$} {mark} {}{default}\n", key.env(), key.about));
    }
    text
}

/// Reads the command line, runs one command, and says in one line why it failed.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(error) = without_core_dumps() {
        return report(&error.context("core dumps cannot be switched off"));
    }
    // The one TLS provider in the tree; it is installed once, before anything connects.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(&anyhow::Error::new(error).context("the runtime cannot be started")),
    };
    let outcome = runtime.block_on(run(cli));
    // Nothing that is still running may hold up the end, such as a read from standard input.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

/// Keys, passwords and tokens are in this process's memory: none of it may end in a file or in another process of the
/// same user.
fn without_core_dumps() -> anyhow::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Serve => serve::run().await,
        Command::Dev(args) => dev::run(args).await,
        Command::Schema => schema::run(),
        Command::Migrate => migrate::run().await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Import(args) => import::run_command(args).await,
        Command::Bootstrap(args) => bootstrap::run(args).await,
        Command::Keys(command) => keys::run(command).await,
        Command::Audit(command) => audit::run(command).await,
        Command::User(command) => user::run(command).await,
        Command::Mongod(args) => mongod_only::run(args).await,
    }
}

/// Reads the configuration and starts the logs.
fn configure(purpose: Purpose) -> anyhow::Result<Config> {
    let config = Config::load(purpose)?;
    crate::telemetry::init(&config.log, config.log_format);
    Ok(config)
}

async fn connect(config: &Config) -> anyhow::Result<Store> {
    let options = StoreOptions {
        uri: config.mongodb_uri.expose_secret().to_owned(),
        database: config.mongodb_database.clone(),
        max_pool: config.mongodb_pool,
        measured: false,
        traced: false,
    };
    let store = Store::connect(&options).await.context("LATCHKEY_MONGODB_URI is not usable")?;
    store.ping().await.context("MongoDB does not answer at LATCHKEY_MONGODB_URI")?;
    Ok(store)
}

/// The machine's clock, unless a test moves it.
fn clock_of(config: &Config) -> anyhow::Result<Arc<dyn Clock>> {
    let Some(path) = &config.test_clock_file else { return Ok(Arc::new(SystemClock)) };
    let clock = OffsetFileClock::open(path)?;
    tracing::warn!(
        path = %path.display(),
        "THE CLOCK IS A TEST CLOCK: whoever writes LATCHKEY_TEST_CLOCK_FILE decides what has expired"
    );
    Ok(Arc::new(clock))
}

/// 2 is for what whoever started the command wrote wrongly, as clap does; 1 for what failed.
fn report(error: &anyhow::Error) -> ExitCode {
    if error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe) {
        // Whoever read the output has seen enough.
        return ExitCode::SUCCESS;
    }
    eprintln!("latchkey: {error:#}");
    ExitCode::from(if error.is::<ConfigError>() { 2 } else { 1 })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_lists_every_key() {
        let help = Cli::command().render_help().to_string();
        assert!(KEYS.iter().all(|key| help.contains(&key.env())), "{help}");
    }
}
