//! Which commit this is built from, and from when it is, for `--version` and the metrics.
//!
//! `GIT_COMMIT` and `SOURCE_DATE_EPOCH` say so where there is no git, such as in a container's build. Otherwise release
//! builds ask git: the date is the commit's own, so that two builds of one commit are alike
//! (<https://reproducible-builds.org/specs/source-date-epoch/>). Debug builds do not ask: each commit would compile the
//! package anew.
//!
//! What goes to the source is named without `LATCHKEY_`: cargo hands it on to what `cargo run` and `cargo test` start, where
//! every `LATCHKEY_` variable is configuration.

use std::env;
use std::process::Command;

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// Runs this again when another commit is checked out.
fn watch_head() {
    let head = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in [Some("HEAD"), head.as_deref(), Some("packed-refs")].into_iter().flatten() {
        if let Some(path) = git(&["rev-parse", "--git-path", name])
            && std::path::Path::new(&path).exists()
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
}

/// The day of a time in seconds since 1970, in UTC: Howard Hinnant's `civil_from_days`.
fn day(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (day, month) =
        (of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    format!("{:04}-{month:02}-{day:02}", year + era * 400 + i64::from(month <= 2))
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let given = |name: &str| {
        println!("cargo::rerun-if-env-changed={name}");
        env::var(name).ok().filter(|text| !text.is_empty())
    };
    let (commit, date) = (given("GIT_COMMIT"), given("SOURCE_DATE_EPOCH"));
    let ask = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if ask && (commit.is_none() || date.is_none()) {
        watch_head();
    }
    let asked = |args: &[&str]| ask.then(|| git(args)).flatten();
    let commit = commit.or_else(|| asked(&["rev-parse", "--short=12", "HEAD"]));
    let date = date.or_else(|| asked(&["log", "-1", "--format=%ct"]));
    let built = date.map(|text| match text.trim().parse() {
        Ok(seconds) => day(seconds),
        Err(_) => {
            println!(
                "cargo::error=SOURCE_DATE_EPOCH must be a number of seconds since 1970, and is {text:?}"
            );
            text
        }
    });
    println!("cargo::rustc-env=BUILD_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
    println!("cargo::rustc-env=BUILD_DATE={}", built.as_deref().unwrap_or("unknown"));
}
