//! Freezes of resets, and resets of somebody who belongs to the reader's place as well.

use time::OffsetDateTime;

use crate::mail::letter::Block;
use crate::mail::words::FreezeNews;
use crate::mail::words::key::Key;
use crate::mail::words::speech::Speech;

/// Subject and text.
pub(super) fn letter(speech: &Speech<'_>, news: &FreezeNews) -> (Key, Vec<Block>) {
    match news {
        FreezeNews::AcceptedElsewhere(person) => {
            let what = Key::AcceptedElsewhereWhat;
            let what = speech.tell(what, &[("person", &speech.who(person.as_ref()))]);
            (Key::ResetAcceptedSubject, vec![what, speech.on(Key::AcceptedOn)])
        }
        FreezeNews::DeclinedElsewhere { person, until } => {
            let what = speech.tell(Key::DeclinedElsewhereWhat, &[("person", &speech.who(person.as_ref()))]);
            let facts = facts(speech, Key::DeclinedOn, *until);
            (Key::ResetDeclinedSubject, vec![what, facts, speech.tell(Key::ResetDeclinedFrozen, &[])])
        }
        FreezeNews::Disavowed { until } => {
            let (what, next) = (speech.tell(Key::DisavowedWhat, &[]), speech.tell(Key::DisavowedNext, &[]));
            (Key::DisavowedSubject, vec![what, facts(speech, Key::DeclinedOn, *until), next])
        }
        FreezeNews::Burst { person, until } => {
            let what = speech.tell(Key::BurstWhat, &[("person", &speech.who(person.as_ref()))]);
            let next = speech.tell(Key::BurstNext, &[]);
            (Key::BurstSubject, vec![what, facts(speech, Key::When, *until), next])
        }
        FreezeNews::Lifted { person, by, asking } => {
            let what = if *asking { Key::LiftedAskingWhat } else { Key::LiftedWhat };
            let (person, by) = (speech.who(person.as_ref()), speech.who(by.as_ref()));
            let what = speech.tell(what, &[("by", &by), ("person", &person)]);
            (Key::LiftedSubject, vec![what, speech.on(Key::LiftedOn), speech.tell(Key::LiftedAlarm, &[])])
        }
    }
}

fn facts(speech: &Speech<'_>, when: Key, until: Option<OffsetDateTime>) -> Block {
    let mut facts = vec![(speech.plain(when), speech.at())];
    facts.extend(until.map(|until| (speech.plain(Key::FrozenUntil), speech.time(until))));
    Block::Facts(facts)
}
