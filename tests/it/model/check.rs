//! The database as a model, and what holds of it at every moment.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt;
use latchkey::domain::key::{EmailKey, alike, name_key};
use latchkey::domain::{AccountId, PortfolioId, Scope, UserId};
use mongodb::bson::{Bson, Document, deserialize_from_bson, doc};
use serde::de::DeserializeOwned;

use super::gateway::{BETWEEN, Stage};
use super::state::{Approval, Group, Model, Place, Slot, Waiting, Who};

const ROLES: [&str; 4] = ["OWNER", "ADMIN", "MANAGER", "ANALYST"];

fn role(of: &Document) -> &'static str {
    let role = of.get_str("role").unwrap();
    ROLES.into_iter().find(|known| *known == role).unwrap_or_else(|| panic!("{role}"))
}

fn id<T: DeserializeOwned>(of: &Document, field: &str) -> Option<T> {
    of.get(field).map(|id| deserialize_from_bson(id.clone()).unwrap())
}

impl Stage<'_> {
    async fn found(&self, collection: &str, filter: Document) -> Vec<Document> {
        let collection = self.app.store.database().collection::<Document>(collection);
        collection.find(filter).await.unwrap().try_collect().await.unwrap()
    }

    async fn one(&self, collection: &str, id: impl Into<Bson>) -> Document {
        let mut found = self.found(collection, doc! { "_id": id.into() }).await;
        found.pop().unwrap()
    }

    fn who(&self, member: &Document) -> Who {
        let user: UserId = id(member, "user_id").unwrap();
        self.people.iter().position(|person| person.id == user).expect("a member who is nobody")
    }

    fn slot_of(&self, portfolio: PortfolioId) -> Slot {
        let found = self.portfolios.iter().find(|(_, id)| **id == portfolio);
        *found.expect("linked by a portfolio that is none").0
    }

    /// What the database holds. Checks on the way what holds at every moment: one Owner, whom the place names; true counts;
    /// true copies; nobody in a closed place; no reset of somebody without MFA.
    pub async fn observed(&self) -> Model {
        let mut model = Model::default();
        let mut users = Vec::new();
        for (who, person) in self.people.iter().enumerate() {
            let user = self.one("users", person.id).await;
            if user.contains_key("mfa") {
                model.mfa.insert(who);
            }
            if user.contains_key("mfa_reset_at") {
                model.held.insert(who);
            }
            if user.contains_key("disavowal") {
                model.frozen.insert(who);
            }
            users.push(user);
            let pending = doc! { "user_id": person.id, "state": "PENDING" };
            if let [reset] = self.found("mfa_resets", pending).await.as_slice() {
                model.waiting.insert(who, self.waiting(reset));
            }
            if self.found("sessions", doc! { "user_id": person.id }).await.is_empty() {
                model.signed_out.insert(who);
            }
        }
        assert!(
            model.waiting.keys().all(|who| model.mfa.contains(who)),
            "a reset waits for somebody without MFA: {model:?}"
        );
        let current: BTreeSet<AccountId> = self.accounts.values().copied().collect();
        for account in &self.all_accounts {
            let document = self.one("accounts", *account).await;
            let members = self.found("account_members", doc! { "account_id": *account }).await;
            let group = self.group(&document, &members, &users);
            for member in &members {
                let copy: Option<PortfolioId> = id(member, "portfolio_id");
                assert_eq!(copy, id(&document, "portfolio_id"), "a copy of the portfolio");
            }
            let portfolio: Option<PortfolioId> = id(&document, "portfolio_id");
            let group = Group { portfolio: portfolio.map(|portfolio| self.slot_of(portfolio)), ..group };
            if current.contains(account) {
                let (slot, _) = self.accounts.iter().find(|(_, id)| *id == account).unwrap();
                self.waiting_in(&mut model, Place::Account(*slot), Scope::Account(*account)).await;
                model.accounts.insert(*slot, group);
            } else {
                assert!(group.closed && group.portfolio.is_none(), "a place was replaced that is not closed");
            }
        }
        for (slot, portfolio) in &self.portfolios {
            let document = self.one("portfolios", *portfolio).await;
            let members = self.found("portfolio_members", doc! { "portfolio_id": *portfolio }).await;
            let group = self.group(&document, &members, &users);
            let linked = self.found("accounts", doc! { "portfolio_id": *portfolio }).await;
            assert_eq!(document.get_i64("account_count").unwrap(), linked.len() as i64, "count of accounts");
            assert!(!group.closed || linked.is_empty(), "a closed portfolio links an account");
            self.waiting_in(&mut model, Place::Portfolio(*slot), Scope::Portfolio(*portfolio)).await;
            model.portfolios.insert(*slot, group);
        }
        model
    }

    fn waiting(&self, reset: &Document) -> Waiting {
        let by: UserId = id(reset, "requested_by").unwrap();
        // Of the commands to come, the first that is late enough.
        let left = |at: &Bson| {
            let left = at.as_datetime().unwrap().to_time_0_3() - self.app.now();
            u8::try_from((left.whole_milliseconds() as u128).div_ceil(BETWEEN.as_millis())).unwrap()
        };
        Waiting {
            by: self.people.iter().position(|person| person.id == by).unwrap(),
            unapproved: reset.get_bool("awaiting_approval").unwrap_or(false),
            cools: reset.get("effective_at").map(left),
        }
    }

    fn group(&self, document: &Document, members: &[Document], users: &[Document]) -> Group {
        let roles: BTreeMap<Who, &'static str> =
            members.iter().map(|member| (self.who(member), role(member))).collect();
        let closed = document.contains_key("closed_at");
        let owners: Vec<UserId> = members
            .iter()
            .filter(|member| role(member) == "OWNER")
            .map(|member| id(member, "user_id").unwrap())
            .collect();
        let named: Option<UserId> = id(document, "owner_id");
        assert_eq!(named.into_iter().collect::<Vec<_>>(), owners, "the Owner: {document:?}");
        assert_eq!(owners.len(), usize::from(!closed), "Owners: {document:?}");
        assert!(!closed || members.is_empty(), "somebody is in a closed place");
        let count = document.get_i64("member_count").unwrap();
        assert_eq!(count, members.len() as i64, "the count: {document:?}");
        for member in members {
            let user = &users[self.who(member)];
            let (name, email) = (user.get_str("name").unwrap(), user.get_str("email").unwrap());
            let key = EmailKey::parse(email).unwrap();
            assert_eq!(member.get_str("name_key").unwrap(), name_key(name), "a copy of the name");
            assert_eq!(member.get_str("email_key").unwrap(), key.as_str(), "a copy of the address");
            let begin_alike = i32::try_from(alike(&name_key(name), &key)).unwrap();
            assert_eq!(member.get_i32("alike").unwrap(), begin_alike, "how name and address begin");
            let has_mfa = user.contains_key("mfa");
            assert_eq!(member.get_bool("mfa_enabled").unwrap(), has_mfa, "a copy of the second factor");
        }
        let policy = document.get_document("mfa_policy").unwrap();
        let approval = policy.get_str("reset_approval").unwrap();
        Group {
            members: roles,
            enforced: policy.get_bool("enforced").unwrap(),
            approval: Approval::ALL.into_iter().find(|known| known.as_str() == approval).unwrap(),
            cooling: policy.get_i32("reset_cooling_off_hours").unwrap() > 0,
            portfolio: None,
            closed,
        }
    }

    async fn waiting_in(&self, model: &mut Model, place: Place, scope: Scope) {
        let waiting = doc! { "scope": scope.to_string(), "state": "PENDING" };
        for invitation in self.found("invitations", waiting).await {
            let email = invitation.get_str("email_key").unwrap();
            let who = self.people.iter().position(|person| person.email == email).unwrap();
            let offered = role(invitation.get_document("offer").unwrap());
            assert_eq!(model.invited.insert((place, who), offered), None, "two invitations wait");
        }
    }

    /// How many audit events there are.
    pub async fn events(&self) -> u64 {
        let events = self.app.store.database().collection::<Document>("audit_events");
        events.estimated_document_count().await.unwrap()
    }
}

/// What the database can say of a model.
pub fn stored(model: &Model) -> Model {
    let (mailed, linked) = (BTreeSet::new(), BTreeSet::new());
    Model { mailed, asked: BTreeMap::new(), linked, ..model.clone() }
}
