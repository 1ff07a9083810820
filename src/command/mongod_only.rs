//! `latchkey mongod` (hidden): the embedded mongod alone, for whoever works on the gateway and wants a
//! replica set at hand.

use std::path::PathBuf;

use clap::Args;

use super::{
    configure,
    mongod::{Mongod, MongodOptions},
    output::say,
    signals::stop_requested,
};
use crate::config::Purpose;

#[derive(Debug, Args)]
pub struct MongodArgs {
    /// The data folder.
    #[arg(long, default_value = ".latchkey/mongod")]
    data: PathBuf,
    /// The port; without one the last one, or a free one.
    #[arg(long)]
    port: Option<u16>,
    /// `name=value`, as mongod's own option.
    #[arg(long = "setParameter", value_name = "NAME=VALUE")]
    set_parameters: Vec<String>,
    /// Only find or fetch it, and print where it is.
    #[arg(long)]
    locate: bool,
}

pub async fn run(args: MongodArgs) -> anyhow::Result<()> {
    let config = configure(Purpose::Dev)?;
    if args.locate {
        let found = super::mongod::locate(config.mongod.as_deref(), &config.tools_dir)?;
        return say(&format!("{}\n", found.path().display()));
    }
    let stop = stop_requested()?;
    let mongod = Mongod::start(MongodOptions {
        port: args.port,
        set_parameters: args
            .set_parameters
            .iter()
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        binary: config.mongod,
        tools: config.tools_dir,
        ..MongodOptions::new(args.data)
    })
    .await?;
    say(&format!("{}\n", mongod.uri()))?;
    stop.cancelled().await;
    mongod.stop().await;
    Ok(())
}
