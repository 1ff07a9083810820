//! `latchkey bootstrap`: creates the first account and its Owner. The password never stands on the command
//! line, where every process of the machine could read it.

use std::io::{BufRead as _, IsTerminal as _};

use anyhow::Context as _;
use clap::Args;
use secrecy::SecretString;

use super::{clock_of, configure, connect, output::say};
use crate::{
    config::{Config, Purpose},
    crypto::Passwords,
    service::bootstrap::{Bootstrap, BootstrapCommand},
};

/// The password comes from LATCHKEY_BOOTSTRAP_PASSWORD, LATCHKEY_BOOTSTRAP_PASSWORD_FILE or standard input.
#[derive(Debug, Args)]
pub struct BootstrapArgs {
    /// The account's name.
    #[arg(long)]
    account: String,
    /// The Owner's e-mail address.
    #[arg(long)]
    email: String,
    /// The Owner's name.
    #[arg(long)]
    name: String,
    /// Create one more account although there are some.
    #[arg(long)]
    another: bool,
}

pub async fn run(args: BootstrapArgs) -> anyhow::Result<()> {
    let config = configure(Purpose::Bootstrap)?;
    let password = password(&config).await?;
    let store = connect(&config).await?;
    store.migrate().await?;
    let bootstrap =
        Bootstrap { store: store.clone(), passwords: Passwords::new(1), clock: clock_of(&config)? };
    let command = BootstrapCommand {
        account: args.account,
        email: args.email,
        name: args.name,
        password,
        even_if_accounts_exist: args.another,
    };
    let created = bootstrap.run(command).await?;
    store.close().await;
    say(&format!("Created {} with its Owner {}.\n", created.account_id, created.owner_id))
}

async fn password(config: &Config) -> anyhow::Result<SecretString> {
    if let Some(password) = &config.bootstrap_password {
        return Ok(password.clone());
    }
    if std::io::stdin().is_terminal() {
        eprintln!("The Owner's password (it shows as you type; LATCHKEY_BOOTSTRAP_PASSWORD_FILE does not):");
    }
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let line = read.await?.context("standard input cannot be read")?;
    let password = line.trim_end_matches(['\r', '\n']);
    anyhow::ensure!(
        !password.is_empty(),
        "no password: set LATCHKEY_BOOTSTRAP_PASSWORD_FILE or write it to standard input"
    );
    Ok(SecretString::from(password))
}
