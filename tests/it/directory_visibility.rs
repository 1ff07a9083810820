//! Who sees what, and how a denial looks: null where a thing is hidden, null and FORBIDDEN where a visible thing's field
//! is guarded, and the rest of the answer stands.

use latchkey::domain::{AccountRole, AuditAction, PortfolioRole, Scope};
use serde_json::{Value, json};

use crate::harness::{self, Client, Person, Reply, TestApp};

async fn see(client: &Client, query: &str, id: &str) -> Reply {
    client.send(query, json!({ "id": id })).await
}

async fn sees_user(app: &TestApp, viewer: &Person, id: &str) -> bool {
    let client = app.client_of(viewer).await;
    let reply = see(&client, "query($id: ID!) { user(id: $id) { id } node(id: $id) { id } }", id).await;
    let (user, node) = (reply.data("/user").clone(), reply.data("/node").clone());
    assert_eq!(user, node);
    !user.is_null()
}

#[tokio::test]
async fn a_user_is_seen_from_shared_places_and_by_those_who_manage_it() {
    harness::run(async |app| {
        let (group, other_group) = (app.portfolio("Group").await, app.portfolio("Other").await);
        let (here, elsewhere) = (app.account_in("Here", Some(group)).await, app.account("Elsewhere").await);
        let target = app.person("Tara").in_account(here, AccountRole::Owner);
        let target = target.in_portfolio(other_group, PortfolioRole::Analyst).create().await;
        let id = target.gid();
        assert!(sees_user(app, &target, &id).await, "oneself");
        for role in AccountRole::ALL {
            let name = format!("Account {}", role.as_str());
            let colleague = app.person(&name).in_account(here, role).create().await;
            assert!(sees_user(app, &colleague, &id).await, "{name}");
        }
        for role in PortfolioRole::ALL {
            let name = format!("Group {}", role.as_str());
            let above = app.person(&name).in_portfolio(group, role).create().await;
            assert_eq!(sees_user(app, &above, &id).await, role.is_owner_or_admin(), "{name}");
            let name = format!("Other {}", role.as_str());
            let beside = app.person(&name).in_portfolio(other_group, role).create().await;
            assert!(sees_user(app, &beside, &id).await, "{name}");
        }
        let stranger = app.person("Sven").in_account(elsewhere, AccountRole::Owner).create().await;
        assert!(!sees_user(app, &stranger, &id).await, "stranger");
        let unknown = latchkey::domain::UserId::generate(app.now()).to_string();
        assert!(!sees_user(app, &stranger, &unknown).await, "what does not exist looks the same");
    })
    .await;
}

#[tokio::test]
async fn what_is_secret_about_a_user_is_null_for_others() {
    harness::run(async |app| {
        let here = app.account("Here").await;
        let target = app.person("Tara").with_mfa().in_account(here, AccountRole::Analyst).create().await;
        let admin = app.person("Adam").with_mfa().in_account(here, AccountRole::Admin).create().await;
        let support = app.person("Sue").in_account(here, AccountRole::Support).create().await;
        app.log_in(&target).await;
        let query =
            "query($id: ID!) { user(id: $id) { name lastLogInAt mfa { enabled enabledAt methods required
            backupCodesRemaining } mfaResetEligibility { allowed reason } pendingMfaReset { id } } }";
        let ask = async |viewer: &Person| see(&app.client_of(viewer).await, query, &target.gid()).await;

        let own = ask(&target).await;
        assert!(own.at("/user/lastLogInAt").is_string());
        assert_eq!(own.at("/user/mfa/methods"), &json!(["TOTP", "BACKUP_CODE"]));
        assert_eq!(own.at("/user/mfa/backupCodesRemaining"), 10);
        assert_eq!(own.at("/user/mfaResetEligibility"), &json!({ "allowed": false, "reason": "SELF_RESET" }));
        assert_eq!(own.at("/user/pendingMfaReset"), &Value::Null);
        assert_eq!(own.body["errors"].as_array().unwrap().len(), 1);
        assert_eq!(
            (own.code(), &own.body["errors"][0]["path"]),
            ("FORBIDDEN", &json!(["user", "pendingMfaReset"]))
        );

        let managed = ask(&admin).await;
        assert!(managed.data("/user/lastLogInAt").is_string());
        assert_eq!(managed.data("/user/mfa/enabled"), true);
        assert_eq!(managed.data("/user/mfa/required"), false);
        assert_eq!(managed.data("/user/mfa/backupCodesRemaining"), &Value::Null);
        assert_eq!(managed.data("/user/mfaResetEligibility"), &json!({ "allowed": true, "reason": null }));

        let looked = ask(&support).await;
        assert_eq!(looked.at("/user/name"), "Tara");
        assert_eq!(looked.at("/user/lastLogInAt"), &Value::Null);
        assert_eq!(looked.at("/user/mfa"), &Value::Null);
        assert_eq!(looked.at("/user/mfaResetEligibility/reason"), "NOT_PERMITTED");
        assert_eq!(looked.body["errors"].as_array().unwrap().len(), 1, "only pendingMfaReset complains");
        assert_eq!(app.audit_count(Scope::Account(here), AuditAction::AccessDenied).await, 2);

        app.enforce_mfa(here).await;
        assert_eq!(ask(&admin).await.data("/user/mfa/required"), true);
    })
    .await;
}

#[tokio::test]
async fn eligibility_says_what_the_mutation_would_say() {
    harness::run(async |app| {
        let here = app.account("Here").await;
        let admin = app.person("Adam").in_account(here, AccountRole::Admin).create().await;
        let target = app.person("Tara").with_mfa().in_account(here, AccountRole::Owner).create().await;
        let bare = app.person("Bob").in_account(here, AccountRole::Owner).create().await;
        let client = app.client_of(&admin).await;
        let reason = async |person: &Person| {
            let query = "query($id: ID!) { user(id: $id) { mfaResetEligibility { allowed reason }
                pendingMfaReset { id state requestedBy { name } } } }";
            see(&client, query, &person.gid()).await.data("/user").clone()
        };
        assert_eq!(reason(&bare).await["mfaResetEligibility"]["reason"], "MFA_NOT_ENABLED");
        assert_eq!(reason(&target).await["pendingMfaReset"], Value::Null);
        for _ in 0..5 {
            assert_eq!(
                reason(&target).await["mfaResetEligibility"],
                json!({ "allowed": true, "reason": null })
            );
            let query = "mutation($id: ID!) { resetUserMfa(input: { userId: $id }) { __typename } }";
            see(&client, query, &target.gid()).await.data("/resetUserMfa");
        }
        let now = reason(&target).await;
        assert_eq!(now["mfaResetEligibility"], json!({ "allowed": false, "reason": "TOO_MANY_RESETS" }));
        assert_eq!(now["pendingMfaReset"]["state"], "PENDING");
        assert_eq!(now["pendingMfaReset"]["requestedBy"]["name"], "Adam");
        app.advance(std::time::Duration::from_secs(3601));
        assert_eq!(reason(&target).await["mfaResetEligibility"]["allowed"], true);
        app.advance(std::time::Duration::from_secs(12 * 3600));
        let later = app.client_of(&admin).await;
        let query = "query($id: ID!) { user(id: $id) { pendingMfaReset { id } } }";
        let waiting = see(&later, query, &target.gid()).await;
        assert_eq!(waiting.data("/user/pendingMfaReset"), &Value::Null, "an expired one waits no more");
        app.mail_may_wait();
    })
    .await;
}

#[tokio::test]
async fn memberships_show_shared_and_managed_accounts_only() {
    harness::run(async |app| {
        let group = app.portfolio("Group").await;
        let linked = app.account_in("b linked", Some(group)).await;
        let shared = app.account("C shared").await;
        let private = app.account("a private").await;
        let target = app.person("Tara").in_account(linked, AccountRole::Manager);
        let target = target.in_account(shared, AccountRole::Owner).in_account(private, AccountRole::Support);
        let target = target.create().await;
        let colleague = app.person("Carl").in_account(shared, AccountRole::Support).create().await;
        let above = app.person("Paul").in_portfolio(group, PortfolioRole::Admin).create().await;
        let names = async |viewer: &Person| -> Vec<String> {
            let query =
                "query($id: ID!) { user(id: $id) { memberships { role joinedAt account { name } } } }";
            let reply = see(&app.client_of(viewer).await, query, &target.gid()).await;
            let list = reply.data("/user/memberships").as_array().unwrap().clone();
            list.iter().map(|place| place["account"]["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&target).await, ["a private", "b linked", "C shared"]);
        assert_eq!(names(&colleague).await, ["C shared"]);
        assert_eq!(names(&above).await, ["b linked"]);
    })
    .await;
}

#[tokio::test]
async fn guarded_fields_of_an_account_are_null_and_forbidden_and_the_rest_stands() {
    harness::run(async |app| {
        let group = app.portfolio("Group").await;
        let here = app.account_in("Here", Some(group)).await;
        let query =
            "query($id: ID!) { account(id: $id) { name viewerRole portfolio { name } users { totalCount }
            mfaResets { totalCount } auditLog { totalCount } } }";
        let all = ["users", "mfaResets", "auditLog"];
        let check = async |viewer: &Person, allowed: &[&str], what: &str| {
            let reply = see(&app.client_of(viewer).await, query, &here.to_string()).await;
            assert_eq!(reply.at("/account/name"), "Here", "{what}");
            assert_eq!(reply.at("/account/portfolio/name"), "Group", "{what}");
            for field in all {
                let value = reply.at(&format!("/account/{field}"));
                assert_eq!(!value.is_null(), allowed.contains(&field), "{what}: {field}");
            }
            let errors = reply.body["errors"].as_array().cloned().unwrap_or_default();
            let mut paths: Vec<_> = errors.iter().map(|error| error["path"][1].as_str().unwrap()).collect();
            paths.sort_unstable();
            let mut denied: Vec<_> = all.into_iter().filter(|field| !allowed.contains(field)).collect();
            denied.sort_unstable();
            assert_eq!(paths, denied, "{what}");
            assert!(errors.iter().all(|error| error["extensions"]["code"] == "FORBIDDEN"), "{what}");
            reply.at("/account/viewerRole").clone()
        };
        for role in AccountRole::ALL {
            let name = format!("Account {}", role.as_str());
            let person = app.person(&name).in_account(here, role).create().await;
            let allowed = if role.is_owner_or_admin() { &all[..] } else { &all[..1] };
            assert_eq!(check(&person, allowed, &name).await, role.as_str());
        }
        for role in PortfolioRole::ALL {
            let name = format!("Portfolio {}", role.as_str());
            let person = app.person(&name).in_portfolio(group, role).create().await;
            let allowed = if role.is_owner_or_admin() { &all[1..] } else { &[] };
            assert_eq!(check(&person, allowed, &name).await, Value::Null);
        }
        // Once for each action and request: five account roles miss two, two portfolio roles one, and two of them three.
        assert_eq!(app.audit_count(Scope::Account(here), AuditAction::AccessDenied).await, 18);
        let stranger = app.person("Sven").create().await;
        let reply = see(&app.client_of(&stranger).await, query, &here.to_string()).await;
        assert_eq!(reply.data("/account"), &Value::Null);
    })
    .await;
}

#[tokio::test]
async fn a_portfolio_shows_members_of_linked_accounts_their_own_accounts_only() {
    harness::run(async |app| {
        let group = app.portfolio("Group").await;
        let mine = app.account_in("Mine", Some(group)).await;
        app.account_in("Theirs", Some(group)).await;
        let query = "query($id: ID!) { portfolio(id: $id) { name viewerRole accounts { totalCount edges { node { name } } }
            users { totalCount } accountUsers { totalCount } mfaResets { totalCount } auditLog { totalCount } } }";
        let look = async |viewer: &Person| see(&app.client_of(viewer).await, query, &group.to_string()).await;

        let member = app.person("Mia").in_account(mine, AccountRole::Owner).create().await;
        let reply = look(&member).await;
        assert_eq!(reply.at("/portfolio/viewerRole"), &Value::Null);
        assert_eq!(
            reply.at("/portfolio/accounts"),
            &json!({ "totalCount": 1, "edges": [{ "node": { "name": "Mine" } }] })
        );
        assert_eq!(reply.body["errors"].as_array().unwrap().len(), 4);
        assert_eq!(reply.code(), "FORBIDDEN");

        let analyst = app.person("Ann").in_portfolio(group, PortfolioRole::Analyst).create().await;
        let reply = look(&analyst).await;
        assert_eq!(reply.at("/portfolio/viewerRole"), "ANALYST");
        assert_eq!(reply.at("/portfolio/accounts/totalCount"), 2);
        assert_eq!(reply.at("/portfolio/users/totalCount"), 1);
        assert_eq!(reply.body["errors"].as_array().unwrap().len(), 3);

        let admin = app.person("Pia").in_portfolio(group, PortfolioRole::Admin).create().await;
        let reply = look(&admin).await;
        assert_eq!(reply.data("/portfolio/accountUsers/totalCount"), 1);
        assert_eq!(reply.data("/portfolio/users/totalCount"), 2);

        let stranger = app.person("Sven").create().await;
        assert_eq!(look(&stranger).await.data("/portfolio"), &Value::Null);
    })
    .await;
}

#[tokio::test]
async fn whoever_sees_a_reset_sees_who_asked_and_by_what_right() {
    harness::run(async |app| {
        let (here, there) = (app.account("Here").await, app.account("There").await);
        let target = app.person("Tara").with_mfa().in_account(here, AccountRole::Analyst);
        let target = target.in_account(there, AccountRole::Analyst).create().await;
        let asker = app.person("Adam").in_account(here, AccountRole::Admin).create().await;
        let other = app.person("Olga").in_account(there, AccountRole::Owner).create().await;
        let asked = see(
            &app.client_of(&asker).await,
            "mutation($id: ID!) { resetUserMfa(input: { userId: $id, reason: \"lost phone\" }) {
               ... on MfaResetRequested { mfaReset { id } } } }",
            &target.gid(),
        )
        .await;
        let reset = asked.text("/resetUserMfa/mfaReset/id").to_owned();
        // Olga is in no account of Adam's, and yet sees who it was, and where from.
        let query = "query($id: ID!) { node(id: $id) { ... on MfaReset { state reason delivery closedAt user { name }
            requestedBy { name mfa { enabled } } authority { ... on AccountAuthority { role account { name portfolio { id }
            viewerRole users { totalCount } } } } } } }";
        let client = app.client_of(&other).await;
        let seen = see(&client, query, &reset).await;
        let node = seen.at("/node");
        assert_eq!(node["requestedBy"], json!({ "name": "Adam", "mfa": null }));
        assert_eq!(node["authority"]["account"]["name"], "Here");
        assert_eq!(node["authority"]["account"]["users"], Value::Null);
        assert_eq!((node["state"].clone(), node["reason"].clone()), (json!("PENDING"), json!("lost phone")));
        assert_eq!((seen.body["errors"].as_array().unwrap().len(), seen.code()), (1, "FORBIDDEN"));
        let listed = "query($id: ID!) { account(id: $id) { mfaResets(states: [PENDING]) { totalCount edges { node { id } } } } }";
        assert_eq!(see(&client, listed, &there.to_string()).await.data("/account/mfaResets/edges/0/node/id"), &json!(reset));
        let none = listed.replace("[PENDING]", "[EXPIRED, ACCEPTED]");
        assert_eq!(see(&client, &none, &there.to_string()).await.data("/account/mfaResets/totalCount"), 0);
        let support = app.person("Sue").in_account(here, AccountRole::Support).create().await;
        for person in [&target, &support] {
            let client = app.client_of(person).await;
            assert_eq!(see(&client, query, &reset).await.data("/node"), &Value::Null, "{}", person.name);
        }
        let log = "query($id: ID!) { account(id: $id) { auditLog(actions: [MFA_RESET_REQUESTED]) { totalCount edges { node {
            action credential actor { name } target { name } details { name value } } } } } }";
        let log = see(&client, log, &there.to_string()).await;
        let event = log.data("/account/auditLog/edges/0/node");
        assert_eq!((&event["actor"]["name"], &event["target"]["name"]), (&json!("Adam"), &json!("Tara")));
        assert_eq!((&event["credential"], log.at("/account/auditLog/totalCount")), (&json!("SESSION"), &json!(1)));
        app.mail_may_wait();
    })
    .await;
}

#[tokio::test]
async fn signed_out_only_viewer_answers_without_an_error() {
    harness::run(async |app| {
        let here = app.account("Here").await;
        let client = app.client();
        assert_eq!(client.ask("{ viewer { user { id } } }").await.data("/viewer"), &Value::Null);
        for field in ["user", "account", "portfolio", "node"] {
            let query =
                format!("query($id: ID!) {{ it: {field}(id: $id) {{ id }} viewer {{ user {{ id }} }} }}");
            let reply = see(&client, &query, &here.to_string()).await;
            assert_eq!(reply.at("/it"), &Value::Null, "{field}");
            assert_eq!((reply.code(), &reply.body["errors"][0]["path"]), ("UNAUTHENTICATED", &json!(["it"])));
        }
        let reply = see(&client, "query($id: ID!) { nodes(ids: [$id]) { id } }", &here.to_string()).await;
        assert_eq!((reply.code(), &reply.body["data"]), ("UNAUTHENTICATED", &Value::Null));
    })
    .await;
}

#[tokio::test]
async fn ids_are_checked_by_kind() {
    harness::run(async |app| {
        let here = app.account("Here").await;
        let person = app.person("Tara").in_account(here, AccountRole::Owner).create().await;
        let client = app.client_of(&person).await;
        for (field, id) in [
            ("user", here.to_string()),
            ("account", person.gid()),
            ("portfolio", "portfolio_".to_owned()),
            ("node", "session_01jd0000000000000000000000".to_owned()),
            ("node", person.gid().to_uppercase()),
            ("user", String::new()),
        ] {
            let query = format!("query($id: ID!) {{ {field}(id: $id) {{ id }} }}");
            let reply = see(&client, &query, &id).await;
            assert_eq!(reply.code(), "BAD_USER_INPUT", "{field} {id}: {:#}", reply.body);
            assert_eq!(reply.body["errors"][0]["extensions"]["field"], "id");
        }
        let ids = json!({ "ids": [here.to_string(), "nonsense", person.gid(), here.to_string()] });
        let reply = client.send("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids).await;
        let nodes = reply.at("/nodes");
        assert_eq!(nodes[0], json!({ "__typename": "Account", "id": here.to_string() }));
        assert_eq!(
            (&nodes[1], &nodes[2]["__typename"], &nodes[3]),
            (&Value::Null, &json!("User"), &nodes[0])
        );
        assert_eq!(
            (reply.code(), &reply.body["errors"][0]["path"]),
            ("BAD_USER_INPUT", &json!(["nodes", 1]))
        );
        let many = json!({ "ids": vec![here.to_string(); 101] });
        let reply = client.send("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", many).await;
        assert_eq!(
            (reply.code(), &reply.body["errors"][0]["extensions"]["field"]),
            ("BAD_USER_INPUT", &json!("ids"))
        );
    })
    .await;
}

#[tokio::test]
async fn the_viewer_sees_their_own_sessions() {
    harness::run(async |app| {
        let person = app.person("Tara").create().await;
        let other = app.person("Olga").create().await;
        app.session_token(&other).await;
        for _ in 0..3 {
            app.session_token(&person).await;
        }
        let client = app.client_of(&person).await;
        let reply = client
            .ask("{ viewer { session { id current mfaAt userAgent } sessions(first: 2) { totalCount edges { node { id current } }
                  pageInfo { hasNextPage endCursor } } } }")
            .await;
        assert_eq!(reply.data("/viewer/session/current"), true);
        assert_eq!(reply.data("/viewer/sessions/totalCount"), 4);
        assert_eq!(reply.data("/viewer/sessions/edges/0/node/id"), reply.data("/viewer/session/id"));
        assert_eq!(reply.data("/viewer/sessions/edges/0/node/current"), true);
        assert_eq!(reply.data("/viewer/sessions/edges/1/node/current"), false);
        let after = reply.data("/viewer/sessions/pageInfo/endCursor").clone();
        let query = "query($after: String) { viewer { sessions(after: $after) { edges { node { current } } pageInfo { hasNextPage } } } }";
        let rest = client.send(query, json!({ "after": after })).await;
        assert_eq!(rest.data("/viewer/sessions/edges").as_array().unwrap().len(), 2);
    })
    .await;
}
