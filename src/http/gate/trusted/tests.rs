//! Which manifests are understood, and which mistakes end the start.

use std::path::PathBuf;

use super::*;

const LOG_OUT: &str = "mutation LogOut { logOut { __typename } }";
const WHO: &str = "query Who { viewer { user { id } } }";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(self, name: &str, content: &str) -> Self {
        fs::write(self.0.path().join(name), content).unwrap();
        self
    }

    fn load(&self, names: &[&str]) -> Result<TrustedDocuments, TrustedError> {
        let manifests: Vec<PathBuf> = names.iter().map(|name| self.0.path().join(name)).collect();
        TrustedDocuments::load(
            &TrustedSources { manifests: &manifests, only: true, ..TrustedSources::default() },
            &Limits::default(),
        )
    }
}

fn one(content: &str) -> Result<TrustedDocuments, TrustedError> {
    Folder::new().with("m.json", content).load(&["m.json"])
}

fn sha(text: &str) -> String {
    hex(&hash_of(text))
}

#[test]
fn manifests_of_code_generator_relay_and_apollo_are_understood() {
    let codegen = serde_json::json!({ (sha(WHO)): WHO, (sha(LOG_OUT)): LOG_OUT }).to_string();
    let documents = one(&codegen).unwrap();
    assert_eq!(documents.len(), 2);
    for id in [sha(WHO), format!("sha256:{}", sha(WHO))] {
        assert_eq!(&*documents.by_id(&id).unwrap().text, WHO);
    }
    assert!(documents.by_hash(&hash_of(LOG_OUT)).is_some());

    // Relay's ids are MD5 unless told otherwise; they are taken as they are.
    let documents = one(&serde_json::json!({ "e2e4b0b9a5a5c5d1f6e0a1c5b7d3f9a1": WHO }).to_string()).unwrap();
    assert!(documents.by_id("e2e4b0b9a5a5c5d1f6e0a1c5b7d3f9a1").is_some());
    assert!(documents.by_id(&sha(WHO)).is_some(), "every document is known by its SHA-256, too");

    let apollo = serde_json::json!({
        "format": "apollo-persisted-query-manifest", "version": 1,
        "operations": [{ "id": sha(WHO), "name": "Who", "type": "query", "body": WHO }],
    });
    assert!(one(&apollo.to_string()).unwrap().by_id(&sha(WHO)).is_some());
}

#[test]
fn a_text_is_known_by_its_tokens() {
    let documents = one(&serde_json::json!({ "who": WHO }).to_string()).unwrap();
    assert!(documents.by_text("query Who{viewer{user{id}}}").is_some());
    assert!(documents.by_text("query Who{viewer{user{id name}}}").is_none());
    assert!(documents.by_text("").is_none());
}

#[test]
fn several_files_and_folders_are_read_together() {
    let folder = Folder::new()
        .with("a.json", &serde_json::json!({ "a": WHO }).to_string())
        .with("b.json", &serde_json::json!({ "a": WHO, "b": LOG_OUT }).to_string())
        .with("readme.md", "not a manifest");
    assert_eq!(folder.load(&["a.json", "b.json"]).unwrap().len(), 2);
    assert_eq!(folder.load(&[""]).unwrap().len(), 2);
}

#[test]
fn a_mistake_names_its_file_and_document() {
    let deep = format!("{{ {}a{} }}", "a { ".repeat(40), " }".repeat(40));
    for (content, says) in [
        ("[1]".to_owned(), "a JSON object"),
        ("{".to_owned(), "a JSON object"),
        ("{}".to_owned(), "no document"),
        (r#"{"a": 1}"#.to_owned(), "text of a document at \"a\""),
        (r#"{"format": "other", "operations": []}"#.to_owned(), "apollo-persisted-query-manifest"),
        (r#"{"format": "apollo-persisted-query-manifest", "version": 2}"#.to_owned(), "\"version\": 1"),
        (r#"{"format": "apollo-persisted-query-manifest", "version": 1}"#.to_owned(), "\"operations\""),
        (serde_json::json!({ "x": "{ a(" }).to_string(), "\"x\" cannot be used: Syntax error"),
        (serde_json::json!({ "x": deep }).to_string(), "deeper"),
        (serde_json::json!({ (sha(WHO)): LOG_OUT }).to_string(), "the text was changed"),
        (serde_json::json!({ "sha256:12": WHO }).to_string(), "64 hexadecimal"),
        (serde_json::json!({ "a b": WHO }).to_string(), "letters, digits"),
    ] {
        let error = one(&content).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains("m.json"), "{content}: {error}");
    }
    let folder = Folder::new()
        .with("a.json", &serde_json::json!({ "a": WHO }).to_string())
        .with("b.json", &serde_json::json!({ "a": LOG_OUT }).to_string());
    let error = folder.load(&["a.json", "b.json"]).unwrap_err().to_string();
    assert!(error.contains("another document has this id") && error.contains("b.json"), "{error}");
    assert!(folder.load(&["none.json"]).unwrap_err().to_string().contains("cannot be read"));
    assert!(Folder::new().load(&[""]).unwrap_err().to_string().contains("holds no manifest"));
}

#[test]
fn a_dashboard_without_a_manifest_does_not_start_where_only_trusted_documents_are_executed() {
    let folder = Folder::new();
    let load = |only| {
        let sources = TrustedSources { web_dir: Some(folder.0.path()), only, ..TrustedSources::default() };
        TrustedDocuments::load(&sources, &Limits::default())
    };
    assert!(load(true).unwrap_err().to_string().contains("build the dashboard anew"));
    assert!(load(false).unwrap().is_empty());
    fs::write(folder.0.path().join(OF_DASHBOARD), serde_json::json!({ "a": WHO }).to_string()).unwrap();
    assert!(load(true).unwrap().by_id("a").is_some());
}
