//! `latchkey user`: what a person may ask of whoever runs the gateway. See first who asks.

mod json;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::Map;
use time::format_description::well_known::Rfc3339;

use super::{clock_of, configure, connect, output::say};
use crate::config::Purpose;
use crate::domain::key::EmailKey;
use crate::service::personal_data::{Erased, Person, PersonalData};

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Writes all that is stored about a person as JSON: no password, code, secret or hash of one.
    Export {
        /// The person's id (user_…) or e-mail address.
        person: Person,
        /// The file to write, readable by its owner only; refuses to overwrite one. Standard output without it.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Erases a person for good: name, address, factors, sessions, devices, places. May be stopped and run again. Refuses an
    /// Owner.
    Erase {
        /// The person's id (user_…) or e-mail address.
        person: Person,
        /// Erases without asking: what is erased cannot be brought back.
        #[arg(long)]
        yes: bool,
    },
}

pub async fn run(command: UserCommand) -> anyhow::Result<()> {
    let config = configure(Purpose::Migrate)?;
    if let UserCommand::Erase { yes: false, .. } = command {
        anyhow::bail!(
            "what is erased cannot be brought back: add --yes (latchkey user export takes a copy first)"
        );
    }
    let store = connect(&config).await?;
    super::audit::check_layout(&store).await?;
    let data = PersonalData { store: store.clone(), clock: clock_of(&config)? };
    match command {
        UserCommand::Export { person, output } => {
            let text = export(&data, &person).await?;
            match output {
                Some(file) => write_new(&file, &text)
                    .with_context(|| format!("{} cannot be written", file.display()))?,
                None => say(&text)?,
            }
        }
        UserCommand::Erase { person, .. } => {
            let text = match data.erase(&person).await? {
                Erased::Now { user, places } => {
                    format!("Erased {user}, and took them out of {places} places.\n")
                }
                Erased::Before { user, at } => {
                    format!("{user} was erased already, on {}.\n", at.format(&Rfc3339).unwrap_or_default())
                }
            };
            say(&text)?;
        }
    }
    store.close().await;
    Ok(())
}

async fn export(data: &PersonalData, person: &Person) -> anyhow::Result<String> {
    let user = data.record_export(person).await?;
    let mut all = Map::new();
    for (kind, documents) in data.store.documents_about(user.id, &EmailKey::parse(&user.email)?).await? {
        let documents = documents.into_iter().map(|document| json::document(kind, document)).collect();
        all.insert(kind.to_owned(), documents);
    }
    Ok(serde_json::to_string_pretty(&all)? + "\n")
}

fn write_new(file: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
