//! `latchkey schema`: prints the schema, sorted, without a database. `schema.graphql` is this text, checked in.

use async_graphql::SDLExportOptions;

use super::output::say;

pub fn run() -> anyhow::Result<()> {
    say(&sdl())
}

/// The schema in SDL. Sorted, so that moving code changes nothing.
pub fn sdl() -> String {
    let options =
        SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items().include_specified_by();
    let text = crate::graphql::schema(false).sdl_with_options(options);
    format!("{}\n", text.trim())
}
