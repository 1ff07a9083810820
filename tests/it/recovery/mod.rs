//! The way back of an Owner whom nobody else can help: recovery contacts, named in advance.

mod asking;
mod confirming;
mod naming;
mod stopping;

use std::time::Duration;

use latchkey::domain::{AccountId, AccountRole};
use mongodb::bson::{Document, doc};
use serde_json::json;

use crate::harness::{self, Client, Person, Reply, TestApp};
use crate::main_job::said;

pub const HOUR: Duration = Duration::from_secs(3600);
pub const DAY: Duration = Duration::from_secs(24 * 3600);
pub const MS: Duration = Duration::from_millis(1);

pub const RESET_MAIL: &str = "MFA reset request";
pub const ASKED_MAIL: &str = "You are asked to vouch for somebody";
pub const TOLD_MAIL: &str = "Your recovery contacts are asked";

const SET: &str = "mutation($account: ID!, $users: [ID!]!) {
  setRecoveryContacts(input: { accountId: $account, userIds: $users }) {
    __typename
    ... on RecoveryContactsSet { account { recoveryContacts {
      contacts { id } change { contacts { id } effectiveAt } } } }
    ... on SetRecoveryContactsRejected { reason message retryAt } } }";

const KEEP: &str = "mutation($account: ID!) {
  cancelRecoveryContactsChange(input: { accountId: $account }) {
    __typename
    ... on RecoveryContactsChangeCancelled { account { recoveryContacts { contacts { id } change { effectiveAt } } } }
    ... on CancelRecoveryContactsChangeRejected { reason } } }";

pub const CONFIRM: &str = "mutation($token: String!) { confirmRecovery(input: { token: $token }) {
  __typename ... on RecoveryConfirmed { complete } ... on ConfirmRecoveryRejected { reason retryAt } } }";

const STOP: &str = "mutation($token: String!) { stopRecovery(input: { token: $token }) {
  __typename ... on StopRecoveryRejected { reason } } }";

const REQUEST: &str = "mutation($email: String!) { requestRecovery(input: { email: $email }) {
  __typename ... on RecoveryRequested { email } ... on RequestRecoveryRejected { reason retryAt } } }";

pub async fn set(client: &Client, account: AccountId, users: &[&Person]) -> Reply {
    let users: Vec<_> = users.iter().map(|user| user.gid()).collect();
    client.send(SET, json!({ "account": account.to_string(), "users": users })).await
}

pub async fn keep(client: &Client, account: AccountId) -> Reply {
    client.send(KEEP, json!({ "account": account.to_string() })).await
}

pub async fn request(client: &Client, email: &str) -> Reply {
    client.send(REQUEST, json!({ "email": email })).await
}

pub async fn stop(client: &Client, token: &str) -> String {
    said(&client.send(STOP, json!({ "token": token })).await, "stopRecovery")
}

/// `Some(complete)`, or why not.
pub async fn confirm(client: &Client, token: &str) -> Result<bool, String> {
    let reply = client.send(CONFIRM, json!({ "token": token })).await;
    match said(&reply, "confirmRecovery").as_str() {
        "RecoveryConfirmed" => Ok(reply.data("/confirmRecovery/complete") == &json!(true)),
        reason => Err(reason.to_owned()),
    }
}

/// An account with an Owner, and people of whom the first three are the recovery contacts.
pub struct World {
    pub account: AccountId,
    pub owner: Person,
    pub contacts: [Person; 3],
}

pub async fn people(app: &TestApp) -> World {
    let account = app.account("Acme").await;
    let owner = app.person("Olga Owner").with_mfa().in_account(account, AccountRole::Owner).create().await;
    let member = async |name: &str, role| app.person(name).in_account(account, role).create().await;
    let contacts = [
        member("Carl Contact", AccountRole::Analyst).await,
        member("Cora Contact", AccountRole::ContentCreator).await,
        member("Cuno Contact", AccountRole::Manager).await,
    ];
    World { account, owner, contacts }
}

/// The same, with contacts who count.
pub async fn with_contacts(app: &TestApp) -> World {
    let world = people(app).await;
    let all: Vec<&Person> = world.contacts.iter().collect();
    let named = set(&app.client_of(&world.owner).await, world.account, &all).await;
    assert_eq!(said(&named, "setRecoveryContacts"), "RecoveryContactsSet");
    app.deliver().await;
    app.advance(DAY);
    world
}

/// The Owner asks; gives the tokens of the contacts and of the Owner's link.
pub async fn asked(app: &TestApp, world: &World) -> ([String; 3], String) {
    let reply = request(&app.client(), &world.owner.email).await;
    assert_eq!(said(&reply, "requestRecovery"), "RecoveryRequested");
    app.deliver().await;
    let token = |person: &Person, subject: &str| {
        let mails = app.mails_to(person);
        let mail = mails.iter().rfind(|mail| mail.subject == subject).expect("no such mail");
        harness::token_in(&mail.text)
    };
    let [a, b, c] = &world.contacts;
    ([a, b, c].map(|contact| token(contact, ASKED_MAIL)), token(&world.owner, TOLD_MAIL))
}

/// How many documents of a collection there are about the Owner.
pub async fn stored(app: &TestApp, collection: &str, world: &World) -> u64 {
    let all = app.store.database().collection::<Document>(collection);
    all.count_documents(doc! { "user_id": world.owner.id }).await.unwrap()
}

/// Who got mail with a subject since `seen` mails, in the order of their addresses.
pub async fn told(app: &TestApp, seen: usize, subject: &str) -> Vec<String> {
    let mails = app.deliver().await;
    let mut told: Vec<_> = mails[seen..]
        .iter()
        .filter(|mail| mail.subject == subject)
        .map(|mail| mail.recipient.clone())
        .collect();
    told.sort();
    told
}

pub fn addresses(people: &[&Person]) -> Vec<String> {
    let mut addresses: Vec<_> = people.iter().map(|person| person.email.clone()).collect();
    addresses.sort();
    addresses
}
