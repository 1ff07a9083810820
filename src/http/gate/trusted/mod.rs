//! Trusted documents: the documents of the clients that one ships, known before the first request.
//!
//! They are read once, at start, and each must pass the gate. A client names one by its id, by its SHA-256, or by sending
//! its text (compared token by token, and the manifest's copy is executed). Where nothing else is to be executed, a
//! stranger cannot even make the gateway parse a document.

mod manifest;
#[cfg(test)]
mod tests;

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::automatic::{Hash, hash_of, parse_hash};
use super::tokens::hash_of_tokens;
use super::{Document, Limits, read};

/// A manifest is at most this large, in bytes.
const LARGEST_MANIFEST: u64 = 32 * 1024 * 1024;
/// The manifest that the dashboard's build leaves beside its pages.
const OF_DASHBOARD: &str = "persisted-documents.json";

/// Where trusted documents come from.
#[derive(Debug, Default)]
pub struct TrustedSources<'a> {
    /// Manifests, and folders of manifests.
    pub manifests: &'a [PathBuf],
    /// The folder of the dashboard, which brings a manifest of its own.
    pub web_dir: Option<&'a Path>,
    /// Documents of pages that are part of the program.
    pub own: Vec<&'static str>,
    /// Whether nothing else is executed.
    pub only: bool,
}

/// Why the trusted documents cannot be used. The gateway does not start then.
#[derive(Debug, thiserror::Error)]
pub enum TrustedError {
    /// A manifest cannot be read.
    #[error("{path} cannot be read", path = path.display())]
    Read {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder without a manifest.
    #[error("{path} holds no manifest (a file whose name ends in .json)", path = .0.display())]
    EmptyFolder(PathBuf),
    /// A file that is no manifest.
    #[error("{path} is no manifest of documents: {says}", path = path.display())]
    NotAManifest {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        says: String,
    },
    /// A document that cannot be trusted as it stands.
    #[error("{path}: the document {id:?} cannot be used: {says}", path = path.display())]
    Document {
        /// Which file.
        path: PathBuf,
        /// Its id.
        id: String,
        /// What is wrong.
        says: String,
    },
    /// The dashboard is served and would not work.
    #[error(
        "only trusted documents are executed, and {path} is missing: build the dashboard anew (npm run build), or \
         serve none",
        path = .0.display()
    )]
    NoDashboard(PathBuf),
}

/// Documents known before the first request.
#[derive(Debug, Default)]
pub struct TrustedDocuments {
    by_id: HashMap<String, Arc<Document>>,
    by_hash: HashMap<Hash, Arc<Document>>,
    by_tokens: HashMap<Hash, Arc<Document>>,
    only: bool,
}

impl TrustedDocuments {
    /// Reads every source; each document must pass the gate with these limits.
    ///
    /// # Errors
    /// The first file or document that cannot be used, by name.
    pub fn load(sources: &TrustedSources<'_>, limits: &Limits) -> Result<Self, TrustedError> {
        let mut all = Self { only: sources.only, ..Self::default() };
        for text in &sources.own {
            all.add(Path::new("the gateway's own pages"), &hex(&hash_of(text)), text, limits)?;
        }
        for path in files(sources.manifests)? {
            all.add_file(&path, limits)?;
        }
        if let Some(web_dir) = sources.web_dir {
            let path = web_dir.join(OF_DASHBOARD);
            match path.is_file() {
                true => all.add_file(&path, limits)?,
                false if sources.only => return Err(TrustedError::NoDashboard(path)),
                false => {}
            }
        }
        Ok(all)
    }

    /// Whether nothing else is executed.
    pub fn only(&self) -> bool {
        self.only
    }

    /// How many documents there are.
    pub fn len(&self) -> usize {
        self.by_hash.len()
    }

    /// The names of their operations, in the order of the alphabet.
    pub fn operation_names(&self) -> BTreeSet<&str> {
        let operations = self.by_hash.values().flat_map(|document| document.parsed.operations.iter());
        operations.filter_map(|(name, _)| name.map(|name| name.as_str())).collect()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_hash.is_empty()
    }

    /// The document of this id, with or without the prefix `sha256:`.
    pub(super) fn by_id(&self, id: &str) -> Option<Arc<Document>> {
        let plain = id.strip_prefix("sha256:").unwrap_or(id);
        if let Some(document) = parse_hash(plain).and_then(|hash| self.by_hash.get(&hash)) {
            return Some(document.clone());
        }
        self.by_id.get(id).cloned()
    }

    /// The document of this SHA-256.
    pub(super) fn by_hash(&self, hash: &Hash) -> Option<Arc<Document>> {
        self.by_hash.get(hash).cloned()
    }

    /// The document of the same tokens.
    pub(super) fn by_text(&self, text: &str) -> Option<Arc<Document>> {
        self.by_tokens.get(&hash_of_tokens(text)).cloned()
    }

    fn add_file(&mut self, path: &Path, limits: &Limits) -> Result<(), TrustedError> {
        let failed = |source| TrustedError::Read { path: path.to_owned(), source };
        if fs::metadata(path).map_err(failed)?.len() > LARGEST_MANIFEST {
            return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 32 MiB")));
        }
        let bytes = fs::read(path).map_err(failed)?;
        let documents = manifest::parse(&bytes)
            .map_err(|says| TrustedError::NotAManifest { path: path.to_owned(), says })?;
        documents.iter().try_for_each(|(id, text)| self.add(path, id, text, limits))
    }

    fn add(&mut self, path: &Path, id: &str, text: &str, limits: &Limits) -> Result<(), TrustedError> {
        let wrong = |says: String| TrustedError::Document { path: path.to_owned(), id: id.to_owned(), says };
        let plain = id.strip_prefix("sha256:").unwrap_or(id);
        let hash = hash_of(text);
        match parse_hash(plain) {
            Some(claimed) if claimed != hash => {
                return Err(wrong(format!("its SHA-256 is {}; the text was changed", hex(&hash))));
            }
            None if plain != id => {
                return Err(wrong("after sha256: expected 64 hexadecimal characters in lower case".into()));
            }
            None if !is_id(id) => {
                return Err(wrong("an id has letters, digits and - . _ ~ : only, 512 at most".into()));
            }
            _ => {}
        }
        let document = Arc::new(read(text, limits).map_err(|refusal| wrong(refusal.message))?);
        match self.by_id.entry(id.to_owned()) {
            Entry::Occupied(known) if known.get().text != document.text => {
                return Err(wrong("another document has this id already".into()));
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(free) => {
                free.insert(document.clone());
            }
        }
        self.by_hash.entry(hash).or_insert_with(|| document.clone());
        self.by_tokens.entry(hash_of_tokens(text)).or_insert(document);
        Ok(())
    }
}

/// The appendix on persisted documents of GraphQL over HTTP allows these.
fn is_id(id: &str) -> bool {
    (1..=512).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte))
}

fn hex(hash: &Hash) -> String {
    data_encoding::HEXLOWER.encode(hash)
}

/// The manifests themselves: files as they are named, of folders every `.json` in the order of names.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, TrustedError> {
    let mut files = Vec::new();
    for path in paths {
        let failed = |source| TrustedError::Read { path: path.clone(), source };
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut inside = Vec::new();
        for entry in fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?.path();
            if entry.extension().is_some_and(|extension| extension == "json") {
                inside.push(entry);
            }
        }
        if inside.is_empty() {
            return Err(TrustedError::EmptyFolder(path.clone()));
        }
        inside.sort();
        files.append(&mut inside);
    }
    Ok(files)
}
