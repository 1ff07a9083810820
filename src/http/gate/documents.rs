//! A bounded memory of documents that passed the gate: by their text, or by the hash of it.
//!
//! Two generations: when the younger is full it becomes the older and the older is forgotten. What is asked
//! for again moves to the younger, so documents in use survive a flood of others.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use super::Document;

/// How much a memory holds at most. A parsed document takes a few dozen times its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Documents in one generation.
    pub(super) documents: usize,
    /// Bytes of their texts, together.
    pub(super) text: usize,
    /// Longer texts are not kept.
    pub(super) longest: usize,
}

struct Generations<K> {
    young: HashMap<K, Arc<Document>>,
    young_text: usize,
    old: HashMap<K, Arc<Document>>,
}

/// The memory itself.
pub(super) struct Memory<K> {
    bounds: Bounds,
    generations: Mutex<Generations<K>>,
}

impl<K: Eq + Hash> Memory<K> {
    pub(super) fn new(bounds: Bounds) -> Self {
        let generations = Generations { young: HashMap::new(), young_text: 0, old: HashMap::new() };
        Self { bounds, generations: Mutex::new(generations) }
    }

    /// The document under this key, if it is remembered.
    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<Arc<Document>>
    where
        K: Borrow<Q>,
    {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(document) = generations.young.get(key) {
            return Some(document.clone());
        }
        let (key, document) = generations.old.remove_entry(key)?;
        generations.put(key, document.clone(), self.bounds);
        Some(document)
    }

    /// Remembers a document.
    pub(super) fn put(&self, key: K, document: Arc<Document>) {
        if document.text.len() <= self.bounds.longest {
            let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
            generations.put(key, document, self.bounds);
        }
    }
}

impl<K: Eq + Hash> Generations<K> {
    fn put(&mut self, key: K, document: Arc<Document>, bounds: Bounds) {
        if self.young.contains_key(&key) {
            return;
        }
        if self.young.len() >= bounds.documents || self.young_text + document.text.len() > bounds.text {
            self.old = std::mem::take(&mut self.young);
            self.young_text = 0;
        }
        self.young_text += document.text.len();
        self.young.insert(key, document);
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    const BOUNDS: Bounds = Bounds { documents: 512, text: 512 * 1024, longest: 16 * 1024 };

    fn document(text: &str) -> Arc<Document> {
        Arc::new(Document { text: text.into(), parsed: parse_query("{ a }").unwrap(), introspects: false })
    }

    #[test]
    fn a_flood_does_not_evict_what_is_in_use_and_stays_bounded() {
        let documents = Memory::<Arc<str>>::new(BOUNDS);
        documents.put("used".into(), document("used"));
        for n in 0..5000 {
            let text = format!("flood {n}");
            documents.put(text.as_str().into(), document(&text));
            if n % 100 == 0 {
                assert!(documents.get("used").is_some(), "forgotten after {n}");
            }
        }
        let generations = documents.generations.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 2 * BOUNDS.documents);
    }

    #[test]
    fn the_texts_together_are_bounded() {
        let documents = Memory::<Arc<str>>::new(BOUNDS);
        for n in 0..200 {
            let text = format!("{n} {}", "x".repeat(10_000));
            documents.put(text.as_str().into(), document(&text));
        }
        let generations = documents.generations.lock().unwrap();
        let held: usize = generations.young.keys().chain(generations.old.keys()).map(|text| text.len()).sum();
        assert!(held <= 2 * BOUNDS.text, "{held}");
    }

    #[test]
    fn long_texts_are_not_kept() {
        let documents = Memory::<Arc<str>>::new(BOUNDS);
        let text = "x".repeat(BOUNDS.longest + 1);
        documents.put(text.as_str().into(), document(&text));
        assert!(documents.get(text.as_str()).is_none());
    }
}
