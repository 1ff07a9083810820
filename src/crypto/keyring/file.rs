//! The keys file: read, written new, replaced whole.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Keyring, KeyringError};

/// Largest file that is read at all, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

impl Keyring {
    /// Reads a keys file. Warns in the log when others than its owner and group may read it.
    ///
    /// # Errors
    /// When it cannot be read, or [`Keyring::parse`] refuses it.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, KeyringError> {
        let path = path.as_ref();
        let read = || -> io::Result<Zeroizing<String>> {
            let file = File::open(path)?;
            let about = file.metadata()?;
            if about.len() > MAX_FILE {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 1 MiB"));
            }
            if about.permissions().mode() & 0o007 != 0 {
                tracing::warn!(path = %path.display(), "everyone on this machine may read the keys file");
            }
            let mut text =
                Zeroizing::new(String::with_capacity(usize::try_from(about.len()).unwrap_or(0) + 1));
            io::Read::read_to_string(&mut io::Read::take(file, MAX_FILE), &mut text)?;
            Ok(text)
        };
        let text = read().map_err(|source| KeyringError::Read { path: path.to_owned(), source })?;
        Self::parse(&text)
    }

    /// Writes a new keys file that only its owner can read and write (mode 0600).
    ///
    /// # Errors
    /// When there is a file of that name already, or it cannot be written.
    pub fn write_new(&self, path: impl AsRef<Path>) -> Result<(), KeyringError> {
        let path = path.as_ref();
        let failed = |source| KeyringError::Write { path: path.to_owned(), source };
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|source| {
                match source.kind() {
                    io::ErrorKind::AlreadyExists => KeyringError::Exists(path.to_owned()),
                    _ => failed(source),
                }
            })?;
        let written = file.write_all(self.to_toml().as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|source| {
            // Half a file would be taken for a broken keyring at the next start.
            let _ = std::fs::remove_file(path);
            failed(source)
        })
    }

    /// Puts this keyring in the place of a keys file, whole or not at all, readable by its owner only.
    ///
    /// # Errors
    /// When it cannot be written, or another command is changing the file.
    pub fn replace(&self, path: impl AsRef<Path>) -> Result<(), KeyringError> {
        // Through links, which secrets that are mounted often are.
        let path = path.as_ref();
        let failed = |source| KeyringError::Write { path: path.to_owned(), source };
        let path = fs::canonicalize(path).map_err(failed)?;
        let new = beside(&path);
        // Refuses to overwrite: two commands at once cannot lose each other's key.
        self.write_new(&new)?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        let moved = fs::rename(&new, &path).and_then(|()| File::open(folder)?.sync_all());
        moved.map_err(|source| {
            let _ = fs::remove_file(&new);
            failed(source)
        })
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(".new");
    path.with_file_name(name)
}
