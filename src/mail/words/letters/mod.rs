//! What each letter holds, and in which order: the same for every language.

mod freezes;
mod people;
mod places;
mod recovery;

use time::OffsetDateTime;

use super::key::Key;
use super::speech::Speech;
use super::{Content, Language, ResetFacts, Setting};
use crate::mail::clean;
use crate::mail::letter::{Block, Letter};

pub(super) fn letter(setting: &Setting<'_>, content: &Content) -> Letter {
    let speech = Speech::new(setting);
    let (subject, blocks) = match content {
        Content::ResetRequest(reset) => (Key::ResetRequestSubject, request(&speech, setting, reset)),
        Content::ResetApprovalAsked(reset) => (Key::ApprovalSubject, approval(&speech, reset)),
        Content::ResetCoolingOff { reset, own, effective_at } => {
            (Key::CoolingSubject, cooling_off(&speech, setting, (reset, *own), *effective_at))
        }
        Content::ResetAccepted { reset, own: true } => (Key::ResetDoneSubject, done(&speech, reset)),
        Content::ResetAccepted { reset, own: false } => (Key::ResetAcceptedSubject, accepted(&speech, reset)),
        Content::ResetDeclined(reset) => (Key::ResetDeclinedSubject, declined(&speech, reset)),
        Content::ResetCancelled(reset) => (Key::ResetCancelledSubject, cancelled(&speech, reset)),
        Content::Enrolled => {
            (Key::EnrolledSubject, notice(&speech, speech.tell(Key::EnrolledWhat, &[]), Key::EnrolledNext))
        }
        Content::Disabled => {
            (Key::DisabledSubject, notice(&speech, speech.tell(Key::DisabledWhat, &[]), Key::DisabledNext))
        }
        Content::BackupCodesRegenerated => {
            let what = speech.tell(Key::BackupCodesWhat, &[]);
            (Key::BackupCodesSubject, notice(&speech, what, Key::BackupCodesNext))
        }
        Content::BackupCodeUsed { left } => (Key::CodeUsedSubject, code_used(&speech, *left)),
        Content::Place(news) => places::letter(&speech, setting, news),
        Content::Person(news) => people::letter(&speech, setting, news),
        Content::Recovery(news) => recovery::letter(&speech, setting, news),
        Content::Freeze(news) => freezes::letter(&speech, news),
    };
    Letter {
        language: setting.language.tag(),
        // French sets a no-break space in front of it (Imprimerie nationale, "Lexique des règles typographiques").
        colon: if setting.language == Language::Fr { "\u{a0}:" } else { ":" },
        subject: speech.plain(subject).to_owned(),
        greeting: speech.greeting(),
        blocks,
        footer: speech.say(Key::Footer, &[]),
    }
}

fn request(speech: &Speech<'_>, setting: &Setting<'_>, reset: &ResetFacts) -> Vec<Block> {
    let requester = speech.who(reset.requester.as_ref());
    let mut facts = speech.asked(reset);
    facts.extend(speech.valid(reset.valid_since, reset.expires_at));
    let mut blocks =
        vec![speech.tell(Key::ResetRequestWhat, &[("requester", &requester)]), Block::Facts(facts)];
    let reason = clean::lines(reset.reason.as_deref().unwrap_or_default());
    if !reason.is_empty() {
        blocks.push(Block::Quote { label: speech.plain(Key::ResetRequestReason), lines: reason });
    }
    blocks.push(speech.tell(Key::ResetRequestNothingYet, &[]));
    blocks.push(speech.tell(Key::ResetRequestBackupCode, &[]));
    blocks.extend(speech.action(Key::ResetRequestAcceptIntro, Key::ResetRequestAccept));
    blocks.extend(setting.links.map(|links| Block::Action {
        intro: speech.say(Key::ResetRequestDeclineIntro, &[]),
        label: speech.plain(Key::ResetRequestDecline),
        url: links.decline.clone(),
        main: false,
    }));
    blocks.push(speech.tell(Key::ResetRequestCare, &[]));
    blocks
}

fn done(speech: &Speech<'_>, reset: &ResetFacts) -> Vec<Block> {
    let requester = speech.who(reset.requester.as_ref());
    vec![
        speech.tell(Key::ResetDoneWhat, &[("requester", &requester)]),
        speech.on(Key::AcceptedOn),
        speech.tell(Key::ResetDoneNext, &[]),
        speech.tell(Key::ResetDoneAlarm, &[]),
    ]
}

fn about(speech: &Speech<'_>, reset: &ResetFacts, what: Key, when: Key) -> Vec<Block> {
    let (person, requester) = (speech.who(reset.person.as_ref()), speech.who(reset.requester.as_ref()));
    let mut facts = speech.asked(reset);
    facts.push((speech.plain(when), speech.at()));
    vec![speech.tell(what, &[("person", &person), ("requester", &requester)]), Block::Facts(facts)]
}

fn approval(speech: &Speech<'_>, reset: &ResetFacts) -> Vec<Block> {
    let (person, requester) = (speech.who(reset.person.as_ref()), speech.who(reset.requester.as_ref()));
    let mut facts = speech.asked(reset);
    facts.extend(speech.valid(reset.requested_at, reset.expires_at));
    let mut blocks = vec![
        speech.tell(Key::ApprovalWhat, &[("person", &person), ("requester", &requester)]),
        Block::Facts(facts),
    ];
    let reason = clean::lines(reset.reason.as_deref().unwrap_or_default());
    if !reason.is_empty() {
        blocks.push(Block::Quote { label: speech.plain(Key::ResetRequestReason), lines: reason });
    }
    blocks.push(speech.tell(Key::ApprovalNext, &[]));
    blocks.push(speech.tell(Key::ApprovalCare, &[]));
    blocks
}

fn cooling_off(
    speech: &Speech<'_>,
    setting: &Setting<'_>,
    (reset, own): (&ResetFacts, bool),
    effective_at: OffsetDateTime,
) -> Vec<Block> {
    let (person, requester) = (speech.who(reset.person.as_ref()), speech.who(reset.requester.as_ref()));
    let what = match own {
        true => speech.tell(Key::CoolingOwnWhat, &[("requester", &requester)]),
        false => speech.tell(Key::CoolingWhat, &[("person", &person), ("requester", &requester)]),
    };
    let mut facts = speech.asked(reset);
    facts.push((speech.plain(Key::AcceptedOn), speech.at()));
    facts.push((speech.plain(Key::EffectiveOn), speech.time(effective_at)));
    let mut blocks = vec![what, Block::Facts(facts)];
    match own {
        true => blocks.extend(setting.links.map(|links| Block::Action {
            intro: speech.say(Key::ResetRequestDeclineIntro, &[]),
            label: speech.plain(Key::ResetRequestDecline),
            url: links.decline.clone(),
            main: true,
        })),
        false => blocks.push(speech.tell(Key::CoolingNext, &[])),
    }
    blocks
}

fn accepted(speech: &Speech<'_>, reset: &ResetFacts) -> Vec<Block> {
    about(speech, reset, Key::ResetAcceptedWhat, Key::AcceptedOn)
}

fn declined(speech: &Speech<'_>, reset: &ResetFacts) -> Vec<Block> {
    let mut blocks = about(speech, reset, Key::ResetDeclinedWhat, Key::DeclinedOn);
    blocks.push(speech.tell(Key::ResetDeclinedFrozen, &[]));
    blocks.push(speech.tell(Key::ResetDeclinedNext, &[]));
    blocks
}

fn cancelled(speech: &Speech<'_>, reset: &ResetFacts) -> Vec<Block> {
    about(speech, reset, Key::ResetCancelledWhat, Key::TakenBackOn)
}

fn code_used(speech: &Speech<'_>, left: usize) -> Vec<Block> {
    let left = match left {
        0 => speech.tell(Key::CodesLeftNone, &[]),
        _ => speech.count(left, Key::CodesLeftOne, Key::CodesLeftOther),
    };
    vec![speech.tell(Key::CodeUsedWhat, &[]), speech.on(Key::When), left, speech.tell(Key::NotYou, &[])]
}

/// Something that the reader did, if it was the reader.
fn notice(speech: &Speech<'_>, what: Block, next: Key) -> Vec<Block> {
    vec![what, speech.on(Key::When), speech.tell(next, &[]), speech.tell(Key::NotYou, &[])]
}
