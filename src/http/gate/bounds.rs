//! How large a document becomes once its fragments are put in place.
//!
//! The executor validates and runs every spread of a fragment again, so 26 fragments of two spreads each are
//! 2^26 walks. Here each fragment is measured once and its measure is used again; arithmetic saturates.

use std::collections::HashMap;

use async_graphql::Pos;
use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};

use super::cost::longest_in_argument;
use super::{Limits, Refusal};

/// The lists of the introspection schema whose nesting multiplies.
const META_LISTS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];
/// As graphql-js does it: a third list within two others is refused.
const META_LISTS_DEPTH: u32 = 3;

/// The measure of a selection set with everything below it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Measure {
    fields: u64,
    aliases: u64,
    directives: u64,
    /// Fields on the longest path.
    depth: u32,
    /// Fields, spreads and inline fragments on the longest path.
    nesting: u32,
    /// Fields of this set itself.
    pub(super) roots: u64,
    meta_lists: u32,
    /// Whether `__schema` or `__type` occurs.
    pub(super) introspects: bool,
}

impl Measure {
    /// Puts `other` beside this.
    fn beside(&mut self, other: Measure) {
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.depth = self.depth.max(other.depth);
        self.nesting = self.nesting.max(other.nesting);
        self.roots = self.roots.saturating_add(other.roots);
        self.meta_lists = self.meta_lists.max(other.meta_lists);
        self.introspects |= other.introspects;
    }
}

/// Refuses a document that is larger than the limits allow; says whether it introspects.
pub(super) fn bound(document: &ExecutableDocument, limits: &Limits) -> Result<bool, Refusal> {
    let mut walk = Walk { document, limits, known: HashMap::new() };
    let mut all = Measure::default();
    for (_, operation) in document.operations.iter() {
        let measure = walk.set(&operation.node.selection_set.node, 0)?;
        one_root_field(operation.node.ty, measure.roots, operation.pos)?;
        if measure.roots > limits.root_fields {
            return Err(Refusal::document(format!(
                "An operation may have at most {} root fields.",
                limits.root_fields
            ))
            .at(operation.pos));
        }
        all.beside(measure);
        all.directives = all.directives.saturating_add(operation.node.directives.len() as u64);
    }
    let over = |what: &str, most: u64| {
        Refusal::document(format!("With its fragments in place the document has more than {most} {what}."))
    };
    if all.fields > limits.fields {
        return Err(over("fields", limits.fields));
    }
    if all.aliases > limits.aliases {
        return Err(over("aliases", limits.aliases));
    }
    if all.directives > limits.directives {
        return Err(over("directives", limits.directives));
    }
    if all.depth > limits.depth || all.nesting > limits.nesting {
        return Err(Refusal::document(format!(
            "With its fragments in place the document is deeper than {} fields.",
            limits.depth
        )));
    }
    Ok(all.introspects)
}

/// Mutations run one at a time (an alias must not multiply guesses); a subscription is one stream by definition.
fn one_root_field(kind: OperationType, roots: u64, position: Pos) -> Result<(), Refusal> {
    let name = match kind {
        OperationType::Query => return Ok(()),
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    };
    if roots == 1 {
        return Ok(());
    }
    Err(Refusal::document(format!("A {name} must have exactly one root field; this one has {roots}."))
        .at(position))
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    /// `None` while the fragment is being measured: meeting it again is a cycle.
    known: HashMap<&'a str, Option<Measure>>,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a SelectionSet, level: u32) -> Result<Measure, Refusal> {
        // Bounds this recursion itself; the true depth is known only when all is measured.
        if level > self.limits.nesting {
            return Err(Refusal::document(format!(
                "With its fragments in place the document is deeper than {} fields.",
                self.limits.depth
            )));
        }
        let mut total = Measure::default();
        for selection in &set.items {
            let mut one = match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let name = field.name.node.as_str();
                    if field.arguments.iter().any(|(_, it)| longest_in_argument(&it.node) > self.limits.list)
                    {
                        return Err(Refusal::document(format!(
                            "A list among the arguments has more than {} items.",
                            self.limits.list
                        ))
                        .at(selection.pos));
                    }
                    let inner = self.set(&field.selection_set.node, level + 1)?;
                    let meta = name == "__schema" || name == "__type";
                    if meta && inner.meta_lists >= META_LISTS_DEPTH {
                        return Err(
                            Refusal::document("Introspection nests too many lists.").at(selection.pos)
                        );
                    }
                    Measure {
                        fields: inner.fields.saturating_add(1),
                        aliases: inner.aliases.saturating_add(u64::from(field.alias.is_some())),
                        depth: inner.depth.saturating_add(1),
                        roots: 1,
                        meta_lists: inner.meta_lists + u32::from(META_LISTS.contains(&name)),
                        introspects: inner.introspects || meta,
                        ..inner
                    }
                }
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set.node, level + 1)?,
                Selection::FragmentSpread(spread) => {
                    self.fragment(spread.node.fragment_name.node.as_str(), selection.pos, level)?
                }
            };
            one.nesting = one.nesting.saturating_add(1);
            one.directives = one.directives.saturating_add(selection.node.directives().len() as u64);
            total.beside(one);
        }
        Ok(total)
    }

    fn fragment(&mut self, name: &'a str, position: Pos, level: u32) -> Result<Measure, Refusal> {
        match self.known.get(name) {
            Some(Some(measure)) => return Ok(*measure),
            Some(None) => {
                return Err(Refusal::document(format!("Fragment \"{name}\" spreads itself.")).at(position));
            }
            None => {}
        }
        let document = self.document;
        let Some((name, fragment)) = document.fragments.get_key_value(name) else {
            // The validator says so with more detail.
            return Ok(Measure::default());
        };
        self.known.insert(name.as_str(), None);
        let mut measure = self.set(&fragment.node.selection_set.node, level + 1)?;
        measure.directives = measure.directives.saturating_add(fragment.node.directives.len() as u64);
        // A spread is a step of the executor even where its fragment is nearly empty.
        measure.fields = measure.fields.saturating_add(1);
        self.known.insert(name.as_str(), Some(measure));
        Ok(measure)
    }
}
