//! The targets on a stable toolchain: every file of the corpus, then bytes that are like those files and bytes that are like
//! nothing. `cargo fuzz` looks further, where a nightly is at hand (`make fuzz`).

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

use super::{TARGETS, Target, target};

fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

/// A part of one seed, something else, and a part of another seed.
fn like(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let odd = select(vec![
        "\0",
        "\"",
        "\\",
        "\n",
        "\r\n",
        "=",
        "{",
        "}",
        "[",
        "]",
        "\u{202e}",
        "\u{10ffff}",
        "9999",
        "-1",
        "\u{130}",
    ]);
    let between = prop_oneof![odd.prop_map(|text| text.as_bytes().to_vec()), vec(any::<u8>(), 0..8)];
    (select(seeds.clone()), any::<Index>(), vec(between, 0..4), select(seeds), any::<Index>()).prop_map(
        |(front, until, between, back, from)| {
            let front = &front[..until.index(front.len() + 1)];
            let back = &back[from.index(back.len() + 1)..];
            [front, &between.concat(), back].concat()
        },
    )
}

fn whatever() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![vec(any::<u8>(), 0..200), "\\PC{0,80}".prop_map(String::into_bytes)]
}

fn holds(run: Target, bytes: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| run(bytes))).is_ok()
}

#[test]
fn every_reader_of_bad_input_keeps_its_promises() {
    for (name, run) in TARGETS {
        let seeds = corpus(name);
        assert!(seeds.len() >= 3, "tests/fuzz/corpus/{name} has {} files", seeds.len());
        for (path, bytes) in &seeds {
            assert!(holds(*run, bytes), "{name}: {}", path.display());
        }
        let seeds: Vec<_> = seeds.into_iter().map(|(_, bytes)| bytes).collect();
        // `PROPTEST_CASES` takes more than 256 for each.
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
        let outcome = runner.run(&prop_oneof![4 => like(seeds), 1 => whatever()], |bytes| {
            prop_assert!(holds(*run, &bytes), "{:?}", String::from_utf8_lossy(&bytes));
            Ok(())
        });
        assert!(outcome.is_ok(), "{name}: {}", outcome.unwrap_err());
    }
}

#[test]
fn every_folder_of_the_corpus_belongs_to_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(target(&name).is_some(), "tests/fuzz/corpus/{name}");
    }
}

/// What the test above looks at can fail.
#[test]
fn a_broken_promise_is_seen() {
    assert!(!holds(|bytes| assert!(bytes.is_empty()), b"x"));
}
