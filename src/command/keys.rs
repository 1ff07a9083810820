//! `latchkey keys`: makes the keyring. It never prints a key.

use std::path::PathBuf;

use clap::Subcommand;

use super::output::say;
use crate::crypto::Keyring;

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Writes a keyring of one new key; refuses to overwrite a file.
    Init {
        /// The file to write, readable by its owner only.
        file: PathBuf,
    },
}

pub fn run(command: KeysCommand) -> anyhow::Result<()> {
    match command {
        KeysCommand::Init { file } => {
            Keyring::generate().write_new(&file)?;
            say(&format!(
                "{} holds a new key. Set LATCHKEY_KEYS_FILE to it, and keep a copy apart from the database's backups:\n\
                 without it nobody's TOTP secret can be read again.\n",
                file.display()
            ))
        }
    }
}
