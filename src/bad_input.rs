//! Every reader of what strangers write, as functions of any bytes that must neither panic nor break what they promise.
//! Compiled only for tests, which run them over `tests/fuzz/corpus` and over random bytes, and for `cargo fuzz`.

mod names;
mod people;
#[cfg(test)]
mod tests;

/// A function of any bytes. It panics where a promise is broken.
pub type Target = fn(&[u8]);

/// By name; `tests/fuzz/corpus` has a folder of each.
pub const TARGETS: &[(&str, Target)] = &[
    ("addresses", people::addresses),
    ("audit_export", crate::command::audit::bad_input::export),
    ("config", crate::config::bad_input::configuration),
    ("cursors", names::cursors),
    ("documents", crate::http::bad_input::documents),
    ("forwarded", crate::http::bad_input::forwarded),
    ("ids", names::ids),
    ("import", crate::command::import::bad_input::rows),
    ("mail", people::mail),
    ("moments", names::moments),
    ("requests", crate::http::bad_input::requests),
    ("tokens", names::tokens),
];

/// The function of this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().find(|(known, _)| *known == name).map(|(_, target)| *target)
}

/// The bytes as text, where they are text.
pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}
