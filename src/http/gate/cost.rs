//! What a query may make the gateway load: each field once for every item of the lists around it. A list is as long as
//! the page that was asked for, or as the longest list among the field's own arguments (`ids`, `changes`), or as long as
//! lists of its name are taken to be.
//!
//! Runs after `bounds`, so the document is small and has no cycle.

use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Value, Variables};
use async_graphql_value::{ConstValue, Value as Argument};

/// The page that a connection gives when none is asked for.
const DEFAULT_PAGE: u64 = 25;
/// The largest page that a connection gives.
const LARGEST_PAGE: u64 = 100;
/// Lists of objects that are neither pages nor as long as an argument, and how long they are taken to be. A test holds
/// this against the schema. A year of history is one document: its points cost next to nothing each.
const PLAIN_LISTS: [(&str, u64); 8] = [
    ("memberships", 10),
    ("details", 5),
    ("history", 30),
    ("staticRoles", 7),
    ("mfaResetFreezes", 2),
    ("contacts", 3),
    ("confirmedBy", 2),
    ("webhooks", 10),
];

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
        if let Some(size) = asked {
            return size.clamp(1, LARGEST_PAGE);
        }
        if self.is_connection(&field.selection_set.node) {
            return DEFAULT_PAGE;
        }
        let name = field.name.node.as_str();
        let plain = PLAIN_LISTS.iter().find(|(list, _)| *list == name).map_or(1, |(_, length)| *length);
        let given = field.arguments.iter().map(|(_, argument)| self.longest(&argument.node)).max();
        plain.max(given.unwrap_or(1) as u64)
    }

    /// The length of the longest list in an argument.
    fn longest(&self, argument: &Argument) -> usize {
        match argument {
            Argument::Variable(name) => match self.variables.get(name) {
                Some(value) => longest_in_value(value),
                None => self.default_of(name).map_or(0, longest_in_value),
            },
            Argument::List(items) => {
                items.iter().map(|item| self.longest(item)).fold(items.len(), usize::max)
            }
            Argument::Object(fields) => fields.values().map(|value| self.longest(value)).max().unwrap_or(0),
            _ => 0,
        }
    }

    fn default_of(&self, variable: &str) -> Option<&ConstValue> {
        let definitions = &self.operation.variable_definitions;
        let definition = definitions.iter().find(|definition| definition.node.name.node == *variable)?;
        definition.node.default_value.as_ref().map(|value| &value.node)
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
                None => match self.default_of(name)? {
                    ConstValue::Number(number) => number.as_u64(),
                    _ => None,
                },
            },
            _ => None,
        }
    }
}

/// The length of the longest list in a value. What is parsed nests no deeper than its parser lets it.
pub(super) fn longest_in_value(value: &ConstValue) -> usize {
    match value {
        ConstValue::List(items) => items.iter().map(longest_in_value).fold(items.len(), usize::max),
        ConstValue::Object(fields) => fields.values().map(longest_in_value).max().unwrap_or(0),
        _ => 0,
    }
}

/// Likewise, in the text of a document: without what its variables hold.
pub(super) fn longest_in_argument(argument: &Argument) -> usize {
    match argument {
        Argument::List(items) => items.iter().map(longest_in_argument).fold(items.len(), usize::max),
        Argument::Object(fields) => fields.values().map(longest_in_argument).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_schema;
    use async_graphql::parser::types::{BaseType, TypeKind, TypeSystemDefinition};

    use super::*;

    /// Lists that are as long as a list of their field's own arguments.
    const AS_LONG_AS_AN_ARGUMENT: [&str; 2] = ["nodes", "outcomes"];

    #[test]
    fn every_list_of_objects_in_the_schema_is_counted() {
        let schema = parse_schema(include_str!("../../../schema.graphql")).unwrap();
        let mut objects = Vec::new();
        let mut lists = Vec::new();
        for definition in &schema.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            let fields = match &definition.node.kind {
                TypeKind::Object(object) => &object.fields,
                TypeKind::Interface(interface) => &interface.fields,
                TypeKind::Union(_) => {
                    objects.push(name);
                    continue;
                }
                _ => continue,
            };
            objects.push(name);
            for field in fields {
                if let BaseType::List(item) = &field.node.ty.node.base {
                    lists.push((field.node.name.node.to_string(), item.base.to_string()));
                }
            }
        }
        let counted = |name: &str| {
            name == "edges"
                || AS_LONG_AS_AN_ARGUMENT.contains(&name)
                || PLAIN_LISTS.iter().any(|(list, _)| *list == name)
        };
        let missing: Vec<_> =
            lists.iter().filter(|(name, of)| objects.contains(of) && !counted(name)).collect();
        assert!(
            missing.is_empty(),
            "put these into PLAIN_LISTS, with how long they are taken to be: {missing:?}"
        );
        assert!(lists.iter().any(|(name, _)| name == "edges"), "the schema was read");
    }
}
