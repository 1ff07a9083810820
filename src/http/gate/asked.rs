//! What a client asks for, out of whichever envelope: a text, the id of a trusted document, or the hash of an automatic
//! persisted query.

use async_graphql::Variables;
use http::StatusCode;
use serde::Deserialize;

use super::Refusal;

/// What a client asks for.
#[derive(Debug, Default)]
pub struct Asked {
    /// The document, or what names it.
    pub document: Named,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// The variables.
    pub variables: Variables,
}

/// A document, or what names it.
#[derive(Debug)]
pub enum Named {
    /// By its text.
    Text(String),
    /// By its id: `documentId` of GraphQL over HTTP, `doc_id` or `id` as clients of Relay send it.
    Id(String),
    /// By its SHA-256, and with its text where the hash alone was not known: `extensions.persistedQuery` of Apollo.
    Hash {
        /// In hexadecimal.
        hash: String,
        /// The text.
        text: Option<String>,
    },
}

impl Default for Named {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// The parameters of a request, as JSON or as the query of a URL gives them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameters {
    /// The text of the document.
    pub query: Option<String>,
    /// Its id.
    pub document_id: Option<String>,
    /// Its id, as Relay's network layers call it.
    #[serde(rename = "doc_id")]
    pub doc_id: Option<String>,
    /// Likewise.
    pub id: Option<String>,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// The variables.
    #[serde(default)]
    pub variables: Variables,
    /// Must be a map; of it only `persistedQuery` is understood.
    #[serde(default)]
    pub extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersistedQuery {
    version: u32,
    sha256_hash: String,
}

fn bad(message: impl Into<String>) -> Refusal {
    Refusal::http(StatusCode::BAD_REQUEST, message)
}

impl Parameters {
    /// What is asked for; exactly one of text, id and hash names the document.
    pub fn asked(self) -> Result<Asked, Refusal> {
        let persisted = match self.extensions.and_then(|mut map| map.remove("persistedQuery")) {
            None | Some(serde_json::Value::Null) => None,
            Some(value) => Some(persisted_query(value)?),
        };
        // Relay's clients send an empty text with the id; others send `id` beside a text and mean something else by it.
        let text = self.query.filter(|text| !text.is_empty() || persisted.is_none());
        let id = match (self.document_id, self.doc_id.or(self.id)) {
            (Some(id), _) => Some(id),
            (None, id) => id.filter(|_| text.as_ref().is_none_or(String::is_empty) && persisted.is_none()),
        };
        let document = match (id, persisted, text) {
            (Some(id), None, text) if text.as_ref().is_none_or(String::is_empty) => Named::Id(id),
            (Some(_), _, _) => {
                return Err(bad("Send one of 'query', 'documentId' and 'extensions.persistedQuery'."));
            }
            (None, Some(PersistedQuery { version: 1, sha256_hash: hash }), text) => {
                Named::Hash { hash, text }
            }
            (None, Some(_), _) => {
                return Err(bad("The version of 'extensions.persistedQuery' must be 1."));
            }
            (None, None, Some(text)) => Named::Text(text),
            (None, None, None) => return Err(bad("The parameter 'query' is missing.")),
        };
        Ok(Asked { document, operation_name: self.operation_name, variables: self.variables })
    }
}

fn persisted_query(value: serde_json::Value) -> Result<PersistedQuery, Refusal> {
    serde_json::from_value(value).map_err(|_| {
        bad("The parameter 'extensions.persistedQuery' must be {\"version\": 1, \"sha256Hash\": \"…\"}.")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(json: serde_json::Value) -> Result<String, String> {
        let parameters: Parameters = serde_json::from_value(json).unwrap();
        match parameters.asked() {
            Ok(asked) => Ok(match asked.document {
                Named::Text(text) => format!("text {text}"),
                Named::Id(id) => format!("id {id}"),
                Named::Hash { hash, text } => format!("hash {hash} {}", text.as_deref().unwrap_or("-")),
            }),
            Err(refusal) => Err(refusal.message),
        }
    }

    #[test]
    fn a_document_is_named_in_one_way() {
        let persisted = json!({"persistedQuery": {"version": 1, "sha256Hash": "ab"}});
        for (json, expected) in [
            (json!({"query": "{ a }"}), "text { a }"),
            (
                json!({"query": "{ a }", "documentId": null, "extensions": {"persistedQuery": null}}),
                "text { a }",
            ),
            (json!({"query": ""}), "text "),
            (json!({"documentId": "x"}), "id x"),
            (json!({"doc_id": "x", "query": ""}), "id x"),
            (json!({"id": "x", "query": null}), "id x"),
            (json!({"id": "request 7", "query": "{ a }"}), "text { a }"),
            (json!({"extensions": persisted.clone()}), "hash ab -"),
            (json!({"extensions": persisted.clone(), "query": ""}), "hash ab -"),
            (json!({"extensions": persisted.clone(), "query": "{ a }", "id": "request 7"}), "hash ab { a }"),
        ] {
            assert_eq!(named(json.clone()), Ok(expected.to_owned()), "{json}");
        }
        for (json, says) in [
            (json!({}), "'query' is missing"),
            (json!({"query": "{ a }", "documentId": "x"}), "one of"),
            (json!({"extensions": persisted, "documentId": "x"}), "one of"),
            (json!({"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "ab"}}}), "must be 1"),
            (json!({"extensions": {"persistedQuery": "ab"}}), "sha256Hash"),
        ] {
            assert!(named(json.clone()).unwrap_err().contains(says), "{json}");
        }
    }
}
