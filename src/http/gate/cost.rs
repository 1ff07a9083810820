//! What a query may make the gateway load: each field once for every item of the pages around it.
//!
//! Runs after `bounds`, so the document is small and has no cycle.

use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Value, Variables};
use async_graphql_value::{ConstValue, Value as Argument};

/// The page that a connection gives when none is asked for.
const DEFAULT_PAGE: u64 = 25;
/// The largest page that a connection gives.
const LARGEST_PAGE: u64 = 100;

/// The cost of an operation: saturates, never overflows.
pub(super) fn cost(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> u64 {
    Walk { document, operation, variables }.set(&operation.selection_set.node)
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
}

impl Walk<'_> {
    fn set(&self, set: &SelectionSet) -> u64 {
        set.items.iter().fold(0_u64, |sum, selection| sum.saturating_add(self.selection(&selection.node)))
    }

    fn selection(&self, selection: &Selection) -> u64 {
        match selection {
            Selection::Field(field) if field.node.name.node.starts_with("__") => 1,
            Selection::Field(field) => {
                let inner = self.set(&field.node.selection_set.node);
                inner.saturating_mul(self.page(&field.node)).saturating_add(1)
            }
            Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node),
            Selection::FragmentSpread(spread) => self
                .document
                .fragments
                .get(&spread.node.fragment_name.node)
                .map_or(0, |fragment| self.set(&fragment.node.selection_set.node)),
        }
    }

    /// How many items a field gives: the page asked for, the default page of a connection, or one.
    fn page(&self, field: &Field) -> u64 {
        let asked = ["first", "last"]
            .into_iter()
            .filter_map(|name| field.get_argument(name))
            .filter_map(|argument| self.number(&argument.node))
            .max();
        match asked {
            Some(size) => size.clamp(1, LARGEST_PAGE),
            None if self.is_connection(&field.selection_set.node) => DEFAULT_PAGE,
            None => 1,
        }
    }

    fn is_connection(&self, set: &SelectionSet) -> bool {
        set.items.iter().any(|selection| match &selection.node {
            Selection::Field(field) => field.node.name.node == "edges",
            Selection::InlineFragment(inline) => self.is_connection(&inline.node.selection_set.node),
            Selection::FragmentSpread(spread) => self
                .document
                .fragments
                .get(&spread.node.fragment_name.node)
                .is_some_and(|fragment| self.is_connection(&fragment.node.selection_set.node)),
        })
    }

    fn number(&self, argument: &Argument) -> Option<u64> {
        match argument {
            Argument::Number(number) => number.as_u64(),
            Argument::Variable(name) => match self.variables.get(name) {
                Some(Value::Number(number)) => number.as_u64(),
                Some(_) => None,
                None => {
                    let definition = self
                        .operation
                        .variable_definitions
                        .iter()
                        .find(|definition| definition.node.name.node == *name)?;
                    match &definition.node.default_value.as_ref()?.node {
                        ConstValue::Number(number) => number.as_u64(),
                        _ => None,
                    }
                }
            },
            _ => None,
        }
    }
}
