//! The model: who is what where, and what each command does to it and says. It knows nothing of the gateway's code; it is
//! written from the schema's words.

use std::collections::{BTreeMap, BTreeSet};

/// A person, an account or a portfolio, by number.
pub type Who = usize;
pub type Slot = usize;

pub const PEOPLE: usize = 5;
pub const ACCOUNTS: usize = 3;
pub const PORTFOLIOS: usize = 2;

pub const OWNER: &str = "OWNER";
pub const ADMIN: &str = "ADMIN";

/// What somebody can be invited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Account(Slot),
    Portfolio(Slot),
}

/// One change of the bulk command.
#[derive(Debug, Clone, PartialEq)]
pub enum Bulk {
    Invite(Slot, Who, &'static str),
    ChangeRole(Slot, Who, &'static str),
    Remove(Slot, Who),
    RemoveFromAll(Who),
}

/// What somebody does. The first `Who` acts.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Create(Who, Place),
    Close(Who, Place),
    Invite(Who, Place, Who, &'static str),
    /// With the latest link that was mailed to the second person.
    Accept(Who, Place, Who),
    Revoke(Who, Place, Who),
    ChangeRole(Who, Place, Who, &'static str),
    Remove(Who, Place, Who),
    Transfer(Who, Place, Who),
    Enforce(Who, Place, bool),
    /// Whose resets a second person approves, and whether an hour passes before they take effect.
    Demand(Who, Place, Approval, bool),
    Link(Who, Slot, Slot),
    Unlink(Who, Slot, Slot),
    Bulk(Who, Slot, Bulk),
    Enrol(Who),
    Disable(Who),
    Reset(Who, Who),
    /// The latest reset of the second person.
    Approve(Who, Who),
    /// With the latest link that was mailed to the person.
    AcceptReset(Who),
    DeclineReset(Who),
    CancelReset(Who, Who),
}

/// Whose resets a second person approves; the later the stricter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Approval {
    #[default]
    Never,
    OwnersOnly,
    Always,
}

impl Approval {
    pub const ALL: [Self; 3] = [Self::Never, Self::OwnersOnly, Self::Always];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "NEVER",
            Self::OwnersOnly => "OWNERS_ONLY",
            Self::Always => "ALWAYS",
        }
    }
}

/// How many commands after an accepted reset that cools off for an hour find it in effect.
pub const COOLS_FOR: u8 = 5;

/// A reset that has no effect yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    pub by: Who,
    /// Nobody has approved it yet, and somebody must.
    pub unapproved: bool,
    /// Accepted: after so many commands it takes effect.
    pub cools: Option<u8>,
}

/// An account or a portfolio.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    pub members: BTreeMap<Who, &'static str>,
    pub enforced: bool,
    pub approval: Approval,
    pub cooling: bool,
    /// Of an account: the portfolio that links it.
    pub portfolio: Option<Slot>,
    pub closed: bool,
}

/// Everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Model {
    pub accounts: BTreeMap<Slot, Group>,
    pub portfolios: BTreeMap<Slot, Group>,
    /// Invitations that wait, and as what.
    pub invited: BTreeMap<(Place, Who), &'static str>,
    /// Whoever was ever invited where.
    pub mailed: BTreeSet<(Place, Who)>,
    pub mfa: BTreeSet<Who>,
    /// Whose reset waits.
    pub waiting: BTreeMap<Who, Waiting>,
    /// Whose reset was ever asked for, and by whom the last time.
    pub asked: BTreeMap<Who, Who>,
    /// Whoever was ever mailed a link.
    pub linked: BTreeSet<Who>,
    /// Whose MFA was reset: they cannot reset others, change policies or hand over.
    pub held: BTreeSet<Who>,
    /// Who said "this wasn't me": nobody asks again within a sequence.
    pub frozen: BTreeSet<Who>,
    /// Whose session was ended.
    pub signed_out: BTreeSet<Who>,
}

/// What is said when it is not done.
pub type Refused = &'static str;

pub fn admin(role: Option<&&'static str>) -> bool {
    role.is_some_and(|role| [OWNER, ADMIN].contains(role))
}

/// Nobody learns of what they do not see.
pub fn permit(visible: bool, allowed: bool) -> Result<(), Refused> {
    match (visible, allowed) {
        (_, true) => Ok(()),
        (true, false) => Err("FORBIDDEN"),
        (false, false) => Err("NOT_FOUND"),
    }
}

impl Model {
    pub fn group(&self, place: Place) -> &Group {
        match place {
            Place::Account(slot) => &self.accounts[&slot],
            Place::Portfolio(slot) => &self.portfolios[&slot],
        }
    }

    pub fn group_mut(&mut self, place: Place) -> &mut Group {
        match place {
            Place::Account(slot) => self.accounts.get_mut(&slot).unwrap(),
            Place::Portfolio(slot) => self.portfolios.get_mut(&slot).unwrap(),
        }
    }

    pub fn exists(&self, place: Place) -> bool {
        match place {
            Place::Account(slot) => self.accounts.contains_key(&slot),
            Place::Portfolio(slot) => self.portfolios.contains_key(&slot),
        }
    }

    pub fn role(&self, who: Who, place: Place) -> Option<&&'static str> {
        self.group(place).members.get(&who)
    }

    pub fn portfolio_of(&self, account: Slot) -> Option<Slot> {
        self.accounts[&account].portfolio
    }

    pub fn sees(&self, who: Who, place: Place) -> bool {
        let inside = self.role(who, place).is_some();
        inside
            || match place {
                Place::Account(slot) => {
                    self.portfolio_of(slot).is_some_and(|p| self.role(who, Place::Portfolio(p)).is_some())
                }
                Place::Portfolio(slot) => {
                    self.accounts.values().any(|a| a.portfolio == Some(slot) && a.members.contains_key(&who))
                }
            }
    }

    /// Owner or Admin of an account; of a portfolio its Owner.
    pub fn manages(&self, who: Who, place: Place) -> Result<(), Refused> {
        let role = self.role(who, place);
        let allowed = match place {
            Place::Account(_) => admin(role),
            Place::Portfolio(_) => role == Some(&OWNER),
        };
        permit(self.sees(who, place), allowed)
    }

    pub fn owns(&self, who: Who, place: Place) -> Result<(), Refused> {
        permit(self.sees(who, place), self.role(who, place) == Some(&OWNER))
    }

    /// Towards another person: whether they share a place, and whether one manages the other.
    pub fn standing(&self, who: Who, whom: Who) -> (bool, bool) {
        let (mut shares, mut manages) = (false, false);
        let portfolio_role = |p: Slot| self.role(who, Place::Portfolio(p));
        for account in self.accounts.values().filter(|a| a.members.contains_key(&whom)) {
            let role = account.members.get(&who);
            shares |= role.is_some();
            manages |= admin(role) || account.portfolio.is_some_and(|p| admin(portfolio_role(p)));
        }
        for portfolio in self.portfolios.values().filter(|p| p.members.contains_key(&whom)) {
            let role = portfolio.members.get(&who);
            shares |= role.is_some();
            manages |= admin(role);
        }
        (shares, manages)
    }

    pub fn may_reset(&self, who: Who, whom: Who) -> Result<(), Refused> {
        let (shares, manages) = self.standing(who, whom);
        permit(who == whom || shares || manages, who != whom && manages)
    }

    /// Whether a session of theirs may do next to nothing: MFA is enforced, and they have none. Whoever has some has answered
    /// it in the session that is used here.
    pub fn restricted(&self, who: Who) -> bool {
        !self.mfa.contains(&who) && self.enforced(who)
    }

    pub fn enforced(&self, who: Who) -> bool {
        self.places_of(who).any(|group| group.enforced)
    }

    fn places_of(&self, who: Who) -> impl Iterator<Item = &Group> {
        let groups = self.accounts.values().chain(self.portfolios.values());
        groups.filter(move |group| group.members.contains_key(&who))
    }

    /// Whether a second person approves a reset of theirs: the strictest of their places counts.
    pub fn needs_approval(&self, who: Who) -> bool {
        match self.places_of(who).map(|group| group.approval).max().unwrap_or_default() {
            Approval::Never => false,
            Approval::OwnersOnly => self.places_of(who).any(|group| group.members[&who] == OWNER),
            Approval::Always => true,
        }
    }

    pub fn cools_off(&self, who: Who) -> bool {
        self.places_of(who).any(|group| group.cooling)
    }
}

/// Whose session a command needs.
pub fn actor(command: &Command) -> Option<Who> {
    use Command::*;
    match *command {
        Create(who, _)
        | Close(who, _)
        | Invite(who, ..)
        | Accept(who, ..)
        | Revoke(who, ..)
        | ChangeRole(who, ..)
        | Remove(who, ..)
        | Transfer(who, ..)
        | Enforce(who, ..)
        | Demand(who, ..)
        | Link(who, ..)
        | Unlink(who, ..)
        | Bulk(who, ..)
        | Enrol(who)
        | Disable(who)
        | Reset(who, _)
        | Approve(who, _)
        | CancelReset(who, _) => Some(who),
        AcceptReset(_) | DeclineReset(_) => None,
    }
}
