//! Speaking one language to one reader: texts with their values filled in, and the phrases that letters are made of.

use time::{Duration, OffsetDateTime};

use super::key::Key;
use super::{Language, Person, ResetFacts, Right, Setting, dates, de, en, es, fr, ko};
use crate::domain::{AccountRole, PortfolioRole};
use crate::mail::clean;
use crate::mail::letter::Block;

/// The text of a key, with the names of its values in braces.
pub(super) const fn text(language: Language, key: Key) -> &'static str {
    match language {
        Language::En => en::text(key),
        Language::Fr => fr::text(key),
        Language::De => de::text(key),
        Language::Es => es::text(key),
        Language::Ko => ko::text(key),
    }
}

/// Puts values in their places, in one pass: braces in a value stay what they are.
pub(super) fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            rest = after;
            break;
        };
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            out.push_str(value);
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// One reader, one language.
pub(super) struct Speech<'a> {
    setting: &'a Setting<'a>,
    service: String,
}

impl<'a> Speech<'a> {
    pub(super) fn new(setting: &'a Setting<'a>) -> Self {
        Self { setting, service: clean::name(setting.service) }
    }

    /// A text that takes no values.
    pub(super) const fn plain(&self, key: Key) -> &'static str {
        text(self.setting.language, key)
    }

    /// A text with its values; what the service is called goes without saying.
    pub(super) fn say(&self, key: Key, values: &[(&str, &str)]) -> String {
        let mut values = values.to_vec();
        values.push(("service", &self.service));
        filled(self.plain(key), &values)
    }

    /// A paragraph.
    pub(super) fn tell(&self, key: Key, values: &[(&str, &str)]) -> Block {
        Block::Paragraph(self.say(key, values))
    }

    /// A text of two, by a number.
    pub(super) fn count(&self, count: usize, one: Key, other: Key) -> Block {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let key = dates::plural(self.setting.language, count, one, other);
        self.tell(key, &[("count", &count.to_string())])
    }

    /// A date.
    pub(super) fn time(&self, at: OffsetDateTime) -> String {
        dates::time(self.setting.language, self.setting.zone, at)
    }

    /// When what the mail tells happened.
    pub(super) fn at(&self) -> String {
        self.time(self.setting.at)
    }

    /// A single fact: when it happened.
    pub(super) fn on(&self, label: Key) -> Block {
        Block::Facts(vec![(self.plain(label), self.at())])
    }

    /// Until when something works, and how long that is from `since`.
    pub(super) fn valid(&self, since: OffsetDateTime, until: OffsetDateTime) -> Vec<(&'static str, String)> {
        let mut facts = vec![(self.plain(Key::ValidUntil), self.time(until))];
        let length = until - since;
        if length >= Duration::MINUTE {
            let (count, unit) = dates::length(self.setting.language, length);
            facts.push((self.plain(Key::ValidFor), self.say(unit, &[("count", &count.to_string())])));
        }
        facts
    }

    /// Something to do behind the mail's link, if it carries one.
    pub(super) fn action(&self, intro: Key, label: Key) -> Option<Block> {
        let url = self.setting.links?.accept.clone();
        Some(Block::Action { intro: self.say(intro, &[]), label: self.plain(label), url, main: true })
    }

    /// Somebody's name.
    fn name(&self, name: &str) -> String {
        clean::name_or(name, self.plain(Key::NoName))
    }

    /// Somebody, by name and address.
    pub(super) fn who(&self, person: Option<&Person>) -> String {
        match person {
            Some(person) => format!("{} ({})", self.name(&person.name), clean::address(&person.email)),
            None => self.plain(Key::NobodyKnown).to_owned(),
        }
    }

    /// The name of an account or portfolio.
    pub(super) fn place(&self, name: Option<&String>) -> String {
        name.map_or_else(|| self.plain(Key::GonePlace).to_owned(), |name| self.name(name))
    }

    /// A role and where it is held.
    pub(super) fn right(&self, right: &Right) -> String {
        match right {
            Right::Account(role, name) => {
                let (role, account) = (self.plain(account_role(*role)), self.place(name.as_ref()));
                self.say(Key::RoleInAccount, &[("role", role), ("account", &account)])
            }
            Right::Custom(role, name) => {
                let (role, account) = (self.name(role), self.place(name.as_ref()));
                self.say(Key::RoleInAccount, &[("role", &role), ("account", &account)])
            }
            Right::Portfolio(role, name) => {
                let (role, portfolio) = (self.plain(portfolio_role(*role)), self.place(name.as_ref()));
                self.say(Key::RoleInPortfolio, &[("role", role), ("portfolio", &portfolio)])
            }
            Right::RecoveryContacts(name) => {
                self.say(Key::ContactsOfAccount, &[("account", &self.place(name.as_ref()))])
            }
        }
    }

    /// Who asked for a reset, as what, and when.
    pub(super) fn asked(&self, reset: &ResetFacts) -> Vec<(&'static str, String)> {
        let mut asked_by = self.who(reset.requester.as_ref());
        if let Some(second) = &reset.second {
            asked_by = format!("{asked_by}, {}", self.who(Some(second)));
        }
        vec![
            (self.plain(Key::AskedBy), asked_by),
            (self.plain(Key::AskedAs), self.right(&reset.right)),
            (self.plain(Key::AskedOn), self.time(reset.requested_at)),
        ]
    }

    /// The first line.
    pub(super) fn greeting(&self) -> String {
        match self.setting.reader.name.trim() {
            "" => self.plain(Key::GreetingNobody).to_owned(),
            name => self.say(Key::Greeting, &[("name", &self.name(name))]),
        }
    }
}

const fn account_role(role: AccountRole) -> Key {
    match role {
        AccountRole::Owner => Key::Owner,
        AccountRole::Admin => Key::Admin,
        AccountRole::Manager => Key::Manager,
        AccountRole::Analyst => Key::Analyst,
        AccountRole::CampaignCoordinator => Key::CampaignCoordinator,
        AccountRole::ContentCreator => Key::ContentCreator,
        AccountRole::Support => Key::Support,
    }
}

const fn portfolio_role(role: PortfolioRole) -> Key {
    match role {
        PortfolioRole::Owner => Key::PortfolioOwner,
        PortfolioRole::Admin => Key::PortfolioAdmin,
        PortfolioRole::Manager => Key::PortfolioManager,
        PortfolioRole::Analyst => Key::PortfolioAnalyst,
    }
}
