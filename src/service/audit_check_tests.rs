//! Chains made here, spoilt here: each way to spoil one has its finding, and a sound one has none.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use bson::{RawDocumentBuf, doc};

use super::super::audit_chain::{head, seal};
use super::*;
use crate::crypto::Tag;

const SCOPE: &str = "deployment";

struct Chain {
    keyring: Keyring,
    events: Vec<StoredEvent>,
    head: Option<StoredHead>,
}

fn event(number: i64, text: &str) -> StoredEvent {
    let doc = doc! { "_id": number, "scope": SCOPE, "text": text };
    StoredEvent::from(RawDocumentBuf::try_from(&doc).unwrap())
}

fn sealed(keyring: &Keyring, event: StoredEvent, seq: i64, previous: ChainHash) -> StoredEvent {
    let seal = seal(keyring, &event, seq, previous);
    StoredEvent { seq: Some(seq), seal: Some(seal), ..event }
}

impl Chain {
    fn of(length: i64) -> Self {
        let keyring = Keyring::generate();
        let (mut events, mut previous) = (Vec::<StoredEvent>::new(), ChainHash::START);
        for seq in 1..=length {
            let next = sealed(&keyring, event(100 + seq, "what happened"), seq, previous);
            previous = next.seal.as_ref().unwrap().hash;
            events.push(next);
        }
        let last = events.last().and_then(|event| event.seal.clone());
        let head =
            last.map(|last| StoredHead { scope: SCOPE.to_owned(), head: Some(head(&keyring, SCOPE, &last)) });
        Self { keyring, events, head }
    }

    fn seal_of(&mut self, index: usize) -> &mut Seal {
        self.events[index].seal.as_mut().unwrap()
    }

    fn findings_since(&self, remembered: Option<End>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut check = ChainCheck::new(&self.keyring, SCOPE, self.head.as_ref(), remembered);
        let mut events = self.events.clone();
        events.sort_by_key(|event| event.seq);
        for event in events {
            check.see(event, &mut |finding| findings.push(finding));
        }
        check.finish(self.head.as_ref(), &mut |finding| findings.push(finding));
        findings
    }

    fn findings(&self) -> Vec<Finding> {
        self.findings_since(None)
    }
}

fn changed(number: i64, seq: i64) -> Finding {
    Finding::Changed { event: (100 + number).to_string(), seq }
}

#[test]
fn a_sound_chain_has_no_finding() {
    assert_eq!(Chain::of(0).findings(), []);
    assert_eq!(Chain::of(1).findings(), []);
    assert_eq!(Chain::of(9).findings(), []);
}

#[test]
fn a_changed_event_is_named_alone() {
    let mut chain = Chain::of(5);
    let seal = chain.events[2].seal.clone();
    chain.events[2] = StoredEvent { seq: Some(3), seal, ..event(103, "what never happened") };
    assert_eq!(chain.findings(), [changed(3, 3)]);
}

#[test]
fn a_seal_that_lost_a_part_or_a_number_of_no_place_is_a_change() {
    let mut chain = Chain::of(3);
    chain.events[1].seal = None;
    assert_eq!(chain.findings(), [changed(2, 2)]);
    let mut chain = Chain::of(3);
    chain.events[1].seq = Some(-7);
    assert_eq!(chain.findings(), [changed(2, -7), Finding::Missing { from: 2, to: 2 }]);
}

#[test]
fn missing_events_are_named_by_their_numbers() {
    let mut chain = Chain::of(6);
    chain.events.drain(1..4);
    assert_eq!(chain.findings(), [Finding::Missing { from: 2, to: 4 }]);
    let mut chain = Chain::of(6);
    chain.events.truncate(4);
    assert_eq!(chain.findings(), [Finding::Cut { from: 5, to: 6 }]);
    chain.events.clear();
    assert_eq!(chain.findings(), [Finding::Cut { from: 1, to: 6 }]);
}

#[test]
fn events_that_changed_places_are_named_with_both() {
    let swapped = [
        Finding::Reordered { event: "104".to_owned(), stands: 2, sealed: 4 },
        Finding::Reordered { event: "102".to_owned(), stands: 4, sealed: 2 },
    ];
    // By their numbers alone.
    let mut chain = Chain::of(5);
    for (index, seq) in [(1, 4), (3, 2)] {
        chain.events[index].seq = Some(seq);
        chain.seal_of(index).seq = seq;
    }
    assert_eq!(chain.findings(), swapped);
    // By their whole seals.
    let mut chain = Chain::of(5);
    let (one, other) = (chain.seal_of(1).clone(), chain.seal_of(3).clone());
    for (index, seal) in [(1, other), (3, one)] {
        chain.events[index].seq = Some(seal.seq);
        chain.events[index].seal = Some(seal);
    }
    assert_eq!(chain.findings(), swapped);
    // One moved to where there was none.
    let mut chain = Chain::of(4);
    chain.events[1].seq = Some(5);
    chain.seal_of(1).seq = 5;
    let beyond = Finding::Beyond { from: 5, to: 5 };
    let moved = Finding::Reordered { event: "102".to_owned(), stands: 5, sealed: 2 };
    assert_eq!(chain.findings(), [Finding::Missing { from: 2, to: 2 }, moved, beyond]);
}

#[test]
fn hashes_that_fit_without_the_key_are_forged() {
    let mut chain = Chain::of(4);
    let mut previous = chain.seal_of(0).hash;
    for index in 1..4 {
        let seal = chain.events[index].seal.clone().unwrap();
        let text = if index == 1 { "what never happened" } else { "what happened" };
        let content = event(101 + index as i64, text).content;
        let hash = ChainHash::of_link(SCOPE, seal.seq, &previous, &content);
        chain.events[index].content = content;
        chain.events[index].seal = Some(Seal { previous, hash, ..seal });
        previous = hash;
    }
    let head = chain.head.as_mut().unwrap().head.as_mut().unwrap();
    head.hash = previous;
    let forged = |number: i64| Finding::Forged { event: (100 + number).to_string(), seq: number };
    assert_eq!(chain.findings(), [forged(2), forged(3), forged(4), Finding::HeadForged]);
}

#[test]
fn a_forged_event_behind_the_head_is_named_as_both() {
    let mut chain = Chain::of(2);
    let previous = chain.seal_of(1).hash;
    let forged = sealed(&Keyring::generate(), event(103, "what never happened"), 3, previous);
    let key_id = forged.seal.as_ref().unwrap().tag.key_id.clone();
    chain.events.push(forged);
    let beyond = Finding::Beyond { from: 3, to: 3 };
    assert_eq!(chain.findings(), [Finding::KeyMissing { key_id }, beyond.clone()]);
    // Under the name of our key.
    let ours = chain.keyring.current_id().to_owned();
    chain.seal_of(2).tag = Tag::from_stored(ours, [0; 32]);
    assert_eq!(chain.findings(), [Finding::Forged { event: "103".to_owned(), seq: 3 }, beyond]);
}

#[test]
fn a_number_given_twice_is_named() {
    let mut chain = Chain::of(3);
    let twin =
        StoredEvent { seq: Some(2), seal: chain.events[1].seal.clone(), ..event(999, "what happened") };
    chain.events.insert(2, twin);
    let duplicated = Finding::Duplicated { event: "999".to_owned(), seq: 2 };
    assert_eq!(chain.findings(), [duplicated, Finding::Changed { event: "999".to_owned(), seq: 2 }]);
}

#[test]
fn a_head_that_is_gone_or_moved_back_or_not_ours_is_named() {
    let mut chain = Chain::of(3);
    let head = chain.head.take();
    assert_eq!(chain.findings(), [Finding::HeadMissing]);
    chain.head = head;
    // Moved back without the key.
    chain.head.as_mut().unwrap().head.as_mut().unwrap().seq = 2;
    assert_eq!(chain.findings(), [Finding::HeadForged]);
    // Moved back to a head that was genuine once.
    let second = chain.seal_of(1).clone();
    let genuine = super::super::audit_chain::head(&chain.keyring, SCOPE, &second);
    chain.head.as_mut().unwrap().head = Some(genuine);
    assert_eq!(chain.findings(), [Finding::Beyond { from: 3, to: 3 }]);
    chain.head.as_mut().unwrap().head = None;
    assert_eq!(chain.findings(), [Finding::HeadForged]);
}

#[test]
fn a_chain_moved_back_whole_is_seen_by_whoever_remembers_its_end() {
    let long = Chain::of(5);
    let end = |chain: &Chain| {
        let seal = chain.events.last().unwrap().seal.clone().unwrap();
        End { seq: seal.seq, hash: seal.hash }
    };
    let mut chain = Chain { keyring: long.keyring.rotated(), ..long };
    let remembered = end(&chain);
    assert_eq!(chain.findings_since(Some(remembered)), []);
    let third = chain.seal_of(2).clone();
    chain.events.truncate(3);
    let genuine = super::super::audit_chain::head(&chain.keyring, SCOPE, &third);
    chain.head.as_mut().unwrap().head = Some(genuine);
    assert_eq!(chain.findings(), [], "nothing in the database tells");
    assert_eq!(chain.findings_since(Some(remembered)), [Finding::Forgotten { seq: 5 }]);
}

#[test]
fn a_key_that_is_gone_is_named_once() {
    let mut chain = Chain::of(3);
    let key_id = chain.keyring.current_id().to_owned();
    chain.keyring = Keyring::generate();
    assert_eq!(chain.findings(), [Finding::KeyMissing { key_id }]);
}

#[test]
fn a_genuine_event_behind_another_than_it_was_sealed_behind_is_named() {
    let mut chain = Chain::of(3);
    let other = sealed(
        &chain.keyring,
        event(102, "what else happened"),
        2,
        chain.events[0].seal.as_ref().unwrap().hash,
    );
    chain.events[1] = other;
    assert_eq!(chain.findings(), [Finding::Unlinked { event: "103".to_owned(), seq: 3 }]);
}
