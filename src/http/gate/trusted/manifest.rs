//! The manifests that build tools write: GraphQL Code Generator and Relay an object of ids and texts, Apollo an object
//! with a format, a version and a list of operations.

use serde::Deserialize;
use serde_json::{Map, Value};

const APOLLO: &str = "apollo-persisted-query-manifest";

#[derive(Deserialize)]
struct Operation {
    id: String,
    body: String,
}

/// Ids and texts; the error says what is wrong.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
    let map: Map<String, Value> = serde_json::from_slice(bytes)
        .map_err(|error| format!("expected a JSON object of ids and documents: {error}"))?;
    let documents = if map.contains_key("format") || map.contains_key("operations") {
        apollo(map)?
    } else {
        let text = |(id, value): (String, Value)| match value {
            Value::String(text) => Ok((id, text)),
            _ => Err(format!("expected the text of a document at {id:?}")),
        };
        map.into_iter().map(text).collect::<Result<_, _>>()?
    };
    if documents.is_empty() {
        return Err("it has no document".into());
    }
    Ok(documents)
}

fn apollo(mut map: Map<String, Value>) -> Result<Vec<(String, String)>, String> {
    if map.get("format").and_then(Value::as_str) != Some(APOLLO) {
        return Err(format!("expected \"format\": \"{APOLLO}\""));
    }
    if map.get("version").and_then(Value::as_u64) != Some(1) {
        return Err("expected \"version\": 1".into());
    }
    let operations = map.remove("operations").unwrap_or_default();
    let operations: Vec<Operation> = serde_json::from_value(operations)
        .map_err(|error| format!("expected \"operations\" with an \"id\" and a \"body\" each: {error}"))?;
    Ok(operations.into_iter().map(|operation| (operation.id, operation.body)).collect())
}
