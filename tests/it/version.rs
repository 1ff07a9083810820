//! Which version the program says it is, and the script of its build that finds the commit.

use std::path::Path;
use std::process::Command;

/// What the build script tells cargo in this folder.
fn built(script: &Path, folder: &Path, vars: &[(&str, &str)]) -> Vec<String> {
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new(script);
    let output =
        command.current_dir(folder).env_clear().env("PATH", path).envs(vars.iter().copied()).output();
    String::from_utf8(output.unwrap().stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn the_version_names_commit_and_day_as_the_build_says_or_as_git_does() {
    let said = Command::new(env!("CARGO_BIN_EXE_latchkey")).arg("--version").output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let expected = concat!("latchkey ", env!("CARGO_PKG_VERSION"), " (commit ");
    assert!(said.starts_with(expected) && said.contains(", built "), "{said}");

    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let script = folder.path().join("script");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/build.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let compiled =
        Command::new(rustc).args(["--edition", "2024", source, "-o"]).arg(&script).status().unwrap();
    assert!(compiled.success());
    let checkout = folder.path().join("checkout");
    std::fs::create_dir(&checkout).unwrap();
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(&checkout).args(["-c", "user.name=x", "-c", "user.email=x@y.test"]).args(args);
        let output = command.env("GIT_COMMITTER_DATE", "2026-02-28T23:59:59Z").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "--quiet"]);
    git(&["commit", "--quiet", "--allow-empty", "-m", "First"]);
    let commit = git(&["rev-parse", "--short=12", "HEAD"]);
    let has = |lines: &[String], line: &str| lines.iter().any(|has| has == line);

    let release = built(&script, &checkout, &[("PROFILE", "release")]);
    assert!(has(&release, &format!("cargo::rustc-env=BUILD_COMMIT={commit}")), "{release:?}");
    assert!(has(&release, "cargo::rustc-env=BUILD_DATE=2026-02-28"), "{release:?}");
    assert!(has(&release, "cargo::rerun-if-changed=.git/HEAD"), "{release:?}");

    let given = [("PROFILE", "release"), ("GIT_COMMIT", "abc"), ("SOURCE_DATE_EPOCH", "951782400")];
    let given = built(&script, &checkout, &given);
    assert!(has(&given, "cargo::rustc-env=BUILD_COMMIT=abc"), "{given:?}");
    assert!(has(&given, "cargo::rustc-env=BUILD_DATE=2000-02-29"), "{given:?}");
    let wrong = built(&script, &checkout, &[("SOURCE_DATE_EPOCH", "yesterday")]);
    assert!(wrong.iter().any(|line| line.starts_with("cargo::error=SOURCE_DATE_EPOCH")), "{wrong:?}");

    // Each commit would compile the package anew.
    let debug = built(&script, &checkout, &[("PROFILE", "debug")]);
    assert!(has(&debug, "cargo::rustc-env=BUILD_COMMIT=unknown"), "{debug:?}");
    assert!(!debug.iter().any(|line| line.contains(".git")), "{debug:?}");
}
