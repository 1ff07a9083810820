//! Invitations: from the Owner's wish to somebody who belongs to the account, once, and only if the person wants it.

use std::time::Duration;

use futures_util::future::join_all;
use latchkey::domain::key::EmailKey;
use latchkey::domain::{AccountId, AccountRole, AuditAction, Scope};
use serde_json::{Value, json};

use crate::accounts::whole;
use crate::harness::{self, Client, PASSWORD, Person, Reply, TestApp, token_in};
use crate::main_job::log_in;

const INVITE: &str = "mutation($account: ID!, $email: String!, $role: AccountRole!) {
  inviteUser(input: { accountId: $account, email: $email, role: $role }) {
    __typename
    ... on UserInvited { invitation { id email state delivery expiresAt invitedBy { name }
        offer { __typename ... on AccountOffer { role account { name } } } } }
    ... on InviteUserRejected { reason retryAt }
  } }";

const ACCEPT: &str = "mutation($token: String!, $name: String, $password: String) {
  acceptInvitation(input: { token: $token, name: $name, password: $password }) {
    __typename
    ... on InvitationAccepted { accountId scopeName maskedEmail userCreated enrollmentRequired }
    ... on AcceptInvitationRejected { reason }
  } }";

const LIST: &str = "query($account: ID!) { account(id: $account) {
  invitations { totalCount edges { node { id email state delivery } } } } }";

pub async fn invite(client: &Client, account: AccountId, email: &str, role: &str) -> Reply {
    client.send(INVITE, json!({ "account": account.to_string(), "email": email, "role": role })).await
}

async fn accept(client: &Client, token: &str) -> Reply {
    client.send(ACCEPT, json!({ "token": token })).await
}

async fn register(client: &Client, token: &str) -> Reply {
    client.send(ACCEPT, json!({ "token": token, "name": "Nora New", "password": PASSWORD })).await
}

fn outcome(reply: &Reply) -> String {
    let result = reply.data("").as_object().unwrap().values().next().unwrap();
    let said = result.get("reason").unwrap_or(&result["__typename"]);
    said.as_str().unwrap().to_owned()
}

/// The token of the latest invitation to an address.
async fn invitation_token(app: &TestApp, email: &str) -> String {
    let mails = app.deliver().await;
    let mail = mails
        .into_iter()
        .rfind(|mail| mail.recipient.eq_ignore_ascii_case(email) && mail.subject == "You are invited");
    token_in(&mail.expect("no invitation to this address").text)
}

async fn resend(client: &Client, id: &str) -> Reply {
    let query = "mutation($id: ID!) { resendInvitation(input: { invitationId: $id }) {
        __typename ... on ResendInvitationRejected { reason retryAt } } }";
    client.send(query, json!({ "id": id })).await
}

async fn revoke(client: &Client, id: &str) -> Reply {
    let query = "mutation($id: ID!) { revokeInvitation(input: { invitationId: $id }) {
        __typename ... on RevokeInvitationRejected { reason } } }";
    client.send(query, json!({ "id": id })).await
}

/// An account with its Owner.
async fn owned(app: &TestApp, name: &str) -> (AccountId, Person, Client) {
    let account = app.account(name).await;
    let owner = app
        .person(&format!("Owner of {name}"))
        .with_mfa()
        .in_account(account, AccountRole::Owner)
        .create()
        .await;
    let client = app.client_of(&owner).await;
    (account, owner, client)
}

async fn people(app: &TestApp, email: &str) -> u64 {
    let users = app.store.database().collection::<mongodb::bson::Document>("users");
    let key = EmailKey::parse(email).unwrap();
    users.count_documents(mongodb::bson::doc! { "email_key": key.as_str() }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_joins_with_a_name_and_a_password() {
    harness::run(async |app| {
        let (account, owner, client) = owned(app, "Acme").await;
        let invited = invite(&client, account, "Nora@Example.test", "MANAGER").await;
        assert_eq!(invited.text("/inviteUser/invitation/email"), "Nora@Example.test", "kept as typed");
        assert_eq!(invited.text("/inviteUser/invitation/state"), "PENDING");
        assert_eq!(invited.text("/inviteUser/invitation/offer/role"), "MANAGER");
        assert_eq!(invited.text("/inviteUser/invitation/offer/account/name"), "Acme");
        assert_eq!(invited.text("/inviteUser/invitation/invitedBy/name"), owner.name);

        let token = invitation_token(app, "Nora@Example.test").await;
        let listed = client.send(LIST, json!({ "account": account.to_string() })).await;
        assert_eq!(listed.data("/account/invitations/totalCount"), &json!(1));
        assert_eq!(listed.text("/account/invitations/edges/0/node/delivery"), "SENT");

        let anybody = app.client();
        let query = "query($t: String!) { invitationByToken(token: $t) {
            state maskedEmail invitedByName scopeName accountRole portfolioRole registrationNeeded } }";
        let preview = anybody.send(query, json!({ "t": token })).await;
        let expected = json!({ "state": "PENDING", "maskedEmail": "N…a@E…e.test", "invitedByName": owner.name,
            "scopeName": "Acme", "accountRole": "MANAGER", "portfolioRole": null, "registrationNeeded": true });
        assert_eq!(preview.data("/invitationByToken"), &expected);

        assert_eq!(outcome(&accept(&anybody, &token).await), "REGISTRATION_REQUIRED");
        let choose = |password: &str| json!({ "token": token, "name": "Nora New", "password": password });
        assert_eq!(outcome(&anybody.send(ACCEPT, choose("short")).await), "PASSWORD_TOO_SHORT");
        assert_eq!(outcome(&anybody.send(ACCEPT, choose("nora@example.test")).await), "PASSWORD_TOO_GUESSABLE");
        assert_eq!(people(app, "nora@example.test").await, 0, "refusals make no user");

        let joined = register(&anybody, &token).await;
        assert_eq!(joined.data("/acceptInvitation/userCreated"), &json!(true));
        assert_eq!(joined.data("/acceptInvitation/enrollmentRequired"), &json!(false));
        assert_eq!(joined.text("/acceptInvitation/accountId"), account.to_string());
        assert_eq!(outcome(&register(&anybody, &token).await), "INVALID", "a link works once");

        let variables = json!({ "email": "nora@example.test", "password": PASSWORD });
        let back = anybody.send(crate::main_job::LOG_IN, variables).await;
        assert_eq!(back.text("/logIn/__typename"), "LoggedIn");
        let listed = client.send(LIST, json!({ "account": account.to_string() })).await;
        assert_eq!(listed.data("/account/invitations/totalCount"), &json!(0));
        assert_eq!(app.latest_mail(&owner).await.subject, "Your invitation was accepted");
        for action in [AuditAction::UserInvited, AuditAction::InvitationAccepted] {
            assert_eq!(app.audit_count(Scope::Account(account), action).await, 1, "{action:?}");
        }
        assert_eq!(whole(app, account).await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_exists_joins_with_the_same_login_and_must_be_logged_in() {
    harness::run(async |app| {
        let (account, _, client) = owned(app, "Acme").await;
        let elsewhere = app.account("Elsewhere").await;
        let erik = app.person("Erik").with_mfa().in_account(elsewhere, AccountRole::Owner).create().await;
        let unknown = invite(&client, account, "nobody@example.test", "ANALYST").await;
        let known = invite(&client, account, "ERIK@example.test", "ANALYST").await;
        let shape = |reply: &Reply| {
            let mut value = reply.data("/inviteUser").clone();
            value["invitation"]["id"] = Value::Null;
            value["invitation"]["email"] = Value::Null;
            value
        };
        assert_eq!(shape(&unknown), shape(&known), "inviting does not tell who exists");

        let token = invitation_token(app, "ERIK@example.test").await;
        assert_eq!(outcome(&register(&app.client(), &token).await), "LOG_IN_REQUIRED");
        assert_eq!(outcome(&accept(&client, &token).await), "ANOTHER_USER");
        let joined = accept(&app.client_of(&erik).await, &token).await;
        assert_eq!(joined.data("/acceptInvitation/userCreated"), &json!(false));
        assert_eq!(people(app, &erik.email).await, 1);
        assert_eq!(outcome(&invite(&client, account, &erik.email, "ADMIN").await), "ALREADY_MEMBER");
        assert_eq!(log_in(&app.client(), &erik).await.text("/logIn/__typename"), "MfaChallenge");
        assert_eq!(whole(app, account).await.len(), 2);
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::InvitationAcceptRefused).await, 2);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_expires_after_seven_days_and_can_be_sent_again() {
    harness::run(async |app| {
        let (account, owner, client) = owned(app, "Acme").await;
        let invited = invite(&client, account, "nora@example.test", "ANALYST").await;
        let id = invited.text("/inviteUser/invitation/id").to_owned();
        assert_eq!(
            outcome(&invite(&client, account, "NORA@EXAMPLE.TEST", "ANALYST").await),
            "ALREADY_INVITED"
        );
        let first = invitation_token(app, "nora@example.test").await;
        app.advance(Duration::from_secs(7 * 24 * 3600));
        assert_eq!(outcome(&register(&app.client(), &first).await), "EXPIRED");
        let client = app.client_of(&owner).await;
        let listed = client.send(LIST, json!({ "account": account.to_string() })).await;
        assert_eq!(listed.text("/account/invitations/edges/0/node/state"), "EXPIRED");

        assert_eq!(outcome(&resend(&client, &id).await), "InvitationResent");
        let second = invitation_token(app, "nora@example.test").await;
        assert_ne!(first, second);
        app.advance(Duration::from_millis(7 * 24 * 3600 * 1000 - 1));
        assert_eq!(
            outcome(&register(&app.client(), &first).await),
            "InvitationAccepted",
            "earlier mails count too"
        );
        assert_eq!(outcome(&register(&app.client(), &second).await), "INVALID");
        let client = app.client_of(&owner).await;
        assert_eq!(outcome(&resend(&client, &id).await), "NOT_PENDING");

        invite(&client, account, "late@example.test", "ANALYST").await;
        app.deliver().await;
        app.advance(Duration::from_secs(8 * 24 * 3600));
        let client = app.client_of(&owner).await;
        let again = invite(&client, account, "late@example.test", "ADMIN").await;
        assert_eq!(outcome(&again), "UserInvited", "an expired one stands in nobody's way");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_forged_or_taken_back_is_invalid() {
    harness::run(async |app| {
        let (account, _, client) = owned(app, "Acme").await;
        for forged in ["", "x", "lki_", &format!("lki_{}", "A".repeat(43)), &"x".repeat(10_000)] {
            assert_eq!(outcome(&register(&app.client(), forged).await), "INVALID", "{forged:.20}");
        }
        let invited = invite(&client, account, "nora@example.test", "ANALYST").await;
        let id = invited.text("/inviteUser/invitation/id");
        let token = invitation_token(app, "nora@example.test").await;
        assert_eq!(outcome(&revoke(&client, id).await), "InvitationRevoked");
        assert_eq!(outcome(&revoke(&client, id).await), "NOT_PENDING");
        assert_eq!(outcome(&register(&app.client(), &token).await), "INVALID");
        assert_eq!(people(app, "nora@example.test").await, 0);

        let (_, _, stranger) = owned(app, "Elsewhere").await;
        assert_eq!(revoke(&stranger, id).await.code(), "NOT_FOUND");
        assert_eq!(invite(&stranger, account, "x@example.test", "ADMIN").await.code(), "NOT_FOUND");
        assert_eq!(outcome(&invite(&client, account, "x@example.test", "OWNER").await), "ROLE_NOT_GRANTABLE");
        assert_eq!(invite(&client, account, "no address", "ADMIN").await.code(), "BAD_USER_INPUT");
        let idn = invite(&client, account, "zoë@bücher.example", "ADMIN").await;
        assert_eq!(idn.text("/inviteUser/invitation/email"), "zoë@bücher.example");
        assert_eq!(
            outcome(&invite(&client, account, "ZOË@xn--bcher-kva.example", "ADMIN").await),
            "ALREADY_INVITED"
        );
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_mails_an_hour_go_to_one_address() {
    harness::run(async |app| {
        let (account, _, client) = owned(app, "Acme").await;
        let invited = invite(&client, account, "nora@example.test", "ANALYST").await;
        let id = invited.text("/inviteUser/invitation/id");
        for _ in 0..4 {
            assert_eq!(outcome(&resend(&client, id).await), "InvitationResent");
        }
        let sixth = resend(&client, id).await;
        assert_eq!(outcome(&sixth), "TOO_MANY_INVITATIONS");
        assert!(sixth.data("/resendInvitation/retryAt").is_string());
        revoke(&client, id).await;
        let around = invite(&client, account, "nora@example.test", "ANALYST").await;
        assert_eq!(outcome(&around), "TOO_MANY_INVITATIONS", "taking it back does not help");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_accepts_of_one_invitation_at_once_have_one_winner() {
    harness::run(async |app| {
        let (account, _, client) = owned(app, "Acme").await;
        invite(&client, account, "nora@example.test", "ANALYST").await;
        let token = invitation_token(app, "nora@example.test").await;
        let clients: Vec<_> = (0..10).map(|_| app.client()).collect();
        let replies = join_all(clients.iter().map(|client| register(client, &token))).await;
        let outcomes: Vec<_> = replies.iter().map(outcome).collect();
        assert_eq!(outcomes.iter().filter(|said| *said == "InvitationAccepted").count(), 1, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|said| *said == "INVALID").count(), 9, "{outcomes:?}");
        assert_eq!(people(app, "nora@example.test").await, 1);
        assert_eq!(whole(app, account).await.len(), 2);
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::InvitationAccepted).await, 1);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_invitations_of_one_newcomer_accepted_at_once_make_one_user() {
    harness::run(async |app| {
        let (acme, _, of_acme) = owned(app, "Acme").await;
        let (other, _, of_other) = owned(app, "Other").await;
        invite(&of_acme, acme, "nora@example.test", "ANALYST").await;
        let first = invitation_token(app, "nora@example.test").await;
        invite(&of_other, other, "Nora@example.test", "ANALYST").await;
        let second = invitation_token(app, "Nora@example.test").await;
        let (a, b) = (app.client(), app.client());
        let (a, b) = tokio::join!(register(&a, &first), register(&b, &second));
        let mut said = [outcome(&a), outcome(&b)];
        said.sort();
        assert_eq!(said, ["InvitationAccepted", "LOG_IN_REQUIRED"]);
        assert_eq!(people(app, "nora@example.test").await, 1);
        let both = whole(app, acme).await.len() + whole(app, other).await.len();
        assert_eq!(both, 3, "two Owners, and the newcomer in one of the accounts");
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_invitations_of_one_address_leave_one_waiting() {
    harness::run(async |app| {
        let (account, owner, _) = owned(app, "Acme").await;
        let token = app.session_token(&owner).await;
        let clients: Vec<_> = (0..4).map(|_| app.client().with_token(&token)).collect();
        let replies =
            join_all(clients.iter().map(|client| invite(client, account, "nora@example.test", "ADMIN")))
                .await;
        let mut outcomes: Vec<_> = replies.iter().map(outcome).collect();
        outcomes.sort();
        assert_eq!(outcomes, ["ALREADY_INVITED", "ALREADY_INVITED", "ALREADY_INVITED", "UserInvited"]);
        assert_eq!(app.deliver().await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_an_account_that_enforces_mfa_leaves_no_session_without_it() {
    harness::run(async |app| {
        let (account, _, client) = owned(app, "Acme").await;
        app.enforce_mfa(account).await;
        let plain = app.person("Paul Plain").create().await;
        invite(&client, account, &plain.email, "ANALYST").await;
        let token = invitation_token(app, &plain.email).await;
        let session = app.session_token(&plain).await;
        let joined = accept(&app.client().with_token(&session), &token).await;
        assert_eq!(joined.data("/acceptInvitation/enrollmentRequired"), &json!(true));
        let viewer = app.client().with_token(&session).ask("{ viewer { user { id } } }").await;
        assert_eq!(viewer.code(), "UNAUTHENTICATED", "the session began without MFA");
        assert_eq!(log_in(&app.client(), &plain).await.text("/logIn/__typename"), "MfaEnrollmentRequired");
        app.deliver().await;
    })
    .await;
}
