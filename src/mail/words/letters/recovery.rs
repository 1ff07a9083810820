//! Recovery contacts, and recoveries.

use crate::mail::letter::Block;
use crate::mail::words::key::Key;
use crate::mail::words::speech::Speech;
use crate::mail::words::{Person, RecoveryNews, Setting};

/// Subject and text.
pub(super) fn letter(speech: &Speech<'_>, setting: &Setting<'_>, news: &RecoveryNews) -> (Key, Vec<Block>) {
    let who = |person: &Option<_>| speech.who(person.as_ref());
    let place = |name: &Option<String>| speech.place(name.as_ref());
    match news {
        RecoveryNews::ContactsNamed { account, contacts, effective_at, own, owner } => {
            let (owner, account, contacts) = (who(owner), place(account), all(speech, contacts));
            let values = [("owner", &*owner), ("account", &*account), ("contacts", &*contacts)];
            let what = match contacts.is_empty() {
                true => speech.tell(Key::ContactsTakenAway, values.get(..2).unwrap_or_default()),
                false => speech.tell(Key::ContactsNamedWhat, &values),
            };
            let mut facts = vec![(speech.plain(Key::ChangedOn), speech.at())];
            facts.extend(effective_at.map(|at| (speech.plain(Key::CountsFrom), speech.time(at))));
            let meaning = speech.tell(Key::RecoveryMeaning, &[]);
            let next = if *own { Key::ContactsNamedOwn } else { Key::RecoveryAlarm };
            (Key::ContactsNamedSubject, vec![what, Block::Facts(facts), meaning, speech.tell(next, &[])])
        }
        RecoveryNews::ContactsKept { account, own, owner } => {
            let values = [("owner", &*who(owner)), ("account", &*place(account))];
            let alarm = if *own { Key::NotYou } else { Key::RecoveryAlarm };
            let blocks = vec![
                speech.tell(Key::ContactsKeptWhat, &values),
                speech.on(Key::TakenBackOn),
                speech.tell(alarm, &[]),
            ];
            (Key::ContactsKeptSubject, blocks)
        }
        RecoveryNews::Requested { account, contacts, until } => {
            let values = [("account", &*place(account)), ("contacts", &*all(speech, contacts))];
            let mut blocks = vec![
                speech.tell(Key::RecoveryRequestedWhat, &values),
                Block::Facts(speech.valid(setting.at, *until)),
                speech.tell(Key::RecoveryRequestedNext, &[]),
            ];
            blocks.extend(speech.action(Key::RecoveryStopIntro, Key::ResetRequestDecline));
            blocks.push(speech.tell(Key::LinkIsYours, &[]));
            (Key::RecoveryRequestedSubject, blocks)
        }
        RecoveryNews::Asked { owner, account, until } => {
            let owner = who(owner);
            let mut blocks = vec![
                speech.tell(Key::RecoveryAskedWhat, &[("owner", &owner), ("account", &place(account))]),
                Block::Facts(speech.valid(setting.at, *until)),
                speech.tell(Key::RecoveryAskedCare, &[]),
            ];
            blocks.extend(speech.action(Key::RecoveryConfirmIntro, Key::RecoveryConfirm));
            blocks.push(speech.tell(Key::RecoveryAskedNo, &[]));
            blocks.push(speech.tell(Key::LinkIsYours, &[]));
            (Key::RecoveryAskedSubject, blocks)
        }
        RecoveryNews::Stopped { owner, account } => {
            let values = [("owner", &*who(owner)), ("account", &*place(account))];
            let what = speech.tell(Key::RecoveryStoppedWhat, &values);
            (Key::RecoveryStoppedSubject, vec![what, speech.on(Key::When)])
        }
    }
}

fn all(speech: &Speech<'_>, people: &[Option<Person>]) -> String {
    people.iter().map(|person| speech.who(person.as_ref())).collect::<Vec<_>>().join(", ")
}
