//! The types are generated anew when the schema or the operations change.

fn main() {
    println!("cargo:rerun-if-changed=../../../schema.graphql");
    println!("cargo:rerun-if-changed=../operations.graphql");
}
