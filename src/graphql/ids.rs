//! Ids on the wire.

use std::str::FromStr;

use async_graphql::ID;

use super::error::bad_input;
use crate::domain::id::IdError;

/// Reads an id of one kind; `field` is the argument's name, for the error.
pub fn parse_id<T: FromStr<Err = IdError>>(id: &ID, field: &str) -> async_graphql::Result<T> {
    id.parse().map_err(|error: IdError| bad_input(field, &format!("an id of the form {}_…", error.expected)))
}
