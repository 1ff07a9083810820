//! The allowed arrows between the rooms, held against the source: every `crate::room` in a room's files must be an arrow
//! of the table. `docs/ARCHITECTURE.md` draws the same picture.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A room, and the rooms that it may name.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("crypto", &[]),
    ("clock", &[]),
    ("config", &[]),
    ("outbound", &[]),
    ("telemetry", &["config", "outbound"]),
    // Of `crypto` only the opaque types of secrets: hashes and sealed texts.
    ("store", &["domain", "crypto"]),
    ("service", &["domain", "store", "crypto", "clock"]),
    ("mail", &["domain", "store", "crypto", "clock", "config"]),
    ("webhook", &["domain", "store", "crypto", "clock", "outbound"]),
    // Of `crypto` only tokens and codes on their way to the client.
    ("graphql", &["service", "domain", "crypto"]),
    ("http", &["graphql", "service", "domain", "config", "telemetry"]),
    // Only in tests and fuzzing.
    ("bad_input", &["command", "http", "graphql", "service", "mail", "crypto", "domain", "config"]),
    (
        "app",
        &[
            "http",
            "graphql",
            "service",
            "store",
            "mail",
            "webhook",
            "crypto",
            "domain",
            "clock",
            "config",
            "telemetry",
        ],
    ),
    (
        "command",
        &[
            "app",
            "service",
            "store",
            "mail",
            "crypto",
            "domain",
            "graphql",
            "http",
            "clock",
            "config",
            "telemetry",
        ],
    ),
];

/// Names behind `crate::` that are macros of the crate, not rooms.
const MACROS: &[&str] = &["audit_actions", "connection", "rejection", "transact"];

/// The longest file that a reader should have to hold in the head.
const LINES_MAX: usize = 400;

fn source_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn files(below: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    source_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(below), &mut found);
    found.sort();
    found
}

fn room_of(path: &Path) -> Option<String> {
    let below = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = below.components().next()?.as_os_str().to_str()?.trim_end_matches(".rs").to_owned();
    (!["main", "lib"].contains(&first.as_str())).then_some(first)
}

/// Every name that follows `crate::` in code (not in comments), also inside `use crate::{a, b}`.
fn named_rooms(text: &str) -> BTreeSet<String> {
    let code: String =
        text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let name = |text: &str| {
            text.trim_start()
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect::<String>()
        };
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut start = true;
            for (i, c) in group.char_indices() {
                if start && depth == 0 && (c.is_ascii_alphabetic() || c == '_') {
                    rooms.insert(name(&group[i..]));
                    start = false;
                }
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' => start = true,
                    _ => {}
                }
            }
        } else {
            rooms.insert(name(rest));
        }
    }
    rooms.retain(|room| !room.is_empty() && !MACROS.contains(&room.as_str()));
    rooms
}

#[test]
fn every_arrow_between_rooms_is_allowed() {
    let mut forbidden = Vec::new();
    for path in files("src") {
        let Some(room) = room_of(&path) else { continue };
        let allowed = ARROWS.iter().find(|(name, _)| *name == room).map(|(_, allowed)| *allowed);
        let allowed = allowed.unwrap_or_else(|| panic!("{room} is no room of the table"));
        for named in named_rooms(&fs::read_to_string(&path).unwrap()) {
            if named != room && !allowed.contains(&named.as_str()) {
                forbidden.push(format!("{}: {room} → {named}", path.display()));
            }
        }
    }
    assert!(forbidden.is_empty(), "forbidden arrows:\n{}", forbidden.join("\n"));
}

#[test]
fn the_reader_of_arrows_sees_groups_and_skips_comments() {
    let text = "use crate::{store::{a, b}, domain};\n// crate::http\nlet x = crate::mail::y();";
    let expected = ["domain", "mail", "store"].map(str::to_owned);
    assert_eq!(named_rooms(text).into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn files_stay_small() {
    let mut long = Vec::new();
    for path in files("src").into_iter().chain(files("tests")) {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        if lines > LINES_MAX {
            long.push(format!("{}: {lines} lines", path.display()));
        }
    }
    assert!(long.is_empty(), "files over {LINES_MAX} lines:\n{}", long.join("\n"));
}

/// Those that are rare stand in no scrape of a test, so the source is asked.
#[test]
fn every_metric_is_documented() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/METRICS.md")).unwrap();
    let (mut seen, mut unlisted) = (0, BTreeSet::new());
    for path in files("src") {
        let text = fs::read_to_string(&path).unwrap();
        for kind in ["counter!(", "gauge!(", "histogram!("] {
            for call in text.split(kind).skip(1) {
                let Some(rest) = call.trim_start().strip_prefix("\"latchkey_") else { continue };
                let name = format!("latchkey_{}", rest.split('"').next().unwrap());
                seen += 1;
                if !page.contains(&format!("| `{name}` |")) {
                    unlisted.insert(name);
                }
            }
        }
    }
    assert!(seen > 20, "the reader of metrics sees only {seen}");
    assert!(unlisted.is_empty(), "not in docs/METRICS.md: {unlisted:?}");
}

#[test]
fn only_the_clock_reads_the_time() {
    let mut readers = Vec::new();
    for path in files("src") {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        let is_test = path.to_str().unwrap().contains("test");
        if !path.ends_with("clock.rs")
            && !is_test
            && (code.contains("OffsetDateTime::now_utc") || code.contains("SystemTime::now"))
        {
            readers.push(path.display().to_string());
        }
    }
    assert!(readers.is_empty(), "these read the time past the clock: {readers:?}");
}

/// Whether a text in backticks is the name of a test: several lower-case words.
fn test_names(text: &str) -> BTreeSet<&str> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.matches('_').count() >= 2)
        .filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
        .collect()
}

#[test]
fn every_defence_in_the_security_page_names_a_test_that_exists() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/SECURITY.md")).unwrap();
    let named = test_names(&page);
    assert!(named.len() > 40, "only {} tests are named", named.len());
    let code: String = files("src")
        .into_iter()
        .chain(files("tests"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let missing: Vec<_> = named.iter().filter(|name| !code.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "no such tests: {missing:?}");
}

#[derive(serde::Deserialize)]
struct Mutants {
    mutant: Vec<Mutant>,
}

#[derive(serde::Deserialize)]
struct Mutant {
    name: String,
    defence: String,
    fails: Vec<String>,
    edit: Vec<Edit>,
}

#[derive(serde::Deserialize)]
struct Edit {
    file: String,
    find: String,
    replace: String,
}

/// `make mutants` takes each defence out; that takes long, so here it is only seen that it still can.
#[test]
fn every_mutant_still_fits_and_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Mutants { mutant: mutants } =
        toml::from_str(&fs::read_to_string(root.join("tests/mutants/mutants.toml")).unwrap()).unwrap();
    let code: String = files("src")
        .into_iter()
        .chain(files("tests"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let mut names = BTreeSet::new();
    for mutant in &mutants {
        let name = &mutant.name;
        assert!(names.insert(name), "two mutants are called {name}");
        assert!(!mutant.defence.is_empty() && !mutant.fails.is_empty() && !mutant.edit.is_empty(), "{name}");
        for test in &mutant.fails {
            assert_eq!(code.matches(&format!("fn {test}(")).count(), 1, "{name}: {test}");
        }
        for Edit { file, find, replace } in &mutant.edit {
            let text = fs::read_to_string(root.join(file)).unwrap();
            assert_eq!(text.matches(find.as_str()).count(), 1, "{name}: what it finds in {file}");
            assert_ne!(find, replace, "{name}");
        }
    }
    assert!(mutants.len() >= 40, "only {} mutants", mutants.len());
}

/// Reads that MongoDB goes on with after their request has gone are how a database drowns.
#[test]
fn every_read_of_the_store_ends_at_the_deadline() {
    const READS: [&str; 6] = [
        "find(",
        "find_one(",
        "count_documents(",
        "aggregate(",
        "find_one_and_update(",
        "find_one_and_delete(",
    ];
    // `latchkey audit verify` reads a whole log with one cursor.
    const FOR_NO_REQUEST: [(&str, &str); 1] =
        [("audit_chain.rs", ".find(filter).sort(doc! { \"seq\": 1 }).batch_size(1000)")];
    let mut unbounded = Vec::new();
    for path in files("src/store") {
        // `import` works for no request.
        if path.ends_with("import.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for read in READS {
            for (at, _) in text.match_indices(&format!(".{read}")) {
                let statement = text[at..].split(".await").next().unwrap_or("");
                let bounded = statement.contains("max_time(max_time())")
                    || statement.contains("max_time(max_time_of(")
                    || FOR_NO_REQUEST
                        .iter()
                        .any(|(file, read)| path.ends_with(file) && statement.starts_with(read));
                if !bounded {
                    unbounded.push(format!("{}: {}", path.display(), statement.lines().next().unwrap_or("")));
                }
            }
        }
    }
    assert!(unbounded.is_empty(), "without .max_time(max_time()):\n{}", unbounded.join("\n"));
}
