//! libFuzzer's way to the targets of `latchkey::bad_input`; `LATCHKEY_FUZZ_TARGET` names one.

#![no_main]

use std::sync::LazyLock;

use latchkey::bad_input::{TARGETS, Target, target};

static CHOSEN: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("LATCHKEY_FUZZ_TARGET").unwrap_or_default();
    target(&name).unwrap_or_else(|| {
        let known: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
        eprintln!("LATCHKEY_FUZZ_TARGET is {name:?}; expected one of {}", known.join(", "));
        std::process::exit(2);
    })
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| CHOSEN(bytes));
