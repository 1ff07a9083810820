//! Where values come from, and the list of mistakes. The environment wins over the file, the file over
//! the defaults; an empty variable counts as not set.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

use secrecy::SecretString;

use super::keys::{KEYS, Key, find};

const PREFIX: &str = "LATCHKEY_";

/// One thing that is wrong with one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The key in both spellings, `LATCHKEY_LISTEN (listen)`, or as it was written where it is unknown.
    pub key: String,
    pub what: String,
}

/// Everything that is wrong with the configuration.
#[derive(Debug)]
pub struct ConfigError {
    pub mistakes: Vec<Mistake>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mistakes.len() {
            1 => write!(f, "1 mistake in the configuration:")?,
            n => write!(f, "{n} mistakes in the configuration:")?,
        }
        self.mistakes.iter().try_for_each(|m| write!(f, "\n  {}: {}", m.key, m.what))
    }
}

impl std::error::Error for ConfigError {}

fn both_names(key: &Key) -> String {
    match key.name {
        "CONFIG" => key.env(),
        _ => format!("{} ({})", key.env(), key.toml()),
    }
}

/// The raw values by key name; a name with `_FILE` behind a secret's is the path of the secret.
pub(super) struct Sources {
    env: BTreeMap<String, String>,
    file: BTreeMap<String, String>,
}

impl Sources {
    pub(super) fn collect(vars: impl Iterator<Item = (OsString, OsString)>) -> (Self, Vec<Mistake>) {
        let mut mistakes = Vec::new();
        let mut env = BTreeMap::new();
        for (name, value) in vars {
            let Some(short) = name.to_str().and_then(|n| n.strip_prefix(PREFIX)) else { continue };
            let mut bad = |what: String| mistakes.push(Mistake { key: format!("{PREFIX}{short}"), what });
            match value.into_string() {
                _ if injected_by_kubernetes(short) => {}
                _ if !is_known(short) => bad(unknown(short, |known| format!("{PREFIX}{known}"))),
                Err(_) => bad("is not UTF-8".to_owned()),
                Ok(text) if text.is_empty() => {}
                Ok(text) => {
                    env.insert(short.to_owned(), text);
                }
            }
        }
        let file = match env.get("CONFIG") {
            Some(path) => read_toml(Path::new(path), &mut mistakes),
            None => BTreeMap::new(),
        };
        (Self { env, file }, mistakes)
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn of_toml(text: &str) -> (Self, Vec<Mistake>) {
        let mut mistakes = Vec::new();
        let file = of_toml(text, Path::new("latchkey.toml"), &mut mistakes);
        (Self { env: BTreeMap::new(), file }, mistakes)
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn given(&self, name: &str) -> Option<String> {
        self.env.get(name).or_else(|| self.file.get(name)).cloned()
    }
}

fn is_known(name: &str) -> bool {
    find(name).is_some() || name.strip_suffix("_FILE").and_then(find).is_some_and(|key| key.secret)
}

/// Kubernetes sets such variables in every pod for every Service, one named `latchkey` included.
fn injected_by_kubernetes(name: &str) -> bool {
    let of_a_service = |name: &str| {
        name == "SERVICE_HOST"
            || name == "SERVICE_PORT"
            || name == "PORT"
            || name.starts_with("SERVICE_PORT_")
            || name.strip_prefix("PORT_").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    // A Service called `latchkey-metrics` puts its own word in front.
    of_a_service(name)
        || name
            .match_indices('_')
            .any(|(at, _)| name.get(at + 1..).is_some_and(|rest| of_a_service(rest) && rest != "PORT"))
}

fn unknown(name: &str, spell: impl Fn(&str) -> String) -> String {
    let near = KEYS
        .iter()
        .map(|key| (strsim::damerau_levenshtein(key.name, name), key.name))
        .min()
        .filter(|(distance, _)| *distance <= 3);
    match near {
        Some((_, known)) => format!("unknown key; did you mean {}?", spell(known)),
        None => "unknown key".to_owned(),
    }
}

fn read_toml(path: &Path, mistakes: &mut Vec<Mistake>) -> BTreeMap<String, String> {
    let mut fail = |what: String| mistakes.push(Mistake { key: format!("{PREFIX}CONFIG"), what });
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) => {
            fail(format!("{} cannot be read: {e}", path.display()));
            return BTreeMap::new();
        }
    };
    of_toml(&text, path, mistakes)
}

fn of_toml(text: &str, path: &Path, mistakes: &mut Vec<Mistake>) -> BTreeMap<String, String> {
    let mut fail = |what: String| mistakes.push(Mistake { key: format!("{PREFIX}CONFIG"), what });
    let table = match toml::from_str::<toml::Table>(text) {
        Ok(table) => table,
        Err(e) => {
            // `message` leaves out the line itself, which may hold a secret.
            let line = e.span().map(|span| text.get(..span.start).unwrap_or("").lines().count().max(1));
            let at = line.map_or_else(String::new, |n| format!(" line {n}"));
            fail(format!("{}{at}: {}", path.display(), e.message()));
            return BTreeMap::new();
        }
    };
    let mut values = BTreeMap::new();
    for (name, value) in table {
        let short = name.to_ascii_uppercase();
        let mut bad = |what: String| {
            mistakes.push(Mistake { key: format!("{name} in {}", path.display()), what });
        };
        if short == "CONFIG" || !is_known(&short) || name != short.to_ascii_lowercase() {
            bad(unknown(&short, str::to_ascii_lowercase));
        } else if let Some(text) = as_text(&value) {
            values.insert(short, text);
        } else {
            bad("must be a string, a number, true or false, or a list of strings".to_owned());
        }
    }
    values
}

fn as_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(switch) => Some(switch.to_string()),
        toml::Value::Array(items) => {
            items.iter().map(toml::Value::as_str).collect::<Option<Vec<_>>>().map(|items| items.join(","))
        }
        _ => None,
    }
}

/// Reads keys one by one and keeps every mistake. `None` always means that a mistake was recorded.
pub(super) struct Reader {
    sources: Sources,
    mistakes: Vec<Mistake>,
}

type Parsed<T> = Result<T, String>;

impl Reader {
    pub(super) fn new(sources: Sources, mistakes: Vec<Mistake>) -> Self {
        Self { sources, mistakes }
    }

    pub(super) fn mistake(&mut self, key: &Key, what: &str) {
        self.mistakes.push(Mistake { key: both_names(key), what: what.to_owned() });
    }

    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, ConfigError> {
        match value {
            Some(value) if self.mistakes.is_empty() => Ok(value),
            _ => Err(ConfigError { mistakes: self.mistakes }),
        }
    }

    fn raw(&self, name: &str) -> Option<String> {
        self.sources.env.get(name).or_else(|| self.sources.file.get(name)).cloned()
    }

    /// Whether somebody chose a value, rather than the table.
    pub(super) fn is_set(&self, key: &Key) -> bool {
        self.raw(key.name).is_some()
    }

    fn check<T>(&mut self, key: &Key, text: &str, parse: impl FnOnce(&str) -> Parsed<T>) -> Option<T> {
        match parse(text.trim()) {
            Ok(value) => Some(value),
            Err(what) => {
                self.mistake(key, &what);
                None
            }
        }
    }

    /// The table's default holds when nothing is set.
    pub(super) fn value<T>(&mut self, key: &Key, parse: impl FnOnce(&str) -> Parsed<T>) -> Option<T> {
        self.value_or(key, parse, key.default)
    }

    pub(super) fn value_or<T>(
        &mut self,
        key: &Key,
        parse: impl FnOnce(&str) -> Parsed<T>,
        default: &str,
    ) -> Option<T> {
        let text = self.raw(key.name).unwrap_or_else(|| default.to_owned());
        self.check(key, &text, parse)
    }

    /// Must be set if `demanded`; the fallback holds otherwise.
    pub(super) fn demanded<T>(
        &mut self,
        key: &Key,
        parse: impl FnOnce(&str) -> Parsed<T>,
        demanded: bool,
        fallback: &str,
    ) -> Option<T> {
        match self.raw(key.name) {
            None if demanded => {
                self.missing(key);
                None
            }
            text => self.check(key, &text.unwrap_or_else(|| fallback.to_owned()), parse),
        }
    }

    pub(super) fn optional<T>(
        &mut self,
        key: &Key,
        parse: impl FnOnce(&str) -> Parsed<T>,
    ) -> Option<Option<T>> {
        match self.raw(key.name) {
            None => Some(None),
            Some(text) => self.check(key, &text, parse).map(Some),
        }
    }

    pub(super) fn path(&mut self, key: &Key, demanded: bool) -> Option<Option<PathBuf>> {
        match self.raw(key.name) {
            None if demanded => {
                self.missing(key);
                None
            }
            text => Some(text.map(PathBuf::from)),
        }
    }

    /// A secret: from the key itself or from the file that `…_FILE` names, the environment's before the
    /// configuration file's. Both in one place is a mistake.
    pub(super) fn secret<T>(
        &mut self,
        key: &Key,
        parse: impl FnOnce(&SecretString) -> Parsed<T>,
        demanded: bool,
    ) -> Option<Option<T>> {
        let by_file = format!("{}_FILE", key.name);
        let pick =
            |from: &BTreeMap<String, String>| (from.get(key.name).cloned(), from.get(&by_file).cloned());
        let (direct, path) = match pick(&self.sources.env) {
            (None, None) => pick(&self.sources.file),
            found => found,
        };
        let text = match (direct, path) {
            (Some(_), Some(_)) => {
                self.mistake(key, &format!("is set, and {PREFIX}{by_file} as well; keep one of the two"));
                return None;
            }
            (None, None) if demanded => {
                self.missing(key);
                return None;
            }
            (None, None) => return Some(None),
            (Some(text), None) => text,
            (None, Some(path)) => match std::fs::read_to_string(&path) {
                Ok(text) => text.trim_end_matches(['\r', '\n']).to_owned(),
                Err(e) => {
                    let both = format!("{PREFIX}{by_file} ({})", by_file.to_ascii_lowercase());
                    self.mistakes.push(Mistake { key: both, what: format!("{path} cannot be read: {e}") });
                    return None;
                }
            },
        };
        self.check(key, "", |_| parse(&SecretString::from(text))).map(Some)
    }

    fn missing(&mut self, key: &Key) {
        let or_file = if key.secret { format!(" (or {}_FILE)", key.env()) } else { String::new() };
        self.mistake(key, &format!("missing; set it{or_file}: {}", key.about));
    }
}
