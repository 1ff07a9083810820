//! Accounts and portfolios, and who is in them.

use crate::mail::letter::Block;
use crate::mail::words::key::Key;
use crate::mail::words::speech::Speech;
use crate::mail::words::{PlaceNews, Right, Setting};

/// Subject and text.
pub(super) fn letter(speech: &Speech<'_>, setting: &Setting<'_>, news: &PlaceNews) -> (Key, Vec<Block>) {
    let who = |person: &Option<_>| speech.who(person.as_ref());
    let place = |name: &Option<String>| speech.place(name.as_ref());
    match news {
        PlaceNews::Invitation { inviter, right, until } => {
            let values = [("inviter", &*who(inviter)), ("right", &*speech.right(right))];
            let mut blocks = vec![
                speech.tell(Key::InvitationWhat, &values),
                Block::Facts(speech.valid(setting.at, *until)),
            ];
            blocks.extend(speech.action(Key::InvitationAcceptIntro, Key::InvitationAccept));
            blocks.push(speech.tell(Key::InvitationNo, &[]));
            (Key::InvitationSubject, blocks)
        }
        PlaceNews::InvitationAccepted { person, right } => {
            let values = [("person", &*who(person)), ("right", &*speech.right(right))];
            let what = speech.tell(Key::InvitationAcceptedWhat, &values);
            (Key::InvitationAcceptedSubject, vec![what, speech.on(Key::JoinedOn)])
        }
        PlaceNews::RoleChanged(right) => {
            let alarm = match right {
                Right::Account(..) | Right::Custom(..) | Right::RecoveryContacts(..) => Key::RoleChangedAlarm,
                Right::Portfolio(..) => Key::PortfolioRoleChangedAlarm,
            };
            let what = speech.tell(Key::RoleChangedWhat, &[("right", &speech.right(right))]);
            (Key::RoleChangedSubject, vec![what, speech.on(Key::ChangedOn), speech.tell(alarm, &[])])
        }
        PlaceNews::Removed { account } => {
            let what = speech.tell(Key::RemovedWhat, &[("account", &place(account))]);
            (Key::RemovedSubject, vec![what, speech.on(Key::RemovedOn)])
        }
        PlaceNews::OwnershipTransferred { account, from, to } => {
            let values = [("from", &*who(from)), ("to", &*who(to)), ("account", &*place(account))];
            let alarm = speech.tell(Key::OwnershipAlarm, &[]);
            (
                Key::OwnershipSubject,
                vec![speech.tell(Key::OwnershipWhat, &values), speech.on(Key::When), alarm],
            )
        }
        PlaceNews::Closed { account, by } => {
            let values = [("by", &*who(by)), ("account", &*place(account))];
            (Key::ClosedSubject, vec![speech.tell(Key::ClosedWhat, &values), speech.on(Key::ClosedOn)])
        }
        PlaceNews::RemovedFromPortfolio { portfolio } => {
            let what = speech.tell(Key::RemovedFromPortfolioWhat, &[("portfolio", &place(portfolio))]);
            (Key::RemovedFromPortfolioSubject, vec![what, speech.on(Key::RemovedOn)])
        }
        PlaceNews::RemovedFromLinkedAccounts { portfolio } => {
            let what = speech.tell(Key::RemovedFromLinkedWhat, &[("portfolio", &place(portfolio))]);
            (Key::RemovedFromLinkedSubject, vec![what, speech.on(Key::RemovedOn)])
        }
        PlaceNews::PortfolioOwnershipTransferred { portfolio, from, to } => {
            let values = [("from", &*who(from)), ("to", &*who(to)), ("portfolio", &*place(portfolio))];
            let what = speech.tell(Key::PortfolioOwnershipWhat, &values);
            let alarm = speech.tell(Key::PortfolioOwnershipAlarm, &[]);
            (Key::PortfolioOwnershipSubject, vec![what, speech.on(Key::When), alarm])
        }
        PlaceNews::PortfolioClosed { portfolio, by } => {
            let values = [("by", &*who(by)), ("portfolio", &*place(portfolio))];
            let what = speech.tell(Key::PortfolioClosedWhat, &values);
            (Key::PortfolioClosedSubject, vec![what, speech.on(Key::ClosedOn)])
        }
        PlaceNews::Linked { account, portfolio, by } => {
            let values =
                [("by", &*who(by)), ("account", &*place(account)), ("portfolio", &*place(portfolio))];
            let no = speech.tell(Key::LinkedNo, &[]);
            (Key::LinkedSubject, vec![speech.tell(Key::LinkedWhat, &values), speech.on(Key::AddedOn), no])
        }
        PlaceNews::Unlinked { account, portfolio, by } => {
            let values =
                [("by", &*who(by)), ("account", &*place(account)), ("portfolio", &*place(portfolio))];
            (Key::UnlinkedSubject, vec![speech.tell(Key::UnlinkedWhat, &values), speech.on(Key::RemovedOn)])
        }
        PlaceNews::ContactChosen { account, from, to, by } => {
            let values =
                [("by", &*who(by)), ("to", &*who(to)), ("from", &*who(from)), ("account", &*place(account))];
            contact(speech, speech.tell(Key::ContactChosenWhat, &values))
        }
        PlaceNews::ContactFellBack { account, from, to } => {
            let values = [("to", &*who(to)), ("from", &*who(from)), ("account", &*place(account))];
            contact(speech, speech.tell(Key::ContactFellBackWhat, &values))
        }
        PlaceNews::WebhookDisabled { account, host, gone } => {
            let (host, account) = (speech.place(Some(host)), place(account));
            let what = if *gone { Key::WebhookGoneWhat } else { Key::WebhookFailedWhat };
            let what = speech.tell(what, &[("host", &*host), ("account", &*account)]);
            let next = speech.tell(Key::WebhookDisabledNext, &[]);
            (Key::WebhookDisabledSubject, vec![what, speech.on(Key::When), next])
        }
    }
}

fn contact(speech: &Speech<'_>, what: Block) -> (Key, Vec<Block>) {
    let blocks = vec![
        what,
        speech.on(Key::ChangedOn),
        speech.tell(Key::ContactMeaning, &[]),
        speech.tell(Key::ContactAlarm, &[]),
    ];
    (Key::ContactSubject, blocks)
}
