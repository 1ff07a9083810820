//! The model's commands as requests to a real gateway, over real HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use latchkey::crypto::TotpSecret;
use latchkey::domain::{AccountId, AccountRole, PortfolioId, PortfolioRole};

use super::state::{ADMIN, Bulk, Command, Group, Model, OWNER, PEOPLE, Place, Slot, Who};
use crate::harness::{Client, Person, Reply, TestApp};
use crate::mail::server::SmtpServer;

/// Far enough apart that no limit on attempts is reached, near enough that nothing expires within a sequence, and a TOTP
/// code is never the last one's.
pub const BETWEEN: Duration = Duration::from_secs(13 * 60);

/// One group of people and places, and what they hold. Many of them share a gateway.
pub struct Stage<'a> {
    pub app: &'a TestApp,
    pub people: Vec<Person>,
    pub accounts: BTreeMap<Slot, AccountId>,
    pub portfolios: BTreeMap<Slot, PortfolioId>,
    /// Every account that there ever was.
    pub all_accounts: Vec<AccountId>,
    pub client: Client,
    /// Where mail arrives that another process sends; nothing where it is captured in this one.
    pub server: Option<&'a SmtpServer>,
    sessions: Vec<String>,
    /// The latest invitation and its link.
    pub(super) invitations: BTreeMap<(Place, Who), (String, String)>,
    /// The latest reset.
    pub(super) resets: BTreeMap<Who, String>,
    /// The latest link.
    pub(super) links: BTreeMap<Who, String>,
}

/// A command, ready to be sent.
pub struct Ready {
    client: Client,
    /// Nothing where the answer is known already.
    query: Option<String>,
    said: String,
}

/// What was said, and all of it.
pub struct Answer {
    pub said: String,
    reply: Option<Reply>,
}

impl Ready {
    /// Sends it.
    pub async fn send(self) -> Answer {
        let Some(query) = self.query else { return Answer { said: self.said, reply: None } };
        let reply = self.client.ask(&query).await;
        Answer { said: said(&reply), reply: Some(reply) }
    }

    /// The same where the gateway may die before it answers: what was said, if anything.
    pub async fn try_send(self) -> Option<String> {
        let Some(query) = self.query else { return Some(self.said) };
        self.client.try_post(serde_json::json!({ "query": query })).await.ok().map(|reply| said(&reply))
    }
}

fn said(reply: &Reply) -> String {
    if !reply.code().is_empty() {
        return reply.code().to_owned();
    }
    let result = reply.data("").as_object().unwrap().values().next().unwrap().clone();
    let result = match result["outcomes"].get(0) {
        None => result,
        Some(outcome) if outcome["rejected"].is_null() => return "DONE".to_owned(),
        Some(outcome) => outcome["rejected"].clone(),
    };
    result.get("reason").unwrap_or(&result["__typename"]).as_str().unwrap().to_owned()
}

/// A mutation that asks for the outcome only, and for `also` of a success.
fn mutation(name: &str, input: String, also: &str) -> String {
    let (first, rest) = name.split_at(1);
    let rejected = format!("{}{rest}Rejected", first.to_uppercase());
    format!(
        "mutation {{ {name}(input: {{ {input} }}) {{ __typename {also} ... on {rejected} {{ reason }} }} }}"
    )
}

/// How everything is at the beginning.
pub fn start() -> Model {
    let group = |members: &[(Who, &'static str)], portfolio| Group {
        members: members.iter().copied().collect(),
        portfolio,
        ..Group::default()
    };
    Model {
        accounts: BTreeMap::from([
            (0, group(&[(0, OWNER), (1, ADMIN), (2, "ANALYST")], Some(0))),
            (1, group(&[(1, OWNER), (4, "MANAGER")], None)),
        ]),
        portfolios: BTreeMap::from([(0, group(&[(0, OWNER), (3, ADMIN)], None))]),
        mfa: [0, 1, 2].into(),
        ..Model::default()
    }
}

fn account_role(role: &str) -> AccountRole {
    AccountRole::ALL.into_iter().find(|known| known.as_str() == role).unwrap()
}

fn portfolio_role(role: &str) -> PortfolioRole {
    PortfolioRole::ALL.into_iter().find(|known| known.as_str() == role).unwrap()
}

impl<'a> Stage<'a> {
    /// Puts a model into the database.
    pub async fn set(app: &'a TestApp, model: &Model) -> Self {
        let mut stage = Self {
            app,
            people: Vec::new(),
            accounts: BTreeMap::new(),
            portfolios: BTreeMap::new(),
            all_accounts: Vec::new(),
            client: app.client(),
            server: None,
            sessions: Vec::new(),
            invitations: BTreeMap::new(),
            resets: BTreeMap::new(),
            links: BTreeMap::new(),
        };
        for slot in model.portfolios.keys() {
            stage.portfolios.insert(*slot, app.portfolio(&name(Place::Portfolio(*slot))).await);
        }
        for (slot, account) in &model.accounts {
            let portfolio = account.portfolio.map(|slot| stage.portfolios[&slot]);
            let id = app.account_in(&name(Place::Account(*slot)), portfolio).await;
            stage.accounts.insert(*slot, id);
            stage.all_accounts.push(id);
        }
        for who in 0..PEOPLE {
            // Names and addresses are those of no other stage.
            let mut person = app.person(&format!("Person{who} {}", uuid::Uuid::now_v7().simple()));
            if model.mfa.contains(&who) {
                person = person.with_mfa();
            }
            for (slot, account) in &model.accounts {
                if let Some(role) = account.members.get(&who) {
                    person = person.in_account(stage.accounts[slot], account_role(role));
                }
            }
            for (slot, portfolio) in &model.portfolios {
                if let Some(role) = portfolio.members.get(&who) {
                    person = person.in_portfolio(stage.portfolios[slot], portfolio_role(role));
                }
            }
            let person = person.create().await;
            stage.sessions.push(app.session_token(&person).await);
            stage.people.push(person);
        }
        stage
    }

    /// Gives somebody whose session was ended another one.
    pub async fn sign_in(&mut self, who: Who, with_factor: bool) {
        if !with_factor {
            self.people[who].totp = None;
        }
        self.sessions[who] = self.app.session_token(&self.people[who]).await;
    }

    fn place(&self, place: Place) -> String {
        match place {
            Place::Account(slot) => format!("accountId: \"{}\"", self.accounts[&slot]),
            Place::Portfolio(slot) => format!("portfolioId: \"{}\"", self.portfolios[&slot]),
        }
    }

    fn user(&self, who: Who) -> String {
        format!("userId: \"{}\"", self.people[who].id)
    }

    /// Lets time go on a little, and what is due by then take effect. Everybody has just proved again who they are: the model
    /// has no rule for that.
    pub async fn pause(&self) {
        self.app.advance(BETWEEN);
        self.app.services.apply_due_resets("model").await.unwrap();
        self.app.freshen().await;
    }

    /// Makes a command ready.
    pub async fn ready(&mut self, command: &Command) -> Ready {
        let actor = super::state::actor(command);
        let client = actor.map_or(self.client.clone(), |who| self.client.with_token(&self.sessions[who]));
        if let Command::Enrol(who) = *command {
            return self.ready_to_enrol(who, client).await;
        }
        Ready { client, query: Some(self.query(command)), said: String::new() }
    }

    async fn ready_to_enrol(&mut self, who: Who, client: Client) -> Ready {
        let begin = mutation("beginTotpEnrollment", String::new(), "... on TotpEnrollmentStarted { secret }");
        let begun = client.ask(&begin.replace("input: {  }", "input: {}")).await;
        let outcome = said(&begun);
        if outcome != "TotpEnrollmentStarted" {
            return Ready { client, query: None, said: outcome };
        }
        let secret = TotpSecret::from_base32(begun.text("/beginTotpEnrollment/secret")).unwrap();
        let code = secret.code_at(self.app.now());
        self.people[who].totp = Some(secret);
        Ready {
            client,
            query: Some(mutation("confirmTotpEnrollment", format!("code: \"{code}\""), "")),
            said: String::new(),
        }
    }

    fn query(&self, command: &Command) -> String {
        use Command::*;
        let at = |place| self.place(place);
        let pick = |place: Place, account: &'static str, portfolio: &'static str| match place {
            Place::Account(_) => account,
            Place::Portfolio(_) => portfolio,
        };
        match command {
            Create(_, place) => {
                let id = pick(
                    *place,
                    "... on AccountCreated { account { id } }",
                    "... on PortfolioCreated { portfolio { id } }",
                );
                let input = format!("name: \"{}\"", name(*place));
                mutation(pick(*place, "createAccount", "createPortfolio"), input, id)
            }
            Close(_, place) => {
                let input = format!("{}, name: \"{}\"", at(*place), name(*place));
                mutation(pick(*place, "closeAccount", "closePortfolio"), input, "")
            }
            Invite(_, place, whom, role) => {
                let input = format!("{}, email: \"{}\", role: {role}", at(*place), self.people[*whom].email);
                let id = pick(
                    *place,
                    "... on UserInvited { invitation { id } }",
                    "... on PortfolioUserInvited { invitation { id } }",
                );
                mutation(pick(*place, "inviteUser", "invitePortfolioUser"), input, id)
            }
            Accept(_, place, whom) => {
                let token = &self.invitations[&(*place, *whom)].1;
                mutation("acceptInvitation", format!("token: \"{token}\""), "")
            }
            Revoke(_, place, whom) => {
                let id = &self.invitations[&(*place, *whom)].0;
                mutation("revokeInvitation", format!("invitationId: \"{id}\""), "")
            }
            ChangeRole(_, place, whom, role) => {
                let input = format!("{}, {}, role: {role}", at(*place), self.user(*whom));
                mutation(pick(*place, "changeUserRole", "changePortfolioUserRole"), input, "")
            }
            Remove(_, place, whom) => {
                let input = format!("{}, {}", at(*place), self.user(*whom));
                mutation(pick(*place, "removeUser", "removePortfolioUser"), input, "")
            }
            Transfer(_, place, whom) => {
                let input = format!("{}, {}", at(*place), self.user(*whom));
                mutation(pick(*place, "transferAccountOwnership", "transferPortfolioOwnership"), input, "")
            }
            Enforce(_, place, enforced) => {
                let input = format!("{}, enforced: {enforced}", at(*place));
                mutation(pick(*place, "setAccountMfaPolicy", "setPortfolioMfaPolicy"), input, "")
            }
            Demand(_, place, approval, cooling) => {
                let demand = format!(
                    "resetApproval: {}, resetCoolingOffHours: {}",
                    approval.as_str(),
                    u8::from(*cooling)
                );
                let input = format!("{}, {demand}", at(*place));
                mutation(pick(*place, "setAccountMfaPolicy", "setPortfolioMfaPolicy"), input, "")
            }
            Link(_, portfolio, account) => {
                let both = [at(Place::Portfolio(*portfolio)), at(Place::Account(*account))];
                mutation("addAccountToPortfolio", both.join(", "), "")
            }
            Unlink(_, portfolio, account) => {
                let both = [at(Place::Portfolio(*portfolio)), at(Place::Account(*account))];
                mutation("removeAccountFromPortfolio", both.join(", "), "")
            }
            Bulk(_, portfolio, change) => {
                let change = self.bulk(change);
                let input = format!("{}, {change}", at(Place::Portfolio(*portfolio)));
                let outcomes = "... on PortfolioUserAccessUpdated { outcomes { rejected { reason } } }";
                mutation("updatePortfolioUserAccess", input, outcomes)
            }
            Disable(who) => {
                // Whoever never had MFA has no code; any will do for being told so.
                let person = &self.people[*who];
                let code = person.totp.as_ref().map_or("000000".to_owned(), |_| self.app.totp_code(person));
                mutation("disableMfa", format!("code: \"{code}\""), "")
            }
            Reset(_, whom) => mutation(
                "resetUserMfa",
                self.user(*whom),
                "... on MfaResetRequested { mfaReset { id state } }",
            ),
            Approve(_, whom) => {
                mutation("approveMfaReset", format!("mfaResetId: \"{}\"", self.resets[whom]), "")
            }
            AcceptReset(whom) => mutation("acceptMfaReset", format!("token: \"{}\"", self.links[whom]), ""),
            DeclineReset(whom) => mutation("declineMfaReset", format!("token: \"{}\"", self.links[whom]), ""),
            CancelReset(_, whom) => {
                mutation("cancelMfaReset", format!("mfaResetId: \"{}\"", self.resets[whom]), "")
            }
            Enrol(_) => unreachable!("made ready in two steps"),
        }
    }

    fn bulk(&self, change: &Bulk) -> String {
        let at = |account: &Slot| self.place(Place::Account(*account));
        match change {
            Bulk::Invite(account, whom, role) => {
                let email = &self.people[*whom].email;
                format!("invite: [{{ {}, email: \"{email}\", role: {role} }}]", at(account))
            }
            Bulk::ChangeRole(account, whom, role) => {
                format!("changeRole: [{{ {}, {}, role: {role} }}]", at(account), self.user(*whom))
            }
            Bulk::Remove(account, whom) => format!("remove: [{{ {}, {} }}]", at(account), self.user(*whom)),
            Bulk::RemoveFromAll(whom) => format!("removeFromAll: [\"{}\"]", self.people[*whom].id),
        }
    }

    /// Takes ids out of an answer, and links out of the mail that it caused.
    pub async fn absorb(&mut self, command: &Command, answer: &Answer) {
        let Some(reply) = &answer.reply else { return };
        match (command, answer.said.as_str()) {
            (Command::Create(_, Place::Account(slot)), "AccountCreated") => {
                let id: AccountId = reply.text("/createAccount/account/id").parse().unwrap();
                self.accounts.insert(*slot, id);
                self.all_accounts.push(id);
            }
            (Command::Create(_, Place::Portfolio(slot)), "PortfolioCreated") => {
                let id = reply.text("/createPortfolio/portfolio/id").parse().unwrap();
                self.portfolios.insert(*slot, id);
            }
            (Command::Invite(_, place, whom, _), "UserInvited" | "PortfolioUserInvited") => {
                self.absorb_invitation(*place, *whom).await;
            }
            (Command::Bulk(_, _, Bulk::Invite(account, whom, _)), "DONE") => {
                self.absorb_invitation(Place::Account(*account), *whom).await;
            }
            (Command::Reset(_, whom), "MfaResetRequested") => {
                let id = reply.text("/resetUserMfa/mfaReset/id").to_owned();
                self.resets.insert(*whom, id);
                if reply.text("/resetUserMfa/mfaReset/state") == "PENDING" {
                    self.absorb_link(*whom).await;
                }
            }
            (Command::Approve(_, whom), "MfaResetApproved") => self.absorb_link(*whom).await,
            _ => {}
        }
    }
}

/// What a place is called; to close it, one types it.
fn name(place: Place) -> String {
    match place {
        Place::Account(slot) => format!("Account {slot}"),
        Place::Portfolio(slot) => format!("Portfolio {slot}"),
    }
}
