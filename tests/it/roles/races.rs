//! Roles that are given, changed and deleted at the same moment.

use latchkey::domain::{AccountRole, Permission};
use serde_json::json;

use super::{DESK, World, create, delete, give, invite_as, no_role_is_missing, stored, update, world};
use crate::accounts::{outcome, whole};
use crate::harness::{self, token_in};
use crate::invitations::invite;

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_given_or_deleted_and_never_both() {
    harness::run(async |app| {
        let World { account, owner, admin, analyst, .. } = world(app).await;
        let (a, b) = (app.client_of(&owner).await, app.client_of(&admin).await);
        let mut seen = Vec::new();
        for round in 0..6 {
            let name = format!("Role {round}");
            let role = app.custom_role(account, &name, AccountRole::Manager, &[Permission::UsersView]).await;
            let (given, deleted) = tokio::join!(give(&a, account, &analyst, role), delete(&b, role));
            let said = [outcome(&given), outcome(&deleted)];
            let held = stored(app, account, &analyst).await.1 == Some(role);
            match [said[0].as_str(), said[1].as_str()] {
                ["UserRoleChanged", "ROLE_IN_USE"] => assert!(held),
                ["NO_SUCH_ROLE", "CustomRoleDeleted"] => assert!(!held),
                other => panic!("{other:?}"),
            }
            no_role_is_missing(app, account).await;
            seen.push(said);
        }
        whole(app, account).await;
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_accepted_or_its_role_is_deleted_and_never_both() {
    harness::run(async |app| {
        let World { account, owner, .. } = world(app).await;
        let client = app.client_of(&owner).await;
        let accept = "mutation($t: String!) { acceptInvitation(input: { token: $t }) {
            __typename ... on AcceptInvitationRejected { reason } } }";
        for round in 0..4 {
            let name = format!("Role {round}");
            let role = app.custom_role(account, &name, AccountRole::Admin, &[Permission::AuditView]).await;
            let guest = app.person(&format!("Guest {round}")).create().await;
            invite_as(&client, account, &guest.email, role).await;
            let token = token_in(&app.latest_mail(&guest).await.text);
            // The invitation is taken back, so that nothing holds the role, while the guest accepts.
            let pending = "query($id: ID!) { account(id: $id) { invitations { edges { node { id } } } } }";
            let pending = client.send(pending, json!({ "id": account.to_string() })).await;
            let id = pending.data("/account/invitations/edges/0/node/id").clone();
            let revoke = "mutation($id: ID!) { revokeInvitation(input: { invitationId: $id }) {
                __typename ... on RevokeInvitationRejected { reason } } }";
            let hers = app.client_of(&guest).await;
            let take_back = async {
                client.send(revoke, json!({ "id": id })).await;
                delete(&client, role).await
            };
            let (accepted, deleted) = tokio::join!(hers.send(accept, json!({ "t": token })), take_back);
            match (outcome(&accepted).as_str(), outcome(&deleted).as_str()) {
                ("InvitationAccepted", "ROLE_IN_USE") => {
                    assert_eq!(stored(app, account, &guest).await, ("ADMIN".to_owned(), Some(role)));
                }
                ("INVALID", "CustomRoleDeleted") => {}
                other => panic!("{other:?}"),
            }
            no_role_is_missing(app, account).await;
        }
        whole(app, account).await;
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_that_are_cut_while_their_holder_acts_are_cut_for_the_act_or_after_it() {
    harness::run(async |app| {
        let World { account, owner, .. } = world(app).await;
        let client = app.client_of(&owner).await;
        for round in 0..6 {
            let role = app.custom_role(account, &format!("Desk {round}"), AccountRole::Analyst, DESK).await;
            let holder = app.person(&format!("Dora {round}")).holding(account, role).create().await;
            let hers = app.client_of(&holder).await;
            let email = format!("new{round}@example.test");
            let (invited, cut) = tokio::join!(
                invite(&hers, account, &email, "ANALYST"),
                update(&client, role, json!({ "permissions": ["USERS_VIEW"] })),
            );
            assert_eq!(outcome(&cut), "CustomRoleUpdated");
            assert!(["UserInvited", "FORBIDDEN"].contains(&outcome(&invited).as_str()));
            let after = invite(&hers, account, &format!("more{round}@example.test"), "ANALYST").await;
            assert_eq!(outcome(&after), "FORBIDDEN");
        }
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_roles_of_one_name_are_one_too_many() {
    harness::run(async |app| {
        let World { account, owner, admin, .. } = world(app).await;
        let (a, b) = (app.client_of(&owner).await, app.client_of(&admin).await);
        for round in 0..4 {
            let (lower, upper) = (format!("help {round}"), format!("HELP {round}"));
            let (one, two) = tokio::join!(
                create(&a, account, &lower, "ANALYST", &[]),
                create(&b, account, &upper, "ANALYST", &[]),
            );
            let mut said = [outcome(&one), outcome(&two)];
            said.sort();
            assert_eq!(said, ["CustomRoleCreated", "NAME_TAKEN"]);
        }
    })
    .await;
}
