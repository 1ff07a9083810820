//! `latchkey migrate`: brings the database's collections, validators and indexes up to date. It may run
//! twice, and from several replicas at once.

use super::{configure, connect, output::say};
use crate::config::Purpose;

pub async fn run() -> anyhow::Result<()> {
    let config = configure(Purpose::Migrate)?;
    let store = connect(&config).await?;
    store.migrate().await?;
    store.close().await;
    say(&format!("The database {} is up to date.\n", config.mongodb_database))
}
