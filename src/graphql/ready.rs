//! Answering at once what is loaded already. async-graphql makes a future of every field of every object, which was a third
//! of a page of people; `prefetch` has filled the loaders by then, so there is nothing to wait for.
//!
//! A value that is ready is the one that the resolvers would give. Whatever would have to be looked up, written down or
//! answered with an error is not ready: then the resolvers run, guards and all, as if this did not exist.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::{EnumType, enum_value};
use async_graphql::{ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value};

/// What may be ready.
pub trait AtOnce: OutputType {
    /// The value, if nothing has to be waited for.
    fn at_once(&self, _ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        None
    }
}

/// A value that is answered at once if it is ready, and resolved if not.
pub struct Ready<'a, T>(pub &'a T);

impl<T: AtOnce> OutputType for Ready<'_, T> {
    fn type_name() -> std::borrow::Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        T::qualified_type_name()
    }

    fn introspection_type_name(&self) -> std::borrow::Cow<'static, str> {
        self.0.introspection_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match self.0.at_once(ctx) {
            Some(value) => {
                tracing::trace!(of = %T::type_name(), "answered at once");
                Ok(value)
            }
            None => self.0.resolve(ctx, field).await,
        }
    }
}

impl<T: AtOnce> AtOnce for Vec<T> {
    fn at_once(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        self.iter().map(|item| item.at_once(ctx)).collect::<Option<Vec<_>>>().map(Value::List)
    }
}

impl<T: AtOnce + Sync> AtOnce for Option<T> {
    fn at_once(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        self.as_ref().map_or(Some(Value::Null), |value| value.at_once(ctx))
    }
}

/// An enum's value is always ready.
pub fn name_of<T: EnumType>(value: T) -> Option<Value> {
    Some(enum_value(value))
}

/// An object of the fields that are selected; `field` gives a field by its name, with the selection below it. Arguments and
/// directives are left to the resolvers, and so is a key that is selected twice.
pub fn object<'a, T: OutputType>(
    ctx: &ContextSelectionSet<'a>,
    field: impl Fn(&str, &ContextSelectionSet<'a>) -> Option<Value>,
) -> Option<Value> {
    let mut fields = IndexMap::with_capacity(ctx.item.node.items.len());
    add::<T>(ctx, ctx.item, &field, &mut fields)?;
    Some(Value::Object(fields))
}

fn add<'a, T: OutputType>(
    ctx: &ContextSelectionSet<'a>,
    selected: &'a Positioned<SelectionSet>,
    value_of: &impl Fn(&str, &ContextSelectionSet<'a>) -> Option<Value>,
    fields: &mut IndexMap<Name, Value>,
) -> Option<()> {
    for selection in &selected.node.items {
        let (condition, below) = match &selection.node {
            Selection::Field(field) => {
                let field = &field.node;
                if !field.directives.is_empty() || !field.arguments.is_empty() {
                    return None;
                }
                let value = match field.name.node.as_str() {
                    "__typename" => Value::String(T::type_name().into_owned()),
                    name => value_of(name, &ctx.with_selection_set(&field.selection_set))?,
                };
                if fields.insert(field.response_key().node.clone(), value).is_some() {
                    return None;
                }
                continue;
            }
            Selection::FragmentSpread(spread) => {
                let fragment = &ctx.query_env.fragments.get(&spread.node.fragment_name.node)?.node;
                (Some(&fragment.type_condition), &fragment.selection_set)
            }
            Selection::InlineFragment(inline) => {
                (inline.node.type_condition.as_ref(), &inline.node.selection_set)
            }
        };
        // Interfaces are left to the resolvers.
        if condition.is_some_and(|condition| condition.node.on.node.as_str() != T::type_name()) {
            return None;
        }
        add::<T>(ctx, below, value_of, fields)?;
    }
    Some(())
}

/// Whether a field of this name in Rust is the one of that name in the schema: `joined_at` is `joinedAt`.
pub fn is(in_rust: &str, in_schema: &str) -> bool {
    let plain = in_rust.bytes().filter(|byte| *byte != b'_');
    plain.eq(in_schema.bytes().map(|byte| byte.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_told_by_its_name_in_the_schema() {
        assert!(is("joined_at", "joinedAt") && is("role", "role"));
        assert!(!is("joined_at", "joined") && !is("role", "node"));
    }
}
