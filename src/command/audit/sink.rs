//! Where an export goes: standard output, or a file that is there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

pub(super) enum Sink {
    Stdout(BufWriter<io::Stdout>),
    File { file: BufWriter<File>, part: Part, to: PathBuf },
}

/// Removes a file that was not finished.
pub(super) struct Part(Option<PathBuf>);

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

impl Sink {
    /// Opens a file that only its owner may read, since the log holds addresses, or standard output.
    pub(super) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(to) = path else { return Ok(Self::Stdout(BufWriter::new(io::stdout()))) };
        let mut name = to.file_name().context("--output is not the name of a file")?.to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let part = to.with_file_name(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part);
        let file = file.with_context(|| format!("{} cannot be written", part.display()))?;
        Ok(Self::File { file: BufWriter::new(file), part: Part(Some(part)), to: to.to_owned() })
    }

    /// Writes a piece, without a copy of it in the message when that fails.
    pub(super) fn write(&mut self, text: &str) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.write_all(text.as_bytes()),
            Self::File { file, .. } => file.write_all(text.as_bytes()),
        }
    }

    /// Writes what is left; a file gets its name now.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Stdout(mut out) => out.flush()?,
            Self::File { mut file, mut part, to } => {
                file.flush()?;
                file.get_ref().sync_all()?;
                if let Some(path) = &part.0 {
                    fs::rename(path, &to).with_context(|| format!("{} cannot be written", to.display()))?;
                }
                part.0 = None;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_there_whole_or_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.csv");
        fs::write(&path, "before").unwrap();
        let mut sink = Sink::open(Some(&path)).unwrap();
        sink.write("half").unwrap();
        drop(sink);
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        let mut sink = Sink::open(Some(&path)).unwrap();
        sink.write("whole").unwrap();
        sink.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no part is left");
    }
}
