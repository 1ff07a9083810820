//! Replicas whose clocks differ by ten minutes, either way: what holds nevertheless, and by how much the rest is off. MongoDB's
//! own clock decides nothing but when what is long over is removed.

use std::sync::Arc;

use futures_util::TryStreamExt;
use latchkey::domain::{AccountRole, AuditAction, MailDelivery, Scope};
use latchkey::service::audit_check::check_scope;
use latchkey::service::audit_seal::{AuditSealer, settling};
use mongodb::bson::{Document, doc};
use serde_json::json;
use time::Duration;

use crate::harness::{self, Client, Options, Person, TestApp};
use crate::mail::{SENT, ask, capture, delivery, worker};
use crate::main_job::{accept, log_in, reset};

const OFF: Duration = Duration::minutes(10);

/// Replicas that are behind and ahead of this one.
async fn replicas(app: &TestApp) -> (TestApp, TestApp) {
    (app.replica_off_by(-OFF).await, app.replica_off_by(OFF).await)
}

fn pass(time: Duration, clocks: &[&TestApp]) {
    clocks.iter().for_each(|app| app.advance(time.unsigned_abs()));
}

async fn answer(client: &Client, person: &Person, code: &str) -> String {
    let challenge = log_in(client, person).await;
    let answer =
        "mutation($t: String!, $c: String!) { answerMfaChallenge(input: { challengeToken: $t, code: $c }) {
        __typename ... on AnswerMfaChallengeRejected { reason } } }";
    let token = challenge.text("/logIn/challengeToken");
    client.send(answer, json!({ "t": token, "c": code })).await.said()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_counts_once_whichever_clock_it_is_held_against() {
    harness::run(async |app| {
        let (behind, ahead) = replicas(app).await;
        let ada = app.person("Ada").with_mfa().create().await;
        // Her phone goes right.
        let code = app.totp_code(&ada);
        assert_eq!(answer(&behind.client(), &ada, &code).await, "WRONG_CODE");
        assert_eq!(answer(&ahead.client(), &ada, &code).await, "WRONG_CODE");
        assert_eq!(answer(&app.client(), &ada, &code).await, "LoggedIn");
        // Ten minutes later the slow clock shows the step of that code: it is used up all the same.
        pass(OFF, &[app, &behind, &ahead]);
        assert_eq!(behind.totp_code(&ada), code);
        assert_eq!(answer(&behind.client(), &ada, &code).await, "CODE_ALREADY_USED");
        // A code of the future that the fast clock took uses up all before it, on every replica.
        assert_eq!(answer(&ahead.client(), &ada, &ahead.totp_code(&ada)).await, "LoggedIn");
        assert_eq!(answer(&app.client(), &ada, &app.totp_code(&ada)).await, "CODE_ALREADY_USED");
        pass(OFF + Duration::MINUTE, &[app, &behind, &ahead]);
        assert_eq!(answer(&app.client(), &ada, &app.totp_code(&ada)).await, "LoggedIn");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_lives_longer_or_shorter_by_the_difference_and_is_accepted_once() {
    harness::run(async |app| {
        let (behind, ahead) = replicas(app).await;
        let account = app.account("Acme").await;
        let in_it = |name, role| app.person(name).with_mfa().in_account(account, role);
        let owner = in_it("Olga", AccountRole::Owner).create().await;
        let (ada, bob) = (
            in_it("Ada", AccountRole::Analyst).create().await,
            in_it("Bob", AccountRole::Analyst).create().await,
        );
        let asker = app.client_of(&owner).await;
        let mut links = Vec::new();
        for person in [&ada, &bob] {
            assert_eq!(reset(&asker, person).await.said(), "MfaResetRequested");
            links.push(app.reset_token(person).await);
        }
        let all = [app, &behind, &ahead];
        pass(Duration::hours(12) - OFF, &all);
        assert_eq!(accept(&ahead.client(), &links[0]).await.said(), "EXPIRED", "by its own clock");
        assert_eq!(accept(&app.client(), &links[0]).await.said(), "MfaResetAccepted");
        for replica in all {
            assert_ne!(accept(&replica.client(), &links[0]).await.said(), "MfaResetAccepted", "once");
        }
        pass(2 * OFF - Duration::MILLISECOND, &all);
        assert_eq!(accept(&app.client(), &links[1]).await.said(), "EXPIRED");
        assert_eq!(accept(&ahead.client(), &links[1]).await.said(), "EXPIRED");
        // Longer by the difference, and not by a moment more.
        pass(Duration::MILLISECOND, &all);
        assert_eq!(accept(&behind.client(), &links[1]).await.said(), "EXPIRED");
        let scope = Scope::Account(account);
        assert_eq!(app.audit_count(scope, AuditAction::MfaResetAccepted).await, 1);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_reset_takes_effect_early_by_the_difference_at_most_and_once() {
    let vars = [("LATCHKEY_SESSION_IDLE", "30d"), ("LATCHKEY_SESSION_MAX", "60d")];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    harness::run_with(Options { vars, ..Options::default() }, async |app| {
        let (behind, ahead) = replicas(app).await;
        let account = app.account("Acme").await;
        let in_it = |name, role| app.person(name).with_mfa().in_account(account, role);
        let owner = in_it("Olga", AccountRole::Owner).create().await;
        let ada = in_it("Ada", AccountRole::Analyst).create().await;
        let hours = doc! { "$set": { "mfa_policy.reset_cooling_off_hours": 24 } };
        app.update("accounts", doc! { "_id": account }, hours).await;
        reset(&app.client_of(&owner).await, &ada).await.data("/resetUserMfa/mfaReset/id");
        let link = app.reset_token(&ada).await;
        assert_eq!(accept(&app.client(), &link).await.said(), "MfaResetAccepted");
        let all = [app, &behind, &ahead];
        pass(Duration::DAY - OFF - Duration::MILLISECOND, &all);
        for replica in all {
            assert_eq!(replica.services.apply_due_resets("too early").await.unwrap(), 0);
        }
        pass(Duration::MILLISECOND, &all);
        let (one, two, three) = tokio::join!(
            app.services.apply_due_resets("one"),
            behind.services.apply_due_resets("two"),
            ahead.services.apply_due_resets("three"),
        );
        assert_eq!((one.unwrap(), two.unwrap(), three.unwrap()), (0, 0, 1));
        pass(OFF + OFF, &all);
        for replica in all {
            assert_eq!(replica.services.apply_due_resets("again").await.unwrap(), 0);
        }
        assert_eq!(app.audit_count(Scope::Account(account), AuditAction::MfaResetAccepted).await, 1);
        app.deliver().await;
    })
    .await;
}

/// A lease of a slow clock looks over to a fast one. A mail may go out twice then, under one Message-ID; none is lost.
#[tokio::test(flavor = "multi_thread")]
async fn leases_that_look_over_lose_no_mail_and_take_no_success_back() {
    harness::run(async |app| {
        let (behind, ahead) = replicas(app).await;
        let asked = ask(app, "ada").await;
        // The slow one's turn comes when its clock shows when the mail was written.
        let lease = Duration::MINUTE;
        assert!(behind.store.outbox.claim_due(behind.now(), lease).await.unwrap().is_none());
        pass(OFF, &[app, &behind, &ahead]);
        let slow = behind.store.outbox.claim_due(behind.now(), lease).await.unwrap().unwrap();
        let box_ = capture(&ahead);
        assert_eq!(worker(&ahead, Arc::new(box_.clone())).drain().await.unwrap(), SENT);
        let mut tx = app.store.begin().await.unwrap();
        let outbox = &app.store.outbox;
        let closed =
            outbox.close(&mut tx, asked.mail, slow.attempts, MailDelivery::Failed, behind.now(), None);
        assert!(!closed.await.unwrap(), "the slow one gives up what was sent");
        tx.commit().await.unwrap();
        assert_eq!((box_.list().len(), delivery(app, asked.reset).await), (1, MailDelivery::Sent));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_window_more_is_all_that_wrong_passwords_gain_by_a_fast_clock() {
    harness::run(async |app| {
        let (behind, ahead) = replicas(app).await;
        let ada = app.person("Ada").create().await;
        let wrong = async |replica: &TestApp| {
            let query =
                "mutation($e: String!) { logIn(input: { email: $e, password: \"quite another one\" }) {
                __typename ... on LogInRejected { reason } } }";
            replica.client().send(query, json!({ "e": ada.email })).await.said()
        };
        let mut checked = 0;
        // Whichever is asked, in turn and as often as can be.
        for _ in 0..15 {
            for replica in [&behind, app, &ahead] {
                checked += usize::from(wrong(replica).await == "INVALID_CREDENTIALS");
            }
        }
        assert!(checked <= 20, "{checked} passwords were checked");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_replicas_with_other_clocks_write_down_is_sealed_into_one_chain() {
    harness::run(async |app| {
        let (behind, ahead) = replicas(app).await;
        let account = app.account("Acme").await;
        let owner = app.person("Olga").with_mfa().in_account(account, AccountRole::Owner).create().await;
        let token = app.session_token(&owner).await;
        let all = [app, &behind, &ahead];
        let rounds = 3;
        for round in 0..rounds {
            for replica in all {
                replica.freshen().await;
                let policy = "mutation($id: ID!, $h: Int) { setAccountMfaPolicy(input: { accountId: $id, resetCoolingOffHours: $h }) { __typename ... on SetAccountMfaPolicyRejected { reason } } }";
                let client = replica.client().with_token(&token);
                let hours = json!({ "id": account.to_string(), "h": round * 3 + replica_number(replica, all) + 1 });
                assert_eq!(client.send(policy, hours).await.said(), "AccountMfaPolicySet");
            }
            pass(Duration::minutes(4), &all);
            for replica in all {
                AuditSealer::new(replica.services.clone()).pass().await.unwrap();
            }
        }
        // When the last event is old by the slowest clock, too; each leaves the lease by its own clock.
        for replica in all {
            pass(2 * OFF + Duration::try_from(settling()).unwrap_or(OFF) + Duration::minutes(5), &all);
            AuditSealer::new(replica.services.clone()).pass().await.unwrap();
        }
        let (mut findings, scope) = (Vec::new(), Scope::Account(account).to_string());
        let report = check_scope(&app.store, &app.keyring, &scope, None, |finding| findings.push(finding));
        let report = report.await.unwrap();
        assert_eq!(findings, []);
        assert_eq!((report.sealed, report.waiting), (3 * u64::try_from(rounds).unwrap(), 0));
    })
    .await;
}

fn replica_number(replica: &TestApp, all: [&TestApp; 3]) -> i32 {
    let found = all.iter().position(|other| std::ptr::eq(*other, replica));
    i32::try_from(found.unwrap()).unwrap()
}

/// MongoDB removes what is over by its own clock: never what a gateway with another one still needs.
#[tokio::test(flavor = "multi_thread")]
async fn mongodb_removes_nothing_that_a_gateway_an_hour_behind_still_counts() {
    harness::run(async |app| {
        let database = app.store.database();
        let mut bounded = 0;
        for name in database.list_collection_names().await.unwrap() {
            let indexes = database.collection::<Document>(&name).list_indexes().await.unwrap();
            for index in indexes.try_collect::<Vec<_>>().await.unwrap() {
                let after = index.options.and_then(|options| options.expire_after);
                bounded += usize::from(after.is_some());
                assert!(
                    after.is_none_or(|after| after >= std::time::Duration::from_secs(3600)),
                    "{name}: {after:?}"
                );
            }
        }
        assert!(bounded >= 7, "only {bounded} collections are cleaned up");
    })
    .await;
}
