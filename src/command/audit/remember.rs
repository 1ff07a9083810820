//! The ends of the chains that an earlier check saw, in a file outside the database: what was cut off whole, head and all,
//! shows only against something that whoever cut it off could not write.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::sink::Sink;
use crate::crypto::ChainHash;
use crate::service::audit_check::End;

#[derive(Serialize, Deserialize)]
struct Line {
    scope: String,
    seq: i64,
    hash: String,
}

/// The ends of an earlier check, by scope.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    path: Option<PathBuf>,
    ends: BTreeMap<String, End>,
}

impl Remembered {
    /// Reads the file, if there is one yet.
    pub(super) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        };
        let mut ends = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            let line = read(line).with_context(|| {
                format!("line {} of {} is not what `audit verify` wrote", number + 1, path.display())
            })?;
            ends.insert(line.0, line.1);
        }
        Ok(Self { path: Some(path.to_owned()), ends })
    }

    pub(super) fn end(&self, scope: &str) -> Option<End> {
        self.ends.get(scope).copied()
    }

    pub(super) fn scopes(&self) -> impl Iterator<Item = &String> {
        self.ends.keys()
    }

    /// Writes the file anew with what this check saw; what it did not look at stays.
    pub(super) fn save(mut self, seen: BTreeMap<String, End>) -> anyhow::Result<()> {
        let Some(path) = self.path.take() else { return Ok(()) };
        self.ends.extend(seen);
        let mut sink = Sink::open(Some(&path))?;
        for (scope, end) in self.ends {
            let line = Line { scope, seq: end.seq, hash: end.hash.to_string() };
            sink.write(&format!("{}\n", serde_json::to_string(&line)?))?;
        }
        sink.finish()
    }

    /// Whether ends are kept at all.
    pub(super) fn is_kept(&self) -> bool {
        self.path.is_some()
    }
}

fn read(line: &str) -> anyhow::Result<(String, End)> {
    let line: Line = serde_json::from_str(line)?;
    let hash = ChainHash::parse(&line.hash).context("hash: expected 64 hexadecimal digits")?;
    Ok((line.scope, End { seq: line.seq, hash }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn ends_come_back_and_a_line_that_is_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ends");
        let end = End { seq: 7, hash: ChainHash([5; 32]) };
        let none = Remembered::open(Some(&path)).unwrap();
        none.save([("deployment".to_owned(), end)].into()).unwrap();
        let some = Remembered::open(Some(&path)).unwrap();
        assert_eq!(some.end("deployment"), Some(end));
        some.save([("account_x".to_owned(), end)].into()).unwrap();
        assert_eq!(Remembered::open(Some(&path)).unwrap().scopes().count(), 2);
        fs::write(&path, "{}\n").unwrap();
        assert!(Remembered::open(Some(&path)).unwrap_err().to_string().contains("line 1"));
    }
}
