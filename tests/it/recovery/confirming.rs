//! Two of the contacts confirm: exactly one reset comes of it, and it is a reset like any other.

use futures_util::future::join_all;
use latchkey::crypto::{Token, TokenKind};
use latchkey::domain::{AccountRole, AuditAction, MfaResetState, Scope};
use mongodb::bson::doc;
use serde_json::json;

use super::{DAY, HOUR, MS, RESET_MAIL, World, asked, confirm, stored, with_contacts};
use crate::harness::{self, PASSWORD, TestApp};
use crate::main_job::{accept, log_in, said};

async fn logged(app: &TestApp, world: &World, action: AuditAction) -> u64 {
    app.audit_count(Scope::Account(world.account), action).await
}

async fn has_mfa(app: &TestApp, world: &World) -> bool {
    app.store.users.find(world.owner.id).await.unwrap().unwrap().mfa.is_some()
}

async fn date_of(app: &TestApp) -> mongodb::bson::DateTime {
    mongodb::bson::DateTime::from_millis((app.now().unix_timestamp_nanos() / 1_000_000).try_into().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_three_contacts_bring_an_only_owner_back() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        let ([first, second, third], _) = asked(app, &world).await;
        let client = app.client();
        let preview = "query($token: String!) { recoveryByToken(token: $token) {
            state ownerName maskedEmail accountName confirmed } }";
        let seen = client.send(preview, json!({ "token": first })).await;
        let told = seen.data("/recoveryByToken");
        assert_eq!((&told["state"], &told["confirmed"]), (&json!("PENDING"), &json!(false)));
        assert_eq!((&told["ownerName"], &told["accountName"]), (&json!("Olga Owner"), &json!("Acme")));
        assert!(!told["maskedEmail"].as_str().unwrap().contains("olga"));

        assert_eq!(confirm(&client, &second).await, Ok(false));
        app.deliver().await;
        assert!(
            app.mails_to(&world.owner).iter().all(|mail| mail.subject != RESET_MAIL),
            "one is not enough"
        );
        assert_eq!(stored(app, "mfa_resets", &world).await, 0);

        assert_eq!(confirm(&client, &first).await, Ok(true));
        assert_eq!(confirm(&client, &third).await, Err("INVALID".to_owned()), "done already");
        app.deliver().await;
        let mails = app.mails_to(&world.owner);
        let mail = mails.iter().find(|mail| mail.subject == RESET_MAIL).unwrap();
        for name in ["Carl Contact", "Cora Contact", "recovery contacts of the account Acme"] {
            assert!(mail.text.replace('\n', " ").contains(name), "{name}");
        }
        assert!(has_mfa(app, &world).await, "until the Owner accepts");
        let token = harness::token_in(&mail.text);
        let page = client
            .send(
                "query($t: String!) { mfaResetByToken(token: $t) { requestedByName scopeName } }",
                json!({ "t": token }),
            )
            .await;
        assert_eq!(
            page.data("/mfaResetByToken"),
            &json!({ "requestedByName": "Cora Contact, Carl Contact", "scopeName": "Acme" })
        );
        assert_eq!(said(&accept(&client, &token).await, "acceptMfaReset"), "MfaResetAccepted");
        assert!(!has_mfa(app, &world).await);
        let back = log_in(&client, &world.owner).await;
        assert_eq!(back.text("/logIn/__typename"), "LoggedIn");

        let resets = "query($id: ID!) { account(id: $id) { mfaResets { nodes: edges { node {
            state requestedBy { id } authority { __typename
              ... on RecoveryContactsAuthority { account { name } confirmedBy { id } } } } } } } }";
        let session = client.with_token(back.text("/logIn/sessionToken"));
        let shown = session.send(resets, json!({ "id": world.account.to_string() })).await;
        let [one, other, _] = &world.contacts;
        assert_eq!(
            shown.data("/account/mfaResets/nodes/0/node"),
            &json!({
                "state": "ACCEPTED", "requestedBy": { "id": other.gid() },
                "authority": { "__typename": "RecoveryContactsAuthority", "account": { "name": "Acme" },
                               "confirmedBy": [{ "id": other.gid() }, { "id": one.gid() }] },
            })
        );
        app.deliver().await;
        let notices =
            |person| app.mails_to(person).iter().filter(|mail| mail.subject == "MFA reset accepted").count();
        assert_eq!(world.contacts.each_ref().map(notices), [1, 1, 0], "whoever vouched is told");
        for (action, count) in [
            (AuditAction::RecoveryRequested, 1),
            (AuditAction::RecoveryConfirmed, 2),
            (AuditAction::RecoveryRefused, 1),
            (AuditAction::MfaResetRequested, 1),
            (AuditAction::MfaResetAccepted, 1),
        ] {
            assert_eq!(logged(app, &world, action).await, count, "{action:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_contact_counts_once_however_many_links_at_once() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        let ([first, ..], _) = asked(app, &world).await;
        // A mail that was sent twice carries another token each time.
        let mut tx = app.store.begin().await.unwrap();
        let recovery = app.store.recoveries.latest_in(&mut tx, world.owner.id).await.unwrap().unwrap();
        tx.abort().await;
        let mut tokens = vec![first];
        for _ in 0..5 {
            let token = Token::generate(TokenKind::RecoveryConfirm);
            let contact = world.contacts[0].id;
            let added = app.store.recoveries.add_token(recovery.id, contact, token.hash(), app.now()).await;
            assert!(added.unwrap());
            harness::secrets::secret(token.expose());
            tokens.push(token.expose().to_owned());
        }
        let clients: Vec<_> = tokens.iter().map(|_| app.client()).collect();
        let answers =
            join_all(clients.iter().zip(&tokens).map(|(client, token)| confirm(client, token))).await;
        assert_eq!(answers.iter().filter(|answer| **answer == Ok(false)).count(), 1, "{answers:?}");
        let again = Err("ALREADY_CONFIRMED".to_owned());
        assert_eq!(answers.iter().filter(|answer| **answer == again).count(), 5, "{answers:?}");
        assert_eq!(stored(app, "mfa_resets", &world).await, 0);
        assert_eq!(logged(app, &world, AuditAction::RecoveryConfirmed).await, 1);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_three_confirmations_at_once_one_reset_comes() {
    harness::run(async |app| {
        for round in 0..3 {
            let world = with_contacts_of(app, round).await;
            let (tokens, _) = asked(app, &world).await;
            let clients = [app.client(), app.client(), app.client()];
            let answers =
                join_all(clients.iter().zip(&tokens).map(|(client, token)| confirm(client, token))).await;
            assert_eq!(answers.iter().filter(|answer| **answer == Ok(true)).count(), 1, "{answers:?}");
            assert_eq!(answers.iter().filter(|answer| **answer == Ok(false)).count(), 1, "{answers:?}");
            assert_eq!(stored(app, "mfa_resets", &world).await, 1);
            app.deliver().await;
            let mails = app.mails_to(&world.owner);
            assert_eq!(mails.iter().filter(|mail| mail.subject == RESET_MAIL).count(), 1);
        }
    })
    .await;
}

/// A world of its own in one test.
async fn with_contacts_of(app: &TestApp, round: usize) -> World {
    let account = app.account(&format!("Acme {round}")).await;
    let member = async |name: &str, role| {
        app.person(&format!("{name} {round}")).with_mfa().in_account(account, role).create().await
    };
    let owner = member("Olga", AccountRole::Owner).await;
    let mut contacts = Vec::new();
    for name in ["Carl", "Cora", "Cuno"] {
        contacts.push(member(name, AccountRole::Analyst).await);
    }
    let contacts: [harness::Person; 3] = contacts.try_into().unwrap();
    let world = World { account, owner, contacts };
    let all: Vec<_> = world.contacts.iter().collect();
    super::set(&app.client_of(&world.owner).await, account, &all).await;
    app.deliver().await;
    app.advance(DAY);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_who_left_was_attacked_or_was_reset_lately_does_not_count() {
    for what in ["left", "support", "dropped", "frozen", "disavowed", "reset", "changed", "owner"] {
        harness::run(async |app| {
            let world = with_contacts(app).await;
            let ([first, second, third], _) = asked(app, &world).await;
            let client = app.client();
            // One before, one after: neither counts.
            assert_eq!(confirm(&client, &first).await, Ok(false));
            let now = date_of(app).await;
            let later = mongodb::bson::DateTime::from_millis(now.timestamp_millis() + 3_600_000);
            for contact in &world.contacts[..2] {
                let on_user = |set| app.update("users", doc! { "_id": contact.id }, doc! { "$set": set });
                match what {
                    "left" => app.set_account_role(contact, world.account, None).await,
                    "support" => {
                        app.set_account_role(contact, world.account, Some(AccountRole::Support)).await;
                    }
                    "dropped" => {
                        let pull = doc! { "$pull": { "next.contacts": contact.id } };
                        app.update("recovery_contacts", doc! { "_id": world.account }, pull).await;
                    }
                    "frozen" => on_user(doc! { "asking_frozen_until": later }).await,
                    "disavowed" => {
                        let by = world.owner.id;
                        let reset = latchkey::domain::MfaResetId::generate(app.now());
                        let why = doc! { "until": later, "reset_id": reset, "requested_by": by };
                        on_user(doc! { "disavowal": why }).await;
                    }
                    "reset" => on_user(doc! { "mfa_reset_at": now }).await,
                    "changed" => on_user(doc! { "credentials_changed_at": now }).await,
                    _ => {}
                }
            }
            if what == "owner" {
                // Whoever is Owner no more is nobody whom these contacts help.
                app.set_account_role(&world.owner, world.account, Some(AccountRole::Admin)).await;
                assert_eq!(confirm(&client, &second).await, Err("INVALID".to_owned()));
            } else {
                assert_eq!(confirm(&client, &second).await, Err("NOT_COUNTED".to_owned()), "{what}");
                assert_eq!(confirm(&client, &third).await, Ok(false), "{what}: the first one counts no more");
            }
            assert_eq!(stored(app, "mfa_resets", &world).await, 0, "{what}");
            app.deliver().await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stops_other_resets_of_the_owner_stops_this_one() {
    for (what, reason) in [("disavowed", "FROZEN"), ("changed", "HELD"), ("without", "MFA_NOT_ENABLED")] {
        harness::run(async |app| {
            let world = with_contacts(app).await;
            let ([first, second, _], _) = asked(app, &world).await;
            let client = app.client();
            assert_eq!(confirm(&client, &first).await, Ok(false));
            let now = date_of(app).await;
            let until = mongodb::bson::DateTime::from_millis(now.timestamp_millis() + 3_600_000);
            let update = match what {
                "disavowed" => {
                    let reset = latchkey::domain::MfaResetId::generate(app.now());
                    let why = doc! { "until": until, "reset_id": reset, "requested_by": world.owner.id };
                    doc! { "$set": { "disavowal": why } }
                }
                "changed" => doc! { "$set": { "credentials_changed_at": now } },
                _ => doc! { "$unset": { "mfa": "" } },
            };
            app.update("users", doc! { "_id": world.owner.id }, update).await;
            assert_eq!(confirm(&client, &second).await, Err(reason.to_owned()));
            assert_eq!(stored(app, "mfa_resets", &world).await, 0);
            if what == "disavowed" {
                // Nothing was lost: when that is over, the same link works.
                app.advance(HOUR);
                assert_eq!(confirm(&client, &second).await, Ok(true));
            }
            app.deliver().await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policies_of_other_resets_count_for_one_of_the_contacts() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        // The strictest of another account of the Owner, who is an Analyst there.
        let other = app.account("Other").await;
        app.join_account(&world.owner, other, AccountRole::Analyst).await;
        let strict = doc! { "$set": {
            "mfa_policy.reset_acceptance": "LINK_AND_PASSWORD", "mfa_policy.reset_cooling_off_hours": 24,
            "mfa_policy.reset_approval": "ALWAYS",
        } };
        app.update("accounts", doc! { "_id": other }, strict).await;
        let ([first, second, _], _) = asked(app, &world).await;
        let client = app.client();
        confirm(&client, &first).await.unwrap();
        confirm(&client, &second).await.unwrap();
        // Nobody else is there who could approve: two people have vouched.
        let token = app.reset_token(&world.owner).await;
        assert_eq!(said(&accept(&client, &token).await, "acceptMfaReset"), "PASSWORD_REQUIRED");
        let query =
            "mutation($t: String!, $p: String!) { acceptMfaReset(input: { token: $t, password: $p }) {
            __typename ... on MfaResetAccepted { effectiveAt } } }";
        let accepted = client.send(query, json!({ "t": token, "p": PASSWORD })).await;
        assert!(accepted.data("/acceptMfaReset/effectiveAt").is_string());
        assert!(has_mfa(app, &world).await);
        app.advance(DAY);
        app.services.apply_due_resets("test").await.unwrap();
        assert!(!has_mfa(app, &world).await);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_can_approve_is_asked_and_a_contact_is_none_of_them() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        let policy = doc! { "$set": { "mfa_policy.reset_approval": "OWNERS_ONLY" } };
        app.update("accounts", doc! { "_id": world.account }, policy).await;
        // A contact who is Admin has vouched already.
        app.set_account_role(&world.contacts[0], world.account, Some(AccountRole::Admin)).await;
        let admin =
            app.person("Adam").with_mfa().in_account(world.account, AccountRole::Admin).create().await;
        let ([first, second, _], _) = asked(app, &world).await;
        let client = app.client();
        confirm(&client, &first).await.unwrap();
        confirm(&client, &second).await.unwrap();
        app.deliver().await;
        let approval =
            |person| app.mails_to(person).iter().any(|mail| mail.subject == "An MFA reset awaits approval");
        assert!(approval(&admin) && !approval(&world.contacts[0]));
        let scope = Scope::Account(world.account);
        let states = [MfaResetState::AwaitingApproval];
        assert_eq!(app.store.mfa_resets.count(scope, &states, app.now(), 10).await.unwrap(), 1);
        assert!(app.mails_to(&world.owner).iter().all(|mail| mail.subject != RESET_MAIL));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_have_a_day() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        let ([first, second, _], stop) = asked(app, &world).await;
        let client = app.client();
        app.advance(DAY - MS);
        assert_eq!(confirm(&client, &first).await, Ok(false));
        app.advance(MS);
        assert_eq!(confirm(&client, &second).await, Err("EXPIRED".to_owned()));
        assert_eq!(super::stop(&client, &stop).await, "EXPIRED");
        assert_eq!(stored(app, "mfa_resets", &world).await, 0);
        // Asked again, with other links; what was confirmed before counts no more.
        let ([first, second, _], _) = asked(app, &world).await;
        assert_eq!(confirm(&client, &first).await, Ok(false));
        assert_eq!(confirm(&client, &second).await, Ok(true));
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_forged_or_of_another_kind_confirms_nothing() {
    harness::run(async |app| {
        let world = with_contacts(app).await;
        let ([first, ..], stop) = asked(app, &world).await;
        let client = app.client();
        let forged = Token::generate(TokenKind::RecoveryConfirm);
        let renamed = stop.replacen("lkx_", "lkn_", 1);
        for token in [forged.expose(), "lkn_x", "", &stop, &renamed] {
            assert_eq!(confirm(&client, token).await, Err("INVALID".to_owned()));
        }
        for token in [&*first, &first.replacen("lkn_", "lkx_", 1), "lkx_x"] {
            assert_eq!(super::stop(&client, token).await, "INVALID");
        }
        // Opening the page, as scanners do, changes nothing.
        let page = reqwest::get(app.url("/recovery")).await.unwrap();
        assert!(page.status().is_success());
        assert_eq!(confirm(&client, &first).await, Ok(false));
        assert_eq!(app.audit_count(Scope::Deployment, AuditAction::RecoveryRefused).await, 8);
        app.deliver().await;
    })
    .await;
}
