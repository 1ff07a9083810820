//! Which version this is.

/// The version, as Semantic Versioning has it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit it was built from; `unknown` in debug builds.
pub const COMMIT: &str = env!("BUILD_COMMIT");
/// The day it is from: of `SOURCE_DATE_EPOCH`, else of the commit; `unknown` in debug builds.
pub const BUILT: &str = env!("BUILD_DATE");
/// All of it in one line.
pub const LINE: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (commit ",
    env!("BUILD_COMMIT"),
    ", built ",
    env!("BUILD_DATE"),
    ")"
);
