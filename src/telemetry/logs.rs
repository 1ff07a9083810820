//! How the process tells what it does: logs. Records hold ids, never names, addresses, tokens or other
//! personal data, and go to standard error, so that a command's own output stays clean.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::LogFormat;

/// Logs from here on, once in a process; a second call changes nothing.
pub fn init(filter: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let to = std::io::stderr;
    let registry = tracing_subscriber::registry().with(filter);
    // An error means that a subscriber is installed already, by a test.
    let _ = match format {
        LogFormat::Json => registry
            .with(
                fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_current_span(true)
                    .with_span_list(false)
                    .with_writer(to),
            )
            .try_init(),
        LogFormat::Pretty => registry
            .with(fmt::layer().compact().with_target(false).with_ansi(to().is_terminal()).with_writer(to))
            .try_init(),
    };
}
