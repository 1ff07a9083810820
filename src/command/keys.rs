//! `latchkey keys`: makes the keyring and changes its keys. It never prints a key.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Subcommand;

use super::{configure, connect, output::say};
use crate::config::{Config, Purpose};
use crate::crypto::Keyring;
use crate::service::key_rotation::KeyRotation;
use crate::store::Store;

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Writes a keyring of one new key; refuses to overwrite a file.
    Init {
        /// The file to write, readable by its owner only.
        file: PathBuf,
    },
    /// Adds a new key that opens what it sealed and does not seal yet: the first step where several gateways run.
    Add {
        /// The keys file.
        file: PathBuf,
    },
    /// Makes another key the one that seals: a new one, or one that was added before.
    Rotate {
        /// The keys file.
        file: PathBuf,
        /// The key to seal with; without it a new one is made.
        #[arg(long)]
        to: Option<String>,
    },
    /// Says how much is sealed under each key of LATCHKEY_KEYS_FILE.
    Status,
    /// Seals anew, under the current key, what earlier keys sealed. May be stopped and run again.
    Reseal,
    /// Removes a key from LATCHKEY_KEYS_FILE under which nothing is sealed any more.
    Retire {
        /// The key's id.
        key: String,
    },
}

pub async fn run(command: KeysCommand) -> anyhow::Result<()> {
    match command {
        KeysCommand::Init { file } => {
            Keyring::generate().write_new(&file)?;
            say(&format!(
                "{} holds a new key. Set LATCHKEY_KEYS_FILE to it, and keep a copy apart from the database's backups:\n\
                 without it nobody's TOTP secret can be read again.\n",
                file.display()
            ))
        }
        KeysCommand::Add { file } => {
            let (keyring, id) = Keyring::load(&file)?.with_new_key();
            keyring.replace(&file)?;
            say(&format!(
                "Added the key {id} to {}; it does not seal yet. Give this file to every gateway, restart them, and then run\n\
                 latchkey keys rotate {} --to {id}\n",
                file.display(),
                file.display()
            ))
        }
        KeysCommand::Rotate { file, to } => {
            let keyring = Keyring::load(&file)?;
            let keyring = match to {
                Some(id) => keyring.with_current(&id)?,
                None => keyring.rotated(),
            };
            keyring.replace(&file)?;
            say(&format!(
                "{} seals with the key {} from the next start of each gateway. They seal anew what earlier keys sealed;\n\
                 latchkey keys status shows how far they are. Keep a copy of the file.\n",
                file.display(),
                keyring.current_id()
            ))
        }
        KeysCommand::Status => {
            let (_, rotation) = open().await?;
            let mut text = format!(
                "{:<20} {:>12} {:>12} {:>12} {:>12}  {}\n",
                "key", "users", "enrolments", "signing keys", "webhooks", "audit log"
            );
            for key in rotation.status().await? {
                let id = if key.current { format!("{} (current)", key.id) } else { key.id };
                text.push_str(&format!(
                    "{id:<20} {:>12} {:>12} {:>12} {:>12}  {}\n",
                    key.users,
                    key.tickets,
                    key.signing_keys,
                    key.webhooks,
                    if key.audit_log { "authenticates" } else { "-" }
                ));
            }
            say(&text)?;
            close(rotation).await
        }
        KeysCommand::Reseal => {
            let (_, rotation) = open().await?;
            rotation.check().await?;
            let all = rotation.reseal(|_| true).await?;
            say(&format!("{} values sealed anew; {} had changed meanwhile.\n", all.done, all.changed))?;
            anyhow::ensure!(
                all.unreadable == 0,
                "{} values cannot be opened; the log names them",
                all.unreadable
            );
            close(rotation).await
        }
        KeysCommand::Retire { key } => {
            let (file, rotation) = open().await?;
            rotation.may_retire(&key).await?;
            Keyring::load(&file)?.without(&key)?.replace(&file)?;
            rotation.forget(&key).await?;
            say(&format!(
                "Removed the key {key} from {}. Copies of the file still hold it.\n",
                file.display()
            ))?;
            close(rotation).await
        }
    }
}

async fn open() -> anyhow::Result<(PathBuf, KeyRotation)> {
    let config: Config = configure(Purpose::Import)?;
    let file = config.keys_file.clone().context("LATCHKEY_KEYS_FILE is missing")?;
    let keyring = Arc::new(Keyring::load(&file)?);
    let store: Store = connect(&config).await?;
    Ok((file, KeyRotation { store, keyring }))
}

async fn close(rotation: KeyRotation) -> anyhow::Result<()> {
    rotation.store.close().await;
    Ok(())
}
