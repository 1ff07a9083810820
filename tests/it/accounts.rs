//! Accounts and who is in them: exactly one Owner at every moment, whatever happens at the same time.

use futures_util::future::join_all;
use latchkey::domain::key::EmailKey;
use latchkey::domain::{AccountId, AccountMembership, AccountRole, AuditAction, Scope, UserId};
use latchkey::store::account_members::NewMember;
use mongodb::bson::{Document, doc};
use serde_json::json;

use crate::harness::{self, Client, Person, Reply, TestApp};
use crate::invitations::invite;

const ROLE: &str = "mutation($account: ID!, $user: ID!, $role: AccountRole!) {
  changeUserRole(input: { accountId: $account, userId: $user, role: $role }) {
    __typename ... on UserRoleChanged { role account { viewerRole } } ... on ChangeUserRoleRejected { reason } } }";

const REMOVE: &str = "mutation($account: ID!, $user: ID!) {
  removeUser(input: { accountId: $account, userId: $user }) {
    __typename ... on UserRemoved { account { users { totalCount } } } ... on RemoveUserRejected { reason } } }";

const TRANSFER: &str = "mutation($account: ID!, $user: ID!) {
  transferAccountOwnership(input: { accountId: $account, userId: $user }) {
    __typename ... on AccountOwnershipTransferred { owner { id } account { viewerRole } }
    ... on TransferAccountOwnershipRejected { reason } } }";

const CLOSE: &str = "mutation($account: ID!, $name: String!) {
  closeAccount(input: { accountId: $account, name: $name }) {
    __typename ... on AccountClosed { accountId } ... on CloseAccountRejected { reason } } }";

async fn role(client: &Client, account: AccountId, user: &Person, role: &str) -> Reply {
    client.send(ROLE, json!({ "account": account.to_string(), "user": user.gid(), "role": role })).await
}

async fn remove(client: &Client, account: AccountId, user: &Person) -> Reply {
    client.send(REMOVE, json!({ "account": account.to_string(), "user": user.gid() })).await
}

async fn transfer(client: &Client, account: AccountId, user: &Person) -> Reply {
    client.send(TRANSFER, json!({ "account": account.to_string(), "user": user.gid() })).await
}

async fn close(client: &Client, account: AccountId, name: &str) -> Reply {
    client.send(CLOSE, json!({ "account": account.to_string(), "name": name })).await
}

/// An error's code, a rejection's reason or the success type's name.
fn outcome(reply: &Reply) -> String {
    if !reply.code().is_empty() {
        return reply.code().to_owned();
    }
    let result = reply.data("").as_object().unwrap().values().next().unwrap();
    let said = result.get("reason").unwrap_or(&result["__typename"]);
    said.as_str().unwrap().to_owned()
}

/// Checks what holds for an account at every moment, and gives its people: exactly one Owner, whom the account names;
/// the count is true; no invitation waits for somebody who is there.
pub async fn whole(app: &TestApp, account: AccountId) -> Vec<(UserId, String)> {
    use futures_util::TryStreamExt;
    let members = app.store.database().collection::<Document>("account_members");
    let found: Vec<Document> =
        members.find(doc! { "account_id": account }).await.unwrap().try_collect().await.unwrap();
    let people: Vec<(UserId, String)> = found
        .iter()
        .map(|member| {
            let id = mongodb::bson::deserialize_from_bson(member.get("user_id").unwrap().clone()).unwrap();
            (id, member.get_str("role").unwrap().to_owned())
        })
        .collect();
    let owners: Vec<UserId> =
        people.iter().filter(|(_, role)| role == "OWNER").map(|(user, _)| *user).collect();
    let stored = app.store.accounts.find(account).await.unwrap().unwrap();
    assert_eq!(owners.len(), 1, "exactly one Owner: {people:?}");
    assert_eq!(stored.owner_id, Some(owners[0]));
    assert_eq!(stored.member_count, people.len() as u64);
    for member in &found {
        let key = EmailKey::parse(member.get_str("email_key").unwrap()).unwrap();
        let mut tx = app.store.begin().await.unwrap();
        let waiting = app.store.invitations.find_pending_in(&mut tx, Scope::Account(account), &key).await;
        assert!(waiting.unwrap().is_none(), "an invitation waits for somebody who is there");
        tx.abort().await;
    }
    people
}

struct World {
    account: AccountId,
    owner: Person,
    admin: Person,
    analyst: Person,
}

async fn world(app: &TestApp) -> World {
    let account = app.account("Acme").await;
    let owner = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
    let admin = app.person("Adam").with_mfa().in_account(account, AccountRole::Admin).create().await;
    let analyst = app.person("Anna").with_mfa().in_account(account, AccountRole::Analyst).create().await;
    World { account, owner, admin, analyst }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_creates_an_account_is_its_owner() {
    harness::run(async |app| {
        let person = app.person("Olga").with_mfa().create().await;
        let client = app.client_of(&person).await;
        let create = "mutation($name: String!) { createAccount(input: { name: $name }) {
            __typename ... on AccountCreated { account { id name viewerRole users { totalCount edges { role node { id } } } } }
            ... on CreateAccountRejected { reason retryAt } } }";
        let created = client.send(create, json!({ "name": "  Café  München " })).await;
        assert_eq!(created.text("/createAccount/account/name"), "Café  München", "kept as typed");
        assert_eq!(created.text("/createAccount/account/viewerRole"), "OWNER");
        assert_eq!(created.text("/createAccount/account/users/edges/0/node/id"), person.gid());
        let id: AccountId = created.text("/createAccount/account/id").parse().unwrap();
        assert_eq!(whole(app, id).await, [(person.id, "OWNER".to_owned())]);
        assert_eq!(app.audit_count(Scope::Account(id), AuditAction::AccountCreated).await, 1);
        for bad in ["", "  ", "a\nb", &"x".repeat(201)] {
            assert_eq!(client.send(create, json!({ "name": bad })).await.code(), "BAD_USER_INPUT", "{bad:.5}");
        }
        for _ in 1..20 {
            client.send(create, json!({ "name": "More" })).await.text("/createAccount/account/id");
        }
        let many = client.send(create, json!({ "name": "More" })).await;
        assert_eq!(many.text("/createAccount/reason"), "TOO_MANY_ACCOUNTS");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_neither_removed_nor_demoted_and_nobody_is_made_owner() {
    harness::run(async |app| {
        let World { account, owner, admin, analyst } = world(app).await;
        for client in [app.client_of(&admin).await, app.client_of(&owner).await] {
            assert_eq!(outcome(&remove(&client, account, &owner).await), "IS_OWNER");
            assert_eq!(outcome(&role(&client, account, &owner, "ADMIN").await), "IS_OWNER");
            assert_eq!(outcome(&role(&client, account, &owner, "OWNER").await), "IS_OWNER");
            assert_eq!(outcome(&role(&client, account, &analyst, "OWNER").await), "ROLE_NOT_GRANTABLE");
        }
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::UserChangeRefused).await, 8);
        let admin_client = app.client_of(&admin).await;
        assert_eq!(outcome(&close(&admin_client, account, "Acme").await), "FORBIDDEN");
        assert_eq!(outcome(&transfer(&admin_client, account, &admin).await), "FORBIDDEN");
        let analyst_client = app.client_of(&analyst).await;
        for reply in [
            role(&analyst_client, account, &analyst, "ADMIN").await,
            remove(&analyst_client, account, &admin).await,
            invite(&analyst_client, account, "x@example.test", "ANALYST").await,
        ] {
            assert_eq!(outcome(&reply), "FORBIDDEN");
        }
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::AccessDenied).await, 5);
        assert_eq!(whole(app, account).await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_role_counts_at_the_next_request() {
    harness::run(async |app| {
        let World { account, admin, analyst, .. } = world(app).await;
        let (client, promoted) = (app.client_of(&admin).await, app.client_of(&analyst).await);
        let before = invite(&promoted, account, "x@example.test", "ANALYST").await;
        assert_eq!(outcome(&before), "FORBIDDEN");
        assert_eq!(role(&client, account, &analyst, "ADMIN").await.text("/changeUserRole/role"), "ADMIN");
        assert_eq!(app.latest_mail(&analyst).await.subject, "Your role was changed");
        assert_eq!(outcome(&invite(&promoted, account, "x@example.test", "ANALYST").await), "UserInvited");
        let own = role(&promoted, account, &analyst, "SUPPORT").await;
        assert_eq!(own.text("/changeUserRole/account/viewerRole"), "SUPPORT", "told in the same answer");
        assert_eq!(outcome(&role(&promoted, account, &analyst, "ADMIN").await), "FORBIDDEN");
        let stranger = app.person("Sven").create().await;
        assert_eq!(outcome(&role(&client, account, &stranger, "ADMIN").await), "NOT_A_MEMBER");
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::UserRoleChanged).await, 2);
        whole(app, account).await;
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_removed_or_leave_and_lose_sight_of_the_account() {
    harness::run(async |app| {
        let World { account, owner, admin, analyst } = world(app).await;
        let client = app.client_of(&owner).await;
        let removed = remove(&client, account, &analyst).await;
        assert_eq!(removed.data("/removeUser/account/users/totalCount"), &json!(2));
        assert_eq!(app.latest_mail(&analyst).await.subject, "You were removed from an account");
        let query = "query($id: ID!) { account(id: $id) { id } }";
        let gone = app.client_of(&analyst).await.send(query, json!({ "id": account.to_string() })).await;
        assert!(gone.data("/account").is_null());
        assert_eq!(outcome(&remove(&client, account, &analyst).await), "NOT_A_MEMBER");

        let left = remove(&app.client_of(&admin).await, account, &admin).await;
        assert!(left.data("/removeUser/account").is_null(), "{left:?}");
        assert_eq!(outcome(&remove(&app.client_of(&admin).await, account, &admin).await), "NOT_FOUND");
        for action in [AuditAction::UserRemoved, AuditAction::UserLeft] {
            assert_eq!(app.audit_count(Scope::Account(account), action).await, 1, "{action:?}");
        }
        assert_eq!(whole(app, account).await, [(owner.id, "OWNER".to_owned())]);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ownership_is_handed_over_whole() {
    harness::run(async |app| {
        let World { account, owner, analyst, .. } = world(app).await;
        let client = app.client_of(&owner).await;
        let stranger = app.person("Sven").create().await;
        assert_eq!(outcome(&transfer(&client, account, &stranger).await), "NOT_A_MEMBER");
        assert_eq!(outcome(&transfer(&client, account, &owner).await), "ALREADY_OWNER");
        let done = transfer(&client, account, &analyst).await;
        assert_eq!(done.text("/transferAccountOwnership/owner/id"), analyst.gid());
        assert_eq!(done.text("/transferAccountOwnership/account/viewerRole"), "ADMIN");
        assert_eq!(outcome(&transfer(&client, account, &owner).await), "FORBIDDEN");
        let people = whole(app, account).await;
        assert!(people.contains(&(analyst.id, "OWNER".to_owned())));
        assert!(people.contains(&(owner.id, "ADMIN".to_owned())));
        for person in [&owner, &analyst] {
            assert_eq!(app.latest_mail(person).await.subject, "An account has a new Owner");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_transfers_at_once_one_wins() {
    harness::run(async |app| {
        let World { account, owner, admin, analyst } = world(app).await;
        let token = app.session_token(&owner).await;
        let (a, b) = (app.client().with_token(&token), app.client().with_token(&token));
        let (a, b) = tokio::join!(transfer(&a, account, &admin), transfer(&b, account, &analyst));
        let mut said = [outcome(&a), outcome(&b)];
        said.sort();
        assert_eq!(said, ["AccountOwnershipTransferred", "FORBIDDEN"]);
        assert_eq!(whole(app, account).await.len(), 3);
        assert_eq!(
            app.audit_count(Scope::Account(account), AuditAction::AccountOwnershipTransferred).await,
            1
        );
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_against_the_removal_of_the_new_owner_keeps_one_owner() {
    harness::run(async |app| {
        for round in 0..4 {
            let account = app.account(&format!("Acme {round}")).await;
            let member = |name: &str, role| {
                app.person(&format!("{name} {round}")).with_mfa().in_account(account, role).create()
            };
            let owner = member("Olga", AccountRole::Owner).await;
            let admin = member("Adam", AccountRole::Admin).await;
            let heir = member("Hedy", AccountRole::Manager).await;
            let (a, b) = (app.client_of(&owner).await, app.client_of(&admin).await);
            let (a, b) = tokio::join!(transfer(&a, account, &heir), remove(&b, account, &heir));
            let said = [outcome(&a), outcome(&b)];
            let handed = ["AccountOwnershipTransferred", "IS_OWNER"];
            let removed = ["NOT_A_MEMBER", "UserRemoved"];
            assert!(said == handed || said == removed, "{said:?}");
            whole(app, account).await;
        }
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_against_a_removal_leaves_nobody_in_between() {
    harness::run(async |app| {
        for round in 0..4 {
            let account = app.account(&format!("Acme {round}")).await;
            let member = |name: &str, role| {
                app.person(&format!("{name} {round}")).with_mfa().in_account(account, role).create()
            };
            let owner = member("Olga", AccountRole::Owner).await;
            let admin = member("Adam", AccountRole::Admin).await;
            let bob = member("Bob", AccountRole::Analyst).await;
            let of_owner = app.client_of(&owner).await;
            let of_admin = app.client_of(&admin).await;
            // Whom the Owner removes, the Admin invites at the same moment.
            let (removed, invited) = tokio::join!(
                remove(&of_owner, account, &bob),
                invite(&of_admin, account, &bob.email, "ANALYST"),
            );
            assert_eq!(outcome(&removed), "UserRemoved");
            assert!(["ALREADY_MEMBER", "UserInvited"].contains(&outcome(&invited).as_str()));
            // The Admin is removed while inviting: the invitation came first, or is refused.
            let (removed, invited) = tokio::join!(
                remove(&of_owner, account, &admin),
                invite(&of_admin, account, "new@example.test", "ADMIN"),
            );
            assert_eq!(outcome(&removed), "UserRemoved");
            assert!(["NOT_FOUND", "UserInvited"].contains(&outcome(&invited).as_str()));
            assert_eq!(whole(app, account).await, [(owner.id, "OWNER".to_owned())]);
        }
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_commands_leaves_an_account_whole() {
    harness::run(async |app| {
        let World { account, owner, admin, analyst } = world(app).await;
        let manager = app.person("Max").with_mfa().in_account(account, AccountRole::Manager).create().await;
        let people = [owner, admin, analyst, manager];
        let mut clients = Vec::new();
        for person in &people {
            clients.push(app.client_of(person).await);
        }
        let roles = ["ADMIN", "MANAGER", "SUPPORT", "OWNER"];
        for _ in 0..4 {
            let (clients, people) = (&clients, &people);
            let storm = (0..12).map(|_| async move {
                let pick = |below: usize| rand::random_range(0..below);
                let (client, person) = (&clients[pick(4)], &people[pick(4)]);
                match pick(5) {
                    0 => outcome(&transfer(client, account, person).await),
                    1 if pick(3) == 0 => outcome(&remove(client, account, person).await),
                    2 => outcome(&invite(client, account, &person.email, roles[pick(4)]).await),
                    _ => outcome(&role(client, account, person, roles[pick(4)]).await),
                }
            });
            let said = join_all(storm).await;
            assert!(!said.iter().any(|said| said == "INTERNAL" || said == "UNAVAILABLE"), "{said:?}");
            whole(app, account).await;
        }
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_is_gone_for_everybody_and_its_portfolio_stays() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let account = app.account_in("Acme", Some(portfolio)).await;
        let owner = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let admin = app.person("Adam").with_mfa().in_account(account, AccountRole::Admin).create().await;
        let client = app.client_of(&owner).await;
        invite(&client, account, "nora@example.test", "ANALYST").await;
        crate::main_job::reset(&client, &admin).await;
        // More people than one transaction takes out.
        let members = app.store.database().collection::<Document>("account_members");
        let crowd = (0..1200).map(|number| {
            let membership = AccountMembership {
                account_id: account,
                user_id: UserId::generate(app.now()),
                role: AccountRole::Analyst,
                portfolio_id: Some(portfolio),
                joined_at: app.now(),
            };
            let email_key = EmailKey::parse(&format!("member{number}@example.test")).unwrap();
            NewMember { membership, name: "Member", email_key, mfa_enabled: false }.into_document().unwrap()
        });
        members.insert_many(crowd.collect::<Vec<_>>()).await.unwrap();
        app.update("accounts", doc! { "_id": account }, doc! { "$inc": { "member_count": 1200_i64 } }).await;
        assert_eq!(whole(app, account).await.len(), 1202);

        assert_eq!(outcome(&close(&client, account, "Acne").await), "NAME_MISMATCH");
        let closed = close(&client, account, " ACME ").await;
        assert_eq!(closed.text("/closeAccount/accountId"), account.to_string());
        assert_eq!(outcome(&close(&client, account, "Acme").await), "NOT_FOUND");
        assert_eq!(members.count_documents(doc! { "account_id": account }).await.unwrap(), 0);
        let seen = client.ask("{ viewer { user { id } accounts { totalCount } } }").await;
        assert_eq!(seen.data("/viewer/accounts/totalCount"), &json!(0), "people stay, places go");
        assert_eq!(app.store.portfolios.find(portfolio).await.unwrap().unwrap().account_count, 0);
        assert_eq!(app.store.invitations.count(Scope::Account(account), 10).await.unwrap(), 0);
        assert_eq!(app.latest_mail(&admin).await.subject, "An account was closed");
        let mails = app.deliver().await;
        assert!(
            !mails.iter().any(|mail| mail.recipient == "nora@example.test"),
            "revoked before it was sent"
        );
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::AccountClosed).await, 1);
        assert_eq!(app.audit_count(Scope::Portfolio(portfolio), AuditAction::AccountClosed).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_against_an_accept_and_a_transfer_leaves_no_orphan() {
    harness::run(async |app| {
        let World { account, owner, admin, .. } = world(app).await;
        let client = app.client_of(&owner).await;
        let erik = app.person("Erik").with_mfa().create().await;
        invite(&client, account, &erik.email, "ANALYST").await;
        let mails = app.deliver().await;
        let mail = mails.iter().rfind(|mail| mail.recipient == erik.email).unwrap();
        let token = harness::token_in(&mail.text);
        let (of_erik, again) = (app.client_of(&erik).await, client.clone());
        let accept = "mutation($t: String!) { acceptInvitation(input: { token: $t }) {
            __typename ... on AcceptInvitationRejected { reason } } }";
        let (closed, accepted, handed) = tokio::join!(
            close(&client, account, "Acme"),
            of_erik.send(accept, json!({ "t": token })),
            transfer(&again, account, &admin),
        );
        let (closed, accepted, handed) = (outcome(&closed), outcome(&accepted), outcome(&handed));
        if closed == "AccountClosed" {
            assert!(["NOT_FOUND", "FORBIDDEN"].contains(&handed.as_str()), "{handed}");
            let members = app.store.database().collection::<Document>("account_members");
            assert_eq!(
                members.count_documents(doc! { "account_id": account }).await.unwrap(),
                0,
                "{accepted}"
            );
        } else {
            assert_eq!((closed.as_str(), handed.as_str()), ("FORBIDDEN", "AccountOwnershipTransferred"));
            whole(app, account).await;
        }
        app.deliver().await;
    })
    .await;
}
