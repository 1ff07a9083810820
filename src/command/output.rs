//! What commands print for people and pipes; logs go to standard error instead.

use std::io::Write as _;

/// Writes to standard output, all of it or an error.
pub(super) fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}
