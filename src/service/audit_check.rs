//! Looks a chain of the audit log through, from its start to its head, and names what is not as this gateway left it.
//!
//! One scope at a time, one event at a time: nothing is kept but the few events whose hashes do not fit, since only all of
//! them together tell whether one was changed or put in another's place.

use futures_util::TryStreamExt as _;
use time::OffsetDateTime;

use super::Error;
use super::audit_chain::{Flaw, check_head, check_seal};
use crate::crypto::{ChainHash, Keyring};
use crate::store::Store;
use crate::store::audit_chain::{Seal, StoredEvent, StoredHead};

/// How many events whose hashes do not fit are kept to be compared with each other.
const KEPT: usize = 32;
/// Most events that are counted as waiting.
const COUNT_BOUND: u64 = 1_000_000;

/// Something that is not as this gateway left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// An event does not say what it said when it was sealed.
    Changed { event: String, seq: i64 },
    /// An event's hash fits, but this gateway did not make it.
    Forged { event: String, seq: i64 },
    /// An event stands in another place than it was sealed in.
    Reordered { event: String, stands: i64, sealed: i64 },
    /// A second event has a number that one has already.
    Duplicated { event: String, seq: i64 },
    /// An event is genuine, but was sealed behind another event than it stands behind.
    Unlinked { event: String, seq: i64 },
    /// Events between two others are gone; both numbers are gone, too.
    Missing { from: i64, to: i64 },
    /// Events at the end are gone: the head is ahead of the last one.
    Cut { from: i64, to: i64 },
    /// Events stand behind the head that it does not know of.
    Beyond { from: i64, to: i64 },
    /// The head is gone.
    HeadMissing,
    /// The head was not written by this gateway.
    HeadForged,
    /// The head's event has another hash than the head says.
    HeadDiffers { seq: i64 },
    /// What an earlier check saw as the end of the chain is not part of it any more.
    Forgotten { seq: i64 },
    /// What a missing key authenticated cannot be checked.
    KeyMissing { key_id: String },
}

/// A chain's end, as an earlier check saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// The number of the last event.
    pub seq: i64,
    /// Its hash.
    pub hash: ChainHash,
}

/// What was found in one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeReport {
    /// How many sealed events were read.
    pub sealed: u64,
    /// How many events wait to be sealed.
    pub waiting: u64,
    /// Since when the oldest of them waits.
    pub waiting_since: Option<OffsetDateTime>,
    /// Where the chain ends; nothing where nothing is sealed.
    pub end: Option<End>,
}

/// Checks one scope's chain; each finding goes to `found` as it is made.
pub async fn check_scope(
    store: &Store,
    keyring: &Keyring,
    scope: &str,
    remembered: Option<End>,
    mut found: impl FnMut(Finding) + Send,
) -> Result<ScopeReport, Error> {
    let chain = &store.audit_chain;
    // Before and after the events, since the sealer may be at work meanwhile.
    let before = chain.head(scope).await?;
    let mut check = ChainCheck::new(keyring, scope, before.as_ref(), remembered);
    let mut events = chain.sealed(scope).await?;
    while let Some(event) = events.try_next().await? {
        check.see(event, &mut found);
    }
    let after = chain.head(scope).await?;
    let (sealed, end) = check.finish(after.as_ref(), &mut found);
    let (waiting, waiting_since) = chain.count_unsealed(Some(scope), COUNT_BOUND).await?;
    Ok(ScopeReport { sealed, waiting, waiting_since, end })
}

/// What a head is worth.
enum HeadState {
    Missing,
    Genuine(End),
    Bad(Flaw),
}

struct Suspect {
    name: String,
    event: StoredEvent,
    seal: Seal,
}

struct ChainCheck<'a> {
    keyring: &'a Keyring,
    scope: &'a str,
    head: HeadState,
    remembered: Option<End>,
    seen: u64,
    last: i64,
    /// The hash of the event before, where that one is as it should be.
    previous: Option<ChainHash>,
    end: Option<End>,
    hash_at_head: Option<ChainHash>,
    hash_remembered: Option<ChainHash>,
    suspects: Vec<Suspect>,
    gaps: Vec<i64>,
    missing_keys: Vec<String>,
}

impl<'a> ChainCheck<'a> {
    fn new(keyring: &'a Keyring, scope: &'a str, head: Option<&StoredHead>, remembered: Option<End>) -> Self {
        Self {
            keyring,
            scope,
            head: head_state(keyring, head),
            remembered,
            seen: 0,
            last: 0,
            previous: Some(ChainHash::START),
            end: None,
            hash_at_head: None,
            hash_remembered: None,
            suspects: Vec::new(),
            gaps: Vec::new(),
            missing_keys: Vec::new(),
        }
    }

    /// The next event, by number.
    fn see(&mut self, event: StoredEvent, found: &mut impl FnMut(Finding)) {
        self.seen += 1;
        let (name, seq) = (event.name(), event.seq.unwrap_or(0));
        if seq < 1 {
            // No number of ours; the event is missing where it was.
            return found(Finding::Changed { event: name, seq });
        }
        if seq == self.last {
            found(Finding::Duplicated { event: name.clone(), seq });
        } else if seq > self.last + 1 {
            let (from, to) = (self.last + 1, seq - 1);
            self.gaps.extend((from..=to).take(KEPT.saturating_sub(self.gaps.len())));
            found(Finding::Missing { from, to });
            self.previous = None;
        }
        self.last = seq;
        let Some(seal) = event.seal.clone() else {
            self.previous = None;
            return found(Finding::Changed { event: name, seq });
        };
        if matches!(&self.head, HeadState::Genuine(head) if head.seq == seq) {
            self.hash_at_head = Some(seal.hash);
        }
        if self.remembered.is_some_and(|end| end.seq == seq) {
            self.hash_remembered = Some(seal.hash);
        }
        self.end = Some(End { seq, hash: seal.hash });
        match check_seal(self.keyring, &event, &seal) {
            Ok(()) => {
                if self.previous.is_some_and(|previous| previous != seal.previous) {
                    found(Finding::Unlinked { event: name, seq });
                }
                self.previous = Some(seal.hash);
                return;
            }
            Err(Flaw::Changed) if self.suspects.len() < KEPT => {
                self.suspects.push(Suspect { name, event, seal });
            }
            Err(Flaw::Changed) => found(Finding::Changed { event: name, seq }),
            Err(Flaw::Forged) => found(Finding::Forged { event: name, seq }),
            Err(Flaw::KeyMissing(key_id)) => self.key_missing(key_id, found),
        }
        // One break is named once, not again at the event behind it.
        self.previous = None;
    }

    fn key_missing(&mut self, key_id: String, found: &mut impl FnMut(Finding)) {
        if !self.missing_keys.contains(&key_id) {
            self.missing_keys.push(key_id.clone());
            found(Finding::KeyMissing { key_id });
        }
    }

    fn finish(mut self, after: Option<&StoredHead>, found: &mut impl FnMut(Finding)) -> (u64, Option<End>) {
        self.judge_suspects(found);
        if self.remembered.is_some_and(|end| self.hash_remembered != Some(end.hash)) {
            found(Finding::Forgotten { seq: self.remembered.map_or(0, |end| end.seq) });
        }
        let last = self.last;
        let known = match std::mem::replace(&mut self.head, HeadState::Missing) {
            HeadState::Genuine(head) => {
                if head.seq > last {
                    found(Finding::Cut { from: last + 1, to: head.seq });
                } else if self.hash_at_head != Some(head.hash) {
                    found(Finding::HeadDiffers { seq: head.seq });
                }
                Some(head.seq)
            }
            HeadState::Missing => None,
            HeadState::Bad(flaw) => {
                self.bad_head(flaw, found);
                return (self.seen, self.end);
            }
        };
        if known.unwrap_or(0) < last {
            match head_state(self.keyring, after) {
                HeadState::Genuine(head) if head.seq >= last => {}
                HeadState::Genuine(head) => found(Finding::Beyond { from: head.seq + 1, to: last }),
                HeadState::Missing => found(Finding::HeadMissing),
                HeadState::Bad(flaw) => self.bad_head(flaw, found),
            }
        }
        (self.seen, self.end)
    }

    fn bad_head(&mut self, flaw: Flaw, found: &mut impl FnMut(Finding)) {
        match flaw {
            Flaw::KeyMissing(key_id) => self.key_missing(key_id, found),
            Flaw::Changed | Flaw::Forged => found(Finding::HeadForged),
        }
    }

    /// An event whose hash fits in another place was put where it stands; any other was changed.
    fn judge_suspects(&mut self, found: &mut impl FnMut(Finding)) {
        let suspects = std::mem::take(&mut self.suspects);
        let mut numbers: Vec<i64> = suspects.iter().map(|suspect| suspect.seal.seq).collect();
        numbers.extend(&self.gaps);
        for suspect in &suspects {
            let stands = suspect.seal.seq;
            found(match self.belongs(suspect, &suspects, &numbers) {
                Some(sealed) if sealed != stands => {
                    Finding::Reordered { event: suspect.name.clone(), stands, sealed }
                }
                _ => Finding::Changed { event: suspect.name.clone(), seq: stands },
            });
        }
    }

    fn belongs(&self, suspect: &Suspect, all: &[Suspect], numbers: &[i64]) -> Option<i64> {
        for seq in numbers {
            for before in all {
                let previous = before.seal.previous;
                let hash = ChainHash::of_link(self.scope, *seq, &previous, &suspect.event.content);
                for made in all.iter().filter(|made| made.seal.hash == hash) {
                    let seal = Seal { seq: *seq, previous, hash, tag: made.seal.tag.clone() };
                    if check_seal(self.keyring, &suspect.event, &seal).is_ok() {
                        return Some(*seq);
                    }
                }
            }
        }
        None
    }
}

fn head_state(keyring: &Keyring, stored: Option<&StoredHead>) -> HeadState {
    let Some(stored) = stored else { return HeadState::Missing };
    let Some(head) = &stored.head else { return HeadState::Bad(Flaw::Changed) };
    match check_head(keyring, &stored.scope, head) {
        Ok(()) => HeadState::Genuine(End { seq: head.seq, hash: head.hash }),
        Err(flaw) => HeadState::Bad(flaw),
    }
}

#[cfg(test)]
#[path = "audit_check_tests.rs"]
mod tests;
