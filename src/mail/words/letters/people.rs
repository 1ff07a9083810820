//! Addresses and passwords.

use time::OffsetDateTime;

use super::notice;
use crate::mail::clean;
use crate::mail::letter::Block;
use crate::mail::words::key::Key;
use crate::mail::words::speech::Speech;
use crate::mail::words::{PersonNews, Setting};

/// Subject and text.
pub(super) fn letter(speech: &Speech<'_>, setting: &Setting<'_>, news: &PersonNews) -> (Key, Vec<Block>) {
    let link = |words: LinkWords, until| with_link(speech, setting, &words, until);
    match news {
        PersonNews::VerifyEmail { until } => {
            let words = LinkWords {
                what: Key::VerifyWhat,
                intro: Key::VerifyIntro,
                action: Key::VerifyAction,
                no: Key::VerifyNo,
            };
            (Key::VerifySubject, link(words, *until))
        }
        PersonNews::ConfirmNewEmail { until } => {
            let words = LinkWords {
                what: Key::ConfirmWhat,
                intro: Key::ConfirmIntro,
                action: Key::ConfirmAction,
                no: Key::ConfirmNo,
            };
            (Key::ConfirmSubject, link(words, *until))
        }
        PersonNews::EmailChangeRequested { new } => {
            let what = speech.tell(Key::EmailChangeWhat, &[("new", &clean::address(new))]);
            (Key::EmailChangeSubject, notice(speech, what, Key::EmailChangeNext))
        }
        PersonNews::EmailChanged { new } => {
            let what = speech.tell(Key::EmailChangedWhat, &[("new", &clean::address(new))]);
            (Key::EmailChangedSubject, notice(speech, what, Key::EmailChangedNext))
        }
        PersonNews::PasswordReset { until } => {
            let words = LinkWords {
                what: Key::PasswordResetWhat,
                intro: Key::PasswordResetIntro,
                action: Key::PasswordResetAction,
                no: Key::PasswordResetNo,
            };
            (Key::PasswordResetSubject, link(words, *until))
        }
        PersonNews::PasswordResetHeld { until } => {
            let blocks = vec![
                speech.tell(Key::PasswordResetWhat, &[]),
                speech.tell(Key::PasswordHeldWhy, &[]),
                Block::Facts(vec![(speech.plain(Key::PossibleFrom), speech.time(*until))]),
                speech.tell(Key::PasswordHeldNext, &[]),
                speech.tell(Key::PasswordHeldAlarm, &[]),
            ];
            (Key::PasswordHeldSubject, blocks)
        }
        PersonNews::SignedUpAgain { link_until: Some(until) } => {
            let words = LinkWords {
                what: Key::KnownWhat,
                intro: Key::KnownIntro,
                action: Key::PasswordResetAction,
                no: Key::KnownNo,
            };
            (Key::KnownSubject, link(words, *until))
        }
        PersonNews::SignedUpAgain { link_until: None } => {
            let blocks = vec![speech.tell(Key::KnownWhat, &[]), speech.tell(Key::KnownNo, &[])];
            (Key::KnownSubject, blocks)
        }
        PersonNews::NewDeviceCode { until, ip, user_agent } => {
            let mut facts = Vec::new();
            facts.extend(setting.code.map(|code| (speech.plain(Key::NewDeviceCode), code.to_owned())));
            facts.push((speech.plain(Key::ValidUntil), speech.time(*until)));
            facts.push((speech.plain(Key::When), speech.time(setting.at)));
            facts.extend(ip.clone().map(|ip| (speech.plain(Key::NewDeviceFrom), ip)));
            let browser = user_agent.as_deref().map(clean::name);
            facts.extend(browser.map(|browser| (speech.plain(Key::NewDeviceWith), browser)));
            let blocks = vec![
                speech.tell(Key::NewDeviceWhat, &[]),
                Block::Facts(facts),
                speech.tell(Key::NewDeviceNext, &[]),
                speech.tell(Key::NewDeviceCare, &[]),
                speech.tell(Key::NewDeviceAlarm, &[]),
            ];
            (Key::NewDeviceSubject, blocks)
        }
        PersonNews::PasswordChanged => {
            let what = speech.tell(Key::PasswordChangedWhat, &[]);
            (Key::PasswordChangedSubject, notice(speech, what, Key::PasswordChangedNext))
        }
    }
}

/// The words of a letter around a link.
struct LinkWords {
    /// What was asked for.
    what: Key,
    /// What the link does.
    intro: Key,
    /// What stands on it.
    action: Key,
    /// For whoever did not ask.
    no: Key,
}

fn with_link(
    speech: &Speech<'_>,
    setting: &Setting<'_>,
    words: &LinkWords,
    until: OffsetDateTime,
) -> Vec<Block> {
    let mut blocks = vec![speech.tell(words.what, &[]), Block::Facts(speech.valid(setting.at, until))];
    blocks.extend(speech.action(words.intro, words.action));
    blocks.push(speech.tell(Key::LinkIsYours, &[]));
    blocks.push(speech.tell(words.no, &[]));
    blocks
}
