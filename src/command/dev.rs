//! `latchkey dev`: everything on one embedded default, on loopback: a real mongod, demo people, captured
//! mail, the playground. The data stays in one folder and is found again by the next start.

mod demo;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use clap::Args;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use super::{
    clock_of, configure, connect,
    import::{self, Input, Progress},
    listen::listen,
    mongod::{Mongod, MongodOptions},
    output::say,
    signals::stop_requested,
};
use crate::{
    app::{App, Parts},
    clock::Clock,
    config::{Config, Purpose},
    crypto::{Keyring, Passwords},
    store::Store,
};

#[derive(Debug, Args)]
pub struct DevArgs {
    /// The folder that holds the database and the keyring.
    #[arg(long, default_value = ".latchkey")]
    data: PathBuf,
    /// The port of the embedded mongod; without one the last one, or a free one.
    #[arg(long)]
    mongod_port: Option<u16>,
    /// Start with an empty database: no demo people.
    #[arg(long)]
    empty: bool,
}

pub async fn run(args: DevArgs) -> anyhow::Result<()> {
    let mut config = configure(Purpose::Dev)?;
    let stop = stop_requested()?;
    let listener = listen(config.listen).await?;
    std::fs::create_dir_all(&args.data)
        .with_context(|| format!("the data folder {} cannot be made", args.data.display()))?;
    let keys = keys_file(&mut config, &args.data)?;
    if config.web_dir.is_none() {
        // Where `make dev` builds it.
        config.web_dir = Some(PathBuf::from("web/dist")).filter(|folder| folder.is_dir());
    }

    // A signal while it starts ends it at once; what has started by then ends with its handle.
    let Some(mongod) = unless_stopped(&stop, embedded_mongod(&args, &config)).await? else { return Ok(()) };
    if let Some(mongod) = &mongod {
        config.mongodb_uri = SecretString::from(mongod.uri());
    }
    let outcome = serve(&args, config, &keys, listener, stop, mongod.as_ref()).await;
    if let Some(mongod) = mongod {
        mongod.stop().await;
    }
    outcome
}

async fn serve(
    args: &DevArgs,
    config: Config,
    keys: &Path,
    listener: tokio::net::TcpListener,
    stop: CancellationToken,
    mongod: Option<&Mongod>,
) -> anyhow::Result<()> {
    let clock = clock_of(&config)?;
    let store = connect(&config).await?;
    store.migrate().await?;
    if !args.empty && !store.accounts.any().await? {
        seed(&store, Keyring::load(keys)?, &config, clock.clone()).await?;
    }
    store.close().await;
    let welcome = welcome(args, &config, clock.as_ref(), mongod);
    let passwords = Passwords::new(config.password_parallelism);
    let app = App::build(
        &config,
        Parts { clock, keyring: Keyring::load(keys)?.into(), passwords, transport: None },
    )
    .await?;
    say(&welcome)?;
    app.run(listener, stop).await
}

async fn unless_stopped<T>(
    stop: &CancellationToken,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<Option<T>> {
    tokio::select! {
        done = work => done.map(Some),
        () = stop.cancelled() => Ok(None),
    }
}

/// Nothing when the configuration names a MongoDB of its own.
async fn embedded_mongod(args: &DevArgs, config: &Config) -> anyhow::Result<Option<Mongod>> {
    use secrecy::ExposeSecret as _;
    if !config.mongodb_uri.expose_secret().is_empty() {
        return Ok(None);
    }
    let options = MongodOptions {
        port: args.mongod_port,
        binary: config.mongod.clone(),
        tools: config.tools_dir.clone(),
        ..MongodOptions::new(args.data.join("mongod"))
    };
    Ok(Some(Mongod::start(options).await?))
}

/// The configured keyring, or one that is made once and kept beside the database.
fn keys_file(config: &mut Config, data: &Path) -> anyhow::Result<PathBuf> {
    let path = config.keys_file.get_or_insert_with(|| data.join("keys.toml")).clone();
    if !path.exists() {
        Keyring::generate().write_new(&path)?;
    }
    Ok(path)
}

fn welcome(args: &DevArgs, config: &Config, clock: &dyn Clock, mongod: Option<&Mongod>) -> String {
    let url = &config.public_url;
    let mut text =
        format!("\nLatchkey is ready. Ctrl-C stops it; the data stays in {}.\n\n", args.data.display());
    let mut line = |name: &str, value: String| text.push_str(&format!("  {name:<11}{value}\n"));
    line("GraphQL", url.join("/graphql"));
    if config.playground {
        line("Playground", url.join("/playground"));
    }
    if config.smtp.is_none() {
        line("Mail", url.join("/dev/mailbox"));
    }
    if let Some(mongod) = mongod {
        line("MongoDB", mongod.uri());
    }
    if !args.empty {
        text.push_str(&format!("\n{}", demo::people(clock.now())));
        text.push_str(&format!("\nA first query to paste into the playground:\n\n{}\n", demo::first_query()));
    }
    text
}

/// Through the importer, as any other data.
async fn seed(store: &Store, keyring: Keyring, config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<()> {
    let passwords = Passwords::new(config.password_parallelism);
    let (input, progress) = (Input::text(demo::rows()), Progress::silent());
    let seeded = import::run(store, Arc::new(keyring), passwords, clock, input, progress).await?;
    anyhow::ensure!(seeded.rejected == 0, "the demo people cannot be loaded: {}", seeded.text());
    Ok(())
}
