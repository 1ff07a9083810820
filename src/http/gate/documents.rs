//! A bounded memory of documents that passed the gate, by their text.
//!
//! Two generations: when the younger is full it becomes the older and the older is forgotten. What is asked
//! for again moves to the younger, so documents in use survive a flood of others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Document;

/// A generation holds at most this many documents.
const MOST_DOCUMENTS: usize = 512;
/// And at most this much text; a parsed document takes a few dozen times its text.
const MOST_TEXT: usize = 512 * 1024;
/// Longer texts are parsed each time.
const LONGEST_TEXT: usize = 16 * 1024;

#[derive(Default)]
struct Generations {
    young: HashMap<Arc<str>, Arc<Document>>,
    young_text: usize,
    old: HashMap<Arc<str>, Arc<Document>>,
}

/// The memory itself.
#[derive(Default)]
pub(super) struct Documents(Mutex<Generations>);

impl Documents {
    /// The document of this text, if it is remembered.
    pub(super) fn get(&self, text: &str) -> Option<Arc<Document>> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(document) = generations.young.get(text) {
            return Some(document.clone());
        }
        let (text, document) = generations.old.remove_entry(text)?;
        generations.put(text, document.clone());
        Some(document)
    }

    /// Remembers a document.
    pub(super) fn put(&self, text: &str, document: Arc<Document>) {
        if text.len() <= LONGEST_TEXT {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).put(text.into(), document);
        }
    }
}

impl Generations {
    fn put(&mut self, text: Arc<str>, document: Arc<Document>) {
        if self.young.len() >= MOST_DOCUMENTS || self.young_text + text.len() > MOST_TEXT {
            self.old = std::mem::take(&mut self.young);
            self.young_text = 0;
        }
        self.young_text += text.len();
        self.young.insert(text, document);
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn document() -> Arc<Document> {
        Arc::new(Document { parsed: parse_query("{ a }").unwrap(), introspects: false })
    }

    #[test]
    fn a_flood_does_not_evict_what_is_in_use_and_stays_bounded() {
        let documents = Documents::default();
        documents.put("used", document());
        let one = document();
        for n in 0..5000 {
            documents.put(&format!("flood {n}"), one.clone());
            if n % 100 == 0 {
                assert!(documents.get("used").is_some(), "forgotten after {n}");
            }
        }
        let generations = documents.0.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 2 * MOST_DOCUMENTS);
    }

    #[test]
    fn long_texts_are_not_kept() {
        let documents = Documents::default();
        let text = "x".repeat(LONGEST_TEXT + 1);
        documents.put(&text, document());
        assert!(documents.get(&text).is_none());
    }
}
