//! Giving roles, and acting on those who hold them: nobody gives or takes more than they hold.

use latchkey::domain::{AccountRole, AuditAction, Permission, PortfolioRole, Scope};
use serde_json::json;

use super::{HELP, World, give, invite_as, stored, world};
use crate::accounts::{outcome, remove, role, transfer, whole};
use crate::harness::{self, token_in};
use crate::invitations::invite;

const ACCEPT: &str = "mutation($t: String!) { acceptInvitation(input: { token: $t }) {
    __typename ... on AcceptInvitationRejected { reason } } }";

#[tokio::test(flavor = "multi_thread")]
async fn mail_names_the_custom_role_and_the_base_where_it_is_gone() {
    harness::run(async |app| {
        let World { account, owner, .. } = world(app).await;
        let client = app.client_of(&owner).await;
        let may = [Permission::UsersView, Permission::MfaReset];
        let desk = app.custom_role(account, "Reset desk", AccountRole::Analyst, &may).await;
        let nora = app.person("Nora").with_mfa().create().await;
        let read = async |person| app.latest_mail(person).await.text.replace('\n', " ");
        invite_as(&client, account, &nora.email, desk).await;
        assert!(read(&nora).await.contains(", as Reset desk of the account Acme."));
        let token = token_in(&app.latest_mail(&nora).await.text);
        app.client_of(&nora).await.send(ACCEPT, json!({ "t": token })).await;
        assert!(read(&owner).await.contains(", as Reset desk of the account Acme."));

        let anna =
            app.person("Anna Asked").with_mfa().in_account(account, AccountRole::Analyst).create().await;
        crate::main_job::reset(&app.client_of(&nora).await, &anna).await;
        assert!(read(&anna).await.contains("As: Reset desk of the account Acme"));

        give(&client, account, &anna, desk).await;
        assert!(read(&anna).await.contains("You are now Reset desk of the account Acme."));
        role(&client, account, &anna, "MANAGER").await;
        assert!(read(&anna).await.contains("You are now Manager of the account Acme."));

        // Whatever became of the role until the mail is written.
        give(&client, account, &anna, desk).await;
        let mut tx = app.store.begin().await.unwrap();
        app.store.account_roles.delete_all(&mut tx, account).await.unwrap();
        tx.commit().await.unwrap();
        assert!(read(&anna).await.contains("You are now Analyst of the account Acme."));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_offered_accepted_shown_and_replaced() {
    harness::run(async |app| {
        let World { account, owner, .. } = world(app).await;
        let client = app.client_of(&owner).await;
        let help = app.custom_role(account, "Help", AccountRole::Support, &[Permission::AuditView]).await;
        let nora = app.person("Nora").create().await;
        let invited = invite_as(&client, account, &nora.email, help).await;
        let offer = invited.data("/inviteUser/invitation/offer");
        assert_eq!(offer, &json!({ "role": "SUPPORT", "customRole": { "id": help.to_string(), "name": "Help" } }));
        let token = token_in(&app.latest_mail(&nora).await.text);
        let preview = "query($t: String!) { invitationByToken(token: $t) { accountRole customRoleName } }";
        let preview = app.client().send(preview, json!({ "t": token })).await;
        let expected = json!({ "accountRole": "SUPPORT", "customRoleName": "Help" });
        assert_eq!(preview.data("/invitationByToken"), &expected);

        let hers = app.client_of(&nora).await;
        assert_eq!(outcome(&hers.send(ACCEPT, json!({ "t": token })).await), "InvitationAccepted");
        assert_eq!(stored(app, account, &nora).await, ("SUPPORT".to_owned(), Some(help)));
        let mine = hers
            .ask("{ viewer { accounts { edges { role customRole { name } node { viewerRole viewerPermissions } } }
                user { memberships { role customRole { id base } } } } }")
            .await;
        let edge = mine.data("/viewer/accounts/edges/0");
        assert_eq!((&edge["role"], &edge["customRole"]["name"]), (&json!("SUPPORT"), &json!("Help")));
        assert_eq!(edge["node"], json!({ "viewerRole": "SUPPORT", "viewerPermissions": ["AUDIT_VIEW"] }));
        let place = mine.data("/viewer/user/memberships/0");
        assert_eq!(place["customRole"], json!({ "id": help.to_string(), "base": "SUPPORT" }));

        let tab = "query($id: ID!) { account(id: $id) { viewerPermissions
            users(search: \"nora\") { edges { role customRole { name permissions } } } } }";
        let tab = client.send(tab, json!({ "id": account.to_string() })).await;
        let edge = json!({ "role": "SUPPORT", "customRole": { "name": "Help", "permissions": ["AUDIT_VIEW"] } });
        assert_eq!(tab.data("/account/users/edges/0"), &edge);
        assert_eq!(tab.data("/account/viewerPermissions").as_array().unwrap().len(), Permission::ALL.len());

        assert_eq!(outcome(&give(&client, account, &nora, help).await), "UserRoleChanged");
        let unchanged = app.audit_count(Scope::Account(account), AuditAction::UserRoleChanged).await;
        assert_eq!(unchanged, 0, "the same role again is no change");
        let back = role(&client, account, &nora, "SUPPORT").await;
        assert_eq!(back.text("/changeUserRole/role"), "SUPPORT");
        assert_eq!(stored(app, account, &nora).await, ("SUPPORT".to_owned(), None), "the base alone is another role");
        let changed = give(&client, account, &nora, help).await;
        assert_eq!(changed.text("/changeUserRole/customRole/name"), "Help");
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::UserRoleChanged).await, 2);
        app.deliver().await;
        whole(app, account).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_names_exactly_one_role() {
    harness::run(async |app| {
        let World { account, owner, analyst, .. } = world(app).await;
        let client = app.client_of(&owner).await;
        let change =
            "mutation($input: ChangeUserRoleInput!) { changeUserRole(input: $input) { __typename } }";
        let input = json!({ "accountId": account.to_string(), "userId": analyst.gid() });
        for (more, expected) in [
            (json!({}), "role: expected either role or customRoleId"),
            (
                json!({ "role": "ADMIN", "customRoleId": "role_01h2xcejqtf2nbrexx3vqjhp41" }),
                "role: expected either role or customRoleId",
            ),
            (json!({ "customRoleId": analyst.gid() }), "customRoleId: expected an id of the form role_…"),
        ] {
            let mut input = input.clone();
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let reply = client.send(change, json!({ "input": input })).await;
            assert_eq!(reply.code(), "BAD_USER_INPUT");
            assert_eq!(reply.body["errors"][0]["message"], expected);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_more_than_they_hold() {
    harness::run(async |app| {
        let World { account, analyst, desk, admin, .. } = world(app).await;
        let help = app.custom_role(account, "Help", AccountRole::Analyst, HELP).await;
        let look = app.custom_role(account, "Look", AccountRole::Manager, &[Permission::UsersView]).await;
        let chief = app.custom_role(account, "Chief", AccountRole::Admin, &[Permission::UsersView]).await;
        let elsewhere = app.account("Elsewhere").await;
        let foreign = app.custom_role(elsewhere, "Foreign", AccountRole::Analyst, &[]).await;
        let client = app.client_of(&desk).await;

        for (given, expected) in [
            (look, "UserRoleChanged"),
            (help, "MORE_THAN_HELD"),
            (chief, "MORE_THAN_HELD"),
            (foreign, "NO_SUCH_ROLE"),
        ] {
            assert_eq!(outcome(&give(&client, account, &analyst, given).await), expected, "{given}");
            // Oneself is nobody else: no one promotes themselves.
            if given != look {
                assert_eq!(outcome(&give(&client, account, &desk, given).await), expected, "{given}");
            }
            let email = format!("{given}@example.test");
            let invited = outcome(&invite_as(&client, account, &email, given).await);
            assert_eq!(invited, if given == look { "UserInvited" } else { expected }, "{given}");
        }
        assert_eq!(stored(app, account, &analyst).await, ("MANAGER".to_owned(), Some(look)));
        assert_eq!(outcome(&role(&client, account, &analyst, "ADMIN").await), "MORE_THAN_HELD");
        assert_eq!(outcome(&role(&client, account, &desk, "ADMIN").await), "MORE_THAN_HELD");
        assert_eq!(outcome(&invite(&client, account, "x@example.test", "ADMIN").await), "MORE_THAN_HELD");
        assert_eq!(outcome(&role(&client, account, &analyst, "OWNER").await), "ROLE_NOT_GRANTABLE");
        assert_eq!(outcome(&role(&client, account, &analyst, "CONTENT_CREATOR").await), "UserRoleChanged");
        assert_eq!(outcome(&invite(&client, account, "y@example.test", "MANAGER").await), "UserInvited");
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::UserChangeRefused).await, 13);

        // What an Admin has offered is not the desk's to send again; to take it back gives nobody anything.
        let invited = invite(&app.client_of(&admin).await, account, "z@example.test", "ADMIN").await;
        let id = invited.text("/inviteUser/invitation/id");
        let again = "mutation($id: ID!) { resendInvitation(input: { invitationId: $id }) {
            __typename ... on ResendInvitationRejected { reason } } }";
        assert_eq!(outcome(&client.send(again, json!({ "id": id })).await), "MORE_THAN_HELD");
        let revoke = "mutation($id: ID!) { revokeInvitation(input: { invitationId: $id }) { __typename } }";
        assert_eq!(outcome(&client.send(revoke, json!({ "id": id })).await), "InvitationRevoked");
        app.deliver().await;
        whole(app, account).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_or_removes_whoever_holds_more() {
    harness::run(async |app| {
        let World { account, owner, admin, analyst, desk } = world(app).await;
        let help = app.custom_role(account, "Help", AccountRole::ContentCreator, HELP).await;
        let helper = app.person("Hans").holding(account, help).create().await;
        let client = app.client_of(&desk).await;
        for person in [&admin, &helper] {
            assert_eq!(outcome(&role(&client, account, person, "ANALYST").await), "HOLDS_MORE");
            assert_eq!(outcome(&remove(&client, account, person).await), "HOLDS_MORE");
        }
        assert_eq!(outcome(&role(&client, account, &owner, "ANALYST").await), "IS_OWNER");
        assert_eq!(outcome(&remove(&client, account, &owner).await), "IS_OWNER");
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::UserChangeRefused).await, 6);
        assert_eq!(stored(app, account, &helper).await, ("CONTENT_CREATOR".to_owned(), Some(help)));
        assert_eq!(outcome(&remove(&client, account, &analyst).await), "UserRemoved");
        // Leaving is everybody's own.
        assert_eq!(outcome(&remove(&app.client_of(&helper).await, account, &helper).await), "UserRemoved");
        // Owner and Admin manage whoever it is, as ever.
        let desk_again = give(&app.client_of(&admin).await, account, &desk, help).await;
        assert_eq!(outcome(&desk_again), "UserRoleChanged");
        assert_eq!(outcome(&remove(&app.client_of(&admin).await, account, &desk).await), "UserRemoved");
        app.deliver().await;
        assert_eq!(whole(app, account).await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_made_owner_holds_no_custom_role() {
    harness::run(async |app| {
        let World { account, owner, desk, .. } = world(app).await;
        let done = transfer(&app.client_of(&owner).await, account, &desk).await;
        assert_eq!(outcome(&done), "AccountOwnershipTransferred");
        assert_eq!(stored(app, account, &desk).await, ("OWNER".to_owned(), None));
        let permissions = "query($id: ID!) { account(id: $id) { viewerRole viewerPermissions } }";
        let now = app.client_of(&desk).await.send(permissions, json!({ "id": account.to_string() })).await;
        assert_eq!(now.data("/account/viewerPermissions").as_array().unwrap().len(), Permission::ALL.len());
        whole(app, account).await;
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portfolio_gives_the_roles_of_its_accounts() {
    harness::run(async |app| {
        let portfolio = app.portfolio("Group").await;
        let account = app.account_in("Acme", Some(portfolio)).await;
        let bolt = app.account_in("Bolt", Some(portfolio)).await;
        app.person("Olga").in_account(account, AccountRole::Owner).create().await;
        let anna = app.person("Anna").in_account(account, AccountRole::Analyst).create().await;
        let boss = app.person("Petra").in_portfolio(portfolio, PortfolioRole::Admin).create().await;
        let help = app.custom_role(account, "Help", AccountRole::Manager, HELP).await;
        let foreign = app.custom_role(bolt, "Help", AccountRole::Manager, HELP).await;
        let update = "mutation($input: UpdatePortfolioUserAccessInput!) { updatePortfolioUserAccess(input: $input) {
            ... on PortfolioUserAccessUpdated { outcomes { accountsChanged rejected { reason } } } } }";
        let (a, user) = (account.to_string(), anna.gid());
        let change = |role: &str| json!({ "accountId": a, "userId": user, "customRoleId": role });
        let invite = |role: &str, email: &str| json!({ "accountId": a, "email": email, "customRoleId": role });
        let input = json!({
            "portfolioId": portfolio.to_string(),
            "changeRole": [change(&help.to_string()), change(&help.to_string()), change(&foreign.to_string())],
            "invite": [invite(&help.to_string(), "nora@example.test"), invite(&foreign.to_string(), "nils@example.test")],
        });
        let client = app.client_of(&boss).await;
        let done = client.send(update, json!({ "input": input })).await;
        let outcomes = done.data("/updatePortfolioUserAccess/outcomes").as_array().unwrap().clone();
        let said: Vec<_> = outcomes
            .iter()
            .map(|outcome| (outcome["accountsChanged"].as_i64().unwrap(), outcome["rejected"]["reason"].clone()))
            .collect();
        let (none, unknown) = (serde_json::Value::Null, json!("NO_SUCH_ROLE"));
        let expected =
            [(1, none.clone()), (0, none.clone()), (0, unknown.clone()), (1, none.clone()), (0, unknown)];
        assert_eq!(said, expected);
        assert_eq!(stored(app, account, &anna).await, ("MANAGER".to_owned(), Some(help)));
        let input = json!({ "portfolioId": portfolio.to_string(), "invite": [{ "accountId": a, "email": "z@example.test" }] });
        let bad = client.send(update, json!({ "input": input })).await;
        assert_eq!(bad.body["errors"][0]["message"], "invite[0].role: expected either role or customRoleId");
        app.deliver().await;
        whole(app, account).await;
    })
    .await;
}
