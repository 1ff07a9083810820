//! Mail: over real SMTP ([`smtp`]), out of the outbox ([`delivery`]), in the language of its reader ([`languages`]) and by
//! workers that run, stop and die ([`workers`]).

mod delivery;
mod languages;
pub mod server;
mod smtp;
mod workers;

use std::sync::Arc;

use latchkey::config::PublicUrl;
use latchkey::crypto::{Token, TokenKind};
use latchkey::domain::{
    AccountId, AccountRole, Authority, MailDelivery, MailId, MfaReset, MfaResetId, MfaResetState,
    Notification, Scope, UserId,
};
use latchkey::mail::{Capture, Counts, MailWorker, Renderer, SmtpTransport, Transport};
use latchkey::store::mfa_resets::ResetKey;
use mongodb::bson::{Document, doc};

use self::server::{SmtpServer, TakenMail};
use crate::harness::{Person, TestApp};

pub const SENT: Counts = Counts { sent: 1, retried: 0, failed: 0, dropped: 0 };
pub const RETRIED: Counts = Counts { sent: 0, retried: 1, failed: 0, dropped: 0 };
pub const FAILED: Counts = Counts { sent: 0, retried: 0, failed: 1, dropped: 0 };
pub const DROPPED: Counts = Counts { sent: 0, retried: 0, failed: 0, dropped: 1 };

/// A worker beside the gateway's own.
pub fn worker(app: &TestApp, transport: Arc<dyn Transport>) -> MailWorker {
    let from = "Acme <security@acme.example>".parse().unwrap();
    let url = PublicUrl::parse("https://id.acme.example").unwrap();
    let renderer = Renderer::new(from, "Acme".to_owned(), url).unwrap();
    MailWorker::new(app.store.clone(), Arc::new(app.clock.clone()), app.keyring.clone(), transport, renderer)
}

pub fn smtp(server: &SmtpServer) -> Arc<SmtpTransport> {
    Arc::new(SmtpTransport::new(&server.smtp("")).unwrap())
}

pub fn capture(app: &TestApp) -> Capture {
    Capture::new(Arc::new(app.clock.clone()), 1000)
}

pub struct Asked {
    pub person: Person,
    pub reset: MfaResetId,
    pub mail: MailId,
}

/// A waiting reset for a person with this local part, and its mail in the outbox.
pub async fn ask(app: &TestApp, local_part: &str) -> Asked {
    let account = app.account("Acme GmbH").await;
    let name = local_part.to_uppercase();
    let person = app.person(&name).email(&format!("{local_part}@acme.example")).with_mfa().create().await;
    let owner_email = format!("owner-of-{account}@acme.example");
    let owner = app.person("Olga Owner").email(&owner_email).create().await;
    let (reset, mail) = put(app, person.id, owner.id, account).await;
    Asked { person, reset, mail }
}

pub async fn put(app: &TestApp, user: UserId, by: UserId, account: AccountId) -> (MfaResetId, MailId) {
    let now = app.now();
    let reset = MfaReset {
        id: MfaResetId::generate(now),
        user_id: user,
        requested_by: by,
        recovered_by: None,
        authority: Authority::Account { account_id: account, role: AccountRole::Owner, custom_role_id: None },
        reason: Some("Lost the phone.".to_owned()),
        state: MfaResetState::Pending,
        requested_at: now,
        expires_at: now + time::Duration::hours(12),
        closed_at: None,
        awaiting_approval: false,
        approved: None,
        effective_at: None,
        delivery: MailDelivery::Queued,
        scopes: vec![Scope::Account(account)],
    };
    let what = Notification::MfaResetRequest { reset_id: reset.id };
    let mut tx = app.store.begin().await.unwrap();
    app.store.mfa_resets.insert(&mut tx, &reset).await.unwrap();
    let mail = app.store.outbox.insert(&mut tx, user, what, now).await.unwrap();
    tx.commit().await.unwrap();
    (reset.id, mail)
}

pub async fn put_notice(app: &TestApp, person: &Person) -> MailId {
    let mut tx = app.store.begin().await.unwrap();
    let what = Notification::MfaEnrolled { user_id: person.id };
    let mail = app.store.outbox.insert(&mut tx, person.id, what, app.now()).await.unwrap();
    tx.commit().await.unwrap();
    mail
}

pub async fn delivery(app: &TestApp, reset: MfaResetId) -> MailDelivery {
    app.store.mfa_resets.find(ResetKey::Id(reset)).await.unwrap().unwrap().delivery
}

pub async fn row(app: &TestApp, mail: MailId) -> Document {
    let outbox = app.store.database().collection::<Document>("outbox");
    outbox.find_one(doc! { "_id": mail }).await.unwrap().unwrap()
}

pub async fn set_state(app: &TestApp, reset: MfaResetId, state: MfaResetState) {
    let set = doc! { "$set": { "state": state.as_str() } };
    app.update("mfa_resets", doc! { "_id": reset }, set).await;
}

/// The reset that the first link of a mail's text leads to.
pub async fn reset_behind(app: &TestApp, text: &str) -> Option<MfaReset> {
    let token = text.split("#token=").nth(1).unwrap().split_whitespace().next().unwrap();
    let token = Token::parse(TokenKind::MfaReset, token).unwrap();
    app.store.mfa_resets.find(ResetKey::Token(token.hash())).await.unwrap()
}

pub fn header(mail: &TakenMail, name: &str) -> String {
    let text = String::from_utf8(mail.message.clone()).unwrap();
    let prefix = format!("{name}: ");
    text.split("\r\n").find_map(|line| line.strip_prefix(&prefix)).unwrap().to_owned()
}

pub fn plain_text(mail: &TakenMail) -> String {
    let parsed = mail_parser::MessageParser::default().parse(&mail.message).unwrap();
    parsed.body_text(0).unwrap().into_owned()
}
