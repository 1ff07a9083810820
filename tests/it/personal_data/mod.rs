//! `latchkey user export` and `latchkey user erase`: what a person may ask for, and what is left of them afterwards.

mod racing;

use std::time::Duration;

use bson::{Document, doc};
use futures_util::TryStreamExt as _;
use latchkey::domain::{AccountRole, AuditAction, PortfolioRole, Scope};
use mongodb::options::Hint;
use serde_json::{Value, json};

use crate::audit::{complained, latchkey, printed, seal};
use crate::harness::{self, PASSWORD, Person, TestApp};
use crate::main_job::{LOG_IN, RESET, said};
use crate::webhooks::receiver::Receiver;
use crate::{recovery, webhooks};

/// Every document of the database as text, in lower case.
async fn everything(app: &TestApp) -> String {
    let database = app.store.database();
    let mut text = String::new();
    for name in database.list_collection_names().await.unwrap() {
        let all = database.collection::<Document>(&name);
        let all = all.find(doc! {}).hint(Hint::Keys(doc! { "_id": 1 })).await.unwrap();
        let all: Vec<Document> = all.try_collect().await.unwrap();
        all.iter().for_each(|document| text.push_str(&format!("{name}: {document}\n")));
    }
    text.to_lowercase()
}

/// Where a word stands in it, if it does.
fn found<'a>(word: &str, text: &'a str) -> Option<&'a str> {
    text.lines().find(|line| line.contains(word))
}

async fn count(app: &TestApp, collection: &str, filter: Document) -> u64 {
    let all = app.store.database().collection::<Document>(collection);
    all.count_documents(filter).hint(Hint::Keys(doc! { "_id": 1 })).await.unwrap()
}

/// As a request or worker might have written it.
async fn put(app: &TestApp, collection: &str, document: Document) {
    app.store.database().collection::<Document>(collection).insert_one(document).await.unwrap();
}

async fn note(app: &TestApp, collection: &str, filter: Document, set: Document) {
    let all = app.store.database().collection::<Document>(collection);
    let done =
        all.update_many(filter, doc! { "$set": set }).hint(Hint::Keys(doc! { "_id": 1 })).await.unwrap();
    assert!(done.matched_count > 0, "nothing in {collection}");
}

fn erase(app: &TestApp, person: &str) -> std::process::Output {
    latchkey(app, &["user", "erase", person, "--yes"])
}

const INVITE: &str = "mutation($account: ID!, $email: String!) {
  inviteUser(input: { accountId: $account, email: $email, role: MANAGER }) { __typename } }";
const FORGOTTEN: &str =
    "mutation($email: String!) { requestPasswordReset(input: { email: $email }) { __typename } }";
const NAME: &str = "Wilhelmina Quistorp";
const EMAIL: &str = "Quistorp@harbor.example";

/// Somebody of whom there is something in every collection that can hold something.
async fn known_everywhere(app: &TestApp, world: &webhooks::World, others: [&Person; 2]) -> Person {
    let (harbor, elsewhere, portfolio) =
        (world.account, app.account("Elsewhere").await, app.portfolio("Northwind").await);
    let stranger = app.person("Oscar").with_mfa().in_account(elsewhere, AccountRole::Owner).create().await;
    let mina = app.person(NAME).email(EMAIL).with_mfa().in_account(harbor, AccountRole::Admin);
    let mina = mina.in_portfolio(portfolio, PortfolioRole::Manager).create().await;
    app.update("accounts", doc! { "_id": harbor }, doc! { "$set": { "security_contact": mina.id } }).await;

    app.log_in(&mina).await;
    let named = recovery::set(&world.client, harbor, &[&mina, others[0], others[1]]).await;
    assert_eq!(said(&named, "setRecoveryContacts"), "RecoveryContactsSet");
    let asked = json!({ "userId": mina.gid(), "reason": "Quistorp lost her phone" });
    assert_eq!(said(&world.client.send(RESET, asked).await, "resetUserMfa"), "MfaResetRequested");
    for (who, account, email) in [(&stranger, elsewhere, EMAIL), (&mina, harbor, "nora@harbor.example")] {
        let invited = json!({ "account": account.to_string(), "email": email });
        let reply = app.client_of(who).await.send(INVITE, invited).await;
        assert_eq!(said(&reply, "inviteUser"), "UserInvited");
    }
    app.client().send(FORGOTTEN, json!({ "email": mina.email })).await;
    app.deliver().await;

    let (now, id) = (bson::DateTime::now(), || bson::Uuid::new());
    let later = bson::DateTime::from_millis(now.timestamp_millis() + 3_600_000);
    put(
        app,
        "tickets",
        doc! { "_id": id(), "kind": "CHALLENGE", "user_id": mina.id, "attempts": 0,
        "created_at": now, "expires_at": later },
    )
    .await;
    put(
        app,
        "devices",
        doc! { "_id": id(), "token": id(), "user_id": mina.id, "created_at": now,
        "last_used_at": now, "expires_at": later, "user_agent": "Quistorp's telephone" },
    )
    .await;
    put(
        app,
        "device_challenges",
        doc! { "_id": id(), "token": id(), "user_id": mina.id, "code_hashes": [],
        "attempts": 0, "created_at": now, "expires_at": later, "user_agent": "Quistorp's telephone" },
    )
    .await;
    put(
        app,
        "recoveries",
        doc! { "_id": id(), "user_id": mina.id, "account_id": harbor, "state": "PENDING",
        "requested_at": now, "expires_at": later, "contacts": [], "stop_hashes": [] },
    )
    .await;
    // What mail servers say, they say of an address.
    let refused = doc! { "last_error": "550 5.1.1 <quistorp@harbor.example> is full" };
    note(app, "outbox", doc! { "to": mina.id }, refused.clone()).await;
    let invitations = app.store.database().collection::<Document>("invitations");
    let hers = doc! { "scope": elsewhere.to_string(), "state": "PENDING" };
    let hers = invitations.find_one(hers).await.unwrap().unwrap();
    let its_mail = doc! { "what.invitation_id": hers.get("_id").unwrap() };
    note(app, "outbox", its_mail, refused).await;
    note(app, "sessions", doc! { "user_id": mina.id }, doc! { "user_agent": "Quistorp's telephone" }).await;
    mina
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_person_is_named_nowhere_cannot_log_in_and_the_audit_chain_still_holds() {
    webhooks::run(async |app| {
        let world = webhooks::world(app).await;
        let harbor = world.account;
        let receiver = Receiver::start().await;
        let (webhook, _) =
            world.register(app, &receiver.url(), &["LOGGED_IN", "USER_REMOVED", "USER_ERASED"]).await;
        let nora = app.person("Nora").in_account(harbor, AccountRole::Manager).create().await;
        let paul = app.person("Paul").in_account(harbor, AccountRole::Manager).create().await;
        app.advance(Duration::from_secs(1));
        let mina = known_everywhere(app, &world, [&nora, &paul]).await;
        seal(app).await;
        let worker = receiver.worker(app);
        assert!(!webhooks::deliveries(app, webhook).await.is_empty(), "no payload waits");
        assert!(found("quistorp", &everything(app).await).is_some());

        // Nothing without being told so twice.
        assert_eq!(latchkey(app, &["user", "erase", &mina.gid()]).status.code(), Some(1));
        assert!(found("wilhelmina", &everything(app).await).is_some());

        let erased = erase(app, &mina.gid());
        assert!(erased.status.success(), "{}", complained(&erased));
        assert!(printed(&erased).contains("took them out of 2 places"), "{}", printed(&erased));
        let left = everything(app).await;
        for word in ["quistorp", "wilhelmina"] {
            assert_eq!(found(word, &left), None);
        }
        for collection in ["sessions", "tickets", "devices", "device_challenges", "mail_links"] {
            assert_eq!(count(app, collection, doc! { "user_id": mina.id }).await, 0, "{collection}");
        }
        for collection in ["mfa_resets", "recoveries"] {
            let waiting = doc! { "user_id": mina.id, "state": "PENDING" };
            assert_eq!(count(app, collection, waiting).await, 0, "{collection}");
        }
        let contacts = app.store.recovery_contacts.find(harbor).await.unwrap().unwrap();
        assert_eq!(contacts.next.unwrap().contacts, [nora.id, paul.id]);
        assert_eq!(count(app, "invitations", doc! { "state": "PENDING" }).await, 0, "hers wait on");

        // Nobody can be her any more, and no mail goes to her.
        for email in [EMAIL.to_owned(), format!("{}@erased.invalid", mina.gid())] {
            let log_in = json!({ "email": email, "password": PASSWORD });
            assert_eq!(said(&app.client().send(LOG_IN, log_in).await, "logIn"), "INVALID_CREDENTIALS");
            app.client().send(FORGOTTEN, json!({ "email": email })).await;
        }
        let before = app.mails_to(&mina).len();
        let mails = app.deliver().await;
        assert!(!mails.iter().any(|mail| mail.recipient.ends_with("@erased.invalid")));
        assert_eq!(app.mails_to(&mina).len(), before);

        // The place has one less, and its security contact is the Owner again, who is told.
        let account = app.store.accounts.find(harbor).await.unwrap().unwrap();
        assert_eq!((account.chosen_contact, account.member_count), (None, 3));
        assert!(app.mails_to(&world.owner).iter().any(|mail| mail.subject.contains("security contact")));

        // It is written down, and the log is as it was sealed.
        assert_eq!(app.audit_count(Scope::Account(harbor), AuditAction::UserErased).await, 1);
        seal(app).await;
        let verified = latchkey(app, &["audit", "verify"]);
        assert!(verified.status.success(), "{}", printed(&verified));

        // Whoever looks, or has it sent, sees that something happened, and not to whom.
        worker.drain().await.unwrap();
        let taken = receiver.taken();
        assert!(taken.iter().any(|message| message.json()["type"] == "audit.USER_ERASED"));
        for message in taken {
            assert_eq!(found("quistorp", &String::from_utf8_lossy(&message.body).to_lowercase()), None);
        }
        let log = "query($id: ID!) { account(id: $id) { auditLog(first: 50) { edges { node {
          action actor { name } target { name email } userAgent } } } } }";
        let log = world.client.send(log, json!({ "id": harbor.to_string() })).await;
        assert_eq!(log.body.get("errors"), None);
        assert_eq!(found("quistorp", &log.body.to_string().to_lowercase()), None);

        // Asked twice is fine.
        let again = erase(app, &mina.gid());
        assert!(again.status.success() && printed(&again).contains("was erased already"));
        assert_eq!(app.audit_count(Scope::Account(harbor), AuditAction::UserErased).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_holds_all_that_is_stored_about_a_person_and_no_secret() {
    webhooks::run(async |app| {
        let world = webhooks::world(app).await;
        let nora = app.person("Nora").in_account(world.account, AccountRole::Manager).create().await;
        let paul = app.person("Paul").in_account(world.account, AccountRole::Manager).create().await;
        let mina = known_everywhere(app, &world, [&nora, &paul]).await;
        seal(app).await;
        let before = everything(app).await;

        let exported = latchkey(app, &["user", "export", "quistorp@harbor.example"]);
        assert!(exported.status.success(), "{}", complained(&exported));
        let copy: Value = serde_json::from_slice(&exported.stdout).unwrap();
        assert_eq!(copy["users"][0]["name"], NAME);
        assert_eq!(copy["users"][0]["id"], mina.gid());
        assert_eq!(copy["account_members"][0]["account_id"], world.account.to_string());
        assert_eq!(copy["accounts"][0]["security_contact"], mina.gid());
        assert_eq!(copy["recovery_contacts"][0]["next"]["contacts"][0], mina.gid());
        assert_eq!(copy["mfa_resets"][0]["reason"], "Quistorp lost her phone");
        assert_eq!(copy["mfa_resets"][0]["requested_by"], world.owner.gid());
        assert_eq!(copy["invitations"][0]["email"], EMAIL);
        assert_eq!(copy["outbox"][0]["last_error"], "550 5.1.1 <quistorp@harbor.example> is full");
        for (part, entries) in copy.as_object().unwrap() {
            // Of what she is or did nothing of.
            let none = ["portfolios", "mfa_resets_of_others", "webhooks_created"].contains(&part.as_str());
            assert_eq!(entries.as_array().unwrap().is_empty(), none, "{part}: {entries:#}");
        }
        let events = copy["audit_events"].as_array().unwrap();
        for action in ["LOGGED_IN", "MFA_RESET_REQUESTED", "USER_INVITED", "USER_EXPORTED"] {
            assert!(events.iter().any(|event| event["action"] == action), "{action}");
        }
        // Nothing of others, and nothing that opens something.
        assert_eq!(harness::secrets::found_in(&exported.stdout), None);
        for word in ["$argon2id$", "v1|", "hash", "sealed", "token", "name_key", "nora@", "Olga"] {
            assert!(!printed(&exported).contains(word), "the copy holds {word}");
        }
        let after = everything(app).await;
        let more: Vec<_> = after.lines().filter(|line| !before.contains(line)).collect();
        assert!(more.iter().all(|line| line.contains("user_exported")), "{more:?}");
        let scope = Scope::Account(world.account);
        assert_eq!(app.audit_count(scope, AuditAction::UserExported).await, 1, "it is written down");

        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let file = folder.path().join("mina.json");
        let written = latchkey(app, &["user", "export", &mina.gid(), "--output", file.to_str().unwrap()]);
        assert!(written.status.success() && printed(&written).is_empty());
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions()) & 0o777,
            0o600
        );
        assert!(serde_json::from_slice::<Value>(&std::fs::read(&file).unwrap()).is_ok());
        let twice = latchkey(app, &["user", "export", &mina.gid(), "--output", file.to_str().unwrap()]);
        assert_eq!(twice.status.code(), Some(1), "it never overwrites a file");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_not_erased_and_nothing_of_theirs_is() {
    harness::run(async |app| {
        let (harbor, other, portfolio) =
            (app.account("Harbor").await, app.account("Other").await, app.portfolio("Northwind").await);
        let owner = app.person("Olivia").in_account(harbor, AccountRole::Owner);
        let owner = owner.in_account(other, AccountRole::Manager).create().await;
        let head = app.person("Petra").in_portfolio(portfolio, PortfolioRole::Owner);
        let head = head.in_account(other, AccountRole::Manager).create().await;
        let before = everything(app).await;
        for (person, place) in [(&owner, harbor.to_string()), (&head, portfolio.to_string())] {
            let refused = erase(app, &person.email);
            assert_eq!(refused.status.code(), Some(1));
            let says = complained(&refused);
            assert!(says.contains(&place) && says.contains("transferAccountOwnership"), "{says}");
        }
        assert_eq!(everything(app).await, before);
        let nobody = erase(app, "nobody@harbor.example");
        assert!(complained(&nobody).contains("nobody has this id or address"));
    })
    .await;
}
