//! `latchkey serve`: the gateway and its mail workers, until a signal to stop.

use anyhow::Context as _;

use super::{clock_of, configure, listen::listen, signals::stop_requested};
use crate::{
    app::{App, Parts},
    config::Purpose,
    crypto::{Keyring, Passwords},
    telemetry::build::LINE,
};

pub async fn run() -> anyhow::Result<()> {
    let config = configure(Purpose::Serve)?;
    let stop = stop_requested()?;
    let listener = listen(config.listen).await?;
    let keys = config.keys_file.as_deref().context("LATCHKEY_KEYS_FILE is missing")?;
    let parts = Parts {
        clock: clock_of(&config)?,
        keyring: Keyring::load(keys)?.into(),
        passwords: Passwords::new(config.password_parallelism),
        transport: None,
    };
    let app = App::build(&config, parts).await?;
    tracing::info!(address = %config.listen, version = LINE, "serving");
    app.run(listener, stop).await
}
