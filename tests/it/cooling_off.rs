//! Where a policy asks for it, time passes between accepting a reset and its effect, and everybody who is told can stop it.

use std::time::Duration;

use latchkey::domain::{AccountId, AccountRole, AuditAction, Scope};
use mongodb::bson::doc;
use serde_json::{Value, json};

use crate::harness::{self, Client, Options, Person, Reply, TestApp, token_in};
use crate::main_job::{log_in, reset};

const HOUR: Duration = Duration::from_secs(3600);

const ACCEPT: &str = "mutation($token: String!, $code: String) {
  acceptMfaReset(input: { token: $token, backupCode: $code }) { __typename
    ... on MfaResetAccepted { effectiveAt } ... on AcceptMfaResetRejected { reason } } }";

async fn accept(client: &Client, token: &str, code: Option<&str>) -> Reply {
    client.send(ACCEPT, json!({ "token": token, "code": code })).await
}

struct World {
    account: AccountId,
    owner: Person,
    admin: Person,
    analyst: Person,
    id: String,
    token: String,
}

/// Sessions that outlive the time in between.
fn options() -> Options {
    let vars = [("LATCHKEY_SESSION_IDLE", "30d"), ("LATCHKEY_SESSION_MAX", "60d")];
    Options {
        vars: vars.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        ..Options::default()
    }
}

/// An Admin has asked to reset the Analyst of an account that wants a day in between.
async fn world(app: &TestApp) -> World {
    let account = app.account("Acme").await;
    let in_it = |name, role| app.person(name).with_mfa().in_account(account, role);
    let owner = in_it("Olga Owner", AccountRole::Owner).create().await;
    let admin = in_it("Adam", AccountRole::Admin).create().await;
    let analyst = in_it("Anna", AccountRole::Analyst).create().await;
    let set = "mutation($id: ID!, $hours: Int) { setAccountMfaPolicy(input: { accountId: $id, resetCoolingOffHours: $hours }) {
        ... on AccountMfaPolicySet { account { mfaPolicy { resetCoolingOffHours } } } } }";
    let client = app.client_of(&owner).await;
    for wrong in [-1, 73] {
        let refused = client.send(set, json!({ "id": account.to_string(), "hours": wrong })).await;
        assert_eq!(refused.code(), "BAD_USER_INPUT");
    }
    let done = client.send(set, json!({ "id": account.to_string(), "hours": 24 })).await;
    assert_eq!(done.data("/setAccountMfaPolicy/account/mfaPolicy/resetCoolingOffHours"), &json!(24));
    // The longest among the person's places counts.
    let lax = app.account("Lax").await;
    app.join_account(&analyst, lax, AccountRole::Analyst).await;
    let asked = reset(&app.client_of(&admin).await, &analyst).await;
    let id = asked.text("/resetUserMfa/mfaReset/id").to_owned();
    let token = app.reset_token(&analyst).await;
    World { account, owner, admin, analyst, id, token }
}

async fn has_mfa(app: &TestApp, person: &Person) -> bool {
    app.store.users.find(person.id).await.unwrap().unwrap().mfa.is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_reset_takes_effect_a_day_later_and_once() {
    harness::run_with(options(), async |app| {
        let world = world(app).await;
        let session = app.client_of(&world.analyst).await;
        let anybody = app.client();
        let accepted = accept(&anybody, &world.token, None).await;
        let effective = accepted.text("/acceptMfaReset/effectiveAt").to_owned();
        let format = &time::format_description::well_known::Rfc3339;
        let wait = time::OffsetDateTime::parse(&effective, format).unwrap() - app.now();
        assert!((wait - time::Duration::DAY).abs() < time::Duration::SECOND, "{wait}");
        let again = accept(&anybody, &world.token, None).await;
        assert_eq!(
            again.text("/acceptMfaReset/effectiveAt"),
            effective,
            "accepting again begins nothing anew"
        );
        app.deliver().await;
        for person in [&world.analyst, &world.admin, &world.owner] {
            let mail = app.latest_mail(person).await;
            assert_eq!(mail.subject, "An accepted MFA reset takes effect soon");
            assert_eq!(
                mail.text.contains("#token="),
                person.id == world.analyst.id,
                "only the person gets a link"
            );
        }
        assert!(has_mfa(app, &world.analyst).await);
        session.ask("{ viewer { user { id } } }").await.data("/viewer/user/id");
        let state = "query($t: String!) { mfaResetByToken(token: $t) { state effectiveAt coolingOffHours } }";
        let state = anybody.send(state, json!({ "t": world.token })).await;
        let expected = json!({ "state": "COOLING_OFF", "effectiveAt": effective, "coolingOffHours": 24 });
        assert_eq!(state.data("/mfaResetByToken"), &expected);
        let list = "query($id: ID!) { account(id: $id) { mfaResets(states: [COOLING_OFF]) { totalCount } } }";
        let owner = app.client_of(&world.owner).await;
        let list = owner.send(list, json!({ "id": world.account.to_string() })).await;
        assert_eq!(list.data("/account/mfaResets/totalCount"), &json!(1));

        app.advance(24 * HOUR - Duration::from_millis(1));
        assert_eq!(app.services.apply_due_resets("one").await.unwrap(), 0);
        assert!(has_mfa(app, &world.analyst).await);
        app.advance(Duration::from_millis(1));
        // Replicas and a log-in at once: one of them does it.
        let other = app.replica(Options::default()).await;
        let (one, two, entered) = tokio::join!(
            app.services.apply_due_resets("one"),
            other.services.apply_due_resets("two"),
            log_in(&anybody, &world.analyst),
        );
        assert!(one.unwrap() + two.unwrap() <= 1);
        assert_eq!(entered.text("/logIn/__typename"), "LoggedIn", "the log-in finds it in effect");
        assert!(!has_mfa(app, &world.analyst).await);
        assert_eq!(session.ask("{ viewer { user { id } } }").await.code(), "UNAUTHENTICATED");
        let scope = Scope::Account(world.account);
        assert_eq!(app.audit_count(scope, AuditAction::MfaResetCoolingOff).await, 1);
        assert_eq!(app.audit_count(scope, AuditAction::MfaResetAccepted).await, 1);
        app.deliver().await;
        assert_eq!(app.latest_mail(&world.analyst).await.subject, "Your MFA was turned off");
        assert_eq!(accept(&anybody, &world.token, None).await.said(), "INVALID");
        other.stop();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_is_told_can_stop_it_until_its_time() {
    harness::run_with(options(), async |app| {
        let world = world(app).await;
        accept(&app.client(), &world.token, None).await.data("/acceptMfaReset/effectiveAt");
        app.deliver().await;
        // The person, by the newest mail.
        let link = token_in(&app.latest_mail(&world.analyst).await.text);
        let decline = "mutation($t: String!) { declineMfaReset(input: { token: $t }) { __typename ... on DeclineMfaResetRejected { reason } } }";
        assert_eq!(app.client().send(decline, json!({ "t": link })).await.said(), "MfaResetDeclined");
        app.advance(25 * HOUR);
        assert_eq!(app.services.apply_due_resets("one").await.unwrap(), 0);
        assert!(has_mfa(app, &world.analyst).await);

        // The Owner, on the screen; nobody any more once its time has come.
        let cancel = "mutation($id: ID!) { cancelMfaReset(input: { mfaResetId: $id }) { __typename ... on CancelMfaResetRejected { reason } } }";
        app.freshen().await;
        let owner = app.client_of(&world.owner).await;
        for late in [false, true] {
            let asked = reset(&app.client_of(&world.admin).await, &world.analyst).await;
            let id = asked.text("/resetUserMfa/mfaReset/id").to_owned();
            let token = app.reset_token(&world.analyst).await;
            accept(&app.client(), &token, None).await.data("/acceptMfaReset/effectiveAt");
            if late {
                app.advance(24 * HOUR);
            }
            let said = owner.send(cancel, json!({ "id": id })).await.said();
            assert_eq!(said, if late { "NOT_PENDING" } else { "MfaResetCancelled" });
        }
        assert_eq!(app.services.apply_due_resets("one").await.unwrap(), 1);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asked_and_could_not_stop_it_any_more_is_not_told() {
    harness::run_with(options(), async |app| {
        let world = world(app).await;
        app.set_account_role(&world.admin, world.account, Some(AccountRole::Analyst)).await;
        accept(&app.client(), &world.token, None).await.data("/acceptMfaReset/effectiveAt");
        app.deliver().await;
        let told = |person: &Person| {
            app.mails_to(person).iter().any(|mail| mail.subject.contains("takes effect soon"))
        };
        assert!(!told(&world.admin) && told(&world.owner) && told(&world.analyst));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_code_or_a_session_with_a_factor_skips_it() {
    harness::run_with(options(), async |app| {
        let first = world(app).await;
        let anybody = app.client();
        assert_eq!(
            accept(&anybody, &first.token, Some("AAAA-BBBB-CCCC-DDDD")).await.said(),
            "WRONG_BACKUP_CODE"
        );
        assert_eq!(
            accept(&anybody, &first.token, Some(&app.totp_code(&first.analyst))).await.said(),
            "WRONG_BACKUP_CODE"
        );
        accept(&anybody, &first.token, None).await.data("/acceptMfaReset/effectiveAt");
        // Also after it was accepted without.
        let code = first.analyst.backup_codes[0].expose();
        let done = accept(&anybody, &first.token, Some(code)).await;
        assert_eq!(done.data("/acceptMfaReset/effectiveAt"), &Value::Null);
        assert!(!has_mfa(app, &first.analyst).await);

        let other =
            app.person("Bert").with_mfa().in_account(first.account, AccountRole::Analyst).create().await;
        app.freshen().await;
        reset(&app.client_of(&first.admin).await, &other).await.data("/resetUserMfa/mfaReset/id");
        let token = app.reset_token(&other).await;
        // A session without a factor proves nothing, and somebody else's neither.
        let bare = app.client_of(&Person { totp: None, ..other.clone() }).await;
        for client in [&bare, &app.client_of(&first.owner).await] {
            assert!(accept(client, &token, None).await.data("/acceptMfaReset/effectiveAt").is_string());
            assert!(has_mfa(app, &other).await);
        }
        let done = accept(&app.client_of(&other).await, &token, None).await;
        assert_eq!(done.data("/acceptMfaReset/effectiveAt"), &Value::Null);
        assert!(!has_mfa(app, &other).await);
        app.deliver().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_off_before_its_time_leaves_the_next_factor_alone() {
    harness::run_with(options(), async |app| {
        let world = world(app).await;
        accept(&app.client(), &world.token, None).await.data("/acceptMfaReset/effectiveAt");
        let client = app.client_of(&world.analyst).await;
        app.advance(24 * HOUR);
        // Due, and the worker has not come yet.
        let off = "mutation($c: String!) { disableMfa(input: { code: $c }) { __typename } }";
        let off = client.send(off, json!({ "c": app.totp_code(&world.analyst) })).await;
        assert_eq!(off.said(), "MfaDisabled");
        crate::enrollment::enroll(app, &client).await;
        assert_eq!(app.services.apply_due_resets("one").await.unwrap(), 0);
        assert!(has_mfa(app, &world.analyst).await, "a factor that is set up after it stays");
        let stored = app.store.database().collection::<mongodb::bson::Document>("mfa_resets");
        let found = stored.find_one(doc! { "user_id": world.analyst.id }).await.unwrap().unwrap();
        assert_eq!(found.get_str("state").unwrap(), "CANCELLED");
        assert!(!world.id.is_empty());
        app.deliver().await;
    })
    .await;
}
