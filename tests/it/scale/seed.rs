//! A directory of 100,000 people, put into the database at once: names that many share, addresses that begin like names
//! and others that do not, roles and MFA that go together, so that no filter thins another out by chance.

use std::time::Duration;

use latchkey::domain::invitation::{Invitation, Offer};
use latchkey::domain::key::EmailKey;
use latchkey::domain::policy::Held;
use latchkey::domain::{
    AccountId, AccountMembership, AccountRole, AuditEventId, MfaResetId, PortfolioId, PortfolioMembership,
    PortfolioRole, Scope, UserId,
};
use latchkey::store::account_members::NewMember;
use latchkey::store::portfolio_members;
use latchkey::store::users::NewUser;
use mongodb::bson::{DateTime, Document, doc};
use time::OffsetDateTime;

use crate::harness::{Person, TestApp};

pub const PEOPLE: usize = 100_000;
/// Those called "Alex Smith".
pub const NAMESAKES: usize = 5_000;
/// The accounts that the portfolio links.
pub const ACCOUNTS: usize = 100;

/// Resets of each kind, of the account and of its portfolio.
pub const EXPIRED: usize = 3_000;
pub const ACCEPTED: usize = 3_000;
pub const WAITING: usize = 3;
pub const EVENTS: usize = 12_000;
/// Events of each of two rare actions.
pub const RARE: usize = 4;
pub const INVITATIONS: usize = 1_000;

pub struct Directory {
    pub account: AccountId,
    pub portfolio: PortfolioId,
    /// Owner of the account and of the portfolio.
    pub owner: Person,
    /// In every account that the portfolio links.
    pub consultant: Person,
    /// In one small account only.
    pub single: Person,
    /// One of the many who share a name, in the middle of them.
    pub namesake: UserId,
}

/// An id of a moment in the past: `generate` never goes back in time.
pub fn past(at: OffsetDateTime) -> uuid::Uuid {
    let millis = u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap();
    uuid::Builder::from_unix_timestamp_millis(millis, &rand::random()).into_uuid()
}

struct Somebody {
    id: UserId,
    name: String,
    email: String,
    role: AccountRole,
    mfa: bool,
}

const FIRST: [&str; 12] =
    ["Alma", "Bert", "Clara", "Dora", "Emil", "Frida", "Gustav", "Hanna", "Ida", "Jonas", "Kim", "Lena"];
const LAST: [&str; 10] =
    ["Abel", "Berg", "Conrad", "Dahl", "Engel", "Falk", "Grund", "Holm", "Iversen", "Juhl"];

fn somebody(index: usize, now: OffsetDateTime) -> Somebody {
    let name = if index.is_multiple_of(PEOPLE / NAMESAKES) {
        "Alex Smith".to_owned()
    } else {
        format!("{} {} {}", FIRST[index % 12], LAST[index / 12 % 10], index / 120)
    };
    let email = match index % 3 {
        // As most firms do, and as some do.
        0 | 1 => format!("{}.{index}@giant.test", name.to_lowercase().replace(' ', ".")),
        _ => format!("al{index}@giant.test"),
    };
    let (role, mfa) = match index % 50 {
        1 => (AccountRole::Manager, true),
        2 => (AccountRole::Support, index == 2 || index == 52),
        3 if index < 500 => (AccountRole::Admin, true),
        rest => (AccountRole::Analyst, rest % 3 == 0),
    };
    Somebody { id: UserId::generate(now), name, email, role, mfa }
}

impl Somebody {
    fn key(&self) -> EmailKey {
        EmailKey::parse(&self.email).unwrap()
    }

    fn user(&self, now: OffsetDateTime) -> Document {
        let user = NewUser {
            id: self.id,
            email: self.email.clone(),
            email_key: self.key(),
            name: self.name.clone(),
            created_at: now,
            password: None,
            mfa: None,
        };
        user.into_document().unwrap()
    }

    fn member(&self, account: AccountId, portfolio: PortfolioId, now: OffsetDateTime) -> Document {
        let membership = AccountMembership::new(account, self.id, self.role, Some(portfolio), now);
        let member = NewMember { membership, name: &self.name, email_key: self.key(), mfa_enabled: self.mfa };
        member.into_document().unwrap()
    }

    fn colleague(&self, index: usize, portfolio: PortfolioId, now: OffsetDateTime) -> Document {
        let role = if index % 50 == 1 { PortfolioRole::Manager } else { PortfolioRole::Analyst };
        let membership =
            PortfolioMembership { portfolio_id: portfolio, user_id: self.id, role, joined_at: now };
        let member = portfolio_members::NewMember {
            membership,
            name: &self.name,
            email_key: self.key(),
            mfa_enabled: self.mfa,
        };
        member.into_document().unwrap()
    }
}

/// A little at a time: other tests share the server, and their transactions wait behind every long write.
async fn insert(app: &TestApp, collection: &str, documents: Vec<Document>) {
    let collection = app.store.database().collection::<Document>(collection);
    for some in documents.chunks(1_000) {
        collection.insert_many(some).ordered(false).await.unwrap();
    }
}

/// Puts the whole directory into the database.
pub async fn directory(app: &TestApp) -> Directory {
    let now = app.now();
    let portfolio = app.portfolio("Group").await;
    let account = app.account_in("Giant", Some(portfolio)).await;
    let mut accounts = vec![account];
    for number in 1..ACCOUNTS {
        accounts.push(app.account_in(&format!("Small {number:03}"), Some(portfolio)).await);
    }
    let owner = app.person("Olga Owner").with_mfa().in_account(account, AccountRole::Owner);
    let owner = owner.in_portfolio(portfolio, PortfolioRole::Owner).create().await;
    let mut consultant = app.person("Zoe Consultant");
    for account in &accounts {
        consultant = consultant.in_account(*account, AccountRole::Analyst);
    }
    let consultant = consultant.create().await;
    let single = app.person("Sven Single").in_account(accounts[1], AccountRole::Analyst).create().await;

    let people: Vec<Somebody> = (0..PEOPLE).map(|index| somebody(index, now)).collect();
    let mut members: Vec<Document> =
        people.iter().map(|person| person.member(account, portfolio, now)).collect();
    // Some are in a second account.
    for (person, of) in people.iter().zip(accounts.iter().skip(1).cycle()).take(2_000) {
        members.push(person.member(*of, portfolio, now));
    }
    insert(app, "users", people.iter().map(|person| person.user(now)).collect()).await;
    insert(app, "account_members", members).await;
    let team: Vec<Document> = people
        .iter()
        .enumerate()
        .take(5_000)
        .map(|(i, person)| person.colleague(i, portfolio, now))
        .collect();
    let (in_account, in_portfolio) =
        (i64::try_from(people.len()).unwrap(), i64::try_from(team.len()).unwrap());
    insert(app, "portfolio_members", team).await;
    let came = |count: i64| doc! { "$inc": { "member_count": count } };
    app.update("accounts", doc! { "_id": account }, came(in_account)).await;
    app.update("portfolios", doc! { "_id": portfolio }, came(in_portfolio)).await;

    let scopes = [Scope::Account(account).to_string(), Scope::Portfolio(portfolio).to_string()];
    resets(app, &people, &owner, &scopes, account).await;
    events(app, &owner, &scopes).await;
    let offer = Offer::in_account(account, Held::of(AccountRole::Analyst));
    invitations(app, &owner, offer, now).await;

    let namesakes: Vec<UserId> =
        people.iter().filter(|person| person.name == "Alex Smith").map(|person| person.id).collect();
    let mut sorted = namesakes;
    sorted.sort_unstable();
    let namesake = sorted[sorted.len() / 2];
    Directory { account, portfolio, owner, consultant, single, namesake }
}

/// Old ones that nobody accepted, newer ones that somebody did, and a few that wait.
async fn resets(
    app: &TestApp,
    people: &[Somebody],
    owner: &Person,
    scopes: &[String; 2],
    account: AccountId,
) {
    let now = app.now();
    let day = Duration::from_secs(24 * 3600);
    let reset = |index: usize, state: &str, asked: OffsetDateTime| {
        let mut document = doc! {
            "_id": MfaResetId::from_uuid(past(asked)), "user_id": people[index].id, "requested_by": owner.id,
            "authority": { "kind": "ACCOUNT", "account_id": account, "role": "OWNER" }, "state": state,
            "requested_at": DateTime::from_time_0_3(asked), "delivery": "SENT",
            "expires_at": DateTime::from_time_0_3(asked + day / 2), "scopes": scopes.to_vec(), "token_hashes": [],
        };
        if state != "PENDING" {
            document.insert("closed_at", DateTime::from_time_0_3(asked));
        }
        document
    };
    let mut all = Vec::new();
    for index in 0..EXPIRED {
        all.push(reset(index, "PENDING", now - 30 * day - Duration::from_secs(index as u64)));
    }
    for index in EXPIRED..EXPIRED + ACCEPTED {
        all.push(reset(index, "ACCEPTED", now - 2 * day - Duration::from_secs(index as u64)));
    }
    for index in EXPIRED + ACCEPTED..EXPIRED + ACCEPTED + WAITING {
        all.push(reset(index, "PENDING", now - Duration::from_secs(3600)));
    }
    insert(app, "mfa_resets", all).await;
}

async fn events(app: &TestApp, owner: &Person, scopes: &[String; 2]) {
    let now = app.now();
    let event = |index: usize, action: &str, scope: &String| {
        let at = now - Duration::from_secs(index as u64 + 60);
        doc! { "_id": AuditEventId::from_uuid(past(at)), "at": DateTime::from_time_0_3(at), "scope": scope.as_str(),
        "action": action, "actor": owner.id }
    };
    let mut all = Vec::new();
    for scope in scopes {
        all.extend((0..EVENTS).map(|index| event(index, "LOGGED_IN", scope)));
        for (offset, action) in [(0, "ACCOUNT_CREATED"), (1, "ACCOUNT_OWNERSHIP_TRANSFERRED")] {
            all.extend((0..RARE).map(|index| event(EVENTS / RARE * index + offset, action, scope)));
        }
    }
    insert(app, "audit_events", all).await;
}

async fn invitations(app: &TestApp, owner: &Person, offer: Offer, now: OffsetDateTime) {
    let pending: Vec<Invitation> = (0..INVITATIONS)
        .map(|index| {
            let email = format!("new{index}@giant.test");
            Invitation::new(offer, &email, EmailKey::parse(&email).unwrap(), owner.id, now)
        })
        .collect();
    for some in pending.chunks(250) {
        let mut tx = app.store.begin().await.unwrap();
        for invitation in some {
            app.store.invitations.insert(&mut tx, invitation).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}
