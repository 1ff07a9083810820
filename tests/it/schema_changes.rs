//! What `make schema-check` lets through: the check itself, run on small schemas, and on ours.

use std::path::Path;
use std::process::Command;

use rstest::rstest;

use crate::edge::install_suites;

const RELEASED: &str = "type Query { user(id: ID!): User }
type User { id: ID! name: String! nick: String }
";

/// Runs the check: whether it passed, and what it said.
fn check(root: &Path, arguments: &[&str]) -> (bool, String) {
    install_suites();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suites/schema_changes.mjs");
    let output = Command::new("node").arg(script).arg("--root").arg(root).args(arguments).output();
    let output = output.expect("node cannot be run: the checks of the schema need it");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.stderr.is_empty(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    (output.status.success(), said)
}

/// A checkout that has only what the check reads.
fn checkout(now: &str, list: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir_all(folder.path().join("docs/schema")).unwrap();
    write("docs/schema/released.graphql", RELEASED);
    write("schema.graphql", now);
    write("docs/SCHEMA-CHANGES.md", list);
    folder
}

fn read(root: &Path, name: &str) -> String {
    std::fs::read_to_string(root.join(name)).unwrap()
}

const NOTHING: &str = "# Changes\n\n## Unreleased\n\nNothing yet.\n";

#[test]
fn our_schema_breaks_no_client_unlisted() {
    let (passed, said) = check(Path::new(env!("CARGO_MANIFEST_DIR")), &[]);
    assert!(passed, "{said}");
}

#[rstest]
#[case::a_field_that_is_gone("nick: String", "", "User.nick")]
#[case::an_output_that_became_nullable("name: String!", "name: String", "User.name")]
#[case::an_argument_that_is_demanded("user(id: ID!)", "user(id: ID!, as: ID!)", "Query.user.as")]
#[case::another_type("nick: String", "nick: Int", "User.nick")]
fn what_breaks_clients_fails_until_it_is_listed(#[case] was: &str, #[case] is: &str, #[case] path: &str) {
    let now = RELEASED.replace(was, is);
    let (passed, said) = check(checkout(&now, NOTHING).path(), &[]);
    assert!(!passed && said.contains(&format!("- `{path}`:")), "{said}");

    let listed = NOTHING.replace("Nothing yet.", &format!("- `{path}`: ask otherwise"));
    let (passed, said) = check(checkout(&now, &listed).path(), &[]);
    assert!(passed, "{said}");

    let earlier = format!("{NOTHING}\n## 0.0.9\n\n- `{path}`: what an earlier release said\n");
    let (passed, said) = check(checkout(&now, &earlier).path(), &[]);
    assert!(!passed, "a line of an earlier release lets nothing through: {said}");
}

#[rstest]
#[case::a_field("nick: String", "nick: String age: Int")]
#[case::an_argument_that_may_be_left_out("user(id: ID!)", "user(id: ID!, as: ID)")]
#[case::an_output_that_is_never_null_any_more("nick: String", "nick: String!")]
fn what_breaks_no_client_needs_no_line(#[case] was: &str, #[case] is: &str) {
    let (passed, said) = check(checkout(&RELEASED.replace(was, is), NOTHING).path(), &[]);
    assert!(passed, "{said}");
}

#[test]
fn a_release_makes_the_schema_the_one_to_compare_with() {
    let now = RELEASED.replace("nick: String", "");
    let refused = checkout(&now, NOTHING);
    assert!(!check(refused.path(), &["--release", "1.0.0"]).0, "a breaking change is not listed");
    assert_eq!(read(refused.path(), "docs/schema/released.graphql"), RELEASED);

    let list = NOTHING.replace("Nothing yet.", "- `User.nick`: use name");
    let folder = checkout(&now, &list);
    let (passed, said) = check(folder.path(), &["--release", "1.0.0"]);
    assert!(passed, "{said}");
    assert!(read(folder.path(), "docs/schema/released.graphql").ends_with(&now));
    let moved = "# Changes\n\n## Unreleased\n\nNothing yet.\n\n## 1.0.0\n\n- `User.nick`: use name\n";
    assert_eq!(read(folder.path(), "docs/SCHEMA-CHANGES.md"), moved);
    assert!(check(folder.path(), &[]).0);

    // The next release stands above it, and its own break needs a line of its own.
    std::fs::write(folder.path().join("schema.graphql"), RELEASED).unwrap();
    assert!(check(folder.path(), &["--release", "1.1.0"]).0);
    let twice = "# Changes\n\n## Unreleased\n\nNothing yet.\n\n## 1.1.0\n\nNothing that breaks clients.\n\n## 1.0.0\n\n\
                 - `User.nick`: use name\n";
    assert_eq!(read(folder.path(), "docs/SCHEMA-CHANGES.md"), twice);
    std::fs::write(folder.path().join("schema.graphql"), &now).unwrap();
    assert!(!check(folder.path(), &[]).0);
}
