//! What each command does to the model, and what is said.

use std::collections::BTreeMap;

use super::state::{
    ADMIN, Bulk, COOLS_FOR, Command, Group, Model, OWNER, Place, Refused, Slot, Waiting, Who, actor, admin,
    permit,
};

/// What a session may do that lacks the factor which is enforced: set it up, and follow an invitation.
fn without_factor(command: &Command) -> bool {
    matches!(command, Command::Enrol(_) | Command::Accept(..))
}

type Said = Result<&'static str, Refused>;

impl Model {
    /// Whether there is what the command is about; if not, there is nothing to send.
    pub fn makes_sense(&self, command: &Command) -> bool {
        use Command::*;
        match *command {
            Create(_, place) => !self.exists(place) || self.group(place).closed,
            Accept(_, place, whom) | Revoke(_, place, whom) => self.mailed.contains(&(place, whom)),
            Close(_, place)
            | Invite(_, place, _, _)
            | ChangeRole(_, place, _, _)
            | Remove(_, place, _)
            | Transfer(_, place, _)
            | Enforce(_, place, _)
            | Demand(_, place, ..) => self.exists(place),
            Link(_, portfolio, account) | Unlink(_, portfolio, account) => {
                self.exists(Place::Portfolio(portfolio)) && self.exists(Place::Account(account))
            }
            Bulk(_, portfolio, ref change) => {
                self.exists(Place::Portfolio(portfolio))
                    && match *change {
                        super::state::Bulk::Invite(a, ..)
                        | super::state::Bulk::ChangeRole(a, ..)
                        | super::state::Bulk::Remove(a, _) => self.exists(Place::Account(a)),
                        super::state::Bulk::RemoveFromAll(_) => true,
                    }
            }
            Enrol(_) | Disable(_) | Reset(..) => true,
            AcceptReset(whom) | DeclineReset(whom) => self.linked.contains(&whom),
            Approve(_, whom) | CancelReset(_, whom) => self.asked.contains_key(&whom),
        }
    }

    /// Time goes on: what has cooled off takes effect.
    pub fn pause(&mut self) {
        for reset in self.waiting.values_mut() {
            reset.cools = reset.cools.map(|left| left - 1);
        }
        let due = |(who, reset): (&Who, &Waiting)| (reset.cools == Some(0)).then_some(*who);
        let due: Vec<Who> = self.waiting.iter().filter_map(due).collect();
        due.into_iter().for_each(|who| self.switch_off(who));
    }

    fn switch_off(&mut self, who: Who) {
        self.waiting.remove(&who);
        self.mfa.remove(&who);
        self.held.insert(who);
        self.signed_out.insert(who);
    }

    /// Does a command, and says what the gateway must say.
    pub fn apply(&mut self, command: &Command) -> &'static str {
        if actor(command).is_some_and(|who| self.signed_out.contains(&who)) {
            return match *command {
                // Whoever holds the link may ask signed out; the address is a user's.
                Command::Accept(_, place, whom) if self.invited.contains_key(&(place, whom)) => {
                    "LOG_IN_REQUIRED"
                }
                Command::Accept(..) => "INVALID",
                _ => "UNAUTHENTICATED",
            };
        }
        if actor(command).is_some_and(|who| self.restricted(who)) && !without_factor(command) {
            return "FORBIDDEN";
        }
        self.done(command).unwrap_or_else(|refused| refused)
    }

    fn done(&mut self, command: &Command) -> Said {
        use Command::*;
        match *command {
            Create(who, place) => {
                let group = Group { members: BTreeMap::from([(who, OWNER)]), ..Group::default() };
                // Links to what was there before lead nowhere.
                self.mailed.retain(|(at, _)| *at != place);
                Ok(match place {
                    Place::Account(slot) => {
                        self.accounts.insert(slot, group);
                        "AccountCreated"
                    }
                    Place::Portfolio(slot) => {
                        self.portfolios.insert(slot, group);
                        "PortfolioCreated"
                    }
                })
            }
            Close(who, place) => self.close(who, place),
            Invite(who, place, whom, role) => {
                self.manages(who, place)?;
                self.invite(place, whom, role)?;
                Ok(either(place, "UserInvited", "PortfolioUserInvited"))
            }
            Accept(who, place, whom) => {
                if !self.invited.contains_key(&(place, whom)) {
                    return Err("INVALID");
                }
                if who != whom {
                    return Err("ANOTHER_USER");
                }
                let role = self.invited.remove(&(place, whom)).unwrap();
                self.group_mut(place).members.insert(whom, role);
                // Joining where MFA is enforced leaves no session behind that began without it.
                if self.group(place).enforced && !self.mfa.contains(&whom) {
                    self.signed_out.insert(whom);
                }
                Ok("InvitationAccepted")
            }
            Revoke(who, place, whom) => {
                self.manages(who, place)?;
                self.invited.remove(&(place, whom)).map(|_| "InvitationRevoked").ok_or("NOT_PENDING")
            }
            ChangeRole(who, place, whom, role) => {
                self.manages(who, place)?;
                self.change_role(place, whom, role)?;
                Ok(either(place, "UserRoleChanged", "PortfolioUserRoleChanged"))
            }
            Remove(who, place, whom) => {
                match who == whom {
                    true => permit(self.sees(who, place), self.role(who, place).is_some())?,
                    false => self.manages(who, place)?,
                }
                self.remove(place, whom)?;
                Ok(either(place, "UserRemoved", "PortfolioUserRemoved"))
            }
            Transfer(who, place, whom) => {
                self.owns(who, place)?;
                self.ready(who)?;
                if who == whom {
                    return Err("ALREADY_OWNER");
                }
                self.role(whom, place).ok_or("NOT_A_MEMBER")?;
                self.group_mut(place).members.extend([(who, ADMIN), (whom, OWNER)]);
                Ok(either(place, "AccountOwnershipTransferred", "PortfolioOwnershipTransferred"))
            }
            Enforce(who, place, enforced) => {
                permit(self.sees(who, place), admin(self.role(who, place)))?;
                self.ready(who)?;
                self.group_mut(place).enforced = enforced;
                Ok(either(place, "AccountMfaPolicySet", "PortfolioMfaPolicySet"))
            }
            Demand(who, place, approval, cooling) => {
                permit(self.sees(who, place), admin(self.role(who, place)))?;
                self.ready(who)?;
                let group = self.group_mut(place);
                (group.approval, group.cooling) = (approval, cooling);
                Ok(either(place, "AccountMfaPolicySet", "PortfolioMfaPolicySet"))
            }
            Link(who, portfolio, account) => {
                self.owns(who, Place::Portfolio(portfolio))?;
                self.manages(who, Place::Account(account))?;
                match self.portfolio_of(account) {
                    Some(linked) if linked == portfolio => return Err("ALREADY_LINKED"),
                    Some(_) => return Err("IN_ANOTHER_PORTFOLIO"),
                    None => {}
                }
                self.group_mut(Place::Account(account)).portfolio = Some(portfolio);
                Ok("AccountAddedToPortfolio")
            }
            Unlink(who, portfolio, account) => {
                let place = Place::Account(account);
                let over =
                    self.portfolio_of(account).map(|p| self.role(who, Place::Portfolio(p)) == Some(&OWNER));
                let owner = self.role(who, place) == Some(&OWNER) || over == Some(true);
                permit(self.sees(who, place), owner)?;
                if self.portfolio_of(account) != Some(portfolio) {
                    return Err("NOT_LINKED");
                }
                self.group_mut(place).portfolio = None;
                Ok("AccountRemovedFromPortfolio")
            }
            Bulk(who, portfolio, ref change) => {
                let place = Place::Portfolio(portfolio);
                permit(self.sees(who, place), admin(self.role(who, place)))?;
                self.bulk(portfolio, &change.clone())
            }
            Enrol(who) => match self.mfa.insert(who) {
                true => Ok("TotpEnrolled"),
                false => Err("MFA_ALREADY_ENABLED"),
            },
            Disable(who) => {
                if !self.mfa.contains(&who) {
                    return Err("MFA_NOT_ENABLED");
                }
                if self.enforced(who) {
                    return Err("MFA_ENFORCED");
                }
                self.mfa.remove(&who);
                // Nothing is left to reset.
                self.waiting.remove(&who);
                Ok("MfaDisabled")
            }
            Reset(who, whom) => {
                if who == whom {
                    return Err("SELF_RESET");
                }
                self.may_reset(who, whom)?;
                if !self.mfa.contains(&who) && self.enforced(whom) {
                    return Err("ACTOR_MFA_REQUIRED");
                }
                self.ready(who)?;
                if !self.mfa.contains(&whom) {
                    return Err("MFA_NOT_ENABLED");
                }
                if self.frozen.contains(&whom) {
                    return Err("FROZEN");
                }
                let unapproved = self.needs_approval(whom);
                self.waiting.insert(whom, Waiting { by: who, unapproved, cools: None });
                self.asked.insert(whom, who);
                if !unapproved {
                    self.linked.insert(whom);
                }
                Ok("MfaResetRequested")
            }
            Approve(who, whom) => {
                self.may_reset(who, whom)?;
                if self.asked[&whom] == who {
                    return Err("SAME_PERSON");
                }
                if !self.mfa.contains(&who) && self.enforced(whom) {
                    return Err("ACTOR_MFA_REQUIRED");
                }
                self.ready(who)?;
                let awaited = self.waiting.get_mut(&whom).filter(|reset| reset.unapproved);
                awaited.ok_or("NOT_AWAITING_APPROVAL")?.unapproved = false;
                self.linked.insert(whom);
                Ok("MfaResetApproved")
            }
            AcceptReset(whom) => {
                let cools_off = self.cools_off(whom);
                // The link of an earlier reset opens none that awaits approval.
                let Some(reset) = self.waiting.get_mut(&whom).filter(|reset| !reset.unapproved) else {
                    return Err("INVALID");
                };
                if reset.cools.is_none() && !cools_off {
                    self.switch_off(whom);
                } else if reset.cools.is_none() {
                    reset.cools = Some(COOLS_FOR);
                }
                Ok("MfaResetAccepted")
            }
            DeclineReset(whom) => {
                if self.waiting.get(&whom).is_none_or(|reset| reset.unapproved) {
                    return Err("INVALID");
                }
                self.waiting.remove(&whom);
                self.frozen.insert(whom);
                Ok("MfaResetDeclined")
            }
            CancelReset(who, whom) => {
                self.may_reset(who, whom)?;
                self.waiting.remove(&whom).map(|_| "MfaResetCancelled").ok_or("NOT_PENDING")
            }
        }
    }

    /// Whoever's MFA was reset is held for longer than a sequence lasts.
    fn ready(&self, who: Who) -> Result<(), Refused> {
        if self.held.contains(&who) { Err("RECENTLY_RESET") } else { Ok(()) }
    }

    fn close(&mut self, who: Who, place: Place) -> Said {
        self.owns(who, place)?;
        let group = self.group_mut(place);
        // The policy stays with the name, for old logs.
        let old = std::mem::take(group);
        *group = Group { closed: true, members: BTreeMap::new(), portfolio: None, ..old };
        self.invited.retain(|(at, _), _| *at != place);
        if let Place::Portfolio(slot) = place {
            for account in self.accounts.values_mut().filter(|account| account.portfolio == Some(slot)) {
                account.portfolio = None;
            }
        }
        Ok(either(place, "AccountClosed", "PortfolioClosed"))
    }

    fn invite(&mut self, place: Place, whom: Who, role: &'static str) -> Result<(), Refused> {
        if role == OWNER {
            return Err("ROLE_NOT_GRANTABLE");
        }
        if self.role(whom, place).is_some() {
            return Err("ALREADY_MEMBER");
        }
        if self.invited.contains_key(&(place, whom)) {
            return Err("ALREADY_INVITED");
        }
        self.invited.insert((place, whom), role);
        self.mailed.insert((place, whom));
        Ok(())
    }

    fn change_role(&mut self, place: Place, whom: Who, role: &'static str) -> Result<(), Refused> {
        match self.role(whom, place) {
            None => Err("NOT_A_MEMBER"),
            Some(&OWNER) => Err("IS_OWNER"),
            Some(_) if role == OWNER => Err("ROLE_NOT_GRANTABLE"),
            Some(_) => {
                self.group_mut(place).members.insert(whom, role);
                Ok(())
            }
        }
    }

    fn remove(&mut self, place: Place, whom: Who) -> Result<(), Refused> {
        match self.role(whom, place) {
            None => return Err("NOT_A_MEMBER"),
            Some(&OWNER) => return Err("IS_OWNER"),
            Some(_) => {}
        }
        self.group_mut(place).members.remove(&whom);
        self.invited.remove(&(place, whom));
        Ok(())
    }

    fn linked(&self, portfolio: Slot, account: Slot) -> Result<Place, Refused> {
        let linked = self.portfolio_of(account) == Some(portfolio);
        linked.then_some(Place::Account(account)).ok_or("NOT_LINKED")
    }

    /// One change of many: what became of it.
    fn bulk(&mut self, portfolio: Slot, change: &Bulk) -> Said {
        match *change {
            Bulk::Invite(_, _, OWNER) | Bulk::ChangeRole(_, _, OWNER) => return Err("ROLE_NOT_GRANTABLE"),
            Bulk::Invite(account, whom, role) => self.invite(self.linked(portfolio, account)?, whom, role)?,
            Bulk::ChangeRole(account, whom, role) => {
                self.change_role(self.linked(portfolio, account)?, whom, role)?
            }
            Bulk::Remove(account, whom) => self.remove(self.linked(portfolio, account)?, whom)?,
            Bulk::RemoveFromAll(whom) => {
                let (mut some, mut owner) = (false, false);
                let accounts: Vec<Slot> = self.accounts.keys().copied().collect();
                for account in accounts {
                    let Ok(place) = self.linked(portfolio, account) else { continue };
                    some |= self.invited.remove(&(place, whom)).is_some();
                    match self.remove(place, whom) {
                        Ok(()) => some = true,
                        Err(refused) => owner |= refused == "IS_OWNER",
                    }
                }
                return if owner { Err("IS_OWNER") } else { some.then_some("DONE").ok_or("NOT_A_MEMBER") };
            }
        }
        Ok("DONE")
    }
}

fn either(place: Place, account: &'static str, portfolio: &'static str) -> &'static str {
    match place {
        Place::Account(_) => account,
        Place::Portfolio(_) => portfolio,
    }
}
