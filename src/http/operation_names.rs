//! The names of operations as labels of metrics. Clients choose names, so only so many become a label.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use metrics::SharedString;

/// Names of trusted documents.
const TRUSTED_MOST: usize = 500;
/// Names that somebody signed in had executed.
const SIGNED_IN_MOST: usize = 100;
/// Names that anybody else had executed. Apart, so that strangers cannot push out what signed-in people use.
const STRANGERS_MOST: usize = 50;
/// Characters of a name.
const LONGEST: usize = 64;

/// An operation without a name.
const ANONYMOUS: SharedString = SharedString::const_str("anonymous");
/// A name that has no label.
const OTHER: SharedString = SharedString::const_str("other");

type Labels = HashMap<Box<str>, SharedString>;

fn add(labels: &mut Labels, name: &str, most: usize) -> Option<SharedString> {
    if labels.len() >= most || name.len() > LONGEST {
        return None;
    }
    let label = SharedString::from_shared(name.into());
    labels.insert(name.into(), label.clone());
    Some(label)
}

#[derive(Default)]
struct Seen {
    signed_in: Labels,
    strangers: Labels,
}

/// The names that are labels.
#[derive(Default)]
pub struct OperationNames {
    trusted: Labels,
    seen: RwLock<Seen>,
}

/// What became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Execution {
    /// It did not fit the schema, or was not begun.
    Refused,
    /// It was executed for somebody signed in.
    SignedIn,
    /// It was executed for anybody else.
    Stranger,
}

impl OperationNames {
    /// The names of trusted documents are labels from the start.
    pub fn new<'a>(trusted: impl IntoIterator<Item = &'a str>) -> Self {
        let mut labels = Labels::default();
        for name in trusted {
            if !labels.contains_key(name) {
                add(&mut labels, name, TRUSTED_MOST);
            }
        }
        Self { trusted: labels, seen: RwLock::default() }
    }

    /// The label of an operation of this name.
    pub fn label(&self, name: Option<&str>, execution: Execution) -> SharedString {
        let Some(name) = name else { return ANONYMOUS };
        if let Some(label) = self.trusted.get(name) {
            return label.clone();
        }
        {
            let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(label) = seen.signed_in.get(name).or_else(|| seen.strangers.get(name)) {
                return label.clone();
            }
            let full = match execution {
                Execution::Refused => true,
                Execution::SignedIn => seen.signed_in.len() >= SIGNED_IN_MOST,
                Execution::Stranger => seen.strangers.len() >= STRANGERS_MOST,
            };
            if full {
                return OTHER;
            }
        }
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        let added = match execution {
            Execution::Refused => None,
            Execution::SignedIn => add(&mut seen.signed_in, name, SIGNED_IN_MOST),
            Execution::Stranger => add(&mut seen.strangers, name, STRANGERS_MOST),
        };
        added.unwrap_or(OTHER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(names: &OperationNames, name: Option<&str>, execution: Execution) -> String {
        names.label(name, execution).to_string()
    }

    #[test]
    fn only_names_that_were_executed_become_labels() {
        let names = OperationNames::new(["UsersTab"]);
        assert_eq!(label(&names, None, Execution::SignedIn), "anonymous");
        assert_eq!(label(&names, Some("UsersTab"), Execution::Refused), "UsersTab");
        assert_eq!(label(&names, Some("Mine"), Execution::Refused), "other");
        assert_eq!(label(&names, Some("Mine"), Execution::SignedIn), "Mine");
        assert_eq!(label(&names, Some("Mine"), Execution::Refused), "Mine");
        assert_eq!(label(&names, Some(&"x".repeat(65)), Execution::SignedIn), "other");
    }

    #[test]
    fn a_stranger_cannot_make_labels_without_end_nor_push_out_those_of_others() {
        let names = OperationNames::new(["UsersTab"]);
        let mut labels = std::collections::HashSet::new();
        for n in 0..1000 {
            labels.insert(label(&names, Some(&format!("A{n}")), Execution::Stranger));
        }
        assert_eq!(labels.len(), STRANGERS_MOST + 1);
        assert_eq!(label(&names, Some("Mine"), Execution::SignedIn), "Mine");
        for n in 0..1000 {
            labels.insert(label(&names, Some(&format!("B{n}")), Execution::SignedIn));
        }
        assert_eq!(labels.len(), STRANGERS_MOST + SIGNED_IN_MOST);
        assert_eq!(label(&names, Some("UsersTab"), Execution::Stranger), "UsersTab");
    }

    #[test]
    fn a_manifest_of_any_size_makes_a_bounded_number_of_labels() {
        let all: Vec<String> = (0..2 * TRUSTED_MOST).map(|n| format!("T{n}")).collect();
        let names = OperationNames::new(all.iter().map(String::as_str));
        let labels: std::collections::HashSet<_> =
            all.iter().map(|name| label(&names, Some(name), Execution::Refused)).collect();
        assert_eq!(labels.len(), TRUSTED_MOST + 1);
    }
}
