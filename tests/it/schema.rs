//! The public schema: checked in, described, and free of surprises for generators.

use serde_json::Value;

use crate::harness;

const INTROSPECTION: &str = "{ __schema { types { kind name description
    fields(includeDeprecated: true) { name description args { name description } }
    inputFields { name description } enumValues(includeDeprecated: true) { name description } } } }";

#[test]
fn schema_graphql_is_what_the_gateway_serves() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    let checked_in = std::fs::read_to_string(file).unwrap_or_default();
    let served = latchkey::command::schema::sdl();
    assert!(
        checked_in == served,
        "schema.graphql is not what the gateway serves; run `make schema` and review the difference"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_in_the_schema_is_described() {
    harness::run(async |app| {
        let reply = app.client().ask(INTROSPECTION).await;
        let mut silent = Vec::new();
        let mut look = |name: String, item: &Value| {
            if item["description"].as_str().unwrap_or_default().trim().is_empty() {
                silent.push(name);
            }
        };
        for kind in reply.data("/__schema/types").as_array().unwrap() {
            let name = kind["name"].as_str().unwrap();
            if name.starts_with("__") || name == "ID" {
                continue;
            }
            look(name.to_owned(), kind);
            for list in ["fields", "inputFields", "enumValues"] {
                for item in kind[list].as_array().unwrap_or(&Vec::new()) {
                    let field = format!("{name}.{}", item["name"].as_str().unwrap());
                    for argument in item["args"].as_array().unwrap_or(&Vec::new()) {
                        look(format!("{field}({})", argument["name"].as_str().unwrap()), argument);
                    }
                    look(field, item);
                }
            }
        }
        assert!(silent.is_empty(), "without a description: {silent:#?}");
    })
    .await;
}
